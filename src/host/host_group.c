/* The control groups around this process, as far as they count memory.
 *
 * Owns     nothing.
 * Terms    mount = where a hierarchy of groups is seen: its folder, and the group that lies there,
 *          "/" but in containers; v1, v2 = the versions of control groups; hybrid = v1, with a v2
 *          beside it that counts nothing but pressure.
 * I1       A group is found by its path in /proc/self/cgroup less the group that the mount shows.
 *          In a container the path is often the host's and does not exist in the mounted tree; then
 *          the walk passes folders that are not there and ends at the mount's own, which is the
 *          container's.
 * I2       Where /proc does not tell of mounts they are looked for at their usual places.
 * I3       Of several mounts of one hierarchy the first counts.
 * Locking  none.   Failure: no group.   Signal safety: all of it; errno is preserved. */
#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { TEXT_CAP = 4096, PLACE_CAP = 512 };

struct mount {
    char shown[PLACE_CAP];  /* the group at the folder, "" for the root */
    char folder[PLACE_CAP]; /* "": none */
};

/* ---- mounts ---- */

/* The next word of a line, which is cut off there; "\040" becomes a blank and so on. NULL: none. */
static char *next_word(char **line)
{
    char *word = *line, *to = word, *from = word;
    if (*from == '\0')
        return NULL;
    for (; *from != ' ' && *from != '\0'; from++) {
        if (*from == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
            *to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *line = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

static bool has_option(const char *list, const char *option)
{
    size_t len = __builtin_strlen(option);
    for (const char *at = list; at != NULL; at = __builtin_strchr(at, ',')) {
        at += *at == ',';
        if (__builtin_memcmp(at, option, wvm_min(len, __builtin_strlen(at) + 1)) == 0 &&
            (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static void keep_mount(struct mount *m, const char *shown, const char *folder)
{
    if (m->folder[0] || __builtin_strlen(shown) >= PLACE_CAP ||
        __builtin_strlen(folder) >= PLACE_CAP)
        return;
    __builtin_strcpy(m->shown, __builtin_strcmp(shown, "/") == 0 ? "" : shown);
    __builtin_strcpy(m->folder, folder);
}

/* "ID PARENT DEVICE SHOWN FOLDER OPTIONS [...] - TYPE SOURCE OPTIONS". */
static bool read_mount(char *line, void *ctx)
{
    struct mount *mount = ctx;
    char *word[6] = {NULL}, *type, *options;
    for (unsigned i = 0; i < 6; i++)
        if ((word[i] = next_word(&line)) == NULL)
            return true;
    while ((type = next_word(&line)) != NULL && __builtin_strcmp(type, "-") != 0)
        ;
    type = next_word(&line);
    (void)next_word(&line);
    options = next_word(&line);
    if (type == NULL || options == NULL)
        return true;
    if (__builtin_strcmp(type, "cgroup2") == 0)
        keep_mount(&mount[WVM_TREE_V2], word[3], word[4]);
    else if (__builtin_strcmp(type, "cgroup") == 0 && has_option(options, "memory"))
        keep_mount(&mount[WVM_TREE_V1], word[3], word[4]);
    return true;
}

static void usual_place(struct mount *m, const char *below)
{
    struct wvm_buf b;
    wvm_buf_init(&b, m->folder, PLACE_CAP);
    wvm_buf_printf(&b, "%s%s", wvm_host_cgroup_root, below);
    m->shown[0] = '\0';
}

static void find_mounts(struct mount mount[WVM_N_TREES])
{
    for (unsigned i = 0; i < WVM_N_TREES; i++)
        mount[i].shown[0] = mount[i].folder[0] = '\0';
    (void)wvm_host_each_line(wvm_host_proc_root, "self/mountinfo", read_mount, mount);
    if (mount[WVM_TREE_V1].folder[0] || mount[WVM_TREE_V2].folder[0])
        return;
    usual_place(&mount[WVM_TREE_V1], "/memory");
    usual_place(&mount[WVM_TREE_V2], "");
}

/* ---- this process's groups ---- */

/* The line "ID:CONTROLLERS:/PATH" names memory (v1) or no controller (v2). */
static bool read_group(char *line, char **path, enum wvm_host_tree *tree)
{
    char *controllers = __builtin_strchr(line, ':');
    char *end = controllers ? __builtin_strchr(++controllers, ':') : NULL;
    if (end == NULL || end[1] != '/')
        return false;
    *end = '\0';
    *path = end + 1;
    *tree = *controllers ? WVM_TREE_V1 : WVM_TREE_V2;
    return *tree == WVM_TREE_V2 || has_option(controllers, "memory");
}

/* What is left of a group's path behind the one that the mount shows. */
static const char *below_mount(const struct mount *m, const char *path)
{
    size_t len = __builtin_strlen(m->shown);
    if (__builtin_strncmp(path, m->shown, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return "";
    return __builtin_strcmp(path + len, "/") == 0 ? "" : path + len;
}

/* The group and its parents up to the mount. */
static void walk_up(const struct mount *m, enum wvm_host_tree tree, const char *path,
                    const struct wvm_host_group_visit *visit)
{
    char folder[WVM_GROUP_CAP];
    struct wvm_buf b;
    size_t top = __builtin_strlen(m->folder);
    wvm_buf_init(&b, folder, sizeof folder);
    wvm_buf_printf(&b, "%s%s", m->folder, below_mount(m, path));
    for (size_t len = b.len;;) {
        if (!visit->see(tree, folder, visit->ctx) || len <= top)
            return;
        while (len > top && folder[--len] != '/')
            ;
        folder[len] = '\0';
    }
}

void wvm_host_group_each(const struct wvm_host_group_visit *visit)
{
    struct mount mount[WVM_N_TREES];
    char text[TEXT_CAP];
    if (wvm_host_read_text(wvm_host_proc_root, "self/cgroup", text, sizeof text) <= 0)
        return;
    find_mounts(mount);
    for (char *line = text, *next; *line != '\0'; line = next) {
        enum wvm_host_tree tree;
        char *path, *end = __builtin_strchr(line, '\n');
        next = end ? end + 1 : line + __builtin_strlen(line);
        if (end)
            *end = '\0';
        if (read_group(line, &path, &tree) && mount[tree].folder[0])
            walk_up(&mount[tree], tree, path, visit);
    }
}
