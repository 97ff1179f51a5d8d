/* Calls with an OVERLAPPED: what becomes of them, and their events. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winioctl.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"
#define WVM_FILE_UNIT_FOLDER
#include "kit/t/file_unit.h"

#define NONE ((HANDLE)(uintptr_t)0x7ffc)

START_TEST(overlapped)
{
    OVERLAPPED ov = {.Offset = 1};
    char bytes[8];
    DWORD n = 77;
    ck_assert(ReadFile(file, bytes, 3, NULL, &ov));
    ck_assert(GetOverlappedResult(file, &ov, &n, TRUE) && n == 3);
    ov.Offset = 5;
    ck_assert(!ReadFile(file, bytes, 3, NULL, &ov));
    FAILS(GetOverlappedResult(file, &ov, &n, FALSE), ERROR_HANDLE_EOF);
    ov.Internal = STATUS_PENDING;
    FAILS(GetOverlappedResult(file, &ov, &n, FALSE), ERROR_IO_INCOMPLETE);
    ov.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    FAILS(GetOverlappedResultEx(file, &ov, &n, 10, FALSE), WAIT_TIMEOUT);
    ck_assert(CloseHandle(ov.hEvent));
    ck_assert(CancelIo(file));
    FAILS(CancelIo(NONE), ERROR_INVALID_HANDLE);
    FAILS(CancelIoEx(file, &ov), ERROR_NOT_FOUND);
}
END_TEST

static bool is_set(HANDLE event)
{
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

START_TEST(events_are_set)
{
    OVERLAPPED ov = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
    char bytes[8];
    DWORD n = 0;
    ck_assert(ReadFile(file, bytes, 3, NULL, &ov) && is_set(ov.hEvent));
    ck_assert(GetOverlappedResult(file, &ov, &n, TRUE) && n == 3);
    ck_assert(ResetEvent(ov.hEvent));
    ck_assert(WriteFile(file, "abc", 3, NULL, &ov) && is_set(ov.hEvent));
    ov.Offset = 5; /* what fails at once leaves the event reset */
    FAILS(ReadFile(file, bytes, 3, NULL, &ov), ERROR_HANDLE_EOF);
    ck_assert(!is_set(ov.hEvent));
    ck_assert(LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 4, 0, &ov) && is_set(ov.hEvent));
    ck_assert(ResetEvent(ov.hEvent) && UnlockFileEx(file, 0, 4, 0, &ov));
    ck_assert(DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &n, &ov));
    ck_assert(is_set(ov.hEvent) && ResetEvent(ov.hEvent));
    HANDLE event = ov.hEvent;
    ov.Offset = 0; /* the lowest bit is no part of the handle */
    ov.hEvent = (HANDLE)((uintptr_t)event | 1);
    ck_assert(ReadFile(file, bytes, 1, NULL, &ov) && is_set(event));
    CloseHandle(event);
}
END_TEST

START_TEST(events_that_are_none)
{
    OVERLAPPED ov = {.hEvent = NONE};
    char bytes[8] = "........";
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 1, NULL);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), weak = NULL;
    FAILS(ReadFile(file, bytes, 3, NULL, &ov), ERROR_INVALID_HANDLE);
    ov.hEvent = semaphore;
    FAILS(ReadFile(file, bytes, 3, NULL, &ov), ERROR_INVALID_HANDLE);
    ck_assert(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &weak, SYNCHRONIZE,
                              FALSE, 0));
    ov.hEvent = weak;
    FAILS(WriteFile(file, "abc", 3, NULL, &ov), ERROR_ACCESS_DENIED);
    ck_assert(bytes[0] == '.' && !is_set(event) && !is_set(semaphore));
    CloseHandle(weak);
    CloseHandle(event);
    CloseHandle(semaphore);
}
END_TEST

struct waiting {
    OVERLAPPED ov;
    HANDLE started;
};

static DWORD WINAPI wait_for_event(LPVOID given)
{
    struct waiting *w = given;
    DWORD n = 0;
    SetEvent(w->started);
    if (WaitForSingleObject(w->ov.hEvent, 20000) != WAIT_OBJECT_0)
        return 99;
    return GetOverlappedResult(file, &w->ov, &n, FALSE) ? n : 98;
}

START_TEST(another_thread_waits)
{
    struct waiting w = {{.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL)},
                        CreateEventA(NULL, FALSE, FALSE, NULL)};
    char bytes[8];
    DWORD code = 0;
    HANDLE h = CreateThread(NULL, 0, wait_for_event, &w, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(w.started, 20000), WAIT_OBJECT_0);
    Sleep(5);
    ck_assert(ReadFile(file, bytes, 4, NULL, &w.ov));
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    ck_assert_uint_eq(code, 4);
    CloseHandle(h);
    CloseHandle(w.started);
    CloseHandle(w.ov.hEvent);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_overlapped", 60, &tc);
    tcase_add_checked_fixture(tc, enter, leave);
    tcase_add_test(tc, overlapped);
    tcase_add_test(tc, events_are_set);
    tcase_add_test(tc, events_that_are_none);
    tcase_add_test(tc, another_thread_waits);
    return unit_run(suite);
}
