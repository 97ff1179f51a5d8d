/* The working set: what is known of pages, the list of NtQueryVirtualMemory, and emptying it.
 *
 * Order of checks: length, then the buffer.
 * I1  The list is what was there page by page as the walk came by.
 * Locking: the space's, for each look.   Failure: the buffer may be partly written.
 * Signal safety: none. */
#include "nt/nt_working.h"

#include <string.h>

#include <winvm/psapi.h>

#include "base/arith.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_query.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_working.h"

enum { PAGES = WVM_WORKING_PAGES };

/* A caller's array may be misaligned. */
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

wvm_status wvm_nt_working_at(const struct wvm_target *t, uintptr_t start, size_t n, uint16_t *code)
{
    return t->pid ? look_elsewhere(t, start, n, code)
                  : wvm_space_working(&wvm_space_native, t->base + start, n, code);
}

uintptr_t wvm_nt_working_end(const struct wvm_target *t)
{
    return t->window ? t->top : wvm_nt_host_top();
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
            wvm_nt_share_count(code[i]) << 5 | list_protection(code[i] & WVM_WORKING_ATTR);
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
        wvm_status status = wvm_nt_working_at(t, at, n, code);
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
    uintptr_t end = wvm_nt_working_end(t);
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
