/* The environment, the command line, the end of the process, debugging, message boxes. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(environment)
{
    char buffer[16];
    setenv("WvmKitName", "value", 1);
    ck_assert_uint_eq(GetEnvironmentVariableA("WvmKitName", buffer, sizeof buffer), 5);
    ck_assert_str_eq(buffer, "value");
    ck_assert_uint_eq(GetEnvironmentVariableA("WVMKITNAME", buffer, sizeof buffer), 5);
    strcpy(buffer, "kept");
    ck_assert_uint_eq(GetEnvironmentVariableA("WvmKitName", buffer, 5), 6);
    ck_assert_str_eq(buffer, "kept");
    ck_assert_uint_eq(GetEnvironmentVariableA("WvmKitName", NULL, 0), 6);
    ck_assert(SetEnvironmentVariableA("wvmkitname", "other"));
    ck_assert_str_eq(getenv("WvmKitName"), "other");
    ck_assert_ptr_null(getenv("wvmkitname"));
    ck_assert(SetEnvironmentVariableA("WvmKitName", ""));
    SetLastError(1);
    ck_assert_uint_eq(GetEnvironmentVariableA("WvmKitName", buffer, sizeof buffer), 0);
    ck_assert_uint_eq(GetLastError(), NO_ERROR);
    ck_assert_str_eq(buffer, "");
    ck_assert(SetEnvironmentVariableA("WvmKitName", NULL));
    ck_assert_uint_eq(GetEnvironmentVariableA("WvmKitName", buffer, sizeof buffer), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_ENVVAR_NOT_FOUND);
    ck_assert(!SetEnvironmentVariableA("WvmKitName", NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_ENVVAR_NOT_FOUND);
    ck_assert(!SetEnvironmentVariableA("a=b", "c") && !SetEnvironmentVariableA("", "c"));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

/* U+00E4, U+20AC, U+1F600: two, three and four bytes of UTF-8. */
static const WCHAR odd[] = {0xe4, 0x20ac, 0xd83d, 0xde00, 0};
static const char odd_utf8[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";

START_TEST(wide_environment)
{
    WCHAR buffer[8];
    ck_assert(SetEnvironmentVariableW(u"WVM_KIT_WIDE", odd));
    ck_assert_str_eq(getenv("WVM_KIT_WIDE"), odd_utf8);
    ck_assert_uint_eq(GetEnvironmentVariableW(u"WVM_KIT_WIDE", buffer, 8), 4);
    ck_assert(!memcmp(buffer, odd, sizeof odd));
    ck_assert_uint_eq(GetEnvironmentVariableW(u"WVM_KIT_WIDE", buffer, 4), 5);
    setenv("WVM_KIT_WIDE", "\xff\xc3(\xe2\x82", 1); /* not UTF-8 */
    ck_assert_uint_eq(GetEnvironmentVariableW(u"WVM_KIT_WIDE", buffer, 8), 5);
    ck_assert_uint_eq(buffer[0], 0xfffd);
    ck_assert_uint_eq(buffer[2], '(');
    WCHAR lone[] = {0xd83d, 'x', 0xde00, 0};
    ck_assert(SetEnvironmentVariableW(u"WVM_KIT_WIDE", lone));
    ck_assert_str_eq(getenv("WVM_KIT_WIDE"), "\xef\xbf\xbdx\xef\xbf\xbd");
    ck_assert(SetEnvironmentVariableW(u"WVM_KIT_WIDE", NULL));
    ck_assert_uint_eq(GetEnvironmentVariableW(u"WVM_KIT_WIDE", buffer, 8), 0);
}
END_TEST

static const char *self_path;

/* Runs this program with `arguments`; what it prints, up to size - 1 bytes. */
static void output_of(const char *const arguments[], char *out, size_t size)
{
    int ends[2];
    ssize_t n;
    size_t got = 0;
    ck_assert(!pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execv(self_path, (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(ends[1]);
    while ((n = read(ends[0], out + got, size - 1 - got)) > 0)
        got += (size_t)n;
    out[got] = '\0';
    close(ends[0]);
    waitpid(child, NULL, 0);
}

START_TEST(command_line)
{
    char out[512];
    const char *const arguments[] = {"name", "--command-line", "plain", "two words", "", "a\"b",
                                     "tail\\", "in \\\"it\\", NULL};
    output_of(arguments, out, sizeof out);
    ck_assert_str_eq(out, "name --command-line plain \"two words\" \"\" \"a\\\"b\" tail\\ "
                          "\"in \\\\\\\"it\\\\\"");
    ck_assert_ptr_eq(GetCommandLineA(), GetCommandLineA());
    ck_assert_ptr_eq(GetCommandLineW(), GetCommandLineW());
    ck_assert_uint_eq(GetCommandLineW()[0], (unsigned char)GetCommandLineA()[0]);
}
END_TEST

START_TEST(module_files)
{
    char path[1024], small[4];
    WCHAR wide[1024];
    DWORD n = GetModuleFileNameA(NULL, path, sizeof path);
    ck_assert_uint_eq(n, strlen(path));
    ck_assert_ptr_nonnull(strstr(path, "test_kit_program"));
    ck_assert_uint_eq(GetModuleFileNameA(GetModuleHandleA(NULL), path, 1024), n);
    ck_assert_uint_eq(GetModuleFileNameW(NULL, wide, 1024), n);
    ck_assert_uint_eq(wide[n - 1], (unsigned char)path[n - 1]);
    ck_assert_uint_eq(GetModuleFileNameA(NULL, small, sizeof small), sizeof small);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(!memcmp(small, path, 3) && small[3] == '\0');
    n = GetModuleFileNameA(GetModuleHandleA("kernel32"), path, sizeof path);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(GetModuleFileNameA((HMODULE)0x1000, path, sizeof path), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_MOD_NOT_FOUND);
}
END_TEST

static int end_of(void (*run)(void))
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        run();
        _exit(99);
    }
    waitpid(child, &status, 0);
    return status;
}

static void exits_5(void)
{
    ExitProcess(5);
}

static void terminates_6(void)
{
    TerminateProcess(GetCurrentProcess(), 6);
}

static void terminates_7(void)
{
    TerminateProcess(OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId()), 7);
}

START_TEST(ends)
{
    HANDLE parent = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)getppid());
    ck_assert_int_eq(end_of(exits_5), 5 << 8);
    ck_assert_int_eq(end_of(terminates_6), 6 << 8);
    ck_assert_int_eq(end_of(terminates_7), 7 << 8);
    ck_assert(!TerminateProcess(parent, 1));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!TerminateProcess(NULL, 1));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    CloseHandle(parent);
}
END_TEST

static DWORD broke;

static LONG WINAPI at_break(PEXCEPTION_POINTERS e)
{
    broke = e->ExceptionRecord->ExceptionCode;
#if defined(__x86_64__)
    if (*(BYTE *)e->ContextRecord->Rip == 0xcc)
        e->ContextRecord->Rip++;
#else
    if (*(BYTE *)e->ContextRecord->Eip == 0xcc)
        e->ContextRecord->Eip++;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void breaks(void)
{
    DebugBreak();
}

static void is_traced(void)
{
    _exit(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && IsDebuggerPresent() ? 0 : 1);
}

START_TEST(debugging)
{
    ck_assert(WTERMSIG(end_of(breaks)) == SIGTRAP);
    PVOID handler = AddVectoredExceptionHandler(1, at_break);
    DebugBreak();
    ck_assert_uint_eq(broke, (DWORD)STATUS_BREAKPOINT);
    RemoveVectoredExceptionHandler(handler);
    ck_assert_int_eq(end_of(is_traced), 0);
}
END_TEST

/* What `run` writes to standard error. */
static void heard_from(void (*run)(void), char *out, size_t size)
{
    FILE *f = tmpfile();
    int kept = dup(2);
    fflush(stderr);
    dup2(fileno(f), 2);
    run();
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    rewind(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    fclose(f);
}

static void debug_strings(void)
{
    OutputDebugStringA("not heard\n");
    setenv("WINVM_DEBUG_STRINGS", "1", 1);
    OutputDebugStringA("heard\n");
    OutputDebugStringW(odd);
    OutputDebugStringA(NULL);
    unsetenv("WINVM_DEBUG_STRINGS");
}

static void boxes(void)
{
    ck_assert_int_eq(MessageBoxA(NULL, "text", "caption", MB_OK | MB_ICONERROR), IDOK);
    ck_assert_int_eq(MessageBoxA(NULL, "t", NULL, MB_YESNO | MB_DEFBUTTON2), IDNO);
    ck_assert_int_eq(MessageBoxW(NULL, u"w", u"c", MB_ABORTRETRYIGNORE | MB_DEFBUTTON3), IDIGNORE);
    ck_assert_int_eq(MessageBoxA(NULL, "x", "y", 9), 0);
}

START_TEST(standard_error)
{
    char out[256];
    if (!IsDebuggerPresent()) {
        heard_from(debug_strings, out, sizeof out);
        ck_assert(!strncmp(out, "heard\n", 6) && !strcmp(out + 6, odd_utf8));
    }
    heard_from(boxes, out, sizeof out);
    ck_assert_str_eq(out, "caption: text\nError: t\nc: w\n");
}
END_TEST

int main(int argc, char **argv)
{
    static char path[4096];
    TCase *tc;
    if (argc > 1 && !strcmp(argv[1], "--command-line")) {
        fputs(GetCommandLineA(), stdout);
        return 0;
    }
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        return 99;
    self_path = path;
    Suite *suite = unit_suite("kit_program", 60, &tc);
    tcase_add_test(tc, environment);
    tcase_add_test(tc, wide_environment);
    tcase_add_test(tc, command_line);
    tcase_add_test(tc, module_files);
    tcase_add_test(tc, ends);
    tcase_add_test(tc, debugging);
    tcase_add_test(tc, standard_error);
    return unit_run(suite);
}
