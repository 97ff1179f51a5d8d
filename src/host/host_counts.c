/* What the machine has counted: processes, threads, open files, faults, times of processors.
 *
 * Owns     nothing.
 * I1       What the host does not tell is 0.
 * I2       Processes are those that this one can see: in a container, the container's.
 * Locking  none.   Failure: I1.   Signal safety: all of it; errno is preserved. */
#include <sys/auxv.h>
#include <sys/sysinfo.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_socket.h"
#include "host/host_system.h"

/* ---- processes ---- */

enum { PATH_CAP = 320 };

/* Calls see for each name of a folder. */
static void each_name(const char *folder, bool (*see)(int dir, const char *name, void *ctx),
                      void *ctx)
{
    int fd = wvm_sys_open(folder);
    if (fd < 0)
        return;
    (void)wvm_host_dir_each(fd, see, ctx);
    wvm_sys_close(fd);
}

/* A process has a folder with a folder for each thread. */
static bool count_process(int dir, const char *name, void *ctx)
{
    struct wvm_host_counts *c = ctx;
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_stat st;
    if (name[0] < '1' || name[0] > '9')
        return true;
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "%s/task", name);
    c->processes++;
    c->threads++;
    if (WVM_SYS(syscall(WVM_SYS_FSTATAT, dir, path, &st, 0)) == 0 && st.st_nlink > 2)
        c->threads += (uint64_t)st.st_nlink - 3;
    return true;
}

/* ---- counters ---- */

static bool read_counter(char *line, void *ctx)
{
    struct wvm_host_counts *c = ctx;
    const struct {
        const char *key;
        uint64_t *value;
    } keys[] = {
        {"pgfault ", &c->faults},        {"pgmajfault ", &c->reads},
        {"pgpgin ", &c->kib_read},       {"pswpout ", &c->swapped_out},
        {"pgpgout ", &c->kib_written},
    };
    for (unsigned i = 0; i < WVM_ARRAY_LEN(keys); i++) {
        const char *at = line + __builtin_strlen(keys[i].key);
        if (__builtin_strncmp(line, keys[i].key, (size_t)(at - line)) == 0)
            (void)wvm_host_parse_dec(&at, keys[i].value);
    }
    return true;
}

static bool read_switches(char *line, void *ctx)
{
    const char *at = line + 5;
    if (__builtin_strncmp(line, "ctxt ", 5) != 0)
        return true;
    (void)wvm_host_parse_dec(&at, ctx);
    return false;
}

void wvm_host_counts(struct wvm_host_counts *c)
{
    *c = (struct wvm_host_counts){0};
    each_name(wvm_host_proc_root, count_process, c);
    c->handles = wvm_host_read_number(wvm_host_proc_root, "sys/fs/file-nr", 0);
    (void)wvm_host_each_line(wvm_host_proc_root, "vmstat", read_counter, c);
    (void)wvm_host_each_line(wvm_host_proc_root, "stat", read_switches, &c->switches);
}

/* ---- processors ---- */

struct cpu_visit {
    void (*see)(const struct wvm_host_cpu_times *times, void *ctx);
    void *ctx;
    uint64_t unit; /* nanoseconds of a tick */
};

/* "cpuN USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ ...", in ticks. */
static bool read_cpu(char *line, void *ctx)
{
    const struct cpu_visit *visit = ctx;
    const char *s = line + 3;
    uint64_t number, v[7] = {0};
    if (__builtin_strncmp(line, "cpu", 3) != 0)
        return false;
    if (*s == ' ' || !wvm_host_parse_dec(&s, &number))
        return true;
    for (unsigned i = 0; i < 7 && wvm_host_parse_dec(&s, &v[i]); i++)
        v[i] *= visit->unit;
    const struct wvm_host_cpu_times times = {
        .idle = v[3] + v[4], .user = v[0] + v[1], .system = v[2], .irq = v[5], .deferred = v[6],
        .number = (unsigned)number,
    };
    visit->see(&times, visit->ctx);
    return true;
}

void wvm_host_each_cpu(void (*see)(const struct wvm_host_cpu_times *times, void *ctx), void *ctx)
{
    unsigned long hz = getauxval(AT_CLKTCK);
    struct cpu_visit visit = {see, ctx, hz ? 1000000000u / hz : 0};
    (void)wvm_host_each_line(wvm_host_proc_root, "stat", read_cpu, &visit);
}

/* ---- installed memory ---- */

static bool count_block(int dir, const char *name, void *ctx)
{
    (void)dir;
    if (__builtin_strncmp(name, "memory", 6) == 0 && name[6] >= '0' && name[6] <= '9')
        ++*(uint64_t *)ctx;
    return true;
}

/* Blocks of memory as the kernel manages them, what it keeps for itself included. */
static uint64_t block_bytes(void)
{
    char text[32], path[PATH_CAP];
    struct wvm_buf b;
    uint64_t n = 0, size = 0;
    if (wvm_host_read_text(wvm_host_sys_root, "devices/system/memory/block_size_bytes", text,
                           sizeof text) <= 0)
        return 0;
    for (const char *s = text; *s != '\0' && *s != '\n'; s++) {
        unsigned c = (unsigned char)*s | 0x20;
        size = size << 4 | (c <= '9' ? c - '0' : c - 'a' + 10u);
    }
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "%s/devices/system/memory", wvm_host_sys_root);
    each_name(path, count_block, &n);
    return n * size;
}

uint64_t wvm_host_installed(void)
{
    struct wvm_host_memory m;
    wvm_host_memory_now(&m);
    return m.ram < m.machine ? m.ram : wvm_max(m.machine, block_bytes());
}
