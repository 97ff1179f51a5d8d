/* Programs that die: an unhandled exception filter that writes a report and lets the process die,
 * as a crash reporter does; filters that go on; handlers of signals beside winvm; fork. Each death
 * is a child's. */
#include "users.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char *pages;
static int report_to;

static void die_by_write(void)
{
    *(volatile char *)pages = 1;
}

static void die_by_guard(void)
{
    protect(pages, PAGE, PAGE_READWRITE | PAGE_GUARD);
    (void)*(volatile char *)pages;
}

static void die_by_raise(void)
{
    RaiseException(0xE000DEAD, 0, 0, NULL);
}

static void die_by_division(void)
{
    volatile int zero = 0;
    zero = 5 / zero;
}

static void die_by_breakpoint(void)
{
    __asm__ volatile("int3");
}

static volatile int below;

static int sink(int n)
{
    volatile char room[2000];
    room[0] = (char)n;
    below = n ? sink(n - 1) + room[0] : 0;
    return below;
}

static void die_by_overflow(void)
{
    sink(1000000000);
}

static LONG WINAPI report(EXCEPTION_POINTERS *info)
{
    DWORD code = info->ExceptionRecord->ExceptionCode;
    ULONG_PTR at = (ULONG_PTR)info->ExceptionRecord->ExceptionAddress;
    if (write(report_to, &code, sizeof(code)) < 0 || write(report_to, &at, sizeof(at)) < 0)
        _exit(99);
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG WINAPI repair(EXCEPTION_POINTERS *info)
{
    protect((void *)info->ExceptionRecord->ExceptionInformation[1], 1, PAGE_READWRITE);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG WINAPI leave(EXCEPTION_POINTERS *info)
{
    (void)info;
    _exit(55);
}

struct death {
    int status;
    DWORD code;
};

static void *run_body(void *body)
{
    (*(void (**)(void))body)();
    return NULL;
}

/* The end of a child that runs the body, in a thread if asked, and what was reported. */
static struct death child(LPTOP_LEVEL_EXCEPTION_FILTER filter, void (*body)(void), int in_thread)
{
    struct death d = {0, 0};
    ULONG_PTR at;
    int to[2];
    pid_t pid;
    fflush(stdout);
    if (pipe(to) != 0 || (pid = fork()) < 0)
        return d;
    if (pid == 0) {
        pthread_t thread;
        report_to = to[1];
        alarm(20);
        if (filter)
            SetUnhandledExceptionFilter(filter);
        if (!in_thread)
            body();
        else if (pthread_create(&thread, NULL, run_body, &body) == 0)
            pthread_join(thread, NULL);
        _exit(0);
    }
    close(to[1]);
    if (read(to[0], &d.code, sizeof(d.code)) != sizeof(d.code) ||
        read(to[0], &at, sizeof(at)) != sizeof(at))
        d.code = 0;
    close(to[0]);
    waitpid(pid, &d.status, 0);
    return d;
}

static int killed_by(struct death d, int sig)
{
    return WIFSIGNALED(d.status) && WTERMSIG(d.status) == sig;
}

static void deaths(void)
{
    static const struct {
        void (*body)(void);
        int sig;
        DWORD code;
        const char *what;
    } all[] = {
        {die_by_write, SIGSEGV, CODE(EXCEPTION_ACCESS_VIOLATION), "a write"},
        {die_by_guard, SIGSEGV, CODE(EXCEPTION_GUARD_PAGE), "a guard page"},
        {die_by_raise, SIGABRT, 0xE000DEAD, "RaiseException"},
        {die_by_division, SIGFPE, CODE(EXCEPTION_INT_DIVIDE_BY_ZERO), "a division"},
        {die_by_breakpoint, SIGTRAP, CODE(EXCEPTION_BREAKPOINT), "a breakpoint"},
        {die_by_overflow, SIGSEGV, CODE(EXCEPTION_STACK_OVERFLOW), "an overflow of the stack"},
    };
    char text[80];
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct death quiet = child(NULL, all[i].body, 0), told = child(report, all[i].body, 0),
                     thread = child(report, all[i].body, 1), exits = child(leave, all[i].body, 0);
        int overflow = all[i].body == die_by_overflow;
        snprintf(text, sizeof(text), "%s: a report, then the death there is without", all[i].what);
        if (!check(killed_by(quiet, all[i].sig) && killed_by(told, all[i].sig) &&
                       told.code == all[i].code && quiet.code == 0,
                   text))
            printf("# %x %x %x\n", quiet.status, told.status, told.code);
        snprintf(text, sizeof(text), "%s: the same in a thread", all[i].what);
        if (!check(killed_by(thread, all[i].sig) && (thread.code == all[i].code || overflow), text))
            printf("# %x %x\n", thread.status, thread.code);
        snprintf(text, sizeof(text), "%s: a filter may end the process", all[i].what);
        check(WIFEXITED(exits.status) && WEXITSTATUS(exits.status) == 55, text);
    }
    check(child(repair, die_by_write, 0).status == 0, "a filter may repair");
}

/* ---- handlers of signals beside winvm ---- */

static sigjmp_buf back;
static volatile sig_atomic_t n_signals;
static void *volatile signal_at;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    n_signals++;
    signal_at = info->si_addr;
    siglongjmp(back, 1);
}

static LONG NTAPI guards_only(EXCEPTION_POINTERS *info)
{
    return info->ExceptionRecord->ExceptionCode == CODE(EXCEPTION_GUARD_PAGE)
               ? EXCEPTION_CONTINUE_EXECUTION
               : EXCEPTION_CONTINUE_SEARCH;
}

/* The program has a handler from before winvm's: what is not Windows' goes there, with its
 * address, and the filter is not asked. */
static void own_handler(void)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &act, NULL);
    AddVectoredExceptionHandler(1, guards_only);
    SetUnhandledExceptionFilter(leave);
    protect(pages + PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD);
    for (int i = 0; i < 100; i++) {
        pages[PAGE] = 1;
        if (sigsetjmp(back, 1) == 0)
            die_by_write();
        if (n_signals != i + 1 || signal_at != pages)
            _exit(1);
    }
    if (sigsetjmp(back, 1) == 0)
        raise(SIGSEGV);
    _exit(n_signals == 101 ? 0 : 2);
}

/* A child of the child has the handlers too, and guards of its own. */
static void forked(void)
{
    int status = -1;
    AddVectoredExceptionHandler(1, guards_only);
    protect(pages, 2 * PAGE, PAGE_READWRITE | PAGE_GUARD);
    pid_t pid = fork();
    pages[1] = 1;
    if (protection_of(pages) != PAGE_READWRITE ||
        protection_of(pages + PAGE) != (PAGE_READWRITE | PAGE_GUARD))
        _exit(3);
    if (pid == 0)
        _exit(0);
    waitpid(pid, &status, 0);
    _exit(status == 0 ? 0 : 4);
}

int main(void)
{
    pages = commit(GRAN, PAGE_READONLY);
    deaths();
    check(child(NULL, own_handler, 0).status == 0, "a handler of the program's own");
    check(child(NULL, forked, 0).status == 0, "handlers and guard pages after fork");
    return users_end();
}
