/* Threads: starting, ending, suspending, their handles. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
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

START_TEST(result)
{
    DWORD id = 0;
    HANDLE thread = CreateThread(NULL, 0, add_one, (LPVOID)41, 0, &id);
    ck_assert_ptr_nonnull(thread);
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_ne(id, GetCurrentThreadId());
    ck_assert_uint_eq(GetThreadId(thread), id);
    ck_assert_uint_eq(end_of(thread), 42);
    ck_assert(!GetExitCodeThread(thread, &id)); /* closed */
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_ptr_null(CreateThread(NULL, 0, add_one, NULL, 0x80, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

static volatile int reached;

static WVM_NOINLINE void leave(DWORD code)
{
    ExitThread(code);
}

static DWORD WINAPI exits(LPVOID argument)
{
    reached = 1;
    leave((DWORD)(ULONG_PTR)argument);
    reached = 2;
    return 0;
}

START_TEST(exit_thread)
{
    ck_assert_uint_eq(end_of(CreateThread(NULL, 0, exits, (LPVOID)77, 0, NULL)), 77);
    ck_assert_int_eq(reached, 1);
}
END_TEST

START_TEST(suspended)
{
    DWORD code = 0;
    reached = 0;
    HANDLE thread = CreateThread(NULL, 0, exits, (LPVOID)5, CREATE_SUSPENDED, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, 50), WAIT_TIMEOUT);
    ck_assert(GetExitCodeThread(thread, &code));
    ck_assert_uint_eq(code, STILL_ACTIVE);
    ck_assert_int_eq(reached, 0);
    ck_assert_uint_eq(ResumeThread(thread), 1);
    ck_assert_uint_eq(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    ck_assert_uint_eq(ResumeThread(thread), 0);
    ck_assert_uint_eq(end_of(thread), 5);
    ck_assert(ResumeThread(NULL) == (DWORD)-1);
}
END_TEST

static DWORD WINAPI stack_size(LPVOID argument)
{
    ULONG_PTR low, high;
    GetCurrentThreadStackLimits(&low, &high);
    *(SIZE_T *)argument = high - low;
    return 0;
}

START_TEST(stacks)
{
    SIZE_T size, usual;
    end_of(CreateThread(NULL, 0, stack_size, &usual, 0, NULL));
    end_of(CreateThread(NULL, 1 << 20, stack_size, &size, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL));
    ck_assert_uint_ge(size, (1 << 20) - (64 << 10));
    ck_assert_uint_le(size, (1 << 20) + (64 << 10));
    end_of(CreateThread(NULL, 4096, stack_size, &size, 0, NULL));
    ck_assert_uint_eq(size, usual);
    end_of(CreateThread(NULL, 64 << 20, stack_size, &size, 0, NULL));
    ck_assert_uint_ge(size, (64 << 20) - (64 << 10));
    ck_assert_ptr_null(CreateThread(NULL, (SIZE_T)-1 / 2, stack_size, &size, 0, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
}
END_TEST

static WVM_NOINLINE unsigned overflow(unsigned n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return n == 0 ? 0 : overflow(n - 1) + (unsigned)frame[0];
}

static LONG WINAPI at_overflow(PEXCEPTION_POINTERS e)
{
    if (e->ExceptionRecord->ExceptionCode != (DWORD)STATUS_STACK_OVERFLOW)
        return EXCEPTION_CONTINUE_SEARCH;
    ExitThread(99);
}

static DWORD WINAPI overflows(LPVOID argument)
{
    (void)argument;
    return overflow(1000000);
}

/* A new thread can handle the overflow of its stack before it made a call of winvm. */
START_TEST(overflow_of_the_stack)
{
    PVOID handler = AddVectoredExceptionHandler(1, at_overflow);
    HANDLE thread = CreateThread(NULL, 1 << 20, overflows, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION,
                                 NULL);
    ck_assert_uint_eq(end_of(thread), 99);
    RemoveVectoredExceptionHandler(handler);
}
END_TEST

static HANDLE real_handle(HANDLE of, DWORD access, DWORD options)
{
    HANDLE h = NULL;
    ck_assert(DuplicateHandle(GetCurrentProcess(), of, GetCurrentProcess(), &h, access, FALSE,
                              options));
    return h;
}

static void *foreign(void *at)
{
    *(HANDLE *)at = real_handle(GetCurrentThread(), 0, DUPLICATE_SAME_ACCESS);
    return NULL;
}

START_TEST(current_thread)
{
    DWORD code;
    pthread_t id;
    HANDLE self = real_handle(GetCurrentThread(), 0, DUPLICATE_SAME_ACCESS), other = NULL;
    ck_assert(GetCurrentThread() == (HANDLE)(LONG_PTR)-2);
    ck_assert_uint_eq(GetThreadId(self), GetCurrentThreadId());
    ck_assert_uint_eq(GetThreadId(GetCurrentThread()), GetCurrentThreadId());
    ck_assert_uint_eq(GetCurrentThreadId(), (DWORD)syscall(SYS_gettid));
    ck_assert_uint_eq(WaitForSingleObject(self, 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(GetCurrentThread(), 0), WAIT_TIMEOUT);
    ck_assert(GetExitCodeThread(GetCurrentThread(), &code) && code == STILL_ACTIVE);
    ck_assert(CloseHandle(self) && CloseHandle(GetCurrentThread()));
    pthread_create(&id, NULL, foreign, &other); /* a thread of the host's ends, too */
    pthread_join(id, NULL);
    ck_assert_uint_eq(end_of(other), 0);
}
END_TEST

START_TEST(rights)
{
    DWORD code;
    HANDLE thread = CreateThread(NULL, 0, add_one, NULL, CREATE_SUSPENDED, NULL);
    HANDLE weak = real_handle(thread, SYNCHRONIZE, 0);
    HANDLE asks = real_handle(thread, THREAD_QUERY_INFORMATION, 0);
    ck_assert(ResumeThread(weak) == (DWORD)-1);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!GetExitCodeThread(weak, &code));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(GetExitCodeThread(asks, &code));
    ck_assert_uint_eq(WaitForSingleObject(asks, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(CompareObjectHandles(weak, thread));
    ck_assert_uint_eq(ResumeThread(thread), 1);
    ck_assert_uint_eq(WaitForSingleObject(weak, INFINITE), WAIT_OBJECT_0);
    ck_assert(CloseHandle(weak) && CloseHandle(asks) && CloseHandle(thread));
}
END_TEST

/* Handles of winvm and handles of the kit are told apart. */
START_TEST(one_table)
{
    BYTE buffer[128];
    OBJECT_TYPE_INFORMATION *type = (OBJECT_TYPE_INFORMATION *)(void *)buffer;
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
    ck_assert_ptr_null(MapViewOfFile(event, FILE_MAP_READ, 0, 0, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_uint_eq(WaitForSingleObject(section, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!SetEvent(section) && !ReleaseMutex(event) && ResumeThread(event) == (DWORD)-1);
    ck_assert_int_eq(NtQueryObject(event, ObjectTypeInformation, buffer, sizeof buffer, NULL), 0);
    ck_assert_uint_eq(type->TypeName.Length, 10);
    ck_assert(!memcmp(type->TypeName.Buffer, u"Event", 10));
    ck_assert(CloseHandle(section) && CloseHandle(event) && !CloseHandle(event));
}
END_TEST

START_TEST(forked)
{
    int status;
    DWORD parent = GetCurrentThreadId();
    pid_t child = fork();
    if (child == 0) {
        bool good = GetCurrentThreadId() == (DWORD)getpid() && GetCurrentThreadId() != parent;
        HANDLE thread = CreateThread(NULL, 0, add_one, (LPVOID)1, 0, NULL);
        good = good && WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0;
        good = good && GetThreadId(GetCurrentThread()) == GetCurrentThreadId();
        _exit(good ? 0 : 1);
    }
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(many)
{
    HANDLE thread[32];
    for (int round = 0; round < 100; round++) {
        for (unsigned i = 0; i < ARRAYSIZE(thread); i++)
            thread[i] = CreateThread(NULL, 0, add_one, (LPVOID)(ULONG_PTR)i,
                                     i % 2 ? CREATE_SUSPENDED : 0, NULL);
        for (unsigned i = 1; i < ARRAYSIZE(thread); i += 2)
            ck_assert_uint_eq(ResumeThread(thread[i]), 1);
        ck_assert_uint_eq(WaitForMultipleObjects(ARRAYSIZE(thread), thread, TRUE, INFINITE),
                          WAIT_OBJECT_0);
        for (unsigned i = 0; i < ARRAYSIZE(thread); i++)
            ck_assert_uint_eq(end_of(thread[i]), i + 1);
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_thread", 60, &tc);
    tcase_add_test(tc, result);
    tcase_add_test(tc, exit_thread);
    tcase_add_test(tc, suspended);
    tcase_add_test(tc, stacks);
    tcase_add_test(tc, overflow_of_the_stack);
    tcase_add_test(tc, current_thread);
    tcase_add_test(tc, rights);
    tcase_add_test(tc, one_table);
    tcase_add_test(tc, forked);
    tcase_add_test(tc, many);
    return unit_run(suite);
}
