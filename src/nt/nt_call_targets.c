/* Targets of indirect calls: SetProcessValidCallTargets and its form for views.
 *
 * No processor of ours checks indirect calls against a list, so every target is valid already: a
 * good request changes nothing but the flag that tells the caller it was done, and a bad one gets
 * the documented error.
 * Order of checks: handle; range; number of targets; the array; the section; what lies there; the
 * targets. Targets ascend, each inside the range and a multiple of 16 bytes.
 * I1  A failing call changes no entry of the caller's.
 * Locking: none.   Failure: nothing changed. */
#include "base/arith.h"
#include "nt/nt_hint.h"
#include "nt/nt_query.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

#define BATCH 64
#define TARGET_ALIGN 16u
#define FLAGS_KNOWN                                                                                \
    (CFG_CALL_TARGET_VALID | CFG_CALL_TARGET_PROCESSED |                                           \
     CFG_CALL_TARGET_CONVERT_EXPORT_SUPPRESSED_TO_VALID | CFG_CALL_TARGET_VALID_XFG |              \
     CFG_CALL_TARGET_CONVERT_XFG_TO_CFG)

static wvm_status check_entries(const struct wvm_nt_targets *c, uint32_t from, uint32_t n,
                                CFG_CALL_TARGET_INFO *copy, ULONG_PTR *last)
{
    if (!wvm_user_fetch(copy, c->at + from, n * sizeof *copy))
        return STATUS_ACCESS_VIOLATION;
    for (uint32_t i = 0; i < n; i++) {
        bool first = from + i == 0;
        if (copy[i].Offset >= c->range.size || copy[i].Offset % TARGET_ALIGN ||
            (!first && copy[i].Offset <= *last) || copy[i].Flags & ~(ULONG_PTR)FLAGS_KNOWN)
            return STATUS_INVALID_PARAMETER;
        *last = copy[i].Offset;
    }
    return STATUS_SUCCESS;
}

static void tell_done(const struct wvm_nt_targets *c, uint32_t from, uint32_t n,
                      const CFG_CALL_TARGET_INFO *copy)
{
    for (uint32_t i = 0; i < n; i++) {
        ULONG_PTR flags = copy[i].Flags | CFG_CALL_TARGET_PROCESSED;
        wvm_user_store(&c->at[from + i].Flags, &flags, sizeof flags);
    }
}

/* Every entry is looked at before the first one is changed. */
static wvm_status each_entry(const struct wvm_nt_targets *c, bool tell)
{
    CFG_CALL_TARGET_INFO copy[BATCH];
    ULONG_PTR last = 0;
    wvm_status status = STATUS_SUCCESS;
    for (uint32_t i = 0, n; status >= 0 && i < c->n; i += n) {
        n = wvm_min(c->n - i, BATCH);
        status = check_entries(c, i, n, copy, &last);
        if (status >= 0 && tell)
            tell_done(c, i, n, copy);
    }
    return status;
}

static bool is_executable(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return access == WVM_ATTR_X || access == WVM_ATTR_XR || access == WVM_ATTR_XRW ||
           access == WVM_ATTR_XWC;
}

/* Every page of the range is committed and executable, and (view) mapped from a section. */
static wvm_status check_memory(const struct wvm_target *t, const struct wvm_nt_range *range,
                               bool view)
{
    struct wvm_region r;
    for (uintptr_t at = range->base; at < range->base + range->size; at = r.end) {
        wvm_status status = wvm_nt_region_in(t, at, &r);
        if (status < 0)
            return status;
        if (view && r.type != WVM_TYPE_MAPPED && r.type != WVM_TYPE_IMAGE)
            return STATUS_NOT_MAPPED_VIEW;
        if (r.type == WVM_TYPE_FREE || r.attr == WVM_ATTR_RESERVED)
            return STATUS_NOT_COMMITTED;
        if (!is_executable(r.attr))
            return STATUS_INVALID_PAGE_PROTECTION;
    }
    return STATUS_SUCCESS;
}

static wvm_status check_range(const struct wvm_target *t, const struct wvm_nt_targets *c)
{
    uintptr_t start, end;
    if ((c->range.base | c->range.size) & (WVM_PAGE_SIZE - 1) || c->n == 0)
        return STATUS_INVALID_PARAMETER;
    return wvm_nt_page_span(t, &c->range, &start, &end);
}

static wvm_status check_section(const struct wvm_nt_targets_view *view)
{
    void *section;
    wvm_status status =
        wvm_handle_get(view->section, WVM_OBJECT_SECTION, SECTION_MAP_EXECUTE, &section, NULL);
    if (status < 0)
        return status;
    wvm_object_drop(WVM_OBJECT_SECTION, section);
    return view->offset % WVM_PAGE_SIZE ? (wvm_status)STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static wvm_status set_targets(const struct wvm_target *t, const struct wvm_nt_targets *c,
                              const struct wvm_nt_targets_view *view)
{
    wvm_status status = check_range(t, c);
    if (status >= 0 && (!c->at || !wvm_user_writable(c->at, sizeof *c->at)))
        status = STATUS_ACCESS_VIOLATION;
    if (status >= 0 && view)
        status = check_section(view);
    if (status >= 0)
        status = check_memory(t, &c->range, view != NULL);
    if (status >= 0)
        status = each_entry(c, false);
    return status < 0 ? status : each_entry(c, true);
}

wvm_status wvm_nt_call_targets(HANDLE process, const struct wvm_nt_targets *targets,
                               const struct wvm_nt_targets_view *view)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = set_targets(&t, targets, view);
    wvm_target_drop(&t);
    return status;
}
