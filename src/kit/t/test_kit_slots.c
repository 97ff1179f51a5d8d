/* TlsAlloc and FlsAlloc: a value for each thread, callbacks, indexes used again. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static DWORD tls, fls;
static HANDLE go, freed;

static void finish(HANDLE thread, DWORD code)
{
    DWORD got = code + 1;
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(thread, &got));
    ck_assert_uint_eq(got, code);
    CloseHandle(thread);
}

static DWORD WINAPI own_value(LPVOID argument)
{
    if (TlsGetValue(tls) || GetLastError() != NO_ERROR || !TlsSetValue(tls, argument))
        return 1;
    Sleep(10);
    return TlsGetValue(tls) != argument;
}

START_TEST(a_value_for_each_thread)
{
    HANDLE thread[3];
    tls = TlsAlloc();
    ck_assert_uint_ne(tls, TLS_OUT_OF_INDEXES);
    SetLastError(1);
    ck_assert_ptr_null(TlsGetValue(tls));
    ck_assert_uint_eq(GetLastError(), NO_ERROR);
    ck_assert(TlsSetValue(tls, &tls));
    for (ULONG_PTR i = 0; i < 3; i++)
        thread[i] = CreateThread(NULL, 0, own_value, (LPVOID)(i + 1), 0, NULL);
    for (unsigned i = 0; i < 3; i++)
        finish(thread[i], 0);
    ck_assert_ptr_eq(TlsGetValue(tls), &tls);
    ck_assert(TlsFree(tls) && !TlsFree(tls));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(TlsAlloc(), tls);
    ck_assert_ptr_null(TlsGetValue(tls)); /* a fresh one */
}
END_TEST

START_TEST(all_indexes)
{
    DWORD i, n = 0;
    while ((i = TlsAlloc()) != TLS_OUT_OF_INDEXES) {
        ck_assert(TlsSetValue(i, (LPVOID)(ULONG_PTR)(i + 1)));
        n++;
    }
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_ITEMS);
    ck_assert_uint_eq(n, 1088);
    for (i = 0; i < 1088; i++)
        ck_assert(TlsGetValue(i) == (LPVOID)(ULONG_PTR)(i + 1));
    ck_assert(!TlsSetValue(1088, NULL) && !TlsFree(1088) && !TlsGetValue(1088));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    for (n = 0; FlsAlloc(NULL) != FLS_OUT_OF_INDEXES; n++)
        ;
    ck_assert_uint_eq(n, FLS_MAXIMUM_AVAILABLE);
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_ITEMS);
    ck_assert(!FlsSetValue(128, NULL) && !FlsFree(128) && !FlsGetValue(128));
}
END_TEST

static ULONG_PTR given;
static DWORD given_by;
static int n_given;

static void WINAPI note(PVOID value)
{
    __atomic_fetch_add(&given, (ULONG_PTR)value, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&n_given, 1, __ATOMIC_SEQ_CST);
    given_by = GetCurrentThreadId();
}

static DWORD WINAPI sets(LPVOID argument)
{
    FlsSetValue(fls, argument);
    return 0;
}

static void *sets_in_pthread(void *argument)
{
    sets(argument);
    return NULL;
}

static DWORD WINAPI sets_and_waits(LPVOID argument)
{
    sets(argument);
    ReleaseSemaphore(go, 1, NULL);
    WaitForSingleObject(freed, INFINITE);
    return FlsGetValue(fls) != NULL;
}

START_TEST(callbacks)
{
    DWORD id;
    pthread_t posix;
    fls = FlsAlloc(note);
    ck_assert_uint_ne(fls, FLS_OUT_OF_INDEXES);
    finish(CreateThread(NULL, 0, sets, (LPVOID)5, 0, &id), 0);
    ck_assert_uint_eq(given, 5);
    ck_assert_uint_eq(given_by, id);
    finish(CreateThread(NULL, 0, sets, NULL, 0, NULL), 0);
    ck_assert_int_eq(n_given, 1); /* not for NULL */
    pthread_create(&posix, NULL, sets_in_pthread, (void *)6);
    pthread_join(posix, NULL);
    ck_assert_uint_eq(given, 11);
    go = CreateSemaphoreA(NULL, 0, 1, NULL);
    freed = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE thread = CreateThread(NULL, 0, sets_and_waits, (LPVOID)100, 0, NULL);
    WaitForSingleObject(go, INFINITE);
    FlsSetValue(fls, (PVOID)1000);
    ck_assert(FlsFree(fls)); /* for the values of all threads */
    ck_assert_uint_eq(given, 1111);
    ck_assert_uint_eq(given_by, GetCurrentThreadId());
    ck_assert(!FlsFree(fls));
    SetEvent(freed);
    finish(thread, 0);
    ck_assert_uint_eq(given, 1111);
    CloseHandle(freed);
    CloseHandle(go);
}
END_TEST

static int pipe_end;

static void WINAPI tell(PVOID value)
{
    char c = (char)(ULONG_PTR)value;
    if (write(pipe_end, &c, 1) != 1)
        abort();
}

START_TEST(end_of_the_process)
{
    int ends[2];
    char c = 0;
    ck_assert(!pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        pipe_end = ends[1];
        fls = FlsAlloc(tell);
        FlsSetValue(fls, (PVOID)'x');
        exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &c, 1), 1);
    ck_assert_int_eq(c, 'x');
    waitpid(child, NULL, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_slots", 60, &tc);
    tcase_add_test(tc, a_value_for_each_thread);
    tcase_add_test(tc, all_indexes);
    tcase_add_test(tc, callbacks);
    tcase_add_test(tc, end_of_the_process);
    return unit_run(suite);
}
