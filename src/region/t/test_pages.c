/* Page maps against byte arrays; readers against a writer.
 * Pictures: one character per page, the state as a digit. */
#include <pthread.h>
#include <string.h>

#include "region/t/region_unit.h"

static struct wvm_store st;

static void set_up(void)
{
    wvm_store_init(&st);
    unit_fill(&st);
}

static void set(struct wvm_pages *m, uint64_t lo, uint64_t hi, uint8_t v)
{
    unit_fill(&st);
    wvm_pages_set(&st, m, lo, hi, v);
    wvm_store_flush(&st);
}

/* End of the run of equal bytes at i. */
static uint64_t run_end(const uint8_t *byte, uint64_t i, uint64_t limit)
{
    uint64_t end = i + 1;
    while (end < limit && byte[end] == byte[i])
        end++;
    return end;
}

static void compare_from(const struct wvm_pages *m, const uint8_t *byte, uint64_t i, uint64_t limit)
{
    uint8_t v = 0xff;
    uint64_t end = wvm_pages_next(&st, m, i, limit, &v);
    ck_assert_uint_eq(v, byte[i]);
    ck_assert_uint_eq(end, run_end(byte, i, limit));
}

/* Every run, and the invariants. */
static void compare(const struct wvm_pages *m, const uint8_t *byte, uint64_t n)
{
    UNIT_OK(wvm_pages_check(&st, m));
    for (uint64_t i = 0; i < n; i = run_end(byte, i, n))
        compare_from(m, byte, i, n);
}

START_TEST(heights)
{
    static const struct { uint64_t n; uint8_t height; } t[] = {
        {1, 1}, {64, 1}, {65, 2}, {4096, 2}, {4097, 3}, {(uint64_t)1 << 18, 3},
        {((uint64_t)1 << 18) + 1, 4}, {(uint64_t)1 << 30, 5}, {((uint64_t)1 << 30) + 1, 6},
        {(uint64_t)1 << 36, 6},
    };
    for (size_t i = 0; i < WVM_ARRAY_LEN(t); i++)
        ck_assert_uint_eq(wvm_pages_height(t[i].n), t[i].height);
}
END_TEST

/* Every pair of ranges of a leaf: 0000011112222000 */
START_TEST(leaf_exhaustive)
{
    uint8_t byte[64];
    struct wvm_pages m = {0};
    set_up();
    for (unsigned lo = 0; lo < 64; lo++)
        for (unsigned hi = lo + 1; hi <= 64; hi++)
            for (unsigned k = 0; k < 64; k += 7) {
                unsigned to = k + 1 + (lo * 13 + hi) % (64 - k);
                memset(byte, 0, sizeof byte);
                memset(byte + lo, 1, hi - lo);
                memset(byte + k, 2, to - k);
                wvm_pages_start(&m, 1, 0);
                set(&m, lo, hi, 1);
                set(&m, k, to, 2);
                compare(&m, byte, 64);
                for (unsigned i = 0; i < 64; i++)
                    compare_from(&m, byte, i, 64);
                wvm_pages_end(&st, &m);
                wvm_store_flush(&st);
            }
}
END_TEST

/* Two levels; all ranges whose ends are near a border of leaves:  ..62 63|0 1.. */
START_TEST(borders_exhaustive)
{
    static const unsigned edge[] = {0, 1, 63, 64, 65, 127, 128, 4031, 4032, 4033, 4095, 4096};
    static uint8_t byte[4096];
    struct wvm_pages m = {0};
    set_up();
    for (size_t a = 0; a < WVM_ARRAY_LEN(edge); a++)
        for (size_t b = a + 1; b < WVM_ARRAY_LEN(edge); b++)
            for (size_t c = 0; c < WVM_ARRAY_LEN(edge); c++)
                for (size_t d = c + 1; d < WVM_ARRAY_LEN(edge); d++) {
                    memset(byte, 0, sizeof byte);
                    memset(byte + edge[a], 1, edge[b] - edge[a]);
                    memset(byte + edge[c], 2, edge[d] - edge[c]);
                    wvm_pages_start(&m, 2, 0);
                    set(&m, edge[a], edge[b], 1);
                    set(&m, edge[c], edge[d], 2);
                    compare(&m, byte, 4096);
                    wvm_pages_end(&st, &m);
                    wvm_store_flush(&st);
                }
    ck_assert_uint_eq(wvm_cells_used(&st.leaf), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.inner), 0);
}
END_TEST

/* Random ranges, mostly near borders of each level. The oracle is a list of cuts: a byte array of
 * 64^6 would be too large, so positions are drawn from a small set and one byte stands for the
 * pages between two of them. */
#define N_CUTS 120

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void random_at_height(unsigned height, uint64_t seed)
{
    uint64_t cut[N_CUTS], size = (uint64_t)1 << (6 * height), state = seed;
    uint8_t byte[N_CUTS] = {0};
    unsigned n = 2;
    struct wvm_pages m = {0};
    cut[0] = 0;
    cut[1] = size;
    while (n < N_CUTS && n < size) {
        uint64_t unit = (uint64_t)1 << (6 * (unit_random(&state) % height));
        uint64_t at = unit_random(&state) % (size / unit) * unit + unit_random(&state) % 3 - 1;
        if (at < size)
            cut[n++] = at;
    }
    qsort(cut, n, sizeof cut[0], by_value);
    wvm_pages_start(&m, height, 0);
    for (unsigned round = 0; round < 400; round++) {
        unsigned a = unit_random(&state) % (n - 1), b = a + 1 + unit_random(&state) % (n - 1 - a);
        uint8_t v = unit_random(&state) % 4;
        if (cut[a] == cut[b])
            continue;
        set(&m, cut[a], cut[b], v);
        memset(byte + a, v, b - a);
        UNIT_OK(wvm_pages_check(&st, &m));
        for (unsigned i = 0; i + 1 < n; i++) {
            if (cut[i] == cut[i + 1])
                continue;
            uint8_t got;
            uint64_t end = wvm_pages_next(&st, &m, cut[i], size, &got), want = size;
            for (unsigned k = i + 1; k + 1 < n; k++)
                if (byte[k] != byte[i] && cut[k] != cut[k + 1]) {
                    want = cut[k];
                    break;
                }
            ck_assert_uint_eq(got, byte[i]);
            ck_assert_uint_eq(end, want);
        }
    }
    wvm_pages_end(&st, &m);
    wvm_store_flush(&st);
}

START_TEST(random_heights)
{
    set_up();
    for (unsigned height = 1; height <= WVM_PAGES_MAX_HEIGHT; height++)
        for (uint64_t seed = 1; seed <= 8; seed++)
            random_at_height(height, seed * 77 + height);
    ck_assert_uint_eq(wvm_cells_used(&st.leaf), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.inner), 0);
}
END_TEST

/* A limit inside a run ends it there; a change of a part must not be seen through an older root. */
START_TEST(old_root_is_intact_until_flush)
{
    struct wvm_pages m = {0};
    uint8_t v;
    uint64_t end;
    set_up();
    wvm_pages_start(&m, 3, 1);
    set(&m, 100, 5000, 2);
    uint32_t old = (uint32_t)wvm_pages_root(&m);
    unit_fill(&st);
    wvm_pages_set(&st, &m, 200, 300, 3);
    ck_assert(wvm_pages_run(&st, old, 3, 150, 6000, &v, &end));
    ck_assert_uint_eq(v, 2);
    ck_assert_uint_eq(end, 5000);
    ck_assert(wvm_pages_run(&st, old, 3, 150, 777, &v, &end));
    ck_assert_uint_eq(end, 777);
    ck_assert_uint_eq(wvm_pages_next(&st, &m, 150, 6000, &v), 200);
    ck_assert_uint_eq(wvm_pages_count_runs(&st, &m, 0, 6000, 100), 5);
    ck_assert_uint_eq(wvm_pages_count_runs(&st, &m, 0, 6000, 3), 3);
}
END_TEST

START_TEST(adopt_and_abandon)
{
    struct wvm_pages a = {0}, b = {0};
    uint8_t v;
    set_up();
    wvm_pages_start(&a, 2, 1);
    set(&a, 10, 20, 2);
    wvm_pages_adopt(&b, &a);
    wvm_pages_abandon(&a);
    ck_assert_uint_eq((uint32_t)wvm_pages_root(&a), WVM_REF_DEAD);
    ck_assert_uint_eq(wvm_pages_next(&st, &b, 10, 4096, &v), 20);
    ck_assert_uint_eq(v, 2);
    wvm_pages_end(&st, &b);
    wvm_store_flush(&st);
    ck_assert_uint_eq(wvm_cells_used(&st.leaf), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.inner), 0);
}
END_TEST

/* What one change takes is bounded by what region.h promises, whatever the map looks like. */
START_TEST(nodes_of_one_change)
{
    struct wvm_pages m = {0};
    uint64_t state = 5, size = (uint64_t)1 << 36;
    set_up();
    wvm_pages_start(&m, 6, 0);
    for (unsigned round = 0; round < 3000; round++) {
        uint64_t lo = unit_random(&state) % size, hi = lo + 1 + unit_random(&state) % (size - lo);
        if (round % 2)
            hi = wvm_min(hi, lo + 5000);
        unit_fill(&st);
        uint32_t leaf = wvm_cells_room(&st.leaf), inner = wvm_cells_room(&st.inner);
        wvm_pages_set(&st, &m, lo, hi, round % 5);
        ck_assert_uint_le(leaf - wvm_cells_room(&st.leaf), WVM_PAGES_SET_LEAF);
        ck_assert_uint_le(inner - wvm_cells_room(&st.inner), WVM_PAGES_SET_INNER);
        wvm_store_flush(&st);
    }
    UNIT_OK(wvm_pages_check(&st, &m));
}
END_TEST

/* ---- readers and a writer ---- */

enum { FROM = 100, TO = 9000, SIZE = 1 << 18 };
static struct wvm_pages shared;
static bool stop;

/* [FROM, TO) is written as a whole and in small pieces of another value elsewhere: a reader at FROM
 * must see all of it in one state, and the end exactly at TO. */
#define ENOUGH 100
static void *read_all(void *arg)
{
    uint64_t *n = arg, end;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        uint8_t v = wvm_pages_peek(&st, &shared, FROM, SIZE, &end);
        bool torn = (v != 1 && v != 2) || end != TO;
        __atomic_fetch_add(n, torn ? ENOUGH : 1, __ATOMIC_RELAXED);
        if (torn)
            return (void *)"a torn read";
    }
    return NULL;
}

/* Both have read while pages changed, or found something wrong. */
static bool all_read(uint64_t *n_reads)
{
    return __atomic_load_n(&n_reads[0], __ATOMIC_RELAXED) >= ENOUGH &&
           __atomic_load_n(&n_reads[1], __ATOMIC_RELAXED) >= ENOUGH;
}

START_TEST(readers_see_all_or_nothing)
{
    pthread_t thread[2];
    uint64_t n_reads[2] = {0};
    set_up();
    wvm_pages_start(&shared, 3, 0);
    set(&shared, FROM, TO, 1);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, read_all, &n_reads[i]), 0);
    for (unsigned round = 0; round < 20000 || !all_read(n_reads); round++) {
        set(&shared, FROM, TO, 1 + round % 2);
        uint64_t at = TO + 1 + round * 37 % (SIZE - TO - 70);
        set(&shared, at, at + 1 + round % 64, 3 + round % 3);
        if (round % 16 == 0) /* the same nodes serve again at other places */
            set(&shared, TO, SIZE, 0);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) {
        void *bad;
        pthread_join(thread[i], &bad);
        ck_assert_ptr_null(bad);
    }
    UNIT_OK(wvm_pages_check(&st, &shared));
}
END_TEST

int main(void)
{
    TCase *tc, *readers = tcase_create("readers");
    Suite *suite = unit_suite("region-pages", 60, &tc);
    tcase_add_test(tc, heights);
    tcase_add_test(tc, leaf_exhaustive);
    tcase_add_test(tc, borders_exhaustive);
    tcase_add_test(tc, random_heights);
    tcase_add_test(tc, old_root_is_intact_until_flush);
    tcase_add_test(tc, adopt_and_abandon);
    tcase_add_test(tc, nodes_of_one_change);
    tcase_add_test(readers, readers_see_all_or_nothing);
    tcase_set_timeout(readers, 60);
    suite_add_tcase(suite, readers);
    return unit_run(suite);
}
