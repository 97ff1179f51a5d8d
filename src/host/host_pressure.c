/* Whether memory is short or plentiful for this process.
 *
 * Owns     nothing.
 * Terms    left = what wvm_host_memory_now() finds left; pressure = the share of the last ten
 *          seconds that some, or all, of the threads waited for memory, as the kernel counts it for
 *          a control group and for the machine.
 * I1       Low: no more than LOW of the memory is left, 64 MiB at most; or all threads waited for
 *          PRESSED percent of the time. High: more than three times that is left, and hardly
 *          anybody waited. Never both; neither in between.
 * I2       The pressure is that of the control group of version 2 next to this process that tells
 *          it: the machine's counts threads that wait at the limits of other groups.
 * I3       Without pressure what is left decides alone.
 * Locking  none.   Failure: I3.   Signal safety: all of it; errno is preserved. */
#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_system.h"

/* Windows' levels: 32 MiB for 4 GiB. */
#define LOW(ram) wvm_min((ram) / 128, UINT64_C(64) << 20)
enum { PRESSED = 10, CALM = 1, TEXT_CAP = 256 };

struct pressure {
    bool known;
    uint64_t some, all; /* percent, rounded down */
};

static void parse(const char *text, struct pressure *p)
{
    p->known = wvm_host_text_value(text, "some avg10=", &p->some) &&
               wvm_host_text_value(text, "full avg10=", &p->all);
}

static bool read_group(enum wvm_host_tree tree, const char *folder, void *ctx)
{
    char text[TEXT_CAP];
    struct pressure *p = ctx;
    if (tree == WVM_TREE_V2 && wvm_host_read_text(folder, "memory.pressure", text, sizeof text) > 0)
        parse(text, p);
    return !p->known;
}

static struct pressure pressure_now(void)
{
    char text[TEXT_CAP];
    struct pressure p = {0};
    const struct wvm_host_group_visit visit = {read_group, &p};
    wvm_host_group_each(&visit);
    if (!p.known &&
        wvm_host_read_text(wvm_host_proc_root, "pressure/memory", text, sizeof text) > 0)
        parse(text, &p);
    if (!p.known)
        p.some = p.all = 0;
    return p;
}

enum wvm_host_level wvm_host_memory_level(void)
{
    struct wvm_host_memory m;
    wvm_host_memory_now(&m);
    struct pressure p = pressure_now();
    uint64_t low = LOW(m.ram);
    if (m.ram_left <= low || p.all >= PRESSED)
        return WVM_LEVEL_LOW;
    return m.ram_left > 3 * low && p.some < CALM ? WVM_LEVEL_HIGH : WVM_LEVEL_BETWEEN;
}
