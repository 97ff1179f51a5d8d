/* System space: where it lies in each layout, how much there is, and that nothing which is done to
 * user space reaches it. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"
#include "host/host_system.h"
#include "host/t/host_fail.h"
#include "space/space_fault.h"
#include "space/space_layout.h"
#include "space/space_system.h"
#include "space/space_view.h"
#include "space/t/space_unit.h"

#define GRANULE WVM_GRANULE_SIZE
#define MIB ((size_t)1 << 20)
#define LEAST MIB
#ifdef __LP64__
#define MOST ((size_t)256 << 30)
#else
#define MOST (256 * MIB)
#endif
/* A sanitizer's shadow takes most of a low range, and its memory exceeds every limit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static uintptr_t lo, hi;

static void start(const char *options, int caps)
{
    wvm_options_parse(options, NULL);
    unit_set_up(caps);
    ck_assert(!wvm_space_is_system(SP, GRANULE, SIZE_MAX - 2 * GRANULE));
    unit_audit();
}

static void start_and_open(const char *options, int caps)
{
    start(options, caps);
    WORKS(wvm_space_system_open(SP, LEAST, MOST, &lo, &hi));
    ck_assert(lo % GRANULE == 0 && hi % GRANULE == 0 && hi - lo >= LEAST && hi - lo <= MOST);
}

/* The first slab and the first tables are there. */
static void warm_up(void)
{
    struct wvm_request req = {.len = GRANULE, .attr = WVM_ATTR_RW};
    WORKS(wvm_space_reserve(SP, &req));
}

static struct wvm_region query(uintptr_t at)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    return r;
}

static void check_told(void)
{
    const uintptr_t at[] = {lo, lo + 5 * PG, lo + (hi - lo) / 2, hi - 1};
    for (size_t i = 0; i < WVM_ARRAY_LEN(at); i++) {
        struct wvm_region r = query(at[i]);
        ck_assert_uint_eq(r.start, wvm_align_down(at[i], PG));
        ck_assert_uint_eq(r.end, hi);
        ck_assert(r.alloc_start == lo && r.alloc_end == hi);
        ck_assert(r.type == WVM_TYPE_PRIVATE && r.attr == WVM_ATTR_RESERVED);
        ck_assert(r.alloc_attr == WVM_ATTR_NA && r.flags == 0);
        ck_assert(wvm_space_is_ours(SP, at[i]));
    }
}

/* Four pages in the middle of it, as a pool has them. */
static uintptr_t make_pages(void)
{
    uintptr_t at = lo + wvm_align_down((hi - lo) / 2, PG);
    ck_assert_int_eq(wvm_host.protect(at, 4 * PG, WVM_HOST_R | WVM_HOST_W), 0);
    memset((void *)at, 0x5a, 4 * PG);
    return at;
}

static void check_pages(uintptr_t at)
{
    for (size_t i = 0; i < 4 * PG; i++)
        ck_assert_uint_eq(*(volatile unsigned char *)(at + i), 0x5a);
    *(volatile unsigned char *)at = 0x5a; /* and writable */
}

START_TEST(opening)
{
    uintptr_t again_lo = 1, again_hi = 1;
    start_and_open("", _i);
    ck_assert(wvm_space_is_system(SP, lo, 1) && wvm_space_is_system(SP, hi - 1, 1));
    ck_assert(wvm_space_is_system(SP, lo - 1, 2) && wvm_space_is_system(SP, lo - 1, hi - lo + 2));
    ck_assert(!wvm_space_is_system(SP, lo - 1, 1) && !wvm_space_is_system(SP, hi, PG));
    check_told();
    WORKS(wvm_space_system_open(SP, MOST, MOST, &again_lo, &again_hi));
    ck_assert(again_lo == lo && again_hi == hi);
    check_pages(make_pages());
    check_told();
    unit_audit();
}
END_TEST

/* Natively all of it is below the top, and a walk passes it in one step. */
START_TEST(a_walk_passes_it)
{
    start_and_open("", CAPS_ALL);
    uintptr_t free_before = query(lo - 1).type == WVM_TYPE_FREE;
    unsigned met = 0;
    uintptr_t at = 0;
    make_pages();
    for (struct wvm_region r; at < wvm_space_top(SP); at = r.end) {
        r = query(at);
        ck_assert_uint_gt(r.end, at);
        if (at < hi && r.end > lo) {
            met++;
            ck_assert(at == lo && r.end == hi);
        }
    }
    ck_assert_uint_eq(met, 1);
    ck_assert_uint_eq(at, wvm_space_top(SP));
    ck_assert(!free_before || query(lo - 1).end == lo);
}
END_TEST

START_TEST(free_bytes_are_fewer)
{
    start("", CAPS_ALL);
    warm_up();
    uint64_t before = wvm_space_free_bytes(SP);
    WORKS(wvm_space_system_open(SP, LEAST, MOST, &lo, &hi));
    uint64_t taken = before - wvm_space_free_bytes(SP);
    ck_assert(taken >= hi - lo && taken < hi - lo + 16 * MIB);
}
END_TEST

/* ---- layouts ---- */

#ifdef __LP64__
static const char *const lower[] = {"layout=8t",  "layout=2g", "wow64=2g", "wow64=3g", "wow64=4g",
                                    "wow64=2g:wow64-gap=64m"};
enum { N_LOWER = SANITIZED ? 3 : WVM_ARRAY_LEN(lower) };
#else
static const char *const lower[] = {"wow64=2g", "wow64=3g"};
enum { N_LOWER = WVM_ARRAY_LEN(lower) };
#endif

START_TEST(above_a_lower_top)
{
    start_and_open(lower[_i], CAPS_ALL);
    ck_assert_uint_ge(lo, wvm_space_top(SP));
    ck_assert_uint_le(hi, wvm_space_host_top(SP));
    check_told();
    check_pages(make_pages());
    struct wvm_request req = {.len = 64 * MIB, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_uint_le(req.start + req.len, wvm_space_top(SP));
}
END_TEST

/* ---- how much ---- */

START_TEST(halved)
{
    start("", CAPS_ALL);
    warm_up();
    host_fail_arm(HOST_FAIL_RESERVE, 1, ENOMEM, HOST_FAIL_ONCE);
    wvm_status status = wvm_space_system_open(SP, LEAST, MOST / 2, &lo, &hi);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    ck_assert_int_eq(status, STATUS_SUCCESS);
    ck_assert_uint_eq(hi - lo, MOST / 4);
    unit_audit();
}
END_TEST

START_TEST(down_to_the_least)
{
    start("", CAPS_ALL);
    warm_up();
    struct rlimit was, none;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &was), 0);
    none = (struct rlimit){(rlim_t)(wvm_host_mapped_bytes() + 3 * MIB), was.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    wvm_status status = wvm_space_system_open(SP, MIB, MOST, &lo, &hi);
    setrlimit(RLIMIT_AS, &was);
    ck_assert_int_eq(status, STATUS_SUCCESS);
    ck_assert_uint_eq(hi - lo, MIB);
    unit_audit();
}
END_TEST

/* Most of what is left is the program's. */
START_TEST(a_share_of_what_is_left)
{
    start("", CAPS_ALL);
    warm_up();
    struct rlimit was, some;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &was), 0);
    some = (struct rlimit){(rlim_t)(wvm_host_mapped_bytes() + 512 * MIB), was.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &some), 0);
    wvm_status status = wvm_space_system_open(SP, MIB, MOST, &lo, &hi);
    setrlimit(RLIMIT_AS, &was);
    ck_assert_int_eq(status, STATUS_SUCCESS);
    ck_assert(hi - lo > 60 * MIB && hi - lo <= 64 * MIB);
}
END_TEST

START_TEST(refused)
{
    start("", CAPS_ALL);
    lo = hi = 1;
    host_fail_arm(HOST_FAIL_RESERVE, 1, ENOMEM, HOST_FAIL_FOREVER);
    wvm_status status = wvm_space_system_open(SP, LEAST, MOST, &lo, &hi);
    ck_assert(host_fail_disarm() != 0);
    ck_assert_uint_eq((uint32_t)status, (uint32_t)STATUS_NO_MEMORY);
    ck_assert(lo == 0 && hi == 0);
    unit_audit();
    WORKS(wvm_space_system_open(SP, LEAST, MOST, &lo, &hi));
    check_told();
}
END_TEST

START_TEST(any_failure)
{
    start("", CAPS_ALL);
    for (unsigned n = 1;; n++) {
        host_fail_arm(HOST_FAIL_TAKING, n, ENOMEM, HOST_FAIL_FOREVER);
        wvm_status status = wvm_space_system_open(SP, LEAST, MOST, &lo, &hi);
        unsigned fired = host_fail_disarm();
        unit_audit();
        ck_assert_int_eq(status == STATUS_SUCCESS, hi != 0);
        if (fired == 0)
            break;
        if (hi)
            return;
    }
    check_told();
}
END_TEST

/* ---- what user space's calls do to it ---- */

static wvm_status reserve_at(uintptr_t at, uintptr_t len, uint16_t flags)
{
    struct wvm_request req = {.start = at, .len = len, .attr = WVM_ATTR_RW, .beyond = true,
                              .flags = flags};
    if (flags & WVM_ALLOC_PLACEHOLDER)
        req.attr = WVM_ATTR_NA;
    return wvm_space_reserve(SP, &req);
}

static void refuse_range(uintptr_t from, uintptr_t to)
{
    uint8_t old;
    uintptr_t end;
    const uint32_t conflict = (uint32_t)STATUS_CONFLICTING_ADDRESSES;
    ANSWERS(reserve_at(from, to - from, 0), conflict);
    ANSWERS(reserve_at(from, to - from, WVM_ALLOC_PLACEHOLDER), conflict);
    ck_assert(reserve_at(from, to - from, WVM_ALLOC_REPLACED) < 0);
    ck_assert(wvm_space_commit(SP, from, to, WVM_ATTR_RW) < 0);
    ck_assert(wvm_space_protect(SP, from, to, WVM_ATTR_RO, &old) < 0);
    ck_assert(wvm_space_decommit(SP, from, to, &end) < 0);
    ck_assert(wvm_space_release(SP, from, to, &end) < 0);
    ck_assert(wvm_space_release(SP, from, from, &end) < 0);
    ck_assert(wvm_space_preserve(SP, from, to) < 0);
    ck_assert(wvm_space_coalesce(SP, from, to) < 0);
    ck_assert(wvm_space_reset(SP, from, to) < 0);
    ck_assert(wvm_space_reset_undo(SP, from, to) < 0);
    ck_assert(wvm_space_lock(SP, from, to) < 0);
    ck_assert(wvm_space_unlock(SP, from, to) < 0);
    ck_assert(wvm_space_revert(SP, from, to, WVM_ATTR_WC, &old) < 0);
    ck_assert(wvm_space_unmap(SP, from, false) < 0);
    ck_assert(wvm_space_watch_reset(SP, from, to) < 0);
    unit_audit();
}

START_TEST(nothing_reaches_it)
{
    start_and_open("", _i);
    uintptr_t at = make_pages();
    refuse_range(at, at + 2 * PG);
    refuse_range(lo, hi);
    refuse_range(wvm_align_down(at, GRANULE), hi);
    check_pages(at);
    check_told();
}
END_TEST

/* Free space before and behind it is no help. */
START_TEST(nor_from_outside)
{
    start_and_open("", CAPS_ALL);
    uintptr_t at = make_pages();
    if (query(lo - GRANULE).type == WVM_TYPE_FREE)
        refuse_range(lo - GRANULE, lo + GRANULE);
    if (query(hi).type == WVM_TYPE_FREE && query(hi).end >= hi + GRANULE)
        refuse_range(hi - GRANULE, hi + GRANULE);
    check_pages(at);
}
END_TEST

/* An allocation right before it: ranges that go on into it change neither. */
START_TEST(nor_through_a_neighbour)
{
    struct wvm_commit_info before, after;
    uint8_t old;
    uintptr_t end;
    start_and_open("", CAPS_ALL);
    if (query(lo - GRANULE).type != WVM_TYPE_FREE)
        return;
    uintptr_t at = make_pages();
    struct wvm_request req = {.start = lo - GRANULE, .len = GRANULE, .attr = WVM_ATTR_RW,
                              .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert(unit_write(lo - PG, 7));
    wvm_space_commit_info(SP, &before);
    ck_assert(wvm_space_protect(SP, req.start, lo + PG, WVM_ATTR_NA, &old) < 0);
    ck_assert(wvm_space_decommit(SP, req.start, lo + PG, &end) < 0);
    ck_assert(wvm_space_release(SP, req.start, lo + PG, &end) < 0);
    ck_assert(wvm_space_lock(SP, req.start, lo + PG) < 0);
    ck_assert(wvm_space_commit(SP, req.start, lo + PG, WVM_ATTR_RW) < 0);
    wvm_space_commit_info(SP, &after);
    ck_assert_uint_eq(before.committed, after.committed);
    uint64_t word;
    ck_assert(unit_read(lo - PG, &word) && word == 7);
    WORKS(wvm_space_release(SP, req.start, req.start, &end));
    check_pages(at);
    check_told();
}
END_TEST

static void no_last(struct wvm_backing *b)
{
    (void)b;
}

START_TEST(views_do_not_lie_there)
{
    start_and_open("", _i);
    uintptr_t at = wvm_align_down(make_pages(), GRANULE);
    struct wvm_backing backing = {.refs = 1, .shared_writable = true, .last = no_last};
    backing.fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert(backing.fd >= 0 && ftruncate(backing.fd, 8 * PG) == 0);
    struct wvm_view_request view = {.backing = &backing, .start = at, .len = 8 * PG,
                                    .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED};
    ANSWERS(wvm_space_map(SP, &view), STATUS_CONFLICTING_ADDRESSES);
    view.replace = true;
    ANSWERS(wvm_space_map(SP, &view), STATUS_CONFLICTING_ADDRESSES);
    view.replace = false;
    view.start = 0;
    for (int i = 0; i < 20; i++, view.start = 0) {
        WORKS(wvm_space_map(SP, &view));
        ck_assert(!wvm_space_is_system(SP, view.start, view.len));
    }
    check_pages(lo + wvm_align_down((hi - lo) / 2, PG));
    close(backing.fd);
}
END_TEST

/* What the space chooses is elsewhere, with and without bounds. */
START_TEST(nothing_is_placed_there)
{
    start_and_open("", CAPS_ALL);
    for (int i = 0; i < 64; i++) {
        struct wvm_request req = {.len = (uintptr_t)(i + 1) * GRANULE, .attr = WVM_ATTR_RW,
                                  .top_down = i % 2, .low = i % 4 < 2 ? 0 : lo};
        if (wvm_space_reserve(SP, &req) == STATUS_SUCCESS)
            ck_assert(!wvm_space_is_system(SP, req.start, req.len));
    }
    struct wvm_request req = {.len = GRANULE, .attr = WVM_ATTR_RW, .low = lo, .limit = hi};
    ANSWERS(wvm_space_reserve(SP, &req), STATUS_NO_MEMORY);
    check_told();
}
END_TEST

START_TEST(buffers_of_system_calls)
{
    start_and_open("", CAPS_ALL);
    uintptr_t at = make_pages();
    uint64_t word;
    ck_assert_int_eq(wvm_space_ready(SP, at, at + 2 * PG, true), STATUS_SUCCESS);
    ck_assert_int_eq(wvm_space_ready(SP, lo, hi, true), STATUS_SUCCESS);
    ck_assert(unit_read(at, &word) && word == 0x5a5a5a5a5a5a5a5a);
    ck_assert(unit_write(at, word) && !unit_read(lo, &word) && !unit_write(lo, word));
    check_pages(at);
}
END_TEST

/* ---- faults ---- */

static struct wvm_system_fault seen;
static unsigned n_seen;
static bool deals;

static bool see(const struct wvm_system_fault *f)
{
    seen = *f;
    n_seen++;
    return deals;
}

static enum wvm_fault_answer fault(uintptr_t at, unsigned access)
{
    struct wvm_fault f = {.addr = at, .access = access, .ip = 0x1234};
    return wvm_space_fault(SP, &f);
}

START_TEST(faults)
{
    start_and_open("", CAPS_ALL);
    ck_assert_int_eq(fault(lo, WVM_ACCESS_READ), WVM_FAULT_VIOLATION);
    wvm_space_system_fault = see;
    ck_assert_int_eq(fault(lo + 3, WVM_ACCESS_READ), WVM_FAULT_VIOLATION);
    ck_assert(n_seen == 1 && seen.addr == lo + 3 && seen.ip == 0x1234);
    ck_assert(!seen.write && !seen.execute);
    deals = true;
    ck_assert_int_eq(fault(hi - 1, WVM_ACCESS_WRITE), WVM_FAULT_RETRY);
    ck_assert(n_seen == 2 && seen.addr == hi - 1 && seen.write && !seen.execute);
    ck_assert_int_eq(fault(lo + PG, WVM_ACCESS_EXECUTE), WVM_FAULT_RETRY);
    ck_assert(n_seen == 3 && !seen.write && seen.execute);
    struct wvm_request req = {.len = GRANULE, .attr = WVM_ATTR_RW};
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_int_eq(fault(req.start, WVM_ACCESS_READ), WVM_FAULT_VIOLATION);
    ck_assert_int_eq(fault(hi, WVM_ACCESS_READ) == WVM_FAULT_RETRY, 0);
    ck_assert_uint_eq(n_seen, 3);
    wvm_space_system_fault = NULL;
}
END_TEST

/* ---- fork ---- */

START_TEST(in_a_child)
{
    int status;
    start_and_open("", CAPS_ALL);
    uintptr_t at = make_pages();
    wvm_space_before_fork(SP);
    pid_t pid = fork();
    if (pid == 0) {
        wvm_space_after_fork_child(SP);
        check_told();
        check_pages(at);
        refuse_range(at, at + PG);
        memset((void *)at, 1, PG);
        _exit(0);
    }
    wvm_space_after_fork_parent(SP);
    ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
    check_pages(at);
    check_told();
    unit_audit();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-system", 120, &tc);
    tcase_add_loop_test(tc, opening, 0, N_CAPS);
    tcase_add_test(tc, a_walk_passes_it);
    if (!SANITIZED)
        tcase_add_test(tc, free_bytes_are_fewer);
    tcase_add_loop_test(tc, above_a_lower_top, 0, N_LOWER);
    tcase_add_test(tc, halved);
    if (!SANITIZED) {
        tcase_add_test(tc, down_to_the_least);
        tcase_add_test(tc, a_share_of_what_is_left);
    }
    tcase_add_test(tc, refused);
    tcase_add_test(tc, any_failure);
    tcase_add_loop_test(tc, nothing_reaches_it, 0, N_CAPS);
    tcase_add_test(tc, nor_from_outside);
    tcase_add_test(tc, nor_through_a_neighbour);
    tcase_add_loop_test(tc, views_do_not_lie_there, 0, 2);
    tcase_add_test(tc, nothing_is_placed_there);
    tcase_add_test(tc, buffers_of_system_calls);
    tcase_add_test(tc, faults);
    tcase_add_test(tc, in_a_child);
    return unit_run(suite);
}
