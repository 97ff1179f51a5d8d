/* How much memory there is for this process.
 *
 * Owns     nothing.
 * Terms    group = control group; its limit bounds it and every group below it, so the smallest on
 *          the way to the root counts. v2 has memory.max and memory.swap.max; v1 has
 *          memory.limit_in_bytes and memory.memsw.limit_in_bytes (RAM and swap together).
 *          left = what a group may still take: its limit less what it uses, but file pages that
 *          nobody used lately are given up for the asking.
 * I1       A limit that is absent, "max" or larger than the machine changes nothing.
 * I2       In a container the group's path is often the host's and does not exist in the mounted
 *          tree; then the walk ends at the mount's root, which is the container's own group.
 * Locking  none.   Failure: the machine's own sizes; 0 when even these are refused.
 * Signal safety  all of it; errno is preserved. */
#include <sys/sysinfo.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_system.h"

enum { TEXT_CAP = 4096, PATH_CAP = 1024 };

struct tree {
    const char *mount;       /* below the control groups' root */
    const char *ram, *swap;  /* file names */
    const char *used, *idle; /* what RAM counts; its line in memory.stat for idle file pages */
    bool together;           /* swap's file counts RAM too */
};
static const struct tree tree_v2 = {".", "memory.max", "memory.swap.max",
                                    "memory.current", "\ninactive_file ", false};
static const struct tree tree_v1 = {"memory", "memory.limit_in_bytes",
                                    "memory.memsw.limit_in_bytes",
                                    "memory.usage_in_bytes", "\ntotal_inactive_file ", true};

static void path_at(const struct tree *t, const char *group, const char *file,
                    char path[PATH_CAP])
{
    struct wvm_buf b;
    wvm_buf_init(&b, path, PATH_CAP);
    wvm_buf_printf(&b, "%s%s/%s", t->mount, group, file);
}

static uint64_t limit_at(const struct tree *t, const char *group, const char *file)
{
    char path[PATH_CAP];
    path_at(t, group, file, path);
    return wvm_host_read_number(wvm_host_cgroup_root, path, UINT64_MAX);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t idle_at(const struct tree *t, const char *group)
{
    char path[PATH_CAP], text[TEXT_CAP];
    uint64_t idle = 0;
    path_at(t, group, "memory.stat", path);
    if (wvm_host_read_text(wvm_host_cgroup_root, path, text, sizeof(text)) <= 0 ||
        !wvm_host_text_value(text, t->idle, &idle))
        return 0;
    return idle;
}

static void apply_group(const struct tree *t, const char *group, struct wvm_host_memory *m)
{
    uint64_t ram = limit_at(t, group, t->ram);
    if (ram < m->machine) {
        uint64_t used = limit_at(t, group, t->used);
        m->ram = least(m->ram, ram);
        if (used != UINT64_MAX)
            m->ram_left = least(m->ram_left, less(ram, less(used, idle_at(t, group))));
    }
    if (m->swap == 0)
        return;
    uint64_t limit = limit_at(t, group, t->swap);
    if (!t->together)
        m->swap = least(m->swap, limit);
    else if (limit != UINT64_MAX)
        m->swap = least(m->swap, less(limit, m->ram));
}

/* group: "/a/b" and its parents up to the root, written "". */
static void apply_groups(const struct tree *t, char *group, struct wvm_host_memory *m)
{
    size_t len = __builtin_strlen(group);
    if (len == 1)
        group[len = 0] = '\0';
    for (;;) {
        apply_group(t, group, m);
        if (len == 0)
            return;
        while (group[--len] != '/')
            ;
        group[len] = '\0';
    }
}

/* True when the line "ID:CONTROLLERS:/PATH" names memory (v1) or no controller (v2). */
static bool is_group_line(const char *line, const char **path, const struct tree **t)
{
    const char *c = __builtin_strchr(line, ':');
    if (c == NULL)
        return false;
    const char *p = __builtin_strchr(++c, ':');
    if (p == NULL || p[1] != '/')
        return false;
    *path = p + 1;
    *t = p == c ? &tree_v2 : &tree_v1;
    for (const char *name = c; name <= p - 6; name++)
        if (__builtin_memcmp(name, "memory", 6) == 0)
            return true;
    return p == c;
}

/* What can be had without swapping: free pages and those that only cache. */
static uint64_t machine_left(uint64_t free)
{
    char text[TEXT_CAP];
    uint64_t kb;
    if (wvm_host_read_text(wvm_host_proc_root, "meminfo", text, sizeof(text)) <= 0 ||
        !wvm_host_text_value(text, "MemAvailable:", &kb))
        return free;
    return kb * 1024;
}

void wvm_host_memory_now(struct wvm_host_memory *m)
{
    struct sysinfo info;
    char text[TEXT_CAP];
    *m = (struct wvm_host_memory){0};
    if (WVM_SYS(sysinfo(&info)) != 0)
        return;
    m->machine = m->ram = (uint64_t)info.totalram * info.mem_unit;
    m->swap = (uint64_t)info.totalswap * info.mem_unit;
    m->ram_left = least(m->ram, machine_left((uint64_t)info.freeram * info.mem_unit));
    if (wvm_host_read_text(wvm_host_proc_root, "self/cgroup", text, sizeof(text)) <= 0)
        return;
    for (char *line = text, *next; *line != '\0'; line = next) {
        const struct tree *t;
        const char *path;
        char *end = __builtin_strchr(line, '\n');
        next = end ? end + 1 : line + __builtin_strlen(line);
        if (end)
            *end = '\0';
        if (is_group_line(line, &path, &t))
            apply_groups(t, line + (path - line), m);
    }
    m->ram_left = least(m->ram, m->ram_left);
}

void wvm_host_memory_size(uint64_t *ram, uint64_t *swap)
{
    struct wvm_host_memory m;
    wvm_host_memory_now(&m);
    *ram = m.ram;
    *swap = m.swap;
}
