/* The rules of large pages and of nonpaged memory, and GetLargePageMinimum.
 *
 * Order of checks: attributes; AllocationType; size; base; protection; privilege.
 * Terms   large = 2 MiB, huge = 1 GiB: MEM_EXTENDED_PARAMETER_NONPAGED_HUGE beside MEM_LARGE_PAGES;
 *         NONPAGED_LARGE beside it changes nothing; NONPAGED alone means ordinary pages that stay.
 * I1  Nothing here changes any state.
 * Large pages are for reading and writing, and may be executed (WS-108); another protection comes
 * by VirtualProtect. With the option large=0, or where the host knows no large pages, nobody has
 * the privilege for them.
 * Locking: none.   Failure: -.   Signal safety: all of it. */
#include "nt/nt_large.h"

#include "api/api.h"
#include "base/arith.h"
#include "base/assert.h"
#include "base/options.h"
#include "host/host_large.h"
#include "nt/nt_privilege.h"

#define HUGE ((uintptr_t)1 << WVM_HUGE_SHIFT)
WVM_STATIC(WVM_LARGE_PAGE >> WVM_LARGE_SHIFT == 1, "the host's large pages are ours");
#define BY_SIZE (MEM_EXTENDED_PARAMETER_NONPAGED_LARGE | MEM_EXTENDED_PARAMETER_NONPAGED_HUGE)

size_t wvm_nt_large_minimum(void)
{
    uint64_t way = wvm_option(WVM_OPTION_LARGE);
    bool any = (way == WVM_LARGE_AUTO || way == WVM_LARGE_HUGETLB) &&
               wvm_host_has_reserved(WVM_LARGE_SHIFT);
    any = any || ((way == WVM_LARGE_AUTO || way == WVM_LARGE_THP) && wvm_host_has_transparent());
    return any ? WVM_LARGE_PAGE : 0;
}

wvm_status wvm_nt_may_stay(void)
{
    return wvm_nt_holds(WVM_SE_LOCK_MEMORY) ? STATUS_SUCCESS : STATUS_PRIVILEGE_NOT_HELD;
}

wvm_status wvm_nt_may_have_large(void)
{
    return wvm_nt_large_minimum() ? wvm_nt_may_stay() : STATUS_PRIVILEGE_NOT_HELD;
}

/* What is asked for: flags and align. */
static wvm_status choose(struct wvm_nt_staying *s)
{
    bool large = s->type & MEM_LARGE_PAGES;
    uint64_t by_size = s->attributes & BY_SIZE;
    if (by_size == BY_SIZE || (by_size && !large))
        return STATUS_INVALID_PARAMETER;
    bool huge = by_size == MEM_EXTENDED_PARAMETER_NONPAGED_HUGE;
    s->flags = !large ? WVM_ALLOC_NONPAGED : huge ? WVM_ALLOC_LARGE | WVM_ALLOC_HUGE
                                                  : WVM_ALLOC_LARGE;
    s->align = !large ? WVM_PAGE_SIZE : huge ? HUGE : WVM_LARGE_PAGE;
    return (s->type & ~(MEM_TOP_DOWN | MEM_LARGE_PAGES)) == (MEM_RESERVE | MEM_COMMIT)
               ? STATUS_SUCCESS
               : (wvm_status)STATUS_INVALID_PARAMETER_5;
}

static bool is_for_writing(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return (access == WVM_ATTR_RW || access == WVM_ATTR_XRW) && !(attr & WVM_ATTR_GUARD);
}

wvm_status wvm_nt_check_staying(struct wvm_nt_staying *s, const struct wvm_nt_range *range)
{
    wvm_status status = choose(s);
    if (status < 0)
        return status;
    if (s->flags & WVM_ALLOC_LARGE) {
        if (range->size % s->align)
            return STATUS_INVALID_PARAMETER_4;
        if (range->base % s->align)
            return STATUS_INVALID_PARAMETER_2;
    }
    if (!is_for_writing(s->attr))
        return STATUS_INVALID_PAGE_PROTECTION;
    return s->flags & WVM_ALLOC_LARGE ? wvm_nt_may_have_large() : wvm_nt_may_stay();
}

SIZE_T wvm_GetLargePageMinimum(void)
{
    return wvm_nt_large_minimum();
}
