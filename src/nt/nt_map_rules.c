/* Pure rules of the mapping calls: rights, protections, type flags, ZeroBits, place and extent.
 *
 * Terms   rights of an attribute = which of reading, writing and executing it stands for.
 * I1  Nothing here changes any state; the section's size is read once.
 * I2  A view may have an attribute when its rights are among those of the section's; write copy
 *     counts as reading, since what is written stays private (SEC-130..135).
 * The numbered statuses name the position of the bad argument in NtMapViewOfSection.
 * Locking: none.   Signal safety: all of it. */
#include "nt/nt_map.h"

#include "base/arith.h"
#include "nt/nt_rules.h"

#define CAN_READ SECTION_MAP_READ
#define CAN_WRITE SECTION_MAP_WRITE
#define CAN_EXECUTE SECTION_MAP_EXECUTE

/* By access: what pages of that attribute let a program do. */
static const uint8_t access_rights[WVM_ATTR_ACCESS + 1] = {
    [WVM_ATTR_RO] = CAN_READ,
    [WVM_ATTR_RW] = CAN_READ | CAN_WRITE,
    [WVM_ATTR_WC] = CAN_READ,
    [WVM_ATTR_X] = CAN_READ | CAN_EXECUTE,
    [WVM_ATTR_XR] = CAN_READ | CAN_EXECUTE,
    [WVM_ATTR_XRW] = CAN_READ | CAN_WRITE | CAN_EXECUTE,
    [WVM_ATTR_XWC] = CAN_READ | CAN_EXECUTE,
};

/* The right to write includes reading (SEC-068), and an inaccessible view wants the right to read
 * (SEC-065, SEC-066). */
uint32_t wvm_nt_view_rights(uint8_t attr)
{
    uint32_t rights = access_rights[attr & WVM_ATTR_ACCESS];
    if (rights & CAN_WRITE)
        return rights & ~CAN_READ;
    return rights | CAN_READ;
}

bool wvm_nt_view_allowed(uint8_t section_attr, uint8_t view_attr)
{
    return (access_rights[view_attr & WVM_ATTR_ACCESS] &
            ~access_rights[section_attr & WVM_ATTR_ACCESS]) == 0;
}

wvm_status wvm_nt_check_map_type(const struct wvm_section *s, const struct wvm_nt_view *view)
{
    uint32_t known = MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_DIFFERENT_IMAGE_BASE_OK;
    uint32_t type = view->type;
    if (WVM_LIKELY(type == 0))
        return STATUS_SUCCESS;
    if (view->placeholders)
        known |= MEM_REPLACE_PLACEHOLDER;
    if (type & ~known)
        return STATUS_INVALID_PARAMETER_9;
    /* No section here has large pages: making one needs a privilege (SEC-047, SEC-097). */
    if (type & MEM_LARGE_PAGES)
        return STATUS_INVALID_PARAMETER;
    if ((type & MEM_REPLACE_PLACEHOLDER) && s->kind == WVM_SECTION_IMAGE)
        return STATUS_INVALID_PARAMETER_9;
    if (!(type & MEM_RESERVE))
        return STATUS_SUCCESS;
    if (s->kind != WVM_SECTION_FILE)
        return STATUS_INVALID_PARAMETER_9;
    return access_rights[s->attr & WVM_ATTR_ACCESS] & CAN_WRITE
               ? STATUS_SUCCESS
               : (wvm_status)STATUS_SECTION_PROTECTION;
}

wvm_status wvm_nt_view_limit(const struct wvm_nt_view *view, uintptr_t *limit)
{
    /* Too few bits are left for any granule: legal, and never to be had (SEC-087). */
    if (wvm_nt_zero_bits(view->zero_bits, limit) < 0)
        return STATUS_INVALID_PARAMETER_4;
    if (*limit && view->base >= *limit)
        return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_check_place(const struct wvm_nt_view *view)
{
    uintptr_t top = wvm_nt_top();
    bool replace = (view->type & MEM_REPLACE_PLACEHOLDER) != 0;
    uintptr_t unit = replace ? WVM_PAGE_SIZE : WVM_GRANULE_SIZE;
    if (view->base >= top || view->size > top - view->base)
        return STATUS_INVALID_PARAMETER_3;
    if (replace && view->base == 0)
        return STATUS_INVALID_PARAMETER;
    if ((view->base | view->offset) & (unit - 1))
        return STATUS_MAPPED_ALIGNMENT;
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_view_extent(const struct wvm_section *s, const struct wvm_nt_view *view,
                              struct wvm_nt_extent *out)
{
    uint64_t total = __atomic_load_n(&s->size, __ATOMIC_ACQUIRE);
    if (view->offset >= total)
        return STATUS_INVALID_VIEW_SIZE;
    uint64_t left = total - view->offset;
    uint64_t size = view->size ? view->size : left;
    if (size > left && !(view->type & MEM_RESERVE))
        return STATUS_INVALID_VIEW_SIZE;
    if (size > wvm_nt_top() - view->base)
        return STATUS_INVALID_PARAMETER_3;
    /* Only pages of the page file can be committed one by one (SEC-098, SEC-099). */
    if (view->commit && (s->kind == WVM_SECTION_PAGEFILE || (view->type & MEM_RESERVE)
                             ? view->commit > size
                             : true))
        return STATUS_INVALID_PARAMETER_5;
    out->len = wvm_align_up(size, WVM_PAGE_SIZE);
    out->filled = wvm_min(out->len, wvm_align_up(left, WVM_PAGE_SIZE));
    return STATUS_SUCCESS;
}
