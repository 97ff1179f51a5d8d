/* The counts of objects and the pools they live in.
 *
 * Terms   dead = refs 0; filling = claimed, its fields belong to one thread; living = the rest.
 * I1  An object goes dead -> filling -> living -> filling -> dead; only living ones can be held.
 * I2  The fields of an object, but for the atomic ones, change in state filling only; who holds it
 *     reads them without care.
 * I3  A handle counts in refs as well.
 * Locking: none, compare and swap.   Failure: NULL, nothing changed.   Signal safety: yes.
 * fork: the child's copies count for themselves; what another thread was filling stays filling. */
#include "nt/nt_object.h"

static struct wvm_object_head *head_at(const struct wvm_object_pool *pool, uint32_t i)
{
    return (struct wvm_object_head *)((char *)pool->first + i * pool->stride);
}

static void raise_to(uint32_t *value, uint32_t least)
{
    uint32_t seen = __atomic_load_n(value, __ATOMIC_RELAXED);
    while (seen < least && !__atomic_compare_exchange_n(value, &seen, least, true,
                                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

void *wvm_object_claim(struct wvm_object_pool *pool)
{
    uint32_t first = __atomic_load_n(&pool->next, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < pool->n; i++) {
        uint32_t at = (first + i) % pool->n, dead = 0;
        struct wvm_object_head *head = head_at(pool, at);
        if (__atomic_load_n(&head->refs, __ATOMIC_RELAXED) != 0 ||
            !__atomic_compare_exchange_n(&head->refs, &dead, WVM_OBJECT_FILLING, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        raise_to(&pool->used, at + 1);
        __atomic_store_n(&pool->next, at + 1, __ATOMIC_RELAXED);
        return head;
    }
    return NULL;
}

void wvm_object_start(struct wvm_object_head *head)
{
    __atomic_store_n(&head->n_handles, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&head->refs, 1, __ATOMIC_RELEASE);
}

void wvm_object_cancel(struct wvm_object_pool *pool, struct wvm_object_head *head)
{
    size_t at = (size_t)((char *)head - (char *)pool->first) / pool->stride;
    __atomic_store_n(&head->refs, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&pool->next, (uint32_t)at, __ATOMIC_RELAXED);
}

void *wvm_object_at(const struct wvm_object_pool *pool, uint32_t i)
{
    return i < __atomic_load_n(&pool->used, __ATOMIC_ACQUIRE) ? head_at(pool, i) : NULL;
}

bool wvm_object_try_hold(struct wvm_object_head *head)
{
    uint32_t n = __atomic_load_n(&head->refs, __ATOMIC_RELAXED);
    do
        if (n == 0 || n == WVM_OBJECT_FILLING)
            return false;
    while (!__atomic_compare_exchange_n(&head->refs, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED));
    return true;
}

bool wvm_object_release(struct wvm_object_head *head)
{
    uint32_t n = __atomic_load_n(&head->refs, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&head->refs, &n, n == 1 ? WVM_OBJECT_FILLING : n - 1, true,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
    return n == 1;
}

bool wvm_object_add_handle(struct wvm_object_head *head)
{
    uint32_t n = __atomic_load_n(&head->n_handles, __ATOMIC_RELAXED);
    while (n && !__atomic_compare_exchange_n(&head->n_handles, &n, n + 1, true, __ATOMIC_RELAXED,
                                             __ATOMIC_RELAXED))
        ;
    return n != 0;
}

bool wvm_object_sub_handle(struct wvm_object_head *head)
{
    return __atomic_fetch_sub(&head->n_handles, 1, __ATOMIC_ACQ_REL) == 1;
}

void wvm_object_counts(const void *object, uint32_t *handles, uint32_t *refs)
{
    const struct wvm_object_head *head = object;
    *handles = __atomic_load_n(&head->n_handles, __ATOMIC_RELAXED);
    *refs = __atomic_load_n(&head->refs, __ATOMIC_RELAXED);
}
