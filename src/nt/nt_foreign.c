/* Kinds of objects that other libraries bring: each is a type of the handle table.
 *
 * Owns     the kinds, the counts in their objects, and who answers for the calling thread.
 * Terms    kind = what such a library says of its objects; slot = a type number set aside for one.
 * I1       A kind has one slot for ever: kinds[] only grows, and its operations are known to the
 *          table before the first object of the kind lives.
 * I2       An object with references lives. Its memory stays readable for ever, and is an object's:
 *          who lost a race against the last drop may look at its counts.
 * I3       `gone` runs once for each life, when the last reference is dropped, without a lock.
 * Locking: none, compare and swap.   Failure: nothing changed.   fork: the child's copies count for
 * themselves.   Signal safety: yes, but for what `gone` does. */
#include "nt/nt_foreign.h"

#include <sched.h>

#include "base/assert.h"
#include "nt/nt_pin.h"
#include "section/section_name.h"
#include "space/space_fault.h"

#if !defined(EVENT_MODIFY_STATE)
#define EVENT_MODIFY_STATE 0x0002
#endif
#define N_KINDS (WVM_MAX_OBJECT_TYPES - WVM_N_OBJECT_TYPES)

static struct winvm_object_kind *kinds[N_KINDS]; /* (a) */
static struct wvm_object_ops kind_ops[N_KINDS];
static wvm_foreign_thread_fn thread_self; /* (a) */

/* ---- What the table asks ---- */

static bool try_hold(void *p)
{
    struct winvm_object *object = p;
    uint32_t n = __atomic_load_n(&object->refs, __ATOMIC_RELAXED);
    do
        if (n == 0)
            return false;
    while (!__atomic_compare_exchange_n(&object->refs, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED));
    return true;
}

static void drop(void *p)
{
    struct winvm_object *object = p;
    struct winvm_object_kind *kind = object->kind;
    if (__atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL) == 1 && kind->gone)
        kind->gone(object);
}

static bool opened(void *p)
{
    struct winvm_object *object = p;
    __atomic_fetch_add(&object->handles, 1, __ATOMIC_RELAXED);
    return true;
}

static void closed(void *p)
{
    struct winvm_object *object = p;
    __atomic_fetch_sub(&object->handles, 1, __ATOMIC_RELAXED);
}

static uint32_t permitted(const void *p)
{
    const struct winvm_object *object = p;
    return object->kind->generic[3];
}

static void counts(const void *p, uint32_t *handles, uint32_t *refs)
{
    const struct winvm_object *object = p;
    *handles = __atomic_load_n(&object->handles, __ATOMIC_RELAXED);
    *refs = __atomic_load_n(&object->refs, __ATOMIC_RELAXED);
}

/* ---- Kinds ---- */

static void make_ops(unsigned slot, const struct winvm_object_kind *kind)
{
    kind_ops[slot] = (struct wvm_object_ops){
        .name = kind->name, .try_hold = try_hold, .drop = drop, .opened = opened,
        .closed = closed, .permitted = permitted, .counts = counts,
    };
    for (unsigned i = 0; i < 4; i++)
        kind_ops[slot].generic[i] = kind->generic[i];
    wvm_object_register((enum wvm_object_type)(WVM_N_OBJECT_TYPES + slot), &kind_ops[slot]);
}

/* The type of a kind, which `make` gives it if it has none; WVM_OBJECT_NONE: it has none. */
static enum wvm_object_type type_of(const struct winvm_object_kind *kind,
                                    struct winvm_object_kind *make)
{
    for (unsigned i = 0; i < N_KINDS; i++) {
        enum wvm_object_type type = (enum wvm_object_type)(WVM_N_OBJECT_TYPES + i);
        struct winvm_object_kind *known = __atomic_load_n(&kinds[i], __ATOMIC_ACQUIRE);
        if (!known && !make)
            return WVM_OBJECT_NONE;
        if (!known && __atomic_compare_exchange_n(&kinds[i], &known, make, false,
                                                  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            make_ops(i, make);
            return type;
        }
        if (known == kind) {
            while (!wvm_object_ops(type)) /* another thread is about to tell */
                sched_yield();
            return type;
        }
    }
    return WVM_OBJECT_NONE;
}

/* ---- Objects ---- */

wvm_status wvm_foreign_start(struct winvm_object *object, struct winvm_object_kind *kind)
{
    if (type_of(kind, kind) == WVM_OBJECT_NONE)
        return STATUS_INSUFFICIENT_RESOURCES;
    __atomic_store_n(&object->kind, kind, __ATOMIC_RELAXED);
    __atomic_store_n(&object->handles, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&object->refs, 1, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

void wvm_foreign_hold(struct winvm_object *object)
{
    bool held = try_hold(object);
    WVM_ASSERT(held);
    (void)held;
}

void wvm_foreign_drop(struct winvm_object *object)
{
    drop(object);
}

wvm_status wvm_foreign_open(struct winvm_object *object, uint32_t access, HANDLE *out)
{
    enum wvm_object_type type = type_of(object->kind, NULL);
    access = wvm_object_access(type, access, object->kind->generic[3]);
    wvm_foreign_hold(object);
    opened(object);
    wvm_status status = wvm_handle_insert(type, object, access, out);
    if (status < 0) {
        closed(object);
        drop(object);
    }
    return status;
}

static wvm_status get_thread(const struct winvm_object_kind *kind, struct winvm_object **out)
{
    wvm_foreign_thread_fn self = __atomic_load_n(&thread_self, __ATOMIC_ACQUIRE);
    *out = self ? self() : NULL;
    if (!*out)
        return STATUS_INVALID_HANDLE;
    if (!kind || (*out)->kind == kind)
        return STATUS_SUCCESS;
    drop(*out);
    return STATUS_OBJECT_TYPE_MISMATCH;
}

wvm_status wvm_foreign_get(HANDLE h, const struct winvm_object_kind *kind, uint32_t need,
                           struct winvm_object **out)
{
    struct wvm_handle_info info;
    if (h == WVM_OWN_THREAD)
        return get_thread(kind, out);
    wvm_status status = wvm_handle_look(h, &info);
    if (status < 0)
        return status;
    if (info.type < WVM_N_OBJECT_TYPES || (kind && info.type != type_of(kind, NULL)))
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if ((info.access & need) != need)
        status = STATUS_ACCESS_DENIED;
    if (status < 0)
        wvm_object_drop(info.type, info.object);
    else
        *out = info.object;
    return status;
}

wvm_status wvm_foreign_event(HANDLE h, struct winvm_object **out)
{
    wvm_status status = wvm_foreign_get(h, NULL, EVENT_MODIFY_STATE, out);
    if (status < 0 || (*out)->kind->set)
        return status;
    drop(*out);
    return STATUS_OBJECT_TYPE_MISMATCH;
}

void wvm_foreign_set(struct winvm_object *event, bool on)
{
    event->kind->set(event, on);
}

/* ---- The calling thread ---- */

void wvm_foreign_thread(wvm_foreign_thread_fn self)
{
    __atomic_store_n(&thread_self, self, __ATOMIC_RELEASE);
}

bool wvm_foreign_thread_inside(void)
{
    return wvm_space_inside() || wvm_names_inside() || wvm_pin_is_set();
}

wvm_status wvm_foreign_open_thread(uint32_t access, HANDLE *out)
{
    struct winvm_object *object;
    wvm_status status = get_thread(NULL, &object);
    if (status < 0)
        return status;
    status = wvm_foreign_open(object, access, out);
    drop(object);
    return status;
}
