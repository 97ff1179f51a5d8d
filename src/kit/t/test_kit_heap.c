/* Heaps: sizes, flags, heaps of fixed size, exceptions, wrong blocks. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* A sanitizer's malloc is to answer NULL as well. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
#endif

static HANDLE heap;

static void make_heap(void)
{
    heap = HeapCreate(0, 0, 0);
    ck_assert_ptr_nonnull(heap);
}

static void end_heap(void)
{
    ck_assert(HeapDestroy(heap));
}

static void fill(void *block, SIZE_T size)
{
    memset(block, 0xa5, size);
}

static bool all(const void *block, SIZE_T from, SIZE_T to, int value)
{
    const unsigned char *bytes = block;
    for (SIZE_T i = from; i < to; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* What holds for each heap. */
static void check_blocks(HANDLE h)
{
    for (SIZE_T size = 0; size < 70000; size = size * 3 + 1) {
        unsigned char *block = HeapAlloc(h, HEAP_ZERO_MEMORY, size);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % (2 * sizeof(void *)), 0);
        ck_assert_uint_eq(HeapSize(h, 0, block), size);
        ck_assert(all(block, 0, size, 0));
        fill(block, size);
        block = HeapReAlloc(h, HEAP_ZERO_MEMORY, block, size + 1000);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq(HeapSize(h, 0, block), size + 1000);
        ck_assert(all(block, 0, size, 0xa5) && all(block, size, size + 1000, 0));
        block = HeapReAlloc(h, 0, block, size / 2);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq(HeapSize(h, 0, block), size / 2);
        ck_assert(all(block, 0, size / 2, 0xa5));
        ck_assert(HeapValidate(h, 0, block) && HeapValidate(h, 0, NULL));
        ck_assert(HeapFree(h, 0, block));
    }
}

START_TEST(of_the_process)
{
    ck_assert_ptr_nonnull(GetProcessHeap());
    ck_assert_ptr_eq(GetProcessHeap(), GetProcessHeap());
    check_blocks(GetProcessHeap());
    SetLastError(NO_ERROR);
    ck_assert(!HeapDestroy(GetProcessHeap()));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(of_its_own)
{
    check_blocks(heap);
    for (int i = 0; i < 1000; i++) /* freed with the heap */
        ck_assert_ptr_nonnull(HeapAlloc(heap, 0, 100));
}
END_TEST

START_TEST(in_place)
{
    char *block = HeapAlloc(heap, 0, 4000);
    fill(block, 4000);
    ck_assert_ptr_eq(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 100), block);
    ck_assert_uint_eq(HeapSize(heap, 0, block), 100);
    ck_assert_ptr_eq(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY | HEAP_ZERO_MEMORY, block, 110),
                     block);
    ck_assert(all(block, 0, 100, 0xa5) && all(block, 100, 110, 0));
    SetLastError(NO_ERROR);
    ck_assert_ptr_null(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 1 << 20));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(HeapSize(heap, 0, block), 110);
}
END_TEST

START_TEST(no_memory)
{
    char *block = HeapAlloc(heap, 0, 10);
    SIZE_T sizes[] = {(SIZE_T)-1, (SIZE_T)-1 - 40, (SIZE_T)-1 / 2};
    fill(block, 10);
    for (unsigned i = 0; i < ARRAYSIZE(sizes); i++) {
        SetLastError(NO_ERROR);
        ck_assert_ptr_null(HeapAlloc(heap, 0, sizes[i]));
        ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
        ck_assert_ptr_null(HeapReAlloc(heap, 0, block, sizes[i]));
        ck_assert_ptr_null(HeapAlloc(GetProcessHeap(), 0, sizes[i]));
    }
    ck_assert(HeapValidate(heap, 0, NULL));
    ck_assert(all(block, 0, 10, 0xa5) && HeapSize(heap, 0, block) == 10);
}
END_TEST

static DWORD raised_code, raised_flags;
static ULONG_PTR raised_size;

static LONG WINAPI note(PEXCEPTION_POINTERS e)
{
    if (e->ExceptionRecord->ExceptionCode != (DWORD)STATUS_NO_MEMORY)
        return EXCEPTION_CONTINUE_SEARCH;
    raised_code = e->ExceptionRecord->ExceptionCode;
    raised_flags = e->ExceptionRecord->ExceptionFlags;
    raised_size = e->ExceptionRecord->ExceptionInformation[0];
    return EXCEPTION_CONTINUE_EXECUTION;
}

START_TEST(exceptions)
{
    const SIZE_T size = (SIZE_T)-1 / 2;
    HANDLE raising = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    PVOID handler = AddVectoredExceptionHandler(1, note);
    ck_assert_ptr_null(HeapAlloc(heap, 0, size));
    ck_assert_uint_eq(raised_code, 0);
    ck_assert_ptr_null(HeapAlloc(heap, HEAP_GENERATE_EXCEPTIONS, size));
    ck_assert_uint_eq(raised_code, (DWORD)STATUS_NO_MEMORY);
    ck_assert_uint_eq(raised_flags, 0);
    ck_assert_uint_eq(raised_size, size);
    raised_code = 0;
    char *block = HeapAlloc(raising, 0, 8);
    ck_assert_ptr_null(HeapReAlloc(raising, 0, block, size));
    ck_assert_uint_eq(raised_code, (DWORD)STATUS_NO_MEMORY);
    ck_assert(HeapDestroy(raising));
    RemoveVectoredExceptionHandler(handler);
}
END_TEST

START_TEST(fixed_size)
{
    HANDLE small = HeapCreate(0, 4096, 100000);
    void *blocks[200];
    unsigned n = 0;
    ck_assert_ptr_nonnull(small);
    while (n < ARRAYSIZE(blocks) && (blocks[n] = HeapAlloc(small, 0, 1000)) != NULL)
        n++;
    ck_assert_uint_ge(n, 90);
    ck_assert_uint_le(n, 102); /* 100000 rounded up to pages is 102400 */
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_ptr_null(HeapReAlloc(small, 0, blocks[0], 4000));
    for (unsigned i = 0; i < 5; i++)
        ck_assert(HeapFree(small, 0, blocks[--n]));
    blocks[0] = HeapReAlloc(small, 0, blocks[0], 4000);
    ck_assert_ptr_nonnull(blocks[0]);
    ck_assert(HeapDestroy(small));
    HANDLE large = HeapCreate(0, 0, 16 << 20);
    ck_assert_ptr_null(HeapAlloc(large, 0, 1 << 20)); /* a fixed heap has no large blocks */
    ck_assert_ptr_nonnull(HeapAlloc(large, 0, 400 << 10));
    ck_assert(HeapDestroy(large));
}
END_TEST

START_TEST(executable)
{
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
    HANDLE h = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
    unsigned char *block = HeapAlloc(h, HEAP_ZERO_MEMORY, sizeof code);
    int (*run)(void);
    memcpy(block, code, sizeof code);
    block = HeapReAlloc(h, 0, block, 100000);
    ck_assert(!memcmp(block, code, sizeof code));
    memcpy(&run, &block, sizeof run);
    ck_assert_int_eq(run(), 42);
    ck_assert(HeapFree(h, 0, block));
    check_blocks(h);
    ck_assert(HeapDestroy(h));
}
END_TEST

START_TEST(wrong_blocks)
{
    HANDLE other = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 64);
    ck_assert(HeapFree(heap, 0, NULL));
    ck_assert(!HeapFree(other, 0, block));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!HeapFree(GetProcessHeap(), 0, block));
    ck_assert(HeapSize(other, 0, block) == (SIZE_T)-1);
    ck_assert_ptr_null(HeapReAlloc(other, 0, block, 100));
    ck_assert_ptr_null(HeapReAlloc(heap, 0, NULL, 100));
    ck_assert(!HeapValidate(other, 0, block));
    ck_assert(!HeapValidate(heap, 0, (char *)block + 16));
    ck_assert(!HeapValidate(heap, 0, (void *)(uintptr_t)0x1230));
    ck_assert(!HeapValidate((HANDLE)(uintptr_t)0x1230, 0, NULL));
    ck_assert(!HeapFree(NULL, 0, block));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(HeapFree(heap, 0, block));
    ck_assert(HeapDestroy(other));
    ck_assert_ptr_null(HeapAlloc(other, 0, 1));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!HeapDestroy(other));
}
END_TEST

START_TEST(overrun_of_a_neighbour)
{
    void *first = HeapAlloc(heap, 0, 16), *second = HeapAlloc(heap, 0, 16);
    uintptr_t *head = (uintptr_t *)second - 1, kept = *head;
    ck_assert(HeapValidate(heap, 0, NULL));
    *head = 0;
    ck_assert(!HeapValidate(heap, 0, NULL) && !HeapValidate(heap, 0, second));
    ck_assert(HeapValidate(heap, 0, first));
    *head = kept;
    ck_assert(HeapValidate(heap, 0, NULL));
}
END_TEST

static void *churn(void *seed)
{
    unsigned char *blocks[16] = {0};
    unsigned random = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < 20000; i++) {
        random = random * 1103515245 + 12345;
        unsigned char **b = &blocks[random >> 16 & 15];
        SIZE_T size = (random >> 20 & 511) + 1;
        unsigned char *next = *b ? HeapReAlloc(heap, 0, *b, size) : HeapAlloc(heap, 0, size);
        if (!next || (*b && next[0] != (unsigned char)(uintptr_t)seed))
            return (void *)1;
        next[0] = (unsigned char)(uintptr_t)seed;
        *b = next;
        if ((random >> 8 & 3) == 0) {
            HeapFree(heap, 0, *b);
            *b = NULL;
        }
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t id[4];
    void *failed;
    for (uintptr_t i = 0; i < ARRAYSIZE(id); i++)
        ck_assert(!pthread_create(&id[i], NULL, churn, (void *)(i + 1)));
    for (unsigned i = 0; i < ARRAYSIZE(id); i++) {
        pthread_join(id[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert(HeapValidate(heap, 0, NULL));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_heap", 60, &tc);
    tcase_add_checked_fixture(tc, make_heap, end_heap);
    tcase_add_test(tc, of_the_process);
    tcase_add_test(tc, of_its_own);
    tcase_add_test(tc, in_place);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, exceptions);
    tcase_add_test(tc, fixed_size);
    tcase_add_test(tc, executable);
    tcase_add_test(tc, wrong_blocks);
    tcase_add_test(tc, overrun_of_a_neighbour);
    tcase_add_test(tc, threads);
    return unit_run(suite);
}
