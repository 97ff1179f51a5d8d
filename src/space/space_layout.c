/* The layout of the program's own space.
 *
 * Owns     wvm_layout.
 * I1       wvm_layout.top is what VirtualQuery, VirtualAlloc and GetSystemInfo agree on.
 * I2       top <= host_top, and no page at or above host_top is in any table.
 * I3       Options that contradict each other are told, and the one that restricts more counts.
 * In a 32-bit program the host lays code, stacks and heap out in the very same addresses: nothing
 * is taken at start there (low is false), and the layout is that of a large-address-aware program
 * as far as the host's own half reaches.
 * Locking  none: decided before a second thread exists.   Signal safety  reading it. */
#include "space/space_layout.h"

#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"

/* Windows keeps the last 64 KiB below the kernel's half, or below the limit, free. */
#define TOP_128T UINT64_C(0x7fffffff0000)
#define TOP_8T UINT64_C(0x7ffffff0000)
#define TOP_4G UINT64_C(0xffff0000)
#define TOP_2G UINT64_C(0x7fff0000)
/* A stack may lie in the last 64 KiB, where nothing is ever allocated. */
#define HOST_TOP (IS_64_BIT ? UINT64_C(1) << 47 : UINT64_C(0xfffff000))
#define IS_64_BIT (UINTPTR_MAX > UINT32_MAX)

struct wvm_layout wvm_layout = {
    .top = IS_64_BIT ? TOP_128T : TOP_4G,
    .host_top = HOST_TOP,
    .native_top = TOP_128T,
    .emulated_top = TOP_4G,
    .wow64 = !IS_64_BIT,
};

static void say_unused(const char *part, const char *why)
{
    wvm_host_log("WINVM_OPTIONS: '%s': %s", part, why);
}

static void choose_wow64(struct wvm_layout *l, uint64_t megabytes)
{
    l->wow64 = true;
    l->low = IS_64_BIT;
    l->top = wvm_min((megabytes << 20) - WVM_GRANULE_SIZE, l->host_top);
    if (wvm_option(WVM_OPTION_LAYOUT) != WVM_LAYOUT_128T)
        say_unused("layout", "is not used: wow64 is set");
}

static void choose_64_bit(struct wvm_layout *l)
{
    uint64_t which = wvm_option(WVM_OPTION_LAYOUT);
    if (which == WVM_LAYOUT_128T)
        return;
    if (!IS_64_BIT) {
        say_unused("layout", "is for 64-bit programs; see wow64");
        return;
    }
    l->low = which == WVM_LAYOUT_2G;
    l->top = l->low ? TOP_2G : TOP_8T;
    if (which == WVM_LAYOUT_8T)
        l->native_top = TOP_8T;
}

static void choose_gap(struct wvm_layout *l)
{
    uint64_t gap = wvm_option(WVM_OPTION_WOW64_GAP);
    if (gap == 0)
        return;
    if (!l->low)
        say_unused("wow64-gap", "is not used: the layout leaves low addresses to the host");
    else if (gap > l->top / 4)
        say_unused("wow64-gap", "is not used: more than a quarter of the space");
    else
        l->gap = wvm_align_up(gap, WVM_GRANULE_SIZE);
}

void wvm_layout_init(void)
{
    struct wvm_layout l = {
        .host_top = wvm_min(HOST_TOP, wvm_align_up((uint64_t)wvm_host_caps.top, WVM_PAGE_SIZE)),
        .native_top = TOP_128T,
        .emulated_top = TOP_4G,
        .wow64 = !IS_64_BIT,
    };
    uint64_t megabytes = wvm_option(WVM_OPTION_WOW64);
    l.top = wvm_min(l.host_top & ~(WVM_GRANULE_SIZE - 1), IS_64_BIT ? TOP_128T : TOP_4G);
    if (megabytes)
        choose_wow64(&l, megabytes);
    else
        choose_64_bit(&l);
    choose_gap(&l);
    wvm_layout = l;
}
