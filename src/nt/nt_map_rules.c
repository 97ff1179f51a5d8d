/* Pure rules of the mapping calls, the rarer ones: type flags, ZeroBits, CommitSize.
 *
 * I1  Nothing here reads or changes any state.
 * I2  A view may have an attribute when its rights are among those of the section's; write copy
 *     counts as reading, since what is written stays private (SEC-130..135).
 * The numbered statuses name the position of the bad argument in NtMapViewOfSection.
 * Locking: none.   Signal safety: all of it. */
#include "nt/nt_map_rules.h"

#include "nt/nt_large.h"
#include "nt/nt_rules.h"

#define CAN_READ SECTION_MAP_READ
#define CAN_WRITE SECTION_MAP_WRITE
#define CAN_EXECUTE SECTION_MAP_EXECUTE

const uint8_t wvm_nt_access_rights[WVM_ATTR_ACCESS + 1] = {
    [WVM_ATTR_RO] = CAN_READ,
    [WVM_ATTR_RW] = CAN_READ | CAN_WRITE,
    [WVM_ATTR_WC] = CAN_READ,
    [WVM_ATTR_X] = CAN_READ | CAN_EXECUTE,
    [WVM_ATTR_XR] = CAN_READ | CAN_EXECUTE,
    [WVM_ATTR_XRW] = CAN_READ | CAN_WRITE | CAN_EXECUTE,
    [WVM_ATTR_XWC] = CAN_READ | CAN_EXECUTE,
};

/* WS-113, SEC-097. */
static bool takes_large(const struct wvm_section *s, const struct wvm_nt_view *view)
{
    uint8_t attr = wvm_nt_attr_of(view->prot, true), access = attr & WVM_ATTR_ACCESS;
    return s->flags & WVM_SECTION_LARGE && !(view->type & MEM_RESERVE) &&
           (view->base | view->offset | view->size) % WVM_LARGE_PAGE == 0 &&
           access != WVM_ATTR_WC && access != WVM_ATTR_XWC && !(attr & WVM_ATTR_GUARD);
}

wvm_status wvm_nt_check_map_type(const struct wvm_section *s, const struct wvm_nt_view *view)
{
    uint32_t known = MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_DIFFERENT_IMAGE_BASE_OK;
    uint32_t type = view->type;
    if (view->placeholders)
        known |= MEM_REPLACE_PLACEHOLDER;
    if (type & ~known)
        return STATUS_INVALID_PARAMETER_9;
    if ((type & MEM_LARGE_PAGES) && !takes_large(s, view))
        return STATUS_INVALID_PARAMETER;
    if ((type & MEM_REPLACE_PLACEHOLDER) && s->kind == WVM_SECTION_IMAGE)
        return STATUS_INVALID_PARAMETER_9;
    if (!(type & MEM_RESERVE))
        return STATUS_SUCCESS;
    if (s->kind != WVM_SECTION_FILE)
        return STATUS_INVALID_PARAMETER_9;
    return wvm_nt_access_rights[s->attr & WVM_ATTR_ACCESS] & CAN_WRITE
               ? STATUS_SUCCESS
               : (wvm_status)STATUS_SECTION_PROTECTION;
}

/* Too few bits may be left for any granule: legal, and never to be had (SEC-087). */
wvm_status wvm_nt_view_limit(const struct wvm_nt_view *view, uintptr_t *limit)
{
    if (wvm_nt_zero_bits(view->zero_bits, limit) < 0)
        return STATUS_INVALID_PARAMETER_4;
    if (*limit && view->base >= *limit)
        return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

/* Only pages of the page file can be committed one by one. */
wvm_status wvm_nt_check_commit(const struct wvm_section *s, const struct wvm_nt_view *view,
                               uint64_t size)
{
    bool meant = s->kind == WVM_SECTION_PAGEFILE || (view->type & MEM_RESERVE);
    return meant && view->commit <= size ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_5;
}
