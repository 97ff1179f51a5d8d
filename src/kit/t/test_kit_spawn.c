/* CreateProcess. The children are this program with an argument, and programs of the host. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/io.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define LONG_MS 20000

static char self[PATH_MAX];

static PROCESS_INFORMATION start_it(const char *line)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    char text[PATH_MAX + 256];
    snprintf(text, sizeof text, "\"%s\" %s", self, line);
    ck_assert_msg(CreateProcessA(NULL, text, NULL, NULL, FALSE, 0, NULL, NULL, &info, &p), "%u",
                  GetLastError());
    return p;
}

static DWORD end_of(PROCESS_INFORMATION p)
{
    DWORD code = 0;
    ck_assert_uint_eq(WaitForSingleObject(p.hProcess, LONG_MS), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(p.hThread, LONG_MS), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(p.hProcess, &code));
    ck_assert(CloseHandle(p.hThread));
    ck_assert(CloseHandle(p.hProcess));
    return code;
}

START_TEST(started_with)
{
    STARTUPINFOA a;
    STARTUPINFOW w;
    char path[512];
    memset(&a, 0xee, sizeof a);
    GetStartupInfoA(&a);
    GetStartupInfoW(&w);
    ck_assert_uint_eq(a.cb, sizeof a);
    ck_assert_uint_eq(w.cb, sizeof w);
    ck_assert_uint_gt(GetModuleFileNameA(NULL, path, sizeof path), 0);
    ck_assert_str_eq(a.lpTitle, path);
    ck_assert_ptr_eq(a.hStdOutput, GetStdHandle(STD_OUTPUT_HANDLE));
    ck_assert_ptr_eq(w.hStdError, GetStdHandle(STD_ERROR_HANDLE));
    ck_assert(w.lpTitle[0] == (WCHAR)(unsigned char)path[0]);
}
END_TEST

START_TEST(it_ends_with_its_code)
{
    for (int i = 0; i < 20; i++) {
        PROCESS_INFORMATION p = start_it("exit 77");
        ck_assert_uint_ne(p.dwThreadId, 0);
        ck_assert_uint_eq(end_of(p), 77);
    }
}
END_TEST

START_TEST(it_runs_until_it_is_ended)
{
    PROCESS_INFORMATION p = start_it("sleep");
    DWORD code = 0;
    ck_assert_uint_eq(GetProcessId(p.hProcess), p.dwProcessId);
    ck_assert_uint_eq(WaitForSingleObject(p.hProcess, 20), WAIT_TIMEOUT);
    ck_assert(GetExitCodeProcess(p.hProcess, &code));
    ck_assert_uint_eq(code, STILL_ACTIVE);
    ck_assert(!TerminateProcess(p.hThread, 5));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(TerminateProcess(p.hProcess, 0xC0000005));
    ck_assert_uint_eq(WaitForSingleObject(p.hProcess, LONG_MS), WAIT_OBJECT_0);
    ck_assert(!TerminateProcess(p.hProcess, 6));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(end_of(p), 0xC0000005);
    p = start_it("sleep");
    kill((pid_t)p.dwProcessId, SIGTERM);
    ck_assert_uint_eq(end_of(p), 128 + SIGTERM);
}
END_TEST

START_TEST(no_zombie_stays)
{
    PROCESS_INFORMATION p = start_it("exit 3");
    pid_t own = fork();
    if (own == 0)
        _exit(9);
    CloseHandle(p.hProcess);
    CloseHandle(p.hThread);
    for (int ms = 0; ms < LONG_MS && kill((pid_t)p.dwProcessId, 0) == 0; ms++)
        usleep(1000);
    ck_assert_int_ne(kill((pid_t)p.dwProcessId, 0), 0);
    int status = 0;
    ck_assert_int_eq(waitpid(own, &status, 0), own); /* nobody took the program's own child */
    ck_assert_int_eq(WEXITSTATUS(status), 9);
}
END_TEST

/* What `self print` writes when it is started like that: cwd, VALUE, words, each in a line. */
static char *printed(const char *line, void *environment, DWORD flags, const char *folder)
{
    static char text[4096];
    char whole[PATH_MAX + 256];
    int pipes[2];
    ssize_t n, got = 0;
    PROCESS_INFORMATION p;
    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    STARTUPINFOA info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES};
    info.hStdOutput = (HANDLE)_get_osfhandle(pipes[1]);
    info.hStdError = (HANDLE)_get_osfhandle(2);
    snprintf(whole, sizeof whole, "\"%s\" print %s", self, line);
    ck_assert_msg(CreateProcessA(self, whole, NULL, NULL, TRUE, flags, environment, folder, &info,
                                 &p), "%u", GetLastError());
    close(pipes[1]);
    while ((n = read(pipes[0], text + got, sizeof text - 1 - (size_t)got)) > 0)
        got += n;
    text[got] = '\0';
    close(pipes[0]);
    ck_assert_uint_eq(end_of(p), 0);
    return text;
}

/* Behind the one variable of both blocks, as this program is found with its libraries. */
static void keep_library_path(char *narrow, WCHAR *wide)
{
    const char *path = getenv("LD_LIBRARY_PATH");
    narrow += strlen(narrow) + 1;
    snprintf(narrow, PATH_MAX - 64, "LD_LIBRARY_PATH=%s", path ? path : "");
    narrow[strlen(narrow) + 1] = '\0';
    while (*wide++)
        ;
    do
        *wide++ = (unsigned char)*narrow;
    while (*narrow++);
    *wide = 0;
}

START_TEST(words_folder_and_environment)
{
    char narrow[PATH_MAX] = "VALUE=some text";
    WCHAR wide[PATH_MAX] = {'V', 'A', 'L', 'U', 'E', '=', 0xe4, 0};
    static const struct {
        const char *line, *words;
    } cases[] = {
        {"a b\tc", "[a][b][c]"},
        {"\"a b\" \"\" c\"d e\"f", "[a b][][cd ef]"},
        {"a\\b \\\\x \"y\\\\\" z", "[a\\b][\\\\x][y\\][z]"},
        {"\\\"q\\\" \\\\\\\"r \"s\"\"t\" u", "[\"q\"][\\\"r][s\"t][u]"},
        {"", ""},
    };
    char wanted[256];
    keep_library_path(narrow, wide);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(wanted, sizeof wanted, "/\nsome text\n%s\n", cases[i].words);
        ck_assert_str_eq(printed(cases[i].line, narrow, 0, "/"), wanted);
    }
    ck_assert_str_eq(printed("", wide, CREATE_UNICODE_ENVIRONMENT, "/"),
                     "/\n\xc3\xa4\n\n");
    setenv("VALUE", "mine", 1);
    ck_assert_str_eq(printed("", NULL, CREATE_NO_WINDOW, "/"), "/\nmine\n\n");
}
END_TEST

START_TEST(wide_names)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    WCHAR path[PATH_MAX], line[] = {'x', ' ', 'e', 'x', 'i', 't', ' ', '4', '2', 0};
    ck_assert_uint_ne(GetModuleFileNameW(NULL, path, PATH_MAX), 0);
    ck_assert(CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL, &info, &p));
    ck_assert_uint_eq(end_of(p), 42);
}
END_TEST

/* Other descriptors than the standard ones. */
START_TEST(descriptors)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    char line[PATH_MAX + 64];
    int open_one = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int inherit = 0; inherit < 2; inherit++) {
        snprintf(line, sizeof line, "x has %d", open_one);
        ck_assert_msg(CreateProcessA(self, line, NULL, NULL, inherit, 0, NULL, NULL, &info, &p),
                      "%u", GetLastError());
        ck_assert_uint_eq(end_of(p), (DWORD)inherit);
        snprintf(line, sizeof line, "x has %d", closed);
        ck_assert_msg(CreateProcessA(self, line, NULL, NULL, inherit, 0, NULL, NULL, &info, &p),
                      "%u", GetLastError());
        ck_assert_uint_eq(end_of(p), 0);
    }
    close(open_one);
    close(closed);
}
END_TEST

START_TEST(a_file_is_its_output)
{
    char path[] = "/tmp/winvm-spawn-XXXXXX", text[64];
    int fd = mkstemp(path);
    STARTUPINFOA info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES,
                         .hStdOutput = (HANDLE)_get_osfhandle(fd)};
    PROCESS_INFORMATION p;
    char line[] = "echo said";
    ck_assert(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &p));
    ck_assert_uint_eq(end_of(p), 0);
    ck_assert_int_eq(close(fd), 0); /* it was the caller's all the time */
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
    ck_assert_str_eq(text, "said\n");
    fclose(f);
    unlink(path);
}
END_TEST

START_TEST(memory_of_the_child)
{
    PROCESS_INFORMATION p = start_it("sleep");
    unsigned char head[4] = {0};
    SIZE_T n = 0;
    char maps[64], text[PATH_MAX] = "";
    snprintf(maps, sizeof maps, "/proc/%u/maps", p.dwProcessId);
    for (int i = 0; i < LONG_MS && !strstr(text, "test_kit_spawn"); i++) {
        FILE *f = fopen(maps, "r"); /* it is being mapped */
        while (fgets(text, sizeof text, f) && !strstr(text, "test_kit_spawn"))
            ;
        fclose(f);
        usleep(1000);
    }
    ck_assert(ReadProcessMemory(p.hProcess, (void *)(uintptr_t)strtoull(text, NULL, 16), head, 4,
                                &n));
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(memcmp(head, "\177ELF", 4), 0);
    ck_assert(TerminateProcess(p.hProcess, 1));
    ck_assert_uint_eq(end_of(p), 1);
}
END_TEST

static DWORD error_of(const char *name, const char *line, DWORD flags, const char *folder)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p = {.dwProcessId = 7};
    char text[256];
    snprintf(text, sizeof text, "%s", line ? line : "");
    SetLastError(0);
    ck_assert(!CreateProcessA(name, line ? text : NULL, NULL, NULL, FALSE, flags, NULL, folder,
                              &info, &p));
    ck_assert_uint_eq(p.dwProcessId, 7);
    return GetLastError();
}

START_TEST(errors)
{
    char path[] = "/tmp/winvm-spawn-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, "\1\2\3", 3), 3);
    ck_assert_uint_eq(error_of("/nowhere/x", NULL, 0, NULL), ERROR_PATH_NOT_FOUND);
    ck_assert_uint_eq(error_of("/bin/winvm-none", NULL, 0, NULL), ERROR_FILE_NOT_FOUND);
    ck_assert_uint_eq(error_of(NULL, "winvm-none a b", 0, NULL), ERROR_FILE_NOT_FOUND);
    ck_assert_uint_eq(error_of(path, NULL, 0, NULL), ERROR_ACCESS_DENIED);
    fchmod(fd, 0700);
    close(fd);
    ck_assert_uint_eq(error_of(path, NULL, 0, NULL), ERROR_BAD_EXE_FORMAT);
    unlink(path);
    ck_assert_uint_eq(error_of(NULL, NULL, 0, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(error_of(NULL, " ", 0, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(error_of(self, NULL, 0x200000, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(error_of(self, NULL, DETACHED_PROCESS | CREATE_NEW_CONSOLE, NULL),
                      ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(error_of(self, NULL, DEBUG_PROCESS, NULL), ERROR_NOT_SUPPORTED);
    ck_assert_uint_eq(error_of(self, NULL, 0, "/nowhere"), ERROR_DIRECTORY);
    STARTUPINFOA info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES,
                         .hStdInput = (HANDLE)(uintptr_t)0x1234};
    PROCESS_INFORMATION p;
    ck_assert(!CreateProcessA(self, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &info, &p));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(found_by_name)
{
    STARTUPINFOA info = {.cb = sizeof info};
    PROCESS_INFORMATION p;
    char beside[PATH_MAX], on_path[] = "true.exe", blanks[64];
    snprintf(beside, sizeof beside, "%s exit 5", strrchr(self, '/') + 1);
    chdir("/");
    ck_assert(CreateProcessA(NULL, beside, NULL, NULL, FALSE, 0, NULL, NULL, &info, &p));
    ck_assert_uint_eq(end_of(p), 5);
    ck_assert(CreateProcessA(NULL, on_path, NULL, NULL, FALSE, 0, NULL, NULL, &info, &p));
    ck_assert_uint_eq(end_of(p), 0);
    char folder[] = "/tmp/winvm spawn XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(blanks, sizeof blanks, "%s/a b", folder);
    ck_assert_int_eq(symlink(self, blanks), 0);
    snprintf(blanks, sizeof blanks, "%s/a b exit 6", folder);
    BOOL started = CreateProcessA(NULL, blanks, NULL, NULL, FALSE, 0, NULL, NULL, &info, &p);
    snprintf(blanks, sizeof blanks, "%s/a b", folder);
    unlink(blanks);
    rmdir(folder);
    ck_assert(started);
    ck_assert_uint_eq(end_of(p), 99); /* its words are "/tmp/winvm", "spawn", ... */
}
END_TEST

/* What the children do. */
static int be_child(int argc, char **argv)
{
    char folder[PATH_MAX];
    const char *value = getenv("VALUE");
    if (strcmp(argv[1], "exit") == 0)
        return atoi(argv[2]);
    if (strcmp(argv[1], "has") == 0)
        return fcntl(atoi(argv[2]), F_GETFD) >= 0;
    if (strcmp(argv[1], "sleep") == 0) {
        sleep(LONG_MS / 1000);
        return 98;
    }
    if (strcmp(argv[1], "print") != 0)
        return 99;
    printf("%s\n%s\n", getcwd(folder, sizeof folder), value ? value : "none");
    for (int i = 2; i < argc; i++)
        printf("[%s]", argv[i]);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    TCase *tc;
    if (argc > 1)
        return be_child(argc, argv);
    Suite *suite = unit_suite("kit_spawn", 60, &tc);
    GetModuleFileNameA(NULL, self, sizeof self);
    tcase_add_test(tc, started_with);
    tcase_add_test(tc, it_ends_with_its_code);
    tcase_add_test(tc, it_runs_until_it_is_ended);
    tcase_add_test(tc, no_zombie_stays);
    tcase_add_test(tc, words_folder_and_environment);
    tcase_add_test(tc, wide_names);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, a_file_is_its_output);
    tcase_add_test(tc, memory_of_the_child);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, found_by_name);
    return unit_run(suite);
}
