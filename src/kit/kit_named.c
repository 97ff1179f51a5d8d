/* The names of events, mutexes and semaphores: one space of names for all kinds.
 *
 * Terms   entry = a name and its object, held; stale = its object has no handles any more.
 * I1      A name means one object. A stale entry means none: it is taken out before the next name
 *         is looked for, so at most the names that were in use at one time are kept.
 * I2      An object gets its first handle and its name under the lock, so no entry is stale before
 *         it was used.
 * Locking: the names' lock; the table of handles is used under it.   Failure: nothing changed.
 * fork: the child has the names as they were, for itself.   Signal safety: none. */
#include "kit/kit_named.h"

#include <string.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

#define MOST_UNITS 260u

struct entry {
    struct entry *next; /* first */
    struct wvm_kit_object *object;
    struct wvm_kit_name name;
};

static struct wvm_kit_store store = {.size = sizeof(struct entry)};
static struct wvm_kit_lock lock;
static struct entry *entries; /* lock */

/* ---- Names ---- */

static bool check(struct wvm_kit_name *name)
{
    static const char local[] = "Local\\", global[] = "Global\\";
    if (strncmp(name->text, local, sizeof local - 1) == 0)
        memmove(name->text, name->text + sizeof local - 1, strlen(name->text) + 2 - sizeof local);
    const char *bare = name->text;
    if (strncmp(bare, global, sizeof global - 1) == 0)
        bare += sizeof global - 1;
    return !strchr(bare, '\\') || wvm_kit_fail(ERROR_PATH_NOT_FOUND);
}

bool wvm_kit_name_a(struct wvm_kit_name *name, LPCSTR text)
{
    size_t n = text ? strlen(text) : 0;
    name->text[0] = '\0';
    if (n == 0)
        return true;
    if (n >= sizeof name->text ||
        wvm_kit_to_utf16(NULL, 0, text, WVM_KIT_TO_NUL) > MOST_UNITS)
        return wvm_kit_fail(ERROR_FILENAME_EXCED_RANGE);
    memcpy(name->text, text, n + 1);
    return check(name);
}

bool wvm_kit_name_w(struct wvm_kit_name *name, LPCWSTR text)
{
    name->text[0] = '\0';
    if (!text || !text[0])
        return true;
    if (wvm_kit_len16(text) > MOST_UNITS)
        return wvm_kit_fail(ERROR_FILENAME_EXCED_RANGE);
    size_t n = wvm_kit_to_utf8(name->text, sizeof name->text - 1, text, WVM_KIT_TO_NUL);
    name->text[n] = '\0';
    return check(name);
}

/* ---- Entries ---- */

static void take_stale_out(void)
{
    for (struct entry **at = &entries; *at;) {
        struct entry *e = *at;
        if (__atomic_load_n(&e->object->head.handles, __ATOMIC_ACQUIRE) != 0) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        wvm_kit_drop(e->object);
        wvm_kit_put(&store, e);
    }
}

static struct entry *find(const struct wvm_kit_name *name)
{
    take_stale_out();
    for (struct entry *e = entries; e; e = e->next)
        if (strcmp(e->name.text, name->text) == 0)
            return e;
    return NULL;
}

static HANDLE open_entry(struct entry *e, const struct wvm_kit_kind *kind, uint32_t access)
{
    HANDLE h = NULL;
    if (e->object->head.kind != &kind->kind)
        wvm_kit_fail(ERROR_INVALID_HANDLE);
    else if (winvm_object_open(&e->object->head, access, &h) != 0)
        wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    return h;
}

bool wvm_kit_name_enter(const struct wvm_kit_name *name, struct wvm_kit_kind *kind,
                        uint32_t access, HANDLE *out)
{
    if (!name->text[0])
        return false;
    wvm_kit_lock(&lock);
    struct entry *e = find(name);
    if (!e)
        return false; /* locked until wvm_kit_name_leave */
    *out = open_entry(e, kind, access);
    wvm_kit_unlock(&lock);
    if (*out)
        SetLastError(ERROR_ALREADY_EXISTS);
    return true;
}

/* As wvm_kit_handle, and the object has the name. */
static HANDLE open_first(const struct wvm_kit_name *name, struct wvm_kit_object *object,
                         uint32_t access)
{
    struct entry *e = wvm_kit_take(&store);
    if (!e) {
        wvm_kit_drop(object);
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    winvm_object_hold(&object->head); /* the entry's */
    HANDLE h = wvm_kit_handle(object, access);
    if (!h) {
        wvm_kit_drop(object);
        wvm_kit_put(&store, e);
        return NULL;
    }
    e->object = object;
    strcpy(e->name.text, name->text);
    e->next = entries;
    entries = e;
    SetLastError(NO_ERROR);
    return h;
}

HANDLE wvm_kit_name_leave(const struct wvm_kit_name *name, struct wvm_kit_object *object,
                          uint32_t access)
{
    if (!name->text[0])
        return object ? wvm_kit_handle(object, access) : NULL;
    HANDLE h = object ? open_first(name, object, access) : NULL;
    wvm_kit_unlock(&lock);
    return h;
}

HANDLE wvm_kit_name_open(const struct wvm_kit_name *name, struct wvm_kit_kind *kind,
                         uint32_t access)
{
    HANDLE h = NULL;
    if (!name->text[0]) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    wvm_kit_lock(&lock);
    struct entry *e = find(name);
    if (e)
        h = open_entry(e, kind, access);
    else
        wvm_kit_fail(ERROR_FILE_NOT_FOUND);
    wvm_kit_unlock(&lock);
    return h;
}
