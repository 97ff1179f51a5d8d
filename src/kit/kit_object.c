/* Objects with handles: made, found by a handle, given up with their last reference.
 *
 * I1      The number of an object's life changes when its last reference is dropped, before the
 *         memory is another object's: the swap of who did not hold it fails then.
 * I2      The memory of an object stays readable, and an object's of its kind, for ever.
 * I3      wvm_kit_known is of one handle unless its `object` is NULL. A handler that interrupts a
 *         reader may leave it another handle's: the reader looks at `handle` before and after.
 * Locking: none.   Failure: the last error.   Signal safety: none. */
#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_wait.h"

WVM_THREAD_LOCAL struct wvm_kit_known wvm_kit_known;
/* The calling thread writes to it: a handler that interrupts that does not. */
static WVM_THREAD_LOCAL bool learns;
static const struct winvm_place *places; /* (a) the table of handles, once there is an object */

void wvm_kit_gone(struct winvm_object *head)
{
    struct wvm_kit_object *object = (struct wvm_kit_object *)head;
    struct wvm_kit_kind *kind = wvm_kit_kind_of(object);
    void (*give_up)(struct wvm_kit_object *) = __atomic_load_n(&kind->clear, __ATOMIC_ACQUIRE);
    if (kind->keeps && kind->keeps(object))
        return;
    if (give_up)
        give_up(object);
    if (kind->quick)
        __atomic_add_fetch(&object->word, WVM_KIT_LIFE, __ATOMIC_ACQ_REL);
    wvm_kit_put(&kind->store, object);
}

/* shared: who lost a race against the last drop may look at it. Sizes are those of whole words. */
static void clear(void *from, void *end, bool shared)
{
    if (!shared)
        memset(from, 0, (size_t)((char *)end - (char *)from));
    else
        for (uintptr_t *at = from; (void *)at < end; at++)
            __atomic_store_n(at, 0, __ATOMIC_RELAXED);
}

void *wvm_kit_object_new(struct wvm_kit_kind *kind)
{
    struct wvm_kit_object *object = wvm_kit_take(&kind->store);
    if (!object) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    clear(object + 1, (char *)object + kind->store.size - kind->kept, kind->quick != NULL);
    wvm_kit_ring(&object->waits);
    wvm_kit_set_state(object, 0);
    __atomic_store_n(&places, winvm_object_places(), __ATOMIC_RELAXED);
    if (winvm_object_start(&object->head, &kind->kind) == 0)
        return object;
    wvm_kit_put(&kind->store, object);
    wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    return NULL;
}

HANDLE wvm_kit_handle(struct wvm_kit_object *object, uint32_t access)
{
    HANDLE h = NULL;
    if (winvm_object_open(&object->head, access, &h) != 0)
        wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    wvm_kit_drop(object);
    return h;
}

static void fail_handle(int error)
{
    wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
}

WVM_THREAD_LOCAL bool wvm_kit_other_kind;

void *wvm_kit_object_of(HANDLE h, struct wvm_kit_kind *kind, uint32_t rights)
{
    struct winvm_object *object;
    int error = winvm_object_get(h, &kind->kind, rights, &object);
    if (error == 0)
        return object;
    wvm_kit_other_kind = error == EINVAL;
    fail_handle(error);
    return NULL;
}

/* ---- Without holding it ---- */

/* The place that a value names as long as that is a handle to an object; *tag: what it shows. NULL:
 * it is none. */
static const struct winvm_place *place_of(HANDLE h, uint32_t *tag)
{
    const struct winvm_place *p = __atomic_load_n(&places, __ATOMIC_RELAXED);
    uintptr_t value = (uintptr_t)h - 0x54000000;
    if (!p || value >> 26 != 0 || value & 3)
        return NULL;
    p += value >> 2 & 32767;
    *tag = __atomic_load_n(&p->tag, __ATOMIC_ACQUIRE);
    bool open = ((*tag ^ 2 ^ (uint32_t)value >> 17 << 8) & ~0xfcu) == 0;
    return open && (*tag & 0xf0) >= WINVM_PLACE_FIRST_TYPE << 4 ? p : NULL;
}

/* The object is NULL while the rest changes. */
static void learn(HANDLE h, const struct wvm_kit_known *found)
{
    struct wvm_kit_known *k = &wvm_kit_known;
    if (learns)
        return;
    learns = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k->object = NULL;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k->handle = (uint32_t)(uintptr_t)h;
    k->place = found->place;
    k->quick = found->quick;
    k->tag = found->tag;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    k->object = found->object;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    learns = false;
}

struct wvm_kit_object *wvm_kit_glance(HANDLE h, uint32_t rights, wvm_kit_quick_fn **quick,
                                      uint64_t *word)
{
    struct wvm_kit_known found;
    const struct winvm_place *p = found.place = place_of(h, &found.tag);
    if (!p || (__atomic_load_n(&p->access, __ATOMIC_ACQUIRE) & rights) != rights)
        return NULL;
    found.object = __atomic_load_n(&p->object, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&p->tag, __ATOMIC_ACQUIRE) != found.tag)
        return NULL;
    struct winvm_object_kind *kind = __atomic_load_n(&found.object->head.kind, __ATOMIC_ACQUIRE);
    *word = wvm_kit_word(found.object);
    if (__atomic_load_n(&p->tag, __ATOMIC_ACQUIRE) != found.tag || kind->gone != wvm_kit_gone)
        return NULL;
    *quick = found.quick = ((const struct wvm_kit_kind *)kind)->quick;
    if (!found.quick)
        return NULL;
    learn(h, &found);
    return found.object;
}

struct wvm_kit_object *wvm_kit_glance_of(HANDLE h, uint32_t rights, const struct wvm_kit_kind *kind,
                                         uint64_t *word)
{
    wvm_kit_quick_fn *quick;
    struct wvm_kit_object *object = wvm_kit_glance(h, rights, &quick, word);
    return object && quick == kind->quick ? object : NULL;
}

/* ---- To be waited for ---- */

bool wvm_kit_hold(HANDLE h, struct wvm_kit_object **out, bool sleeps)
{
    struct winvm_object *object;
    int error = winvm_object_get(h, NULL, SYNCHRONIZE, &object);
    if (error == 0 &&
        (object->kind->gone != wvm_kit_gone || !((struct wvm_kit_kind *)object->kind)->ready)) {
        winvm_object_drop(object);
        fail_handle(EINVAL);
        return false;
    }
    if (error == EACCES)
        fail_handle(error);
    else
        *out = error == 0 ? (struct wvm_kit_object *)object : wvm_kit_watch(h, sleeps);
    return error != EACCES && *out != NULL;
}

bool wvm_kit_can_wait(HANDLE h)
{
    struct wvm_kit_object *object;
    bool can = wvm_kit_hold(h, &object, false);
    if (can)
        wvm_kit_drop(object);
    return can;
}
