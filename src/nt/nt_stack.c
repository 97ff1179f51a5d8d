/* RtlCreateUserStack and RtlFreeUserStack: a reservation set up as a stack.
 *
 * Layout, from low to high: reserved pages .. one guard page .. the committed part. A thread that
 * runs on it grows it by its guard page (space_fault.c).
 * I1  A failing call leaves nothing allocated and *stack as it was.
 * Locking: space/ locks.   Failure: as NtAllocateVirtualMemory. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_handle.h"
#include "nt/nt_rules.h"
#include "nt/nt_user.h"

/* What a program's image would name: the defaults of Microsoft's linker. */
#define DEFAULT_RESERVE 0x100000u
#define DEFAULT_COMMIT 0x1000u
/* A stack is never asked for below this bound. */
#define LOWEST_LIMIT 0x100000u

struct sizes {
    uintptr_t reserve, commit;
};

static bool round_up(uintptr_t *size, uintptr_t align)
{
    uintptr_t up;
    if (!wvm_add_checked(*size, align - 1, &up))
        return false;
    *size = up - up % align;
    return true;
}

/* A commit that does not fit raises the reserve to the next 1 MiB (GS-015). */
static bool find_sizes(struct sizes *s, uintptr_t commit_align, uintptr_t reserve_align)
{
    if (!s->reserve)
        s->reserve = DEFAULT_RESERVE;
    if (!s->commit)
        s->commit = DEFAULT_COMMIT;
    if (s->reserve <= s->commit) {
        s->reserve = s->commit;
        if (!round_up(&s->reserve, DEFAULT_RESERVE))
            return false;
    }
    return round_up(&s->commit, commit_align) && round_up(&s->commit, WVM_PAGE_SIZE) &&
           round_up(&s->reserve, reserve_align) && round_up(&s->reserve, WVM_PAGE_SIZE);
}

static wvm_status commit_pages(uintptr_t start, uintptr_t end, uint32_t prot)
{
    struct wvm_nt_range range = {start, end - start};
    if (start == end)
        return STATUS_SUCCESS;
    return wvm_nt_allocate(WVM_OWN_PROCESS, &range, 0, MEM_COMMIT, prot);
}

static wvm_status free_stack(uintptr_t base)
{
    struct wvm_nt_range range = {base, 0};
    return wvm_nt_free(WVM_OWN_PROCESS, &range, MEM_RELEASE);
}

static wvm_status make_stack(const struct sizes *s, uintptr_t zero_bits, INITIAL_TEB *stack)
{
    struct wvm_nt_range range = {0, s->reserve};
    wvm_status status = wvm_nt_allocate(WVM_OWN_PROCESS, &range, zero_bits, MEM_RESERVE,
                                        PAGE_READWRITE);
    if (status < 0)
        return status;
    uintptr_t top = range.base + range.size;
    uintptr_t limit = top - wvm_min(s->commit, range.size);
    uintptr_t guard = limit - (limit > range.base ? WVM_PAGE_SIZE : 0);
    status = commit_pages(limit, top, PAGE_READWRITE);
    if (status >= 0)
        status = commit_pages(guard, limit, PAGE_READWRITE | PAGE_GUARD);
    if (status < 0) {
        wvm_status freed = free_stack(range.base);
        WVM_VERIFY(freed >= 0);
        return status;
    }
    *stack = (INITIAL_TEB){.StackBase = (PVOID)top, .StackLimit = (PVOID)limit,
                           .DeallocationStack = (PVOID)range.base};
    return STATUS_SUCCESS;
}

NTSTATUS wvm_RtlCreateUserStack(SIZE_T commit, SIZE_T reserve, ULONG zero_bits, SIZE_T commit_align,
                                SIZE_T reserve_align, INITIAL_TEB *stack)
{
    struct sizes sizes = {reserve, commit};
    uintptr_t limit;
    INITIAL_TEB made;
    if (!commit_align || !reserve_align || !find_sizes(&sizes, commit_align, reserve_align))
        return STATUS_INVALID_PARAMETER;
    wvm_status status = wvm_nt_zero_bits(zero_bits, &limit);
    if (status < 0)
        return status;
    if (limit && limit < LOWEST_LIMIT)
        return STATUS_INVALID_PARAMETER_3;
    if (!wvm_user_writable(stack, sizeof *stack))
        return STATUS_ACCESS_VIOLATION;
    status = make_stack(&sizes, zero_bits, &made);
    if (status >= 0)
        wvm_user_store(stack, &made, sizeof made);
    return status;
}

void wvm_RtlFreeUserStack(PVOID stack)
{
    (void)free_stack((uintptr_t)stack);
}
