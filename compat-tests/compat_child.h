/* Cases that a process does not survive: the case runs again in a child.
 *
 * Owns    the child and how it ended.
 * Use     if (compat_is_child) { what ends the process; return; }  ...  in_child("GP-026").
 * I1      In the child nobody handles faults and nothing is printed. A child that comes back from
 *         the case ends with COMPAT_SURVIVED.
 * Locking: for the main thread. */
#ifndef COMPAT_CHILD_H
#define COMPAT_CHILD_H

#include "compat_memory.h"

enum { COMPAT_SURVIVED = 42, COMPAT_NO_CHILD = 43 };

static int compat_is_child;

#ifdef _WIN32
/* The system's own answer, without its window. */
static LONG CALLBACK compat_unhandled(EXCEPTION_POINTERS *info)
{
    (void)info;
    return EXCEPTION_EXECUTE_HANDLER;
}
#endif

/* The main function of the child. */
static int compat_be_child(const char *id)
{
    compat_is_child = 1;
#ifdef _WIN32
    SetUnhandledExceptionFilter(compat_unhandled);
#endif
    for (unsigned i = 0; i < compat_n_cases; i++)
        if (!strcmp(compat_cases[i].id, id))
            compat_cases[i].run();
    return COMPAT_SURVIVED;
}

#ifdef _WIN32
/* How the child ended: its exit code, which is the code of the exception that ended it. */
static inline ULONG in_child(const char *id)
{
    STARTUPINFOA start = {.cb = sizeof(start)};
    PROCESS_INFORMATION child;
    char self[MAX_PATH], line[MAX_PATH + 32];
    DWORD code = COMPAT_NO_CHILD;

    GetModuleFileNameA(NULL, self, sizeof(self));
    snprintf(line, sizeof(line), "\"%s\" --child %s", self, id);
    if (!CreateProcessA(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &child))
        return COMPAT_NO_CHILD;
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return code;
}
#else
/* How the child ended: its exit code; when a signal of the processor's ended it, the code that
 * Windows gives (here `signalled`). */
static inline ULONG in_child_or(const char *id, ULONG signalled)
{
    struct rlimit no_core = {0, 0};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        release_faults();
        _exit(compat_be_child(id));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return COMPAT_NO_CHILD;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSEGV ? signalled : (ULONG)WTERMSIG(status);
    return (ULONG)WEXITSTATUS(status);
}
#endif

/* The case runs in a process that shares nothing with this one but the environment; its exit
 * code. */
#ifdef _WIN32
#define in_process(id) in_child(id)
#else
/* A preload object takes itself out of the environment; the new process gets it again. */
static inline void hand_preload_on(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4200], *path;

    while (maps && fgets(line, sizeof(line), maps))
        if ((path = strchr(line, '/')) && strstr(path, "/libwinvm-preload")) {
            path[strcspn(path, "\n")] = 0;
            setenv("LD_PRELOAD", path, 1);
            break;
        }
    if (maps)
        fclose(maps);
}

static inline ULONG in_process(const char *id)
{
    char self[] = "/proc/self/exe", option[] = "--child", chosen[16];
    char *const args[] = {self, option, chosen, NULL};
    int status = 0;
    pid_t pid;

    snprintf(chosen, sizeof(chosen), "%s", id);
    pid = fork();
    if (pid == 0) {
        hand_preload_on();
        execv(self, args);
        _exit(COMPAT_NO_CHILD);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return COMPAT_NO_CHILD;
    return (ULONG)WEXITSTATUS(status);
}
#endif

static inline void compat_wait(unsigned seconds)
{
#ifdef _WIN32
    Sleep(seconds * 1000);
#else
    sleep(seconds);
#endif
}

/* The child ends here with this code. */
static inline void __attribute__((noreturn)) end_child(ULONG code)
{
#ifdef _WIN32
    ExitProcess(code);
#else
    _exit((int)code);
#endif
}

/* The child is ended by this exception. */
#ifdef _WIN32
#define expect_death(id, code) expect_eq(in_child(id), code)
#else
#define expect_death(id, code) expect_eq(in_child_or(id, code), code)
#endif
#endif
