/* Gaps against a bitmap of granules. Pictures: '.' free, '#' taken. */
#include <string.h>
#include <time.h>

#include "region/t/region_unit.h"

enum { N = 600, BASE = 1000 };

static struct wvm_store st;
static struct wvm_gaps gs;
static bool is_free[N];

static void set_up(void)
{
    wvm_store_init(&st);
    wvm_gaps_init(&gs);
    memset(is_free, 0, sizeof is_free);
}

static void give(uint32_t lo, uint32_t hi)
{
    unit_fill(&st);
    wvm_gaps_give(&st, &gs, BASE + lo, BASE + hi);
    wvm_store_flush(&st);
    memset(is_free + lo, true, hi - lo);
}

static void take(uint32_t lo, uint32_t hi)
{
    unit_fill(&st);
    wvm_gaps_take(&st, &gs, BASE + lo, BASE + hi);
    wvm_store_flush(&st);
    memset(is_free + lo, false, hi - lo);
}

static bool all_are(bool value, uint32_t lo, uint32_t n)
{
    for (uint32_t i = lo; i < lo + n; i++)
        if (is_free[i] != value)
            return false;
    return true;
}

/* The answer of a plain search; N: none. The bounds count from BASE, the alignment from 0. */
static uint32_t plain(const struct wvm_fit *f)
{
    uint32_t found = N;
    for (uint32_t i = f->lo; i + f->n <= f->hi; i++)
        if ((BASE + i) % f->align == 0 && all_are(true, i, f->n)) {
            found = i;
            if (!f->highest)
                break;
        }
    return found;
}

static void compare_aligned(uint32_t n, uint32_t lo, uint32_t hi, uint32_t align)
{
    for (int highest = 0; highest < 2; highest++) {
        struct wvm_fit f = {n, lo, hi, align, highest};
        uint32_t got = 0, want = plain(&f);
        f.lo += BASE;
        f.hi += BASE;
        bool found = wvm_gaps_fit(&st, &gs, &f, &got);
        ck_assert_uint_eq(found ? got - BASE : N, want);
    }
}

static void compare_fit(uint32_t n, uint32_t lo, uint32_t hi)
{
    compare_aligned(n, lo, hi, 1);
}

/* Places n granules and compares with the plain search. */
static void compare_place(uint32_t n, bool highest)
{
    uint32_t want = plain(&(struct wvm_fit){n, 0, N, 1, highest});
    unit_fill(&st);
    uint32_t got = wvm_gaps_place(&st, &gs, n, highest);
    wvm_store_flush(&st);
    ck_assert_uint_eq(got ? got - BASE : N, want);
    if (got)
        memset(is_free + want, false, n);
}

static void compare_overlap(uint32_t lo, uint32_t hi)
{
    uint32_t a = 0, b = 0, want = lo;
    while (want < hi && !is_free[want])
        want++;
    bool found = wvm_gaps_overlap(&st, &gs, BASE + lo, BASE + hi, &a, &b);
    ck_assert_int_eq(found, want < hi);
    if (!found)
        return;
    ck_assert_uint_eq(a, BASE + want);
    while (want < hi && is_free[want])
        want++;
    ck_assert_uint_eq(b, BASE + want);
}

/*  ....##..##....   joining on the left, the right, both and neither side */
START_TEST(joins)
{
    set_up();
    give(0, 4);
    give(10, 14);
    ck_assert_uint_eq(wvm_cells_used(&st.gap), 2);
    give(4, 6);
    give(8, 10);
    ck_assert_uint_eq(wvm_cells_used(&st.gap), 2);
    give(6, 8);
    ck_assert_uint_eq(wvm_cells_used(&st.gap), 1);
    compare_fit(14, 0, N);
    take(0, 14);
    ck_assert_uint_eq(wvm_cells_used(&st.gap), 0);
    compare_fit(1, 0, N);
    UNIT_OK(wvm_gaps_check(&st, &gs));
}
END_TEST

static void random_step(uint64_t *state)
{
    uint32_t lo = unit_random(state) % N, n = 1 + unit_random(state) % 20;
    if (lo + n > N)
        n = N - lo;
    if (all_are(true, lo, n))
        take(lo, lo + n);
    else if (all_are(false, lo, n))
        give(lo, lo + n);
}

START_TEST(random_steps)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t state = seed * 99991;
        set_up();
        for (unsigned round = 0; round < 3000; round++) {
            random_step(&state);
            UNIT_OK(wvm_gaps_check(&st, &gs));
            uint32_t lo = unit_random(&state) % N, hi = lo + unit_random(&state) % (N - lo + 1);
            compare_fit(1 + unit_random(&state) % 40, lo, hi);
            compare_fit(1 + unit_random(&state) % 40, 0, N);
            compare_aligned(1 + unit_random(&state) % 40, lo, hi, 1u << unit_random(&state) % 7);
            compare_aligned(1 + unit_random(&state) % 12, 0, N, 1u << unit_random(&state) % 7);
            if (lo < hi)
                compare_overlap(lo, hi);
            if (round % 4 == 0)
                compare_place(1 + unit_random(&state) % 20, round % 8 == 0);
            UNIT_OK(wvm_gaps_check(&st, &gs));
        }
    }
}
END_TEST

static bool fit(uint32_t n, uint32_t lo, uint32_t hi, bool highest, uint32_t *out)
{
    return wvm_gaps_fit(&st, &gs, &(struct wvm_fit){n, lo, hi, 1, highest}, out);
}

/* An alignment as large as the numbers: nothing starts at such a granule but 0. */
START_TEST(huge_alignment)
{
    uint32_t out;
    set_up();
    give(0, N);
    for (int highest = 0; highest < 2; highest++) {
        struct wvm_fit f = {1, 1, UINT32_MAX, 1u << 31, highest};
        ck_assert(!wvm_gaps_fit(&st, &gs, &f, &out));
        f.align = 1024;
        ck_assert(wvm_gaps_fit(&st, &gs, &f, &out));
        ck_assert_uint_eq(out, 1024);
        f.n = BASE + N - 1024;
        ck_assert(wvm_gaps_fit(&st, &gs, &f, &out));
        f.n++;
        ck_assert(!wvm_gaps_fit(&st, &gs, &f, &out));
    }
}
END_TEST

/* Many gaps: placement stays right, and the tree is not a list (it would overflow a path). */
START_TEST(many)
{
    uint32_t out, n = 100000;
    set_up();
    for (uint32_t i = 0; i < n; i++) {
        unit_fill(&st);
        wvm_gaps_give(&st, &gs, 1 + 4 * i, 3 + 4 * i);
        wvm_store_flush(&st);
    }
    UNIT_OK(wvm_gaps_check(&st, &gs));
    ck_assert(fit(2, 4 * 500, UINT32_MAX, false, &out));
    ck_assert_uint_eq(out, 4 * 500 + 1);
    ck_assert(fit(2, 0, 4 * 500, true, &out));
    ck_assert_uint_eq(out, 4 * 499 + 1);
    ck_assert(!fit(3, 0, UINT32_MAX, false, &out));
    unit_fill(&st);
    wvm_gaps_give(&st, &gs, 4 * 777 + 3, 4 * 777 + 5);
    ck_assert(fit(3, 0, UINT32_MAX, false, &out));
    ck_assert_uint_eq(out, 4 * 777 + 1);
}
END_TEST

/* The processor time of 300 searches. */
static clock_t search_time(const struct wvm_fit *f)
{
    uint32_t out;
    clock_t from = clock();
    for (unsigned i = 0; i < 300; i++)
        ck_assert(wvm_gaps_fit(&st, &gs, f, &out));
    return clock() - from;
}

/* Gaps of two granules, none of which begins at a multiple of four, and what lies behind them. */
START_TEST(disappointing)
{
    enum { COUNT = 100000, END = 4 * COUNT };
    uint32_t out;
    set_up();
    for (uint32_t i = 0; i < COUNT; i++) {
        unit_fill(&st);
        wvm_gaps_give(&st, &gs, 1 + 4 * i, 3 + 4 * i);
        wvm_store_flush(&st);
    }
    for (int highest = 0; highest < 2; highest++) {
        struct wvm_fit f = {2, 0, UINT32_MAX, 4, highest};
        ck_assert(!wvm_gaps_fit(&st, &gs, &f, &out));
    }
    /* One that fits and is not long enough to fit anywhere is found too. */
    unit_fill(&st);
    wvm_gaps_give(&st, &gs, END + 4, END + 6);
    wvm_store_flush(&st);
    for (int highest = 0; highest < 2; highest++) {
        struct wvm_fit f = {2, 0, UINT32_MAX, 4, highest};
        ck_assert(wvm_gaps_fit(&st, &gs, &f, &out));
        ck_assert_uint_eq(out, END + 4);
        f.hi = END + 5;
        ck_assert(!wvm_gaps_fit(&st, &gs, &f, &out));
    }
    unit_fill(&st);
    wvm_gaps_give(&st, &gs, END + 1000, END + 2000);
    wvm_store_flush(&st);
    struct wvm_fit aligned = {2, 0, UINT32_MAX, 4, false}, plain = {3, 0, UINT32_MAX, 1, false};
    ck_assert(wvm_gaps_fit(&st, &gs, &aligned, &out));
    ck_assert_uint_eq(out, END + 1000);
    clock_t least = search_time(&plain);
    ck_assert_int_lt(search_time(&aligned), 1000 * least + CLOCKS_PER_SEC / 50);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("region-gaps", 60, &tc);
    tcase_add_test(tc, joins);
    tcase_add_test(tc, random_steps);
    tcase_add_test(tc, huge_alignment);
    tcase_add_test(tc, many);
    tcase_add_test(tc, disappointing);
    return unit_run(suite);
}
