/* Timers every 50 us whose handlers call the API, over threads that do nothing but call the API.
 *
 * Under winvm-run every call of a handler must work, because a handler that interrupts winvm waits
 * until it is left. Linked with libwinvm alone ("linked") such calls are refused instead: that run
 * shows that the handlers really meet winvm at work. */
#define _GNU_SOURCE
#include <winvm/winvm.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define VALUE 0x5eed

enum { N_KINDS = 3, N_THREADS = 2 };

/* Written by handlers on both threads. */
static unsigned long delivered[N_KINDS], refused, failed, bad_info, bad_mask, put_off;
static int signal_of[N_KINDS];
static volatile int stop;
static int n;

#define COUNT(what) __atomic_fetch_add(&(what), 1, __ATOMIC_RELAXED)

static void ok(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static uint64_t mask_now(void)
{
    uint64_t word = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &word, sizeof word);
    return word;
}

/* The thread stood right behind rt_sigprocmask(SIG_SETMASK), which gives it back the mask that it
 * had before its handlers were put off. */
static int was_put_off(const ucontext_t *uc)
{
    const greg_t *r = uc->uc_mcontext.gregs;
#if defined(__i386__)
    /* The first and the fourth argument; the call itself is made in the vDSO. */
    return r[REG_EBX] == SIG_SETMASK && r[REG_ESI] == 8 && r[REG_EAX] == 0;
#else
    return r[REG_RDI] == SIG_SETMASK && r[REG_R10] == 8 && r[REG_RAX] == 0 &&
           memcmp((const char *)r[REG_RIP] - 2, "\x0f\x05", 2) == 0;
#endif
}

/* All four kinds of change. False: the first call was refused or something is wrong. */
static void call_api(void)
{
    DWORD old;
    char *p = VirtualAlloc(NULL, 0x20000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (p == NULL) {
        if (GetLastError() == ERROR_POSSIBLE_DEADLOCK)
            COUNT(refused);
        else
            COUNT(failed);
        return;
    }
    p[0x1fff] = 1;
    if (!VirtualProtect(p, 0x1000, PAGE_READONLY, &old) || old != PAGE_READWRITE ||
        !VirtualFree(p + 0x10000, 0x1000, MEM_DECOMMIT) || !VirtualFree(p, 0, MEM_RELEASE))
        COUNT(failed);
}

static void arrived(int kind, const siginfo_t *info, const ucontext_t *uc)
{
    uint64_t own = (uint64_t)1 << (signal_of[kind] - 1);
    COUNT(delivered[kind]);
    if (info != NULL && (info->si_code != SI_TIMER || info->si_value.sival_int != VALUE + kind ||
                         info->si_signo != signal_of[kind]))
        COUNT(bad_info);
    /* The signal itself and the mask of its action, nothing of a handler that was put off. */
    if ((mask_now() & own) == 0 || mask_now() & ((uint64_t)1 << (SIGUSR2 - 1)))
        COUNT(bad_mask);
    if (uc != NULL && was_put_off(uc))
        COUNT(put_off);
    call_api();
}

static void with_info(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    arrived(0, info, context);
}

static void with_one(int sig)
{
    (void)sig;
    arrived(1, NULL, NULL);
}

static timer_t once_timer;

/* SA_RESETHAND: installs itself again, and only then is there another signal: a kernel ends the
 * process at once when one is sent between the reset and the handler's first instruction. */
static void once(int sig, siginfo_t *info, void *context)
{
    struct sigaction act = {.sa_sigaction = once, .sa_flags = SA_SIGINFO | SA_RESETHAND};
    struct itimerspec next = {{0, 0}, {0, 61000}};
    arrived(2, info, context);
    sigaction(sig, &act, NULL);
    if (!stop)
        timer_settime(once_timer, 0, &next, NULL);
}

static void install(void)
{
    struct sigaction act = {.sa_sigaction = with_info, .sa_flags = SA_SIGINFO | SA_RESTART};
    for (int i = 0; i < N_KINDS; i++)
        signal_of[i] = i == 1 ? SIGALRM : SIGRTMIN + i;
    sigaction(signal_of[0], &act, NULL);
    act.sa_handler = with_one;
    act.sa_flags = 0;
    sigaction(signal_of[1], &act, NULL);
    act.sa_sigaction = once;
    act.sa_flags = SA_SIGINFO | SA_RESETHAND;
    sigaction(signal_of[2], &act, NULL);
}

/* The last kind goes to one thread only. */
static void start_timers(timer_t *timer, int n_kinds)
{
    struct itimerspec every = {{0, 50000}, {0, 50000}};
    for (int i = 0; i < n_kinds; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_of[i]};
        event.sigev_value.sival_int = VALUE + i;
        event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
        if (timer_create(CLOCK_MONOTONIC, &event, &timer[i]) != 0)
            continue;
        if (i == N_KINDS - 1) {
            once_timer = timer[i];
            every.it_interval.tv_nsec = 0;
        }
        timer_settime(timer[i], 0, &every, NULL);
        every.it_interval.tv_nsec += 7000;
    }
}

/* The child has the parent's mask and can change memory. */
static int fork_once(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        void *p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        _exit(p != NULL && VirtualFree(p, 0, MEM_RELEASE) && mask_now() == 0 ? 0 : 1);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && status == 0;
}

static void *work(void *number)
{
    timer_t timer[N_KINDS];
    unsigned long bad = 0, rounds = 0;
    int n_kinds = number == NULL ? N_KINDS : N_KINDS - 1;
    start_timers(timer, n_kinds);
    while (!stop) {
        char *p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        bad += p == NULL;
        bad += p != NULL && !VirtualFree(p, 0, MEM_RELEASE);
        bad += ++rounds % 500 == 0 && !fork_once();
    }
    for (int i = 0; i < n_kinds; i++)
        timer_delete(timer[i]);
    bad += mask_now() != 0;
    return (void *)bad;
}

int main(int argc, char **argv)
{
    int linked = argc > 1 && strcmp(argv[1], "linked") == 0;
    pthread_t thread[N_THREADS];
    unsigned long bad = 0;
    struct timespec run = {2, 0};
    sigset_t all;
    install();
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&thread[i], NULL, work, (void *)(intptr_t)i);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    nanosleep(&run, NULL);
    stop = 1;
    for (int i = 0; i < N_THREADS; i++) {
        void *result;
        pthread_join(thread[i], &result);
        bad += (unsigned long)result;
    }
    printf("# delivered %lu %lu %lu, put off %lu, refused %lu\n", delivered[0], delivered[1],
           delivered[2], put_off, refused);
    ok(bad == 0, "the interrupted calls and forks work, and the mask is as before");
    ok(delivered[0] > 5000 && delivered[1] > 5000 && delivered[2] > 5000, "thousands arrive");
    ok(bad_info == 0, "each siginfo is the timer's");
    ok(bad_mask == 0, "each handler has its own mask");
    ok(failed == 0, "no call fails halfway");
    if (linked) {
        ok(refused > 1000, "linked: thousands of calls are refused");
    } else {
        ok(refused == 0, "no call of a handler is refused");
        ok(put_off > 1000, "thousands were put off");
    }
    return 0;
}
