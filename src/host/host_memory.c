/* How much memory there is for this process.
 *
 * Owns     nothing.
 * Terms    group = control group; its limit bounds it and every group below it, so the smallest on
 *          the way to the root counts. v2 has memory.max and memory.swap.max; v1 has
 *          memory.limit_in_bytes and memory.memsw.limit_in_bytes (RAM and swap together).
 *          left = what a group may still take: its limit less what it uses, but file pages that
 *          nobody used lately are given up for the asking.
 * I1       A limit that is absent, "max" or larger than the machine changes nothing.
 * I2       Nothing is remembered: each question reads the files again.
 * Locking  none.   Failure: the machine's own sizes; 0 when even these are refused.
 * Signal safety  all of it; errno is preserved. */
#include <sys/sysinfo.h>

#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_system.h"

enum { TEXT_CAP = 4096 };

struct tree {
    const char *ram, *swap;  /* file names */
    const char *used, *idle; /* what RAM counts; its line in memory.stat for idle file pages */
    const char *cache;       /* likewise for all file pages */
    bool together;           /* swap's file counts RAM too */
};
static const struct tree trees[WVM_N_TREES] = {
    [WVM_TREE_V1] = {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
                     "memory.usage_in_bytes", "\ntotal_inactive_file ", "\ntotal_cache ", true},
    [WVM_TREE_V2] = {"memory.max", "memory.swap.max", "memory.current", "\ninactive_file ",
                     "\nfile ", false},
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* What a group that has a limit uses. */
static void apply_use(const struct tree *t, const char *group, uint64_t limit,
                      struct wvm_host_memory *m)
{
    char text[TEXT_CAP];
    uint64_t used = wvm_host_read_number(group, t->used, UINT64_MAX), idle = 0, cache;
    if (wvm_host_read_text(group, "memory.stat", text, sizeof(text)) > 0) {
        (void)wvm_host_text_value(text, t->idle, &idle);
        if (wvm_host_text_value(text, t->cache, &cache))
            m->cache = least(m->cache, cache);
    }
    if (used != UINT64_MAX)
        m->ram_left = least(m->ram_left, less(limit, less(used, idle)));
}

static bool apply_group(enum wvm_host_tree tree, const char *group, void *ctx)
{
    struct wvm_host_memory *m = ctx;
    const struct tree *t = &trees[tree];
    uint64_t ram = wvm_host_read_number(group, t->ram, UINT64_MAX);
    if (ram < m->machine) {
        m->ram = least(m->ram, ram);
        apply_use(t, group, ram, m);
    }
    if (m->swap == 0)
        return true;
    uint64_t limit = wvm_host_read_number(group, t->swap, UINT64_MAX);
    if (!t->together)
        m->swap = least(m->swap, limit);
    else if (limit != UINT64_MAX)
        m->swap = least(m->swap, less(limit, m->ram));
    return true;
}

/* The lines of /proc/meminfo, in KiB there. */
static void read_meminfo(struct wvm_host_memory *m)
{
    const struct {
        const char *key;
        uint64_t *sum;
    } lines[] = {
        {"\nMemAvailable:", &m->ram_left}, {"\nBuffers:", &m->cache},
        {"\nCached:", &m->cache},          {"\nSReclaimable:", &m->kernel_paged},
        {"\nSUnreclaim:", &m->kernel_kept}, {"\nKernelStack:", &m->kernel_kept},
        {"\nPageTables:", &m->kernel_kept},
    };
    char text[TEXT_CAP];
    uint64_t kb;
    if (wvm_host_read_text(wvm_host_proc_root, "meminfo", text, sizeof(text)) <= 0)
        return;
    if (wvm_host_text_value(text, lines[0].key, &kb))
        m->ram_left = 0;
    for (unsigned i = 0; i < WVM_ARRAY_LEN(lines); i++)
        if (wvm_host_text_value(text, lines[i].key, &kb))
            *lines[i].sum += kb * 1024;
}

void wvm_host_memory_now(struct wvm_host_memory *m)
{
    struct sysinfo info;
    const struct wvm_host_group_visit visit = {apply_group, m};
    *m = (struct wvm_host_memory){0};
    if (WVM_SYS(sysinfo(&info)) != 0)
        return;
    m->machine = m->ram = (uint64_t)info.totalram * info.mem_unit;
    m->swap = (uint64_t)info.totalswap * info.mem_unit;
    m->ram_left = (uint64_t)info.freeram * info.mem_unit;
    read_meminfo(m);
    wvm_host_group_each(&visit);
    m->ram_left = least(m->ram, m->ram_left);
    m->cache = least(m->ram, m->cache);
}

void wvm_host_memory_size(uint64_t *ram, uint64_t *swap)
{
    struct wvm_host_memory m;
    wvm_host_memory_now(&m);
    *ram = m.ram;
    *swap = m.swap;
}
