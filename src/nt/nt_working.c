/* The working set as NtQueryVirtualMemory tells it.
 *
 * Order of checks: length, then the buffer. An address that cannot be anybody's is no error: there
 * is nothing at it (WS-049).
 * I1  The Ex class answers entry by entry, in the caller's order (WS-050); entries whose pages lie
 *     near each other share a look at the tables and a call of the host, as long as they follow
 *     each other in the array, in whatever order.
 * I2  An entry's address is read once; while another thread of the caller changes the array, every
 *     answer still belongs to some address that was there.
 * I3  The list of the other class is what was there page by page as the walk came by.
 * Terms   batch = entries answered together; window = the pages from the lowest to the highest of
 *         a batch.
 * Locking: the space's, for each window.   Failure: the buffer may be partly written.
 * Signal safety: none. */
#include "nt/nt_working.h"

#include <string.h>

#include <winvm/psapi.h>

#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_rules.h"
#include "nt/nt_query.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_working.h"

enum { PAGES = WVM_WORKING_PAGES };

/* A caller's array may be misaligned. */
typedef PSAPI_WORKING_SET_EX_INFORMATION ex_entry __attribute__((aligned(1)));
typedef ULONG_PTR word __attribute__((aligned(1), may_alias));

bool wvm_nt_array_writable(const void *at, size_t len)
{
    struct wvm_region r;
    uintptr_t start = (uintptr_t)at, end, next;
    if (!wvm_add_checked(start, len, &end))
        return false;
    for (uintptr_t p = start; p < end; p = next) {
        next = wvm_min(wvm_align_down(p, WVM_PAGE_SIZE) + WVM_PAGE_SIZE, end);
        if (p < wvm_nt_host_top() && wvm_nt_region_at(p, &r) >= 0 && r.type == WVM_TYPE_PRIVATE &&
            r.attr == WVM_ATTR_RW)
            next = wvm_min(r.end, end);
        else if (!wvm_user_writable((const void *)p, next - p))
            return false;
    }
    return true;
}

/* ---- what is known of pages ---- */

/* Pages of another process: what its mappings say. */
static wvm_status look_elsewhere(const struct wvm_target *t, uintptr_t start, size_t n,
                                 uint16_t *code)
{
    struct wvm_region r;
    uintptr_t end = start + n * WVM_PAGE_SIZE;
    for (uintptr_t at = start; at < end; at = r.end) {
        wvm_status status = wvm_nt_region_in(t, at, &r);
        size_t i = (at - start) / WVM_PAGE_SIZE;
        if (status < 0)
            return status;
        if (r.end <= at)
            r.end = end;
        status = wvm_space_working_region(t->pid, &r, at,
                                          (wvm_min(r.end, end) - at) / WVM_PAGE_SIZE, code + i);
        if (status < 0)
            return status;
    }
    return STATUS_SUCCESS;
}

/* start: in the target's terms; the window is in its user space. */
static wvm_status look_at(const struct wvm_target *t, uintptr_t start, size_t n, uint16_t *code)
{
    return t->pid ? look_elsewhere(t, start, n, code)
                  : wvm_space_working(&wvm_space_native, t->base + start, n, code);
}

/* First address that nothing can be at. */
static uintptr_t end_of(const struct wvm_target *t)
{
    return t->window ? t->top : wvm_nt_host_top();
}

static unsigned share_count(uint16_t code)
{
    return !(code & WVM_WORKING_SHARED) ? 0 : code & WVM_WORKING_SEVERAL ? 2 : 1;
}

static ULONG_PTR ex_block(uint16_t code)
{
    ULONG_PTR block = code & WVM_WORKING_SHARED ? 1u << 15 : 0;
    if (!(code & WVM_WORKING_VALID))
        return block;
    block |= 1 | share_count(code) << 1;
    block |= (ULONG_PTR)wvm_nt_prot_of(code & WVM_WORKING_ATTR) << 4;
    block |= code & WVM_WORKING_LOCKED ? 1u << 22 : 0;
    block |= code & WVM_WORKING_LARGE ? 1u << 23 : 0;
    return block;
}

/* ---- the Ex class ---- */

struct batch {
    uintptr_t first, lo, hi; /* pages: of the first entry, and the window */
    size_t n;                /* entries */
    int16_t at[PAGES];       /* of each: its page less the first */
    uint16_t code[PAGES];
    uint8_t node[PAGES];
};
#define NOWHERE INT16_MIN

/* Far pages are worth sharing a window while it has few pages for each entry. */
static inline uintptr_t widest(const struct batch *b)
{
    return WVM_LIKELY(b->n > PAGES / 16) ? PAGES : 64 + 16 * b->n;
}

static inline uintptr_t page_of(const ex_entry *entry)
{
    return *(const volatile word *)&entry->VirtualAddress / WVM_PAGE_SIZE;
}

/* Takes entries while they are near each other; at least one. */
static void gather(struct batch *b, const ex_entry *entry, size_t n, uintptr_t end_page)
{
    b->first = b->lo = b->hi = 0;
    for (b->n = 0; b->n < wvm_min(n, (size_t)PAGES); b->n++) {
        uintptr_t page = page_of(&entry[b->n]);
        b->at[b->n] = NOWHERE;
        if (WVM_UNLIKELY(page >= end_page))
            continue;
        if (WVM_UNLIKELY(!b->hi))
            b->first = b->lo = b->hi = page;
        uintptr_t lo = wvm_min(b->lo, page), hi = wvm_max(b->hi, page + 1);
        if (hi - lo > widest(b))
            break;
        b->lo = lo;
        b->hi = hi;
        b->at[b->n] = (int16_t)(page - b->first);
    }
}

static wvm_status look(const struct wvm_target *t, struct batch *b)
{
    size_t n = b->hi - b->lo;
    if (n == 0)
        return STATUS_SUCCESS;
    wvm_status status = look_at(t, b->lo * WVM_PAGE_SIZE, n, b->code);
    if (wvm_host_has_nodes())
        (void)wvm_host_nodes_of(t->pid, t->base + b->lo * WVM_PAGE_SIZE, n, b->node);
    return status;
}

static inline ULONG_PTR node_bits(const struct batch *b, size_t i)
{
    return b->code[i] & WVM_WORKING_VALID ? (ULONG_PTR)(b->node[i] & 63) << 16 : 0;
}

static void answer(const struct batch *b, ex_entry *entry)
{
    bool nodes = wvm_host_has_nodes();
    intptr_t shift = (intptr_t)(b->first - b->lo);
    uint16_t code = 0;
    ULONG_PTR block = ex_block(code);
    for (size_t k = 0; k < b->n; k++) {
        size_t i = (size_t)(b->at[k] + shift);
        bool known = b->at[k] != NOWHERE;
        uint16_t now = known ? b->code[i] : 0;
        if (WVM_UNLIKELY(now != code)) {
            code = now;
            block = ex_block(code);
        }
        entry[k].VirtualAttributes.Flags = block | (nodes && known ? node_bits(b, i) : 0);
    }
}

/* Marks of all the pages that the array is about are brought up to date at once. */
static wvm_status begin(const struct wvm_target *t, const ex_entry *entry, size_t n)
{
    uintptr_t lo = UINTPTR_MAX, hi = 0, end_page = end_of(t) / WVM_PAGE_SIZE;
    if (t->pid)
        return STATUS_SUCCESS;
    for (size_t i = 0; wvm_space_any_left(&wvm_space_native) && i < n; i++) {
        uintptr_t page = page_of(&entry[i]);
        lo = page < end_page ? wvm_min(lo, page) : lo;
        hi = page < end_page ? wvm_max(hi, page + 1) : hi;
    }
    lo = lo < hi ? lo : hi;
    return wvm_space_working_begin(&wvm_space_native, t->base + lo * WVM_PAGE_SIZE,
                                   t->base + hi * WVM_PAGE_SIZE);
}

wvm_status wvm_nt_query_working_ex(const struct wvm_target *t, struct wvm_nt_buffer *buf)
{
    struct batch b;
    ex_entry *entry = buf->at;
    size_t n = buf->len / sizeof *entry;
    if (n == 0)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!wvm_nt_array_writable(entry, n * sizeof *entry))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = begin(t, entry, n);
    for (size_t i = 0; status >= 0 && i < n; i += b.n) {
        gather(&b, entry + i, n - i, end_of(t) / WVM_PAGE_SIZE);
        status = look(t, &b);
        if (status >= 0)
            answer(&b, entry + i);
    }
    /* A 32-bit program on a 64-bit Windows is told of whole entries (WS-052). */
    if (status >= 0)
        buf->needed = sizeof(void *) == 8 ? buf->len : n * sizeof *entry;
    return status;
}

/* ---- the list ---- */

struct list {
    word *at;             /* the caller's: count, then blocks */
    size_t room;          /* blocks */
    size_t n;             /* found */
    ULONG_PTR block[128]; /* those of them that are not with the caller yet */
    size_t n_block;
};

/* The protection of a block; 0 for none. */
static unsigned list_protection(uint8_t attr)
{
    static const uint8_t access[16] = {
        [WVM_ATTR_RO] = 1, [WVM_ATTR_X] = 2, [WVM_ATTR_XR] = 3, [WVM_ATTR_RW] = 4,
        [WVM_ATTR_WC] = 5, [WVM_ATTR_XRW] = 6, [WVM_ATTR_XWC] = 7,
    };
    return access[attr & WVM_ATTR_ACCESS] | (attr & WVM_ATTR_NOCACHE ? 8u : 0) |
           (attr & WVM_ATTR_WRITECOMBINE ? 24u : 0);
}

static bool hand_over(struct list *l)
{
    size_t done = l->n - l->n_block, n = l->n_block;
    l->n_block = 0;
    if (done >= l->room)
        return true;
    n = wvm_min(n, l->room - done);
    if (!wvm_nt_array_writable(l->at + 1 + done, n * sizeof *l->at))
        return false;
    memcpy((void *)(l->at + 1 + done), l->block, n * sizeof l->block[0]);
    return true;
}

static wvm_status add_pages(void *ctx, uintptr_t at, uint16_t *code, size_t n)
{
    struct list *l = ctx;
    for (size_t i = 0; i < n; i++) {
        if (!(code[i] & WVM_WORKING_VALID))
            continue;
        l->block[l->n_block++] =
            (at + i * WVM_PAGE_SIZE) | (code[i] & WVM_WORKING_SHARED ? 1u << 8 : 0) |
            share_count(code[i]) << 5 | list_protection(code[i] & WVM_WORKING_ATTR);
        l->n++;
        if (l->n_block == WVM_ARRAY_LEN(l->block) && !hand_over(l))
            return STATUS_ACCESS_VIOLATION;
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_query_working(const struct wvm_target *t, struct wvm_nt_buffer *buf)
{
    struct list l = {.at = buf->at};
    if (buf->len < sizeof *l.at)
        return STATUS_INFO_LENGTH_MISMATCH;
    l.room = buf->len / sizeof *l.at - 1;
    if (!wvm_nt_array_writable(l.at, sizeof *l.at))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_nt_walk_working(t, add_pages, &l);
    if (status >= 0 && !hand_over(&l))
        status = STATUS_ACCESS_VIOLATION;
    if (status < 0)
        return status;
    ULONG_PTR n = l.n;
    wvm_user_store((void *)l.at, &n, sizeof n);
    if (l.n > l.room)
        return STATUS_INFO_LENGTH_MISMATCH;
    buf->needed = (l.n + 1) * sizeof *l.at;
    return STATUS_SUCCESS;
}

/* ---- the walk ---- */

static bool may_be_valid(const struct wvm_region *r)
{
    uint8_t access = r->attr & WVM_ATTR_ACCESS;
    return r->type != WVM_TYPE_FREE && access > WVM_ATTR_NA && access != WVM_ATTR_OFFERED &&
           !(r->attr & WVM_ATTR_GUARD);
}

/* The next page that may be in the working set: of windows, all that show a frame are. */
static uintptr_t next_valid(const struct wvm_target *t, uintptr_t at, const struct wvm_region *r)
{
    return r->flags & WVM_ALLOC_PHYSICAL
               ? at
               : wvm_host_next_present(t->pid, t->base + at, t->base + r->end) - t->base;
}

static wvm_status walk_region(const struct wvm_target *t, uintptr_t at, const struct wvm_region *r,
                              wvm_working_pages *pages, void *ctx)
{
    uint16_t code[PAGES];
    while ((at = next_valid(t, at, r)) < r->end) {
        size_t n = wvm_min((r->end - at) / WVM_PAGE_SIZE, (size_t)PAGES);
        wvm_status status = look_at(t, at, n, code);
        if (status >= 0)
            status = pages(ctx, at, code, n);
        if (status < 0)
            return status;
        at += n * WVM_PAGE_SIZE;
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_walk_working(const struct wvm_target *t, wvm_working_pages *pages, void *ctx)
{
    struct wvm_region r;
    wvm_status status = STATUS_SUCCESS;
    uintptr_t end = end_of(t);
    if (!t->pid)
        status = wvm_space_working_begin(&wvm_space_native, t->base, t->base + end);
    for (uintptr_t at = WVM_GRANULE_SIZE; status >= 0 && at < end; at = r.end) {
        status = wvm_nt_region_in(t, at, &r);
        if (status < 0 || r.end <= at)
            break;
        r.end = wvm_min(r.end, end);
        if (may_be_valid(&r))
            status = walk_region(t, at, &r, pages, ctx);
    }
    return status;
}

/* ---- emptying ---- */

wvm_status wvm_nt_empty_working(const struct wvm_target *t)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    if (t->pid) {
        wvm_remote_request_init(&req, WVM_REMOTE_TRIM);
        return wvm_nt_elsewhere(t->pid, &req, -1, &answer);
    }
    return t->window ? wvm_space_trim(&wvm_space_native, t->base, t->base + t->top)
                     : wvm_space_trim_all(&wvm_space_native);
}
