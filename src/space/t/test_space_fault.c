/* What the fault path does to pages and what everybody else then sees. wvm_space_fault is called as
 * a function: it is the same code that a signal handler runs.
 * Pictures: 'g' guard, 'w' READWRITE, 'r' READONLY, '.' reserved; '^' the page that faults. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_change.h"
#include "space/space_fault.h"
#include "space/t/space_unit.h"

#define GUARDED (WVM_ATTR_RW | WVM_ATTR_GUARD)

static uintptr_t make(unsigned n_pages, uint8_t attr, bool commit)
{
    struct wvm_request req = {.len = n_pages * (uintptr_t)PG, .attr = attr, .commit = commit};
    WORKS(wvm_space_reserve(SP, &req));
    return req.start;
}

static enum wvm_fault_answer hit(uintptr_t at, unsigned access, uintptr_t stack_pointer)
{
    struct wvm_fault fault = {.addr = at, .access = access, .sp = stack_pointer};
    return wvm_space_fault(SP, &fault);
}

static void expect(uintptr_t at, uintptr_t end, uint8_t attr)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, attr);
    ck_assert_uint_eq(r.end, end);
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/*  [gggg] -> [gwgg]: once, that page alone, contents kept
 *    ^                                                     */
START_TEST(fires_once)
{
    uint64_t word;
    uint8_t old;
    unit_set_up(_i);
    uintptr_t a = make(16, WVM_ATTR_RW, true);
    ck_assert(unit_write(a + PG, 77));
    WORKS(wvm_space_protect(SP, a, a + 4 * PG, GUARDED, &old));
    ck_assert(!unit_read(a + PG, &word));
    ck_assert_int_eq(hit(a + PG + 5, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    unit_audit();
    expect(a, a + PG, GUARDED);
    expect(a + PG, a + 2 * PG, WVM_ATTR_RW);
    expect(a + 2 * PG, a + 4 * PG, GUARDED);
    ck_assert(unit_read(a + PG, &word) && word == 77);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_WRITE, 0), WVM_FAULT_RETRY);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_EXECUTE, 0), WVM_FAULT_VIOLATION);
    ck_assert_int_eq(hit(a + 3 * PG, WVM_ACCESS_WRITE, 0), WVM_FAULT_GUARD);
    /*  [gwgw][wwww...: equal neighbours are one run again  */
    expect(a + 3 * PG, a + 16 * PG, WVM_ATTR_RW);
    expect(a + 4 * PG, a + 16 * PG, WVM_ATTR_RW);
    WORKS(wvm_space_protect(SP, a, a + 4 * PG, WVM_ATTR_RW, &old));
    ck_assert_uint_eq(old, GUARDED);
    expect(a, a + 16 * PG, WVM_ATTR_RW);
}
END_TEST

/* A fired page is what its protection says, and every operation knows it. */
START_TEST(operations_know)
{
    uintptr_t end;
    uint8_t old;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = make(16, WVM_ATTR_RO | WVM_ATTR_GUARD, true);
    ck_assert_int_eq(hit(a, WVM_ACCESS_WRITE, 0), WVM_FAULT_GUARD);
    ck_assert_int_eq(hit(a, WVM_ACCESS_WRITE, 0), WVM_FAULT_VIOLATION);
    WORKS(wvm_space_protect(SP, a, a + PG, WVM_ATTR_RW, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RO);
    ck_assert(unit_write(a, 1));
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    WORKS(wvm_space_commit(SP, a, a + 2 * PG, GUARDED));
    ck_assert(!unit_read(a, &word) && !unit_read(a + PG, &word));
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    ck_assert(unit_read(a, &word) && word == 1);
    WORKS(wvm_space_decommit(SP, a, a + PG, &end));
    ck_assert(!unit_read(a, &word));
    expect(a, a + PG, WVM_ATTR_RESERVED);
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_VIOLATION);
    ck_assert_int_eq(hit(a + 5 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    ck_assert_int_eq(hit(a + 9 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    WORKS(wvm_space_release(SP, a + 4 * PG, a + 6 * PG, &end));
    expect(a + 9 * PG, a + 10 * PG, WVM_ATTR_RO);
    ck_assert(!unit_read(a + 5 * PG, &word));
    ck_assert_int_eq(hit(a + 5 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_VIOLATION);
    WORKS(wvm_space_protect(SP, a + 9 * PG, a + 10 * PG, WVM_ATTR_RW, &old));
    ck_assert(unit_write(a + 9 * PG, 6));
    WORKS(wvm_space_protect(SP, a + 9 * PG, a + 10 * PG, WVM_ATTR_RO | WVM_ATTR_GUARD, &old));
    ck_assert_int_eq(hit(a + 9 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    WORKS(wvm_space_reset(SP, a + 9 * PG, a + 10 * PG));
    WORKS(wvm_space_reset_undo(SP, a + 9 * PG, a + 10 * PG));
    ck_assert(unit_read(a + 9 * PG, &word) && word == 6);
    WORKS(wvm_space_release(SP, a, a, &end));
    WORKS(wvm_space_release(SP, a + 6 * PG, a + 6 * PG, &end));
    ck_assert_uint_eq(committed(), 0);
    ck_assert_int_eq(hit(a + 9 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_VIOLATION);
    ck_assert_int_eq(hit((uintptr_t)&a, WVM_ACCESS_READ, 0), WVM_FAULT_FOREIGN);
}
END_TEST

START_TEST(locking_meets_a_guard_page)
{
    uint8_t old;
    unit_set_up(_i);
    uintptr_t a = make(4, WVM_ATTR_RW, true);
    WORKS(wvm_space_protect(SP, a + PG, a + 3 * PG, GUARDED, &old));
    ANSWERS(wvm_space_lock(SP, a, a + 4 * PG), STATUS_GUARD_PAGE_VIOLATION);
    expect(a, a + 2 * PG, WVM_ATTR_RW);
    ANSWERS(wvm_space_lock(SP, a, a + 4 * PG), STATUS_GUARD_PAGE_VIOLATION);
    WORKS(wvm_space_lock(SP, a, a + 4 * PG));
    WORKS(wvm_space_protect(SP, a, a + PG, GUARDED, &old));
    ANSWERS(wvm_space_ready(SP, a, a + 4 * PG, true), STATUS_GUARD_PAGE_VIOLATION);
    WORKS(wvm_space_ready(SP, a, a + 4 * PG, true));
    expect(a, a + 4 * PG, WVM_ATTR_RW);
}
END_TEST

/*  [........gw]  the thread runs on the top page  ->  [.wwwwwwwww] and an overflow
 *           ^                                                                     */
START_TEST(a_stack_grows)
{
    enum { N = 64 };
    unit_set_up(_i);
    uintptr_t a = make(N, WVM_ATTR_RW, false), top = a + (N - 1) * PG;
    WORKS(wvm_space_commit(SP, top, top + PG, WVM_ATTR_RW));
    WORKS(wvm_space_commit(SP, top - PG, top, GUARDED));
    uintptr_t p = top - PG;
    for (; p > a + 3 * PG; p -= PG) {
        ck_assert_int_eq(hit(p + 8, WVM_ACCESS_WRITE, top), WVM_FAULT_RETRY);
        ck_assert(unit_write(p, 5));
        expect(p, a + N * PG, WVM_ATTR_RW);
        expect(p - PG, p, GUARDED);
        expect(a, p - PG, WVM_ATTR_RESERVED);
        if (p % (8 * PG) == 0)
            unit_audit();
    }
    ck_assert_uint_eq(committed(), N - 3);
    ck_assert_int_eq(hit(p, WVM_ACCESS_WRITE, top), WVM_FAULT_RETRY);
    p -= PG;
    ck_assert_int_eq(hit(p, WVM_ACCESS_WRITE, top), WVM_FAULT_OVERFLOW);
    expect(a, a + PG, WVM_ATTR_RESERVED);
    expect(a + PG, a + N * PG, WVM_ATTR_RW);
    ck_assert_int_eq(hit(a + 8, WVM_ACCESS_WRITE, top), WVM_FAULT_VIOLATION);
    ck_assert_uint_eq(committed(), N - 1);
    unit_audit();
    uint8_t old;
    WORKS(wvm_space_protect(SP, a + PG, a + N * PG, WVM_ATTR_RO, &old));
    WORKS(wvm_space_release(SP, a, a, &top));
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

/* A change that is under way: other threads retry, its own thread is judged by the new state. */
static void *hit_elsewhere(void *at)
{
    return (void *)(uintptr_t)(hit((uintptr_t)at, WVM_ACCESS_READ, 0) == WVM_FAULT_RETRY);
}

static bool others_retry(uintptr_t at)
{
    pthread_t t;
    void *result;
    pthread_create(&t, NULL, hit_elsewhere, (void *)at);
    pthread_join(t, &result);
    return result != NULL;
}

START_TEST(pending_changes)
{
    uint64_t word;
    uint32_t id;
    wvm_status status;
    uint8_t old;
    unit_set_up(_i);
    uintptr_t at = make(4, WVM_ATTR_RW, true);
    WORKS(wvm_space_protect(SP, at, at + 4 * PG, WVM_ATTR_NA, &old));
    uint64_t lo = wvm_page_of(at);
    ck_assert_int_eq(wvm_space_enter(SP), STATUS_SUCCESS);
    struct wvm_alloc *a = wvm_space_find(SP, lo, &id);
    ck_assert(wvm_space_change_begin(SP, a, lo, lo + 2, WVM_ATTR_RW, &status));
    ck_assert(others_retry(at));
    ck_assert_int_eq(hit(at + 2 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_VIOLATION);
    ck_assert_int_eq(hit(at, WVM_ACCESS_WRITE, 0), WVM_FAULT_RETRY);
    ck_assert(unit_write(at, 3));
    wvm_space_change_end(SP, a, true); /* it failed: the page is as before */
    ck_assert(!unit_read(at, &word));

    ck_assert_int_eq(wvm_space_arm_ready(SP, a->start, lo, lo + 1), STATUS_SUCCESS);
    ck_assert(wvm_space_change_begin(SP, a, lo, lo + 1, GUARDED, &status));
    ck_assert_int_eq(hit(at, WVM_ACCESS_WRITE, 0), WVM_FAULT_GUARD);
    ck_assert_int_eq(hit(at, WVM_ACCESS_WRITE, 0), WVM_FAULT_RETRY);
    ck_assert(wvm_space_stock(SP, 1, 1));
    ck_assert_int_eq(wvm_space_make(SP, lo, lo + 1, GUARDED, 0), 0);
    wvm_space_set_pages(SP, a, lo, lo + 1, GUARDED);
    wvm_space_change_end(SP, a, false);
    wvm_space_leave(SP);
    ck_assert(unit_read(at, &word) && word == 3);
    expect(at, at + PG, WVM_ATTR_RW); /* armed, and fired by its own thread */
    unit_audit();
}
END_TEST

static void *give_claim_back(void *arg)
{
    usleep(20000);
    wvm_overlay_store(&SP->fired, *(uint64_t *)arg, WVM_MARK_OF(WVM_ATTR_RW));
    return NULL;
}

/* A page that is being emptied is not opened again by its own thread, and a claim of another
 * thread, given back late, leaves no mark behind. */
START_TEST(closing_meets_a_claim)
{
    uint32_t id;
    pthread_t t;
    unit_set_up(_i);
    uintptr_t at = make(4, GUARDED, true);
    uint64_t lo = wvm_page_of(at);
    ck_assert_int_eq(hit(at, WVM_ACCESS_WRITE, 0), WVM_FAULT_GUARD);
    ck_assert_int_eq(wvm_space_enter(SP), STATUS_SUCCESS);
    struct wvm_alloc *a = wvm_space_find(SP, lo, &id);
    ck_assert(wvm_space_stock_close(SP, 0, 0));
    wvm_space_close_begin(SP, a, lo, lo + 4);
    ck_assert_int_eq(hit(at, WVM_ACCESS_WRITE, 0), WVM_FAULT_VIOLATION);
    ck_assert(wvm_overlay_swap(&SP->fired, lo, WVM_MARK_OF(WVM_ATTR_RW), WVM_MARK_BUSY));
    ck_assert_int_eq(pthread_create(&t, NULL, give_claim_back, &lo), 0);
    wvm_space_close_end(SP);
    pthread_join(t, NULL);
    wvm_space_leave(SP);
    ck_assert_uint_eq(wvm_overlay_get(&SP->fired, lo), WVM_MARK_NONE);
    ck_assert_uint_eq(SP->fired.n, 0);
}
END_TEST

/* The guard of a stack has moved to a page that the host map still calls accessible. While that is
 * being settled another thread hits the page: table and host agree afterwards. */
static int (*real_protect)(uintptr_t addr, size_t len, unsigned prot);
static uintptr_t settled_page;

static int protect_after_a_hit(uintptr_t addr, size_t len, unsigned prot)
{
    wvm_host.protect = real_protect;
    if (addr == settled_page)
        others_retry(settled_page);
    return real_protect(addr, len, prot);
}

START_TEST(settling_meets_a_hit)
{
    struct wvm_region r;
    uint64_t word;
    uint8_t old;
    unit_set_up(_i);
    uintptr_t a = make(16, WVM_ATTR_RW, true);
    ck_assert(unit_write(a + 4 * PG, 9));
    WORKS(wvm_space_protect(SP, a + 5 * PG, a + 6 * PG, GUARDED, &old));
    ck_assert_int_eq(hit(a + 5 * PG, WVM_ACCESS_WRITE, a + 8 * PG), WVM_FAULT_RETRY);
    settled_page = a + 4 * PG;
    real_protect = wvm_host.protect;
    wvm_host.protect = protect_after_a_hit;
    WORKS(wvm_space_reset(SP, a + 4 * PG, a + 5 * PG));
    wvm_host.protect = real_protect;
    ck_assert_int_eq(wvm_space_query(SP, a + 4 * PG, &r), STATUS_SUCCESS);
    ck_assert_int_eq(unit_read(a + 4 * PG, &word), !(r.attr & WVM_ATTR_GUARD));
    if (r.attr & WVM_ATTR_GUARD)
        ck_assert_int_eq(hit(a + 4 * PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    ck_assert(unit_read(a + 4 * PG, &word));
    WORKS(wvm_space_protect(SP, a, a + 16 * PG, WVM_ATTR_RO, &old));
}
END_TEST

START_TEST(the_host_refuses)
{
    unit_set_up(0);
    uintptr_t a = make(4, GUARDED, true);
    host_fail_arm(HOST_FAIL_PROTECT, 1, ENOMEM, HOST_FAIL_ONCE);
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_NO_MEMORY);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    expect(a, a + 4 * PG, GUARDED);
    unit_audit();
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
}
END_TEST

/* What a fork child finds when another thread's fault path was in the middle. */
START_TEST(half_done_in_a_fork_child)
{
    uint64_t word;
    unit_set_up(0);
    uintptr_t a = make(4, GUARDED, true);
    ck_assert(wvm_overlay_swap(&SP->fired, wvm_page_of(a), WVM_MARK_NONE, WVM_MARK_BUSY));
    wvm_host.protect(a, PG, WVM_HOST_R | WVM_HOST_W);
    wvm_space_before_fork(SP);
    wvm_space_after_fork_child(SP);
    ck_assert(!unit_read(a, &word));
    expect(a, a + 4 * PG, GUARDED);
    unit_audit();
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
}
END_TEST

/* The same for a page of a stack that was about to become its guard page. */
START_TEST(half_moved_guard_in_a_fork_child)
{
    uint64_t word;
    uint8_t old;
    unit_set_up(0);
    uintptr_t a = make(4, WVM_ATTR_RW, true);
    ck_assert(unit_write(a, 6));
    WORKS(wvm_space_protect(SP, a + PG, a + 2 * PG, GUARDED, &old));
    ck_assert(wvm_overlay_swap(&SP->fired, wvm_page_of(a), WVM_MARK_NONE, WVM_MARK_BUSY));
    wvm_host.protect(a, PG, WVM_HOST_NONE);
    wvm_space_before_fork(SP);
    wvm_space_after_fork_child(SP);
    ck_assert(unit_read(a, &word) && word == 6);
    expect(a, a + PG, WVM_ATTR_RW);
    unit_audit();
}
END_TEST

/* Memory that is not winvm's: the guard is reported, fires once, is gone with the next change. */
START_TEST(foreign_guard_pages)
{
    uint64_t word;
    uint8_t old;
    unit_set_up(_i);
    char *m = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t a = (uintptr_t)m;
    struct wvm_region r;
    m[PG] = 9;
    WORKS(wvm_space_protect(SP, a + PG, a + 3 * PG, GUARDED, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    ck_assert_int_eq(wvm_space_query(SP, a + PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, GUARDED);
    ck_assert_uint_eq(r.end, a + 3 * PG);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_READ, 0), WVM_FAULT_GUARD);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_READ, 0), WVM_FAULT_RETRY);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_EXECUTE, 0), WVM_FAULT_FOREIGN);
    ck_assert(unit_read(a + PG, &word) && word == 9);
    ck_assert_int_eq(wvm_space_query(SP, a + PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
    ANSWERS(wvm_space_lock(SP, a, a + 4 * PG), STATUS_GUARD_PAGE_VIOLATION);
    WORKS(wvm_space_protect(SP, a, a + 4 * PG, WVM_ATTR_RO, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    ck_assert_int_eq(hit(a + PG, WVM_ACCESS_WRITE, 0), WVM_FAULT_FOREIGN);
    WORKS(wvm_space_protect(SP, a, a + PG, GUARDED, &old));
    munmap(m, 4 * PG);
    ck_assert_int_eq(hit(a, WVM_ACCESS_READ, 0), WVM_FAULT_FOREIGN);
}
END_TEST

/* ---- races ---- */

struct race {
    uintptr_t at;
    unsigned go, done, fired, bad;
    bool stop;
};

static void *fire_again_and_again(void *arg)
{
    struct race *r = arg;
    unsigned seen = 0;
    while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(&r->go, __ATOMIC_ACQUIRE) == seen) {
            sched_yield();
            continue;
        }
        seen++;
        if (hit(r->at, WVM_ACCESS_READ, 0) == WVM_FAULT_GUARD)
            __atomic_fetch_add(&r->fired, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&r->done, 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* One thread fires the guard page while the other frees and reserves it again: afterwards the page
 * is reserved, and nobody can access it. */
START_TEST(free_against_fire)
{
    struct race r = {0};
    pthread_t t;
    uintptr_t end;
    uint64_t word;
    unsigned rounds = 20000;
    unit_set_up(_i);
    pthread_create(&t, NULL, fire_again_and_again, &r);
    for (unsigned i = 0; i < rounds; i++) {
        struct wvm_request req = {.start = r.at, .len = 16 * PG, .attr = GUARDED, .commit = true};
        ck_assert_int_eq(wvm_space_reserve(SP, &req), STATUS_SUCCESS);
        r.at = req.start;
        __atomic_store_n(&r.go, i + 1, __ATOMIC_RELEASE);
        for (unsigned spin = i % 64 * 8; spin; spin--)
            __builtin_ia32_pause();
        while (i % 64 == 63 && __atomic_load_n(&r.done, __ATOMIC_ACQUIRE) != i + 1)
            sched_yield();
        ck_assert_int_eq(wvm_space_release(SP, r.at, r.at, &end), STATUS_SUCCESS);
        req.commit = false;
        ck_assert_int_eq(wvm_space_reserve(SP, &req), STATUS_SUCCESS);
        while (__atomic_load_n(&r.done, __ATOMIC_ACQUIRE) != i + 1)
            sched_yield();
        r.bad += unit_read(r.at, &word);
        ck_assert_int_eq(wvm_space_release(SP, r.at, r.at, &end), STATUS_SUCCESS);
        if (i % 1024 == 0)
            unit_audit();
    }
    __atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
    pthread_join(t, NULL);
    ck_assert_uint_eq(r.bad, 0);
    ck_assert_uint_eq(committed(), 0);
    ck_assert_uint_gt(r.fired, 0);
    unit_audit();
}
END_TEST

/* Both threads hit one page: one of them is told. */
START_TEST(one_of_two)
{
    struct race r = {0};
    pthread_t t;
    uint8_t old;
    unsigned mine = 0, rounds = 20000;
    unit_set_up(_i);
    r.at = make(4, WVM_ATTR_RW, true);
    pthread_create(&t, NULL, fire_again_and_again, &r);
    for (unsigned i = 0; i < rounds; i++) {
        ck_assert_int_eq(wvm_space_protect(SP, r.at, r.at + PG, GUARDED, &old), STATUS_SUCCESS);
        __atomic_store_n(&r.go, i + 1, __ATOMIC_RELEASE);
        mine += hit(r.at, WVM_ACCESS_READ, 0) == WVM_FAULT_GUARD;
        while (__atomic_load_n(&r.done, __ATOMIC_ACQUIRE) != i + 1)
            sched_yield();
        ck_assert_uint_eq(mine + __atomic_load_n(&r.fired, __ATOMIC_ACQUIRE), i + 1);
    }
    __atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
    pthread_join(t, NULL);
    ck_assert_uint_eq(mine + r.fired, rounds);
    unit_audit();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-fault", 120, &tc);
    tcase_add_loop_test(tc, fires_once, 0, N_CAPS);
    tcase_add_loop_test(tc, operations_know, 0, N_CAPS);
    tcase_add_loop_test(tc, locking_meets_a_guard_page, 0, N_CAPS);
    tcase_add_loop_test(tc, a_stack_grows, 0, N_CAPS);
    tcase_add_loop_test(tc, pending_changes, 0, N_CAPS);
    tcase_add_loop_test(tc, closing_meets_a_claim, 0, N_CAPS);
    tcase_add_loop_test(tc, foreign_guard_pages, 0, N_CAPS);
    tcase_add_loop_test(tc, settling_meets_a_hit, 0, N_CAPS);
    tcase_add_test(tc, the_host_refuses);
    tcase_add_test(tc, half_done_in_a_fork_child);
    tcase_add_test(tc, half_moved_guard_in_a_fork_child);
    tcase_add_loop_test(tc, free_against_fire, 0, 2);
    tcase_add_loop_test(tc, one_of_two, 0, 2);
    return unit_run(suite);
}
