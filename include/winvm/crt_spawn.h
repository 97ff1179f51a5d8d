/* winvm/crt_spawn.h: other programs, as Windows' process.h starts them. A program is the host's;
 * what _P_NOWAIT answers is a handle of its process, for _cwait, WaitForSingleObject and
 * CloseHandle. */
#ifndef WINVM_CRT_SPAWN_H
#define WINVM_CRT_SPAWN_H

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crt_types.h"

#undef _P_WAIT
#undef _P_NOWAIT
#define _P_WAIT 0
#define _P_NOWAIT 1
#define _P_OVERLAY 2
#define _OLD_P_OVERLAY 2
#define _P_NOWAITO 3
#define _P_DETACH 4
#define _WAIT_CHILD 0
#define _WAIT_GRANDCHILD 1

WINVM_BEGIN_DECLS

extern char **environ;
extern void *WINVM_CALL winvm_crt_open_process_(unsigned, int, unsigned)
    WINVM_CRT_SYMBOL_("OpenProcess");
/* As <winvm/control.h> has it; it knows processes that have ended, too. */
struct winvm_crt_awaited_ {
    uint64_t start;
    uint32_t kind, number;
};
extern WINVM_SYSV int winvm_crt_awaited_get_(void *, uint32_t, struct winvm_crt_awaited_ *)
    __asm__("winvm_awaited_get");
extern int WINVM_CALL winvm_crt_close_process_(void *) WINVM_CRT_SYMBOL_("CloseHandle");

WINVM_END_DECLS

/* What a process ended with; the number of a signal that ended it, and 128. */
WINVM_CRT_ int winvm_exit_code_(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
WINVM_CRT_ int winvm_wait_for_(pid_t pid, int *status)
{
    pid_t got;
    do got = waitpid(pid, status, 0);
    while (got < 0 && errno == EINTR);
    return got == pid ? 0 : -1;
}

/* 0: both ends are close-on-exec. */
WINVM_CRT_ int winvm_spawn_pipe_(int ends[2])
{
    int made = pipe(ends);
    if (made == 0) {
        (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    }
    return made;
}
/* The child: it becomes the program when it is told to, or tells why it could not. */
WINVM_CRT_ void winvm_spawn_be_(const char *path, char *const *arguments, char *const *around,
                                int in_path, const int go[2], int failed)
{
    char byte;
    close(go[1]);
    if (read(go[0], &byte, 1) == 1) {
        environ = (char **)(uintptr_t)around;
        if (in_path)
            execvp(path, arguments);
        else
            execve(path, arguments, around);
        int error = errno;
        (void)!write(failed, &error, sizeof(error));
    }
    _exit(127);
}
/* A child that becomes the program when its process has been opened: one that has ended cannot be.
 * Its handle, or -1. */
WINVM_CRT_ intptr_t winvm_spawn_held_(const char *path, char *const *arguments,
                                      char *const *around, int in_path)
{
    int go[2], failed[2], error = 0, status;
    void *process = NULL;
    if (winvm_spawn_pipe_(go) != 0) return -1;
    if (winvm_spawn_pipe_(failed) != 0) {
        close(go[0]);
        close(go[1]);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) winvm_spawn_be_(path, arguments, around, in_path, go, failed[1]);
    close(go[0]);
    close(failed[1]);
    if (pid > 0) /* SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION */
        process = winvm_crt_open_process_(0x101000, 0, (unsigned)pid);
    if (pid < 0 || !process || write(go[1], "", 1) != 1) error = pid < 0 ? errno : ENOMEM;
    close(go[1]);
    if (!error && read(failed[0], &status, sizeof(status)) == sizeof(status)) error = status;
    close(failed[0]);
    if (!error) return (intptr_t)process;
    if (process) winvm_crt_close_process_(process);
    if (pid > 0) winvm_wait_for_(pid, &status);
    errno = error;
    return -1;
}

/* in_path: the program is looked for in PATH. NULL for env: that of this process. */
WINVM_CRT_ intptr_t winvm_spawn_(int mode, const char *path, const char *const *argv,
                                 const char *const *env, int in_path)
{
    char *const *arguments = (char *const *)(uintptr_t)argv;
    char *const *around = env ? (char *const *)(uintptr_t)env : environ;
    pid_t pid;
    int error, status;
    if (!path || !*path || !argv || !argv[0] || mode < _P_WAIT || mode > _P_DETACH) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    if (mode == _P_OVERLAY) {
        if (env) environ = (char **)(uintptr_t)env;
        return in_path ? execvp(path, arguments) : execve(path, arguments, around);
    }
    if (mode != _P_WAIT) return winvm_spawn_held_(path, arguments, around, in_path);
    error = in_path ? posix_spawnp(&pid, path, NULL, NULL, arguments, around)
                    : posix_spawn(&pid, path, NULL, NULL, arguments, around);
    if (error) {
        errno = error;
        return -1;
    }
    return winvm_wait_for_(pid, &status) ? -1 : (intptr_t)winvm_exit_code_(status);
}
WINVM_CRT_ intptr_t _spawnv(int mode, const char *path, const char *const *argv)
{
    return winvm_spawn_(mode, path, argv, NULL, 0);
}
WINVM_CRT_ intptr_t _spawnve(int mode, const char *path, const char *const *argv,
                             const char *const *env)
{
    return winvm_spawn_(mode, path, argv, env, 0);
}
WINVM_CRT_ intptr_t _spawnvp(int mode, const char *path, const char *const *argv)
{
    return winvm_spawn_(mode, path, argv, NULL, 1);
}
WINVM_CRT_ intptr_t _spawnvpe(int mode, const char *path, const char *const *argv,
                              const char *const *env)
{
    return winvm_spawn_(mode, path, argv, env, 1);
}
/* The arguments up to NULL, behind it the environment when there is one. */
WINVM_CRT_ intptr_t winvm_spawn_list_(int mode, const char *path, const char *first,
                                      va_list arguments, int has_env, int in_path)
{
    enum { most = 1023 };
    const char *argv[most + 1], *const *env = NULL;
    size_t n = 0;
    for (argv[0] = first; argv[n] && n < most;) argv[++n] = va_arg(arguments, const char *);
    if (argv[n]) {
        errno = E2BIG;
        return -1;
    }
    if (has_env && n) env = va_arg(arguments, const char *const *);
    return winvm_spawn_(mode, path, argv, env, in_path);
}
#define WINVM_SPAWN_LIST_(name, has_env, in_path)                                       \
    WINVM_CRT_ intptr_t name(int mode, const char *path, const char *first, ...)        \
    {                                                                                   \
        intptr_t result;                                                                \
        va_list arguments;                                                              \
        va_start(arguments, first);                                                     \
        result = winvm_spawn_list_(mode, path, first, arguments, (has_env), (in_path)); \
        va_end(arguments);                                                              \
        return result;                                                                  \
    }
WINVM_SPAWN_LIST_(_spawnl, 0, 0)
WINVM_SPAWN_LIST_(_spawnle, 1, 0)
WINVM_SPAWN_LIST_(_spawnlp, 0, 1)
WINVM_SPAWN_LIST_(_spawnlpe, 1, 1)
#undef WINVM_SPAWN_LIST_

/* Waits for a process of _spawn..., and closes its handle. Its number; *code: what it ended with.
 * -1: errno ECHILD, EINVAL. */
WINVM_CRT_ intptr_t _cwait(int *code, intptr_t process, int action)
{
    struct winvm_crt_awaited_ what;
    int status;
    (void)action;
    if (!process || process == -1 || process == -2) {
        errno = ECHILD;
        return -1;
    }
    if (winvm_crt_awaited_get_((void *)process, 0, &what) || what.kind != 1 /* a process */ ||
        winvm_wait_for_((pid_t)what.number, &status)) {
        errno = ECHILD;
        return -1;
    }
    winvm_crt_close_process_((void *)process);
    if (code) *code = winvm_exit_code_(status);
    return (intptr_t)what.number;
}

#define _execl execl
#define _execle execle
#define _execlp execlp
#define _execvpe execvpe

#endif
