/* Threads: frees elsewhere, threads that come and go, fork(), everybody kept out. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/t/pool_unit.h"

enum { N_THREADS = 4, N = 5000 };
static char *shared[N_THREADS][N];

static void *take_all(void *arg)
{
    char **block = arg;
    for (unsigned i = 0; i < N; i++) {
        block[i] = unit_take(WVM_POOL_PAGED, 16 + i % 600, TAG_A);
        memset(block[i], (int)i, 16);
    }
    return NULL;
}

static void *give_all(void *arg)
{
    char **block = arg;
    for (unsigned i = 0; i < N; i++) {
        ck_assert_int_eq((uint8_t)block[i][3], (uint8_t)i);
        unit_give(block[i], TAG_A);
    }
    return NULL;
}

static void on_threads(void *(*run)(void *), unsigned shift)
{
    pthread_t t[N_THREADS];
    for (unsigned i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, run, shared[(i + shift) % N_THREADS]), 0);
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(t[i], NULL);
}

/* Blocks are freed by other threads than took them, which have ended; memory does not grow. */
START_TEST(elsewhere)
{
    struct wvm_pool_usage first, last;
    unit_start();
    for (unsigned turn = 0; turn < 20; turn++) {
        on_threads(take_all, 0);
        on_threads(give_all, turn % N_THREADS);
        UNIT_ROW(TAG_A, true, (turn + 1) * N_THREADS * N, (turn + 1) * N_THREADS * N, 0);
        wvm_pool_usage(turn == 0 ? &first : &last);
    }
    ck_assert_uint_le(last.committed[WVM_POOL_PAGED], first.committed[WVM_POOL_PAGED] * 2);
}
END_TEST

static void *churn(void *arg)
{
    char *block[64] = {0};
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < 200000; i++) {
        unsigned k = (seed = seed * 1103515245 + 12345) >> 16 & 63;
        if (block[k])
            unit_give(block[k], TAG_B + k % 4);
        block[k] = unit_take(k % WVM_POOL_KINDS, 1 + seed % 9000, TAG_B + k % 4);
        ck_assert_ptr_nonnull(block[k]);
        block[k][0] = 1;
    }
    for (unsigned k = 0; k < 64; k++)
        unit_give(block[k], TAG_B + k % 4);
    return NULL;
}

/* The child of a fork in the middle has a sound room, with exact counters. */
static void in_child(void)
{
    struct wvm_pool_row row[16];
    uint64_t live[2] = {0}, counted = 0;
    char *mine[100];
    size_t n = wvm_pool_rows(row, 16);
    for (size_t i = 0; i < n; i++)
        counted += row[i].allocs - row[i].frees;
    wvm_pool_walk(unit_count, live);
    if (counted != live[0])
        _exit(2);
    for (unsigned i = 0; i < 100; i++)
        mine[i] = unit_take(i % WVM_POOL_KINDS, i * 50, TAG_A);
    for (unsigned i = 0; i < 100; i++)
        if (!mine[i] || unit_free(mine[i], TAG_A).code)
            _exit(3);
    _exit(0);
}

START_TEST(forks)
{
    pthread_t t[2];
    unit_start();
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, churn, (void *)(uintptr_t)(i + 1)), 0);
    for (unsigned i = 0; i < 60; i++) {
        int status;
        wvm_pool_before_fork();
        pid_t pid = fork();
        if (pid == 0) {
            wvm_pool_after_fork_child();
            in_child();
        }
        wvm_pool_after_fork_parent();
        ck_assert_int_gt(pid, 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
    }
    for (unsigned i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    UNIT_ROW(TAG_A, true, 0, 0, 0);
}
END_TEST

/* Counters and a walk agree at every moment, while others allocate and free, and trims go on. */
START_TEST(at_any_time)
{
    pthread_t t[2];
    unit_start();
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, churn, (void *)(uintptr_t)(i + 1)), 0);
    for (unsigned i = 0; i < 200; i++) {
        struct wvm_pool_row row[16];
        size_t n = wvm_pool_rows(row, 16);
        for (size_t k = 0; k < n; k++) {
            ck_assert_uint_le(row[k].frees, row[k].allocs);
            ck_assert_uint_le(row[k].bytes, 2 * 64 * 9 * (uint64_t)PAGE);
        }
        if (i % 10 == 0)
            (void)wvm_pool_trim();
    }
    for (unsigned i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    uint64_t live[2] = {0};
    wvm_pool_walk(unit_count, live);
    ck_assert_uint_eq(live[0], 0);
}
END_TEST

/* A raised level closes the short ways, and only them. */
START_TEST(raised)
{
    unit_start();
    unit_give(unit_take(WVM_POOL_NX, 64, TAG_A), TAG_A);
    char *p = unit_fast_take(wvm_pool_type_of(WVM_POOL_NX), 64, TAG_A);
    ck_assert_ptr_nonnull(p);
    wvm_pool_set_raised(true);
    ck_assert_ptr_null(unit_fast_take(wvm_pool_type_of(WVM_POOL_NX), 64, TAG_A));
    ck_assert_ptr_null(wvm_pool_second_alloc(WVM_POOL_NX, 64, TAG_A));
    ck_assert(!unit_fast_free(p, TAG_A));
    unit_give(p, TAG_A);
    wvm_pool_set_raised(false);
    ck_assert_ptr_eq(wvm_pool_second_alloc(WVM_POOL_NX, 64, TAG_A), p);
}
END_TEST

static uintptr_t span_of(const void *p)
{
    return (uintptr_t)p / WVM_POOL_SPAN;
}

static unsigned count_common(char *const *own, unsigned n, char *const *other)
{
    unsigned common = 0;
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < N; k++)
            common += span_of(own[i]) == span_of(other[k]);
    return common;
}

/* What two threads have taken has no span in common. */
START_TEST(own_spans)
{
    enum { TURNS = 2, EACH = 600 };
    static const size_t size[] = {16, 64, 1024}; /* classes without rest slots */
    unit_start();
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (unsigned s = 0; s < sizeof size / sizeof size[0]; s++) {
            pthread_t t;
            char *own[EACH], **other = shared[0];
            for (unsigned i = 0; i < EACH; i++)
                own[i] = unit_take(WVM_POOL_PAGED, size[s], TAG_A);
            ck_assert_int_eq(pthread_create(&t, NULL, take_all, other), 0);
            pthread_join(t, NULL);
            ck_assert_uint_eq(count_common(own, EACH, other), 0);
            for (unsigned i = 0; i < EACH; i++)
                unit_give(own[i], TAG_A);
            (void)give_all(other);
            (void)wvm_pool_trim();
        }
}
END_TEST

static void *free_one(void *arg)
{
    unit_give(arg, TAG_A);
    return NULL;
}

/* A thread that ends gives its slots back, and they are known to be free. */
START_TEST(after_the_end)
{
    pthread_t t;
    unit_start();
    char *p = unit_take(WVM_POOL_NX, 64, TAG_A);
    ck_assert_int_eq(pthread_create(&t, NULL, free_one, p), 0);
    pthread_join(t, NULL);
    struct wvm_pool_finding f = unit_free(p, TAG_A);
    ck_assert_uint_eq(f.code, 0xc2);
    ck_assert_uint_eq(f.parameter[0], 7);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_threads", 120, &tc);
    tcase_add_test(tc, elsewhere);
    tcase_add_test(tc, forks);
    tcase_add_test(tc, at_any_time);
    tcase_add_test(tc, raised);
    tcase_add_test(tc, own_spans);
    tcase_add_test(tc, after_the_end);
    return unit_run(suite);
}
