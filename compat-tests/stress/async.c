/* Guard pages hit in a signal handler that interrupts winvm: a timer of 50 us, its handler touches
 * pages which the interrupted thread is changing.
 *
 * Each case runs a loop of calls for a share of the time (first argument: seconds, 4). Each arming
 * that a touch found causes one exception, whatever the touch interrupted; no call may hang (the
 * alarm ends the program). Output is TAP. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults.h"
#include "stress.h"

enum { PAGES = 32, MORE_SECONDS = 60, PERIOD_NS = 50000 };
#define GUARDED (PAGE_READWRITE | PAGE_GUARD)

static unsigned long seconds = 4;
static unsigned long n_signals, n_calls;
static uint32_t state = 88172645u;

static char *page_at(unsigned i)
{
    return counted.base + (size_t)i * PAGE;
}

/* ---- the handler ---- */

static void on_timer(int sig)
{
    static uint32_t random = 123456789u;
    int kept = errno;
    (void)sig;
    for (unsigned i = 0; i < 4; i++)
        stress_leaf(page_at(next_random(&random) % PAGES) + 16);
    if (errno != kept)
        wrong("a fault changed errno");
    n_signals++;
}

static timer_t timer;

static bool make_timer(void)
{
    struct sigaction sa = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    return sigaction(SIGRTMIN, &sa, NULL) == 0 &&
           timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
}

static void set_timer(long period)
{
    struct itimerspec spec = {{0, period}, {0, period}};
    timer_settime(timer, 0, &spec, NULL);
}

/* ---- the interrupted calls ---- */

static unsigned armed[PAGES], untouched[PAGES];
static bool blurred; /* the end of some armings could not be seen */

static void set(unsigned i, DWORD protect)
{
    DWORD old = 0;
    if (!VirtualProtect(page_at(i), PAGE, protect, &old))
        wrong("a change of protection failed");
    untouched[i] += (old & PAGE_GUARD) != 0;
    armed[i] += (protect & PAGE_GUARD) != 0;
    n_calls++;
}

static void reserve(char *at, DWORD type, DWORD protect)
{
    if (VirtualAlloc(at, PAGES * PAGE, type, protect) != at)
        wrong("the range could not be had");
    n_calls++;
}

static void arm_all(void)
{
    for (unsigned i = 0; i < PAGES; i++)
        set(i, GUARDED);
}

static void same_pages(void)
{
    static const DWORD prots[] = {GUARDED, PAGE_READWRITE, GUARDED, PAGE_NOACCESS};
    for (unsigned i = 0; i < 64; i++)
        set(next_random(&state) % PAGES, prots[next_random(&state) % 4]);
}

static void other_pages(void)
{
    size_t size = (1 + next_random(&state) % 24) * (size_t)PAGE;
    char *p = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old;
    if (!p) {
        wrong("an allocation failed");
        return;
    }
    p[size - 1] = 1;
    if (!VirtualProtect(p, size, PAGE_READONLY, &old) || old != PAGE_READWRITE)
        wrong("a protection was not the one that was set");
    if (!VirtualFree(p, size / 2 / PAGE * PAGE + PAGE, MEM_DECOMMIT))
        wrong("a decommit failed");
    if (!VirtualFree(p, 0, MEM_RELEASE))
        wrong("a release failed");
    n_calls += 4;
    set(next_random(&state) % PAGES, GUARDED);
}

static void freed_pages(void)
{
    blurred = true;
    if (!VirtualFree(counted.base, 0, MEM_RELEASE))
        wrong("a release failed");
    reserve(counted.base, MEM_RESERVE, PAGE_READWRITE);
    reserve(counted.base, MEM_COMMIT, GUARDED);
    for (unsigned i = 0; i < PAGES; i++)
        armed[i]++;
    if (!VirtualFree(page_at(PAGES / 2), PAGE, MEM_DECOMMIT))
        wrong("a decommit failed");
    n_calls += 2;
}

/* ---- what must hold when everything stands still ---- */

static void check_page(unsigned i)
{
    MEMORY_BASIC_INFORMATION m = {0};
    unsigned seen = load(&counted.guard[i]), left;
    VirtualQuery(page_at(i), &m, sizeof m);
    left = m.State == MEM_COMMIT && (m.Protect & PAGE_GUARD) != 0;
    if (kernel_rights(page_at(i)) != table_rights(page_at(i)))
        wrong("the kernel and the table do not agree about a page");
    if (seen > armed[i] - untouched[i] - left)
        wrong("more exceptions than armings that were touched");
    if (!blurred && seen < armed[i] - untouched[i] - left)
        wrong("an arming was used up without an exception");
}

static unsigned long check_all(void)
{
    unsigned long hits = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        check_page(i);
        hits += counted.guard[i];
    }
    if (load(&counted.strange))
        wrong("an exception that nobody caused");
    if (winvm_audit() != 0)
        wrong("winvm_audit found a broken invariant");
    return hits;
}

/* ---- a thread that keeps the lock busy ---- */

static bool busy_ends;

static void *busy_thread(void *arg)
{
    uint32_t x = 362436069u;
    (void)arg;
    while (!__atomic_load_n(&busy_ends, __ATOMIC_ACQUIRE)) {
        size_t size = (1 + next_random(&x) % 8) * (size_t)PAGE;
        char *p = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, GUARDED);
        if (!p || !VirtualFree(p, 0, MEM_RELEASE))
            wrong("the other thread's calls failed");
    }
    return NULL;
}

static bool start_busy(pthread_t *thread)
{
    sigset_t set, old;
    sigfillset(&set);
    busy_ends = false;
    pthread_sigmask(SIG_SETMASK, &set, &old);
    bool started = pthread_create(thread, NULL, busy_thread, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

/* ---- cases ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned n_cases, n_failed;

static void begin_case(void)
{
    why = NULL;
    blurred = false;
    n_signals = n_calls = 0;
    memset(armed, 0, sizeof armed);
    memset(untouched, 0, sizeof untouched);
    memset(counted.guard, 0, sizeof counted.guard);
    reserve(counted.base, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    arm_all();
}

static void end_case(const char *name)
{
    unsigned long hits = check_all();
    if (!VirtualFree(counted.base, 0, MEM_RELEASE))
        wrong("a release failed");
    if (!why && (n_signals == 0 || hits == 0))
        wrong("no guard page was ever hit in a handler");
    printf("# %lu calls, %lu signals, %lu guard pages hit\n", n_calls, n_signals, hits);
    n_failed += !report(++n_cases, name);
}

static void run_case(const char *name, void (*loop)(void), bool busy)
{
    double end = now() + (double)seconds / 4;
    pthread_t thread;
    begin_case();
    if (busy && !start_busy(&thread)) {
        wrong("no thread");
        busy = false;
    }
    set_timer(PERIOD_NS);
    while (now() < end && !why)
        loop();
    set_timer(0);
    __atomic_store_n(&busy_ends, true, __ATOMIC_RELEASE);
    if (busy)
        pthread_join(thread, NULL);
    end_case(name);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds = strtoul(argv[1], NULL, 0);
    counted.n = PAGES;
    counted.base = VirtualAlloc(NULL, PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    if (!counted.base || !VirtualFree(counted.base, 0, MEM_RELEASE) || !make_timer() ||
        !AddVectoredExceptionHandler(1, count_exception)) {
        printf("Bail out! no range, timer or handler\n");
        return 1;
    }
    alarm((unsigned)seconds + MORE_SECONDS);
    run_case("touched while the same pages are changed", same_pages, false);
    run_case("touched while other pages are changed", other_pages, false);
    run_case("touched while the pages are freed and armed", freed_pages, false);
    run_case("touched while two threads change pages", same_pages, true);
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
