/* NtMapViewOfSection, NtMapViewOfSectionEx, NtUnmapViewOfSection(Ex).
 *
 * Order of checks: process handle; the caller's variables; extended parameters; section handle
 * (SEC-078); allocation type; protection; rights of the handle; protection of the section;
 * ZeroBits; base and offset; size; commit size; then the space.
 * Terms   data view = one of a file or of the page file; image view = one of a SEC_IMAGE section,
 *         whose protections come from the file and not from the caller.
 * I1  A failing call changes neither memory nor the caller's variables.
 * I2  The space holds the section for as long as the view lives; a call holds it meanwhile.
 * I3  An image is tried at the base it was linked for first; elsewhere it maps too, and the status
 *     tells (SEC-108).
 * Locking: space/ locks.   Failure: checked before space/ is called; space/ is atomic. */
#include "nt/nt_map.h"

#include <string.h>

#include "api/api.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_extended.h"
#include "nt/nt_handle.h"
#include "nt/nt_map_rules.h"
#include "nt/nt_rules.h"
#include "nt/nt_user.h"

/* Part of the one stretch of code that every mapping runs through: after a system call each line of
 * code costs a cache miss, and a view is to be mapped in little more than the host's own time. */
#define HOT inline __attribute__((always_inline))

#define USER_BITS 47 /* no address of a program has more */
#define MACHINE_AMD64 0x8664 /* IMAGE_FILE_MACHINE_AMD64 */

/* The attribute of the view's pages: its protection, and what the section says about caching
 * (SEC-115). 0: no legal protection. */
static HOT uint8_t view_attr(const struct wvm_section *s, uint32_t prot)
{
    uint8_t attr = WVM_LIKELY(prot == PAGE_READWRITE) ? WVM_ATTR_RW : wvm_nt_attr_of(prot, true);
    if (WVM_LIKELY(!(s->flags & (WVM_SECTION_NOCACHE | WVM_SECTION_WRITECOMBINE))))
        return attr;
    if (attr == 0 || attr == WVM_ATTR_NA || (attr & (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)))
        return attr;
    return attr |
           (s->flags & WVM_SECTION_NOCACHE ? WVM_ATTR_NOCACHE : (uint8_t)WVM_ATTR_WRITECOMBINE);
}

static HOT wvm_status check_access(const struct wvm_section *s, uint32_t granted, uint8_t attr)
{
    if (attr == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (wvm_nt_view_rights(attr) & ~granted)
        return STATUS_ACCESS_DENIED;
    if (s->kind != WVM_SECTION_IMAGE && !wvm_nt_view_allowed(s->attr, attr))
        return STATUS_SECTION_PROTECTION;
    return STATUS_SUCCESS;
}

/* Something can lie within the request's bounds: the lowest granule is never free. */
static bool bounds_have_room(const struct wvm_view_request *req)
{
    uintptr_t low = wvm_max(req->low, WVM_GRANULE_SIZE);
    uintptr_t limit = req->limit ? req->limit : wvm_nt_top();
    return low < limit && limit - low >= req->len;
}

/* Pages past the end of the file are reserved: there is nothing they could be filled from. */
static WVM_COLD wvm_status map_reserved(const struct wvm_nt_extent *extent,
                                        struct wvm_view_request *req)
{
    uint64_t filled = extent->filled >> WVM_PAGE_SHIFT, all = extent->len >> WVM_PAGE_SHIFT;
    struct wvm_view_part part[] = {{0, filled, req->attr}, {filled, all, WVM_ATTR_RESERVED}};
    req->n_parts = 2;
    req->part = part;
    return wvm_space_map(&wvm_space_native, req);
}

static HOT wvm_status map_data(struct wvm_section *s, const struct wvm_nt_view *view,
                           const struct wvm_nt_extent *extent, struct wvm_view_request *req)
{
    req->type = WVM_TYPE_MAPPED;
    req->anonymous = s->kind == WVM_SECTION_PAGEFILE;
    if (WVM_UNLIKELY(view->commit) && s->backing.commits)
        req->n_commit = wvm_align_up(view->commit, WVM_PAGE_SIZE) >> WVM_PAGE_SHIFT;
    if (WVM_UNLIKELY(extent->filled < extent->len))
        return map_reserved(extent, req);
    return wvm_space_map(&wvm_space_native, req);
}

/* The parts of an image that lie in pages [first, first + n), counted from there. */
static unsigned cut_parts(const struct wvm_image_info *image, uint64_t first, uint64_t n,
                          struct wvm_view_part out[WVM_IMAGE_PARTS])
{
    unsigned count = 0;
    for (unsigned i = 0; i < image->n_parts; i++) {
        const struct wvm_view_part *p = &image->part[i];
        if (p->end <= first || p->start >= first + n)
            continue;
        out[count++] = (struct wvm_view_part){wvm_max(p->start, first) - first,
                                              wvm_min(p->end, first + n) - first, p->attr};
    }
    return count;
}

static bool fits_bounds(const struct wvm_view_request *req, uint64_t base)
{
    uintptr_t top = req->limit ? req->limit : wvm_nt_top();
    return base != 0 && (base & (WVM_GRANULE_SIZE - 1)) == 0 && base >= req->low && base < top &&
           req->len <= top - base;
}

static wvm_status image_status(const struct wvm_section *s, const struct wvm_view_request *req,
                               uint64_t preferred)
{
    if (s->image->machine != MACHINE_AMD64)
        return STATUS_IMAGE_MACHINE_TYPE_MISMATCH;
    return req->start == preferred ? STATUS_SUCCESS : STATUS_IMAGE_NOT_AT_BASE;
}

static WVM_COLD wvm_status map_image(struct wvm_section *s, const struct wvm_nt_view *view,
                            struct wvm_view_request *req)
{
    struct wvm_view_part part[WVM_IMAGE_PARTS];
    uint64_t preferred = s->image->preferred + view->offset;
    wvm_status status = STATUS_CONFLICTING_ADDRESSES;
    req->type = WVM_TYPE_IMAGE;
    req->attr = s->flags & WVM_SECTION_NO_EXECUTE ? WVM_ATTR_WC : WVM_ATTR_XWC;
    req->part = part;
    req->n_parts = cut_parts(s->image, view->offset >> WVM_PAGE_SHIFT, req->len >> WVM_PAGE_SHIFT,
                             part);
    bool anywhere = req->start == 0;
    if (!anywhere || fits_bounds(req, preferred)) {
        if (anywhere)
            req->start = preferred;
        status = wvm_space_map(&wvm_space_native, req);
    }
    if (anywhere && status == STATUS_CONFLICTING_ADDRESSES) {
        req->start = 0;
        status = wvm_space_map(&wvm_space_native, req);
    }
    return status < 0 ? status : image_status(s, req, preferred);
}

/* Bounds of the call's for a view that the space places. */
static WVM_COLD bool take_bounds(const struct wvm_nt_view *view, struct wvm_view_request *req)
{
    const struct wvm_nt_extended *e = view->extended;
    if (e) {
        req->low = e->low;
        if (e->limit && (!req->limit || e->limit < req->limit))
            req->limit = e->limit;
    }
    return bounds_have_room(req);
}

static HOT wvm_status map_request(struct wvm_section *s, struct wvm_nt_view *view,
                              struct wvm_view_request *req)
{
    struct wvm_nt_extent extent;
    uintptr_t top = wvm_space_top(&wvm_space_native);
    wvm_status status = wvm_nt_check_place(view, top);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_view_extent(s, view, top, &extent);
    if (WVM_UNLIKELY(status < 0))
        return status;
    req->len = extent.len;
    if (req->start)
        req->limit = 0;
    else if (WVM_UNLIKELY(view->extended || req->limit) && !take_bounds(view, req))
        return STATUS_NO_MEMORY;
    status = WVM_LIKELY(s->kind != WVM_SECTION_IMAGE) ? map_data(s, view, &extent, req)
                                                      : map_image(s, view, req);
    if (WVM_LIKELY(status >= 0)) {
        view->base = req->start;
        view->size = req->len;
    }
    return status;
}

static HOT wvm_status map_section(struct wvm_section *s, uint32_t granted, struct wvm_nt_view *view)
{
    struct wvm_view_request req = {
        .backing = &s->backing,
        .offset = view->offset,
        .start = view->base,
        .top_down = (view->type & MEM_TOP_DOWN) != 0,
        .replace = (view->type & MEM_REPLACE_PLACEHOLDER) != 0,
        .attr = view_attr(s, view->prot),
    };
    wvm_status status = WVM_UNLIKELY(view->type) ? wvm_nt_check_map_type(s, view) : STATUS_SUCCESS;
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = check_access(s, granted, req.attr);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY(view->zero_bits)) {
        status = wvm_nt_view_limit(view, &req.limit);
        if (status < 0)
            return status;
    }
    return map_request(s, view, &req);
}

wvm_status wvm_nt_map_section(struct wvm_section *s, uint32_t granted, struct wvm_nt_view *view)
{
    return map_section(s, granted, view);
}

wvm_status wvm_nt_map(HANDLE process, HANDLE section, struct wvm_nt_view *view)
{
    void *object;
    uint32_t granted;
    pid_t pid;
    wvm_status status = wvm_handle_target(process, PROCESS_VM_OPERATION, &pid);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_handle_get(section, WVM_OBJECT_SECTION, 0, &object, &granted);
    if (WVM_UNLIKELY(status < 0))
        return status;
    struct wvm_section *s = object;
    status = WVM_LIKELY(pid == 0) ? map_section(s, granted, view)
                                  : wvm_nt_map_elsewhere(pid, s, granted, view);
    wvm_backing_drop(&s->backing);
    return status;
}

wvm_status wvm_nt_unmap(HANDLE process, uintptr_t addr, uint32_t flags)
{
    pid_t pid;
    wvm_status status = wvm_handle_target(process, PROCESS_VM_OPERATION, &pid);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY(pid != 0))
        return wvm_nt_unmap_elsewhere(pid, addr, flags);
    if (WVM_UNLIKELY(flags & ~(MEM_UNMAP_WITH_TRANSIENT_BOOST | MEM_PRESERVE_PLACEHOLDER)))
        return STATUS_INVALID_PARAMETER;
    if (WVM_UNLIKELY(addr == 0 || addr >> USER_BITS))
        return STATUS_NOT_MAPPED_VIEW;
    return wvm_space_unmap(&wvm_space_native, addr, (flags & MEM_PRESERVE_PLACEHOLDER) != 0);
}

/* The caller's variables: base and size, and an offset that may be absent. */
static wvm_status fetch_view(HANDLE process, PVOID *base, PSIZE_T size, const LARGE_INTEGER *offset,
                             struct wvm_nt_view *view)
{
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    view->base = range.base;
    view->size = range.size;
    if (offset && !wvm_user_fetch(&view->offset, offset, sizeof view->offset))
        return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

static wvm_status map_and_store(HANDLE process, HANDLE section, struct wvm_nt_view *view,
                                PVOID *base, PSIZE_T size)
{
    wvm_status status = wvm_nt_map(process, section, view);
    if (status >= 0) {
        struct wvm_nt_range range = {view->base, view->size};
        wvm_user_store_range(base, size, &range);
    }
    return status;
}

NTSTATUS wvm_NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                SIZE_T commit, const LARGE_INTEGER *offset, PSIZE_T size,
                                SECTION_INHERIT inherit, ULONG type, ULONG prot)
{
    struct wvm_nt_view view = {
        .zero_bits = zero_bits, .commit = commit, .type = type, .prot = prot};
    wvm_status status = fetch_view(process, base, size, offset, &view);
    if (status < 0)
        return status;
    if (inherit != ViewShare && inherit != ViewUnmap)
        return STATUS_INVALID_PARAMETER_8;
    return map_and_store(process, section, &view, base, size);
}

NTSTATUS wvm_NtMapViewOfSectionEx(HANDLE section, HANDLE process, PVOID *base,
                                  const LARGE_INTEGER *offset, PSIZE_T size, ULONG type, ULONG prot,
                                  MEM_EXTENDED_PARAMETER *params, ULONG count)
{
    struct wvm_nt_extended extended;
    struct wvm_nt_view view = {
        .type = type, .prot = prot, .placeholders = true, .extended = &extended};
    wvm_status status = fetch_view(process, base, size, offset, &view);
    if (status < 0)
        return status;
    status = wvm_nt_extended(params, count, view.base, true, &extended);
    if (status < 0)
        return status;
    return map_and_store(process, section, &view, base, size);
}

NTSTATUS wvm_NtUnmapViewOfSection(HANDLE process, PVOID addr)
{
    return wvm_nt_unmap(process, (uintptr_t)addr, 0);
}

NTSTATUS wvm_NtUnmapViewOfSectionEx(HANDLE process, PVOID addr, ULONG flags)
{
    return wvm_nt_unmap(process, (uintptr_t)addr, flags);
}
