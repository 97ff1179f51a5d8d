/* The pages of views: protections, copy-on-write, and commits that all views of a backing share.
 *
 * Terms   shared, copying, sparse as in space_view.c; private page = one that the program wrote
 *         through a copying mapping: it is the process's own and no longer the backing's.
 * I1  A view's page may get every protection whose rights are among those of AllocationProtect;
 *     write-copy needs reading only (SEC-150..155).
 * I2  A page of a shared view is in a MAP_PRIVATE mapping exactly when sp->copied says so: it was
 *     WRITECOPY once. It becomes shared again when it is made writable while it is not private.
 * I3  Whether a page is private is asked of the host when somebody wants to know (one call): a
 *     private WRITECOPY page reads as READWRITE (SEC-170..174). Where the host does not tell, it
 *     reads as WRITECOPY, and is never given up for being shared again.
 * I4  The commits of a sparse backing only rise. A view that was mapped or looked at before them
 *     catches up: at a commit in this process at once, else at a fault, a query or a change.
 * Locking: the space lock, held by the caller, except where noted.   Failure: nothing changed.
 * Signal safety: wvm_space_view_written, _catch_up and _next_commit. */
#include <errno.h>

#include "host/host_object.h"
#include "space/space_change.h"
#include "space/space_view.h"

#define STICKY (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)

enum { R = 1, W = 2, X = 4 };

static unsigned rights_of(uint8_t attr)
{
    static const uint8_t rights[16] = {
        [WVM_ATTR_RO] = R,    [WVM_ATTR_WC] = R,     [WVM_ATTR_RW] = R | W,
        [WVM_ATTR_X] = R | X, [WVM_ATTR_XR] = R | X, [WVM_ATTR_XWC] = R | X,
        [WVM_ATTR_XRW] = R | W | X,
    };
    return rights[attr & WVM_ATTR_ACCESS];
}

/* WC of RW, XWC of XRW, and back; anything else as it is. */
static uint8_t to_copy(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS, rest = attr & ~WVM_ATTR_ACCESS;
    return access == WVM_ATTR_RW ? rest | WVM_ATTR_WC : access == WVM_ATTR_XRW ? rest | WVM_ATTR_XWC
                                                                             : attr;
}

static uint8_t from_copy(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS, rest = attr & ~WVM_ATTR_ACCESS;
    return access == WVM_ATTR_WC ? rest | WVM_ATTR_RW : access == WVM_ATTR_XWC ? rest | WVM_ATTR_XRW
                                                                             : attr;
}

wvm_status wvm_space_view_permits(const struct wvm_alloc *a, uint8_t *attr)
{
    if (a->type == WVM_TYPE_IMAGE)
        *attr = to_copy(*attr);
    if (rights_of(*attr) & ~rights_of(a->attr))
        return wvm_space_fail(STATUS_SECTION_PROTECTION, "more than the view may have, mapped at",
                              wvm_addr_of(a->start));
    return STATUS_SUCCESS;
}

/* ---- copy-on-write ---- */

uint8_t wvm_space_view_written(uint64_t page, uint64_t *end, uint8_t attr)
{
    uintptr_t run_end;
    if (!wvm_attr_is_copy(attr))
        return attr;
    if (wvm_host_private_run(wvm_addr_of(page), wvm_addr_of(*end), &run_end) == WVM_PRIVATE_YES)
        attr = from_copy(attr);
    *end = wvm_page_of(run_end);
    return attr;
}

/* UNDO: a mapping like it was there a moment ago, and may need ballast to be there again. */
enum kind { KIND_SHARE = 0, KIND_COPY = 1, KIND_UNDO = 2 };

/* Pages [lo, hi) of a shared view are mapped anew, copying or not, as pages of state attr: one
 * call, all or nothing. */
static int remap(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                 enum kind kind, uint8_t attr)
{
    const struct wvm_view *v = wvm_view_at(&sp->store, a->view);
    unsigned prot = wvm_space_prot_of(attr);
    int err;
    struct wvm_host_file_map m = {
        .addr = wvm_addr_of(lo), .len = (hi - lo) << WVM_PAGE_SHIFT,
        .fd = wvm_space_backing_of(sp, a)->fd,
        .offset = v->offset + ((lo - a->start) << WVM_PAGE_SHIFT), .prot = prot,
        .copy = kind & KIND_COPY, .replace = true,
    };
    do
        err = wvm_host.map_file(&m);
    while (err == -ENOMEM && kind & KIND_UNDO && wvm_space_give_up_ballast(sp));
    if (err)
        return err;
    wvm_space_set_host(sp, lo, hi, prot ? (uint8_t)prot : WVM_HP_HELD);
    wvm_sheet_set(&sp->store, &sp->copied, lo, hi, kind & KIND_COPY);
    __atomic_store_n(&sp->any_copied, true, __ATOMIC_RELAXED);
    wvm_store_flush(&sp->store);
    return wvm_space_stock_close(sp, 0, 0) ? 0 : -ENOMEM;
}

static bool is_copied(struct wvm_space *sp, uint64_t page, uint64_t hi, uint64_t *end)
{
    uint8_t v;
    *end = wvm_sheet_next(&sp->store, &sp->copied, page, hi, &v);
    return v;
}

/* Every page of [lo, hi) that is not copying becomes so; where it fails, some do. */
static int make_copying(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                        enum kind undo, uint8_t attr)
{
    uint64_t end;
    int err = 0;
    for (uint64_t p = lo; !err && p < hi; p = end)
        if (!is_copied(sp, p, hi, &end))
            err = remap(sp, a, p, end, KIND_COPY | undo, attr);
    return err;
}

/* True unless the page shows what the backing has, so that nothing is lost when it is shared. */
static bool may_be_written(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t page)
{
    int fd = wvm_space_backing_of(sp, a)->fd;
    uint64_t at = wvm_view_at(&sp->store, a->view)->offset + ((page - a->start) << WVM_PAGE_SHIFT);
    uint8_t seen[1024], there[1024];
    for (size_t done = 0; done < WVM_PAGE_SIZE; done += sizeof seen)
        if (wvm_host_read(0, seen, wvm_addr_of(page) + done, sizeof seen) != sizeof seen ||
            wvm_host_fd_read(fd, there, sizeof there, at + done) != sizeof there ||
            __builtin_memcmp(seen, there, sizeof seen) != 0)
            return true;
    return false;
}

/* As wvm_host_private_run; where the host does not tell, page by page by what is in them. */
static bool is_private_run(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t page,
                           uint64_t *end)
{
    uintptr_t run_end;
    enum wvm_host_private is =
        wvm_host_private_run(wvm_addr_of(page), wvm_addr_of(*end), &run_end);
    *end = is == WVM_PRIVATE_UNKNOWN ? page + 1 : wvm_page_of(run_end);
    return is == WVM_PRIVATE_UNKNOWN ? may_be_written(sp, a, page) : is == WVM_PRIVATE_YES;
}

/* The copying pages of [lo, hi) that are not private become shared again; where it fails, some
 * do. */
static int make_sharing(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                        enum kind undo, uint8_t attr)
{
    uint64_t end;
    int err = 0;
    for (uint64_t p = lo; !err && p < hi; p = end)
        if (is_copied(sp, p, hi, &end) && !is_private_run(sp, a, p, &end))
            err = remap(sp, a, p, end, KIND_SHARE | undo, attr);
    return err;
}

static int make_kind(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                     enum kind undo, uint8_t attr)
{
    if (wvm_attr_is_copy(attr))
        return make_copying(sp, a, lo, hi, undo, attr);
    if (!sp->any_copied || !wvm_space_writes_through(attr))
        return 0;
    return make_sharing(sp, a, lo, hi, undo, attr);
}

int wvm_space_view_ready(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
{
    uint32_t id;
    if (!wvm_attr_is_copy(attr) && !sp->any_copied)
        return 0;
    return make_kind(sp, wvm_space_find(sp, lo, &id), lo, hi, KIND_SHARE, attr);
}

void wvm_space_view_unready(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t id;
    uint8_t v;
    const struct wvm_alloc *a = sp->any_copied ? wvm_space_find(sp, lo, &id) : NULL;
    for (uint64_t p = lo, end; a && p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        if (make_kind(sp, a, p, end, KIND_UNDO, v))
            wvm_host_diag("a page of a view could not be mapped as it was");
    }
}

void wvm_space_forget_copies(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (sp->any_copied && wvm_space_any_marked(sp, &sp->copied.pages, lo, hi))
        wvm_sheet_set(&sp->store, &sp->copied, lo, hi, 0);
}

wvm_status wvm_space_revert(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                            uint8_t *old)
{
    uint32_t id;
    struct wvm_region r;
    if (wvm_space_query(sp, start, &r) || !(r.flags & WVM_ALLOC_VIEW) || end > r.alloc_end)
        return wvm_space_fail(STATUS_INVALID_PARAMETER, "not a view, at", start);
    wvm_status status = wvm_space_protect(sp, start, end, attr, old);
    if (status)
        return status;
    status = wvm_space_enter(sp);
    if (status)
        return status;
    const struct wvm_alloc *a = wvm_space_find(sp, wvm_page_of(start), &id);
    if (a && a->flags & WVM_ALLOC_VIEW && wvm_page_of(end) <= a->end &&
        wvm_host.drop(start, end - start) < 0)
        status = wvm_space_fail(STATUS_ACCESS_DENIED, "locked pages cannot be reverted, at", start);
    wvm_space_leave(sp);
    return status;
}

/* ---- commits of sparse backings ---- */

/* The page of the backing that the view's page is. */
static uint64_t backing_page(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t page)
{
    return page - a->start + wvm_page_of(wvm_view_at(&sp->store, a->view)->offset);
}

uint64_t wvm_space_view_uncommitted(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                                    uint64_t hi)
{
    const struct wvm_backing *b = wvm_space_backing_of(sp, a);
    uint64_t n = 0, i = b->commits ? backing_page(sp, a, lo) : 0, to = i + hi - lo, end;
    while (b->commits && (i = wvm_commits_gap(b, i, to)) < to) {
        end = wvm_commits_next(b, i, to);
        n += end - i;
        i = end;
    }
    return n;
}

/* Reserved pages [lo, hi) of a become what they were mapped as. */
static wvm_status catch_up(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    if (!wvm_space_stock(sp, 0, 0))
        return STATUS_NO_MEMORY;
    wvm_status status = wvm_space_attr_ready(sp, a->start, lo, hi, a->attr);
    if (status)
        return status;
    int err = wvm_space_make(sp, lo, hi, a->attr, a->flags);
    if (err)
        return wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT);
    wvm_space_set_pages(sp, a, lo, hi, a->attr);
    wvm_store_flush(&sp->store);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_view_sync(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    const struct wvm_backing *b = wvm_space_backing_of(sp, a);
    wvm_status status = STATUS_SUCCESS;
    uint8_t v;
    for (uint64_t p = lo, end; b->commits && !status && p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        if (v != WVM_ATTR_RESERVED)
            continue;
        uint64_t first = backing_page(sp, a, p), limit = first + end - p;
        uint64_t from = wvm_commits_next(b, first, limit);
        uint64_t to = wvm_commits_gap(b, from, limit);
        end = p + to - first;
        if (from < to)
            status = catch_up(sp, a, p + from - first, end);
    }
    return status;
}

/* Every other view of the backing shows pages [lo, hi) of a. What finds no memory now catches up
 * when it is needed. */
static void share(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint64_t first = backing_page(sp, a, lo), last = first + hi - lo;
    struct wvm_view *v;
    for (uint32_t id = wvm_space_backing_of(sp, a)->first_view; id; id = v->next) {
        v = wvm_view_at(&sp->store, id);
        struct wvm_alloc *other = wvm_alloc_at(&sp->store, v->alloc);
        uint64_t base = wvm_page_of(v->offset), end = base + other->end - other->start;
        uint64_t from = wvm_max(first, base), to = wvm_min(last, end);
        if (from < to && wvm_space_view_sync(sp, other, other->start + from - base,
                                             other->start + to - base))
            wvm_space_forget_reason();
    }
}

void wvm_space_view_committed(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                              uint64_t hi, uint64_t n_new)
{
    struct wvm_backing *b = wvm_space_backing_of(sp, a);
    uint64_t i = backing_page(sp, a, lo), to = i + hi - lo;
    if (!n_new)
        return;
    __atomic_fetch_add(&b->charged, n_new, __ATOMIC_RELAXED);
    sp->section_charge += n_new;
    wvm_commits_set(b, i, to);
    share(sp, a, lo, hi);
}

wvm_status wvm_space_view_commits(const struct wvm_space *sp, const struct wvm_alloc *a,
                                  uint8_t *attr)
{
    if (!wvm_space_view_anonymous(sp, a))
        return wvm_space_fail(STATUS_ALREADY_COMMITTED, "a view of a file, mapped at",
                              wvm_addr_of(a->start));
    *attr = (*attr & ~STICKY) | (a->attr & STICKY);
    return wvm_space_view_permits(a, attr);
}

bool wvm_space_view_catch_up(struct wvm_space *sp, uint64_t page)
{
    uint32_t id;
    uint8_t v = WVM_ATTR_RESERVED;
    /* Inside a change of this very thread the page is left to the next one that asks. */
    if (wvm_space_inside() || wvm_space_enter(sp))
        return false;
    struct wvm_alloc *a = wvm_space_find(sp, page, &id);
    if (a && a->flags & WVM_ALLOC_VIEW) {
        if (wvm_space_view_sync(sp, a, page, page + 1))
            wvm_space_forget_reason();
        wvm_pages_next(&sp->store, &a->pages, page - a->origin, page + 1 - a->origin, &v);
    }
    wvm_space_leave(sp);
    return v != WVM_ATTR_RESERVED;
}

uint64_t wvm_space_view_next_commit(struct wvm_space *sp, uint64_t page, uint64_t end)
{
    uint32_t id;
    uint64_t at = end;
    if (wvm_space_inside() || wvm_space_enter(sp))
        return end;
    const struct wvm_alloc *a = wvm_space_find(sp, page, &id);
    const struct wvm_backing *b = a && a->flags & WVM_ALLOC_VIEW ? wvm_space_backing_of(sp, a)
                                                                 : NULL;
    if (b && b->commits && end <= a->end) {
        uint64_t first = backing_page(sp, a, page);
        at = page + wvm_commits_next(b, first, first + end - page) - first;
    }
    wvm_space_leave(sp);
    return at;
}
