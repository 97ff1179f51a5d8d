/* Pool types, flags, priorities and extended parameters, decoded.
 *
 * Terms   required bits = the low 32 of the flags: one that is not known fails the call; optional
 *         bits = the others: not known, not looked at (POOL-012, POOL-013).
 * I1  Decoding changes nothing but *call.
 * I2  Whether a call raises is decided before anything of it is found wrong.
 * Session pools are the pools: a process of winvm's is one session.
 * Locking: none.   Failure: false.   Signal safety: yes. */
#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_pool.h"

/* Bits of a POOL_TYPE. */
enum {
    TYPE_PAGED = 1,
    TYPE_MUST_SUCCEED = 2,
    TYPE_CACHE_ALIGNED = 4,
};

#define POOL_KINDS (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)
#define KNOWN_FLAGS                                                                             \
    (POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |                        \
     POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | POOL_KINDS)
#define REQUIRED_BITS 0xffffffffull

void wvm_pool_decode_type(uint32_t type, struct wvm_pool_call *call)
{
    call->type = type;
    call->priority = HighPoolPriority;
    if (type & TYPE_PAGED)
        call->rq.kind = WVM_POOL_PAGED;
    else
        call->rq.kind = type & POOL_NX_ALLOCATION ? WVM_POOL_NX : WVM_POOL_EXEC;
    if (type & TYPE_CACHE_ALIGNED)
        call->rq.flags |= WVM_POOL_CACHE_ALIGNED;
    if (type & POOL_ZERO_ALLOCATION)
        call->rq.flags |= WVM_POOL_ZERO;
    if (type & TYPE_MUST_SUCCEED)
        call->failing = WVM_POOL_FAILS_CHECKING;
    else if (type & POOL_RAISE_IF_ALLOCATION_FAILURE)
        call->failing = WVM_POOL_FAILS_RAISING;
}

static bool decode_kind(uint64_t flags, struct wvm_pool_call *call)
{
    switch (flags & POOL_KINDS) {
    case POOL_FLAG_NON_PAGED:
        call->rq.kind = WVM_POOL_NX;
        return true;
    case POOL_FLAG_NON_PAGED_EXECUTE:
        call->rq.kind = WVM_POOL_EXEC;
        return true;
    case POOL_FLAG_PAGED:
        call->rq.kind = WVM_POOL_PAGED;
        return true;
    default:
        return false;
    }
}

bool wvm_pool_decode_flags(uint64_t flags, struct wvm_pool_call *call)
{
    call->priority = HighPoolPriority;
    if (flags & POOL_FLAG_RAISE_ON_FAILURE)
        call->failing = WVM_POOL_FAILS_RAISING;
    if ((flags & REQUIRED_BITS & ~(uint64_t)KNOWN_FLAGS) || !decode_kind(flags, call))
        return false;
    call->type = wvm_pool_type_of(call->rq.kind);
    if (!(flags & POOL_FLAG_UNINITIALIZED))
        call->rq.flags |= WVM_POOL_ZERO;
    if (flags & POOL_FLAG_CACHE_ALIGNED) {
        call->rq.flags |= WVM_POOL_CACHE_ALIGNED;
        call->type |= TYPE_CACHE_ALIGNED;
    }
    call->quota = flags & POOL_FLAG_USE_QUOTA;
    return call->rq.tag != 0 && call->rq.size != 0;
}

/* A base of 0, 16 or 32; or'ed with 8: special pool finds overruns, with 9: underruns. */
bool wvm_pool_decode_priority(uint32_t priority, struct wvm_pool_call *call)
{
    uint32_t base = priority & ~9u;
    if (base != LowPoolPriority && base != NormalPoolPriority && base != HighPoolPriority)
        return false;
    if ((priority & 9) == 1)
        return false;
    call->priority = (uint8_t)base;
    if (priority & 8)
        call->rq.flags |= priority & 1 ? WVM_POOL_SPECIAL_START : WVM_POOL_SPECIAL_END;
    return true;
}

/* The host decides where memory lies; a node that does not exist has none. */
static bool is_node_good(uint32_t node, const struct wvm_pool_call *call)
{
    return call->rq.kind != WVM_POOL_PAGED &&
           (node & MM_ANY_NODE_OK || wvm_host_node_exists(node));
}

static bool decode_param(const POOL_EXTENDED_PARAMETER *p, struct wvm_pool_call *call)
{
    if (p->Reserved != 0)
        return false;
    switch (p->Type) {
    case PoolExtendedParameterPriority:
        return wvm_pool_decode_priority(p->Priority, call);
    case PoolExtendedParameterNumaNode:
        return is_node_good(p->PreferredNode, call);
    default:
        return false;
    }
}

bool wvm_pool_decode_params(const POOL_EXTENDED_PARAMETER *at, uint32_t count,
                            struct wvm_pool_call *call)
{
    if (count != 0 && at == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!decode_param(&at[i], call) && !at[i].Optional)
            return false;
    }
    return true;
}
