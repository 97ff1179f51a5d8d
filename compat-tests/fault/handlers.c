/* Signal handlers of the program beside winvm's: before, behind and instead of them, and how a
 * process ends whose guard page nobody expected. No exception handler is installed here.
 *
 * Terms   first = installed before winvm's; host = a handler that asks winvm_handle_fault. */
#include "env.h"

#include <setjmp.h>

static volatile int n_calls, n_taken;
static void *volatile seen_at;
static sigjmp_buf back;

static void on_first(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    n_calls++;
    seen_at = info->si_addr;
}

static void on_jump(int sig)
{
    n_calls++;
    siglongjmp(back, sig);
}

static void on_host(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    errno = E2BIG;
    if (winvm_handle_fault(sig, info, context)) {
        n_taken += errno == E2BIG;
        errno = saved;
        return;
    }
    on_first(sig, info, context);
    errno = saved;
}

static void install(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction act;
    memset(&act, 0, sizeof(act));
    act.sa_flags = SA_SIGINFO | flags;
    act.sa_sigaction = handler;
    sigaction(sig, &act, NULL);
}

static volatile char *guard_pages(unsigned n)
{
    return VirtualAlloc(NULL, n * (size_t)PAGE, MEM_RESERVE | MEM_COMMIT,
                        PAGE_READWRITE | PAGE_GUARD);
}

/* The signal that ends a child which runs fn(arg), 0: none did. */
static int ends_by(void (*fn)(void *), void *arg)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        alarm(20);
        fn(arg);
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void touch_guard(void *page)
{
    *(volatile char *)page = 1;
}

static void touch_null(void *none)
{
    guard_pages(1); /* the handlers are there */
    *(volatile char *)none = 1;
}

static void nobody(void)
{
    volatile char *p = guard_pages(2);
    ok(ends_by(touch_guard, (char *)p + PAGE) == SIGSEGV, "a guard page that nobody expects");
    ok(ends_by(touch_null, NULL) == SIGSEGV, "an access violation likewise");
    ok(is_state((char *)p, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD), "the parent's page keeps it");
    VirtualFree((char *)p, 0, MEM_RELEASE);
}

/* In a child: nothing of winvm's is installed yet. */
static void first_handler(void *flags)
{
    install(SIGSEGV, on_first, (int)(intptr_t)flags);
    volatile char *p = guard_pages(2);
    p[PAGE + 5] = 7;
    ok(n_calls == 1 && seen_at == p + PAGE + 5, "the first handler hears of the guard page");
    ok(p[PAGE + 5] == 7, "the byte is written");
    ok(is_state((char *)p + PAGE, MEM_COMMIT, PAGE_READWRITE), "the guard is off");
    ok(is_state((char *)p, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD), "the other page keeps it");
    p[PAGE] = 8;
    ok(n_calls == 1, "once");
    struct sigaction act;
    sigaction(SIGSEGV, NULL, &act);
    ok(act.sa_sigaction != on_first, "the slot is winvm's");
}

static void jumping_handler(void *none)
{
    struct sigaction act;
    sigset_t mask;
    (void)none;
    memset(&act, 0, sizeof(act));
    act.sa_handler = on_jump;
    sigaction(SIGSEGV, &act, NULL);
    guard_pages(1);
    for (int i = 1; i <= 50; i++) {
        if (sigsetjmp(back, 1) == 0)
            *(volatile char *)NULL = 1;
        sigprocmask(SIG_SETMASK, NULL, &mask);
        if (n_calls != i || sigismember(&mask, SIGSEGV))
            break;
    }
    ok(n_calls == 50, "siglongjmp out of the first handler, again and again");
}

static void host_handler(void *flags)
{
    volatile char *p = guard_pages(2);
    install(SIGSEGV, on_host, (int)(intptr_t)flags);
    p[1] = 1;
    ok(n_calls == 1 && n_taken == 0, "a guard page that nobody handles is the host's");
    ok(is_state((char *)p, MEM_COMMIT, PAGE_READWRITE), "its guard is off");
    ok(winvm_handle_fault(SIGUSR1, NULL, NULL) == 0, "another signal is not winvm's");
}

/* First writes are watched by protection: such a fault is winvm's own affair. */
static int watch_role(const char *flags)
{
    void *pages[4];
    ULONG_PTR n = 4;
    DWORD granularity;
    env_quiet = true;
    char *range = VirtualAlloc(NULL, 4 * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                 PAGE_READWRITE);
    volatile char *p = range;
    ResetWriteWatch(range, 4 * PAGE);
    if (flags && *flags)
        install(SIGSEGV, on_host, *flags == 's' ? SA_ONSTACK : 0);
    errno = ENOTTY;
    p[2 * PAGE + 1] = 9;
    ok(errno == ENOTTY, "errno is kept");
    ok(p[2 * PAGE + 1] == 9 && n_calls == 0, "the write is done");
    ok(n_taken == (flags && *flags ? 1 : 0), "the host's handler was asked");
    ok(GetWriteWatch(0, range, 4 * PAGE, pages, &n, &granularity) == 0 && n == 1 &&
           pages[0] == p + 2 * PAGE, "the page is reported");
    return env_failed != 0;
}

static void watched(const char *flags, const char *what)
{
    struct env_role r = {.role = "watch", .arg = flags, .options = "userfaultfd=0"};
    ok(env_run_role(&r) == 0, "a watched page is written with userfaultfd=0, %s", what);
}

/* ---- alternate stacks ---- */

static bool has_alternate(void)
{
    stack_t now;
    sigaltstack(NULL, &now);
    return !(now.ss_flags & SS_DISABLE);
}

static void *change_memory(void *wrong)
{
    if (has_alternate())
        *(int *)wrong |= 1;
    VirtualFree(VirtualAlloc(NULL, PAGE, MEM_RESERVE, PAGE_READWRITE), 0, MEM_RELEASE);
    if (!has_alternate())
        *(int *)wrong |= 2;
    return NULL;
}

static void *attach(void *wrong)
{
    if (winvm_thread_attach() != 0 || !has_alternate())
        *(int *)wrong |= 4;
    winvm_thread_detach();
    if (has_alternate())
        *(int *)wrong |= 8;
    return NULL;
}

static void alternate_stacks(void)
{
    pthread_t t;
    int wrong = 0;
    volatile char *p = guard_pages(1);
    pthread_create(&t, NULL, change_memory, &wrong);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, attach, &wrong);
    pthread_join(t, NULL);
    ok(wrong == 0, "a thread gets its stack at its first change, or when it asks (%d)", wrong);
    for (int i = 0; i < 8; i++) /* the C library keeps a few stacks */
        pthread_create(&t, NULL, change_memory, &wrong), pthread_join(t, NULL);
    unsigned before = env_map_count();
    for (int i = 0; i < 50; i++)
        pthread_create(&t, NULL, change_memory, &wrong), pthread_join(t, NULL);
    ok(env_map_count() <= before + 2, "and gives it back");
    VirtualFree((char *)p, 0, MEM_RELEASE);
}

int main(int argc, char **argv)
{
    env_start();
    if (argc == 3 && strcmp(argv[1], "watch") == 0)
        return watch_role(argv[2]);
    ok(in_child(first_handler, NULL), "a first handler");
    ok(in_child(first_handler, (void *)(intptr_t)SA_ONSTACK), "a first handler with SA_ONSTACK");
    ok(in_child(jumping_handler, NULL), "a first handler that jumps");
    ok(in_child(host_handler, NULL), "a host's handler");
    ok(in_child(host_handler, (void *)(intptr_t)SA_ONSTACK), "a host's handler with SA_ONSTACK");
    watched("", "by winvm's handler");
    watched("p", "by a host's");
    watched("s", "by a host's on the alternate stack");
    nobody();
    alternate_stacks();
    ok(winvm_audit() == 0, "audit");
    return env_end();
}
