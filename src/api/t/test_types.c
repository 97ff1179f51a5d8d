/* Conversions of the public headers: pointers and handles, and MEMORY_BASIC_INFORMATION. */
#include <string.h>

#include <winvm/winvm.h>

#include "base/t/unit.h"

#define HIGH ((ULONG_PTR)(WINVM_64 ? 0xfffffffe00000000 : 0))
static void *const odd = (void *)(HIGH | 0x89abcdef);

START_TEST(narrowing)
{
    ck_assert_uint_eq(PtrToUlong(odd), 0x89abcdef);
    ck_assert_uint_eq(PtrToUint(odd), 0x89abcdef);
    ck_assert_int_eq(PtrToLong(odd), (int)0x89abcdef);
    ck_assert_int_eq(PtrToInt(odd), (int)0x89abcdef);
    ck_assert_uint_eq(PtrToUshort(odd), 0xcdef);
    ck_assert_int_eq(PtrToShort(odd), (short)0xcdef);
    ck_assert_uint_eq(HandleToULong(odd), 0x89abcdef);
    ck_assert_uint_eq(HandleToUlong(odd), 0x89abcdef);
    ck_assert_int_eq(HandleToLong(odd), (int)0x89abcdef);
    ck_assert_uint_eq(PtrToULong(odd), 0x89abcdef);
    ck_assert_uint_eq(PtrToUInt(odd), 0x89abcdef);
}
END_TEST

START_TEST(widening)
{
    void *const filled = (void *)(ULONG_PTR)0x89abcdef;
    void *const extended = (void *)(LONG_PTR)(int)0x89abcdef;
    ck_assert_ptr_eq(UlongToPtr(0x89abcdef), filled);
    ck_assert_ptr_eq(ULongToPtr(0x89abcdef), filled);
    ck_assert_ptr_eq(UintToPtr(0x89abcdef), filled);
    ck_assert_ptr_eq(UIntToPtr(0x89abcdef), filled);
    ck_assert_ptr_eq(ULongToHandle(0x89abcdef), filled);
    ck_assert_ptr_eq(UlongToHandle(0x89abcdef), filled);
    ck_assert_ptr_eq(LongToPtr((int)0x89abcdef), extended);
    ck_assert_ptr_eq(IntToPtr((int)0x89abcdef), extended);
    ck_assert_ptr_eq(LongToHandle((int)0x89abcdef), extended);
}
END_TEST

START_TEST(widths)
{
    ck_assert_ptr_eq(PtrToPtr32(odd), (void *)(ULONG_PTR)0x89abcdef);
    ck_assert_ptr_eq(HandleToHandle32(odd), (void *)(ULONG_PTR)0x89abcdef);
    ck_assert_ptr_eq(Ptr32ToPtr(odd), (void *)(ULONG_PTR)0x89abcdef);
    ck_assert_ptr_eq(Handle32ToHandle(odd), (void *)(LONG_PTR)(int)0x89abcdef);
    ck_assert_ptr_eq(PtrToPtr64(odd), odd);
    ck_assert_ptr_eq(Ptr64ToPtr(odd), odd);
    ck_assert_ptr_eq(HandleToHandle64(odd), odd);
    ck_assert_ptr_eq(Handle64ToHandle(odd), odd);
    ck_assert_uint_eq(sizeof(POINTER_64_INT), WINVM_64 ? 8 : sizeof(long));
}
END_TEST

static MEMORY_BASIC_INFORMATION64 sample(ULONGLONG base, ULONGLONG alloc, ULONGLONG size)
{
    MEMORY_BASIC_INFORMATION64 m;
    memset(&m, 0, sizeof m);
    m.BaseAddress = base;
    m.AllocationBase = alloc;
    m.AllocationProtect = PAGE_EXECUTE_READ;
    m.RegionSize = size;
    m.State = MEM_COMMIT;
    m.Protect = PAGE_READWRITE | PAGE_GUARD;
    m.Type = MEM_PRIVATE;
    return m;
}

/* Every value that fits comes back through every form. */
START_TEST(forms_that_fit)
{
    MEMORY_BASIC_INFORMATION64 m = sample(0xfffe1000, 0xfffe0000, 0xffffffff), back;
    MEMORY_BASIC_INFORMATION32 narrow;
    MEMORY_BASIC_INFORMATION own;
    memset(&narrow, 0xaa, sizeof narrow);
    memset(&back, 0xaa, sizeof back);
    ck_assert(winvm_mbi_64_to_32(&m, &narrow));
    ck_assert_uint_eq(narrow.BaseAddress, 0xfffe1000);
    ck_assert_uint_eq(narrow.AllocationBase, 0xfffe0000);
    ck_assert_uint_eq(narrow.AllocationProtect, PAGE_EXECUTE_READ);
    ck_assert_uint_eq(narrow.RegionSize, 0xffffffff);
    ck_assert_uint_eq(narrow.State, MEM_COMMIT);
    ck_assert_uint_eq(narrow.Protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(narrow.Type, MEM_PRIVATE);
    ck_assert(winvm_mbi_32_to_64(&narrow, &back));
    ck_assert_mem_eq(&m, &back, sizeof m);
    memset(&own, 0xaa, sizeof own);
    ck_assert(winvm_mbi_from_32(&narrow, &own));
    ck_assert_ptr_eq(own.BaseAddress, (PVOID)0xfffe1000);
    memset(&back, 0xaa, sizeof back);
    ck_assert(winvm_mbi_to_64(&own, &back));
    ck_assert_mem_eq(&m, &back, sizeof m);
    memset(&narrow, 0, sizeof narrow);
    ck_assert(winvm_mbi_to_32(&own, &narrow));
    ck_assert_uint_eq(narrow.RegionSize, 0xffffffff);
    memset(&own, 0xaa, sizeof own);
    ck_assert(winvm_mbi_from_64(&m, &own));
    ck_assert_uint_eq(own.RegionSize, 0xffffffff);
}
END_TEST

START_TEST(forms_that_do_not_fit)
{
    const ULONGLONG big = (ULONGLONG)1 << 32;
    const MEMORY_BASIC_INFORMATION64 m[] = {sample(big, 0, 1), sample(0, big, 1),
                                            sample(0, 0, big)};
    MEMORY_BASIC_INFORMATION32 narrow, before;
    memset(&before, 0xaa, sizeof before);
    for (unsigned i = 0; i < 3; i++) {
        MEMORY_BASIC_INFORMATION own;
        narrow = before;
        ck_assert(!winvm_mbi_64_to_32(&m[i], &narrow));
        ck_assert_mem_eq(&narrow, &before, sizeof narrow);
        ck_assert_int_eq(winvm_mbi_from_64(&m[i], &own), WINVM_64);
        if (!WINVM_64)
            continue;
        ck_assert(!winvm_mbi_to_32(&own, &narrow));
        ck_assert_mem_eq(&narrow, &before, sizeof narrow);
    }
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("types", 10, &c);
    tcase_add_test(c, narrowing);
    tcase_add_test(c, widening);
    tcase_add_test(c, widths);
    tcase_add_test(c, forms_that_fit);
    tcase_add_test(c, forms_that_do_not_fit);
    return unit_run(s);
}
