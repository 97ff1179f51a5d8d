/* The busiest calls of the pools, as far as no other code is looked at: inline at the beginning of
 * their entries (api/entry.h).
 *
 * True: the call is done, and *out is its answer. False: nothing was done. What closes the gate of
 * the entries closes these ways too (wvm_pool_close). */
#ifndef WVM_NT_NT_POOL_FIRST_H
#define WVM_NT_NT_POOL_FIRST_H

#include <string.h>

#include "nt/nt_pool.h"
#include "pool/pool_fast.h"

/* Two bits for each combination of the kinds' flags. */
#define WVM_NT_KINDS_OF_FLAGS                                                                     \
    ((0xffffu & ~(3u << 2 * 1 | 3u << 2 * 2 | 3u << 2 * 4)) | WVM_POOL_NX << 2 * 1 |              \
     WVM_POOL_EXEC << 2 * 2 | WVM_POOL_PAGED << 2 * 4)

/* The kind of ExAllocatePool2's flags; WVM_POOL_KINDS: not for the short ways. */
static inline unsigned wvm_nt_pool_kind(uint64_t flags)
{
    if (WVM_UNLIKELY(flags & ~(POOL_FLAG_UNINITIALIZED | POOL_FLAG_NON_PAGED |
                               POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)))
        return WVM_POOL_KINDS;
    return WVM_NT_KINDS_OF_FLAGS >> flags / POOL_FLAG_NON_PAGED * 2 & 3;
}

WVM_ALWAYS_INLINE static inline bool wvm_nt_pool_first_alloc(uint32_t type, size_t size,
                                                             uint32_t tag, void **out)
{
    struct wvm_pool_rest r;
    enum wvm_pool_fast way = wvm_pool_fast_alloc(type, size, tag, out, &r);
    if (WVM_LIKELY(way == WVM_POOL_DONE))
        return true;
    if (WVM_LIKELY(way == WVM_POOL_REST))
        *out = wvm_nt_pool_rest_alloc(r.use, size, r.cache, r.th, r.way);
    else if (WVM_LIKELY(way == WVM_POOL_LATER))
        *out = wvm_nt_pool_later_alloc(r.use, size, r.cache, r.th, r.way);
    else if (way == WVM_POOL_OTHER)
        *out = wvm_nt_pool_other_alloc(type, size, tag, r.th, r.way);
    return way != WVM_POOL_SECOND;
}

/* By flags. */
WVM_ALWAYS_INLINE static inline bool wvm_nt_pool_first_alloc2(uint64_t flags, size_t size,
                                                              uint32_t tag, void **out)
{
    struct wvm_pool_rest r;
    unsigned kind = wvm_nt_pool_kind(flags);
    if (WVM_UNLIKELY(kind >= WVM_POOL_KINDS))
        return false;
    enum wvm_pool_fast way = wvm_pool_fast_alloc(wvm_pool_type_of(kind), size, tag, out, &r);
    if (WVM_LIKELY(way == WVM_POOL_DONE))
        *out = flags & POOL_FLAG_UNINITIALIZED ? *out : memset(*out, 0, size);
    else if (WVM_LIKELY(way == WVM_POOL_REST || way == WVM_POOL_LATER))
        *out = wvm_nt_pool_rest_alloc2(flags, size, tag, r.th, r.way, r.cache);
    else if (way == WVM_POOL_OTHER)
        *out = wvm_nt_pool_other_alloc2(flags, size, tag, r.th, r.way);
    return way != WVM_POOL_SECOND;
}

WVM_ALWAYS_INLINE static inline bool wvm_nt_pool_first_free(void *p, uint32_t tag)
{
    struct wvm_pool_rest r;
    enum wvm_pool_fast way = wvm_pool_fast_free(p, tag, &r);
    if (WVM_UNLIKELY(way == WVM_POOL_REST))
        wvm_nt_pool_rest_free(p, r.use, r.state, r.th, r.way, r.cache);
    else if (WVM_UNLIKELY(way == WVM_POOL_OTHER))
        wvm_nt_pool_other_free(p, tag, NULL, r.th);
    return way != WVM_POOL_SECOND;
}

/* Without a tag. */
WVM_ALWAYS_INLINE static inline bool wvm_nt_pool_first_free_any(void *p)
{
    struct wvm_pool_rest r;
    enum wvm_pool_fast way = wvm_pool_fast_free_any(p, &r);
    if (WVM_UNLIKELY(way == WVM_POOL_REST))
        wvm_nt_pool_rest_free(p, r.use, r.state, r.th, r.way, r.cache);
    else if (WVM_UNLIKELY(way == WVM_POOL_OTHER))
        wvm_nt_pool_other_free(p, 0, NULL, r.th);
    return way != WVM_POOL_SECOND;
}

#endif
