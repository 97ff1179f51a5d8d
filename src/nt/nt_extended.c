/* MEM_EXTENDED_PARAMETER arrays: read, checked, and reduced to plain numbers.
 *
 * Terms   requirements = MEM_ADDRESS_REQUIREMENTS, bounds and alignment of a new range.
 * I1  Array and requirements are each read once, by copies that report a bad address; a caller who
 *     changes them meanwhile gets one of the two answers.
 * I2  Parameters are judged in the order of the array. A type stands in it once at most, so the
 *     reading ends after so many elements as there are types, whatever the count says.
 * I3  What was accepted and has no effect here is said by no bit of the result: the memory node
 *     (the host's policy places pages near their first user) and the partition (only NULL, the one
 *     that every process has).
 * Locking: none.   Failure: *out is not to be used.   Signal safety: as nt_user.c. */
#include "nt/nt_extended.h"

#include <string.h>

#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_user.h"

#define ATTRIBUTES                                                                                 \
    (MEM_EXTENDED_PARAMETER_GRAPHICS | MEM_EXTENDED_PARAMETER_NONPAGED |                           \
     MEM_EXTENDED_PARAMETER_ZERO_PAGES_OPTIONAL | MEM_EXTENDED_PARAMETER_NONPAGED_LARGE |          \
     MEM_EXTENDED_PARAMETER_NONPAGED_HUGE | MEM_EXTENDED_PARAMETER_SOFT_FAULT_PAGES)

/* IMAGE_FILE_MACHINE_*: 0 is that of the process. */
#define MACHINE_I386 0x014cu
#define MACHINE_AMD64 0x8664u

struct context {
    uintptr_t base, top;
    bool view;
};

/* PH-008..029, PH-101. */
static wvm_status check_bounds(const MEM_ADDRESS_REQUIREMENTS *r, bool view, uintptr_t top)
{
    uintptr_t low = (uintptr_t)r->LowestStartingAddress, high = (uintptr_t)r->HighestEndingAddress;
    uintptr_t align = r->Alignment, last = top - 1;
    if (align && (view || align < WVM_GRANULE_SIZE || (align & (align - 1))))
        return STATUS_INVALID_PARAMETER;
    if (low % WVM_GRANULE_SIZE || low > last)
        return STATUS_INVALID_PARAMETER;
    if (high && ((high + 1) % WVM_PAGE_SIZE || high > last || high <= low))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static wvm_status take_requirements(const MEM_EXTENDED_PARAMETER *p, const struct context *c,
                                    struct wvm_nt_extended *out)
{
    MEM_ADDRESS_REQUIREMENTS r;
    if (!wvm_user_fetch(&r, p->Pointer, sizeof r))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = check_bounds(&r, c->view, c->top);
    if (status < 0)
        return status;
    out->low = (uintptr_t)r.LowestStartingAddress;
    out->limit = r.HighestEndingAddress ? (uintptr_t)r.HighestEndingAddress + 1 : 0;
    out->align = r.Alignment;
    return c->base && (out->low || out->limit || out->align) ? (wvm_status)STATUS_INVALID_PARAMETER
                                                             : (wvm_status)STATUS_SUCCESS;
}

static wvm_status take_attributes(const MEM_EXTENDED_PARAMETER *p, const struct context *c,
                                  struct wvm_nt_extended *out)
{
    uint64_t allowed = ATTRIBUTES | (c->view ? MEM_EXTENDED_PARAMETER_IMAGE_NO_HPAT : 0);
    out->attributes = p->ULong64;
    return p->ULong64 & ~allowed ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* PH-103, PH-105. */
static wvm_status take_machine(const MEM_EXTENDED_PARAMETER *p, const struct context *c,
                               struct wvm_nt_extended *out)
{
    if (!c->view)
        return STATUS_INVALID_PARAMETER;
    out->has_machine = true;
    out->machine = p->ULong;
    return !p->ULong || p->ULong == MACHINE_AMD64 || p->ULong == MACHINE_I386
               ? STATUS_SUCCESS
               : STATUS_NOT_SUPPORTED;
}

static wvm_status take_node(const MEM_EXTENDED_PARAMETER *p, struct wvm_nt_extended *out)
{
    if (p->ULong == NUMA_NO_PREFERRED_NODE)
        return STATUS_SUCCESS;
    out->node_and_1 = p->ULong + 1;
    return wvm_host_node_exists(p->ULong) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static wvm_status take(const MEM_EXTENDED_PARAMETER *p, const struct context *c,
                       struct wvm_nt_extended *out)
{
    switch (p->Type) {
    case MemExtendedParameterAddressRequirements:
        return take_requirements(p, c, out);
    case MemExtendedParameterNumaNode:
        return take_node(p, out);
    case MemExtendedParameterPartitionHandle:
        return p->Handle ? STATUS_INVALID_HANDLE : STATUS_SUCCESS;
    case MemExtendedParameterUserPhysicalHandle:
        return STATUS_NOT_SUPPORTED;
    case MemExtendedParameterAttributeFlags:
        return take_attributes(p, c, out);
    case MemExtendedParameterImageMachine:
        return take_machine(p, c, out);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

bool wvm_nt_extended_from_request(const struct wvm_remote_request *req, bool view,
                                  struct wvm_nt_extended *out)
{
    MEM_ADDRESS_REQUIREMENTS r = {
        (PVOID)(uintptr_t)req->low, req->limit ? (PVOID)(uintptr_t)(req->limit - 1) : NULL,
        req->align};
    *out = (struct wvm_nt_extended){
        .low = req->low, .limit = req->limit, .align = req->align, .attributes = req->attributes,
        .has_machine = req->has_machine != 0, .machine = req->machine};
    uint64_t allowed = ATTRIBUTES | (view ? MEM_EXTENDED_PARAMETER_IMAGE_NO_HPAT : 0);
    return check_bounds(&r, view, wvm_nt_top()) >= 0 && !(req->attributes & ~allowed) &&
           (!req->base || !(req->low || req->limit || req->align));
}

wvm_status wvm_nt_extended(const struct wvm_nt_params *params, uintptr_t base, bool view,
                           uintptr_t top, struct wvm_nt_extended *out)
{
    const struct context c = {base, top, view};
    MEM_EXTENDED_PARAMETER p;
    uint32_t seen = 0;
    memset(out, 0, sizeof *out);
    if (params->count && !params->at)
        return STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < params->count; i++) {
        if (!wvm_user_fetch(&p, &params->at[i], sizeof p))
            return STATUS_ACCESS_VIOLATION;
        if (p.Reserved || p.Type >= MemExtendedParameterMax || seen & 1u << p.Type)
            return STATUS_INVALID_PARAMETER;
        seen |= 1u << p.Type;
        wvm_status status = take(&p, &c, out);
        if (status < 0)
            return status;
    }
    return STATUS_SUCCESS;
}
