/* Names of events, mutexes and semaphores. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define REFUSED(call, error)                     \
    do {                                         \
        SetLastError(0);                         \
        ck_assert_ptr_null(call);                \
        ck_assert_uint_eq(GetLastError(), error); \
    } while (0)

START_TEST(one_object)
{
    SetLastError(77);
    HANDLE a = CreateEventA(NULL, TRUE, FALSE, "one");
    ck_assert(a && GetLastError() == 0);
    HANDLE b = CreateEventW(NULL, FALSE, TRUE, u"Local\\one");
    ck_assert(b && b != a && GetLastError() == ERROR_ALREADY_EXISTS);
    ck_assert(CompareObjectHandles(a, b));
    ck_assert_uint_eq(WaitForSingleObject(b, 0), WAIT_TIMEOUT); /* as the first was made */
    HANDLE c = OpenEventA(SYNCHRONIZE, FALSE, "one");
    ck_assert(c && SetEvent(a));
    ck_assert_uint_eq(WaitForSingleObject(c, 0), WAIT_OBJECT_0);
    ck_assert(!SetEvent(c) && GetLastError() == ERROR_ACCESS_DENIED);
    REFUSED(OpenEventA(SYNCHRONIZE, FALSE, "One"), ERROR_FILE_NOT_FOUND);
    REFUSED(OpenEventW(SYNCHRONIZE, FALSE, u"Global\\one"), ERROR_FILE_NOT_FOUND);
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
    REFUSED(OpenEventA(SYNCHRONIZE, FALSE, "one"), ERROR_FILE_NOT_FOUND);
    a = CreateEventExA(NULL, "one", CREATE_EVENT_INITIAL_SET, EVENT_ALL_ACCESS);
    ck_assert(a && GetLastError() == 0);
    ck_assert_uint_eq(WaitForSingleObject(a, 0), WAIT_OBJECT_0);
    CloseHandle(a);
}
END_TEST

START_TEST(kinds)
{
    HANDLE m = CreateMutexA(NULL, TRUE, "kind"), s = CreateSemaphoreW(NULL, 1, 2, u"count");
    ck_assert(m && s);
    REFUSED(CreateEventA(NULL, FALSE, FALSE, "kind"), ERROR_INVALID_HANDLE);
    REFUSED(OpenSemaphoreA(SYNCHRONIZE, FALSE, "kind"), ERROR_INVALID_HANDLE);
    REFUSED(OpenMutexW(SYNCHRONIZE, FALSE, u"count"), ERROR_INVALID_HANDLE);
    HANDLE m2 = CreateMutexExW(NULL, u"kind", CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS);
    ck_assert(m2 && GetLastError() == ERROR_ALREADY_EXISTS);
    ck_assert(ReleaseMutex(m2)); /* owned once, not twice */
    ck_assert(!ReleaseMutex(m) && GetLastError() == ERROR_NOT_OWNER);
    HANDLE s2 = CreateSemaphoreExA(NULL, 0, 5, "count", 0, SEMAPHORE_ALL_ACCESS);
    LONG before = 7;
    ck_assert(s2 && ReleaseSemaphore(s2, 1, &before) && before == 1);
    ck_assert(!ReleaseSemaphore(s2, 1, NULL) && GetLastError() == ERROR_TOO_MANY_POSTS);
    HANDLE s3 = OpenSemaphoreW(SEMAPHORE_MODIFY_STATE, FALSE, u"count");
    ck_assert(s3 && WaitForSingleObject(s3, 0) == WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    CloseHandle(m);
    CloseHandle(m2);
    CloseHandle(s);
    CloseHandle(s2);
    CloseHandle(s3);
}
END_TEST

START_TEST(bad_names)
{
    char text[400];
    WCHAR wide[400];
    memset(text, 'x', sizeof text);
    for (unsigned i = 0; i < 400; i++)
        wide[i] = 'x';
    text[261] = wide[261] = 0;
    REFUSED(CreateEventA(NULL, FALSE, FALSE, text), ERROR_FILENAME_EXCED_RANGE);
    REFUSED(CreateMutexW(NULL, FALSE, wide), ERROR_FILENAME_EXCED_RANGE);
    text[260] = 0;
    HANDLE h = CreateEventA(NULL, FALSE, FALSE, text);
    ck_assert_ptr_nonnull(h);
    CloseHandle(h);
    REFUSED(CreateEventA(NULL, FALSE, FALSE, "a\\b"), ERROR_PATH_NOT_FOUND);
    REFUSED(OpenMutexA(SYNCHRONIZE, FALSE, NULL), ERROR_INVALID_PARAMETER);
    REFUSED(CreateMutexExA(NULL, "m", 2, MUTEX_ALL_ACCESS), ERROR_INVALID_PARAMETER);
    REFUSED(CreateSemaphoreExW(NULL, 0, 1, u"s", 1, 0), ERROR_INVALID_PARAMETER);
    REFUSED(CreateSemaphoreA(NULL, 2, 1, "s"), ERROR_INVALID_PARAMETER);
    REFUSED(OpenSemaphoreA(SYNCHRONIZE, FALSE, "s"), ERROR_FILE_NOT_FOUND);
    HANDLE a = CreateEventA(NULL, FALSE, FALSE, ""), b = CreateEventA(NULL, FALSE, FALSE, "");
    ck_assert(a && b && !CompareObjectHandles(a, b));
    CloseHandle(a);
    CloseHandle(b);
}
END_TEST

START_TEST(pulse)
{
    HANDLE h = CreateEventA(NULL, TRUE, TRUE, NULL);
    ck_assert(PulseEvent(h));
    ck_assert_uint_eq(WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    CloseHandle(h);
    ck_assert(!PulseEvent(h) && GetLastError() == ERROR_INVALID_HANDLE);
}
END_TEST

/* Threads that make, use and close objects of few names: each finds one that lives. */
static void *churn(void *arg)
{
    char name[16];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "n%u", (i * 7 + (unsigned)(uintptr_t)arg) % 5);
        HANDLE h = CreateMutexA(NULL, FALSE, name);
        ck_assert_ptr_nonnull(h);
        ck_assert_uint_eq(WaitForSingleObject(h, 10000), WAIT_OBJECT_0);
        ck_assert(ReleaseMutex(h));
        CloseHandle(h);
    }
    return NULL;
}

START_TEST(many_threads)
{
    pthread_t t[4];
    for (uintptr_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, churn, (void *)i), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    REFUSED(OpenMutexA(SYNCHRONIZE, FALSE, "n0"), ERROR_FILE_NOT_FOUND);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_named", 60, &tc);
    tcase_add_test(tc, one_object);
    tcase_add_test(tc, kinds);
    tcase_add_test(tc, bad_names);
    tcase_add_test(tc, pulse);
    tcase_add_test(tc, many_threads);
    return unit_run(suite);
}
