/* CreateProcess: programs of the host started, and waited for.
 *
 * Terms   waiter = the thread that makes one child (vfork) and waits for its end, so that none
 *         stays a zombie.
 * I1      The descriptors that are made for a child are close-on-exec, and 3 at least.
 * I2      Both handles are open before the child is the other program, so before it can end.
 * I3      Until then the child is in this process's memory, with all signals blocked: it makes
 *         system calls only.
 * Locking: none; kit_child.c has its own.   Failure: no process, no handle, nothing written.
 * Signal safety: none. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/io.h>

#include "kit/kit_child.h"
#include "kit/kit_service.h"
#include "kit/kit_spawn.h"
#include "kit/kit_text.h"

#define CHILD_STACK (32 * 1024)
#define MASK_BYTES 8     /* of the kernel's sets of signals */
#define MOST_TRIED 4096  /* descriptors closed one by one */
#if !defined(SYS_close_range)
#define SYS_close_range 436
#endif
#define N_STANDARD 3

/* Change nothing here. */
#define HINTS                                                                                   \
    (DETACHED_PROCESS | CREATE_NEW_CONSOLE | CREATE_NEW_PROCESS_GROUP |                          \
     CREATE_SEPARATE_WOW_VDM | CREATE_SHARED_WOW_VDM | CREATE_FORCEDOS | INHERIT_PARENT_AFFINITY | \
     CREATE_BREAKAWAY_FROM_JOB | CREATE_PRESERVE_CODE_AUTHZ_LEVEL | CREATE_DEFAULT_ERROR_MODE |  \
     CREATE_NO_WINDOW | NORMAL_PRIORITY_CLASS | IDLE_PRIORITY_CLASS | HIGH_PRIORITY_CLASS |      \
     REALTIME_PRIORITY_CLASS | BELOW_NORMAL_PRIORITY_CLASS | ABOVE_NORMAL_PRIORITY_CLASS |       \
     STACK_SIZE_PARAM_IS_A_RESERVATION)
#define REFUSED                                                                                 \
    (CREATE_SUSPENDED | DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS | CREATE_PROTECTED_PROCESS |     \
     CREATE_SECURE_PROCESS | EXTENDED_STARTUPINFO_PRESENT)

/* What is asked for; texts of the host. */
struct request {
    const char *application, *line, *folder; /* NULL: none */
    void *environment;                       /* a block of such texts */
    BOOL inherit;
    DWORD flags, start_flags;
    HANDLE standard[N_STANDARD];
};

/* What the child is made of. */
struct plan {
    char *path;
    char **words, **environment; /* NULL: this process's */
    const char *folder;
    bool inherit;
    int fd[N_STANDARD]; /* -1: as they are */
};

enum { WAIT, GO, STOP };
#define NOBODY UINT32_MAX
struct start {
    const struct plan *plan;
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

/* ---- What the child is given ---- */

/* A text of the block stands for each of its variables. */
static char **split_environment(char *block)
{
    size_t n = 0;
    char **list;
    for (char *at = block; *at; at += strlen(at) + 1)
        n++;
    list = malloc((n + 2) * sizeof list[0]);
    if (!list) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    n = 0;
    for (char *at = block; *at; at += strlen(at) + 1)
        list[n++] = at;
#if defined(WVM_KIT_INSIDE)
    /* Who runs under winvm-run has children that do. */
    static const char name[] = "LD_PRELOAD=";
    bool named = false;
    for (size_t i = 0; i < n; i++)
        named = named || strncmp(list[i], name, sizeof name - 1) == 0;
    for (char **e = environ; !named && e && *e; e++)
        if (strncmp(*e, name, sizeof name - 1) == 0)
            list[n++] = *e, named = true;
#endif
    list[n] = NULL;
    return list;
}

/* The descriptor that a handle stands for; -1. */
static int number_of(HANDLE h)
{
    DIR *list = opendir("/proc/self/fd");
    int fd, found = -1;
    for (struct dirent *e; found < 0 && list && (e = readdir(list)) != NULL;) {
        fd = e->d_name[0] == '.' ? -1 : atoi(e->d_name);
        if (fd >= 0 && fd != dirfd(list) && (HANDLE)_get_osfhandle(fd) == h)
            found = fd;
    }
    if (list)
        closedir(list);
    return found;
}

/* A descriptor of its own for a standard handle; -1 and the last error. */
static int descriptor_of(HANDLE h)
{
    bool none = h == NULL || h == INVALID_HANDLE_VALUE;
    int fd = none ? open("/dev/null", O_RDWR | O_CLOEXEC) : number_of(h);
    int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, N_STANDARD);
    if (none && fd >= 0)
        close(fd);
    if (own < 0)
        wvm_kit_fail(fd < 0 && !none ? ERROR_INVALID_HANDLE : ERROR_NO_SYSTEM_RESOURCES);
    return own;
}

static bool set_standard(struct plan *p, const struct request *r)
{
    bool handed = r->inherit && (r->start_flags & STARTF_USESTDHANDLES);
    for (int i = 0; handed && i < N_STANDARD; i++)
        if ((p->fd[i] = descriptor_of(r->standard[i])) < 0)
            return false;
    return true;
}

static char **only_word(const char *word)
{
    char **words = malloc(2 * sizeof words[0] + strlen(word) + 1);
    if (!words) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    words[0] = strcpy((char *)(words + 2), word);
    words[1] = NULL;
    return words;
}

static bool make_plan(struct plan *p, const struct request *r)
{
    p->path = r->application ? wvm_kit_find_application(r->application)
                             : wvm_kit_find_command(r->line);
    if (!p->path)
        return false;
    p->words = r->line && r->line[0] ? wvm_kit_split_line(r->line) : only_word(r->application);
    if (r->environment)
        p->environment = split_environment(r->environment);
    return p->words && (p->environment || !r->environment) && set_standard(p, r);
}

static void end_plan(struct plan *p)
{
    for (int i = 0; i < N_STANDARD; i++)
        if (p->fd[i] >= 0)
            close(p->fd[i]);
    free(p->path);
    free(p->words);
    free(p->environment);
}

/* ---- The child, until it is another program ---- */

static void reset_signal(int number)
{
    uintptr_t old[8] = {0}; /* of the kernel's structure: the handler first */
    const uintptr_t usual[8] = {0};
    if (syscall(SYS_rt_sigaction, number, NULL, old, MASK_BYTES) == 0 && old[0] > 1)
        syscall(SYS_rt_sigaction, number, usual, NULL, MASK_BYTES);
}

/* Of the child alone, which has copies of its own. */
static bool set_descriptors(const struct plan *p)
{
    for (int i = 0; i < N_STANDARD; i++)
        if (p->fd[i] >= 0 && syscall(SYS_dup2, p->fd[i], i) < 0)
            return false;
    if (!p->inherit && syscall(SYS_close_range, N_STANDARD, ~0u, 0) != 0)
        for (int fd = N_STANDARD; fd < MOST_TRIED; fd++)
            syscall(SYS_close, fd);
    return !p->folder || syscall(SYS_chdir, p->folder) == 0;
}

/* In the waiter's memory, on a stack of its own, while the waiter stands still (vfork). */
static int be_child(void *given)
{
    struct start *s = given;
    const struct plan *p = s->plan;
    __atomic_store_n(&s->number, (uint32_t)syscall(SYS_getpid), __ATOMIC_RELEASE);
    syscall(SYS_futex, &s->number, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (__atomic_load_n(&s->go, __ATOMIC_ACQUIRE) == WAIT)
        syscall(SYS_futex, &s->go, FUTEX_WAIT, WAIT, NULL, NULL, 0);
    if (__atomic_load_n(&s->go, __ATOMIC_ACQUIRE) == GO) {
        for (int i = 1; i <= 8 * MASK_BYTES; i++)
            reset_signal(i);
        if (set_descriptors(p)) {
            syscall(SYS_rt_sigprocmask, SIG_SETMASK, &s->mask, NULL, MASK_BYTES);
            syscall(SYS_execve, p->path, p->words, p->environment ? p->environment : environ);
        }
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

static bool start(const struct plan *p, PROCESS_INFORMATION *out)
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
        wvm_kit_child_add(s.child);
        *out = info;
        return true;
    }
    close_both(&info);
    free(s.child);
    return wvm_kit_fail(opened ? error_of(s.error) : error);
}

/* ---- The calls ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, X_OK) == 0;
}

static bool check(const struct request *r)
{
    const DWORD consoles = DETACHED_PROCESS | CREATE_NEW_CONSOLE;
    if (!r->application && (!r->line || r->line[strspn(r->line, " \t")] == '\0'))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if ((r->flags & ~(DWORD)(HINTS | REFUSED | CREATE_UNICODE_ENVIRONMENT)) != 0 ||
        (r->flags & consoles) == consoles)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (r->flags & REFUSED)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    return !r->folder || is_folder(r->folder) || wvm_kit_fail(ERROR_DIRECTORY);
}

static BOOL create(const struct request *r, PROCESS_INFORMATION *out)
{
    struct plan p = {.folder = r->folder, .inherit = r->inherit, .fd = {-1, -1, -1}};
    if (!check(r))
        return FALSE;
    BOOL done = make_plan(&p, r) && start(&p, out);
    DWORD error = GetLastError();
    end_plan(&p);
    if (!done)
        SetLastError(error);
    return done;
}

/* A block of UTF-16 as one of UTF-8, of malloc. */
static char *new_block(LPCWSTR block)
{
    size_t n = 0, size;
    while (block[n])
        n += wvm_kit_len16(block + n) + 1;
    size = wvm_kit_to_utf8(NULL, 0, block, n);
    char *narrow = calloc(1, size + 1);
    if (narrow)
        wvm_kit_to_utf8(narrow, size, block, n);
    else
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return narrow;
}

BOOL wvm_kit_CreateProcessA(LPCSTR application, LPSTR line, LPSECURITY_ATTRIBUTES process,
                            LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                            LPVOID environment, LPCSTR folder, LPSTARTUPINFOA info,
                            LPPROCESS_INFORMATION out)
{
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(thread);
    if (!info || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    bool wide = environment && (flags & CREATE_UNICODE_ENVIRONMENT);
    char *block = wide ? new_block(environment) : environment;
    struct request r = {application, line, folder, block, inherit, flags, info->dwFlags,
                        {info->hStdInput, info->hStdOutput, info->hStdError}};
    BOOL done = (block || !wide) && create(&r, out);
    if (wide)
        free(block);
    return done;
}

BOOL wvm_kit_CreateProcessW(LPCWSTR application, LPWSTR line, LPSECURITY_ATTRIBUTES process,
                            LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                            LPVOID environment, LPCWSTR folder, LPSTARTUPINFOW info,
                            LPPROCESS_INFORMATION out)
{
    if (!info || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    STARTUPINFOA narrow = {.cb = sizeof narrow,
                           .dwFlags = info->dwFlags,
                           .hStdInput = info->hStdInput,
                           .hStdOutput = info->hStdOutput,
                           .hStdError = info->hStdError};
    char *name = application ? wvm_kit_new_utf8(application) : NULL;
    char *text = line ? wvm_kit_new_utf8(line) : NULL;
    char *place = folder ? wvm_kit_new_utf8(folder) : NULL;
    BOOL done = (name || !application) && (text || !line) && (place || !folder) &&
                wvm_kit_CreateProcessA(name, text, process, thread, inherit, flags, environment,
                                       place, &narrow, out);
    free(name);
    free(text);
    free(place);
    return done;
}

#define WVM_KIT_SPAWN
#include "kit/kit_entry.h"
