/* The modules of a process.
 *
 * The dynamic linker tells those of this process, the host's list of mappings those of another one:
 * files of which some part can be executed.
 * I1  Bases rise by whole pages; the first entry is the program, the others come as they were
 *     loaded (this process) or by address.
 * Locking: the dynamic linker's.   Failure: an empty list.   Signal safety: none. */
#include "kit/kit_modules.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE ((uintptr_t)4096)

static struct wvm_kit_module *add(struct wvm_kit_modules *list, const char *path)
{
    struct wvm_kit_module *more = list->all;
    if (list->n == list->cap) {
        more = realloc(list->all, (list->cap + 64) * sizeof *more);
        if (more) {
            list->all = more;
            list->cap += 64;
        }
    }
    char *name = more ? strdup(path) : NULL;
    list->is_short |= !name;
    if (!name)
        return NULL;
    struct wvm_kit_module *m = &list->all[list->n++];
    *m = (struct wvm_kit_module){.base = UINTPTR_MAX, .path = name};
    return m;
}

static bool read_link(uint32_t pid, char path[PATH_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/%u/exe", pid);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* ---- this process ---- */

static int add_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct wvm_kit_modules *list = context;
    char path[PATH_MAX];
    (void)size;
    if (list->n == 0 ? !read_link((uint32_t)getpid(), path)
                     : !strchr(info->dlpi_name, '/') || !realpath(info->dlpi_name, path))
        return 0; /* of no file */
    struct wvm_kit_module *m = add(list, path);
    for (unsigned i = 0; m && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = (uintptr_t)info->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;
        if (part->p_type != PT_LOAD)
            continue;
        m->has_code |= (part->p_flags & PF_X) != 0;
        m->base = from < m->base ? from & ~(PAGE - 1) : m->base;
        m->end = to > m->end ? (to + PAGE - 1) & ~(PAGE - 1) : m->end;
    }
    return m == NULL;
}

/* ---- another one ---- */

/* One line of its mappings: "from-to rights offset device inode path". */
static void add_mapping(struct wvm_kit_modules *list, char *line)
{
    unsigned long long from, to, offset;
    char rights[5];
    char *path = strchr(line, '/');
    if (!path || sscanf(line, "%llx-%llx %4s %llx", &from, &to, rights, &offset) != 4)
        return;
    path[strcspn(path, "\n")] = '\0';
    struct wvm_kit_module *m = list->n > 0 ? &list->all[list->n - 1] : NULL;
    if (!m || offset == 0 || strcmp(m->path, path) != 0)
        m = add(list, path);
    if (!m)
        return;
    m->base = m->base == UINTPTR_MAX ? (uintptr_t)from : m->base;
    m->end = (uintptr_t)to;
    m->has_code |= rights[2] == 'x';
}

/* What has no code goes; the program becomes the first. */
static void put_in_order(struct wvm_kit_modules *list, uint32_t pid)
{
    char program[PATH_MAX];
    uint32_t n = 0;
    read_link(pid, program);
    for (uint32_t i = 0; i < list->n; i++) {
        struct wvm_kit_module m = list->all[i];
        if (!m.has_code) {
            free(m.path);
            continue;
        }
        uint32_t at = strcmp(m.path, program) == 0 ? 0 : n;
        memmove(&list->all[at + 1], &list->all[at], (n - at) * sizeof m);
        list->all[at] = m;
        n++;
    }
    list->n = n;
}

static int read_mappings(struct wvm_kit_modules *list, uint32_t pid)
{
    char path[32], *line = NULL;
    size_t cap = 0;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return errno;
    while (!list->is_short && getline(&line, &cap, f) > 0)
        add_mapping(list, line);
    int error = ferror(f) ? errno : 0;
    fclose(f);
    free(line);
    put_in_order(list, pid);
    return error;
}

bool wvm_kit_modules_read(uint32_t pid, struct wvm_kit_modules *out)
{
    int error = 0;
    *out = (struct wvm_kit_modules){0, 0, false, NULL};
    if (pid == (uint32_t)getpid())
        dl_iterate_phdr(add_object, out);
    else
        error = read_mappings(out, pid);
    if (!out->is_short && error == 0 && out->n > 0)
        return true;
    bool is_short = out->is_short;
    wvm_kit_modules_free(out);
    return wvm_kit_fail(is_short                           ? ERROR_NOT_ENOUGH_MEMORY
                        : error == EACCES || error == EPERM ? ERROR_ACCESS_DENIED
                                                            : ERROR_PARTIAL_COPY);
}

void wvm_kit_modules_free(struct wvm_kit_modules *list)
{
    while (list->n > 0)
        free(list->all[--list->n].path);
    free(list->all);
    *list = (struct wvm_kit_modules){0, 0, false, NULL};
}

const struct wvm_kit_module *wvm_kit_module_at(const struct wvm_kit_modules *list, HMODULE at)
{
    uintptr_t addr = (uintptr_t)at;
    if (!addr)
        return list->n > 0 ? &list->all[0] : NULL;
    for (uint32_t i = 0; i < list->n; i++)
        if (addr >= list->all[i].base && addr < list->all[i].end)
            return &list->all[i];
    return NULL;
}

const char *wvm_kit_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
