/* A whole address space taken from the host: layouts, holes, gaps, refusals, and the space when it
 * is full. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"
#include "host/t/host_fail.h"
#include "space/space_layout.h"
#include "space/space_view.h"
#include "space/t/space_unit.h"

#define GRANULE WVM_GRANULE_SIZE
#define MIB ((uintptr_t)1 << 20)
#define GIB ((uintptr_t)1 << 30)
#define TOP_2G ((uintptr_t)0x7fff0000)
#define HOLE ((uintptr_t)0x12340000)

static void start(const char *options)
{
    wvm_options_parse(options, NULL);
    unit_set_up(CAPS_ALL);
    unit_audit();
}

static wvm_status reserve_in(struct wvm_request *req)
{
    req->attr = WVM_ATTR_RW;
    return wvm_space_reserve(SP, req);
}

static uintptr_t reserve(uintptr_t len, bool top_down)
{
    struct wvm_request req = {.len = len, .top_down = top_down};
    return reserve_in(&req) ? 0 : req.start;
}

static wvm_status reserve_at(uintptr_t at, uintptr_t len)
{
    struct wvm_request req = {.start = at, .len = len};
    return reserve_in(&req);
}

static void release(uintptr_t at)
{
    uintptr_t end;
    ck_assert_int_eq(wvm_space_release(SP, at, at, &end), STATUS_SUCCESS);
}

/* Blocks of this length until the space is full; their number. */
static unsigned fill(uintptr_t len, bool top_down)
{
    unsigned n = 0;
    uintptr_t last = 0;
    for (uintptr_t at; (at = reserve(len, top_down)) != 0; last = at, n++) {
        ck_assert(at >= GRANULE && at + len <= wvm_layout.top);
        ck_assert(last == 0 || (top_down ? at < last : at > last));
    }
    return n;
}

/* Something of the host's that was there before. */
static void occupy(uintptr_t at, size_t len)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    ck_assert_ptr_eq(mmap((void *)at, len, PROT_READ, flags, -1, 0), (void *)at);
}

static uint64_t taken(void)
{
    uint64_t n = 0;
    uint8_t owner;
    for (uint64_t g = 0, end; g < WVM_N_GRANULES; g = end) {
        end = wvm_pages_next(&SP->store, &SP->owner, g, WVM_N_GRANULES, &owner);
        n += owner == WVM_OWNER_FOREIGN ? 0 : end - g;
    }
    return n;
}

/* ---- which layout ---- */

START_TEST(layouts)
{
    static const struct {
        const char *options;
        uint64_t top, native;
        bool low, wow64;
    } cases[] = {
        {"wow64=0:layout=128t", 0x7fffffff0000, 0x7fffffff0000, false, false},
        {"wow64=2g", 0x7fff0000, 0x7fffffff0000, true, true},
        {"wow64", 0x7fff0000, 0x7fffffff0000, true, true},
        {"wow64=2049", 0x800f0000, 0x7fffffff0000, true, true},
        {"wow64=3g", 0xbfff0000, 0x7fffffff0000, true, true},
        {"wow64=4g", 0xffff0000, 0x7fffffff0000, true, true},
        {"wow64=0:layout=2g", 0x7fff0000, 0x7fffffff0000, true, false},
        {"layout=8t", 0x7ffffff0000, 0x7ffffff0000, false, false},
        {"wow64=3g:layout=8t", 0xbfff0000, 0x7fffffff0000, true, true}, /* told, and wow64 counts */
    };
    wvm_host_init();
    for (size_t i = 0; i < WVM_ARRAY_LEN(cases); i++) {
        wvm_options_parse(cases[i].options, NULL);
        wvm_layout_init();
        ck_assert_msg(wvm_layout.top == cases[i].top, "%s", cases[i].options);
        ck_assert_uint_eq(wvm_layout.native_top, cases[i].native);
        ck_assert_uint_eq(wvm_layout.emulated_top, 0xffff0000);
        ck_assert_uint_ge(wvm_layout.host_top, 0x7fffffff0000);
        ck_assert(wvm_layout.low == cases[i].low && wvm_layout.wow64 == cases[i].wow64);
        ck_assert_uint_eq(wvm_layout.gap, 0);
    }
    wvm_options_parse("wow64=2g:wow64-gap=100000", NULL);
    wvm_layout_init();
    ck_assert_uint_eq(wvm_layout.gap, 2 * GRANULE);
    wvm_options_parse("wow64-gap=1g", NULL);
    wvm_layout_init();
    ck_assert_uint_eq(wvm_layout.gap, 0);
}
END_TEST

/* ---- a space with nothing in it ---- */

static const struct { const char *options; uintptr_t top; } low[] = {
    {"wow64=2g", 0x7fff0000}, {"layout=2g", 0x7fff0000}, {"wow64=2816", 0xafff0000},
    {"wow64=3g", 0xbfff0000}, {"wow64=4g", 0xffff0000},
};

/* A sanitizer's shadow lies above 2 GiB, and takes the most of the rest. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_EMPTY = 2, SANITIZED = 1 };
#else
enum { N_EMPTY = WVM_ARRAY_LEN(low), SANITIZED = 0 };
#endif

START_TEST(all_of_it)
{
    start(low[_i].options);
    uint64_t n = (low[_i].top >> WVM_GRANULE_SHIFT) - 1;
    ck_assert_uint_eq(wvm_space_top(SP), low[_i].top);
    ck_assert_uint_eq(taken(), n);
    ck_assert_uint_eq(SP->main_lo, 1);
    ck_assert_uint_eq(SP->main_hi, n + 1);
    ck_assert_uint_eq(fill(GRANULE, false), n);
    unit_audit();
    ck_assert_uint_eq(reserve(PG, false), 0);
    release(GRANULE);
    release(low[_i].top - GRANULE);
    ck_assert_uint_eq(reserve(PG, true), low[_i].top - GRANULE);
    ck_assert_uint_eq(reserve(GRANULE, false), GRANULE);
    ANSWERS(reserve_at(2 * GRANULE, PG), STATUS_CONFLICTING_ADDRESSES);
}
END_TEST

START_TEST(from_the_top)
{
    start(low[_i].options);
    ck_assert_uint_eq(reserve(GRANULE, true), low[_i].top - GRANULE);
    ck_assert_uint_eq(reserve(5 * MIB, true), low[_i].top - GRANULE - 5 * MIB);
    ck_assert_uint_eq(fill(GRANULE, true),
                      (low[_i].top >> WVM_GRANULE_SHIFT) - 2 - (5 * MIB >> WVM_GRANULE_SHIFT));
    unit_audit();
}
END_TEST

/* W32-020: 2 GB by 5 MB. */
START_TEST(five_megabytes_each)
{
    start("wow64=2g");
    ck_assert_uint_eq(fill(5 * MIB, false), (TOP_2G - GRANULE) / (5 * MIB));
    struct wvm_request req = {.len = 5 * MIB};
    ANSWERS(reserve_in(&req), STATUS_NO_MEMORY);
}
END_TEST

/* W32-022, and the largest that there is. */
START_TEST(large_ones)
{
    start("wow64=2g");
    static const uintptr_t too_long[] = {TOP_2G, TOP_2G + GRANULE, 0xffffffff000, GIB << 16};
    for (size_t i = 0; i < WVM_ARRAY_LEN(too_long); i++) {
        struct wvm_request req = {.len = too_long[i]};
        ANSWERS(reserve_in(&req), STATUS_NO_MEMORY);
    }
    ck_assert_uint_eq(reserve(TOP_2G - GRANULE, false), GRANULE);
    struct wvm_request req = {.len = PG};
    ANSWERS(reserve_in(&req), STATUS_NO_MEMORY);
    release(GRANULE);
    req = (struct wvm_request){.len = GIB, .low = GIB};
    ANSWERS(reserve_in(&req), STATUS_NO_MEMORY);
    req = (struct wvm_request){.len = MIB, .low = GIB, .align = 256 * MIB};
    WORKS(reserve_in(&req));
    ck_assert_uint_eq(req.start, GIB);
    req = (struct wvm_request){.len = MIB, .limit = 3 * MIB, .top_down = true};
    WORKS(reserve_in(&req));
    ck_assert_uint_eq(req.start, 2 * MIB);
    ck_assert_uint_eq(reserve_at(TOP_2G - GRANULE, GRANULE), STATUS_SUCCESS);
}
END_TEST

START_TEST(nothing_of_winvms_lies_in_it)
{
    void *meta;
    uintptr_t at;
    start("wow64=4g");
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(wvm_host.meta(PG, &meta), 0);
        ck_assert_uint_gt((uintptr_t)meta, wvm_layout.top);
        ck_assert_int_eq(wvm_host.ballast(PG, &at), 0);
        ck_assert_uint_gt(at, wvm_layout.top);
    }
    for (unsigned i = 0; i < SP->n_ballast; i++)
        ck_assert_uint_gt(SP->ballast[i], wvm_layout.top);
    void *heap[100];
    for (int i = 0; i < 100; i++) {
        heap[i] = malloc(1000000);
        ck_assert_uint_gt((uintptr_t)heap[i], wvm_layout.top);
    }
    for (int i = 0; i < 100; i++)
        free(heap[i]);
}
END_TEST

START_TEST(commits_are_one_mapping)
{
    start("wow64=2g");
    size_t before = wvm_host_map_count();
    for (uintptr_t i = 0; i < 2000; i++) {
        struct wvm_request req = {.start = GRANULE * (1 + i * 7919 % 2000), .len = GRANULE,
                                  .commit = true};
        ck_assert_int_eq(reserve_in(&req), STATUS_SUCCESS);
        *(volatile char *)req.start = 1;
    }
    ck_assert_uint_le(wvm_host_map_count(), before + 8); /* with tables; unprimed: hundreds */
    unit_audit();
}
END_TEST

START_TEST(in_a_child)
{
    int status;
    start("wow64=2g");
    uintptr_t parents = reserve(GRANULE, false);
    pid_t pid = fork();
    if (pid == 0) {
        wvm_space_before_fork(SP);
        wvm_space_after_fork_child(SP);
        bool good = reserve(GRANULE, false) == parents + GRANULE && fill(MIB, true) >= 2045 &&
                    wvm_space_audit(SP) == NULL;
        _exit(good ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(reserve(GRANULE, false), parents + GRANULE);
}
END_TEST

/* ---- what lies there already ---- */

START_TEST(holes)
{
    struct wvm_region r;
    occupy(HOLE + PG, PG);               /* a part of one granule */
    occupy(HOLE + 16 * GRANULE - PG, 3 * PG); /* of two */
    occupy(0x7ff00000, 0x200000);        /* across the top */
    start("wow64=2g");
    uint64_t lost = 1 + 2 + (TOP_2G - 0x7ff00000) / GRANULE;
    ck_assert_uint_eq(taken(), TOP_2G / GRANULE - 1 - lost);
    ck_assert_uint_eq(SP->main_lo, HOLE / GRANULE + 17);
    ck_assert_uint_eq(SP->main_hi, 0x7ff00000 / GRANULE);
    WORKS(wvm_space_query(SP, HOLE + PG, &r));
    ck_assert(r.flags & WVM_ALLOC_FOREIGN && r.start == HOLE + PG && r.end == HOLE + 2 * PG);
    WORKS(wvm_space_query(SP, HOLE, &r));
    ck_assert(r.type == WVM_TYPE_PRIVATE && r.attr == WVM_ATTR_RESERVED && r.end == HOLE + PG);
    WORKS(wvm_space_query(SP, HOLE + 2 * PG, &r));
    ck_assert(r.type == WVM_TYPE_FREE && r.end == HOLE + 15 * GRANULE);
    WORKS(wvm_space_query(SP, 0x7ff00000, &r));
    ck_assert_uint_eq(r.end, TOP_2G);
    ANSWERS(reserve_at(HOLE, GRANULE), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(fill(GRANULE, false), TOP_2G / GRANULE - 1 - lost);
    unit_audit();
    /* What comes free later is nobody's until it is named. */
    munmap((void *)(HOLE + PG), PG);
    ck_assert_uint_eq(reserve(GRANULE, false), 0);
    WORKS(reserve_at(HOLE, GRANULE));
    release(HOLE);
    unit_audit();
    occupy(HOLE, PG);
}
END_TEST

START_TEST(many_holes)
{
    const uintptr_t n = _i ? 200 : 1000;
    for (uintptr_t i = 1; i <= n; i++)
        occupy(i * MIB, PG);
    start(_i ? "wow64=2g:procmap-query=0" : "wow64=2g");
    ck_assert_uint_eq(taken(), TOP_2G / GRANULE - 1 - n);
    ck_assert_uint_eq(SP->main_lo, n * MIB / GRANULE + 1);
    ck_assert_uint_eq(fill(GRANULE, true), TOP_2G / GRANULE - 1 - n);
    unit_audit();
}
END_TEST

/* Below what the host lets anybody map, and without its list. */
START_TEST(least_address)
{
    wvm_options_parse("wow64=2g", NULL);
    wvm_host_init();
    wvm_host_caps.min_addr = 0x54321000 / 256;
    ck_assert_int_eq(wvm_space_init(SP), STATUS_SUCCESS);
    ck_assert_uint_eq(SP->main_lo, 0x55);
    unit_audit();
}
END_TEST

static int refuse_below(uintptr_t addr, size_t len)
{
    return addr < 3 * MIB && len ? -EEXIST : 0;
}

static int (*real_reserve_at)(uintptr_t addr, size_t len);

static int reserve_above(uintptr_t addr, size_t len)
{
    int err = refuse_below(addr, len);
    return err ? err : real_reserve_at(addr, len);
}

/* The host refuses addresses of which its list says nothing. */
START_TEST(unseen_refusals)
{
    wvm_options_parse("wow64=2g", NULL);
    wvm_host_init();
    real_reserve_at = wvm_host.reserve_at;
    wvm_host.reserve_at = reserve_above;
    ck_assert_int_eq(wvm_space_init(SP), STATUS_SUCCESS);
    ck_assert_uint_eq(SP->main_lo, 3 * MIB / GRANULE);
    ck_assert_uint_eq(SP->main_hi, TOP_2G / GRANULE);
    ck_assert(!SP->range_refused);
    unit_audit();
}
END_TEST

/* ---- gaps ---- */

START_TEST(gap)
{
    start("wow64=2g:wow64-gap=1m");
    uintptr_t lo = 0x7ffe0000 - MIB;
    ck_assert_uint_eq(taken(), TOP_2G / GRANULE - 1 - 16);
    ck_assert_uint_eq(fill(GRANULE, false), TOP_2G / GRANULE - 1 - 16);
    struct wvm_request req = {.len = GRANULE, .limit = 0x7ffe0000, .top_down = true};
    ANSWERS(reserve_in(&req), STATUS_NO_MEMORY);
    void *host = mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    ck_assert_uint_ge((uintptr_t)host, lo);
    ck_assert_uint_lt((uintptr_t)host, lo + MIB);
    WORKS(reserve_at(lo + MIB / 2, GRANULE));
    release(lo + MIB / 2);
    unit_audit();
}
END_TEST

/* ---- a host that refuses ---- */

START_TEST(limit_on_address_space)
{
    wvm_options_parse("wow64=4g", NULL);
    wvm_host_init();
    struct rlimit lim = {0, RLIM_INFINITY};
    lim.rlim_cur = 1 * GIB;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &lim), 0);
    size_t left = wvm_host_as_left();
    ck_assert_int_eq(wvm_space_init(SP), STATUS_SUCCESS);
    ck_assert(SP->range_refused);
    ck_assert_uint_ge(taken() * GRANULE, left / 4 * 3 - 2 * MIB);
    ck_assert_uint_le(taken() * GRANULE, left / 4 * 3);
    ck_assert_uint_eq(SP->main_lo, 1);
    /* More is mapped when it is asked for, until the limit. */
    uintptr_t at = reserve(left / 8 * 7, false);
    ck_assert_uint_eq(at, 0);
    unsigned n = fill(MIB, false);
    ck_assert_uint_ge(n, taken() * GRANULE / MIB - 1);
    void *small = malloc(1000);
    ck_assert_ptr_nonnull(small);
    free(small);
    unit_audit();
    lim.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &lim), 0);
    ck_assert_uint_ge(fill(MIB, false), 2000);
    unit_audit();
}
END_TEST

START_TEST(failures)
{
    static const int errors[] = {EEXIST, ENOMEM, EAGAIN};
    for (unsigned k = 0; k < WVM_ARRAY_LEN(errors); k++)
        for (unsigned n = 1; n < 40; n += 3) {
            memset(SP, 0, sizeof *SP);
            wvm_options_parse("wow64=2g", NULL);
            host_fail_arm(HOST_FAIL_RESERVE_AT, n, errors[k],
                          n % 2 ? HOST_FAIL_ONCE : HOST_FAIL_FOREVER);
            wvm_status status = wvm_space_init(SP);
            host_fail_disarm();
            ck_assert(status == STATUS_SUCCESS || taken() == 0);
            unit_audit();
            munmap((void *)GRANULE, TOP_2G - GRANULE); /* for the next round */
        }
}
END_TEST

START_TEST(any_failure)
{
    for (unsigned n = 1;; n++) {
        memset(SP, 0, sizeof *SP);
        wvm_options_parse("wow64=2g", NULL);
        host_fail_arm(HOST_FAIL_TAKING, n, ENOMEM, HOST_FAIL_ONCE);
        wvm_status status = wvm_space_init(SP);
        unsigned fired = host_fail_disarm();
        ck_assert(status == STATUS_SUCCESS || taken() == 0);
        ck_assert(fired || taken() == TOP_2G / GRANULE - 1);
        munmap((void *)GRANULE, TOP_2G - GRANULE);
        if (!fired)
            break;
    }
}
END_TEST

/* ---- other parts of winvm in a low layout ---- */

START_TEST(windows_lie_above)
{
    struct wvm_window *w[3];
    start("wow64=2g");
    for (int i = 0; i < 3; i++) {
        WORKS(wvm_window_open(SP, 0xffff0000, &w[i]));
        ck_assert_uint_ge(wvm_window_base(w[i]), 6 * GIB);
        struct wvm_request req = {.window = w[i], .len = GRANULE, .commit = true};
        WORKS(reserve_in(&req));
        ck_assert_uint_eq(req.start, wvm_window_base(w[i]) + GRANULE);
        ck_assert(unit_write(req.start, 5));
    }
    ck_assert_uint_eq(reserve(GRANULE, false), GRANULE);
    for (int i = 0; i < 3; i++) {
        WORKS(wvm_window_close(SP, w[i]));
    }
    ck_assert_uint_eq(taken(), TOP_2G / GRANULE - 1);
    ck_assert_uint_eq(fill(GRANULE, false), TOP_2G / GRANULE - 2);
}
END_TEST

static void last(struct wvm_backing *b)
{
    (void)b;
}

START_TEST(views_lie_below)
{
    struct wvm_backing b = {.refs = 1, .fd = memfd_create("test", MFD_CLOEXEC),
                            .shared_writable = true, .n_commits = 16, .last = last};
    static const char *const options[] = {"wow64=2g", "wow64=4g", "layout=8t"};
    ck_assert_int_eq(ftruncate(b.fd, GRANULE), 0);
    start(options[_i]);
    for (int i = 0; i < 50; i++) {
        struct wvm_view_request req = {.backing = &b, .len = GRANULE, .attr = WVM_ATTR_RW,
                                       .type = WVM_TYPE_MAPPED, .top_down = i % 2};
        WORKS(wvm_space_map(SP, &req));
        ck_assert(req.start >= GRANULE && req.start + req.len <= wvm_layout.top);
        ck_assert(unit_write(req.start, 5));
        if (i % 3)
            WORKS(wvm_space_unmap(SP, req.start, false));
    }
}
END_TEST

/* space_place.c I4: where views were, private memory is one mapping with its neighbours again. */
START_TEST(views_and_private_memory)
{
    struct wvm_backing b = {.refs = 1, .fd = memfd_create("test", MFD_CLOEXEC),
                            .shared_writable = true, .n_commits = 16, .last = last};
    uintptr_t at[64] = {0}, end;
    bool view[64] = {false};
    unsigned seed = 7;
    ck_assert_int_eq(ftruncate(b.fd, 4 * GRANULE), 0);
    start("wow64=2g");
    size_t before = wvm_host_map_count();
    if (_i)
        wvm_host_caps.max_map_count = 2 * before + 40; /* scarce now and then */
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1103515245 + 12345;
        unsigned k = seed >> 16 & 63;
        uintptr_t len = (1 + (seed >> 22 & 3)) * GRANULE;
        if (at[k] && view[k]) {
            ck_assert_int_eq(wvm_space_unmap(SP, at[k], false), STATUS_SUCCESS);
            at[k] = 0;
        } else if (at[k]) {
            ck_assert_int_eq(wvm_space_release(SP, at[k], at[k], &end), STATUS_SUCCESS);
            at[k] = 0;
        } else if (seed >> 30 & 1) {
            struct wvm_view_request req = {.backing = &b, .len = len, .attr = WVM_ATTR_RW,
                                           .type = WVM_TYPE_MAPPED};
            view[k] = true;
            at[k] = wvm_space_map(SP, &req) ? 0 : req.start;
        } else {
            struct wvm_request req = {.len = len - PG, .commit = true};
            view[k] = false;
            at[k] = reserve_in(&req) ? 0 : req.start;
            ck_assert(!at[k] || unit_write(at[k], 5));
        }
        ck_assert(_i || at[k] == 0 || at[k] + len <= 300 * GRANULE);
        if (i % 50 == 0)
            unit_audit();
    }
    for (int k = 0; k < 64; k++)
        if (at[k] && view[k])
            WORKS(wvm_space_unmap(SP, at[k], false));
        else if (at[k])
            release(at[k]);
    struct wvm_request all = {.len = 300 * GRANULE, .commit = true};
    WORKS(reserve_in(&all));
    ck_assert_uint_eq(all.start, GRANULE);
    memset((void *)all.start, 1, all.len);
    /* What lay between two views has a history of its own, and may not merge. */
    ck_assert_uint_le(wvm_host_map_count(), before + 24);
    release(all.start);
    ck_assert_uint_eq(fill(GRANULE, false), TOP_2G / GRANULE - 1);
    unit_audit();
}
END_TEST

START_TEST(eight_terabytes)
{
    start("layout=8t");
    ck_assert(!SP->low);
    uintptr_t a = reserve(GRANULE, false), b = reserve(GRANULE, true);
    uintptr_t c = reserve(GIB * 1024, true);
    ck_assert(a && b && c && a < wvm_layout.top && b < wvm_layout.top);
    ck_assert_uint_eq(b, wvm_layout.top - GRANULE);
    ck_assert_uint_le(c + GIB * 1024, b);
    ck_assert_uint_eq(reserve(GIB * 5 * 1024, false), 0); /* more than any hole that is left */
    uintptr_t e = reserve(GIB * 1024, false), f = reserve(GIB * 1024, false);
    uintptr_t g = reserve(GIB * 1024, false);
    ck_assert(e && f && g && e < wvm_layout.top && f < wvm_layout.top && g < wvm_layout.top);
    unit_audit();
    ck_assert_uint_eq(reserve(GIB * 8192, false), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-range", 120, &tc);
    tcase_add_test(tc, layouts);
    tcase_add_loop_test(tc, all_of_it, 0, N_EMPTY);
    tcase_add_loop_test(tc, from_the_top, 0, N_EMPTY);
    tcase_add_test(tc, five_megabytes_each);
    tcase_add_test(tc, large_ones);
    tcase_add_test(tc, nothing_of_winvms_lies_in_it);
    tcase_add_test(tc, commits_are_one_mapping);
    tcase_add_test(tc, in_a_child);
    if (!SANITIZED)
        tcase_add_test(tc, holes);
    tcase_add_loop_test(tc, many_holes, 0, 2);
    tcase_add_test(tc, least_address);
    tcase_add_test(tc, unseen_refusals);
    tcase_add_test(tc, gap);
    if (!SANITIZED)
        tcase_add_test(tc, limit_on_address_space);
    tcase_add_test(tc, failures);
    tcase_add_test(tc, any_failure);
    tcase_add_test(tc, windows_lie_above);
    tcase_add_loop_test(tc, views_lie_below, 0, 3);
    tcase_add_loop_test(tc, views_and_private_memory, 0, 2);
    if (!SANITIZED)
        tcase_add_test(tc, eight_terabytes);
    return unit_run(suite);
}
