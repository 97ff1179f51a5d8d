/* Every call that installs a handler or changes a mask, with good and bad arguments: prints what
 * the program sees. signals.sh compares the lines of a run without winvm with those under it.
 *
 * Argument "armed": a guard page is made first, so that winvm keeps SIGSEGV and SIGBUS.
 * "exceptions": a vectored handler is added first: then it keeps SIGILL, SIGTRAP, SIGFPE too. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The convention of plain names. */
#if defined(__i386__)
#define CALL __attribute__((stdcall))
#else
#define CALL
#endif
extern CALL void *VirtualAlloc(void *at, size_t len, unsigned type, unsigned prot)
    __attribute__((weak));
extern CALL void *AddVectoredExceptionHandler(unsigned first, int (CALL *handler)(void *))
    __attribute__((weak));

static volatile sig_atomic_t calls;
static volatile int last_sig, last_code, last_value, last_errno_kept;
static volatile uint64_t last_mask;

static uint64_t word_of(const sigset_t *set)
{
    uint64_t word;
    memcpy(&word, set, sizeof word);
    return word;
}

static void note(int sig)
{
    sigset_t now;
    calls++;
    last_sig = sig;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    last_mask = word_of(&now);
}

static void with_one(int sig)
{
    note(sig);
    last_code = last_value = 0;
}

static void with_three(int sig, siginfo_t *info, void *context)
{
    note(sig);
    last_code = context != NULL ? info->si_code : -999;
    last_value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
}

static const char *name_of(__sighandler_t h)
{
    return h == SIG_DFL ? "DFL" : h == SIG_IGN ? "IGN" : h == SIG_ERR ? "ERR"
         : h == SIG_HOLD ? "HOLD" : h == with_one ? "one"
         : h == (__sighandler_t)with_three ? "three" : "?";
}

static void print_action(const char *what, int sig, int result, const struct sigaction *act)
{
    printf("%s %d: %d", what, sig, result);
    if (result != 0)
        printf(" errno %d\n", errno);
    else
        printf(" %s flags %x mask %llx\n", name_of(act->sa_handler), (unsigned)act->sa_flags,
               (unsigned long long)word_of(&act->sa_mask));
}

static void round_trip(int sig, __sighandler_t h, int flags, uint64_t mask)
{
    struct sigaction act, old;
    memset(&act, 0, sizeof act);
    memset(&old, 0, sizeof old);
    act.sa_handler = h;
    act.sa_flags = flags;
    memcpy(&act.sa_mask, &mask, sizeof mask);
    print_action("set", sig, sigaction(sig, &act, &old), &old);
    print_action("get", sig, sigaction(sig, NULL, &old), &old);
    print_action("same", sig, sigaction(sig, &old, &old), &old);
}

static void round_trips(void)
{
    static const int flags[] = {0, SA_SIGINFO, SA_NODEFER, SA_RESTART, SA_ONSTACK, SA_RESETHAND,
                                SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO | SA_ONSTACK | SA_RESTART,
                                SA_RESETHAND | SA_NODEFER | SA_SIGINFO, -1, 0x400};
    static const uint64_t masks[] = {0, ~(uint64_t)0, 1 << (SIGSEGV - 1),
                                     1 << (SIGBUS - 1) | 1 << (SIGHUP - 1), (uint64_t)1 << 40};
    for (int sig = -1; sig <= 66; sig++) {
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
            __sighandler_t h = flags[i] & SA_SIGINFO ? (__sighandler_t)with_three : with_one;
            round_trip(sig, h, flags[i], masks[i % 5]);
        }
        round_trip(sig, SIG_IGN, SA_SIGINFO, ~(uint64_t)0);
        round_trip(sig, SIG_DFL, 0, 0);
    }
}

static void print_old(const char *what, int sig, __sighandler_t h)
{
    struct sigaction now;
    printf("%s %d: %s", what, sig, name_of(h));
    if (h == SIG_ERR)
        printf(" errno %d", errno);
    memset(&now, 0, sizeof now);
    if (sigaction(sig, NULL, &now) == 0)
        printf(", then %s %x %llx", name_of(now.sa_handler), (unsigned)now.sa_flags,
               (unsigned long long)word_of(&now.sa_mask));
    printf("\n");
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void older_calls(int sig)
{
    extern __sighandler_t bsd_signal(int, __sighandler_t);
    print_old("signal", sig, signal(sig, with_one));
    print_old("signal", sig, signal(sig, SIG_IGN));
    print_old("signal", sig, signal(sig, SIG_ERR));
    printf("siginterrupt: %d\n", siginterrupt(sig, 1));
    print_old("signal", sig, signal(sig, with_one));
    printf("siginterrupt: %d\n", siginterrupt(sig, 0));
    print_old("bsd_signal", sig, bsd_signal(sig, with_one));
    print_old("ssignal", sig, ssignal(sig, SIG_DFL));
    print_old("sysv_signal", sig, sysv_signal(sig, with_one));
    print_old("sysv_signal", sig, sysv_signal(sig, SIG_ERR));
    print_old("sigset", sig, sigset(sig, with_one));
    print_old("sigset hold", sig, sigset(sig, SIG_HOLD));
    print_old("sigset hold", sig, sigset(sig, SIG_HOLD));
    print_old("sigset", sig, sigset(sig, SIG_DFL));
    print_old("sigset err", sig, sigset(sig, SIG_ERR));
    printf("sigignore: %d\n", sigignore(sig));
    print_old("after", sig, signal(sig, SIG_DFL));
}

static void print_mask(const char *what, int result)
{
    sigset_t now;
    sigemptyset(&now);
    int got = pthread_sigmask(SIG_BLOCK, NULL, &now);
    printf("%s: %d, mask %d %llx\n", what, result, got, (unsigned long long)word_of(&now));
}

static void *mask_of_thread(void *what)
{
    print_mask(what, 0);
    return NULL;
}

static void in_thread(const char *what, const pthread_attr_t *attr)
{
    pthread_t t;
    int err = pthread_create(&t, attr, mask_of_thread, (void *)what);
    if (err == 0)
        pthread_join(t, NULL);
    else
        printf("%s: %d\n", what, err);
}

static void masks(void)
{
    sigset_t set, old, both;
    sigemptyset(&both);
    sigaddset(&both, SIGSEGV);
    sigaddset(&both, SIGUSR1);
    print_mask("start", 0);
    print_mask("block", sigprocmask(SIG_BLOCK, &both, &old));
    in_thread("thread", NULL);
    sigfillset(&set);
    print_mask("all", pthread_sigmask(SIG_SETMASK, &set, &old));
    printf("old %llx\n", (unsigned long long)word_of(&old));
    print_mask("bad how", pthread_sigmask(77, &both, &old));
    print_mask("bad how", sigprocmask(77, &both, &old));
    print_mask("no set", sigprocmask(77, NULL, &old));
    print_mask("unblock", pthread_sigmask(SIG_UNBLOCK, &both, &old));
    print_mask("same", pthread_sigmask(SIG_SETMASK, &old, &old));
    print_mask("none", sigsetmask(0));
    printf("sigblock %x\n", (unsigned)sigblock(sigmask(SIGBUS) | sigmask(SIGHUP)));
    printf("siggetmask %x\n", (unsigned)siggetmask());
    printf("sighold %d %d\n", sighold(SIGSEGV), sighold(99));
    print_mask("sigrelse", sigrelse(SIGBUS));
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setsigmask_np(&attr, &both);
    in_thread("thread with mask", &attr);
    sigemptyset(&set);
    pthread_attr_setsigmask_np(&attr, &set);
    in_thread("thread with empty mask", &attr);
    print_mask("creator", 0);
    pid_t child = fork();
    if (child == 0) {
        print_mask("child", 0);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    print_mask("none", sigsetmask(0));
}

/* One delivery of sig through each kind of handler. */
static void deliver(int sig)
{
    struct sigaction act;
    union sigval value = {.sival_int = 4711 + sig};
    memset(&act, 0, sizeof act);
    act.sa_sigaction = with_three;
    act.sa_flags = SA_SIGINFO;
    sigaddset(&act.sa_mask, SIGHUP);
    sigaction(sig, &act, NULL);
    raise(sig);
    printf("raise %d: got %d code %d mask %llx\n", sig, last_sig, last_code,
           (unsigned long long)last_mask);
    sigqueue(getpid(), sig, value);
    printf("sigqueue %d: code %d value %d\n", sig, last_code, last_value);
    act.sa_handler = with_one;
    act.sa_flags = SA_RESETHAND | SA_NODEFER;
    sigaction(sig, &act, NULL);
    kill(getpid(), sig);
    sigaction(sig, NULL, &act);
    printf("kill %d: got %d mask %llx, then %s %x\n", sig, last_sig, (unsigned long long)last_mask,
           name_of(act.sa_handler), (unsigned)act.sa_flags);
    signal(sig, SIG_IGN);
    raise(sig);
    signal(sig, SIG_DFL);
}

/* What a child of vfork does to its signals is no business of the parent's. */
static void borrowed(int sig)
{
    struct sigaction now;
    signal(sig, with_one);
    pid_t child = vfork();
    if (child == 0) {
        signal(sig, SIG_DFL);
        _exit(sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_DFL ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    sigaction(sig, NULL, &now);
    printf("vfork %d: child %x, parent %s\n", sig, (unsigned)status, name_of(now.sa_handler));
    raise(sig);
    printf("vfork %d: got %d\n", sig, last_sig);
    signal(sig, SIG_DFL);
}

/* More handlers than winvm has places for, as a program has them that makes code at run time. */
static void many_handlers(void)
{
    enum { MANY = 700 };
    int same = 0, alive = 0;
    struct sigaction act, old;
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        return;
    memset(code, 0xc3, 4096); /* ret */
    for (int i = 0; i < MANY; i++) {
        memset(&act, 0, sizeof act);
        act.sa_handler = (__sighandler_t)(code + i);
        sigfillset(&act.sa_mask);
        sigdelset(&act.sa_mask, SIGSEGV);
        sigdelset(&act.sa_mask, SIGBUS);
        sigaction(SIGUSR1, &act, NULL);
        sigaction(SIGUSR1, NULL, &old);
        same += old.sa_handler == act.sa_handler && word_of(&old.sa_mask) == word_of(&act.sa_mask) -
                    ((uint64_t)1 << (SIGKILL - 1)) - ((uint64_t)1 << (SIGSTOP - 1));
        alive += raise(SIGUSR1) == 0;
    }
    printf("handlers: %d read back, %d called\n", same, alive);
    signal(SIGUSR1, SIG_DFL);
}

static CALL int hear(void *unused)
{
    (void)unused;
    return 0; /* EXCEPTION_CONTINUE_SEARCH */
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && strcmp(argv[1], "armed") == 0) {
        volatile char *p = VirtualAlloc(NULL, 0x10000, 0x3000, 0x104);
        if (p == NULL)
            return 2;
    }
    if (argc > 1 && strcmp(argv[1], "exceptions") == 0) {
        if (AddVectoredExceptionHandler(1, hear) == NULL)
            return 2;
    }
    round_trips();
    for (int sig = 0; sig <= 65; sig += sig == 15 ? 1 : sig == 0 || sig > 30 ? 1 : 2)
        older_calls(sig);
    older_calls(SIGBUS);
    masks();
    for (int sig = 1; sig <= 64; sig++) {
        if (sig != SIGKILL && sig != SIGSTOP && sig != 32 && sig != 33)
            deliver(sig);
    }
    many_handlers();
    borrowed(SIGUSR1);
    borrowed(SIGSEGV);
    printf("calls %d\n", (int)calls);
    return 0;
}
