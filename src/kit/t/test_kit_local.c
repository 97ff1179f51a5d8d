/* LocalAlloc and GlobalAlloc: fixed and moveable memory, locks, sizes, wrong handles. */
#include <stdint.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(fixed)
{
    char *at = LocalAlloc(LPTR, 100);
    ck_assert_ptr_nonnull(at);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(at[i], 0);
    ck_assert_uint_eq(LocalSize(at), 100);
    ck_assert_ptr_eq(LocalLock(at), at);
    ck_assert_ptr_eq(LocalHandle(at), at);
    ck_assert_uint_eq(LocalFlags(at), 0);
    ck_assert(!LocalUnlock(at));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_LOCKED);
    ck_assert(GlobalUnlock(at));
    ck_assert_uint_eq(HeapSize(GetProcessHeap(), 0, at), 100);
    ck_assert_ptr_eq(LocalReAlloc(at, 50, 0), at);
    ck_assert_uint_eq(LocalSize(at), 50);
    ck_assert_ptr_null(LocalReAlloc(at, 1 << 20, 0)); /* would have to move */
    strcpy(at, "text");
    at = LocalReAlloc(at, 1 << 20, LMEM_MOVEABLE | LMEM_ZEROINIT);
    ck_assert_str_eq(at, "text");
    ck_assert_int_eq(at[(1 << 20) - 1], 0);
    ck_assert_ptr_null(LocalFree(at));
    ck_assert_ptr_null(LocalFree(NULL));
}
END_TEST

START_TEST(moveable)
{
    HGLOBAL h = GlobalAlloc(GHND, 1000);
    ck_assert_ptr_nonnull(h);
    char *at = GlobalLock(h);
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_ne(at, h);
    ck_assert_uint_eq((uintptr_t)at % (2 * sizeof(void *)), 0);
    ck_assert_int_eq(at[999], 0);
    strcpy(at, "text");
    ck_assert_uint_eq(GlobalSize(h), 1000);
    ck_assert_ptr_eq(GlobalHandle(at), h);
    ck_assert_ptr_eq(GlobalLock(h), at);
    ck_assert_uint_eq(GlobalFlags(h) & GMEM_LOCKCOUNT, 2);
    ck_assert_ptr_null(GlobalReAlloc(h, 1 << 20, 0)); /* locked: may not move */
    ck_assert(GlobalUnlock(h));
    SetLastError(1);
    ck_assert(!GlobalUnlock(h));
    ck_assert_uint_eq(GetLastError(), NO_ERROR);
    ck_assert(!GlobalUnlock(h));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_LOCKED);
    ck_assert_ptr_eq(GlobalReAlloc(h, 1 << 20, GMEM_ZEROINIT), h);
    at = GlobalLock(h);
    ck_assert_str_eq(at, "text");
    ck_assert_int_eq(at[1000], 0);
    ck_assert_ptr_null(GlobalFree(h));
    ck_assert_ptr_eq(GlobalFree(h), h);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(discarded)
{
    HLOCAL h = LocalAlloc(LMEM_MOVEABLE, 0);
    ck_assert_ptr_nonnull(h);
    ck_assert_uint_eq(LocalFlags(h) & LMEM_DISCARDED, LMEM_DISCARDED);
    ck_assert_uint_eq(LocalSize(h), 0);
    ck_assert_ptr_null(LocalLock(h));
    ck_assert_uint_eq(GetLastError(), ERROR_DISCARDED);
    ck_assert_ptr_eq(LocalReAlloc(h, 10, LMEM_ZEROINIT), h);
    ck_assert_ptr_nonnull(LocalLock(h));
    ck_assert_ptr_null(LocalReAlloc(h, 0, LMEM_MOVEABLE));
    LocalUnlock(h);
    ck_assert_ptr_eq(LocalReAlloc(h, 0, LMEM_MOVEABLE), h);
    ck_assert_uint_eq(LocalFlags(h) & LMEM_DISCARDED, LMEM_DISCARDED);
    ck_assert_ptr_null(LocalFree(h));
}
END_TEST

START_TEST(modified)
{
    char *at = LocalAlloc(LPTR, 20);
    strcpy(at, "kept");
    ck_assert_ptr_eq(LocalReAlloc(at, 0, LMEM_MODIFY), at);
    HLOCAL h = LocalReAlloc(at, 0, LMEM_MODIFY | LMEM_MOVEABLE);
    ck_assert_ptr_nonnull(h);
    ck_assert_uint_eq(LocalSize(h), 20);
    ck_assert_str_eq(LocalLock(h), "kept");
    ck_assert_uint_eq(LocalFlags(h), 1);
    LocalReAlloc(h, 0, LMEM_MODIFY | LMEM_DISCARDABLE);
    ck_assert_uint_eq(LocalFlags(h), 1 | LMEM_DISCARDABLE);
    ck_assert_ptr_null(LocalFree(h));
}
END_TEST

START_TEST(wrong_handles)
{
    static char data[64] __attribute__((aligned(16)));
    HANDLE wrong[] = {(HANDLE)(uintptr_t)0x1234, (HANDLE)(uintptr_t)0x1230, (HANDLE)(uintptr_t)7,
                      data + 32, data + 20};
    for (unsigned i = 0; i < ARRAYSIZE(wrong); i++) {
        SetLastError(NO_ERROR);
        ck_assert_ptr_eq(LocalFree(wrong[i]), wrong[i]);
        ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
        ck_assert_uint_eq(GlobalSize(wrong[i]), 0);
        ck_assert_ptr_null(LocalLock(wrong[i]));
        ck_assert_uint_eq(LocalFlags(wrong[i]), LMEM_INVALID_HANDLE);
        ck_assert_ptr_null(GlobalHandle(wrong[i]));
        ck_assert_ptr_null(LocalReAlloc(wrong[i], 10, 0));
        ck_assert(!GlobalUnlock(wrong[i]));
    }
    ck_assert_ptr_null(LocalAlloc(LMEM_FIXED, (SIZE_T)-1));
    ck_assert_ptr_null(LocalAlloc(LMEM_MOVEABLE, (SIZE_T)-1));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_local", 60, &tc);
    tcase_add_test(tc, fixed);
    tcase_add_test(tc, moveable);
    tcase_add_test(tc, discarded);
    tcase_add_test(tc, modified);
    tcase_add_test(tc, wrong_handles);
    return unit_run(suite);
}
