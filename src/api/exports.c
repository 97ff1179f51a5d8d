/* The functions of other libraries that GetProcAddress finds: tables that they hand over.
 *
 * Owns    tables[]: the first place is that of the object that winvm is part of (a preload object).
 * Terms   a table is a constant array in the library that brings it, see winvm/control.h.
 * I1      A place is taken by its `first`, and is read only after that; its `end` is written
 *         before.
 * I2      No table is read once its removal has returned: a reader counts itself in `readers`
 *         before it looks at tables[], and the removal waits until it has seen no reader.
 *         A place is free for another table only after that.
 * I3      Earlier tables come first, so that a library that is loaded later changes no answer.
 * I4      A fork child has no readers but its own thread's, which reads nothing then.
 * Locking: none; a removal waits for readers, who never wait.   Failure: ENOMEM.
 * Signal safety: look-ups yes, removals no. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "api/module.h"
#include "base/annotate.h"

#define MAX_TABLES 61

static struct {
    const struct winvm_export *first; /* NULL: a free place; CLAIMED: being filled */
    const struct winvm_export *end;
} tables[MAX_TABLES];
static unsigned readers;

static const struct winvm_export claimed;
#define CLAIMED (&claimed)

static bool add_at(size_t i, const struct winvm_export *first, const struct winvm_export *end)
{
    const struct winvm_export *nobody = NULL;
    if (!__atomic_compare_exchange_n(&tables[i].first, &nobody, CLAIMED, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&tables[i].end, end, __ATOMIC_RELAXED);
    __atomic_store_n(&tables[i].first, first, __ATOMIC_SEQ_CST);
    return true;
}

void wvm_exports_own(const struct winvm_export *first, const struct winvm_export *end)
{
    add_at(0, first, end);
}

WVM_EXPORT int winvm_exports_add(const struct winvm_export *first, const struct winvm_export *end)
{
    for (size_t i = 1; i < MAX_TABLES; i++)
        if (add_at(i, first, end))
            return 0;
    return ENOMEM;
}

WVM_EXPORT void winvm_exports_remove(const struct winvm_export *first)
{
    for (size_t i = 1; i < MAX_TABLES; i++) {
        const struct winvm_export *found = first;
        if (!__atomic_compare_exchange_n(&tables[i].first, &found, CLAIMED, false, __ATOMIC_SEQ_CST,
                                         __ATOMIC_RELAXED))
            continue;
        while (__atomic_load_n(&readers, __ATOMIC_SEQ_CST) != 0)
            sched_yield();
        __atomic_store_n(&tables[i].first, NULL, __ATOMIC_RELEASE);
        return;
    }
}

void wvm_exports_after_fork_child(void)
{
    __atomic_store_n(&readers, 0, __ATOMIC_RELAXED);
}

static const void *at(const int32_t *word)
{
    return (const char *)word + *word;
}

/* The first entry that is called `name`, or any if that is NULL, and lies in one of `modules`. */
static const struct winvm_export *search(const char *name, unsigned modules)
{
    for (size_t i = 0; i < MAX_TABLES; i++) {
        const struct winvm_export *e = __atomic_load_n(&tables[i].first, __ATOMIC_SEQ_CST);
        if (e == NULL || e == CLAIMED)
            continue;
        const struct winvm_export *end = __atomic_load_n(&tables[i].end, __ATOMIC_RELAXED);
        for (; e != end; e++) {
            const char *its = at(&e->name);
            if (name != NULL && strcmp(its, name) != 0)
                continue;
            if ((e->modules != 0 ? e->modules : wvm_module_homes(its)) & modules)
                return e;
        }
    }
    return NULL;
}

/* Of an entry, when nobody is asked for its function. */
static struct wvm_export_found found_at(const struct winvm_export *e)
{
    return (struct wvm_export_found){(FARPROC)(uintptr_t)at(&e->own),
                                     e->windows ? (FARPROC)(uintptr_t)at(&e->windows) : NULL};
}

/* The library is asked when no reader is counted: it may wait for the dynamic linker, which may
 * wait for a removal. */
static void ask(const char *name, struct wvm_export_found *found)
{
    found->own = ((FARPROC(*)(const char *))(uintptr_t)found->own)(name);
#if defined(__i386__)
    if (found->windows == NULL)
        found->windows = found->own;
#endif
}

bool wvm_exports_find(const char *name, unsigned modules, struct wvm_export_found *out)
{
    struct wvm_export_found found = {NULL, NULL};
    __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    const struct winvm_export *e = search(name, modules);
    bool asked = e != NULL && (e->modules & WINVM_EXPORT_ASKED) != 0;
    if (e != NULL)
        found = found_at(e);
    __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    if (asked && out != NULL)
        ask(name, &found);
    if (out != NULL)
        *out = found;
    return e != NULL;
}
