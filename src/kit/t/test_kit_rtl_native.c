/* Small things of ntdll: heaps, clocks, slots, memory, statuses raised, tokens, error modes. */
#include <string.h>

#include <winvm/excpt.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(heaps)
{
    PVOID heap = GetProcessHeap();
    ULONG mode = 9;
    SIZE_T size = 0;
    SetLastError(77);
    ck_assert(RtlLockHeap(heap) && RtlUnlockHeap(heap));
    RtlCompactHeap(heap, 0);
    ck_assert_int_eq(RtlQueryHeapInformation(heap, HeapCompatibilityInformation, &mode, sizeof mode,
                                             &size),
                     STATUS_SUCCESS);
    ck_assert(mode == 2 && size == sizeof mode);
    ck_assert_int_eq(RtlQueryHeapInformation(heap, HeapCompatibilityInformation, &mode, 1, &size),
                     STATUS_BUFFER_TOO_SMALL);
    ck_assert_int_eq(RtlSetHeapInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0),
                     STATUS_SUCCESS);
    mode = 1;
    ck_assert_int_eq(RtlSetHeapInformation(heap, HeapCompatibilityInformation, &mode, sizeof mode),
                     STATUS_INVALID_PARAMETER);
    ck_assert_uint_eq(GetLastError(), 77);
}
END_TEST

START_TEST(clocks)
{
    LARGE_INTEGER a, b, frequency, wait = {.QuadPart = -20000};
    ULONGLONG unbiased = 0;
    ULONG coarse = 0, fine = 0, now = 0;
    ck_assert(RtlQueryPerformanceCounter(&a) && RtlQueryPerformanceFrequency(&frequency));
    ck_assert_int_eq(RtlDelayExecution(FALSE, &wait), STATUS_SUCCESS);
    ck_assert(RtlQueryPerformanceCounter(&b));
    ck_assert_int_ge(b.QuadPart - a.QuadPart, 2 * frequency.QuadPart / 1000);
    ck_assert(RtlQueryUnbiasedInterruptTime(&unbiased) && unbiased > 0);
    NtQuerySystemTime(&a);
    ck_assert_int_ge(RtlGetSystemTimePrecise(), a.QuadPart);
    ck_assert_int_lt(RtlGetSystemTimePrecise() - a.QuadPart, INT64_C(600000000));
    ck_assert(!RtlQueryPerformanceCounter(NULL) && !RtlQueryPerformanceFrequency(NULL));
    ck_assert_int_eq(NtQueryTimerResolution(&coarse, &fine, &now), STATUS_SUCCESS);
    ck_assert(coarse == 156250 && fine == 5000 && now == fine);
    ck_assert_int_eq(NtSetTimerResolution(10000, TRUE, &now), STATUS_SUCCESS);
    ck_assert_int_eq(NtQueryTimerResolution(&coarse, NULL, &now), STATUS_ACCESS_VIOLATION);
}
END_TEST

static int n_ended;

static void WINAPI ended(PVOID value)
{
    n_ended += *(int *)value;
}

START_TEST(slots)
{
    int one = 1;
    ULONG index = 0;
    PVOID value = &index;
    SetLastError(77);
    ck_assert_int_eq(RtlFlsAlloc(ended, &index), STATUS_SUCCESS);
    ck_assert_int_eq(RtlFlsGetValue(index, &value), STATUS_SUCCESS);
    ck_assert_ptr_null(value);
    ck_assert_int_eq(RtlFlsSetValue(index, &one), STATUS_SUCCESS);
    ck_assert_int_eq(RtlFlsGetValue(index, &value), STATUS_SUCCESS);
    ck_assert_ptr_eq(value, &one);
    ck_assert_int_eq(RtlFlsFree(index), STATUS_SUCCESS);
    ck_assert_int_eq(n_ended, 1);
    ck_assert_int_eq(RtlFlsFree(0xffffff), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(RtlFlsSetValue(0xffffff, NULL), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(RtlFlsGetValue(0xffffff, &value), STATUS_INVALID_PARAMETER);
    ck_assert_uint_eq(GetLastError(), 77);
}
END_TEST

START_TEST(memory)
{
    ULONG words[4] = {1, 1, 1, 1};
    RtlFillMemoryUlong(words, 15, 0xabcd);
    ck_assert(words[2] == 0xabcd && words[3] == 1);
    ck_assert_uint_eq(RtlCompareMemoryUlong(words, sizeof words, 0xabcd), 12);
    ck_assert_uint_eq(RtlCompareMemoryUlong(words, 3, 0xabcd), 0);
    ck_assert_uint_eq(RtlComputeCrc32(0, "123456789", 9), 0xcbf43926);
    ck_assert_uint_eq(RtlComputeCrc32(RtlComputeCrc32(0, "1234", 4), "56789", 5), 0xcbf43926);
    ck_assert_int_eq(RtlIsProcessorFeaturePresent(PF_COMPARE_EXCHANGE_DOUBLE),
                     IsProcessorFeaturePresent(PF_COMPARE_EXCHANGE_DOUBLE));
    ck_assert_int_eq(NtFlushProcessWriteBuffers(), STATUS_SUCCESS);
}
END_TEST

static DWORD seen_flags;

static LONG keep(struct _EXCEPTION_POINTERS *p)
{
    seen_flags = p->ExceptionRecord->ExceptionFlags;
    return EXCEPTION_EXECUTE_HANDLER;
}

START_TEST(statuses_are_raised)
{
    volatile DWORD code = 0;
    WINVM_TRY {
        RtlRaiseStatus(STATUS_DLL_NOT_FOUND);
    }
    WINVM_EXCEPT(keep(GetExceptionInformation())) {
        code = GetExceptionCode();
    }
    WINVM_END
    ck_assert_uint_eq(code, (DWORD)STATUS_DLL_NOT_FOUND);
    ck_assert(seen_flags & EXCEPTION_NONCONTINUABLE);
}
END_TEST

START_TEST(tokens)
{
    HANDLE token = NULL, process = GetCurrentProcess();
    TOKEN_PRIVILEGES wanted = {1, {{{4, 0}, SE_PRIVILEGE_ENABLED}}};
    DWORD kind = 0, size = 0;
    BOOLEAN was = 9;
    SetLastError(77);
    ck_assert_int_eq(NtOpenProcessToken(process, TOKEN_ALL_ACCESS, &token), STATUS_SUCCESS);
    ck_assert_int_eq(NtAdjustPrivilegesToken(token, FALSE, &wanted, 0, NULL, NULL),
                     STATUS_SUCCESS);
    ck_assert_int_eq(RtlAdjustPrivilege(4, FALSE, FALSE, &was), STATUS_SUCCESS);
    ck_assert_int_eq(was, TRUE);
    ck_assert_int_eq(RtlAdjustPrivilege(4, TRUE, FALSE, &was), STATUS_SUCCESS);
    ck_assert_int_eq(was, FALSE);
    ck_assert_int_eq(RtlAdjustPrivilege(4, TRUE, TRUE, &was), STATUS_NO_TOKEN);
    ck_assert_int_eq(RtlAdjustPrivilege(20, TRUE, FALSE, &was), STATUS_PRIVILEGE_NOT_HELD);
    wanted.Privileges[0].Luid.LowPart = 20;
    ck_assert_int_eq(NtAdjustPrivilegesToken(token, FALSE, &wanted, 0, NULL, NULL),
                     STATUS_NOT_ALL_ASSIGNED);
    ck_assert_int_eq(NtQueryInformationToken(token, TokenType, &kind, sizeof kind, &size),
                     STATUS_SUCCESS);
    ck_assert_uint_eq(kind, TokenPrimary);
    ck_assert_int_eq(NtQueryInformationToken(token, TokenType, &kind, 1, &size),
                     STATUS_BUFFER_TOO_SMALL);
    ck_assert_int_eq(NtQueryInformationToken(token, MaxTokenInfoClass, &kind, 4, &size),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_uint_eq(GetLastError(), 77);
    CloseHandle(token);
    ck_assert(!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
    ck_assert_uint_eq(GetLastError(), ERROR_NO_TOKEN);
    ck_assert(!OpenThreadToken((HANDLE)(uintptr_t)0x7770, TOKEN_QUERY, TRUE, &token));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(RevertToSelf());
}
END_TEST

START_TEST(error_modes)
{
    DWORD before = 9;
    ULONG native = 9;
    ck_assert_uint_eq(GetThreadErrorMode(), 0);
    ck_assert(SetThreadErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX, &before));
    ck_assert_uint_eq(before, 0);
    ck_assert_uint_eq(RtlGetThreadErrorMode(),
                      RTL_ERRORMODE_FAILCRITICALERRORS | RTL_ERRORMODE_NOOPENFILEERRORBOX);
    ck_assert(!SetThreadErrorMode(SEM_NOALIGNMENTFAULTEXCEPT, &before));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(RtlSetThreadErrorMode(1, &native), STATUS_INVALID_PARAMETER_1);
    ck_assert_int_eq(RtlSetThreadErrorMode(RTL_ERRORMODE_NOGPFAULTERRORBOX, &native),
                     STATUS_SUCCESS);
    ck_assert_uint_eq(native,
                      RTL_ERRORMODE_FAILCRITICALERRORS | RTL_ERRORMODE_NOOPENFILEERRORBOX);
    ck_assert_uint_eq(GetThreadErrorMode(), SEM_NOGPFAULTERRORBOX);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_rtl_native", 60, &tc);
    tcase_add_test(tc, heaps);
    tcase_add_test(tc, clocks);
    tcase_add_test(tc, slots);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, statuses_are_raised);
    tcase_add_test(tc, tokens);
    tcase_add_test(tc, error_modes);
    return unit_run(suite);
}
