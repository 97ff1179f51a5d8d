/* The Ex names that allocate and free.
 *
 * The busiest ones begin with the short ways of pool/ (pool_fast.h), two of them in their entries
 * already; what those do not serve (another type or flag, a tag that was never used, a high level,
 * an observer) is decoded here and goes to nt_pool_slow.c.
 * I1  The address that a block's allocation is known by is that of the call in the program, so that
 *     each name takes its own return address.
 * Locking: none of its own.   Failure: see winvm/wdm.h.   Signal safety: as pool/pool.h. */
#include <string.h>

#include "api/api.h"
#include "base/assert.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_pool_first.h"
#include "pool/pool_rest.h"

#define TAG_NONE 0x656E6F4Eu /* 'None' (POOL-010) */
#define CALLER __builtin_return_address(0)

static struct wvm_pool_call call_for(size_t size, uint32_t tag, const void *caller)
{
    return (struct wvm_pool_call){.rq = {.tag = tag, .size = size, .caller = caller}};
}

static WVM_COLD void *alloc_type(uint32_t type, size_t size, uint32_t tag, const void *caller)
{
    struct wvm_pool_call call = call_for(size, tag, caller);
    wvm_pool_decode_type(type, &call);
    return wvm_nt_pool_alloc(&call);
}

/* Failure raises unless the type says otherwise (POOL-044..046). */
static void *alloc_quota(uint32_t type, size_t size, uint32_t tag, const void *caller)
{
    struct wvm_pool_call call = call_for(size, tag, caller);
    wvm_pool_decode_type(type, &call);
    call.quota = true;
    if (call.failing != WVM_POOL_FAILS_CHECKING)
        call.failing = type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE ? WVM_POOL_FAILS_NULL
                                                               : WVM_POOL_FAILS_RAISING;
    return wvm_nt_pool_alloc(&call);
}

static void *alloc_priority(struct wvm_pool_call *call, uint32_t type, uint32_t priority)
{
    wvm_pool_decode_type(type, call);
    if (!wvm_pool_decode_priority(priority, call))
        return wvm_nt_pool_fail(call, STATUS_INVALID_PARAMETER);
    return wvm_nt_pool_alloc(call);
}

static WVM_COLD void *alloc_flags(uint64_t flags, struct wvm_pool_call *call,
                                  const POOL_EXTENDED_PARAMETER *params, uint32_t count)
{
    if (!wvm_pool_decode_flags(flags, call) || !wvm_pool_decode_params(params, count, call))
        return wvm_nt_pool_fail(call, STATUS_INVALID_PARAMETER);
    return wvm_nt_pool_alloc(call);
}

/* The kind of a POOL_TYPE; WVM_POOL_KINDS: not for the short ways. */
static inline unsigned kind_of_type(uint32_t type)
{
    if (WVM_UNLIKELY(type & ~(uint32_t)(PagedPool | NonPagedPoolNx)))
        return WVM_POOL_KINDS;
    return (type & 1) | (type >> 8 & 2);
}
WVM_STATIC(WVM_POOL_EXEC == 0 && WVM_POOL_PAGED == 1 && WVM_POOL_NX == 2 && WVM_POOL_KINDS == 3,
           "kinds by type");

static WVM_NOINLINE void *alloc_second(uint32_t type, size_t size, uint32_t tag,
                                       const void *caller)
{
    unsigned kind = kind_of_type(type);
    void *p = kind < WVM_POOL_KINDS ? wvm_pool_second_alloc(kind, size, tag) : NULL;
    return p != NULL ? p : alloc_type(type, size, tag, caller);
}

void *wvm_nt_pool_rest_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                             struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    return wvm_pool_rest_alloc(use, size, cache, th, way);
}

/* The way knows the type and the tag. */
void *wvm_nt_pool_later_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    void *p = wvm_pool_later_alloc(use, size, cache, th, way);
    if (WVM_LIKELY(p != NULL))
        return p;
    return alloc_second(wvm_pool_way_type(way), size, way->tag, CALLER);
}

void *wvm_nt_pool_other_alloc(uint32_t type, size_t size, uint32_t tag,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    void *p = wvm_pool_other_alloc(type, size, tag, th, way);
    if (WVM_LIKELY(p != NULL))
        return p;
    return alloc_second(type, size, tag, CALLER);
}

PVOID wvm_ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    void *p;
    if (wvm_nt_pool_first_alloc(type, size, tag, &p))
        return p;
    return alloc_second(type, size, tag, CALLER);
}

/* p: a block, or NULL. */
static WVM_NOINLINE void *alloc2_second(uint64_t flags, size_t size, uint32_t tag, void *p,
                                        const void *caller)
{
    unsigned kind = wvm_nt_pool_kind(flags);
    if (p == NULL && kind < WVM_POOL_KINDS)
        p = wvm_pool_second_alloc(kind, size, tag);
    if (p != NULL)
        return flags & POOL_FLAG_UNINITIALIZED ? p : memset(p, 0, size);
    struct wvm_pool_call call = call_for(size, tag, caller);
    return alloc_flags(flags, &call, NULL, 0);
}

void *wvm_nt_pool_rest_alloc2(uint64_t flags, size_t size, uint32_t tag,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way,
                              struct wvm_pool_cache *cache)
{
    uint32_t use = way->live ^ wvm_pool_shelf_of(th, cache);
    void *p = wvm_pool_is_unproven(cache->top) ? wvm_pool_later_alloc(use, size, cache, th, way)
                                               : wvm_pool_rest_alloc(use, size, cache, th, way);
    return alloc2_second(flags, size, tag, p, CALLER);
}

void *wvm_nt_pool_other_alloc2(uint64_t flags, size_t size, uint32_t tag,
                               struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    uint32_t type = wvm_pool_type_of(wvm_nt_pool_kind(flags));
    void *p = wvm_pool_other_alloc(type, size, tag, th, way);
    return alloc2_second(flags, size, tag, p, CALLER);
}

PVOID wvm_ExAllocatePool2(POOL_FLAGS flags, SIZE_T size, ULONG tag)
{
    void *p;
    if (wvm_nt_pool_first_alloc2(flags, size, tag, &p))
        return p;
    return alloc2_second(flags, size, tag, NULL, CALLER);
}

PVOID wvm_ExAllocatePool3(POOL_FLAGS flags, SIZE_T size, ULONG tag,
                          PCPOOL_EXTENDED_PARAMETER params, ULONG count)
{
    struct wvm_pool_call call = call_for(size, tag, CALLER);
    return alloc_flags(flags, &call, params, count);
}

PVOID wvm_ExAllocatePool(POOL_TYPE type, SIZE_T size)
{
    return alloc_type(type, size, TAG_NONE, CALLER);
}

PVOID wvm_ExAllocatePoolZero(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return alloc_type(type | POOL_ZERO_ALLOCATION, size, tag, CALLER);
}

PVOID wvm_ExAllocatePoolUninitialized(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return alloc_type(type, size, tag, CALLER);
}

PVOID wvm_ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T size, ULONG tag,
                                        EX_POOL_PRIORITY priority)
{
    struct wvm_pool_call call = call_for(size, tag, CALLER);
    return alloc_priority(&call, type, priority);
}

PVOID wvm_ExAllocatePoolPriorityZero(POOL_TYPE type, SIZE_T size, ULONG tag,
                                     EX_POOL_PRIORITY priority)
{
    struct wvm_pool_call call = call_for(size, tag, CALLER);
    return alloc_priority(&call, type | POOL_ZERO_ALLOCATION, priority);
}

PVOID wvm_ExAllocatePoolPriorityUninitialized(POOL_TYPE type, SIZE_T size, ULONG tag,
                                              EX_POOL_PRIORITY priority)
{
    struct wvm_pool_call call = call_for(size, tag, CALLER);
    return alloc_priority(&call, type, priority);
}

PVOID wvm_ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return alloc_quota(type, size, tag, CALLER);
}

PVOID wvm_ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T size)
{
    return alloc_quota(type, size, TAG_NONE, CALLER);
}

PVOID wvm_ExAllocatePoolQuotaZero(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return alloc_quota(type | POOL_ZERO_ALLOCATION, size, tag, CALLER);
}

PVOID wvm_ExAllocatePoolQuotaUninitialized(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return alloc_quota(type, size, tag, CALLER);
}

static WVM_NOINLINE void free_second(void *p, uint32_t tag, const void *caller)
{
    if (!wvm_pool_second_free(p, tag == 0, tag))
        wvm_nt_pool_free(p, tag, caller);
}

void wvm_nt_pool_rest_free(void *p, uint32_t slacked, struct wvm_pool_state *state,
                           struct wvm_pool_thread *th, struct wvm_pool_way *way,
                           struct wvm_pool_cache *cache)
{
    if (WVM_UNLIKELY(!wvm_pool_rest_free(p, slacked, state, th, way, cache)))
        free_second(p, way->tag, CALLER);
}

void wvm_nt_pool_other_free(void *p, uint32_t tag, const void *none, struct wvm_pool_thread *th)
{
    (void)none;
    if (WVM_UNLIKELY(!wvm_pool_other_free(p, tag == 0, tag, th)))
        free_second(p, tag, CALLER);
}

VOID wvm_ExFreePool(PVOID p)
{
    if (!wvm_nt_pool_first_free_any(p))
        free_second(p, 0, CALLER);
}

VOID wvm_ExFreePoolWithTag(PVOID p, ULONG tag)
{
    if (!wvm_nt_pool_first_free(p, tag))
        free_second(p, tag, CALLER);
}

/* No parameter of a free is known. */
VOID wvm_ExFreePool2(PVOID p, ULONG tag, PCPOOL_EXTENDED_PARAMETER params, ULONG count)
{
    for (ULONG i = 0; WVM_UNLIKELY(i < count); i++) {
        if (params == NULL || !params[i].Optional) {
            wvm_bug_check(BAD_POOL_CALLER, 0x99, (uintptr_t)p, 0, 0);
            return;
        }
    }
    wvm_ExFreePoolWithTag(p, tag);
}
