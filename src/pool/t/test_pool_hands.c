/* Ways and their hands: pairs of calls, what ends a hand, what is told and found with one. */
#include <pthread.h>

#include "pool/t/pool_unit.h"

#define NX WVM_POOL_NX
enum { MANY = 1200, TAGS = 200 };

/* The tag's way in this thread has a hand for blocks of this size, which is idle. */
static struct wvm_pool_way *learn(size_t size, uint32_t tag)
{
    char *p[3];
    for (unsigned i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(p[i] = unit_take(NX, size, tag));
    for (unsigned i = 0; i < 3; i++)
        unit_give(p[i], tag);
    struct wvm_pool_way *way = &wvm_pool_own->way[wvm_pool_row_number(tag, NX)];
    ck_assert_uint_eq(way->size, size);
    ck_assert(!(way->pairs & WVM_POOL_OUT));
    return way;
}

static char *fast(size_t size, uint32_t tag)
{
    char *p = unit_fast_take(wvm_pool_type_of(NX), size, tag);
    ck_assert_ptr_nonnull(p);
    return p;
}

/* With slack and without, a pair of calls is one of the hand, and is counted. */
START_TEST(pairs)
{
    const size_t size = _i ? 1000 : 1024;
    unit_start();
    struct wvm_pool_way *way = learn(size, TAG_A);
    uint64_t before = way->pairs;
    const void *block = way->block;
    for (unsigned i = 0; i < MANY; i++) {
        char *p = fast(size, TAG_A);
        ck_assert_ptr_eq(p, block);
        UNIT_ROW(TAG_A, false, 4 + i, 3 + i, 1024);
        memset(p, (int)i, size);
        ck_assert(unit_fast_free(p, TAG_A));
        UNIT_ROW(TAG_A, false, 4 + i, 4 + i, 0);
    }
    ck_assert_uint_eq(way->pairs, before + MANY * WVM_POOL_BACK);
}
END_TEST

static void expect(struct wvm_pool_finding f, uint32_t code, uintptr_t what)
{
    ck_assert_uint_eq(f.code, code);
    ck_assert_uint_eq(f.parameter[0], what);
}

START_TEST(findings)
{
    const size_t size = _i ? 1000 : 1024;
    unit_start();
    (void)learn(64, TAG_B);
    (void)learn(size, TAG_A);
    char *p = fast(size, TAG_A);
    expect(unit_free(p, TAG_B), 0xc2, 0x0a);
    expect(unit_free(p + 8, TAG_A), 0xc2, 0x46);
    UNIT_ROW(TAG_A, false, 4, 3, 1024);
    unit_give(p, TAG_A);
    expect(unit_free(p, TAG_A), 0xc2, 0x07);
    UNIT_ROW(TAG_A, false, 4, 4, 0);
}
END_TEST

/* An overrun is found when the block is freed, whatever the hand was before. */
START_TEST(overrun)
{
    unit_start();
    (void)learn(1000, TAG_A);
    char *p = fast(1000, TAG_A);
    p[1000] ^= 1;
    expect(unit_free(p, TAG_A), 0x19, 0x20);
    p[1000] ^= 1;
    unit_give(p, TAG_A);
    p = fast(1000, TAG_A);
    p[999] ^= 1;
    unit_give(p, TAG_A);
}
END_TEST

/* Whichever block of the size comes back first is the hand. */
START_TEST(others_come_back)
{
    char *p[8];
    unit_start();
    struct wvm_pool_way *way = learn(256, TAG_A);
    for (unsigned i = 0; i < 8; i++)
        p[i] = fast(256, TAG_A);
    ck_assert_ptr_eq(p[0], way->block);
    for (unsigned i = 8; i-- > 0;)
        ck_assert(unit_fast_free(p[i], TAG_A));
    ck_assert_ptr_eq(p[7], way->block);
    UNIT_ROW(TAG_A, false, 11, 11, 0);
    ck_assert_ptr_eq(fast(256, TAG_A), p[7]);
}
END_TEST

/* A size that is asked for again and again gets the hand, be it out or idle. */
START_TEST(other_sizes)
{
    char *p[MANY];
    unit_start();
    struct wvm_pool_way *way = learn(256, TAG_A);
    char *out = _i ? fast(256, TAG_A) : NULL;
    for (unsigned i = 0; i < MANY; i++)
        ck_assert_ptr_nonnull(p[i] = unit_take(NX, 100, TAG_A));
    ck_assert_uint_eq(way->size, 100);
    UNIT_ROW(TAG_A, false, 3u + MANY + (out ? 1 : 0), 3, MANY * 112u + (out ? 256 : 0));
    if (out)
        unit_give(out, TAG_A);
    for (unsigned i = 0; i < MANY; i++)
        unit_give(p[i], TAG_A);
    UNIT_ROW(TAG_A, false, 3u + MANY + (out ? 1 : 0), 3u + MANY + (out ? 1 : 0), 0);
}
END_TEST

static void *give(void *p)
{
    unit_give(p, TAG_A);
    return NULL;
}

static void elsewhere(void *(*run)(void *), void *arg)
{
    pthread_t t;
    ck_assert_int_eq(pthread_create(&t, NULL, run, arg), 0);
    pthread_join(t, NULL);
}

/* The hand was freed by another thread: its own knows nothing of it, and the sums are right. */
START_TEST(freed_elsewhere)
{
    unit_start();
    (void)learn(512, TAG_A);
    char *p = fast(512, TAG_A);
    elsewhere(give, p);
    UNIT_ROW(TAG_A, false, 4, 4, 0);
    expect(unit_free(p, TAG_A), 0xc2, 0x07);
    char *q = fast(512, TAG_A);
    UNIT_ROW(TAG_A, false, 5, 4, 512);
    unit_give(q, TAG_A);
    UNIT_ROW(TAG_A, false, 5, 5, 0);
}
END_TEST

/* The span of a hand that is out has ended, and its state is another slot's: that is not taken for
 * the hand's. */
START_TEST(other_span)
{
    char *block[600];
    struct wvm_pool_block b;
    unit_start();
    struct wvm_pool_way *way = learn(512, TAG_A);
    char *first = fast(512, TAG_A), *p = fast(512, TAG_A);
    uint32_t epoch = way->epoch;
    elsewhere(give, first);
    elsewhere(give, p);
    (void)wvm_pool_trim();
    ck_assert_uint_ne(wvm_pool_map.epoch, epoch);
    for (unsigned i = 0; i < 600; i++)
        ck_assert_ptr_nonnull(block[i] = unit_take(NX, 112, TAG_A));
    ck_assert_ptr_ne(p, block[0]);
    way->block = p; /* as if the thread still had what it knew before the trim */
    way->epoch = epoch;
    way->state = wvm_pool_state_of(block[0]);
    way->bare = wvm_pool_use_get(way->state);
    (void)unit_free(p, TAG_A);
    ck_assert(wvm_pool_find(block[0], &b));
}
END_TEST

/* Blocks of several pages are no hands: a tag keeps no more than a page. */
START_TEST(pages)
{
    unit_start();
    struct wvm_pool_way *way = learn(256, TAG_A);
    for (unsigned i = 0; i < MANY; i++)
        unit_give(unit_take(NX, 3 * PAGE, TAG_A), TAG_A);
    ck_assert_uint_eq(way->size, 256);
    UNIT_ROW(TAG_A, false, 3 + MANY, 3 + MANY, 0);
}
END_TEST

/* A few tags have a page in hand, and the others of a thread take the one that was freed last; a
 * tag that gives its page up leaves it to another. */
START_TEST(few_pages)
{
    enum { FEW = 8, USED = 12 };
    char *p[USED];
    unit_start();
    for (uint32_t i = 0; i < USED; i++)
        (void)learn(4096, TAG_A + i);
    ck_assert_uint_eq(wvm_pool_own->pages, FEW);
    for (uint32_t i = 0; i < USED; i++) {
        p[i] = fast(4096, TAG_A + i);
        memset(p[i], (int)i, 4096);
        if (i >= FEW)
            ck_assert(unit_fast_free(p[i], TAG_A + i));
    }
    ck_assert_ptr_eq(p[FEW], p[USED - 1]);
    for (uint32_t i = 0; i < FEW; i++)
        ck_assert(unit_fast_free(p[i], TAG_A + i));
    for (uint32_t i = 0; i < USED; i++)
        UNIT_ROW(TAG_A + i, false, 4, 4, 0);
    for (unsigned i = 0; i < MANY; i++)
        unit_give(unit_take(NX, 100, TAG_A), TAG_A);
    ck_assert_uint_eq(wvm_pool_own->pages, FEW - 1);
    for (unsigned i = 0; i < MANY; i++)
        unit_give(unit_take(NX, 4000, TAG_A + USED - 1), TAG_A + USED - 1);
    ck_assert_uint_eq(wvm_pool_own->pages, FEW);
    (void)wvm_pool_trim();
    unit_give(unit_take(NX, 64, TAG_A), TAG_A);
    ck_assert_uint_eq(wvm_pool_own->pages, 0);
}
END_TEST

/* A page that was freed twice, or by a tag that is not its own, is found without a hand too. */
START_TEST(findings_of_pages)
{
    unit_start();
    for (uint32_t i = 0; i < 12; i++)
        (void)learn(4096, TAG_A + i);
    char *p = fast(4096, TAG_A + 11);
    expect(unit_free(p, TAG_A + 10), 0xc2, 0x0a);
    expect(unit_free(p + 16, TAG_A + 11), 0xc2, 0x46);
    unit_give(p, TAG_A + 11);
    expect(unit_free(p, TAG_A + 11), 0xc2, 0x07);
    UNIT_ROW(TAG_A + 11, false, 4, 4, 0);
    ck_assert_ptr_null(unit_fast_take(wvm_pool_type_of(NX), SIZE_MAX, TAG_B));
    ck_assert_ptr_null(unit_fast_take(wvm_pool_type_of(NX), SIZE_MAX, TAG_A + 11));
}
END_TEST

/* What hands hold goes back with all else. */
START_TEST(trim)
{
    struct wvm_pool_usage u;
    unit_start();
    for (uint32_t i = 0; i < TAGS; i++)
        (void)learn(4096, TAG_A + i);
    (void)wvm_pool_trim();
    wvm_pool_usage(&u);
    ck_assert_uint_le(u.committed[NX], 1 << 20);
    for (uint32_t i = 0; i < TAGS; i++)
        UNIT_ROW(TAG_A + i, false, 3, 3, 0);
    (void)learn(4096, TAG_A);
    UNIT_ROW(TAG_A, false, 6, 6, 0);
}
END_TEST

/* One tag in several kinds, and several tags of one hash: each has a way, and a hand. */
START_TEST(one_hash)
{
    uint32_t other = TAG_A + 1;
    unit_start();
    while (wvm_pool_hash(other) != wvm_pool_hash(TAG_A))
        other++;
    for (unsigned turn = 0; turn < 100; turn++) {
        char *a = unit_take(NX, 64, TAG_A), *b = unit_take(NX, 64, other);
        char *c = unit_take(WVM_POOL_PAGED, 64, TAG_A);
        expect(unit_free(a, other), 0xc2, 0x0a);
        expect(unit_free(b, TAG_A), 0xc2, 0x0a);
        unit_give(a, TAG_A);
        unit_give(b, other);
        unit_give(c, TAG_A);
    }
    ck_assert_ptr_nonnull(unit_fast_take(wvm_pool_type_of(NX), 64, TAG_A));
    ck_assert_ptr_nonnull(unit_fast_take(wvm_pool_type_of(NX), 64, other));
    ck_assert_ptr_nonnull(unit_fast_take(wvm_pool_type_of(WVM_POOL_PAGED), 64, TAG_A));
    UNIT_ROW(TAG_A, false, 101, 100, 64);
    UNIT_ROW(other, false, 101, 100, 64);
    UNIT_ROW(TAG_A, true, 101, 100, 64);
}
END_TEST

/* The hand of a way that is not the first of its hash has its canary too. */
START_TEST(second_of_hash)
{
    unit_start();
    (void)learn(100, TAG_A);
    unit_give(unit_take(WVM_POOL_PAGED, 64, TAG_A), TAG_A);
    for (unsigned i = 0; i < MANY; i++) {
        char *p = fast(100, TAG_A);
        p[100] ^= 1;
        expect(unit_free(p, TAG_A), 0x19, 0x20);
        p[100] ^= 1;
        ck_assert(unit_fast_free(p, TAG_A));
    }
}
END_TEST

/* What a way has counted is added to the tally before its word is full, and nothing is lost. */
START_TEST(settled_counts)
{
    const uint64_t units = ((uint64_t)1 << 31) - 64, blocks = 1000, bytes = 16 * units;
    const uint64_t many = units << 32 | blocks;
    unit_start();
    struct wvm_pool_way *way = learn(1024, TAG_A);
    char *hand = fast(1024, TAG_A);
    way->taken += many;
    way->given += many;
    char *p = fast(1024, TAG_A);
    ck_assert_ptr_ne(p, hand);
    ck_assert_uint_eq(way->taken, 0);
    ck_assert_uint_eq(way->given, 0);
    UNIT_ROW(TAG_A, false, blocks + 5, blocks + 3, 2048);
    unit_give(hand, TAG_A);
    way->taken += many;
    way->given += many;
    ck_assert(unit_fast_free(p, TAG_A));
    ck_assert_uint_eq(way->given, 0);
    UNIT_ROW(TAG_A, false, 2 * blocks + 5, 2 * blocks + 5, 0);
    ck_assert_uint_gt(wvm_pool_own->tally[way - wvm_pool_own->way].taken, 2 * bytes);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_hands", 60, &tc);
    tcase_add_loop_test(tc, pairs, 0, 2);
    tcase_add_loop_test(tc, findings, 0, 2);
    tcase_add_test(tc, overrun);
    tcase_add_test(tc, others_come_back);
    tcase_add_loop_test(tc, other_sizes, 0, 2);
    tcase_add_test(tc, freed_elsewhere);
    tcase_add_test(tc, other_span);
    tcase_add_test(tc, pages);
    tcase_add_test(tc, few_pages);
    tcase_add_test(tc, findings_of_pages);
    tcase_add_test(tc, trim);
    tcase_add_test(tc, one_hash);
    tcase_add_test(tc, second_of_hash);
    tcase_add_test(tc, settled_counts);
    return unit_run(suite);
}
