/* Kernel pools, the calls: what an Ex name asks for, decoded, and how it is carried out by pool/.
 *
 * An Ex function takes the short way of pool/pool_fast.h when it can. Otherwise it decodes its
 * arguments into a struct wvm_pool_call, and wvm_nt_pool_alloc() does the rest: it checks, charges,
 * allocates, and fails as the call wants to. */
#ifndef WVM_NT_NT_POOL_H
#define WVM_NT_NT_POOL_H

#include <winvm/wdm.h>

#include "base/annotate.h"
#include "pool/pool.h"

/* What a call does when there is no block for it. */
enum wvm_pool_failing {
    WVM_POOL_FAILS_NULL,
    WVM_POOL_FAILS_RAISING,
    WVM_POOL_FAILS_CHECKING, /* must-succeed types: a bug check */
};

struct wvm_pool_call {
    struct wvm_pool_request rq; /* its tag with the protected bit */
    uint32_t type;              /* the POOL_TYPE, for bug checks */
    enum wvm_pool_failing failing;
    uint8_t priority; /* LowPoolPriority, NormalPoolPriority or HighPoolPriority */
    bool quota;       /* the current process is charged */
};

/* Everything after decoding. May raise, and may not return. */
void *wvm_nt_pool_alloc(struct wvm_pool_call *call);
/* The call cannot be carried out: NULL, or the exception. */
void *wvm_nt_pool_fail(const struct wvm_pool_call *call, uint32_t status);

/* ExFreePool and its kin. */
void wvm_nt_pool_free(void *p, uint32_t tag, const void *caller);

/* What nt_pool_first.h leaves of a call: WVM_POOL_REST, _LATER, _OTHER of the fast way. */
struct wvm_pool_state;
struct wvm_pool_way;
struct wvm_pool_cache;
struct wvm_pool_thread;
void *wvm_nt_pool_rest_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                             struct wvm_pool_thread *th, struct wvm_pool_way *way);
void *wvm_nt_pool_later_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way);
void *wvm_nt_pool_other_alloc(uint32_t type, size_t size, uint32_t tag,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way);
void *wvm_nt_pool_rest_alloc2(uint64_t flags, size_t size, uint32_t tag,
                              struct wvm_pool_thread *th, struct wvm_pool_way *way,
                              struct wvm_pool_cache *cache);
void *wvm_nt_pool_other_alloc2(uint64_t flags, size_t size, uint32_t tag,
                               struct wvm_pool_thread *th, struct wvm_pool_way *way);
void wvm_nt_pool_rest_free(void *p, uint32_t slacked, struct wvm_pool_state *state,
                           struct wvm_pool_thread *th, struct wvm_pool_way *way,
                           struct wvm_pool_cache *cache);
void wvm_nt_pool_other_free(void *p, uint32_t tag, const void *none, struct wvm_pool_thread *th);

/* ---- nt_pool_flags.c: decoding; the request's size, tag and caller are already there ---- */

/* PoolType of the older calls, with its modifiers. Bits without a meaning have none. */
void wvm_pool_decode_type(uint32_t type, struct wvm_pool_call *call);
/* Flags of ExAllocatePool2. False: the call fails; call->failing is right all the same. */
bool wvm_pool_decode_flags(uint64_t flags, struct wvm_pool_call *call) WVM_MUST_CHECK;
/* A priority of the older calls or of a parameter. False: there is no such. */
bool wvm_pool_decode_priority(uint32_t priority, struct wvm_pool_call *call) WVM_MUST_CHECK;
/* Parameters of ExAllocatePool3, after its flags. False: the call fails. */
bool wvm_pool_decode_params(const POOL_EXTENDED_PARAMETER *at, uint32_t count,
                            struct wvm_pool_call *call) WVM_MUST_CHECK;

/* ---- nt_pool_start.c ---- */

/* Opens system space and starts the pools when that is still to be done. False: the host has no
 * room for them; it is asked once. */
bool wvm_nt_pool_ready(void) WVM_MUST_CHECK;
/* System space; *start == *end: it is not open. */
void wvm_nt_pool_bounds(uintptr_t *start, uintptr_t *end);
/* Is memory of this kind short for a request of this priority? */
bool wvm_nt_pool_is_short(enum wvm_pool_kind kind, size_t size, uint32_t priority);

/* fork(): nothing where the pools were never started. */
void wvm_nt_pool_before_fork(void);
void wvm_nt_pool_after_fork_parent(void);
void wvm_nt_pool_after_fork_child(void);

#endif
