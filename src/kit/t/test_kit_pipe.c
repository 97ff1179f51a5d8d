/* Pipes. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <winvm/io.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"
#include "kit/t/file_unit.h"

START_TEST(both_ends)
{
    HANDLE r, w;
    char bytes[8] = "";
    DWORD n = 0, flags = 9;
    ck_assert(CreatePipe(&r, &w, NULL, 0));
    ck_assert(GetFileType(r) == FILE_TYPE_PIPE && GetFileType(w) == FILE_TYPE_PIPE);
    ck_assert(GetHandleInformation(r, &flags) && flags == 0);
    ck_assert(WriteFile(w, "hello", 5, &n, NULL) && n == 5);
    ck_assert(ReadFile(r, bytes, sizeof bytes, &n, NULL) && n == 5);
    ck_assert_str_eq(bytes, "hello");
    FAILS(ReadFile(w, bytes, 1, &n, NULL), ERROR_ACCESS_DENIED);
    FAILS(WriteFile(r, bytes, 1, &n, NULL), ERROR_ACCESS_DENIED);
    ck_assert(WriteFile(w, "x", 1, &n, NULL) && CloseHandle(w));
    ck_assert(ReadFile(r, bytes, sizeof bytes, &n, NULL) && n == 1);
    FAILS(ReadFile(r, bytes, sizeof bytes, &n, NULL), ERROR_BROKEN_PIPE);
    ck_assert(CloseHandle(r));
}
END_TEST

START_TEST(nobody_reads)
{
    HANDLE r, w;
    DWORD n = 9;
    ck_assert(CreatePipe(&r, &w, NULL, 0) && CloseHandle(r));
    FAILS(WriteFile(w, "x", 1, &n, NULL), ERROR_BROKEN_PIPE);
    ck_assert_uint_eq(n, 0);
    ck_assert(CloseHandle(w));
}
END_TEST

START_TEST(inherited_and_large)
{
    SECURITY_ATTRIBUTES s = {sizeof s, NULL, TRUE};
    HANDLE r, w;
    DWORD flags;
    ck_assert(CreatePipe(&r, &w, &s, 0x40000));
    ck_assert(GetHandleInformation(r, &flags) && flags == HANDLE_FLAG_INHERIT);
    ck_assert(GetHandleInformation(w, &flags) && flags == HANDLE_FLAG_INHERIT);
    int fd = winvm_file_to_fd(w, 0);
    ck_assert_int_ge(fcntl(fd, F_GETPIPE_SZ), 0x40000);
    close(fd);
    ck_assert(CloseHandle(r) && CloseHandle(w));
    ck_assert(CreatePipe(&r, &w, NULL, 0x7fffffff)); /* a wish */
    ck_assert(CloseHandle(r) && CloseHandle(w));
}
END_TEST

START_TEST(peeks)
{
    HANDLE r, w;
    char bytes[8] = "";
    DWORD n = 9, there = 9, left = 9;
    ck_assert(CreatePipe(&r, &w, NULL, 0));
    ck_assert(PeekNamedPipe(r, bytes, sizeof bytes, &n, &there, &left));
    ck_assert(n == 0 && there == 0 && left == 0);
    ck_assert(WriteFile(w, "hel", 3, &n, NULL) && WriteFile(w, "lo", 2, &n, NULL));
    ck_assert(PeekNamedPipe(r, bytes, 4, &n, &there, NULL) && n == 4 && there == 5);
    ck_assert_str_eq(bytes, "hell");
    ck_assert(PeekNamedPipe(r, NULL, 0, NULL, &there, NULL) && there == 5);
    FAILS(PeekNamedPipe(w, NULL, 0, NULL, &there, NULL), ERROR_ACCESS_DENIED);
    FAILS(PeekNamedPipe((HANDLE)(uintptr_t)0x7ffc, NULL, 0, NULL, &there, NULL),
          ERROR_INVALID_HANDLE);
    ck_assert(CloseHandle(w));
    ck_assert(PeekNamedPipe(r, bytes, sizeof bytes, &n, NULL, NULL) && n == 5);
    ck_assert(ReadFile(r, bytes, sizeof bytes, &n, NULL) && n == 5);
    FAILS(PeekNamedPipe(r, bytes, sizeof bytes, &n, &there, NULL), ERROR_BROKEN_PIPE);
    ck_assert(CloseHandle(r));
}
END_TEST

START_TEST(peeks_elsewhere)
{
    int ends[2];
    char bytes[8] = "";
    DWORD n, there;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    HANDLE h = (HANDLE)_get_osfhandle(ends[0]);
    ck_assert(PeekNamedPipe(h, bytes, sizeof bytes, &n, &there, NULL) && n == 0 && there == 0);
    ck_assert_int_eq(write(ends[1], "abc", 3), 3);
    ck_assert(PeekNamedPipe(h, bytes, 2, &n, &there, NULL) && n == 2 && there == 3);
    ck_assert_str_eq(bytes, "ab");
    h = CreateFileA("/proc/self/exe", GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    FAILS(PeekNamedPipe(h, bytes, 2, &n, &there, NULL), ERROR_INVALID_FUNCTION);
    BY_HANDLE_FILE_INFORMATION i;
    ck_assert(CloseHandle(h));
    h = (HANDLE)_get_osfhandle(ends[1]);
    FAILS(GetFileInformationByHandle(h, &i), ERROR_INVALID_FUNCTION);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_pipe", 20, &tc);
    tcase_add_test(tc, both_ends);
    tcase_add_test(tc, nobody_reads);
    tcase_add_test(tc, inherited_and_large);
    tcase_add_test(tc, peeks);
    tcase_add_test(tc, peeks_elsewhere);
    return unit_run(suite);
}
