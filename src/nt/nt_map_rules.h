/* Pure rules of the mapping calls. What every call meets is inline: a view is mapped in little more
 * time than the host's own call takes. */
#ifndef WVM_NT_NT_MAP_RULES_H
#define WVM_NT_NT_MAP_RULES_H

#include "base/arith.h"
#include "nt/nt_map.h"

/* By access: what pages of that attribute let a program do, as SECTION_MAP_* rights. */
extern const uint8_t wvm_nt_access_rights[WVM_ATTR_ACCESS + 1];

/* Rights that a handle must grant for a view of that attribute. The right to write includes reading
 * (SEC-068), and an inaccessible view wants the right to read (SEC-065, SEC-066). */
static inline uint32_t wvm_nt_view_rights(uint8_t attr)
{
    uint32_t rights = wvm_nt_access_rights[attr & WVM_ATTR_ACCESS];
    return rights & SECTION_MAP_WRITE ? rights & ~SECTION_MAP_READ : rights | SECTION_MAP_READ;
}

/* A section of the one attribute can have views of the other (SEC-130..135). */
static inline bool wvm_nt_view_allowed(uint8_t section_attr, uint8_t view_attr)
{
    return (wvm_nt_access_rights[view_attr & WVM_ATTR_ACCESS] &
            ~wvm_nt_access_rights[section_attr & WVM_ATTR_ACCESS]) == 0;
}

/* SUCCESS, or why this AllocationType, not 0, is refused for a view of the section:
 * INVALID_PARAMETER_9, INVALID_PARAMETER, SECTION_PROTECTION. */
wvm_status wvm_nt_check_map_type(const struct wvm_section *s,
                                 const struct wvm_nt_view *view) WVM_MUST_CHECK;

/* Bound of ZeroBits, not 0, for a view, as wvm_nt_zero_bits; a base must keep it (SEC-090).
 * INVALID_PARAMETER_4. */
wvm_status wvm_nt_view_limit(const struct wvm_nt_view *view, uintptr_t *limit) WVM_MUST_CHECK;

/* Where the view may lie, below top: base, offset and their alignment (SEC-073..077, PH-089..093).
 * INVALID_PARAMETER_3, INVALID_PARAMETER, MAPPED_ALIGNMENT. */
static inline wvm_status wvm_nt_check_place(const struct wvm_nt_view *view, uintptr_t top)
{
    bool replace = (view->type & MEM_REPLACE_PLACEHOLDER) != 0;
    uintptr_t unit = replace ? WVM_PAGE_SIZE : WVM_GRANULE_SIZE;
    if (WVM_UNLIKELY(view->base >= top || view->size > top - view->base))
        return STATUS_INVALID_PARAMETER_3;
    if (WVM_UNLIKELY(replace && view->base == 0))
        return STATUS_INVALID_PARAMETER;
    if (WVM_UNLIKELY((view->base | view->offset) & (unit - 1)))
        return STATUS_MAPPED_ALIGNMENT;
    return STATUS_SUCCESS;
}

/* CommitSize, not 0, of a view of size bytes: INVALID_PARAMETER_5 (SEC-098, SEC-099). */
wvm_status wvm_nt_check_commit(const struct wvm_section *s, const struct wvm_nt_view *view,
                               uint64_t size) WVM_MUST_CHECK;

/* Bytes of the view, a page multiple, and how many of them the section has; more only for a
 * reserved view of a file (SEC-070..072, SEC-094). The section's size is read once. NO_MEMORY: the
 * whole of a section that user space is too small for (SEC-113); INVALID_VIEW_SIZE,
 * INVALID_PARAMETER_3, INVALID_PARAMETER_5. */
struct wvm_nt_extent {
    uintptr_t len;
    uintptr_t filled;
};
static inline wvm_status wvm_nt_view_extent(const struct wvm_section *s,
                                            const struct wvm_nt_view *view, uintptr_t top,
                                            struct wvm_nt_extent *out)
{
    uint64_t total = __atomic_load_n(&s->size, __ATOMIC_ACQUIRE);
    if (WVM_UNLIKELY(view->offset >= total))
        return STATUS_INVALID_VIEW_SIZE;
    uint64_t left = total - view->offset;
    uint64_t size = view->size ? view->size : left;
    if (WVM_UNLIKELY(size > left && !(view->type & MEM_RESERVE)))
        return STATUS_INVALID_VIEW_SIZE;
    if (WVM_UNLIKELY(size > top - view->base))
        return view->base ? STATUS_INVALID_PARAMETER_3 : STATUS_NO_MEMORY;
    if (WVM_UNLIKELY(view->commit != 0) && wvm_nt_check_commit(s, view, size) < 0)
        return STATUS_INVALID_PARAMETER_5;
    out->len = wvm_align_up(size, WVM_PAGE_SIZE);
    out->filled = wvm_min(out->len, wvm_align_up(left, WVM_PAGE_SIZE));
    return STATUS_SUCCESS;
}

#endif
