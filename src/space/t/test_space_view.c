/* Views on the real host, with each capability switched off: contents, states, copies, commits.
 * Pictures: one character per page: 'w' READWRITE, 'r' READONLY, 'c' WRITECOPY, 'p' private copy,
 * '.' reserved, 'n' NOACCESS. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_fault.h"
#include "space/space_view.h"
#include "space/t/space_unit.h"

enum { PAGES = 8 };

static struct wvm_backing backing;
static int n_last;

static void last(struct wvm_backing *b)
{
    (void)b;
    n_last++;
}

/* A backing of n pages; page i begins with the number i + 1. */
static struct wvm_backing *make_backing(unsigned n, uint64_t *commits)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert(fd >= 0 && ftruncate(fd, (off_t)n * PG) == 0);
    for (uint64_t i = 0, word = 1; !commits && i < n; i++, word++)
        ck_assert_int_eq(pwrite(fd, &word, sizeof word, (off_t)(i * PG)), sizeof word);
    backing = (struct wvm_backing){
        .refs = 1, .fd = fd, .shared_writable = true, .commits = commits,
        .n_commits = n, .last = last};
    n_last = 0;
    return &backing;
}

static uintptr_t map(uint8_t attr, unsigned from, unsigned n)
{
    struct wvm_view_request req = {
        .backing = &backing, .offset = (uint64_t)from * PG, .len = (uintptr_t)n * PG,
        .attr = attr, .type = WVM_TYPE_MAPPED, .anonymous = true};
    WORKS(wvm_space_map(SP, &req));
    ck_assert_uint_eq(req.start % WVM_GRANULE_SIZE, 0);
    return req.start;
}

static uint64_t word_at(uintptr_t at)
{
    uint64_t word = 0;
    ck_assert(unit_read(at, &word));
    return word;
}

/* The run that begins at page `page` of the view is n pages of attr. */
static void expect_run(uintptr_t view, unsigned page, unsigned n, uint8_t attr)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, view + page * (uintptr_t)PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.alloc_start, view);
    ck_assert_uint_eq(r.attr, attr);
    ck_assert_uint_eq((r.end - r.start) / PG, n);
    ck_assert_int_eq(r.type, WVM_TYPE_MAPPED);
}

static wvm_status protect(uintptr_t view, unsigned page, unsigned n, uint8_t attr, uint8_t *old)
{
    uintptr_t at = view + page * (uintptr_t)PG;
    return wvm_space_protect(SP, at, at + n * (uintptr_t)PG, attr, old);
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/*  [wwwwwwww] and [rrrr] at page 4 of the same  */
START_TEST(shared)
{
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t a = map(WVM_ATTR_RW, 0, PAGES), b = map(WVM_ATTR_RO, 4, 4);
    expect_run(a, 0, PAGES, WVM_ATTR_RW);
    expect_run(b, 0, 4, WVM_ATTR_RO);
    ck_assert(wvm_space_is_ours(SP, b + PG));
    ck_assert_uint_eq(word_at(b), 5);
    ck_assert(unit_write(a + 4 * PG, 50));
    ck_assert_uint_eq(word_at(b), 50);
    ck_assert(!unit_write(b, 1));
    ck_assert_uint_eq(committed(), 0);
    ck_assert_int_eq(backing.refs, 3);
    WORKS(wvm_space_unmap(SP, a + 3 * PG + 5, false));
    ANSWERS(wvm_space_unmap(SP, a, false), STATUS_NOT_MAPPED_VIEW);
    ANSWERS(wvm_space_unmap(SP, b, true), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(word_at(b), 50);
    ck_assert(wvm_space_has_views(SP, &backing));
    wvm_backing_drop(&backing);
    ck_assert_int_eq(n_last, 0);
    WORKS(wvm_space_unmap(SP, b, false));
    ck_assert_int_eq(n_last, 1);
    ck_assert(!wvm_space_has_views(SP, &backing));
}
END_TEST

/*  [cccc]  ->  [cpcc]  ->  n of it  ->  [cpcc]  */
START_TEST(copies)
{
    uint8_t old;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t w = map(WVM_ATTR_RW, 0, 4), c = map(WVM_ATTR_WC, 0, 4);
    ck_assert_uint_eq(committed(), 4);
    expect_run(c, 0, 4, WVM_ATTR_WC);
    ck_assert_uint_eq(word_at(c + PG), 2);
    expect_run(c, 0, 4, WVM_ATTR_WC);
    ck_assert(unit_write(c + PG, 77));
    expect_run(c, 0, 1, WVM_ATTR_WC);
    expect_run(c, 1, 1, WVM_ATTR_RW);
    expect_run(c, 2, 2, WVM_ATTR_WC);
    ck_assert_uint_eq(word_at(w + PG), 2);
    ck_assert(unit_write(w + PG, 22) && unit_write(w + 2 * PG, 33));
    ck_assert_uint_eq(word_at(c + PG), 77);
    ck_assert_uint_eq(word_at(c + 2 * PG), 33);
    WORKS(protect(c, 1, 1, WVM_ATTR_NA, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    WORKS(protect(c, 1, 1, WVM_ATTR_WC, &old));
    expect_run(c, 1, 1, WVM_ATTR_RW);
    ck_assert_uint_eq(word_at(c + PG), 77);
    ANSWERS(protect(c, 1, 1, WVM_ATTR_RW, &old), STATUS_SECTION_PROTECTION);
    WORKS(wvm_space_revert(SP, c + PG, c + 2 * PG, WVM_ATTR_WC, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    expect_run(c, 0, 4, WVM_ATTR_WC);
    ck_assert_uint_eq(word_at(c + PG), 22);
    WORKS(wvm_space_unmap(SP, c, false));
    WORKS(wvm_space_unmap(SP, w, false));
    ck_assert_uint_eq(committed(), 0);
}
END_TEST

/*  [wwww]  ->  [wccw], page 1 written  ->  [wwww], page 1 stays private  */
START_TEST(copies_in_a_shared_view)
{
    uint8_t old;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t a = map(WVM_ATTR_RW, 2, 4), b = map(WVM_ATTR_RW, 2, 4);
    WORKS(protect(a, 1, 2, WVM_ATTR_WC, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RW);
    expect_run(a, 0, 1, WVM_ATTR_RW);
    expect_run(a, 1, 2, WVM_ATTR_WC);
    ck_assert(unit_write(a + PG, 70));
    ck_assert_uint_eq(word_at(b + PG), 4);
    expect_run(a, 0, 2, WVM_ATTR_RW);
    expect_run(a, 2, 1, WVM_ATTR_WC);
    WORKS(protect(a, 0, 4, WVM_ATTR_RO, &old));
    WORKS(protect(a, 0, 4, WVM_ATTR_RW, &old));
    ck_assert_uint_eq(old, WVM_ATTR_RO);
    expect_run(a, 0, 4, WVM_ATTR_RW);
    ck_assert(unit_write(a + 2 * PG, 80) && unit_write(a + PG, 71));
    ck_assert_uint_eq(word_at(b + 2 * PG), 80);
    ck_assert_uint_eq(word_at(b + PG), 4);
    WORKS(wvm_space_unmap(SP, a, false));
    WORKS(wvm_space_unmap(SP, b, false));
}
END_TEST

/*  [........] twice; commits through one show in the other  */
START_TEST(sparse)
{
    uint64_t bits[2] = {0};
    uint8_t old;
    unit_set_up(_i);
    make_backing(PAGES, bits);
    uintptr_t a = map(WVM_ATTR_RW, 0, PAGES), b = map(WVM_ATTR_RW, 2, PAGES - 2);
    expect_run(a, 0, PAGES, WVM_ATTR_RESERVED);
    ANSWERS(protect(a, 0, 1, WVM_ATTR_RO, &old), STATUS_NOT_COMMITTED);
    WORKS(wvm_space_commit(SP, a + 3 * PG, a + 5 * PG, WVM_ATTR_RO));
    ck_assert_uint_eq(committed(), 2);
    ck_assert_uint_eq(bits[0], 0x18);
    expect_run(a, 3, 2, WVM_ATTR_RO);
    expect_run(b, 1, 2, WVM_ATTR_RW);
    ck_assert(unit_write(b + PG, 9));
    ck_assert_uint_eq(word_at(a + 3 * PG), 9);
    WORKS(wvm_space_commit(SP, a + 3 * PG, a + 4 * PG, WVM_ATTR_RW));
    ck_assert_uint_eq(committed(), 2);
    /* another process commits page 7 */
    bits[0] |= 0x80;
    expect_run(a, 5, 2, WVM_ATTR_RESERVED);
    expect_run(b, 5, 1, WVM_ATTR_RW);
    struct wvm_fault f = {.addr = a + 7 * PG, .access = WVM_ACCESS_WRITE};
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_RETRY);
    ck_assert(unit_write(a + 7 * PG, 1));
    f.addr = a + 6 * PG;
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_VIOLATION);
    /* and then page 6, which a system call is about to fill */
    bits[0] |= 0x40;
    WORKS(wvm_space_ready(SP, a + 6 * PG, a + 7 * PG, true));
    ck_assert(unit_write(a + 6 * PG, 2));
    uintptr_t c = map(WVM_ATTR_RO, 0, PAGES);
    expect_run(c, 3, 2, WVM_ATTR_RO);
    expect_run(c, 6, 2, WVM_ATTR_RO);
    ANSWERS(wvm_space_commit(SP, c, c + PG, WVM_ATTR_RW), STATUS_SECTION_PROTECTION);
    WORKS(wvm_space_unmap(SP, a, false));
    WORKS(wvm_space_unmap(SP, b, false));
    WORKS(wvm_space_unmap(SP, c, false));
    ck_assert_uint_eq(backing.charged, 2);
    wvm_space_uncharge_section(SP, 2);
    ck_assert_uint_eq(committed(), 0);
    unit_audit();
}
END_TEST

/* Parts of an image, and what may never be done to a view. */
START_TEST(parts_and_refusals)
{
    const struct wvm_view_part part[] = {
        {0, 1, WVM_ATTR_RO}, {1, 3, WVM_ATTR_XR}, {3, 4, WVM_ATTR_WC}};
    uintptr_t done;
    uint8_t old;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    struct wvm_view_request req = {
        .backing = &backing, .len = 4 * PG, .attr = WVM_ATTR_XWC, .type = WVM_TYPE_IMAGE,
        .n_parts = 3, .part = part};
    WORKS(wvm_space_map(SP, &req));
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, req.start + PG, &r), STATUS_SUCCESS);
    ck_assert(r.attr == WVM_ATTR_XR && r.alloc_attr == WVM_ATTR_XWC && r.type == WVM_TYPE_IMAGE);
    ck_assert_uint_eq(r.end - r.start, 2 * PG);
    ck_assert_uint_eq(committed(), 1);
    WORKS(protect(req.start, 1, 1, WVM_ATTR_RW, &old));
    ck_assert_int_eq(wvm_space_query(SP, req.start + PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, WVM_ATTR_WC);
    ANSWERS(wvm_space_decommit(SP, req.start, req.start + PG, &done),
            STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(wvm_space_release(SP, req.start, req.start, &done), STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(wvm_space_commit(SP, req.start, req.start + PG, WVM_ATTR_RO),
            STATUS_ALREADY_COMMITTED);
    struct wvm_request res = {.start = req.start, .len = PG, .attr = WVM_ATTR_RW};
    ANSWERS(wvm_space_reserve(SP, &res), STATUS_CONFLICTING_ADDRESSES);
    WORKS(wvm_space_unmap(SP, req.start, false));
}
END_TEST

/* A place in a slab, over a foreign mapping, over a reservation, and a placeholder and back. */
START_TEST(places)
{
    uintptr_t done;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    struct wvm_request res = {.len = 0x40000, .attr = WVM_ATTR_NA};
    WORKS(wvm_space_reserve(SP, &res));
    struct wvm_view_request req = {
        .backing = &backing, .len = 3 * PG, .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED,
        .start = res.start + 0x10000};
    ANSWERS(wvm_space_map(SP, &req), STATUS_CONFLICTING_ADDRESSES);
    req.replace = true;
    ANSWERS(wvm_space_map(SP, &req), STATUS_CONFLICTING_ADDRESSES);
    req.replace = false;
    WORKS(wvm_space_release(SP, res.start, res.start, &done));
    WORKS(wvm_space_map(SP, &req));
    ck_assert_uint_eq(word_at(req.start + PG), 2);
    WORKS(wvm_space_unmap(SP, req.start, false));
    ck_assert(!unit_read(req.start, &(uint64_t){0}));
    void *foreign = mmap(NULL, 0x20000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    req.start = wvm_align_up((uintptr_t)foreign, WVM_GRANULE_SIZE);
    ANSWERS(wvm_space_map(SP, &req), STATUS_CONFLICTING_ADDRESSES);
    munmap(foreign, 0x20000);
    WORKS(wvm_space_map(SP, &req));
    WORKS(wvm_space_unmap(SP, req.start, false));
    req = (struct wvm_view_request){.backing = &backing, .len = PG, .attr = WVM_ATTR_RO,
                                    .type = WVM_TYPE_MAPPED, .limit = (uintptr_t)1 << 31};
    WORKS(wvm_space_map(SP, &req));
    ck_assert_uint_lt(req.start, (uintptr_t)1 << 31);
    WORKS(wvm_space_unmap(SP, req.start, false));
    ck_assert_int_eq(backing.refs, 1);
}
END_TEST

static bool is_alone(uintptr_t at)
{
    return wvm_sheet_at(&SP->store, &SP->alone, wvm_page_of(at));
}

/* What views leave of a placeholder is one mapping of its own, until private memory comes there or
 * the range is free. */
START_TEST(placeholder_between_views)
{
    uintptr_t done;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    struct wvm_request res = {.len = 8 * PG, .attr = WVM_ATTR_NA, .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &res));
    for (int i = 0; i < 3; i++) {
        struct wvm_view_request req = {
            .backing = &backing, .len = 8 * PG, .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED,
            .start = res.start, .replace = true};
        WORKS(wvm_space_map(SP, &req));
        ck_assert_uint_eq(word_at(req.start + PG), 2);
        WORKS(wvm_space_unmap(SP, req.start, true));
        ck_assert(is_alone(res.start) && is_alone(res.start + 7 * PG));
        ck_assert(!unit_read(res.start, &(uint64_t){0}));
    }
    struct wvm_request mem = {.start = res.start, .len = 8 * PG, .attr = WVM_ATTR_RW,
                              .commit = true, .flags = WVM_ALLOC_REPLACED};
    WORKS(wvm_space_reserve(SP, &mem));
    ck_assert(!is_alone(res.start) && word_at(res.start) == 0 && unit_write(res.start, 3));
    WORKS(wvm_space_preserve(SP, res.start, res.start + 8 * PG));
    struct wvm_view_request req = {
        .backing = &backing, .len = 8 * PG, .attr = WVM_ATTR_RO, .type = WVM_TYPE_MAPPED,
        .start = res.start, .replace = true};
    WORKS(wvm_space_map(SP, &req));
    WORKS(wvm_space_unmap(SP, res.start, true));
    WORKS(wvm_space_release(SP, res.start, res.start, &done));
    ck_assert(!is_alone(res.start));
}
END_TEST

/* Foreign mappings inside the arena are walked around. */
START_TEST(foreign_in_the_arena)
{
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t a = map(WVM_ATTR_RW, 0, 1), at = a + WVM_GRANULE_SIZE;
    ck_assert_ptr_eq(mmap((void *)at, 5 * PG, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
                     (void *)at);
    uintptr_t b = map(WVM_ATTR_RW, 0, 1);
    ck_assert(b < at || b >= at + 5 * PG);
    /* what lies behind the foreign mapping is still the arena's */
    ck_assert_uint_eq(b, at + WVM_GRANULE_SIZE);
    WORKS(wvm_space_unmap(SP, a, false));
    WORKS(wvm_space_unmap(SP, b, false));
    munmap((void *)at, 5 * PG);
}
END_TEST

/* A guard page in a view, and a lock that leaves pages shared. */
START_TEST(guard_and_lock)
{
    uint8_t old;
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t c = map(WVM_ATTR_WC, 0, 4);
    WORKS(protect(c, 1, 1, WVM_ATTR_RO | WVM_ATTR_GUARD, &old));
    struct wvm_fault f = {.addr = c + PG, .access = WVM_ACCESS_READ};
    ck_assert_int_eq(wvm_space_fault(SP, &f), WVM_FAULT_GUARD);
    ck_assert_uint_eq(word_at(c + PG), 2);
    WORKS(protect(c, 1, 1, WVM_ATTR_WC, &old));
    WORKS(wvm_space_lock(SP, c, c + 4 * PG));
    if (_i != CAPS_NONE)
        expect_run(c, 0, 4, WVM_ATTR_WC);
    ck_assert(unit_write(c, 5));
    expect_run(c, 0, 1, WVM_ATTR_RW);
    WORKS(wvm_space_unlock(SP, c, c + 4 * PG));
    WORKS(wvm_space_unmap(SP, c, false));
}
END_TEST

/* 100,000 times: nothing stays. */
START_TEST(many)
{
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    uintptr_t first = 0;
    for (int i = 0; i < 100000; i++) {
        struct wvm_view_request req = {.backing = &backing, .len = 4 * PG, .attr = WVM_ATTR_RW,
                                       .type = WVM_TYPE_MAPPED};
        ck_assert_int_eq(wvm_space_map(SP, &req), STATUS_SUCCESS);
        first = first ? first : req.start;
        ck_assert_uint_eq(req.start, first);
        ck_assert_int_eq(wvm_space_unmap(SP, req.start, false), STATUS_SUCCESS);
    }
    unit_audit();
    ck_assert_int_eq(backing.refs, 1);
}
END_TEST

/* ---- the failure loop ---- */

enum { VIEWS = 5 };

/* Everything that can be done to views, up to the first failure. */
static wvm_status scenario(uintptr_t placeholder, uintptr_t view[VIEWS])
{
    static const uint8_t attr[VIEWS] = {WVM_ATTR_RW, WVM_ATTR_WC, WVM_ATTR_NA, WVM_ATTR_RW,
                                        WVM_ATTR_RO};
    const struct wvm_view_part part[] = {{0, 1, WVM_ATTR_RO}, {1, 4, WVM_ATTR_WC}};
    wvm_status status = STATUS_SUCCESS;
    uint8_t old;
    for (unsigned i = 0; !status && i < VIEWS; i++) {
        struct wvm_view_request req = {
            .backing = &backing, .len = 4 * PG, .attr = attr[i], .type = WVM_TYPE_MAPPED,
            .start = i == 3 ? placeholder : 0, .replace = i == 3,
            .n_parts = i == 4 ? 2 : 0, .part = part};
        status = wvm_space_map(SP, &req);
        if (!status)
            view[i] = req.start;
    }
    if (!status)
        status = protect(view[0], 1, 2, WVM_ATTR_WC, &old);
    if (!status)
        status = protect(view[0], 0, 3, WVM_ATTR_RW, &old);
    if (!status)
        status = protect(view[3], 0, 2, WVM_ATTR_RW | WVM_ATTR_GUARD, &old);
    if (!status) /* two calls of the host: copying, then inaccessible */
        status = protect(view[3], 2, 2, WVM_ATTR_WC | WVM_ATTR_GUARD, &old);
    if (!status)
        status = protect(view[3], 2, 2, WVM_ATTR_RW, &old);
    if (!status)
        status = protect(view[1], 0, 2, WVM_ATTR_NA, &old);
    return status;
}

/* A failing call leaves what was there, and every invariant true. */
START_TEST(every_host_call_fails)
{
    static const int errors[] = {ENOMEM, EAGAIN, EACCES};
    unit_set_up(CAPS_ALL);
    make_backing(PAGES, NULL);
    struct wvm_request res = {.len = 4 * PG, .attr = WVM_ATTR_NA,
                              .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &res));
    for (unsigned n = 1;; n++) {
        uintptr_t view[VIEWS] = {0};
        host_fail_arm(HOST_FAIL_TAKING, n, errors[_i % 3],
                      _i < 3 ? HOST_FAIL_ONCE : HOST_FAIL_FOREVER);
        wvm_status status = scenario(res.start, view);
        unsigned fired = host_fail_disarm();
        unit_audit();
        ck_assert(fired || !status);
        for (unsigned i = 0; i < VIEWS; i++) {
            if (view[i])
                WORKS(wvm_space_unmap(SP, view[i], i == 3));
        }
        struct wvm_region r;
        ck_assert_int_eq(wvm_space_query(SP, res.start, &r), STATUS_SUCCESS);
        ck_assert(r.flags == WVM_ALLOC_PLACEHOLDER && r.end - r.start == 4 * PG);
        ck_assert_int_eq(backing.refs, 1);
        ck_assert_uint_eq(committed(), 0);
        if (!fired)
            break;
    }
}
END_TEST

/* ---- threads ---- */

enum { ROUNDS = 3000 };

static void *map_and_unmap(void *ctx)
{
    unsigned seed = (unsigned)(uintptr_t)ctx;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t attr = rand_r(&seed) % 2 ? WVM_ATTR_RW : WVM_ATTR_WC, old;
        struct wvm_view_request req = {.backing = &backing, .len = 4 * PG, .attr = attr,
                                       .type = WVM_TYPE_MAPPED};
        ck_assert_int_eq(wvm_space_map(SP, &req), STATUS_SUCCESS);
        volatile char *byte = (char *)req.start + PG;
        *byte = (char)i;
        struct wvm_region r;
        ck_assert_int_eq(wvm_space_query(SP, req.start + PG, &r), STATUS_SUCCESS);
        ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
        ck_assert_int_eq(protect(req.start, 0, 2, WVM_ATTR_RO, &old), STATUS_SUCCESS);
        ck_assert_int_eq(wvm_space_unmap(SP, req.start, false), STATUS_SUCCESS);
    }
    return NULL;
}

START_TEST(two_threads)
{
    pthread_t t[2];
    unit_set_up(_i);
    make_backing(PAGES, NULL);
    for (uintptr_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, map_and_unmap, (void *)(i + 1)), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    unit_audit();
    ck_assert_int_eq(backing.refs, 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-view", 60, &tc);
    tcase_add_loop_test(tc, shared, 0, N_CAPS);
    tcase_add_loop_test(tc, copies, 0, N_CAPS);
    tcase_add_loop_test(tc, copies_in_a_shared_view, 0, N_CAPS);
    tcase_add_loop_test(tc, sparse, 0, N_CAPS);
    tcase_add_loop_test(tc, parts_and_refusals, 0, N_CAPS);
    tcase_add_loop_test(tc, places, 0, N_CAPS);
    tcase_add_loop_test(tc, placeholder_between_views, 0, N_CAPS);
    if (WVM_ADDRESS_BITS > 32) /* elsewhere there is no arena */
        tcase_add_loop_test(tc, foreign_in_the_arena, 0, N_CAPS);
    tcase_add_loop_test(tc, guard_and_lock, 0, N_CAPS);
    tcase_add_loop_test(tc, many, 0, 1);
    tcase_add_loop_test(tc, every_host_call_fails, 0, 6);
    tcase_add_loop_test(tc, two_threads, 0, 2);
    return unit_run(suite);
}
