/* Blocks that threads keep: freed twice, of heaps that have ended, by threads that end, in a fork
 * child, and their contents. */
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define N_BLOCKS 200u

static const SIZE_T sizes[] = {0, 1, 8, 9, 24, 25, 500, 1016, 1017, 4096, 65536, 65545, 300000};

START_TEST(freed_twice)
{
    HANDLE own = HeapCreate(0, 0, 0), heaps[] = {GetProcessHeap(), own};
    for (unsigned h = 0; h < ARRAYSIZE(heaps); h++)
        for (unsigned i = 0; i < ARRAYSIZE(sizes) && sizes[i] < 60000; i++) {
            void *block = HeapAlloc(heaps[h], 0, sizes[i]);
            ck_assert(HeapFree(heaps[h], 0, block));
#if !defined(__SANITIZE_ADDRESS__)
            SetLastError(NO_ERROR);
            ck_assert(!HeapFree(heaps[h], 0, block));
            ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
            ck_assert(HeapSize(heaps[h], 0, block) == (SIZE_T)-1);
            ck_assert_ptr_null(HeapReAlloc(heaps[h], 0, block, 1));
            ck_assert(!HeapValidate(heaps[h], 0, block));
#endif
            ck_assert(HeapValidate(heaps[h], 0, NULL));
        }
    ck_assert(HeapDestroy(own));
}
END_TEST

static bool all(const unsigned char *at, SIZE_T size, int byte)
{
    SIZE_T i = 0;
    while (i < size && at[i] == byte)
        i++;
    return i == size;
}

/* Blocks of random sizes, replaced at random: none overlaps another, each keeps its bytes. */
static void churn(HANDLE h, unsigned seed, unsigned steps)
{
    static __thread struct {
        unsigned char *at;
        SIZE_T size;
        unsigned char byte;
    } blocks[N_BLOCKS];
    for (unsigned step = 0; step < steps; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned i = (seed >> 8) % N_BLOCKS, kind = seed >> 30;
        SIZE_T size = (seed >> 4) % (kind == 0 ? 9000u : 1100u);
        unsigned char *next;
        ck_assert(!blocks[i].at || all(blocks[i].at, blocks[i].size, blocks[i].byte));
        if (blocks[i].at && kind == 1) {
            SIZE_T least = size < blocks[i].size ? size : blocks[i].size;
            next = HeapReAlloc(h, 0, blocks[i].at, size);
            ck_assert(next && all(next, least, blocks[i].byte));
        } else {
            ck_assert(HeapFree(h, 0, blocks[i].at));
            next = HeapAlloc(h, kind == 2 ? HEAP_ZERO_MEMORY : 0, size);
            ck_assert(next && (kind != 2 || all(next, size, 0)));
        }
        ck_assert_ptr_nonnull(next);
        ck_assert_uint_eq(HeapSize(h, 0, next), size);
        blocks[i].at = next;
        blocks[i].size = size;
        blocks[i].byte = (unsigned char)(seed >> 12);
        memset(next, blocks[i].byte, size);
    }
    for (unsigned i = 0; i < N_BLOCKS; i++)
        ck_assert(HeapFree(h, 0, blocks[i].at));
    memset(blocks, 0, sizeof blocks);
}

START_TEST(contents)
{
    HANDLE own = HeapCreate(0, 0, 0);
    churn(GetProcessHeap(), 1, 10000);
    churn(own, 2, 10000);
    ck_assert(HeapValidate(own, 0, NULL));
    ck_assert(HeapDestroy(own));
}
END_TEST

static HANDLE shared;

static void *churn_shared(void *seed)
{
    churn(shared, (unsigned)(uintptr_t)seed, 2000);
    churn(GetProcessHeap(), (unsigned)(uintptr_t)seed, 2000);
    return NULL;
}

START_TEST(threads_beside_a_check)
{
    pthread_t id[4];
    shared = HeapCreate(0, 0, 0);
    for (uintptr_t i = 0; i < ARRAYSIZE(id); i++)
        ck_assert(!pthread_create(&id[i], NULL, churn_shared, (void *)(i + 1)));
    for (int i = 0; i < 5; i++)
        ck_assert(HeapValidate(shared, 0, NULL));
    for (unsigned i = 0; i < ARRAYSIZE(id); i++)
        pthread_join(id[i], NULL);
    ck_assert(HeapValidate(shared, 0, NULL));
    ck_assert(HeapDestroy(shared));
}
END_TEST

static pthread_barrier_t barrier;

/* Keeps blocks of each heap that `shared` is, while it is destroyed by another. */
static void *keep_blocks(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        pthread_barrier_wait(&barrier);
        for (unsigned s = 0; s < ARRAYSIZE(sizes); s++) {
            void *block = HeapAlloc(shared, HEAP_ZERO_MEMORY, sizes[s]);
            ck_assert(block && HeapSize(shared, 0, block) == sizes[s]);
            memset(block, 0xee, sizes[s]);
            ck_assert(HeapFree(shared, 0, block));
        }
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

START_TEST(heaps_at_the_same_place)
{
    pthread_t id;
    pthread_barrier_init(&barrier, NULL, 2);
    ck_assert(!pthread_create(&id, NULL, keep_blocks, NULL));
    for (int i = 0; i < 50; i++) {
        shared = HeapCreate(0, 0, 0);
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        ck_assert(i % 10 != 0 || HeapValidate(shared, 0, NULL));
        HANDLE last = shared;
        ck_assert(HeapDestroy(last));
        ck_assert_ptr_null(HeapAlloc(last, 0, 8));
    }
    pthread_join(id, NULL);
    HANDLE many[40]; /* more than a thread keeps blocks of */
    for (unsigned i = 0; i < 4 * ARRAYSIZE(many); i++) {
        HANDLE *h = &many[i % ARRAYSIZE(many)];
        if (i < ARRAYSIZE(many))
            *h = HeapCreate(0, 0, 0);
        ck_assert(HeapFree(*h, 0, HeapAlloc(*h, 0, 100)));
    }
    ck_assert(HeapValidate(many[0], 0, NULL) && HeapValidate(many[39], 0, NULL));
    for (unsigned i = 0; i < ARRAYSIZE(many); i++)
        ck_assert(HeapDestroy(many[i]));
}
END_TEST

/* What malloc has given out. */
static size_t in_use(void)
{
#if defined(__GLIBC__)
    struct mallinfo m = mallinfo();
    return (size_t)(unsigned)m.uordblks + (size_t)(unsigned)m.hblkhd;
#else
    return 0;
#endif
}

static void *use_and_end(void *unused)
{
    void *blocks[100];
    (void)unused;
    for (unsigned i = 0; i < ARRAYSIZE(blocks); i++)
        blocks[i] = HeapAlloc(i % 2 ? shared : GetProcessHeap(), 0, i * 100);
    for (unsigned i = 0; i < ARRAYSIZE(blocks); i++)
        ck_assert(HeapFree(i % 2 ? shared : GetProcessHeap(), 0, blocks[i]));
    return NULL;
}

START_TEST(threads_that_end)
{
    size_t before = 0;
    shared = HeapCreate(0, 0, 0);
    for (int i = 0; i < 200; i++) {
        pthread_t id;
        ck_assert(!pthread_create(&id, NULL, use_and_end, NULL));
        pthread_join(id, NULL);
        if (i == 9)
            before = in_use();
    }
    ck_assert_uint_le(in_use(), before + 200000);
    ck_assert(HeapValidate(shared, 0, NULL));
    ck_assert(HeapDestroy(shared));
}
END_TEST

static void *passed[N_BLOCKS];

static void *free_passed(void *unused)
{
    (void)unused;
    for (unsigned round = 0; round < 40; round++) {
        pthread_barrier_wait(&barrier);
        for (unsigned i = 0; i < N_BLOCKS; i++)
            ck_assert(HeapFree(shared, 0, passed[i]));
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

/* One thread takes, another gives back: what that one keeps has an end. */
START_TEST(freed_elsewhere)
{
    pthread_t id;
    size_t before = in_use();
    shared = GetProcessHeap();
    pthread_barrier_init(&barrier, NULL, 2);
    ck_assert(!pthread_create(&id, NULL, free_passed, NULL));
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < N_BLOCKS; i++)
            ck_assert_ptr_nonnull(passed[i] = HeapAlloc(shared, 0, 16 + i));
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    ck_assert_uint_le(in_use(), before + 600000);
    pthread_join(id, NULL);
}
END_TEST

START_TEST(in_a_child)
{
    HANDLE own = HeapCreate(0, 0, 0);
    void *blocks[] = {HeapAlloc(own, 0, 50), HeapAlloc(GetProcessHeap(), 0, 50)};
    int status;
    ck_assert(HeapFree(own, 0, HeapAlloc(own, 0, 100)));
    pid_t pid = fork();
    if (pid == 0) {
        bool good = HeapFree(own, 0, blocks[0]) && HeapFree(GetProcessHeap(), 0, blocks[1]);
        good = good && HeapFree(own, 0, HeapAlloc(own, 0, 100)) && HeapValidate(own, 0, NULL);
        _exit(good && HeapDestroy(own) && HeapCreate(0, 0, 0) ? 0 : 1);
    }
    ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
    ck_assert(HeapFree(own, 0, blocks[0]) && HeapFree(GetProcessHeap(), 0, blocks[1]));
    ck_assert(HeapDestroy(own));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_kept", 120, &tc);
    tcase_add_test(tc, freed_twice);
    tcase_add_test(tc, contents);
    tcase_add_test(tc, threads_beside_a_check);
    tcase_add_test(tc, heaps_at_the_same_place);
    tcase_add_test(tc, threads_that_end);
    tcase_add_test(tc, freed_elsewhere);
    tcase_add_test(tc, in_a_child);
    return unit_run(suite);
}
