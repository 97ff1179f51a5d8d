/* Placeholders on the real host, with each capability switched off.
 * Pictures: one character per page, each allocation in brackets: '.' placeholder, '-' reserved, 'w'
 * READWRITE, 'r' READONLY, 'm' a view; ' ' outside brackets: a free page. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_view.h"
#include "space/t/space_unit.h"

#define CONFLICT STATUS_CONFLICTING_ADDRESSES

static uintptr_t A; /* page 0 of the pictures */

static uintptr_t page(unsigned n)
{
    return A + (uintptr_t)n * PG;
}

static uintptr_t placeholder(unsigned n_pages)
{
    struct wvm_request req = {
        .len = n_pages * (uintptr_t)PG, .attr = WVM_ATTR_NA, .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &req));
    return req.start;
}

static wvm_status replace(unsigned lo, unsigned hi, uint8_t attr, uint8_t flags)
{
    struct wvm_request req = {
        .start = page(lo), .len = page(hi) - page(lo), .attr = attr & 0x7f,
        .commit = !(attr & 0x80), .flags = WVM_ALLOC_REPLACED | flags};
    return wvm_space_reserve(SP, &req);
}

/* Reserves without commit. */
#define NO_COMMIT(attr) ((attr) | 0x80)

static wvm_status preserve(unsigned lo, unsigned hi)
{
    return wvm_space_preserve(SP, page(lo), page(hi));
}

static wvm_status coalesce(unsigned lo, unsigned hi)
{
    return wvm_space_coalesce(SP, page(lo), page(hi));
}

static wvm_status release(unsigned lo, unsigned hi)
{
    uintptr_t end;
    return wvm_space_release(SP, page(lo), page(hi), &end);
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/* ---- pictures ---- */

/* The character of a queried page. */
static char letter(const struct wvm_region *r)
{
    static const char of[] = {[WVM_ATTR_RESERVED] = '-', [WVM_ATTR_RO] = 'r', [WVM_ATTR_RW] = 'w'};
    if (r->type == WVM_TYPE_FREE)
        return ' ';
    if (r->type == WVM_TYPE_MAPPED)
        return 'm';
    if (r->flags & WVM_ALLOC_PLACEHOLDER)
        return r->attr == 0 && r->alloc_attr == WVM_ATTR_NA ? '.' : '?';
    return r->attr < sizeof of && of[r->attr] ? of[r->attr] : '?';
}

/* n: pages. */
static void draw(unsigned n, char *out)
{
    struct wvm_region r;
    for (unsigned i = 0; i < n; i++) {
        ck_assert_int_eq(wvm_space_query(SP, page(i), &r), STATUS_SUCCESS);
        if (r.type != WVM_TYPE_FREE && r.alloc_start == page(i))
            *out++ = '[';
        *out++ = letter(&r);
        if (r.type != WVM_TYPE_FREE && r.alloc_end == page(i + 1))
            *out++ = ']';
        /* One run is one letter (PH-059). */
        ck_assert(r.end <= r.alloc_end || r.type == WVM_TYPE_FREE);
    }
    *out = '\0';
}

static void expect(const char *picture)
{
    char got[200];
    unsigned n = 0;
    for (const char *c = picture; *c; c++)
        n += *c != '[' && *c != ']';
    draw(n, got);
    ck_assert_str_eq(got, picture);
    unit_audit();
}

static void expect_words(unsigned lo, unsigned hi, uint64_t want)
{
    uint64_t word;
    for (unsigned i = lo; i < hi; i++) {
        ck_assert(unit_read(page(i), &word));
        ck_assert_uint_eq(word, want);
    }
}

static void write_words(unsigned lo, unsigned hi, uint64_t word)
{
    for (unsigned i = lo; i < hi; i++)
        ck_assert(unit_write(page(i), word));
}

/* ---- the cases ---- */

START_TEST(life)
{
    uint64_t word;
    unit_set_up(_i);
    uint64_t before = committed();
    A = placeholder(16);
    expect("[................]"); /* PH-040 */
    ck_assert(!unit_read(A, &word));
    ck_assert_uint_eq(committed(), before);
    WORKS(replace(0, 16, WVM_ATTR_RW, 0)); /* PH-043 */
    expect("[wwwwwwwwwwwwwwww]");
    ck_assert_uint_eq(committed(), before + 16);
    write_words(0, 16, 0x5555);
    WORKS(preserve(0, 16)); /* PH-044 */
    expect("[................]");
    ck_assert(!unit_read(A, &word));
    ck_assert_uint_eq(committed(), before);
    WORKS(replace(0, 16, WVM_ATTR_RO, 0)); /* PH-045 */
    expect("[rrrrrrrrrrrrrrrr]");
    expect_words(0, 16, 0);
    WORKS(preserve(0, 16));
    WORKS(replace(0, 16, NO_COMMIT(WVM_ATTR_RW), 0));
    expect("[----------------]");
    WORKS(wvm_space_commit(SP, page(4), page(6), WVM_ATTR_RW));
    expect("[----ww----------]");
    WORKS(release(0, 0)); /* PH-069 */
    expect("                ");
    ck_assert_uint_eq(committed(), before);
}
END_TEST

START_TEST(splits)
{
    unit_set_up(_i);
    A = placeholder(16);
    WORKS(preserve(8, 12)); /* PH-054 */
    expect("[........][....][....]");
    WORKS(preserve(0, 4)); /* PH-055 */
    expect("[....][....][....][....]");
    WORKS(preserve(6, 8)); /* PH-056 */
    expect("[....][..][..][....][....]");
    for (unsigned i = 12; i < 15; i++)
        WORKS(preserve(i, i + 1));
    WORKS(preserve(1, 2));
    WORKS(preserve(2, 3));
    expect("[.][.][.][.][..][..][....][.][.][.][.]");
    WORKS(coalesce(0, 6));
    WORKS(coalesce(12, 16));
    expect("[......][..][....][....]");
    WORKS(coalesce(6, 16));
    expect("[......][..........]");
    WORKS(coalesce(0, 16)); /* PH-066 */
    expect("[................]");
    /* A page for each allocation that a granule can have. */
    for (unsigned i = 0; i < 15; i++)
        WORKS(preserve(i, i + 1));
    expect("[.][.][.][.][.][.][.][.][.][.][.][.][.][.][.][.]");
    for (unsigned i = 0; i < 16; i++)
        WORKS(replace(i, i + 1, i % 2 ? WVM_ATTR_RO : WVM_ATTR_RW, 0));
    expect("[w][r][w][r][w][r][w][r][w][r][w][r][w][r][w][r]");
    for (unsigned i = 0; i < 16; i++)
        WORKS(preserve(i, i + 1));
    WORKS(coalesce(0, 16));
    expect("[................]");
    WORKS(release(0, 0));
}
END_TEST

START_TEST(refusals)
{
    unit_set_up(_i);
    A = placeholder(16);
    ANSWERS(preserve(0, 16), CONFLICT); /* PH-052 */
    ANSWERS(replace(0, 1, WVM_ATTR_RW, 0), CONFLICT); /* PH-047 */
    ANSWERS(replace(1, 16, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(replace(0, 17, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(wvm_space_commit(SP, page(0), page(1), WVM_ATTR_RW), CONFLICT); /* PH-048 */
    struct wvm_request again = {.start = A, .len = PG, .attr = WVM_ATTR_NA};
    ANSWERS(wvm_space_reserve(SP, &again), CONFLICT); /* PH-046 */
    again.flags = WVM_ALLOC_PLACEHOLDER;
    ANSWERS(wvm_space_reserve(SP, &again), CONFLICT);
    ANSWERS(preserve(8, 17), CONFLICT);
    ANSWERS(coalesce(0, 16), CONFLICT);
    expect("[................]");
    WORKS(preserve(0, 4));
    WORKS(preserve(4, 8));
    ANSWERS(coalesce(0, 4), CONFLICT);  /* PH-060 */
    ANSWERS(coalesce(0, 17), CONFLICT); /* PH-062 */
    ANSWERS(coalesce(0, 15), CONFLICT);
    ANSWERS(coalesce(1, 16), CONFLICT); /* PH-063 */
    ANSWERS(release(0, 8), STATUS_UNABLE_TO_FREE_VM); /* PH-065 */
    ANSWERS(release(1, 1), STATUS_FREE_VM_NOT_AT_BASE);
    expect("[....][....][........]");
    WORKS(replace(4, 8, WVM_ATTR_RW, 0));
    ANSWERS(coalesce(0, 16), CONFLICT); /* PH-067 */
    ANSWERS(coalesce(4, 16), CONFLICT);
    ANSWERS(replace(4, 8, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(preserve(4, 6), CONFLICT);
    ANSWERS(preserve(3, 8), CONFLICT);
    expect("[....][wwww][........]");
    WORKS(release(4, 4));
    ANSWERS(coalesce(0, 16), CONFLICT); /* PH-068 */
    ANSWERS(coalesce(4, 16), CONFLICT);
    ANSWERS(preserve(4, 8), STATUS_MEMORY_NOT_ALLOCATED);
    expect("[....]    [........]");
    WORKS(release(0, 0));
    WORKS(release(8, 8));
}
END_TEST

/* What did not replace a placeholder cannot become one (PH-051). */
START_TEST(ordinary_memory)
{
    unit_set_up(_i);
    struct wvm_request req = {.len = 16 * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    A = req.start;
    ANSWERS(preserve(0, 16), CONFLICT);
    ANSWERS(preserve(4, 8), CONFLICT);
    ANSWERS(coalesce(0, 16), CONFLICT);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), CONFLICT);
    expect("[wwwwwwwwwwwwwwww]");
    WORKS(release(0, 0));
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), CONFLICT);
    expect("                ");
}
END_TEST

/* Pieces and parts of them are released one by one, their granule with the last of them. */
START_TEST(releases)
{
    unit_set_up(_i);
    A = placeholder(20);
    WORKS(preserve(8, 16));
    expect("[........][........][....]");
    WORKS(release(8, 12)); /* PH-058 */
    expect("[........]    [....][....]");
    WORKS(release(2, 4));
    expect("[..]  [....]    [....][....]");
    WORKS(replace(4, 8, WVM_ATTR_RW, 0));
    WORKS(preserve(4, 8));
    WORKS(release(0, 0)); /* PH-057 */
    struct wvm_request low = {.start = A, .len = 4 * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &low)); /* VA-117 */
    expect("[wwww][....]    [....][....]");
    WORKS(release(12, 12));
    WORKS(release(4, 4));
    WORKS(release(0, 0));
    WORKS(release(16, 16));
    expect("                    ");
    low.len = 20 * PG;
    WORKS(wvm_space_reserve(SP, &low));
    WORKS(release(0, 0));
}
END_TEST

/* At a fixed address outside the slabs: claimed, and given back to the host with its last piece. */
START_TEST(fixed_address)
{
    struct wvm_host_vma vma;
    unit_set_up(_i);
    A = 0x200000000000;
    struct wvm_request req = {
        .start = A, .len = 40 * PG, .attr = WVM_ATTR_NA, .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &req));
    WORKS(preserve(5, 20));
    WORKS(replace(5, 20, WVM_ATTR_RW, 0));
    write_words(5, 20, 7);
    WORKS(release(0, 0));
    WORKS(release(20, 20));
    expect("     [wwwwwwwwwwwwwww]                    ");
    expect_words(5, 20, 7);
    WORKS(preserve(5, 20));
    WORKS(release(5, 5));
    ck_assert(wvm_host_map_find(A, &vma) <= 0 || vma.start >= page(40));
}
END_TEST

START_TEST(watched)
{
    struct wvm_watch w = {.most = 100};
    unit_set_up(_i);
    A = placeholder(16);
    WORKS(preserve(0, 5));
    WORKS(replace(0, 5, NO_COMMIT(WVM_ATTR_RO), WVM_ALLOC_WRITE_WATCH)); /* PH-050 */
    WORKS(wvm_space_commit(SP, page(0), page(5), WVM_ATTR_RW));
    WORKS(wvm_space_watch_reset(SP, page(0), page(5)));
    if (wvm_host_caps.watch) /* else the write waits for the fault path */
        write_words(2, 3, 1);
    w.start = page(0);
    w.end = page(5);
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_eq(w.n_runs, wvm_host_caps.watch ? 1 : 0);
    WORKS(preserve(0, 5));
    ANSWERS(wvm_space_watch_reset(SP, page(0), page(5)), STATUS_INVALID_PARAMETER_1);
    WORKS(replace(0, 5, WVM_ATTR_RW, 0));
    ANSWERS(wvm_space_watch_reset(SP, page(0), page(5)), STATUS_INVALID_PARAMETER_1);
    write_words(0, 5, 9);
    WORKS(preserve(0, 5));
    WORKS(replace(0, 5, WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH));
    w.n_runs = 9;
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_eq(w.n_runs, 0);
    expect("[wwwww][...........]");
    WORKS(release(0, 0));
    WORKS(release(5, 5));
}
END_TEST

static void last(struct wvm_backing *b)
{
    b->fd = -1;
}

/* A view is unmapped, not freed, wherever it came from (PH-070). */
START_TEST(views)
{
    static struct wvm_backing b = {.refs = 1, .shared_writable = true, .last = last};
    unit_set_up(_i);
    b.fd = memfd_create("view", MFD_CLOEXEC);
    ck_assert(b.fd >= 0 && ftruncate(b.fd, 16 * PG) == 0);
    A = placeholder(16);
    WORKS(preserve(4, 8));
    struct wvm_view_request req = {
        .backing = &b, .start = page(4), .len = 4 * PG, .replace = true, .attr = WVM_ATTR_RW,
        .type = WVM_TYPE_MAPPED};
    WORKS(wvm_space_map(SP, &req));
    expect("[....][mmmm][........]");
    ANSWERS(preserve(4, 8), STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(preserve(4, 6), STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(coalesce(0, 16), CONFLICT);
    ANSWERS(coalesce(0, 8), CONFLICT);
    WORKS(replace(0, 4, WVM_ATTR_RW, 0)); /* in the granule of the view */
    WORKS(replace(8, 16, WVM_ATTR_RW, 0));
    write_words(0, 16, 3);
    WORKS(preserve(0, 4));
    expect("[....][mmmm][wwwwwwww]");
    expect_words(4, 16, 3);
    WORKS(wvm_space_unmap(SP, page(4), true));
    expect("[....][....][wwwwwwww]");
    WORKS(preserve(8, 16));
    WORKS(coalesce(0, 16));
    WORKS(replace(0, 16, WVM_ATTR_RW, 0));
    expect_words(0, 16, 0);
    WORKS(release(0, 0));
    close(b.fd);
}
END_TEST

/* I1 of space_placeholder.c: no call that takes a range away from winvm, for however short. */
START_TEST(never_unmapped)
{
    unit_set_up(_i);
    A = placeholder(200);
    host_fail_arm(HOST_FAIL_ANY, 0, ENOMEM, HOST_FAIL_ONCE);
    for (unsigned n = 1; n < 180; n += 29) {
        WORKS(preserve(3, 3 + n));
        WORKS(replace(3, 3 + n, WVM_ATTR_RW, 0));
        write_words(3, 3 + n, n);
        WORKS(preserve(3, 3 + n));
        WORKS(replace(3, 3 + n, WVM_ATTR_RO, 0));
        expect_words(3, 3 + n, 0);
        WORKS(preserve(3, 3 + n));
        WORKS(coalesce(0, 200));
    }
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_UNMAP), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_RESERVE_AT), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_RESERVE), 0);
    ck_assert_uint_gt(host_fail_calls(HOST_FAIL_PROTECT), 0);
    host_fail_disarm();
    WORKS(release(0, 0));
}
END_TEST

START_TEST(commit_limit)
{
    unit_set_up(_i);
    wvm_space_native.limit = wvm_space_native.committed + 10;
    A = placeholder(16);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), STATUS_COMMITMENT_LIMIT);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH), STATUS_COMMITMENT_LIMIT);
    expect("[................]");
    WORKS(preserve(0, 10));
    WORKS(replace(0, 10, WVM_ATTR_RW, 0));
    ANSWERS(replace(10, 16, WVM_ATTR_RW, 0), STATUS_COMMITMENT_LIMIT);
    WORKS(preserve(0, 10));
    WORKS(replace(10, 16, WVM_ATTR_RW, 0));
    expect("[..........][wwwwww]");
    WORKS(release(0, 0));
    WORKS(release(10, 10));
}
END_TEST

/* ---- random steps against a plain model ---- */

enum { N = 48 };

/* What each page is and where its allocation begins. */
static struct {
    char kind[N];      /* as in the pictures */
    uint8_t start[N];
    uint64_t word[N];
} model;

static unsigned alloc_end(unsigned at)
{
    unsigned end = at;
    while (end < N && model.kind[end] != ' ' && model.start[end] == model.start[at])
        end++;
    return end;
}

static void model_set(unsigned lo, unsigned hi, char kind, unsigned start)
{
    for (unsigned i = lo; i < hi; i++) {
        model.kind[i] = kind;
        model.start[i] = start;
        model.word[i] = 0;
    }
}

static wvm_status model_preserve(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ')
        return STATUS_MEMORY_NOT_ALLOCATED;
    unsigned start = model.start[lo], end = alloc_end(lo);
    bool whole = lo == start && hi == end, split = model.kind[lo] == '.';
    if (hi > end || whole == split)
        return CONFLICT;
    if (hi < end && split)
        model_set(hi, end, '.', hi);
    model_set(lo, hi, '.', lo);
    return STATUS_SUCCESS;
}

static wvm_status model_coalesce(unsigned lo, unsigned hi)
{
    unsigned n = 0;
    for (unsigned p = lo; p < hi; n++) {
        if (model.kind[p] != '.' || model.start[p] != p || alloc_end(p) > hi)
            return CONFLICT;
        p = alloc_end(p);
    }
    if (n < 2)
        return CONFLICT;
    model_set(lo, hi, '.', lo);
    return STATUS_SUCCESS;
}

static wvm_status model_replace(unsigned lo, unsigned hi, char kind)
{
    if (model.kind[lo] != '.' || model.start[lo] != lo || alloc_end(lo) != hi)
        return CONFLICT;
    model_set(lo, hi, kind, lo);
    return STATUS_SUCCESS;
}

static wvm_status model_release(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ')
        return STATUS_MEMORY_NOT_ALLOCATED;
    unsigned end = alloc_end(lo);
    if (hi > end)
        return STATUS_UNABLE_TO_FREE_VM;
    for (unsigned i = hi; i < end; i++)
        model.start[i] = hi;
    model_set(lo, hi, ' ', 0);
    return STATUS_SUCCESS;
}

static wvm_status model_commit(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ' || model.kind[lo] == '.' || hi > alloc_end(lo))
        return CONFLICT;
    for (unsigned i = lo; i < hi; i++)
        model.kind[i] = 'w';
    return STATUS_SUCCESS;
}

static void compare(uint64_t seed, unsigned round)
{
    char want[3 * N + 1], got[3 * N + 1], *o = want;
    uint64_t word;
    for (unsigned i = 0; i < N; i++) {
        if (model.kind[i] != ' ' && model.start[i] == i)
            *o++ = '[';
        *o++ = model.kind[i];
        if (model.kind[i] != ' ' && alloc_end(i) == i + 1)
            *o++ = ']';
    }
    *o = '\0';
    draw(N, got);
    ck_assert_msg(strcmp(want, got) == 0, "seed %lu round %u:\nwant %s\ngot  %s",
                  (unsigned long)seed, round, want, got);
    for (unsigned i = 0; i < N; i++)
        if (model.kind[i] == 'w')
            ck_assert(unit_read(page(i), &word) && word == model.word[i]);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* A range that often is a whole allocation, or several. */
static void choose(uint64_t *state, unsigned *lo, unsigned *hi)
{
    *lo = next_random(state) % N;
    if (next_random(state) % 2 && model.kind[*lo] != ' ')
        *lo = model.start[*lo];
    *hi = *lo + 1 + next_random(state) % (N - *lo);
    if (next_random(state) % 4 && model.kind[*lo] != ' ')
        *hi = alloc_end(*lo);
    if (next_random(state) % 4 == 0 && *hi < N && model.kind[*hi] != ' ')
        *hi = alloc_end(*hi);
}

static void step(uint64_t *state)
{
    unsigned lo, hi, what = next_random(state) % 16;
    choose(state, &lo, &hi);
    if (what < 5) {
        ck_assert_int_eq(preserve(lo, hi), model_preserve(lo, hi));
    } else if (what < 8) {
        ck_assert_int_eq(coalesce(lo, hi), model_coalesce(lo, hi));
    } else if (what < 12) {
        bool commit = what < 11;
        ck_assert_int_eq(replace(lo, hi, commit ? WVM_ATTR_RW : NO_COMMIT(WVM_ATTR_RW), 0),
                         model_replace(lo, hi, commit ? 'w' : '-'));
    } else if (what < 13) {
        ck_assert_int_eq(release(lo, hi), model_release(lo, hi));
    } else if (what < 14) {
        ck_assert_int_eq(wvm_space_commit(SP, page(lo), page(hi), WVM_ATTR_RW),
                         model_commit(lo, hi));
    } else {
        for (unsigned i = lo; i < hi; i++)
            if (model.kind[i] == 'w')
                ck_assert(unit_write(page(i), model.word[i] = next_random(state)));
    }
}

START_TEST(random_steps)
{
    unit_set_up(_i);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t state = seed * 7919;
        A = placeholder(N);
        model_set(0, N, '.', 0);
        for (unsigned round = 0; round < 150; round++) {
            step(&state);
            compare(seed, round);
            if (round % 8 == 0)
                unit_audit();
        }
        for (unsigned i = 0; i < N; i++)
            if (model.kind[i] != ' ' && model.start[i] == i)
                WORKS(release(i, i));
        expect("                                                ");
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-placeholder", 60, &tc);
    tcase_add_loop_test(tc, life, 0, N_CAPS);
    tcase_add_loop_test(tc, splits, 0, N_CAPS);
    tcase_add_loop_test(tc, refusals, 0, N_CAPS);
    tcase_add_loop_test(tc, ordinary_memory, 0, N_CAPS);
    tcase_add_loop_test(tc, releases, 0, N_CAPS);
    tcase_add_loop_test(tc, fixed_address, 0, N_CAPS);
    tcase_add_loop_test(tc, watched, 0, N_CAPS);
    tcase_add_loop_test(tc, views, 0, N_CAPS);
    tcase_add_loop_test(tc, never_unmapped, 0, N_CAPS);
    tcase_add_loop_test(tc, commit_limit, 0, N_CAPS);
    tcase_add_loop_test(tc, random_steps, 0, N_CAPS);
    return unit_run(suite);
}
