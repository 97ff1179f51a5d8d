/* Memory resource notifications: two events that the system keeps signalled while memory is low, or
 * high.
 *
 * Owns    the two objects, which live for ever.
 * I1  Every handle for one condition names the same object.
 * I2  A state is found out when it is asked for: no thread watches memory.
 * Locking: none.   Failure: nothing opened.   Signal safety: yes. */
#include "nt/nt_notice.h"

#include "host/host_system.h"
#include "nt/nt_handle.h"

struct notice {
    uint32_t n_handles, refs; /* (a) */
    enum wvm_host_level level; /* (c) the level at which it is signalled */
};
static struct notice notices[] = {
    [LowMemoryResourceNotification] = {.level = WVM_LEVEL_LOW},
    [HighMemoryResourceNotification] = {.level = WVM_LEVEL_HIGH},
};

static bool try_hold(void *object)
{
    __atomic_fetch_add(&((struct notice *)object)->refs, 1, __ATOMIC_RELAXED);
    return true;
}

static void drop(void *object)
{
    __atomic_fetch_sub(&((struct notice *)object)->refs, 1, __ATOMIC_RELAXED);
}

static bool opened(void *object)
{
    __atomic_fetch_add(&((struct notice *)object)->n_handles, 1, __ATOMIC_RELAXED);
    return true;
}

static void closed(void *object)
{
    __atomic_fetch_sub(&((struct notice *)object)->n_handles, 1, __ATOMIC_RELAXED);
}

#define RIGHTS (SYNCHRONIZE | READ_CONTROL | EVENT_QUERY_STATE)

static uint32_t permitted(const void *object)
{
    (void)object;
    return RIGHTS;
}

static void counts(const void *object, uint32_t *handles, uint32_t *refs)
{
    const struct notice *n = object;
    *handles = __atomic_load_n(&n->n_handles, __ATOMIC_RELAXED);
    *refs = __atomic_load_n(&n->refs, __ATOMIC_RELAXED);
}

static const struct wvm_object_ops notice_ops = {
    .name = "Event",
    .generic = {READ_CONTROL | EVENT_QUERY_STATE, READ_CONTROL | EVENT_MODIFY_STATE,
                READ_CONTROL | SYNCHRONIZE, EVENT_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = counts,
};

wvm_status wvm_nt_notice_open(unsigned which, HANDLE *out)
{
    if (which > HighMemoryResourceNotification)
        return STATUS_INVALID_PARAMETER;
    struct notice *n = &notices[which];
    wvm_object_register(WVM_OBJECT_NOTICE, &notice_ops);
    (void)opened(n);
    (void)try_hold(n);
    wvm_status status =
        wvm_handle_insert(WVM_OBJECT_NOTICE, n, SYNCHRONIZE | EVENT_QUERY_STATE, out);
    if (status < 0) {
        closed(n);
        drop(n);
    }
    return status;
}

bool wvm_nt_notice_signalled(unsigned which)
{
    return wvm_host_memory_level() == notices[which].level;
}

wvm_status wvm_nt_notice_which(HANDLE h, uint32_t need, unsigned *which)
{
    void *object;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_NOTICE, need, &object, NULL);
    if (status < 0)
        return status;
    *which = (unsigned)((const struct notice *)object - notices);
    wvm_object_drop(WVM_OBJECT_NOTICE, object);
    return status;
}

wvm_status wvm_nt_notice_query(HANDLE h, bool *signalled)
{
    unsigned which;
    wvm_status status = wvm_nt_notice_which(h, EVENT_QUERY_STATE, &which);
    if (status >= 0)
        *signalled = wvm_nt_notice_signalled(which);
    return status;
}
