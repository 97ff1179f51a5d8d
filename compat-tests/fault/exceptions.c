/* Exceptions from end to end: faults of a program become exceptions of its vectored handler, on
 * whichever stack there is.
 *
 * I1  Each case runs in a child with one handler; what the handler saw is in `seen`. */
#include "env.h"

#include <setjmp.h>

static EXCEPTION_RECORD seen;
static volatile unsigned n_seen;
static volatile bool on_alternate;
static sigjmp_buf back;

static bool runs_on_alternate(void)
{
    stack_t now;
    sigaltstack(NULL, &now);
    return now.ss_flags & SS_ONSTACK;
}

static void note(const EXCEPTION_POINTERS *info)
{
    n_seen++;
    seen = *info->ExceptionRecord;
    on_alternate = runs_on_alternate();
}

/* Opens what was protected, and the access is made again. */
static LONG NTAPI repair(EXCEPTION_POINTERS *info)
{
    DWORD old;
    note(info);
    if (seen.ExceptionCode == (DWORD)EXCEPTION_ACCESS_VIOLATION)
        VirtualProtect((void *)seen.ExceptionInformation[1], 1, PAGE_READWRITE, &old);
    errno = E2BIG;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG NTAPI jump_back(EXCEPTION_POINTERS *info)
{
    note(info);
    siglongjmp(back, 1);
}

static LONG NTAPI decline(EXCEPTION_POINTERS *info)
{
    note(info);
    return EXCEPTION_CONTINUE_SEARCH;
}

static char *pages(DWORD protection)
{
    return VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, protection);
}

static bool saw(DWORD code, ULONG_PTR kind, const volatile void *at)
{
    return seen.ExceptionCode == code && seen.NumberParameters == 2 &&
           seen.ExceptionInformation[0] == kind && seen.ExceptionInformation[1] == (ULONG_PTR)at;
}

static void guard_and_violation(void *none)
{
    (void)none;
    AddVectoredExceptionHandler(1, repair);
    volatile char *g = pages(PAGE_READWRITE | PAGE_GUARD), *r = pages(PAGE_READONLY);
    errno = ENOTTY;
    g[PAGE + 1] = 1;
    ok(n_seen == 1 && saw(EXCEPTION_GUARD_PAGE, 1, g + PAGE + 1), "guard page");
    r[7] = 1;
    ok(n_seen == 2 && saw(EXCEPTION_ACCESS_VIOLATION, 1, r + 7), "violation");
    ok(g[PAGE + 1] == 1 && r[7] == 1, "both writes were made");
    ok(errno == ENOTTY, "errno is kept");
    ok(!on_alternate, "the handler ran on the thread's stack");
}

static unsigned __attribute__((noinline)) overflow(unsigned n)
{
    volatile char block[500];
    block[n % 500] = (char)n;
    return n == 0 ? 0 : overflow(n - 1) + (unsigned)block[n % 500];
}

static void *overflow_thread(void *wrong)
{
    winvm_thread_attach();
    for (int i = 0; i < 3; i++) {
        n_seen = 0;
        if (sigsetjmp(back, 1) == 0)
            overflow(100000000);
        if (n_seen != 1 || seen.ExceptionCode != (DWORD)EXCEPTION_STACK_OVERFLOW ||
            !on_alternate || runs_on_alternate())
            *(int *)wrong = i + 1;
    }
    return NULL;
}

static void overflow_recovered(void *none)
{
    pthread_t t;
    int wrong = 0;
    (void)none;
    AddVectoredExceptionHandler(1, jump_back);
    pthread_create(&t, NULL, overflow_thread, &wrong);
    pthread_join(t, NULL);
    ok(wrong == 0, "an overflow of a thread's stack, three times (%d)", wrong);
}

/* A stack in winvm's memory grows under the exceptions and overflows with room left. */
static void *use_stack(void *wrong)
{
    volatile char *r = pages(PAGE_READONLY);
    r[1] = 1;
    *(int *)wrong = n_seen != 1 || r[1] != 1;
    return NULL;
}

static void thread_on_own_pages(void *none)
{
    DWORD old;
    pthread_t t;
    pthread_attr_t attr;
    int wrong = 3;
    (void)none;
    AddVectoredExceptionHandler(1, repair);
    char *low = VirtualAlloc(NULL, 16 * GRAN, MEM_RESERVE, PAGE_READWRITE);
    char *top = low + 16 * GRAN;
    VirtualAlloc(top - 3 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    VirtualProtect(top - 3 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old);
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, low, 16 * GRAN);
    ok(pthread_create(&t, &attr, use_stack, &wrong) == 0, "a thread on pages that grow");
    pthread_join(t, NULL);
    ok(wrong == 0, "an exception on it (%d)", wrong);
    ok(winvm_audit() == 0, "audit");
}

/* ---- the end ---- */

static int ends_by(LONG(NTAPI *handler)(EXCEPTION_POINTERS *), volatile char *at)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        alarm(20);
        AddVectoredExceptionHandler(1, handler);
        *at = 1;
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static LONG NTAPI fault_again(EXCEPTION_POINTERS *info)
{
    *(volatile char *)NULL = 1;
    return repair(info);
}

int main(void)
{
    env_start();
    ok(in_child(guard_and_violation, NULL), "guard page and violation, repaired");
    ok(in_child(overflow_recovered, NULL), "overflow of a stack, recovered");
    ok(in_child(thread_on_own_pages, NULL), "a stack in memory of VirtualAlloc");
    ok(ends_by(decline, NULL) == SIGSEGV, "an unhandled violation ends the process");
    ok(ends_by(decline, pages(PAGE_READWRITE | PAGE_GUARD)) == SIGSEGV, "an unhandled guard page");
    ok(ends_by(fault_again, NULL) == SIGSEGV, "a handler that always faults ends the process");
    return env_end();
}
