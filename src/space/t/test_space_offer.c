/* Offering, reclaiming and discarding: what every other call does to offered pages, what counts as
 * lost, and ranges that are refused. Each test runs with every capability, and without each. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "space/space_change.h"
#include "space/space_working.h"
#include "space/t/space_unit.h"

enum { N = 32, HOST_PAGEOUT = 21 };

static uintptr_t base;

static uintptr_t addr(unsigned page)
{
    return base + (uintptr_t)page * PG;
}

static void make_with(uint8_t attr, uint16_t flags)
{
    struct wvm_request req = {.len = N * PG, .attr = attr, .commit = true, .flags = flags};
    WORKS(wvm_space_reserve(SP, &req));
    base = req.start;
}

static void fill(unsigned lo, unsigned hi, uint64_t tag)
{
    for (unsigned i = lo; i < hi; i++)
        ck_assert(unit_write(addr(i), tag + i));
}

static void set_up(int caps)
{
    unit_set_up(caps);
    make_with(WVM_ATTR_RW, 0);
    fill(0, N, 100);
}

static void check(unsigned lo, unsigned hi, uint64_t tag)
{
    uint64_t word;
    for (unsigned i = lo; i < hi; i++) {
        ck_assert(unit_read(addr(i), &word));
        ck_assert_uint_eq(word, tag ? tag + i : 0);
    }
}

static bool is_closed(unsigned page)
{
    uint64_t word;
    return !unit_read(addr(page), &word) && !unit_write(addr(page), 1);
}

static uint8_t state_of(unsigned page)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, addr(page), &r), STATUS_SUCCESS);
    return r.attr;
}

#define OFFERS(lo, hi) WORKS(wvm_space_offer(SP, addr(lo), addr(hi), (lo) % 2 == 0))
#define RECLAIMS(lo, hi, want)                                                \
    do {                                                                      \
        bool lost_;                                                           \
        WORKS(wvm_space_reclaim(SP, addr(lo), addr(hi), &lost_));             \
        ck_assert_int_eq(lost_, want);                                        \
    } while (0)

/* The host takes the pages that it may have. False: it cannot be asked to, page by page. */
static bool take(unsigned lo, unsigned hi)
{
    return wvm_host_caps.madv_free &&
           madvise((void *)addr(lo), (size_t)(hi - lo) * PG, HOST_PAGEOUT) == 0;
}

START_TEST(parts)
{
    set_up(_i);
    OFFERS(4, 20);
    ck_assert(is_closed(4) && is_closed(19) && !is_closed(3) && !is_closed(20));
    fill(0, 4, 100);
    fill(20, N, 100);
    ck_assert_uint_eq(state_of(4), WVM_ATTR_OFFERED);
    OFFERS(10, 24);
    RECLAIMS(8, 12, false);
    check(8, 12, 100);
    ck_assert(is_closed(7) && is_closed(12));
    RECLAIMS(0, N, false);
    check(0, N, 100);
    ck_assert_uint_eq(state_of(5), WVM_ATTR_RW);
    RECLAIMS(0, N, false);
}
END_TEST

START_TEST(told_once)
{
    set_up(_i);
    OFFERS(0, N);
    if (take(3, 5)) {
        RECLAIMS(4, N, true);
        check(5, N, 100);
        check(4, 5, 0);
        RECLAIMS(0, 2, false);
        RECLAIMS(0, N, true);
        check(0, 3, 100);
        check(3, 4, 0);
    } else {
        RECLAIMS(0, N, false);
        check(0, N, 100);
    }
    RECLAIMS(0, N, false);
    OFFERS(0, N);
    RECLAIMS(0, 3, false);
}
END_TEST

/* What was never written, only read, or emptied on purpose cannot be lost. */
START_TEST(nothing_to_lose)
{
    uintptr_t end;
    set_up(_i);
    WORKS(wvm_space_decommit(SP, addr(0), addr(N), &end));
    WORKS(wvm_space_commit(SP, addr(0), addr(N), WVM_ATTR_RW));
    OFFERS(0, N);
    if (wvm_host_caps.madv_free)
        take(0, N);
    RECLAIMS(0, N, false);
    fill(0, N, 7);
    WORKS(wvm_space_discard(SP, addr(0), addr(N)));
    check(0, N, 0); /* reads: pages of zeros where the host has not told otherwise */
    if (_i != CAPS_NONE && _i != CAPS_NO_SCAN) {
        OFFERS(0, N);
        take(0, N);
        RECLAIMS(0, N, false);
    }
    fill(0, N, 9);
    check(0, N, 9);
}
END_TEST

/* A page that was lost to MEM_RESET before it was offered is lost. */
START_TEST(reset_before)
{
    set_up(_i);
    WORKS(wvm_space_reset(SP, addr(0), addr(8)));
    bool took = take(0, 4);
    OFFERS(0, 8);
    RECLAIMS(0, 8, took);
    check(4, 8, 100);
    OFFERS(0, 8);
    ANSWERS(wvm_space_reset(SP, addr(0), addr(9)), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_reset_undo(SP, addr(7), addr(9)), STATUS_CONFLICTING_ADDRESSES);
    WORKS(wvm_space_reset(SP, addr(8), addr(9)));
    RECLAIMS(0, 9, false);
    WORKS(wvm_space_reset_undo(SP, addr(8), addr(9)));
    check(8, 9, 100);
}
END_TEST

START_TEST(refused_to_others)
{
    uint8_t old = 0xaa;
    set_up(_i);
    OFFERS(8, 12);
    ANSWERS(wvm_space_protect(SP, addr(0), addr(N), WVM_ATTR_RO, &old),
            STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_protect(SP, addr(11), addr(12), WVM_ATTR_RW, &old),
            STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(old, 0xaa);
    ANSWERS(wvm_space_commit(SP, addr(0), addr(N), WVM_ATTR_RW), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_commit(SP, addr(8), addr(9), WVM_ATTR_RW | WVM_ATTR_GUARD),
            STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_discard(SP, addr(0), addr(9)), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_lock(SP, addr(7), addr(9)), STATUS_ACCESS_VIOLATION);
    check(0, 8, 100);
    ck_assert(is_closed(8) && is_closed(11) && !is_closed(12));
    WORKS(wvm_space_protect(SP, addr(0), addr(8), WVM_ATTR_RO, &old));
    WORKS(wvm_space_trim(SP, addr(0), addr(N)));
    RECLAIMS(0, N, false);
    ck_assert_uint_eq(state_of(7), WVM_ATTR_RO);
    check(0, N, 100);
}
END_TEST

START_TEST(freed)
{
    struct wvm_commit_info before, after;
    uintptr_t end;
    set_up(_i);
    OFFERS(4, 24);
    wvm_space_commit_info(SP, &before);
    WORKS(wvm_space_decommit(SP, addr(2), addr(6), &end));
    wvm_space_commit_info(SP, &after);
    ck_assert_uint_eq(before.committed - after.committed, 4 * PG);
    WORKS(wvm_space_commit(SP, addr(4), addr(6), WVM_ATTR_RW));
    check(4, 6, 0);
    WORKS(wvm_space_release(SP, addr(10), addr(14), &end));
    ck_assert(is_closed(9) && is_closed(14));
    RECLAIMS(6, 10, false);
    check(6, 10, 100);
    RECLAIMS(14, N, false);
    check(14, N, 100);
    OFFERS(14, N);
    WORKS(wvm_space_release(SP, addr(14), addr(N), &end));
    WORKS(wvm_space_release(SP, addr(0), addr(10), &end));
}
END_TEST

START_TEST(locked_before)
{
    set_up(_i);
    WORKS(wvm_space_lock(SP, addr(0), addr(4)));
    OFFERS(1, 3);
    ck_assert_uint_eq(SP->n_locked, 2);
    ANSWERS(wvm_space_unlock(SP, addr(1), addr(3)), STATUS_NOT_LOCKED);
    WORKS(wvm_space_unlock(SP, addr(0), addr(1)));
    RECLAIMS(0, 4, false);
    check(0, 4, 100);
    WORKS(wvm_space_unlock(SP, addr(3), addr(4)));
}
END_TEST

START_TEST(bad_ranges)
{
    struct wvm_request other = {.len = N * PG, .attr = WVM_ATTR_RW, .commit = true};
    uint8_t old;
    uintptr_t end;
    bool lost;
    set_up(_i);
    other.start = base + 16 * PG * (N / 16);
    wvm_status taken = wvm_space_reserve(SP, &other);
    ANSWERS(wvm_space_offer(SP, addr(0), addr(N + 1), false), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_reclaim(SP, addr(0), addr(N + 1), &lost), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_discard(SP, addr(0), addr(N + 1)), STATUS_CONFLICTING_ADDRESSES);
    if (!taken)
        WORKS(wvm_space_release(SP, other.start, other.start, &end));
    ANSWERS(wvm_space_offer(SP, UNIT_FREE, UNIT_FREE + PG, false), STATUS_CONFLICTING_ADDRESSES);
    WORKS(wvm_space_protect(SP, addr(3), addr(4), WVM_ATTR_XRW, &old));
    ANSWERS(wvm_space_offer(SP, addr(0), addr(4), false), STATUS_INVALID_PAGE_PROTECTION);
    ANSWERS(wvm_space_discard(SP, addr(3), addr(5)), STATUS_INVALID_PAGE_PROTECTION);
    WORKS(wvm_space_protect(SP, addr(3), addr(4), WVM_ATTR_RW | WVM_ATTR_GUARD, &old));
    ANSWERS(wvm_space_offer(SP, addr(2), addr(4), false), STATUS_INVALID_PAGE_PROTECTION);
    WORKS(wvm_space_decommit(SP, addr(3), addr(4), &end));
    ANSWERS(wvm_space_offer(SP, addr(0), addr(4), false), STATUS_NOT_COMMITTED);
    ANSWERS(wvm_space_reclaim(SP, addr(0), addr(4), &lost), STATUS_NOT_COMMITTED);
    check(0, 3, 100);
    check(4, N, 100);
}
END_TEST

START_TEST(modifiers)
{
    uintptr_t end;
    set_up(_i);
    WORKS(wvm_space_decommit(SP, addr(4), addr(8), &end));
    WORKS(wvm_space_commit(SP, addr(4), addr(8), WVM_ATTR_RW | WVM_ATTR_NOCACHE));
    fill(4, 8, 100);
    OFFERS(0, N);
    RECLAIMS(2, 6, false);
    ck_assert_uint_eq(state_of(3), WVM_ATTR_RW);
    ck_assert_uint_eq(state_of(5), WVM_ATTR_RW | WVM_ATTR_NOCACHE);
    RECLAIMS(0, N, false);
    ck_assert_uint_eq(state_of(7), WVM_ATTR_RW | WVM_ATTR_NOCACHE);
    check(0, N, 100);
}
END_TEST

/* Written pages stay reported, whatever becomes of their contents. */
START_TEST(watched)
{
    struct wvm_watch w = {.most = N};
    unit_set_up(_i);
    make_with(WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH);
    wvm_space_watch_expect(SP, addr(4), 4 * PG);
    fill(4, 8, 100);
    OFFERS(0, N);
    take(0, N);
    w.start = base;
    w.end = addr(N);
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_ge(w.n_runs, 1);
    ck_assert_uint_eq(w.run[0].start, addr(4));
    ck_assert_uint_ge(w.run[0].end, addr(8));
    WORKS(wvm_space_watch_reset(SP, addr(0), addr(N)));
    bool lost;
    WORKS(wvm_space_reclaim(SP, addr(0), addr(N), &lost));
    wvm_space_watch_expect(SP, addr(0), PG);
    fill(0, 1, 5);
    w = (struct wvm_watch){.start = base, .end = addr(N), .most = N};
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_ge(w.n_runs, 1);
    ck_assert_uint_eq(w.run[0].start, addr(0));
}
END_TEST

START_TEST(faults)
{
    struct wvm_fault f = {.access = WVM_ACCESS_READ};
    set_up(_i);
    OFFERS(2, 3);
    f.addr = addr(2) + 5;
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_VIOLATION);
    f.access = WVM_ACCESS_WRITE;
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_VIOLATION);
    f.addr = addr(3);
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_RETRY);
    WORKS(wvm_space_ready(SP, addr(2), addr(3), true));
    ck_assert(is_closed(2));
}
END_TEST

static void in_child(void)
{
    bool lost = true;
    wvm_space_after_fork_child(SP);
    if (wvm_space_reclaim(SP, addr(0), addr(N), &lost) || lost || wvm_space_audit(SP))
        _exit(1);
    check(0, N, 100);
    fill(0, N, 500);
    _exit(0);
}

START_TEST(forked)
{
    int status = -1;
    set_up(_i);
    OFFERS(0, N);
    wvm_space_before_fork(SP);
    pid_t pid = fork();
    if (pid == 0)
        in_child();
    wvm_space_after_fork_parent(SP);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    RECLAIMS(0, N, false);
    check(0, N, 100);
}
END_TEST

/* Queries show one run of READWRITE pages; the working set has those that are not offered. */
START_TEST(shown)
{
    struct wvm_region r;
    uint16_t code[N];
    set_up(_i);
    OFFERS(4, 20);
    WORKS(wvm_space_query(SP, addr(2), &r));
    wvm_space_join_offered(SP, &r);
    ck_assert_uint_eq(r.start, addr(2));
    ck_assert_uint_eq(r.end, addr(N));
    ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
    WORKS(wvm_space_query(SP, addr(10), &r));
    wvm_space_join_offered(SP, &r);
    ck_assert_uint_eq(r.end, addr(N));
    ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
    WORKS(wvm_space_working(SP, base, N, code));
    for (unsigned i = 0; i < N; i++)
        ck_assert_int_eq(code[i] & WVM_WORKING_VALID, i < 4 || i >= 20 ? WVM_WORKING_VALID : 0);
    WORKS(wvm_space_protect(SP, addr(20), addr(21), WVM_ATTR_RO, &(uint8_t){0}));
    WORKS(wvm_space_query(SP, addr(2), &r));
    wvm_space_join_offered(SP, &r);
    ck_assert_uint_eq(r.end, addr(20));
    RECLAIMS(0, N, false);
}
END_TEST

/* A range that nobody could return from. */
START_TEST(own_stack)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PG - 1);
    set_up(_i);
    ANSWERS(wvm_space_offer(SP, here, here + PG, false), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_discard(SP, here, here + PG), STATUS_CONFLICTING_ADDRESSES);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-offer", 60, &tc);
    const TTest *tests[] = {parts, told_once, nothing_to_lose, reset_before, refused_to_others,
                            freed, locked_before, bad_ranges, modifiers, watched, faults, forked,
                            shown, own_stack};
    for (unsigned i = 0; i < WVM_ARRAY_LEN(tests); i++)
        tcase_add_loop_test(tc, tests[i], 0, N_CAPS);
    return unit_run(suite);
}
