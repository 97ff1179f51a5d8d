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
#include "nt/nt_host_memory.h"
#include "nt/nt_map_rules.h"
#include "nt/nt_node.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_system.h"

/* Part of the one stretch of code that every mapping runs through: after a system call each line of
 * code costs a cache miss, and a view is to be mapped in little more than the host's own time. */
#define HOT inline __attribute__((always_inline))

#define MACHINE_AMD64 0x8664 /* IMAGE_FILE_MACHINE_* */
#define MACHINE_I386 0x014c

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

static bool fits_bounds(const struct wvm_target *t, const struct wvm_view_request *req,
                        uint64_t base)
{
    uint64_t low = req->low ? req->low - t->base : 0;
    uint64_t top = req->limit ? req->limit - t->base : t->top;
    return base != 0 && (base & (WVM_GRANULE_SIZE - 1)) == 0 && base >= low && base < top &&
           req->len <= top - base;
}

/* What runs in the target: in a based space 32-bit code, else what this process is built of, also
 * when its addresses are those of a 32-bit program. */
static uint16_t machine_of(const struct wvm_target *t)
{
    return t->window || sizeof(void *) == 4 ? MACHINE_I386 : MACHINE_AMD64;
}

static wvm_status image_status(const struct wvm_target *t, const struct wvm_section *s,
                               const struct wvm_view_request *req, uint64_t preferred)
{
    if (s->image->machine != machine_of(t))
        return STATUS_IMAGE_MACHINE_TYPE_MISMATCH;
    return req->start - t->base == preferred ? STATUS_SUCCESS : STATUS_IMAGE_NOT_AT_BASE;
}

static WVM_COLD wvm_status map_image(const struct wvm_target *t, struct wvm_section *s,
                                     const struct wvm_nt_view *view, struct wvm_view_request *req)
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
    if (!anywhere || fits_bounds(t, req, preferred)) {
        if (anywhere)
            req->start = t->base + (uintptr_t)preferred;
        status = wvm_space_map(&wvm_space_native, req);
    }
    if (anywhere && status == STATUS_CONFLICTING_ADDRESSES) {
        req->start = 0;
        status = wvm_space_map(&wvm_space_native, req);
    }
    return status < 0 ? status : image_status(t, s, req, preferred);
}

/* For a view that the space places; limit: from ZeroBits. False: nothing can lie there, for the
 * lowest granule is never free. */
static WVM_COLD bool take_bounds(const struct wvm_target *t, const struct wvm_nt_view *view,
                                 uintptr_t limit, struct wvm_view_request *req)
{
    const struct wvm_nt_extended *e = view->extended;
    uintptr_t low = e ? e->low : 0, first = wvm_max(low, WVM_GRANULE_SIZE);
    if (e && e->limit && (!limit || e->limit < limit))
        limit = e->limit;
    if (limit >= t->top)
        limit = 0;
    uintptr_t end = limit ? limit : t->top;
    if (low)
        req->low = t->base + low;
    if (limit)
        req->limit = t->base + limit;
    return first < end && end - first >= req->len;
}

static HOT wvm_status map_request(const struct wvm_target *t, struct wvm_section *s,
                                  struct wvm_nt_view *view, uintptr_t limit,
                                  struct wvm_view_request *req)
{
    struct wvm_nt_extent extent;
    uintptr_t top = WVM_LIKELY(view->base == 0) ? t->top : wvm_space_user_end(view->base, t->top);
    wvm_status status = wvm_nt_check_place(view, top);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_view_extent(s, view, top, &extent);
    if (WVM_UNLIKELY(status < 0))
        return status;
    req->len = extent.len;
    if (view->base)
        req->start = t->base + view->base;
    else if (WVM_UNLIKELY(view->extended || limit) && !take_bounds(t, view, limit, req))
        return STATUS_NO_MEMORY;
    status = WVM_LIKELY(s->kind != WVM_SECTION_IMAGE) ? map_data(s, view, &extent, req)
                                                      : map_image(t, s, view, req);
    if (WVM_LIKELY(status >= 0)) {
        view->base = req->start - t->base;
        view->size = req->len;
    }
    return status;
}

static HOT wvm_status map_section(const struct wvm_target *t, struct wvm_section *s,
                                  uint32_t granted, struct wvm_nt_view *view)
{
    uintptr_t limit = 0;
    struct wvm_view_request req = {
        .backing = &s->backing,
        .offset = view->offset,
        .window = t->window,
        .top_down = (view->type & MEM_TOP_DOWN) != 0,
        .replace = (view->type & MEM_REPLACE_PLACEHOLDER) != 0,
        .large = (view->type & MEM_LARGE_PAGES) != 0,
        .attr = view_attr(s, view->prot),
    };
    wvm_status status = WVM_UNLIKELY(view->type) ? wvm_nt_check_map_type(s, view) : STATUS_SUCCESS;
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = check_access(s, granted, req.attr);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY(view->zero_bits)) {
        status = wvm_nt_view_limit(view, &limit);
        if (status < 0)
            return status;
    }
    return map_request(t, s, view, limit, &req);
}

wvm_status wvm_nt_map_section(const struct wvm_target *t, struct wvm_section *s, uint32_t granted,
                              struct wvm_nt_view *view)
{
    return map_section(t, s, granted, view);
}

static HOT wvm_status map_in(const struct wvm_target *t, HANDLE section, struct wvm_nt_view *view)
{
    void *object;
    uint32_t granted;
    wvm_status status = wvm_handle_get(section, WVM_OBJECT_SECTION, 0, &object, &granted);
    if (WVM_UNLIKELY(status < 0))
        return status;
    struct wvm_section *s = object;
    status = WVM_LIKELY(t->pid == 0) ? map_section(t, s, granted, view)
                                     : wvm_nt_map_elsewhere(t->pid, s, granted, view);
    wvm_backing_drop(&s->backing);
    return status;
}

wvm_status wvm_nt_map(HANDLE process, HANDLE section, struct wvm_nt_view *view)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = map_in(&t, section, view);
    wvm_target_drop(&t);
    if (WVM_UNLIKELY(view->extended != NULL) && status >= 0 && view->extended->node_and_1)
        wvm_nt_node_prefer(process, view->base, view->extended->node_and_1 - 1);
    return status;
}

static HOT wvm_status unmap_in(const struct wvm_target *t, uintptr_t addr, uint32_t flags)
{
    if (WVM_UNLIKELY(flags & ~(MEM_UNMAP_WITH_TRANSIENT_BOOST | MEM_PRESERVE_PLACEHOLDER)))
        return STATUS_INVALID_PARAMETER;
    if (WVM_UNLIKELY(addr == 0 || (addr >= t->top && addr >= wvm_nt_end_above(t, addr))))
        return STATUS_NOT_MAPPED_VIEW;
    return wvm_space_unmap(&wvm_space_native, t->base + addr,
                           (flags & MEM_PRESERVE_PLACEHOLDER) != 0);
}

wvm_status wvm_nt_unmap(HANDLE process, uintptr_t addr, uint32_t flags)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = WVM_LIKELY(t.pid == 0) ? unmap_in(&t, addr, flags)
                                    : wvm_nt_unmap_elsewhere(t.pid, addr, flags);
    wvm_target_drop(&t);
    return status;
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

wvm_status wvm_nt_view_extended(HANDLE process, const struct wvm_nt_params *params, uintptr_t base,
                                struct wvm_nt_extended *out)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = wvm_nt_extended(params, base, true, t.top, out);
    wvm_target_drop(&t);
    return status;
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
    const struct wvm_nt_params array = {params, count};
    struct wvm_nt_extended extended;
    struct wvm_nt_view view = {
        .type = type, .prot = prot, .placeholders = true, .extended = &extended};
    wvm_status status = fetch_view(process, base, size, offset, &view);
    if (status >= 0)
        status = wvm_nt_view_extended(process, &array, view.base, &extended);
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
