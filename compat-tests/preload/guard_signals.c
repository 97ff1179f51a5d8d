/* A program's own handlers of SIGSEGV and SIGBUS, and guard pages: every way to install one, before
 * and after winvm took the slot; blocked signals; alternate stacks; chaining.
 *
 * Each case runs in a child of its own; the first process never arms a page. */
#define _GNU_SOURCE
#include <winvm/winvm.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int n;
static volatile int hits, last_code, last_sig;
static char *volatile last_addr;
static char *volatile handler_sp;

static void in_child(int (*run)(int), int arg, const char *what, int how)
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        _exit(run(arg));
    }
    waitpid(child, &status, 0);
    int good = how == 0 ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == how;
    if (!good)
        printf("# status %x\n", (unsigned)status);
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static char *make_guard(void)
{
    return VirtualAlloc(NULL, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
}

static int is_guarded(const void *p)
{
    MEMORY_BASIC_INFORMATION info = {0};
    VirtualQuery(p, &info, sizeof info);
    return (info.Protect & PAGE_GUARD) != 0;
}

static void one(int sig)
{
    char here;
    hits++;
    last_sig = sig;
    handler_sp = &here;
}

static void three(int sig, siginfo_t *info, void *context)
{
    one(sig);
    last_code = context != NULL ? info->si_code : -1;
    last_addr = info->si_addr;
}

/* 0: p fired once, was told to the handler that is installed, and is an ordinary page now. */
static int touch(char *p, int with_info)
{
    int before = hits;
    if (!is_guarded(p))
        return 10;
    *(volatile char *)(p + 5) = 1;
    if (hits != before + 1 || last_sig != SIGSEGV)
        return 11;
    if (with_info && (last_code != SEGV_ACCERR || last_addr != p + 5))
        return 12;
    return is_guarded(p) || p[5] != 1 || hits != before + 1 ? 13 : 0;
}

enum { BY_SIGACTION, BY_INFO, BY_SIGNAL, BY_BSD, BY_SSIGNAL, BY_SYSV, BY_SIGSET, N_WAYS };

static void install(int way)
{
    extern __sighandler_t bsd_signal(int, __sighandler_t);
    struct sigaction act = {.sa_handler = one};
    switch (way) {
    case BY_INFO:
        act.sa_sigaction = three;
        act.sa_flags = SA_SIGINFO;
        __attribute__((fallthrough));
    case BY_SIGACTION:
        sigaction(SIGSEGV, &act, NULL);
        break;
    case BY_SIGNAL:
        signal(SIGSEGV, one);
        break;
    case BY_BSD:
        bsd_signal(SIGSEGV, one);
        break;
    case BY_SSIGNAL:
        ssignal(SIGSEGV, one);
        break;
    case BY_SYSV:
        sysv_signal(SIGSEGV, one);
        break;
    case BY_SIGSET:
        sigset(SIGSEGV, one);
        break;
    }
}

static int before_arming(int way)
{
    install(way);
    return touch(make_guard(), way == BY_INFO);
}

static int after_arming(int way)
{
    char *p = make_guard();
    install(way);
    int bad = touch(p, way == BY_INFO);
    if (bad || way == BY_SYSV)
        return bad;
    return touch(make_guard(), way == BY_INFO);
}

static int change_of_mind(int unused)
{
    (void)unused;
    install(BY_SIGNAL);
    char *p = make_guard(), *q = make_guard();
    struct sigaction old;
    int bad = touch(p, 0);
    sigaction(SIGSEGV, NULL, &old);
    if (bad || old.sa_handler != one || signal(SIGSEGV, SIG_DFL) != one)
        return 20 + bad;
    install(BY_INFO);
    return touch(q, 1);
}

/* ---- blocked ---- */

enum { MASK_PROC, MASK_THREAD, MASK_HOLD, MASK_BLOCK, MASK_SET, MASK_SIGSET, N_MASKS };

static int blocked(int way)
{
    sigset_t set, now;
    sigfillset(&set);
    install(BY_INFO);
    char *p = make_guard();
    if (way == MASK_PROC)
        sigprocmask(SIG_SETMASK, &set, NULL);
    else if (way == MASK_THREAD)
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    else if (way == MASK_HOLD)
        sighold(SIGSEGV);
    else if (way == MASK_BLOCK)
        sigblock(sigmask(SIGSEGV));
    else if (way == MASK_SET)
        sigsetmask(-1);
    else
        sigset(SIGSEGV, SIG_HOLD);
    sigprocmask(SIG_BLOCK, NULL, &now);
    if (!sigismember(&now, SIGSEGV))
        return 30;
    return touch(p, 1);
}

static char *volatile page;
static volatile int inner;

static void touches(int sig)
{
    (void)sig;
    inner = touch(page, 1);
}

static int in_handler_mask(int unused)
{
    struct sigaction act = {.sa_handler = touches};
    (void)unused;
    inner = -1;
    sigfillset(&act.sa_mask);
    install(BY_INFO);
    page = make_guard();
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    return inner;
}

enum { WAIT_SUSPEND, WAIT_PPOLL, WAIT_PSELECT, WAIT_EPOLL, WAIT_EPOLL2, WAIT_PAUSE, N_WAITS };

static int in_wait_mask(int way)
{
    sigset_t set, all;
    struct timespec long_time = {5, 0};
    struct epoll_event event;
    inner = -1;
    sigfillset(&all);
    sigfillset(&set);
    sigdelset(&set, SIGUSR1);
    sigdelset(&set, SIGALRM);
    install(BY_INFO);
    page = make_guard();
    signal(SIGUSR1, touches);
    sigprocmask(SIG_SETMASK, &all, NULL);
    raise(SIGUSR1);
    errno = 0;
    int result = way == WAIT_SUSPEND ? sigsuspend(&set)
               : way == WAIT_PPOLL ? ppoll(NULL, 0, &long_time, &set)
               : way == WAIT_PSELECT ? pselect(0, NULL, NULL, NULL, &long_time, &set)
               : way == WAIT_EPOLL ? epoll_pwait(epoll_create1(0), &event, 1, 5000, &set)
               : way == WAIT_EPOLL2 ? epoll_pwait2(epoll_create1(0), &event, 1, &long_time, &set)
               : sigpause(SIGUSR1);
    if (errno == ENOSYS)
        return 0;
    return result == -1 && errno == EINTR ? inner : 40;
}

static void *thread_touches(void *p)
{
    return (void *)(intptr_t)touch(p, 1);
}

static int blocked_in_thread(int by_attributes)
{
    sigset_t all;
    pthread_attr_t attr;
    pthread_t t;
    void *result = (void *)1;
    install(BY_INFO);
    char *p = make_guard();
    sigfillset(&all);
    pthread_attr_init(&attr);
    if (by_attributes)
        pthread_attr_setsigmask_np(&attr, &all);
    else
        pthread_sigmask(SIG_SETMASK, &all, NULL);
    if (pthread_create(&t, &attr, thread_touches, p) != 0 || pthread_join(t, &result) != 0)
        return 50;
    return (int)(intptr_t)result;
}

/* ---- run-time systems: a stack of their own, their own pages, the handler before them ---- */

static struct sigaction before_us;
static char *own_page, *own_stack;
static volatile int own_hits;

static void runtime_handler(int sig, siginfo_t *info, void *context)
{
    char *at = info->si_addr;
    if (at >= own_page && at < own_page + 4096) {
        own_hits++;
        mprotect(own_page, 4096, PROT_READ | PROT_WRITE);
        return;
    }
    three(sig, info, context);
    if (before_us.sa_handler != SIG_DFL && before_us.sa_handler != SIG_IGN)
        before_us.sa_sigaction(sig, info, context);
}

static int runtime(int armed_before)
{
    struct sigaction act = {.sa_sigaction = runtime_handler,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    stack_t stack = {.ss_size = 64 << 10}, now;
    char *p = NULL;
    own_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_sp = own_stack = malloc(stack.ss_size);
    if (armed_before)
        p = make_guard();
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &act, &before_us);
    if (!armed_before)
        p = make_guard();
    if (before_us.sa_handler != SIG_DFL)
        return 60;
    *(volatile char *)own_page = 1;
    if (own_hits != 1 || hits != 0)
        return 61;
    int bad = touch(p, 1);
    if (bad)
        return bad;
    if (handler_sp < own_stack || handler_sp >= own_stack + stack.ss_size)
        return 62;
    return sigaltstack(NULL, &now) == 0 && now.ss_sp == stack.ss_sp && now.ss_flags == 0 ? 0 : 63;
}

/* The older handler stays reachable: it was installed by signal() and is called in its turn. */
static int chained(int unused)
{
    struct sigaction act = {.sa_sigaction = runtime_handler, .sa_flags = SA_SIGINFO};
    (void)unused;
    signal(SIGSEGV, one);
    char *p = make_guard();
    sigaction(SIGSEGV, &act, &before_us);
    if (before_us.sa_handler != one)
        return 70;
    *(volatile char *)p = 1;
    return hits == 2 ? 0 : 71;
}

static sigjmp_buf back;

static void jumps(int sig)
{
    (void)sig;
    siglongjmp(back, 1);
}

static int jumping(int unused)
{
    DWORD old;
    (void)unused;
    char *p = make_guard();
    signal(SIGSEGV, jumps);
    for (volatile int i = 0; i < 200; i++) {
        if (sigsetjmp(back, 1) == 0) {
            *(volatile char *)p = 1;
            return 80;
        }
        if (is_guarded(p) || !VirtualProtect(p, 0x1000, PAGE_READWRITE | PAGE_GUARD, &old))
            return 81;
    }
    return 0;
}

/* ---- vectored handlers come first ---- */

static volatile int heard;
static LONG verdict;

static LONG WINAPI hear(EXCEPTION_POINTERS *e)
{
    heard += e->ExceptionRecord->ExceptionCode == (DWORD)STATUS_GUARD_PAGE_VIOLATION;
    return verdict;
}

static int vectored(int answer)
{
    char *p = make_guard();
    verdict = answer;
    install(BY_INFO);
    AddVectoredExceptionHandler(1, hear);
    if (answer == EXCEPTION_CONTINUE_SEARCH)
        return touch(p, 1) == 0 && heard == 1 ? 0 : 100;
    *(volatile char *)p = 1;
    return hits == 0 && heard == 1 && !is_guarded(p) ? 0 : 101;
}

static void *raises(void *p)
{
    *(volatile char *)p = 1;
    return p;
}

/* In a thread with all signals blocked. */
static int vectored_blocked(int unused)
{
    pthread_t t;
    sigset_t all;
    void *result = NULL;
    char *p = make_guard();
    (void)unused;
    verdict = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(1, hear);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    if (pthread_create(&t, NULL, raises, p) != 0 || pthread_join(t, &result) != 0)
        return 110;
    return result == p && heard == 1 ? 0 : 111;
}

/* ---- actions that change while signals arrive ---- */

static volatile int stop;
static unsigned long wrong, calls_one, calls_three;

#define COUNT(what) __atomic_fetch_add(&(what), 1, __ATOMIC_RELAXED)

static void race_one(int sig)
{
    (void)sig;
    COUNT(calls_one);
}

static void race_three(int sig, siginfo_t *info, void *context)
{
    if (info->si_signo != sig || context == NULL)
        COUNT(wrong);
    COUNT(calls_three);
}

/* What is read back is always one of the two actions, never a mixture. */
static void *changes(void *with_info)
{
    while (!stop) {
        struct sigaction act, old;
        memset(&act, 0, sizeof act);
        act.sa_handler = race_one;
        if (with_info != NULL) {
            act.sa_sigaction = race_three;
            act.sa_flags = SA_SIGINFO;
            sigfillset(&act.sa_mask);
        }
        sigaction(SIGUSR1, &act, &old);
        int three_args = old.sa_sigaction == race_three;
        if (((old.sa_flags & SA_SIGINFO) != 0) != three_args ||
            sigismember(&old.sa_mask, SIGSEGV) != three_args ||
            (!three_args && old.sa_handler != race_one))
            COUNT(wrong);
    }
    return NULL;
}

static void *raises_many(void *unused)
{
    while (!stop)
        raise(SIGUSR1);
    return unused;
}

static int racing(int unused)
{
    pthread_t t[4];
    (void)unused;
    signal(SIGUSR1, race_one);
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, i < 2 ? changes : raises_many, i == 1 ? &stop : NULL);
    usleep(700000);
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    return wrong == 0 && calls_one > 100 && calls_three > 100 ? 0 : 120;
}

/* ---- signals that are sent; the default ---- */

static int sent(int sig)
{
    struct sigaction act = {.sa_sigaction = three, .sa_flags = SA_SIGINFO};
    char *p = make_guard();
    sigaction(sig, &act, NULL);
    kill(getpid(), sig);
    if (hits != 1 || last_sig != sig || last_code != SI_USER || !is_guarded(p))
        return 90;
    signal(sig, SIG_IGN);
    kill(getpid(), sig);
    return hits == 1 ? 0 : 91;
}

static int dies(int sig)
{
    char *p = make_guard();
    if (sig != 0)
        raise(sig);
    else
        *(volatile char *)p = 1;
    return 0;
}

static int dies_by_own_fault(int unused)
{
    char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)unused;
    make_guard();
    *(volatile char *)p = 1;
    return 0;
}

int main(void)
{
    char what[100];
    for (int way = 0; way < N_WAYS; way++) {
        static const char *const names[] = {"sigaction", "sigaction with siginfo", "signal",
                                            "bsd_signal", "ssignal", "sysv_signal", "sigset"};
        snprintf(what, sizeof what, "%s before the first guard page", names[way]);
        in_child(before_arming, way, what, 0);
        snprintf(what, sizeof what, "%s after it", names[way]);
        in_child(after_arming, way, what, 0);
    }
    in_child(change_of_mind, 0, "one handler after another", 0);
    for (int way = 0; way < N_MASKS; way++) {
        snprintf(what, sizeof what, "a guard page with SIGSEGV blocked, way %d", way);
        in_child(blocked, way, what, 0);
    }
    in_child(in_handler_mask, 0, "in a handler that blocks all signals", 0);
    for (int way = 0; way < N_WAITS; way++) {
        snprintf(what, sizeof what, "in a handler while a call waits under a mask, way %d", way);
        in_child(in_wait_mask, way, what, 0);
    }
    in_child(blocked_in_thread, 0, "in a thread that inherits a full mask", 0);
    in_child(blocked_in_thread, 1, "in a thread whose attributes have a full mask", 0);
    in_child(runtime, 0, "a run-time system with a stack and pages of its own, before", 0);
    in_child(runtime, 1, "a run-time system with a stack and pages of its own, after", 0);
    in_child(chained, 0, "a handler that calls the one before it", 0);
    in_child(jumping, 0, "a handler that jumps", 0);
    in_child(vectored, EXCEPTION_CONTINUE_SEARCH, "a vectored handler is asked before", 0);
    in_child(vectored, EXCEPTION_CONTINUE_EXECUTION, "a vectored handler goes on", 0);
    in_child(vectored_blocked, 0, "a vectored handler in a thread that blocks all signals", 0);
    in_child(racing, 0, "handlers that change while signals arrive", 0);
    in_child(sent, SIGSEGV, "SIGSEGV by kill", 0);
    in_child(sent, SIGBUS, "SIGBUS by kill", 0);
    in_child(dies, 0, "nobody handles the guard page: the process ends by SIGSEGV", SIGSEGV);
    in_child(dies, SIGSEGV, "nobody handles a SIGSEGV that was sent", SIGSEGV);
    in_child(dies, SIGBUS, "nobody handles a SIGBUS that was sent", SIGBUS);
    in_child(dies_by_own_fault, 0, "nobody handles a fault elsewhere", SIGSEGV);
    return 0;
}
