/* Memory that is not winvm's: program and library images, stacks, the heap, other mappings.
 *
 * I1  The kernel's list of mappings is the truth; of foreign memory only guard pages are remembered
 *     (space_foreign_guard.c).
 * I2  A module of the dynamic loader is one allocation of type image, based where the module is;
 *     any other mapping is an allocation of its own: mapped when it has a file or is shared.
 * I3  A writable page of a private file mapping is write-copy until it was written (VQ-010): the
 *     kernel is asked which pages are private copies by now.
 * I4  Free memory ends at a multiple of the granule, so that an allocation may begin in any granule
 *     whose first page is free: where a mapping begins inside a granule, the pages before it read
 *     as a reservation.
 * Locking: the query none, the change the space lock (held by the caller).
 * Failure: nothing changed. Signal safety: the query is safe in a handler. */
#include <errno.h>

#include "space/space_change.h"
#include "space/space_layout.h"

static uint8_t attr_of_prot(unsigned prot)
{
    static const uint8_t attr[8] = {
        WVM_ATTR_NA, WVM_ATTR_RO, WVM_ATTR_RW, WVM_ATTR_RW,
        WVM_ATTR_X, WVM_ATTR_XR, WVM_ATTR_XRW, WVM_ATTR_XRW,
    };
    return attr[prot & 7];
}

/* Foreign pages are copied by the kernel itself, so write-copy is plain writability. */
unsigned wvm_space_foreign_prot(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS, rest = attr & ~WVM_ATTR_ACCESS;
    if (access == WVM_ATTR_WC)
        access = WVM_ATTR_RW;
    if (access == WVM_ATTR_XWC)
        access = WVM_ATTR_XRW;
    return wvm_space_prot_of(rest | access);
}

static bool is_private_file(const struct wvm_host_vma *vma)
{
    return vma->ino && !vma->shared;
}

/* Cuts a run of a writable private file mapping by whether pages were copied. */
static void find_copied(pid_t pid, struct wvm_region *out)
{
    uintptr_t end;
    bool copied = wvm_host_private_run_of(pid, out->start, out->end, &end) == WVM_PRIVATE_YES;
    out->end = wvm_min(end, out->end);
    if (!copied)
        out->attr = out->attr == WVM_ATTR_RW ? WVM_ATTR_WC : WVM_ATTR_XWC;
}

void wvm_space_describe(pid_t pid, const struct wvm_host_vma *vma, uintptr_t at,
                        struct wvm_region *out)
{
    uintptr_t base, limit;
    out->start = at;
    out->end = vma->end;
    out->attr = attr_of_prot(vma->prot);
    out->flags = WVM_ALLOC_FOREIGN;
    if (wvm_host_module_of(pid, at, &base, &limit)) {
        out->type = WVM_TYPE_IMAGE;
        out->alloc_start = base;
        out->alloc_end = wvm_align_up(limit, WVM_PAGE_SIZE);
        out->alloc_attr = WVM_ATTR_XWC;
    } else {
        out->type = vma->ino || vma->shared ? WVM_TYPE_MAPPED : WVM_TYPE_PRIVATE;
        out->alloc_start = vma->start;
        out->alloc_end = out->end;
        out->alloc_attr = out->attr;
    }
    if (vma->prot & WVM_HOST_W && is_private_file(vma))
        find_copied(pid, out);
}

/* The host joins mappings of ours to others beside them that look alike: what is not ours of the
 * mapping around the page. */
static void leave_out_ours(const struct wvm_space *sp, uint64_t page, struct wvm_host_vma *vma)
{
    uint64_t at = WVM_GRANULE_OF(page), last = (vma->end - 1) >> WVM_GRANULE_SHIFT, end;
    for (uint64_t g = vma->start >> WVM_GRANULE_SHIFT; g <= last; g = end) {
        bool ours = wvm_pages_peek(&sp->store, &sp->owner, g, WVM_N_GRANULES, &end) !=
                    WVM_OWNER_FOREIGN;
        if (ours && end <= at)
            vma->start = (uintptr_t)(end << WVM_GRANULE_SHIFT);
        if (ours && g > at) {
            vma->end = (uintptr_t)(g << WVM_GRANULE_SHIFT);
            break;
        }
    }
}

bool wvm_space_foreign_query(struct wvm_space *sp, uint64_t page, struct wvm_region *out)
{
    struct wvm_host_vma vma;
    uintptr_t addr = wvm_addr_of(page);
    if (wvm_host_map_find(addr, &vma) <= 0 || vma.start > addr)
        return false;
    vma.end = wvm_min(vma.end, wvm_addr_of(page < sp->top ? sp->top : sp->host_top));
    leave_out_ours(sp, page, &vma);
    wvm_space_describe(0, &vma, addr, out);
    wvm_space_foreign_marks(sp, out);
    return true;
}

void wvm_space_head(pid_t pid, struct wvm_region *out)
{
    struct wvm_host_vma vma;
    uintptr_t granule = wvm_align_down(out->end, WVM_GRANULE_SIZE);
    if (granule > out->start) {
        out->end = granule;
        return;
    }
    /* With a mapping before the page too nothing can begin in this granule. */
    if (wvm_host_map_find_of(pid, granule, &vma) <= 0 || vma.start <= out->start)
        return;
    out->end = vma.start;
    out->alloc_start = granule;
    out->alloc_end = out->end;
    out->alloc_attr = WVM_ATTR_NA;
    out->type = WVM_TYPE_PRIVATE;
    out->flags = WVM_ALLOC_FOREIGN;
}

/* ---- protection ---- */

/* The mappings of a range, cut to it. */
struct cover {
    unsigned n;
    struct { uintptr_t start, end; unsigned prot; } map[64];
};

/* False: some page of [start, end) is unmapped or winvm's, or there are too many mappings. */
static bool find_cover(struct wvm_space *sp, uintptr_t start, uintptr_t end, struct cover *c)
{
    struct wvm_host_vma vma;
    c->n = 0;
    if (wvm_space_any_marked(sp, &sp->owner, start >> WVM_GRANULE_SHIFT,
                             ((end - 1) >> WVM_GRANULE_SHIFT) + 1) ||
        wvm_space_check_free(sp, wvm_page_of(start), wvm_page_of(end)))
        return false;
    for (uintptr_t at = start; at < end; at = vma.end) {
        if (wvm_host_map_find(at, &vma) <= 0 || vma.start > at || c->n == WVM_ARRAY_LEN(c->map))
            return false;
        c->map[c->n].start = at;
        c->map[c->n].end = wvm_min(vma.end, end);
        c->map[c->n++].prot = vma.prot;
    }
    return true;
}

static int protect_cover(const struct cover *c, unsigned prot)
{
    for (unsigned i = 0; i < c->n; i++) {
        int err = wvm_host.protect(c->map[i].start, c->map[i].end - c->map[i].start, prot);
        if (err < 0) {
            for (unsigned k = 0; k <= i; k++)
                wvm_host.protect(c->map[k].start, c->map[k].end - c->map[k].start, c->map[k].prot);
            return err;
        }
    }
    return 0;
}

wvm_status wvm_space_foreign_protect(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                                     uint8_t attr, uint8_t *old)
{
    struct wvm_region first;
    struct cover cover;
    if (!find_cover(sp, start, end, &cover) ||
        !wvm_space_foreign_query(sp, wvm_page_of(start), &first))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "the range is not all committed, from",
                              start);
    uint64_t lo = wvm_page_of(start), hi = wvm_page_of(end);
    wvm_status status = wvm_space_foreign_begin(sp, lo, hi, attr);
    if (status)
        return status;
    int err = protect_cover(&cover, wvm_space_foreign_prot(attr));
    wvm_space_foreign_end(sp, lo, hi, attr, err == 0);
    if (err == -EACCES)
        return wvm_space_fail(STATUS_SECTION_PROTECTION, "the file was not opened for this access",
                              start);
    if (err < 0)
        return wvm_space_host_fail(err, end - start);
    *old = first.attr;
    return STATUS_SUCCESS;
}
