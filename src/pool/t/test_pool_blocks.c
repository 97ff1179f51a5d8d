/* Blocks: sizes and places, contents, what is found wrong with a free, counters. */
#include "pool/t/pool_unit.h"

START_TEST(places)
{
    unit_start();
    for (size_t size = 0; size <= 40000; size += size < 4200 ? 1 : 97) {
        char *p = unit_take(WVM_POOL_PAGED, size, TAG_A);
        struct wvm_pool_block b;
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % WVM_POOL_ALIGN, 0);
        if (size > WVM_POOL_SMALL_MAX)
            ck_assert_uint_eq((uintptr_t)p % PAGE, 0);
        else
            ck_assert_uint_eq((uintptr_t)p / PAGE, ((uintptr_t)p + (size ? size - 1 : 0)) / PAGE);
        ck_assert(wvm_pool_find(p, &b));
        ck_assert_uint_ge(b.room, size);
        if (size > WVM_POOL_SMALL_MAX)
            ck_assert_uint_eq(b.room, wvm_align_up(size, PAGE));
        else
            ck_assert_uint_le(b.room - size, wvm_max(b.room / 8, size ? 15 : 16));
        memset(p, 0x5a, size);
        unit_give(p, TAG_A);
    }
}
END_TEST

/* How many of the first bytes have the value. An assertion for each takes minutes where a sanitizer
 * looks on. */
static size_t count_same(const char *p, size_t n, uint8_t value)
{
    size_t same = 0;
    while (same < n && (uint8_t)p[same] == value)
        same++;
    return same;
}

/* Blocks of all classes at once: none overlaps another, each keeps its contents. */
START_TEST(contents)
{
    enum { N = 6000 };
    static char *block[N];
    unit_start();
    for (unsigned i = 0; i < N; i++) {
        block[i] = unit_take(i % WVM_POOL_KINDS, i % 5000, TAG_A);
        ck_assert_ptr_nonnull(block[i]);
        memset(block[i], (int)(i * 7), i % 5000);
    }
    for (unsigned i = 0; i < N; i++) {
        ck_assert_uint_eq(count_same(block[i], i % 5000, (uint8_t)(i * 7)), i % 5000);
        unit_give(block[i], TAG_A);
    }
    UNIT_ROW(TAG_A, true, N / 3, N / 3, 0);
    UNIT_ROW(TAG_A, false, N / 3 * 2, N / 3 * 2, 0);
}
END_TEST

START_TEST(cache_lines)
{
    unit_start();
    for (size_t size = 1; size <= WVM_POOL_SMALL_MAX; size += 3) {
        char *p = unit_take_flags(WVM_POOL_NX, size, WVM_POOL_CACHE_ALIGNED);
        char *q = unit_take(WVM_POOL_NX, size, TAG_A);
        ck_assert_uint_eq((uintptr_t)p % WVM_POOL_CACHE_LINE, 0);
        ck_assert_uint_eq((uintptr_t)p / PAGE, ((uintptr_t)p + size - 1) / PAGE);
        unit_give(q, TAG_A);
        if (size % 2)
            unit_give(p, TAG_A);
    }
}
END_TEST

START_TEST(zeroes)
{
    static const size_t sizes[] = {1, 100, 4064, 4096, 30000, 300000, 1 << 20};
    unit_start();
    for (unsigned i = 0; i < WVM_ARRAY_LEN(sizes); i++)
        for (unsigned turn = 0; turn < 3; turn++) {
            char *p = unit_take_flags(turn % 2 ? WVM_POOL_NX : WVM_POOL_PAGED, sizes[i],
                                      WVM_POOL_ZERO);
            ck_assert_ptr_nonnull(p);
            ck_assert_uint_eq(count_same(p, sizes[i], 0), sizes[i]);
            memset(p, 0xff, sizes[i]);
            unit_give(p, TAG_A);
        }
}
END_TEST

static void expect(struct wvm_pool_finding f, uint32_t code, uintptr_t what)
{
    ck_assert_uint_eq(f.code, code);
    ck_assert_uint_eq(f.parameter[0], what);
}

START_TEST(findings)
{
    unit_start();
    static const size_t sizes[] = {24, 1000, 4096, 20000, 200000};
    for (unsigned i = 0; i < WVM_ARRAY_LEN(sizes); i++) {
        char *p = unit_take(WVM_POOL_PAGED, sizes[i], TAG_A);
        expect(unit_free(p, TAG_B), 0xc2, 0x0a);
        expect(unit_free(p + 8, TAG_A), 0xc2, 0x41286);
        expect(unit_free(p + sizes[i] / 2, TAG_A), 0xc2, 0x41286);
        struct wvm_pool_finding f = unit_free(p, TAG_B);
        ck_assert_uint_eq(f.parameter[1], (uintptr_t)p);
        ck_assert_uint_eq(f.parameter[2], TAG_A);
        ck_assert_uint_eq(f.parameter[3], TAG_B);
        unit_give(p, TAG_A);
        f = unit_free(p, TAG_A);
        expect(f, 0xc2, 0x07);
        ck_assert_uint_eq(f.parameter[3], (uintptr_t)p);
        expect(unit_free(p, TAG_B), 0xc2, 0x07);
    }
    int local;
    expect(unit_free(&local, TAG_A), 0xc2, 0x40);
    expect(unit_free(NULL, TAG_A), 0xc2, 0x40);
    expect(unit_free(wvm_pool_page_start(wvm_pool_part[WVM_POOL_NX].end - 1), TAG_A), 0xc2, 0x42);
    UNIT_ROW(TAG_A, true, 5, 5, 0);
    UNIT_ROW(TAG_B, true, 0, 0, 0);
}
END_TEST

START_TEST(overruns)
{
    unit_start();
    char *p = unit_take(WVM_POOL_NX, 100, TAG_A), kept = p[100];
    p[100] = (char)~kept;
    expect(unit_free(p, TAG_A), 0x19, 0x20);
    p[100] = kept;
    unit_give(p, TAG_A);
    p = unit_take(WVM_POOL_NX, 100001, TAG_A);
    memset(p + 100001, 0, 4);
    struct wvm_pool_finding f = unit_free(p, TAG_A);
    expect(f, 0x19, 0x21);
    ck_assert_uint_eq(f.parameter[2], 100001);
}
END_TEST

static struct wvm_pool_finding told;
static void keep_told(const struct wvm_pool_finding *f)
{
    told = *f;
}

/* The pools are so large that a slack is likely to be in no cache. */
static void make_large(void)
{
    ck_assert_ptr_nonnull(unit_take(WVM_POOL_NX, (size_t)32 << 20, TAG_B));
}

/* Large pools look at a block's slack when the block is used again, or leaves the thread. */
START_TEST(late_overruns)
{
    unit_start();
    wvm_pool_found = keep_told;
    make_large();
    for (unsigned turn = 0; turn < 2; turn++) {
        char *p = unit_take(WVM_POOL_NX, 20, TAG_A), kept = p[20];
        p[20] = (char)~kept;
        unit_give(p, TAG_A);
        ck_assert_uint_eq(told.code, 0);
        char *q = NULL;
        if (turn)
            (void)wvm_pool_trim();
        else
            q = unit_take(WVM_POOL_NX, 20, TAG_A);
        ck_assert_ptr_ne(q, p);
        expect(told, 0x19, 0x20);
        ck_assert_uint_eq(told.parameter[1], (uintptr_t)p);
        told.code = 0;
    }
}
END_TEST

/* Overruns a block by its last byte of slack, and frees it. */
static struct wvm_pool_finding overrun(size_t size)
{
    char *p = unit_take(WVM_POOL_NX, size, TAG_A);
    size_t last = wvm_min(size + 7, (size + 15) / 16 * 16 - 1);
    p[last] = (char)~p[last];
    struct wvm_pool_finding f = unit_free(p, TAG_A);
    p[last] = (char)~p[last];
    if (f.code)
        unit_give(p, TAG_A);
    return f;
}

START_TEST(prompt_overruns)
{
    unit_start();
    for (size_t size = 1; size < 200; size++)
        if (size % 16)
            expect(overrun(size), 0x19, 0x20);
    make_large();
    ck_assert_uint_eq(overrun(20).code, 0);
    wvm_pool_prove_at_once(true);
    expect(overrun(20), 0x19, 0x20);
    wvm_pool_prove_at_once(false);
    ck_assert_uint_eq(overrun(20).code, 0);
}
END_TEST

/* A fork child that is to end at a bug check has done nothing else in most tests. */
START_TEST(overruns_in_child)
{
    unit_start();
    make_large();
    ck_assert_uint_eq(overrun(20).code, 0);
    wvm_pool_before_fork();
    wvm_pool_after_fork_child();
    expect(overrun(20), 0x19, 0x20);
}
END_TEST

START_TEST(corrupt_state)
{
    unit_start();
    char *p = unit_take(WVM_POOL_NX, 64, TAG_A);
    wvm_pool_state_of(p)->start ^= 0x80;
    expect(unit_free(p, TAG_A), 0x19, 0x20);
    wvm_pool_state_of(p)->start ^= 0x80;
    wvm_pool_state_of(p)->use ^= 1u << 26;
    expect(unit_free(p, TAG_A), 0x19, 0x20);
    wvm_pool_state_of(p)->use ^= 1u << 26;
    unit_give(p, TAG_A);
}
END_TEST

/* More tags than homes, and more than rows: the totals are exact, the rest is told together. */
START_TEST(many_tags)
{
    enum { N = WVM_POOL_ROWS + 1000 };
    static char *block[N];
    static struct wvm_pool_row row[WVM_POOL_ROWS];
    unit_start();
    for (unsigned i = 0; i < N; i++)
        ck_assert_ptr_nonnull(block[i] = unit_take(WVM_POOL_NX, 40, 0x1000000 + i));
    size_t n = wvm_pool_rows(row, WVM_POOL_ROWS);
    uint64_t allocs = 0, bytes = 0;
    ck_assert_uint_eq(n, WVM_POOL_ROWS - WVM_POOL_KINDS); /* two rows for the rest are unused */
    for (size_t i = 0; i < n; i++) {
        allocs += row[i].allocs;
        bytes += row[i].bytes;
    }
    ck_assert_uint_eq(allocs, N);
    ck_assert_uint_eq(bytes, N * 48);
    for (unsigned i = 0; i < N; i++)
        unit_give(block[i], 0x1000000 + i);
    UNIT_ROW(0x1000000, false, 1, 1, 0);
}
END_TEST

START_TEST(walk)
{
    uint64_t n[2] = {0}, bytes = 0;
    unit_start();
    for (unsigned i = 0; i < 3000; i++) {
        char *p = unit_take(i % WVM_POOL_KINDS, i * 13 % 50000, TAG_A);
        if (i % 3 == 0)
            unit_give(p, TAG_A);
        else
            bytes += wvm_max(i * 13 % 50000, 1);
    }
    wvm_pool_walk(unit_count, n);
    ck_assert_uint_eq(n[0], 2000);
    ck_assert_uint_eq(n[1], bytes);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_blocks", 60, &tc);
    tcase_add_test(tc, places);
    tcase_add_test(tc, contents);
    tcase_add_test(tc, cache_lines);
    tcase_add_test(tc, zeroes);
    tcase_add_test(tc, findings);
    tcase_add_test(tc, overruns);
    tcase_add_test(tc, late_overruns);
    tcase_add_test(tc, prompt_overruns);
    tcase_add_test(tc, overruns_in_child);
    tcase_add_test(tc, corrupt_state);
    tcase_add_test(tc, many_tags);
    tcase_add_test(tc, walk);
    return unit_run(suite);
}
