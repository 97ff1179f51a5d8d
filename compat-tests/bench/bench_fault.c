/* Faults: a guard page armed and hit, a page made inaccessible, hit and opened by its handler,
 * against the same two changes and one fault with mprotect and a signal handler. */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static char *ours, *theirs;
static size_t n_seen;

static LONG WINVM_CALL count_guard(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != (DWORD)EXCEPTION_GUARD_PAGE)
        return EXCEPTION_CONTINUE_SEARCH;
    n_seen++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG WINVM_CALL open_page(EXCEPTION_POINTERS *info)
{
    DWORD old;
    if (info->ExceptionRecord->ExceptionCode != (DWORD)EXCEPTION_ACCESS_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    n_seen++;
    if (!VirtualProtect((void *)info->ExceptionRecord->ExceptionInformation[1], 1, PAGE_READWRITE,
                        &old))
        bench_stop("VirtualProtect");
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    n_seen++;
    if (mprotect((void *)((uintptr_t)info->si_addr & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE))
        bench_stop("mprotect");
}

static void arm(DWORD prot, size_t n)
{
    DWORD old;
    for (; n; n--) {
        if (!VirtualProtect(ours, PAGE, prot, &old))
            bench_stop("VirtualProtect");
        *(volatile char *)ours = 1;
    }
}

static void guard_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    arm(PAGE_READWRITE | PAGE_GUARD, n);
}

static void no_access_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    arm(PAGE_NOACCESS, n);
}

static void bare_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    for (; n; n--) {
        if (mprotect(theirs, PAGE, PROT_NONE))
            bench_stop("mprotect");
        *(volatile char *)theirs = 1;
    }
}

/* The two sides take turns with the process's signal handler. The kernel's own form of an action is
 * kept: libc's leaves out where a handler returns to. */
static uint64_t winvms[4];

static void bare_prepare(void *ctx, unsigned round)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    (void)ctx;
    (void)round;
    if (syscall(SYS_rt_sigaction, SIGSEGV, NULL, winvms, 8) != 0 ||
        sigaction(SIGSEGV, &act, NULL) != 0)
        bench_stop("sigaction");
}

static void bare_clean(void *ctx, unsigned round)
{
    (void)ctx;
    (void)round;
    if (syscall(SYS_rt_sigaction, SIGSEGV, winvms, NULL, 8) != 0)
        bench_stop("sigaction");
}

static void pair(const char *name, void (*run)(void *, unsigned, size_t),
                 LONG(WINVM_CALL *handler)(EXCEPTION_POINTERS *))
{
    void *handle = AddVectoredExceptionHandler(1, handler);
    if (!handle)
        bench_stop("AddVectoredExceptionHandler");
    bench_pair(&(struct bench_pair){
        .name = name,
        .limit = 1.15,
        .ours = {.run = run},
        .theirs = {.run = bare_run, .prepare = bare_prepare, .clean = bare_clean},
    });
    RemoveVectoredExceptionHandler(handle);
}

/* Both pages lie inside a mapping that was written to, so that both sides split and join it. */
void bench_fault(void)
{
    ours = bench_alloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    theirs = mmap(NULL, GRANULE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (theirs == MAP_FAILED)
        bench_stop("mmap");
    for (size_t i = 0; i < GRANULE; i += PAGE)
        ours[i] = theirs[i] = 1;
    ours += GRANULE / 2;
    theirs += GRANULE / 2;
    pair("guard page armed + hit : mprotect + SIGSEGV", guard_run, count_guard);
    pair("no access armed + hit + opened : mprotect + SIGSEGV", no_access_run, open_page);
    bench_fact("every hit was seen", n_seen > 0, "");
}
