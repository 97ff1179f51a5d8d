/* Threads that were just started, and records that are used again. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static DWORD WINAPI add_one(LPVOID argument)
{
    return (DWORD)(ULONG_PTR)argument + 1;
}

static DWORD end_of(HANDLE thread)
{
    DWORD code = 0;
    ck_assert_uint_eq(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(thread, &code));
    ck_assert(CloseHandle(thread));
    return code;
}

/* ---- right after the start: the thread may not have run yet ---- */

static HANDLE may_end; /* an event */

static DWORD WINAPI tell_id(LPVOID out)
{
    *(DWORD *)out = GetCurrentThreadId();
    WaitForSingleObject(may_end, INFINITE);
    return 3;
}

START_TEST(known_at_once)
{
    may_end = CreateEventW(NULL, FALSE, FALSE, NULL);
    for (unsigned i = 0; i < 500; i++) {
        DWORD id = 0, own = 0;
        THREAD_BASIC_INFORMATION basic;
        HANDLE thread = CreateThread(NULL, 0, tell_id, &own, 0, &id);
        ck_assert_uint_eq(GetThreadId(thread), id);
        HANDLE same = OpenThread(THREAD_ALL_ACCESS, FALSE, id);
        ck_assert(CompareObjectHandles(same, thread));
        ck_assert(SetThreadPriority(thread, THREAD_PRIORITY_ABOVE_NORMAL));
        ck_assert_int_eq(NtQueryInformationThread(thread, ThreadBasicInformation, &basic,
                                                  sizeof basic, NULL), 0);
        ck_assert_uint_eq((ULONG_PTR)basic.ClientId.UniqueThread, id);
        ck_assert_uint_eq((ULONG_PTR)basic.ClientId.UniqueProcess, GetCurrentProcessId());
        SetEvent(may_end);
        ck_assert_uint_eq(end_of(thread), 3);
        ck_assert_uint_eq(own, id);
        CloseHandle(same);
    }
}
END_TEST

static DWORD WINAPI counts_for_ever(LPVOID count)
{
    while (__atomic_add_fetch((int *)count, 1, __ATOMIC_RELAXED) != 0)
        ;
    return 0;
}

START_TEST(stopped_at_once)
{
    for (unsigned i = 0; i < 100; i++) {
        int count = 0, then;
        CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
        HANDLE thread = CreateThread(NULL, 0, counts_for_ever, &count, 0, NULL);
        ck_assert_uint_eq(SuspendThread(thread), 0);
        then = __atomic_load_n(&count, __ATOMIC_RELAXED);
        ck_assert(GetThreadContext(thread, &context));
        ck_assert_int_eq(__atomic_load_n(&count, __ATOMIC_RELAXED), then);
        ck_assert_uint_eq(ResumeThread(thread), 1);
        ck_assert(TerminateThread(thread, 9));
        ck_assert_uint_eq(end_of(thread), 9);
    }
}
END_TEST

START_TEST(ended_at_once)
{
    for (unsigned i = 0; i < 100; i++) {
        int count = 0;
        DWORD flags = i % 2 ? CREATE_SUSPENDED : 0;
        HANDLE thread = CreateThread(NULL, 0, counts_for_ever, &count, flags, NULL);
        ck_assert(TerminateThread(thread, i));
        ck_assert_uint_eq(end_of(thread), i);
        ck_assert(!flags || count == 0);
    }
}
END_TEST

/* Who opens threads by their numbers does not meet one that is half started. */
static DWORD WINAPI opens_all(LPVOID stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_ACQUIRE)) {
        THREADENTRY32 e = {.dwSize = sizeof e};
        HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
        for (BOOL more = Thread32First(list, &e); more; more = Thread32Next(list, &e)) {
            HANDLE thread = e.th32OwnerProcessID == GetCurrentProcessId()
                                ? OpenThread(SYNCHRONIZE, FALSE, e.th32ThreadID)
                                : NULL;
            if (thread)
                CloseHandle(thread);
        }
        CloseHandle(list);
    }
    return 0;
}

START_TEST(opened_by_another)
{
    int stop = 0;
    may_end = CreateEventW(NULL, TRUE, TRUE, NULL);
    HANDLE other = CreateThread(NULL, 0, opens_all, &stop, 0, NULL);
    for (unsigned i = 0; i < 3000; i++) {
        DWORD own = 0, id;
        ck_assert_uint_eq(end_of(CreateThread(NULL, 0, tell_id, &own, 0, &id)), 3);
        ck_assert_uint_eq(own, id);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    end_of(other);
}
END_TEST

/* More stack than there are addresses for. */
START_TEST(no_memory)
{
    for (unsigned i = 0; i < 100; i++) {
        DWORD id = 77;
        SetLastError(0);
        ck_assert_ptr_null(CreateThread(NULL, SIZE_MAX / 16 * 15, add_one, NULL,
                                        STACK_SIZE_PARAM_IS_A_RESERVATION, &id));
        ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
        ck_assert_uint_eq(id, 77);
    }
    ck_assert_ptr_null(OpenThread(SYNCHRONIZE, FALSE, 0)); /* nothing is left that starts */
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(OpenThread(SYNCHRONIZE, FALSE, INT_MAX));
    ck_assert_uint_eq(end_of(CreateThread(NULL, 0, add_one, (LPVOID)1, 0, NULL)), 2);
}
END_TEST

/* ---- what a thread leaves in its record ---- */

static DWORD slot_near, slot_far;

static DWORD WINAPI looks_and_leaves(LPVOID far_too)
{
    DWORD wrong = GetLastError() != 0 || TlsGetValue(slot_near) || TlsGetValue(slot_far);
    TlsSetValue(slot_near, &slot_near);
    if (far_too)
        TlsSetValue(slot_far, &slot_far);
    SetLastError(5);
    return wrong;
}

static DWORD WINAPI looks_at_block(LPVOID unused)
{
    PTEB teb = NtCurrentTeb();
    DWORD wrong = looks_and_leaves(unused) || teb->LastStatusValue != 0 ||
                  teb->StaticUnicodeBuffer[7] != 0;
    teb->StaticUnicodeBuffer[7] = L'x';
    teb->LastStatusValue = 6;
    return wrong;
}

START_TEST(nothing_of_the_one_before)
{
    slot_near = TlsAlloc();
    do
        slot_far = TlsAlloc();
    while (slot_far < TLS_MINIMUM_AVAILABLE);
    for (unsigned i = 0; i < 12; i++) {
        LPTHREAD_START_ROUTINE routine = i % 4 < 2 ? looks_and_leaves : looks_at_block;
        LPVOID far_too = i % 3 == 0 ? &slot_far : NULL;
        ck_assert_uint_eq(end_of(CreateThread(NULL, 0, routine, far_too, 0, NULL)), 0);
    }
}
END_TEST

int main(void)
{
    TCase *tc, *stops = tcase_create("stops"); /* by signals, which ThreadSanitizer holds back */
    Suite *suite = unit_suite("kit_start", 60, &tc);
    tcase_set_timeout(stops, 60);
    tcase_add_test(tc, known_at_once);
    tcase_add_test(tc, opened_by_another);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, nothing_of_the_one_before);
    tcase_add_test(stops, stopped_at_once);
    tcase_add_test(stops, ended_at_once);
    suite_add_tcase(suite, stops);
    return unit_run(suite);
}
