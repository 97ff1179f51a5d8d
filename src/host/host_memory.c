/* How much memory there is for this process.
 *
 * Owns     nothing.
 * Terms    group = control group; its limit bounds it and every group below it, so the smallest on
 *          the way to the root counts. v2 has memory.max and memory.swap.max; v1 has
 *          memory.limit_in_bytes and memory.memsw.limit_in_bytes (RAM and swap together).
 * I1       A limit that is absent, "max" or larger than the machine changes nothing.
 * I2       In a container the group's path is often the host's and does not exist in the mounted
 *          tree; then the walk ends at the mount's root, which is the container's own group.
 * Locking  none.   Failure: the machine's own sizes; 0 when even these are refused.
 * Signal safety  not needed: called at start only. errno is preserved. */
#include <sys/sysinfo.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { TEXT_CAP = 4096, PATH_CAP = 1024 };

struct tree {
    const char *mount;       /* below the control groups' root */
    const char *ram, *swap;  /* file names */
    bool together;           /* swap's file counts RAM too */
};
static const struct tree tree_v2 = {".", "memory.max", "memory.swap.max", false};
static const struct tree tree_v1 = {"memory", "memory.limit_in_bytes",
                                    "memory.memsw.limit_in_bytes", true};

static uint64_t limit_at(const struct tree *t, const char *group, const char *file)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s%s/%s", t->mount, group, file);
    return wvm_host_read_number(wvm_host_cgroup_root, path, UINT64_MAX);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void apply_group(const struct tree *t, const char *group, uint64_t *ram, uint64_t *swap)
{
    *ram = least(*ram, limit_at(t, group, t->ram));
    if (*swap == 0)
        return;
    uint64_t limit = limit_at(t, group, t->swap);
    if (!t->together)
        *swap = least(*swap, limit);
    else if (limit != UINT64_MAX)
        *swap = least(*swap, limit > *ram ? limit - *ram : 0);
}

/* group: "/a/b" and its parents up to the root, written "". */
static void apply_groups(const struct tree *t, char *group, uint64_t *ram, uint64_t *swap)
{
    size_t len = __builtin_strlen(group);
    if (len == 1)
        group[len = 0] = '\0';
    for (;;) {
        apply_group(t, group, ram, swap);
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

void wvm_host_memory_size(uint64_t *ram, uint64_t *swap)
{
    struct sysinfo info;
    char text[TEXT_CAP];
    *ram = *swap = 0;
    if (WVM_SYS(sysinfo(&info)) != 0)
        return;
    *ram = (uint64_t)info.totalram * info.mem_unit;
    *swap = (uint64_t)info.totalswap * info.mem_unit;
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
            apply_groups(t, line + (path - line), ram, swap);
    }
}
