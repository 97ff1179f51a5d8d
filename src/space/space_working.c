/* Which pages are in the working set.
 *
 * I1  A page is in it when it is accessible, in memory, and did not leave (space_trim.c).
 * I2  A page is shared when it is of a view or an image and no private copy.
 * I3  One call of the host answers for all private memory of a question, one more for each run of
 *     views and images, whose owners have to be told.
 * I4  A page of a window of physical memory is in it, and private, while it shows a frame: that is
 *     in memory, whether the host has mapped it yet or not.
 * Locking: the space lock, taken here.   Failure: nothing is told.
 * Signal safety: not for handlers. */
#include "space/space_working.h"

#include <errno.h>

#include "host/host_large.h"
#include "space/space_internal.h"

/* A question: n pages from start. */
struct asked {
    struct wvm_space *sp; /* NULL: of another process */
    pid_t pid;
    uintptr_t start, end;
    uint16_t *code;
    bool vec_known;
    uint8_t vec[WVM_WORKING_PAGES];
};

static bool is_accessible(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return access > WVM_ATTR_NA && access != WVM_ATTR_OFFERED && !(attr & WVM_ATTR_GUARD);
}

static void clear(uint8_t *vec, size_t n)
{
    __builtin_memset(vec, 0, n);
}

/* Private memory: asked for once, together with all that may lie behind it. */
static void know_present(struct asked *q, uintptr_t at, uintptr_t end)
{
    size_t from = (at - q->start) >> WVM_PAGE_SHIFT, n = (end - at) >> WVM_PAGE_SHIFT;
    if (q->vec_known)
        return;
    size_t rest = (q->end - at) >> WVM_PAGE_SHIFT;
    q->vec_known = wvm_host_pages_of(q->pid, at, rest, WVM_WANT_PRESENT, q->vec + from) == 0;
    if (!q->vec_known && wvm_host_pages_of(q->pid, at, n, WVM_WANT_PRESENT, q->vec + from) < 0)
        clear(q->vec + from, n);
}

static void tell_private(struct asked *q, uintptr_t at, const struct wvm_region *r)
{
    uintptr_t end = wvm_min(r->end, q->end);
    uint16_t valid = WVM_WORKING_VALID | r->attr;
    if (!is_accessible(r->attr))
        return;
    know_present(q, at, end);
    for (size_t i = (at - q->start) >> WVM_PAGE_SHIFT; i < (end - q->start) >> WVM_PAGE_SHIFT; i++)
        if (q->vec[i] & WVM_PAGE_PRESENT)
            q->code[i] = valid;
}

/* I4. */
static void tell_window(struct asked *q, uintptr_t at, const struct wvm_region *r)
{
    uintptr_t end = wvm_min(r->end, q->end);
    for (; is_accessible(r->attr) && at < end; at += WVM_PAGE_SIZE)
        q->code[(at - q->start) >> WVM_PAGE_SHIFT] = WVM_WORKING_VALID | r->attr;
}

static uint16_t code_of_shared(uint8_t bits, bool owner_known, const struct wvm_region *r)
{
    bool copy = bits & WVM_PAGE_PRIVATE, several = owner_known && !(bits & WVM_PAGE_ALONE);
    uint16_t code = copy ? 0 : WVM_WORKING_SHARED;
    if (!is_accessible(r->attr) || !(bits & WVM_PAGE_PRESENT))
        return code;
    return code | WVM_WORKING_VALID | r->attr | (!copy && several ? WVM_WORKING_SEVERAL : 0);
}

static void tell_shared(struct asked *q, uintptr_t at, const struct wvm_region *r)
{
    uintptr_t end = wvm_min(r->end, q->end);
    size_t from = (at - q->start) >> WVM_PAGE_SHIFT, n = (end - at) >> WVM_PAGE_SHIFT;
    uint8_t vec[WVM_WORKING_PAGES];
    int err = wvm_host_pages_of(q->pid, at, n, WVM_WANT_OWNER, vec);
    if (err < 0)
        clear(vec, n);
    for (size_t i = 0; i < n; i++)
        q->code[from + i] = code_of_shared(vec[i], err == 0, r);
}

/* Whether the host made each unit large (WS-055): one look for each. */
static void take_large(struct asked *q, uintptr_t at, const struct wvm_region *r)
{
    const uintptr_t unit = (uintptr_t)1 << WVM_LARGE_SHIFT;
    uintptr_t end = wvm_min(r->end, q->end), to;
    for (; at < end; at = to) {
        to = wvm_min(wvm_align_down(at, unit) + unit, end);
        bool large = wvm_host_is_large(at);
        size_t last = (to - q->start) >> WVM_PAGE_SHIFT;
        for (size_t i = (at - q->start) >> WVM_PAGE_SHIFT; large && i < last; i++)
            if (q->code[i] & WVM_WORKING_VALID)
                q->code[i] |= WVM_WORKING_LARGE;
    }
}

static void tell_region(struct asked *q, uintptr_t at, const struct wvm_region *r)
{
    size_t from = (at - q->start) >> WVM_PAGE_SHIFT;
    size_t to = (wvm_min(r->end, q->end) - q->start) >> WVM_PAGE_SHIFT;
    for (size_t i = from; i < to; i++)
        q->code[i] = 0;
    if (WVM_UNLIKELY(r->flags & WVM_ALLOC_PHYSICAL))
        tell_window(q, at, r);
    else if (r->type == WVM_TYPE_PRIVATE)
        tell_private(q, at, r);
    else if (r->type != WVM_TYPE_FREE && r->attr != WVM_ATTR_RESERVED)
        tell_shared(q, at, r);
    if (WVM_UNLIKELY(r->flags & WVM_ALLOC_LARGE) && q->sp)
        take_large(q, at, r);
}

/* A page of zeros cannot tell that it was used; it never counts as left. */
static void take_left(struct asked *q)
{
    uint64_t lo = wvm_page_of(q->start), hi = wvm_page_of(q->end);
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&q->sp->store, &q->sp->left.pages, p, hi, &v);
        for (; v && p < end; p++) {
            uint16_t *code = &q->code[p - lo];
            bool zero = !(*code & WVM_WORKING_SHARED) && q->vec[p - lo] & WVM_PAGE_ZERO;
            if (*code & WVM_WORKING_VALID && !zero)
                *code &= WVM_WORKING_SHARED;
        }
    }
}

static void take_locked(struct asked *q)
{
    uint64_t lo = wvm_page_of(q->start), hi = wvm_page_of(q->end);
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&q->sp->store, &q->sp->locked.pages, p, hi, &v);
        for (; v && p < end; p++)
            if (q->code[p - lo] & WVM_WORKING_VALID)
                q->code[p - lo] |= WVM_WORKING_LOCKED;
    }
}

static void take_marks(struct asked *q)
{
    struct wvm_space *sp = q->sp;
    uint64_t lo = wvm_page_of(q->start), hi = wvm_page_of(q->end);
    if (WVM_UNLIKELY(wvm_space_any_marked(sp, &sp->left.pages, lo, hi)))
        take_left(q);
    if (WVM_UNLIKELY(sp->n_locked))
        take_locked(q);
}

static void tell(struct asked *q)
{
    struct wvm_region r;
    clear(q->vec, (q->end - q->start) >> WVM_PAGE_SHIFT);
    for (uintptr_t at = q->start; at < q->end; at = r.end) {
        if (wvm_space_query(q->sp, at, &r) || r.end <= at)
            r = (struct wvm_region){.end = q->end};
        tell_region(q, at, &r);
    }
    take_marks(q);
}

wvm_status wvm_space_working(struct wvm_space *sp, uintptr_t start, size_t n, uint16_t *code)
{
    struct asked q;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    q.sp = sp;
    q.pid = 0;
    q.start = start;
    q.end = start + (n << WVM_PAGE_SHIFT);
    q.code = code;
    q.vec_known = false;
    tell(&q);
    wvm_space_leave(sp);
    return STATUS_SUCCESS;
}

bool wvm_space_any_left(const struct wvm_space *sp)
{
    uint8_t v;
    return !wvm_pages_is_uniform(&sp->left.pages, &v);
}

wvm_status wvm_space_working_begin(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    sp->asked = true;
    if (start < end)
        wvm_space_left_refresh(sp, wvm_page_of(start), wvm_page_of(end));
    wvm_space_leave(sp);
    return STATUS_SUCCESS;
}

/* ---- changes ---- */

void wvm_space_forget_seen(struct wvm_space *sp)
{
    if (wvm_space_enter(sp))
        return;
    wvm_pages_end(&sp->store, &sp->seen.pages);
    wvm_sheet_start(&sp->seen, 0);
    wvm_space_leave(sp);
}

/* The runs of equal pages are few: the window is. */
wvm_status wvm_space_take_new(struct wvm_space *sp, uintptr_t start, size_t n, uint16_t *code,
                              bool note)
{
    uint64_t lo = wvm_page_of(start);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    for (size_t i = 0, end; i < n && !status; i = end) {
        bool valid = code[i] & WVM_WORKING_VALID;
        bool seen = wvm_sheet_at(&sp->store, &sp->seen, lo + i);
        for (end = i + 1; end < n && !(code[end] & WVM_WORKING_VALID) == !valid &&
                          wvm_sheet_at(&sp->store, &sp->seen, lo + end) == seen; end++)
            ;
        if (seen)
            clear((uint8_t *)(code + i), (end - i) * sizeof *code);
        if (!note || seen == valid)
            continue;
        if (wvm_space_stock(sp, 0, 0))
            wvm_sheet_set(&sp->store, &sp->seen, lo + i, lo + end, valid);
        else
            status = STATUS_NO_MEMORY;
        wvm_store_flush(&sp->store);
    }
    wvm_space_leave(sp);
    return status;
}

/* ---- other processes ---- */

wvm_status wvm_space_working_region(pid_t pid, const struct wvm_region *r, uintptr_t start,
                                    size_t n, uint16_t *code)
{
    struct asked q;
    int err;
    q.sp = NULL;
    q.pid = pid;
    q.start = start;
    q.end = start + (n << WVM_PAGE_SHIFT);
    q.code = code;
    q.vec_known = false;
    clear(q.vec, n);
    err = wvm_host_pages_of(pid, start, 1, WVM_WANT_PRESENT, q.vec);
    if (err < 0)
        return err == -EACCES || err == -EPERM ? STATUS_ACCESS_DENIED
                                               : STATUS_PROCESS_IS_TERMINATING;
    tell_region(&q, start, r);
    return STATUS_SUCCESS;
}
