/* CreateProcess with CREATE_SUSPENDED. The children are this program with a number, which they end
 * with, and programs of the host. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define LONG_MS 20000

static char self[PATH_MAX];

static PROCESS_INFORMATION start_it(const char *code, BOOL inherit, DWORD flags)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    char text[PATH_MAX + 16];
    snprintf(text, sizeof text, "\"%s\" %s", self, code);
    ck_assert_msg(CreateProcessA(NULL, text, NULL, NULL, inherit, flags, NULL, NULL, &info, &p),
                  "%u", GetLastError());
    return p;
}

static DWORD end_of(PROCESS_INFORMATION p)
{
    DWORD code = 0;
    ck_assert_uint_eq(WaitForSingleObject(p.hProcess, LONG_MS), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(p.hProcess, &code));
    ck_assert(CloseHandle(p.hThread));
    ck_assert(CloseHandle(p.hProcess));
    return code;
}

START_TEST(a_suspended_child)
{
    for (BOOL inherit = FALSE; inherit <= TRUE; inherit++) {
        PROCESS_INFORMATION p = start_it("77", inherit, CREATE_SUSPENDED);
        ck_assert_uint_eq(WaitForSingleObject(p.hProcess, 50), WAIT_TIMEOUT);
        ck_assert_uint_eq(ResumeThread(p.hProcess), (DWORD)-1);
        ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
        ck_assert_uint_eq(ResumeThread(p.hThread), 1);
        ck_assert_uint_eq(ResumeThread(p.hThread), 0);
        ck_assert_uint_eq(end_of(p), 77);
    }
}
END_TEST

/* What programs do that start another one by a door of their own. */
START_TEST(memory_of_a_suspended_child)
{
    PROCESS_INFORMATION p = start_it("78", FALSE, CREATE_SUSPENDED);
    MEMORY_BASIC_INFORMATION info;
    char text[] = "handed over", back[sizeof text] = "";
    SIZE_T n = 0;
    DWORD old = 0;
    void *at = VirtualAllocEx(p.hProcess, NULL, 5000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_nonnull(at);
    ck_assert(WriteProcessMemory(p.hProcess, at, text, sizeof text, &n) && n == sizeof text);
    ck_assert(ReadProcessMemory(p.hProcess, at, back, sizeof back, &n));
    ck_assert_str_eq(back, text);
    ck_assert(VirtualProtectEx(p.hProcess, at, 1, PAGE_EXECUTE_READ, &old));
    ck_assert_uint_eq(old, PAGE_READWRITE);
    ck_assert_uint_eq(VirtualQueryEx(p.hProcess, at, &info, sizeof info), sizeof info);
    ck_assert(info.State == MEM_COMMIT && info.Protect == PAGE_EXECUTE_READ);
    ck_assert(VirtualFreeEx(p.hProcess, at, 0, MEM_RELEASE));
    ck_assert_uint_eq(ResumeThread(p.hThread), 1);
    ck_assert_uint_eq(end_of(p), 78);
}
END_TEST

START_TEST(a_suspended_child_is_ended)
{
    PROCESS_INFORMATION p = start_it("1", FALSE, CREATE_SUSPENDED);
    ck_assert(TerminateProcess(p.hProcess, 55));
    ck_assert_uint_eq(end_of(p), 55);
}
END_TEST

/* A program that knows nothing of winvm stands all the same. */
START_TEST(a_program_of_the_host_is_suspended)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    char line[] = "/bin/sh -c \"exit 9\"", again[] = "/bin/sleep 20";
    ck_assert(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &info,
                             &p));
    ck_assert_uint_eq(WaitForSingleObject(p.hProcess, 50), WAIT_TIMEOUT);
    ck_assert_uint_eq(ResumeThread(p.hThread), 1);
    ck_assert_uint_eq(ResumeThread(p.hThread), 0);
    ck_assert_uint_eq(end_of(p), 9);
    ck_assert(CreateProcessA(NULL, again, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &info,
                             &p));
    ck_assert(TerminateProcess(p.hProcess, 56));
    ck_assert_uint_eq(end_of(p), 56);
}
END_TEST

/* The number of a child whose creator has ended. */
static pid_t orphan(void)
{
    int fd[2];
    pid_t number = 0;
    ck_assert_int_eq(pipe(fd), 0);
    if (fork() == 0) {
        PROCESS_INFORMATION p = start_it("1", FALSE, CREATE_SUSPENDED);
        _exit(write(fd[1], &p.dwProcessId, sizeof p.dwProcessId) < 0);
    }
    close(fd[1]);
    ck_assert_int_eq(read(fd[0], &number, sizeof number), sizeof number);
    close(fd[0]);
    return number;
}

START_TEST(a_suspended_child_without_its_creator)
{
    char path[64], state = 'R';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)orphan());
    for (int i = 0; i < LONG_MS && state != 'Z'; i++) {
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%*d %*s %c", &state) != 1)
            state = 'Z'; /* it has ended, and somebody has waited for it */
        if (f)
            fclose(f);
        usleep(1000);
    }
    ck_assert_int_eq(state, 'Z');
}
END_TEST

int main(int argc, char **argv)
{
    TCase *c;
    if (argc > 1) /* a child, which does not see how it was held */
        return getenv("WINVM_HOLD") ? 97 : atoi(argv[1]);
    if (!realpath("/proc/self/exe", self))
        return EXIT_FAILURE;
    Suite *suite = unit_suite("kit_hold", 60, &c);
    tcase_add_test(c, a_suspended_child);
    tcase_add_test(c, memory_of_a_suspended_child);
    tcase_add_test(c, a_suspended_child_is_ended);
    tcase_add_test(c, a_program_of_the_host_is_suspended);
    tcase_add_test(c, a_suspended_child_without_its_creator);
    return unit_run(suite);
}
