/* Memory: runs of pages, what goes back to the host, hosts that refuse. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/options.h"
#include "host/t/host_fail.h"
#include "pool/t/pool_unit.h"

static uint64_t committed(unsigned kind)
{
    struct wvm_pool_usage u;
    wvm_pool_usage(&u);
    return u.committed[kind];
}

/* Every free page of a part is in one run, and runs that touch differ. */
static void audit(unsigned kind)
{
    const struct wvm_pool_part *part = &wvm_pool_part[kind];
    uint32_t idle[WVM_POOL_RELEASED + 1] = {0}, before = WVM_POOL_BIG;
    for (uint32_t page = part->first; page < part->grown; page += wvm_pool_page[page].run) {
        const struct wvm_pool_page *p = &wvm_pool_page[page];
        ck_assert_uint_ne(p->run, 0);
        ck_assert_uint_ne(p->what, WVM_POOL_NONE);
        ck_assert_uint_le(page + p->run, part->grown);
        uint32_t sort = p->what != WVM_POOL_FREE ? WVM_POOL_BIG
                                                 : 100 + (p->held == WVM_POOL_RELEASED);
        ck_assert(sort == WVM_POOL_BIG || sort != before);
        before = sort;
        if (p->what == WVM_POOL_FREE) {
            idle[p->held] += p->run;
            ck_assert_uint_eq(wvm_pool_page[page + p->run - 1].run, p->run);
        }
    }
    for (unsigned i = 0; i <= WVM_POOL_RELEASED; i++)
        ck_assert_uint_eq(idle[i], part->n_idle[i]);
}

START_TEST(runs)
{
    enum { N = 300 };
    static char *block[N];
    static size_t size[N];
    unsigned seed = 1;
    unit_start();
    for (unsigned i = 0; i < 20000; i++) {
        unsigned k = (seed = seed * 1103515245 + 12345) / 65536 % N;
        if (block[k])
            unit_give(block[k], TAG_A);
        size[k] = 32769 + (seed / 7) % 400000;
        block[k] = unit_take(k % WVM_POOL_KINDS, size[k], TAG_A);
        ck_assert_ptr_nonnull(block[k]);
        block[k][0] = block[k][size[k] - 1] = (char)k;
        if (i % 1000 == 0) {
            (void)wvm_pool_trim();
            for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
                audit(kind);
        }
        for (unsigned j = 0; i % 500 == 0 && j < N; j++)
            ck_assert(!block[j] || (block[j][0] == (char)j && block[j][size[j] - 1] == (char)j));
    }
}
END_TEST

START_TEST(trim)
{
    enum { N = 20000 };
    static char *block[N];
    unit_start();
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        for (unsigned i = 0; i < N; i++)
            ck_assert_ptr_nonnull(block[i] = unit_take(kind, 16 + i % 3000, TAG_A));
        uint64_t most = committed(kind);
        ck_assert_uint_ge(most, N * 1500);
        for (unsigned i = 0; i < N; i++)
            unit_give(block[i], TAG_A);
        ck_assert_uint_gt(wvm_pool_trim(), 0);
        ck_assert_uint_eq(committed(kind), 0);
        audit(kind);
        char *again = unit_take(kind, 100, TAG_A);
        memset(again, 1, 100);
        unit_give(again, TAG_A);
    }
}
END_TEST

/* What one size has used serves another. */
START_TEST(other_sizes)
{
    enum { N = 30000 };
    static char *block[N];
    uint64_t first = 0;
    unit_start();
    for (size_t size = 64; size <= 1024; size += 64) {
        unsigned n = (unsigned)(N * 64 / size);
        for (unsigned i = 0; i < n; i++)
            ck_assert_ptr_nonnull(block[i] = unit_take(WVM_POOL_PAGED, size, TAG_A));
        if (size == 64)
            first = committed(WVM_POOL_PAGED);
        for (unsigned i = 0; i < n; i++)
            unit_give(block[i], TAG_A);
    }
    ck_assert_uint_le(committed(WVM_POOL_PAGED), first * 3);
}
END_TEST

static unsigned fill_up(unsigned kind, size_t size, char **block, unsigned most)
{
    unsigned n = 0;
    while (n < most && (block[n] = unit_take(kind, size, TAG_A)) != NULL)
        n++;
    return n;
}

/* The end of the addresses: NULL, and everything works again after frees. */
START_TEST(exhausted)
{
    static char *block[70000];
    static const size_t sizes[] = {2000, 8192, 1 << 20};
    unit_start();
    for (unsigned i = 0; i < WVM_ARRAY_LEN(sizes); i++) {
        unsigned n = fill_up(WVM_POOL_EXEC, sizes[i], block, WVM_ARRAY_LEN(block));
        ck_assert_uint_ge(n * sizes[i], UNIT_SPACE / 4 / 100 * 85);
        ck_assert_uint_lt(n, WVM_ARRAY_LEN(block));
        ck_assert_ptr_null(unit_take(WVM_POOL_EXEC, sizes[i], TAG_A));
        while (n > 0)
            unit_give(block[--n], TAG_A);
    }
    ck_assert_ptr_null(unit_take(WVM_POOL_EXEC, UNIT_SPACE, TAG_A));
    ck_assert_ptr_null(unit_take(WVM_POOL_EXEC, SIZE_MAX, TAG_A));
    ck_assert_ptr_null(unit_take(WVM_POOL_EXEC, SIZE_MAX - 4096, TAG_A));
}
END_TEST

/* Each host call in turn fails: NULL or a block, and the room stays sound. */
START_TEST(refused)
{
    static char *block[400];
    unit_start();
    for (unsigned n = 1;; n++) {
        host_fail_arm(HOST_FAIL_ANY, n, ENOMEM, HOST_FAIL_ONCE);
        unsigned have = 0;
        for (unsigned i = 0; i < WVM_ARRAY_LEN(block); i++)
            have += (block[i] = unit_take(i % WVM_POOL_KINDS, i * 311, TAG_A)) != NULL;
        unsigned fired = host_fail_disarm();
        ck_assert_uint_ge(have, WVM_ARRAY_LEN(block) - 64);
        for (unsigned i = 0; i < WVM_ARRAY_LEN(block); i++)
            if (block[i])
                unit_give(block[i], TAG_A);
        (void)wvm_pool_trim();
        for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
            audit(kind);
        if (!fired)
            break;
    }
}
END_TEST

/* The host takes nothing back: nothing is lost. */
START_TEST(kept)
{
    unit_start();
    char *p = unit_take(WVM_POOL_NX, 100000, TAG_A);
    unit_give(p, TAG_A);
    host_fail_arm(HOST_FAIL_DROP, 1, EINVAL, HOST_FAIL_FOREVER);
    ck_assert_uint_eq(wvm_pool_trim(), 0);
    host_fail_disarm();
    audit(WVM_POOL_NX);
    ck_assert_ptr_eq(unit_take(WVM_POOL_NX, 100000, TAG_A), p);
}
END_TEST

static uint64_t locked(void)
{
    struct wvm_pool_usage u;
    wvm_pool_usage(&u);
    return u.locked;
}

START_TEST(locks)
{
    unit_start();
    char *p = unit_take(WVM_POOL_NX, 10000, TAG_A);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(locked(), committed(WVM_POOL_NX));
    (void)unit_take(WVM_POOL_PAGED, 10000, TAG_A);
    ck_assert_uint_eq(locked(), committed(WVM_POOL_NX));
    unsigned char resident = 0;
    ck_assert_int_eq(mincore(p + 4096, 4096, &resident), 0);
    ck_assert_int_eq(resident & 1, 1);
    unit_give(p, TAG_A);
    (void)wvm_pool_trim();
    ck_assert_uint_eq(locked(), committed(WVM_POOL_NX));
}
END_TEST

/* Where the lock limit ends allocations fail; pageable ones do not. */
START_TEST(lock_limit)
{
    static char *block[1000];
    unit_start();
    host_fail_arm(HOST_FAIL_LOCK, 3, ENOMEM, HOST_FAIL_FOREVER);
    unsigned n = fill_up(WVM_POOL_NX, 30000, block, WVM_ARRAY_LEN(block));
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_lt(n, WVM_ARRAY_LEN(block));
    ck_assert_ptr_nonnull(unit_take(WVM_POOL_PAGED, 30000, TAG_A));
    host_fail_disarm();
    ck_assert_ptr_nonnull(unit_take(WVM_POOL_NX, 30000, TAG_A));
}
END_TEST

/* The other non-paged kind gives what it only keeps, before an allocation fails. */
START_TEST(lock_limit_of_both)
{
    static char *block[20000];
    const struct rlimit few = {4 << 20, 4 << 20};
    const size_t size = _i ? 30000 : 100;
    unit_start();
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &few), 0);
    ck_assert(geteuid() != 0 || seteuid(65534) == 0);
    for (unsigned turn = 0; turn < 4; turn++) {
        unsigned kind = turn % 2 ? WVM_POOL_EXEC : WVM_POOL_NX;
        unsigned big = fill_up(kind, 30000, block, WVM_ARRAY_LEN(block));
        ck_assert_uint_gt(big, (3 << 20) / 32768);
        ck_assert_uint_lt(big, WVM_ARRAY_LEN(block));
        while (big-- > 0)
            unit_give(block[big], TAG_A);
        unsigned n = fill_up(kind ^ WVM_POOL_NX ^ WVM_POOL_EXEC, size, block,
                             (unsigned)((3 << 20) / wvm_align_up(size, 512)));
        ck_assert_uint_eq(n, (3 << 20) / wvm_align_up(size, 512));
        while (n-- > 0)
            unit_give(block[n], TAG_A);
    }
    ck_assert_uint_le(locked(), few.rlim_cur);
}
END_TEST

START_TEST(lock_off)
{
    wvm_options_parse("pool-lock=0", NULL);
    unit_start();
    ck_assert_ptr_nonnull(unit_take(WVM_POOL_NX, 30000, TAG_A));
    ck_assert_uint_eq(locked(), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_memory", 120, &tc);
    tcase_add_test(tc, runs);
    tcase_add_test(tc, trim);
    tcase_add_test(tc, other_sizes);
    tcase_add_test(tc, exhausted);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, kept);
    tcase_add_test(tc, locks);
    tcase_add_test(tc, lock_limit);
    tcase_add_loop_test(tc, lock_limit_of_both, 0, 2);
    tcase_add_test(tc, lock_off);
    return unit_run(suite);
}
