/* The children of CreateProcess: made, and waited for.
 *
 * Terms   waiter = the thread that makes one child (vfork) and waits for its end, so that none
 *         stays a zombie.
 * I1      Both handles are open before the child is the other program, so before it can end.
 * I2      Until then the child is in this process's memory, with all signals blocked: it makes
 *         system calls only.
 * Locking: none; kit_child.c has its own.   Failure: no process, no handle, nothing written.
 * Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit_child.h"
#include "kit/kit_service.h"
#include "kit/kit_spawn.h"

#define CHILD_STACK (32 * 1024)
#define MASK_BYTES 8     /* of the kernel's sets of signals */
#define MOST_TRIED 4096  /* descriptors closed one by one */
#if !defined(SYS_close_range)
#define SYS_close_range 436
#endif

enum { WAIT, GO, STOP };
#define NOBODY UINT32_MAX
struct start {
    const struct wvm_kit_plan *plan;
    struct wvm_kit_child *child;
    sigset_t mask;     /* the creator's, and the child's */
    uint32_t number;   /* (a) of the child; NOBODY: there is none */
    uint32_t go, done; /* (a) WAIT, GO, STOP; 0, 1 */
    int error;         /* of the host, once it is done */
};

static DWORD error_of(int error)
{
    switch (error) {
    case ENOENT:
        return ERROR_FILE_NOT_FOUND;
    case ENOTDIR:
        return ERROR_PATH_NOT_FOUND;
    case ENOEXEC:
    case ELIBBAD:
    case EINVAL:
        return ERROR_BAD_EXE_FORMAT;
    case E2BIG:
    case ENAMETOOLONG:
        return ERROR_FILENAME_EXCED_RANGE;
    case ENOMEM:
        return ERROR_NOT_ENOUGH_MEMORY;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
        return ERROR_NO_SYSTEM_RESOURCES;
    default:
        return ERROR_ACCESS_DENIED;
    }
}

/* ---- The child, until it is another program ---- */

static void reset_signal(int number)
{
    uintptr_t old[8] = {0}; /* of the kernel's structure: the handler first */
    const uintptr_t usual[8] = {0};
    if (syscall(SYS_rt_sigaction, number, NULL, old, MASK_BYTES) == 0 && old[0] > 1)
        syscall(SYS_rt_sigaction, number, usual, NULL, MASK_BYTES);
}

/* From the first to the last. */
static void close_from(int from, int last)
{
    if (from > last || syscall(SYS_close_range, from, last, 0) == 0)
        return;
    for (int fd = from; fd <= last && fd < MOST_TRIED; fd++)
        syscall(SYS_close, fd);
}

static void close_others(int kept)
{
    if (kept >= 0)
        close_from(WVM_KIT_N_STANDARD, kept - 1);
    close_from(kept >= 0 ? kept + 1 : WVM_KIT_N_STANDARD, INT_MAX);
}

/* Of the child alone, which has copies of its own. */
static bool set_descriptors(const struct wvm_kit_plan *p)
{
    for (int i = 0; i < WVM_KIT_N_STANDARD; i++)
        if (p->fd[i] >= 0 && syscall(SYS_dup2, p->fd[i], i) < 0)
            return false;
    if (!p->inherit)
        close_others(p->held);
    if (p->held >= 0 && syscall(SYS_fcntl, p->held, F_SETFD, 0) != 0)
        return false;
    return !p->folder || syscall(SYS_chdir, p->folder) == 0;
}

/* It becomes the other program, if it can. */
static void execute(const struct wvm_kit_plan *p, const sigset_t *mask)
{
    if (!set_descriptors(p) || (p->is_stopped && syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) != 0))
        return;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, MASK_BYTES);
    syscall(SYS_execve, p->path, p->words, p->environment ? p->environment : environ);
}

/* In the waiter's memory, on a stack of its own, while the waiter stands still (vfork). */
static int be_child(void *given)
{
    struct start *s = given;
    __atomic_store_n(&s->number, (uint32_t)syscall(SYS_getpid), __ATOMIC_RELEASE);
    syscall(SYS_futex, &s->number, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (__atomic_load_n(&s->go, __ATOMIC_ACQUIRE) == WAIT)
        syscall(SYS_futex, &s->go, FUTEX_WAIT, WAIT, NULL, NULL, 0);
    if (__atomic_load_n(&s->go, __ATOMIC_ACQUIRE) == GO) {
        for (int i = 1; i <= 8 * MASK_BYTES; i++)
            reset_signal(i);
        execute(s->plan, &s->mask);
        s->error = errno;
    }
    syscall(SYS_exit_group, 127);
    return 127;
}

/* ---- Its waiter ---- */

static void wake(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static uint32_t await(uint32_t *word)
{
    uint32_t value;
    while ((value = __atomic_load_n(word, __ATOMIC_ACQUIRE)) == 0)
        syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
    return value;
}

/* Until it has ended; then the host forgets it. */
static void wait_for(struct wvm_kit_child *child, pid_t pid)
{
    siginfo_t info;
    int got;
    while ((got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT)) != 0 && errno == EINTR)
        ;
    wvm_kit_child_over(child, got == 0 ? &info : NULL);
    if (got == 0)
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
}

/* It was stopped as traced when it became the other program; from here on by a signal. */
static void stop(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
        ;
    ptrace(PTRACE_DETACH, pid, NULL, (void *)SIGSTOP);
}

static void *be_waiter(void *given)
{
    struct start *s = given;
    struct wvm_kit_child *child = s->child;
    char stack[CHILD_STACK] __attribute__((aligned(16)));
    pthread_setname_np(pthread_self(), "winvm-child");
    pid_t pid = clone(be_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, s);
    if (pid < 0) {
        s->error = errno;
        wake(&s->number, NOBODY);
    }
    bool runs = pid > 0 && s->error == 0 && s->go == GO;
    if (runs && s->plan->is_stopped)
        stop(pid);
    if (pid > 0 && !runs)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    wake(&s->done, 1); /* *s ends */
    if (runs)
        wait_for(child, pid);
    return NULL;
}

/* ---- Its handles ---- */

static void close_both(const PROCESS_INFORMATION *info)
{
    if (info->hThread)
        CloseHandle(info->hThread);
    if (info->hProcess)
        CloseHandle(info->hProcess);
}

static bool open_both(struct wvm_kit_child *child, uint32_t number, PROCESS_INFORMATION *info)
{
    info->hProcess = OpenProcess(PROCESS_ALL_ACCESS, FALSE, number);
    if (info->hProcess)
        info->hThread = OpenProcess(SYNCHRONIZE, FALSE, number);
    info->dwProcessId = info->dwThreadId = number;
    child->handle = info->hProcess;
    return info->hThread && winvm_awaited_get(info->hProcess, 0, &child->what) == 0;
}

/* The child stands, or will not: who does not come so far within the time is stopped. */
static void hold(struct wvm_kit_child *child, const struct wvm_kit_plan *p, HANDLE thread)
{
    child->holder = -1;
    if (p->holder < 0 && !p->is_stopped)
        return;
    child->thread = thread;
    if (p->holder >= 0 && wvm_kit_hold_ready(p->holder))
        child->holder = fcntl(p->holder, F_DUPFD_CLOEXEC, WVM_KIT_N_STANDARD);
    else if (p->holder >= 0)
        kill((pid_t)child->what.number, SIGSTOP);
    __atomic_store_n(&wvm_kit_resume_child, wvm_kit_child_resume, __ATOMIC_RELEASE);
}

bool wvm_kit_start(const struct wvm_kit_plan *p, PROCESS_INFORMATION *out)
{
    struct start s = {.plan = p, .child = calloc(1, sizeof *s.child)};
    PROCESS_INFORMATION info = {.hProcess = NULL};
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;
    pthread_sigmask(SIG_SETMASK, NULL, &s.mask);
    if (!s.child || !wvm_kit_service(be_waiter, &s)) {
        free(s.child);
        return wvm_kit_fail(error);
    }
    uint32_t number = await(&s.number);
    bool opened = number != NOBODY && open_both(s.child, number, &info);
    if (!opened)
        error = number == NOBODY ? error_of(s.error) : GetLastError();
    wake(&s.go, opened ? GO : STOP);
    await(&s.done);
    if (opened && s.error == 0) {
        hold(s.child, p, info.hThread);
        wvm_kit_child_add(s.child);
        *out = info;
        return true;
    }
    close_both(&info);
    free(s.child);
    return wvm_kit_fail(opened ? error_of(s.error) : error);
}
