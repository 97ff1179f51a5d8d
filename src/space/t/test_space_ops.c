/* Every operation and every error of space.h but those of locks and resets, on the real host, with
 * each capability switched off.
 * Pictures: one character per page: '.' reserved, 'w' READWRITE, 'r' READONLY, 'n' NOACCESS,
 * ' ' free; '[' ']' the ends of an allocation. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/t/space_unit.h"

static uintptr_t reserve(uintptr_t at, unsigned n_pages, uint8_t attr, bool commit)
{
    struct wvm_request req = {
        .start = at, .len = n_pages * (uintptr_t)PG, .attr = attr, .commit = commit};
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert(at == 0 || req.start == at);
    ck_assert_uint_eq(req.start % WVM_GRANULE_SIZE, 0);
    return req.start;
}

static wvm_status reserve_status(struct wvm_request req)
{
    struct wvm_request was = req;
    wvm_status status = wvm_space_reserve(SP, &req);
    if (status)
        ck_assert_mem_eq(&req, &was, sizeof req);
    unit_audit();
    return status;
}

/* alloc 0: free. */
static void expect_run(uintptr_t at, uintptr_t end, uint8_t attr, uintptr_t alloc)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.start, at);
    /* a free run may go on */
    ck_assert(alloc ? r.end == end : r.end >= end);
    ck_assert_uint_eq(r.attr, attr);
    ck_assert_uint_eq(r.alloc_start, alloc);
    ck_assert_int_eq(r.type, alloc ? WVM_TYPE_PRIVATE : WVM_TYPE_FREE);
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/*  [................]  ->  [..wwww....rr....]  ->  [................] -> free */
START_TEST(life)
{
    uint64_t word;
    uintptr_t end;
    unit_set_up(_i);
    uintptr_t a = reserve(0, 16, WVM_ATTR_RO, false);
    expect_run(a, a + 16 * PG, WVM_ATTR_RESERVED, a);
    WORKS(wvm_space_commit(SP, a + 2 * PG, a + 6 * PG, WVM_ATTR_RW));
    WORKS(wvm_space_commit(SP, a + 10 * PG, a + 12 * PG, WVM_ATTR_RO));
    ck_assert_uint_eq(committed(), 6);
    expect_run(a, a + 2 * PG, WVM_ATTR_RESERVED, a);
    expect_run(a + 2 * PG, a + 6 * PG, WVM_ATTR_RW, a);
    expect_run(a + 10 * PG, a + 12 * PG, WVM_ATTR_RO, a);
    ck_assert(unit_write(a + 3 * PG, 77));
    ck_assert(!unit_write(a + 10 * PG, 77));
    ck_assert(!unit_read(a + 6 * PG, &word));
    WORKS(wvm_space_commit(SP, a, a + 16 * PG, WVM_ATTR_RW));
    ck_assert(unit_read(a + 3 * PG, &word) && word == 77);
    ck_assert_uint_eq(committed(), 16);
    WORKS(wvm_space_decommit(SP, a + 3 * PG, a + 5 * PG, &end));
    ck_assert_uint_eq(end, a + 5 * PG);
    ck_assert(!unit_read(a + 3 * PG, &word));
    WORKS(wvm_space_commit(SP, a + 3 * PG, a + 4 * PG, WVM_ATTR_RW));
    ck_assert(unit_read(a + 3 * PG, &word) && word == 0);
    WORKS(wvm_space_decommit(SP, a, a, &end));
    ck_assert_uint_eq(end, a + 16 * PG);
    expect_run(a, a + 16 * PG, WVM_ATTR_RESERVED, a);
    ck_assert_uint_eq(committed(), 0);
    WORKS(wvm_space_release(SP, a, a, &end));
    ck_assert_uint_eq(committed(), 0);
    ANSWERS(wvm_space_release(SP, a, a, &end), STATUS_MEMORY_NOT_ALLOCATED);
}
END_TEST

/*  [wwww][  release the middle:  [w]  [w], each an allocation; then the whole again */
START_TEST(parts)
{
    uintptr_t end;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = reserve(0, 48, WVM_ATTR_RW, true);
    for (unsigned i = 0; i < 48; i++)
        ck_assert(unit_write(a + i * PG, i + 1));
    WORKS(wvm_space_release(SP, a + PG, a + 47 * PG, &end));
    expect_run(a, a + PG, WVM_ATTR_RW, a);
    expect_run(a + PG, a + 47 * PG, 0, 0);
    expect_run(a + 47 * PG, a + 48 * PG, WVM_ATTR_RW, a + 47 * PG);
    ck_assert(unit_read(a, &word) && word == 1);
    ck_assert(unit_read(a + 47 * PG, &word) && word == 48);
    ck_assert(!unit_read(a + 20 * PG, &word));
    ANSWERS(reserve_status((struct wvm_request){.start = a, .len = PG, .attr = WVM_ATTR_RW}),
            STATUS_CONFLICTING_ADDRESSES);
    reserve(a + 16 * PG, 16, WVM_ATTR_RW, true);
    ck_assert(unit_read(a + 16 * PG, &word) && word == 0);
    ANSWERS(reserve_status(
                (struct wvm_request){.start = a + 32 * PG, .len = 16 * PG, .attr = WVM_ATTR_RW}),
            STATUS_CONFLICTING_ADDRESSES);
    reserve(a + 32 * PG, 15, WVM_ATTR_RO, false);
    WORKS(wvm_space_release(SP, a, a, &end));
    WORKS(wvm_space_release(SP, a + 47 * PG, a + 48 * PG, &end));
    WORKS(wvm_space_release(SP, a + 32 * PG, a + 32 * PG, &end));
    WORKS(wvm_space_release(SP, a + 16 * PG, a + 32 * PG, &end));
    expect_run(a, a + 48 * PG, 0, 0);
    reserve(a, 48, WVM_ATTR_RW, true);
}
END_TEST

START_TEST(errors_of_ranges)
{
    uintptr_t end = 1;
    uint8_t old = 99;
    unit_set_up(_i);
    uintptr_t a = reserve(0, 32, WVM_ATTR_RW, false), past = a + 32 * PG;
    WORKS(wvm_space_commit(SP, a, a + 4 * PG, WVM_ATTR_RW));
    ANSWERS(wvm_space_commit(SP, a + 30 * PG, past + PG, WVM_ATTR_RW),
            STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_commit(SP, past, past + PG, WVM_ATTR_RW), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_reset(SP, a, past + PG), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_reset_undo(SP, past, past + PG), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_decommit(SP, a, past + PG, &end), STATUS_UNABLE_TO_FREE_VM);
    ANSWERS(wvm_space_decommit(SP, a + PG, a + PG, &end), STATUS_FREE_VM_NOT_AT_BASE);
    ANSWERS(wvm_space_release(SP, a + PG, a + PG, &end), STATUS_FREE_VM_NOT_AT_BASE);
    ANSWERS(wvm_space_release(SP, a, past + PG, &end), STATUS_UNABLE_TO_FREE_VM);
    ANSWERS(wvm_space_release(SP, past, past + PG, &end), STATUS_MEMORY_NOT_ALLOCATED);
    ANSWERS(wvm_space_protect(SP, a, a + 5 * PG, WVM_ATTR_RO, &old), STATUS_NOT_COMMITTED);
    ANSWERS(wvm_space_protect(SP, a, past + PG, WVM_ATTR_RO, &old), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_lock(SP, a, a + 5 * PG), STATUS_ACCESS_VIOLATION);
    ANSWERS(wvm_space_unlock(SP, a, a + PG), STATUS_NOT_LOCKED);
    ck_assert_uint_eq(end, 1);
    ck_assert_uint_eq(old, 99);
    expect_run(a, a + 4 * PG, WVM_ATTR_RW, a);
    expect_run(a + 4 * PG, past, WVM_ATTR_RESERVED, a);
}
END_TEST

START_TEST(places)
{
    uintptr_t end;
    unit_set_up(_i);
    struct wvm_request low = {
        .len = 5 * PG, .limit = 0x80000000, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &low));
    ck_assert_uint_le(low.start + low.len, 0x80000000);
    struct wvm_request high = {.len = 5 * PG, .attr = WVM_ATTR_RW, .top_down = true};
    WORKS(wvm_space_reserve(SP, &high));
    uintptr_t any = reserve(0, 1, WVM_ATTR_RW, false);
    ck_assert_uint_gt(high.start, any);
    uintptr_t fixed = reserve(UNIT_FREE, 40, WVM_ATTR_RW, true);
    ANSWERS(reserve_status((struct wvm_request){.start = fixed, .len = PG, .attr = WVM_ATTR_RW}),
            STATUS_CONFLICTING_ADDRESSES);
    WORKS(wvm_space_release(SP, fixed, fixed, &end));
    expect_run(fixed, end, 0, 0);
}
END_TEST

/* Bounds and alignments, below the slabs and inside them; the request as the caller of the Ex form
 * makes it. span: how many such allocations fit at all, 0: many. */
static const struct {
    uintptr_t low, limit, align, len;
    unsigned span;
} bounded[] = {
    {0, 0x20001000, 0, 0x40000, 0},                        /* PH-013 */
    {0, 0x20001000, 0x10000, PG, 0},                       /* PH-017 */
    {0, 0, 0x40000, PG, 0},                                /* PH-021 */
    {0x20000000, 0, 0, PG, 0},                             /* PH-027 */
    {0x20000000, 0x30000000, 0, PG, 0},                    /* PH-028 */
    {0x30000000, 0x30001000, 0, PG, 1},                    /* exactly one page */
    {0x30000000, 0x30021000, 0, 2 * PG, 2},                /* the third would end a page above */
    {0x30000000, 0x30180000, 0x100000, 0x80000, 2},
    {0x30010000, 0x30200000, 0x100000, 0x100000, 1},
#ifdef __LP64__
    {0, 0, (uintptr_t)1 << 40, 0x30000, 0},
    {0x7ff000000000, 0, 0, 0x10000, 0},
    {(uintptr_t)1 << 45, 0, (uintptr_t)1 << 32, PG, 0},
#else
    {0, 0, (uintptr_t)1 << 26, 0x30000, 0},
    {0x80000000, 0, 0, 0x10000, 0},
    {0x80000000, 0, (uintptr_t)1 << 24, PG, 0},
#endif
};
#define HALF ((uintptr_t)1 << (WVM_ADDRESS_BITS - 1))
#define ALIGN_MOST ((uintptr_t)1 << (sizeof(uintptr_t) * 8 - 1))

/* One slab holds them all, or none of them. */
static bool in_order(const struct wvm_request *want)
{
    return WVM_ADDRESS_BITS > 32 || want->limit;
}

static void check_bounds(void)
{
    uintptr_t at[8], end;
    for (int top_down = 0; top_down < 2; top_down++)
        for (unsigned i = 0; i < WVM_ARRAY_LEN(bounded); i++) {
            unsigned n = 0, most = bounded[i].span ? bounded[i].span : WVM_ARRAY_LEN(at);
            struct wvm_request want = {
                .len = bounded[i].len, .low = bounded[i].low, .limit = bounded[i].limit,
                .align = bounded[i].align, .attr = WVM_ATTR_RW, .commit = true,
                .top_down = top_down};
            for (; n < most; n++) {
                struct wvm_request req = want;
                WORKS(wvm_space_reserve(SP, &req));
                at[n] = req.start;
                ck_assert_uint_ge(at[n], want.low);
                ck_assert(!want.limit || at[n] + want.len <= want.limit);
                ck_assert_uint_eq(at[n] % (want.align ? want.align : WVM_GRANULE_SIZE), 0);
                ck_assert(!n || !in_order(&want) ||
                          (top_down ? at[n] < at[n - 1] : at[n] > at[n - 1]));
                ck_assert(unit_write(at[n] + want.len - 8, n));
            }
            if (bounded[i].span)
                ck_assert_int_eq(reserve_status(want), STATUS_NO_MEMORY);
            while (n--)
                WORKS(wvm_space_release(SP, at[n], at[n], &end));
        }
}

START_TEST(bounds)
{
    unit_set_up(_i);
    struct wvm_request aligned = {.len = PG, .align = (uintptr_t)1 << 30, .attr = WVM_ATTR_RW};
    WORKS(wvm_space_reserve(SP, &aligned));
    ck_assert_uint_eq(aligned.start % ((uintptr_t)1 << 30), 0);
    /* No place begins at a multiple of half the space below the top but the half itself. */
    struct wvm_request one = {.len = PG, .align = HALF, .attr = WVM_ATTR_RW};
    WORKS(wvm_space_reserve(SP, &one));
    ck_assert_uint_eq(one.start, HALF);
    one.start = 0;
    ck_assert_int_eq(reserve_status(one), STATUS_NO_MEMORY);
    struct wvm_request huge = {.len = PG, .align = ALIGN_MOST, .attr = WVM_ATTR_RW};
    ck_assert_int_eq(reserve_status(huge), STATUS_NO_MEMORY);
    check_bounds();
}
END_TEST

/* A program's own mapping is never replaced, and is seen. */
START_TEST(foreign)
{
    uint8_t old;
    uintptr_t end;
    struct wvm_region r;
    unit_set_up(_i);
    char *m = mmap((void *)UNIT_FREE, 4 * PG, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    uintptr_t at = (uintptr_t)m;
    m[0] = 5;
    ANSWERS(reserve_status((struct wvm_request){.start = at, .len = PG, .attr = WVM_ATTR_RW}),
            STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(reserve_status((struct wvm_request){
                .start = at - 16 * PG, .len = 64 * PG, .attr = WVM_ATTR_RW, .commit = true}),
            STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(m[0], 5);
    ck_assert_int_eq(wvm_space_query(SP, at + PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.start, at + PG);
    ck_assert_uint_eq(r.end, at + 4 * PG);
    ck_assert_uint_eq(r.flags, WVM_ALLOC_FOREIGN);
    WORKS(wvm_space_protect(SP, at, at + PG, WVM_ATTR_RO, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    ck_assert(!unit_write(at, 1));
    ANSWERS(wvm_space_protect(SP, at, at + 5 * PG, WVM_ATTR_RO, &old),
            STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_release(SP, at, at, &end), STATUS_MEMORY_NOT_ALLOCATED);
    ANSWERS(wvm_space_decommit(SP, at, at + PG, &end), STATUS_MEMORY_NOT_ALLOCATED);
    ANSWERS(wvm_space_commit(SP, at, at + PG, WVM_ATTR_RW), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(m[0], 5);
}
END_TEST

/* The host joins inaccessible mappings that touch; what is whose is told apart all the same. */
START_TEST(foreign_beside_ours)
{
    struct wvm_region r;
    unit_set_up(_i);
    uintptr_t at = UNIT_FREE + WVM_GRANULE_SIZE;
    struct wvm_request req = {.start = at, .len = WVM_GRANULE_SIZE, .attr = WVM_ATTR_RW};
    WORKS(wvm_space_reserve(SP, &req));
    for (unsigned i = 0; i < 2; i++)
        ck_assert_ptr_ne(mmap((void *)(uintptr_t)(i ? at + WVM_GRANULE_SIZE : at - 2 * PG), 2 * PG,
                              PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0),
                         MAP_FAILED);
    ck_assert_int_eq(wvm_space_query(SP, at - PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.flags, WVM_ALLOC_FOREIGN);
    ck_assert_uint_eq(r.alloc_start, at - 2 * PG);
    ck_assert_uint_eq(r.end, at);
    ck_assert_uint_eq(r.alloc_end, at);
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.flags, 0);
    ck_assert_uint_eq(r.end, at + WVM_GRANULE_SIZE);
    at += WVM_GRANULE_SIZE;
    ck_assert_int_eq(wvm_space_query(SP, at + PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.flags, WVM_ALLOC_FOREIGN);
    ck_assert_uint_eq(r.alloc_start, at);
    ck_assert_uint_eq(r.end, at + 2 * PG);
}
END_TEST

/*  wwwwwwww -> wwnnwwrr -> wwwwwwww: contents stay, the old protection is the first page's */
START_TEST(protections)
{
    uint8_t old;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = reserve(0, 8, WVM_ATTR_RW, true);
    for (unsigned i = 0; i < 8; i++)
        ck_assert(unit_write(a + i * PG, 100 + i));
    WORKS(wvm_space_protect(SP, a + 2 * PG, a + 4 * PG, WVM_ATTR_NA, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    WORKS(wvm_space_protect(SP, a + 6 * PG, a + 8 * PG, WVM_ATTR_RO, &old));
    ck_assert(!unit_read(a + 2 * PG, &word));
    ck_assert(!unit_write(a + 7 * PG, 1));
    WORKS(wvm_space_protect(SP, a + 3 * PG, a + 8 * PG, WVM_ATTR_RW | WVM_ATTR_GUARD, &old));
    ck_assert_uint_eq(old, WVM_ATTR_NA);
    ck_assert(!unit_read(a + 7 * PG, &word));
    WORKS(wvm_space_protect(SP, a, a + 8 * PG, WVM_ATTR_RW, &old));
    for (unsigned i = 0; i < 8; i++)
        ck_assert(unit_read(a + i * PG, &word) && word == 100 + i);
    WORKS(wvm_space_commit(SP, a, a + PG, WVM_ATTR_RW | WVM_ATTR_NOCACHE));
    WORKS(wvm_space_protect(SP, a, a + 2 * PG, WVM_ATTR_RO | WVM_ATTR_WRITECOMBINE, &old));
    expect_run(a, a + PG, WVM_ATTR_RO | WVM_ATTR_NOCACHE, a);
    expect_run(a + PG, a + 2 * PG, WVM_ATTR_RO, a);
}
END_TEST

START_TEST(commit_limit)
{
    uintptr_t end;
    unit_set_up(_i);
    wvm_space_native.limit = 20;
    uintptr_t a = reserve(0, 64, WVM_ATTR_RW, false);
    WORKS(wvm_space_commit(SP, a, a + 20 * PG, WVM_ATTR_RW));
    ANSWERS(wvm_space_commit(SP, a + 19 * PG, a + 21 * PG, WVM_ATTR_RW), STATUS_COMMITMENT_LIMIT);
    ANSWERS(reserve_status((struct wvm_request){.len = PG, .attr = WVM_ATTR_NA, .commit = true}),
            STATUS_COMMITMENT_LIMIT);
    WORKS(wvm_space_commit(SP, a, a + 20 * PG, WVM_ATTR_RO));
    WORKS(wvm_space_decommit(SP, a, a + PG, &end));
    WORKS(wvm_space_commit(SP, a + 20 * PG, a + 21 * PG, WVM_ATTR_RW));
    ck_assert_uint_eq(committed(), 20);
    WORKS(wvm_space_release(SP, a, a, &end));
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

START_TEST(fixed_page)
{
    uintptr_t end;
    uint8_t old;
    uint64_t word;
    uintptr_t rw, ro;
    unit_set_up(_i);
    uintptr_t at = UNIT_FREE;
    ck_assert_int_eq(wvm_host.share(PG, &rw, &ro), 0);
    uint64_t *contents = (uint64_t *)rw;
    *contents = 0x1122334455667788;
    WORKS(wvm_space_fixed_page(SP, NULL, at, ro));
    ck_assert(unit_read(at, &word) && word == *contents);
    *contents = 5;
    ck_assert(unit_read(at, &word) && word == 5);
    ck_assert(!unit_write(at, 1));
    ANSWERS(wvm_space_fixed_page(SP, NULL, at, ro), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_release(SP, at, at, &end), STATUS_UNABLE_TO_FREE_VM);
    ANSWERS(wvm_space_decommit(SP, at, at + PG, &end), STATUS_UNABLE_TO_FREE_VM);
    ANSWERS(wvm_space_protect(SP, at, at + PG, WVM_ATTR_RW, &old), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_commit(SP, at, at + PG, WVM_ATTR_RW), STATUS_CONFLICTING_ADDRESSES);
    expect_run(at, at + PG, WVM_ATTR_RO, at);
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

#ifdef __LP64__
/* Pages at one address of several windows of 4 GiB, beside other memory: all show another page from
 * then on, and nothing else changes. */
START_TEST(fixed_pages_move)
{
    enum { N_WINDOWS = 3 };
    uint64_t word, far = UINT64_C(0x220000000000), step = WVM_WINDOW_SIZE;
    uintptr_t rw, ro, new_rw, new_ro, at = 0x7ffe0000;
    unit_set_up(_i);
    ck_assert_int_eq(wvm_host.share(PG, &rw, &ro), 0);
    ck_assert_int_eq(wvm_host.share(PG, &new_rw, &new_ro), 0);
    *(uint64_t *)new_rw = 11;
    uintptr_t a = reserve(0, 16, WVM_ATTR_RW, true);
    WORKS(wvm_space_fixed_page(SP, NULL, at, ro));
    for (unsigned i = 1; i <= N_WINDOWS; i++)
        WORKS(wvm_space_fixed_page(SP, NULL, far + i * step + at, ro));
    WORKS(wvm_space_fixed_page(SP, NULL, far + at + 0x10000, ro));
    struct wvm_request like = {.start = far + at, .len = PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &like));
    ck_assert(unit_write(a, 1) && unit_write(far + at, 2) && unit_read(at, &word) && word == 0);
    WORKS(wvm_space_fixed_pages_move(SP, at, new_ro));
    ck_assert(unit_read(at, &word) && word == 11 && !unit_write(at, 1));
    for (unsigned i = 1; i <= N_WINDOWS; i++)
        ck_assert(unit_read(far + i * step + at, &word) && word == 11);
    ck_assert(unit_read(far + at + 0x10000, &word) && word == 0);
    ck_assert(unit_read(a, &word) && word == 1 && unit_read(far + at, &word) && word == 2);
}
END_TEST
#endif

/* Host refusals leave the place free. */
START_TEST(fixed_page_refused)
{
    uintptr_t rw, ro, end, at = UNIT_FREE;
    unit_set_up(CAPS_ALL);
    ck_assert_int_eq(wvm_host.share(PG, &rw, &ro), 0);
    host_fail_arm(HOST_FAIL_ALIAS, 1, ENOMEM, HOST_FAIL_ONCE);
    ANSWERS(wvm_space_fixed_page(SP, NULL, at, ro), STATUS_NO_MEMORY);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    struct wvm_request req = {.start = at, .len = PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    WORKS(wvm_space_release(SP, at, at, &end));
    WORKS(wvm_space_fixed_page(SP, NULL, at, ro));
}
END_TEST

START_TEST(copies)
{
    size_t done;
    char buf[4 * PG];
    unit_set_up(_i);
    uintptr_t a = reserve(0, 4, WVM_ATTR_RW, false);
    WORKS(wvm_space_commit(SP, a, a + 2 * PG, WVM_ATTR_RW));
    memset(buf, 7, sizeof buf);
    WORKS(wvm_space_write(SP, a + 100, buf, PG, &done));
    ck_assert_uint_eq(done, PG);
    ANSWERS(wvm_space_write(SP, a + PG, buf, 2 * PG, &done), STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(done, PG);
    ANSWERS(wvm_space_read(SP, a, buf, 4 * PG, &done), STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(done, 2 * PG);
    ck_assert(buf[99] == 0 && buf[100] == 7 && buf[2 * PG - 1] == 7);
    ANSWERS(wvm_space_read(SP, a + 3 * PG, buf, 1, &done), STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(done, 0);
}
END_TEST

/* Many small allocations: neighbours share a mapping where guard regions exist. */
START_TEST(small_allocations)
{
    enum { N = 2000 };
    static uintptr_t a[N];
    uintptr_t end;
    uint64_t word;
    unit_set_up(_i);
    for (unsigned i = 0; i < N; i++) {
        struct wvm_request req = {.len = (1 + i % 15) * PG, .attr = WVM_ATTR_RW, .commit = true};
        ck_assert_int_eq(wvm_space_reserve(SP, &req), STATUS_SUCCESS);
        a[i] = req.start;
        ck_assert(unit_write(a[i], i));
        ck_assert(!unit_read(a[i] + (1 + i % 15) * PG, &word));
    }
    unit_audit();
    if (wvm_host_caps.guard && !wvm_host_caps.strict_commit)
        ck_assert_uint_lt(wvm_host_map_count(), 200);
    for (unsigned i = 0; i < N; i += 2)
        ck_assert_int_eq(wvm_space_release(SP, a[i], a[i], &end), STATUS_SUCCESS);
    unit_audit();
    for (unsigned i = 1; i < N; i += 2) {
        ck_assert(unit_read(a[i], &word) && word == i);
        ck_assert(!unit_read(a[i - 1], &word));
        ck_assert_int_eq(wvm_space_release(SP, a[i], a[i], &end), STATUS_SUCCESS);
    }
    unit_audit();
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

START_TEST(a_walk_has_no_holes)
{
    struct wvm_region r;
    uintptr_t at;
    unsigned n = 0;
    unit_set_up(_i);
    reserve(0, 7, WVM_ATTR_RW, true);
    reserve(UNIT_FREE, 3, WVM_ATTR_RW, false);
    for (at = 0; at < wvm_space_top(SP); at = r.end, n++) {
        ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
        ck_assert_uint_eq(r.start, at);
        ck_assert_uint_gt(r.end, at);
        ck_assert_uint_lt(n, 100000);
    }
    ck_assert_uint_eq(at, wvm_space_top(SP));
}
END_TEST

START_TEST(fork_child_goes_on)
{
    uintptr_t end;
    int status;
    unit_set_up(_i);
    uintptr_t a = reserve(0, 8, WVM_ATTR_RW, true);
    ck_assert(unit_write(a, 9));
    WORKS(wvm_space_lock(SP, a, a + PG));
    wvm_space_before_fork(SP);
    pid_t pid = fork();
    if (pid == 0) {
        uint64_t word;
        wvm_host_after_fork_child();
        wvm_space_after_fork_child(SP);
        bool good = wvm_space_audit(SP) == NULL && unit_read(a, &word) && word == 9 &&
                    wvm_space_unlock(SP, a, a + PG) == STATUS_NOT_LOCKED &&
                    wvm_space_release(SP, a, a, &end) == STATUS_SUCCESS &&
                    wvm_space_audit(SP) == NULL;
        _exit(good ? 0 : 1);
    }
    wvm_space_after_fork_parent(SP);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    WORKS(wvm_space_unlock(SP, a, a + PG));
    WORKS(wvm_space_release(SP, a, a, &end));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-ops", 60, &tc);
    tcase_add_loop_test(tc, life, 0, N_CAPS);
    tcase_add_loop_test(tc, parts, 0, N_CAPS);
    tcase_add_loop_test(tc, errors_of_ranges, 0, N_CAPS);
    tcase_add_loop_test(tc, places, 0, N_CAPS);
    tcase_add_loop_test(tc, bounds, 0, N_CAPS);
    tcase_add_loop_test(tc, foreign, 0, N_CAPS);
    tcase_add_loop_test(tc, foreign_beside_ours, 0, N_CAPS);
    tcase_add_loop_test(tc, protections, 0, N_CAPS);
    tcase_add_loop_test(tc, commit_limit, 0, N_CAPS);
    tcase_add_loop_test(tc, fixed_page, 0, N_CAPS);
#ifdef __LP64__
    tcase_add_loop_test(tc, fixed_pages_move, 0, N_CAPS);
#endif
    tcase_add_test(tc, fixed_page_refused);
    tcase_add_loop_test(tc, copies, 0, N_CAPS);
    tcase_add_loop_test(tc, small_allocations, 0, N_CAPS);
    tcase_add_loop_test(tc, a_walk_has_no_holes, 0, N_CAPS);
    tcase_add_loop_test(tc, fork_child_goes_on, 0, N_CAPS);
    return unit_run(suite);
}
