/* Several threads in the API at once (specification VA-129, VA-130), and signal handlers that call
 * it as well.
 *
 * Each case runs a few threads for a number of rounds (first argument: a factor) and checks what
 * must hold whatever the order was. A watchdog turns a hang into a failure. Output is TAP. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "stress.h"

enum { PAGE = 4096, N_THREADS = 4, WATCHDOG_SECONDS = 80 };

static unsigned factor = 20;
static const char *volatile running = "start";

static char *page_at(char *base, unsigned i)
{
    return base + (size_t)i * PAGE;
}

/* ---- own ranges: nobody disturbs anybody ---- */

static bool check_tags(char *base, unsigned n, uint64_t tag)
{
    for (unsigned i = 0; i < n; i++)
        if (*(volatile uint64_t *)page_at(base, i) != tag + i)
            return wrong("a page of one thread was changed by another");
    return true;
}

static bool own_round(uint32_t *state, uint64_t tag)
{
    unsigned n = 1 + next_random(state) % 40;
    DWORD old;
    char *p = VirtualAlloc(NULL, (size_t)n * PAGE, MEM_RESERVE, PAGE_READONLY);
    if (!p)
        return wrong("a reservation failed");
    if (VirtualAlloc(p, (size_t)n * PAGE, MEM_COMMIT, PAGE_READWRITE) != p)
        return wrong("a commit failed");
    for (unsigned i = 0; i < n; i++) {
        if (*(volatile uint64_t *)page_at(p, i) != 0)
            return wrong("a fresh page is not zero");
        *(volatile uint64_t *)page_at(p, i) = tag + i;
    }
    unsigned k = next_random(state) % n;
    if (!VirtualProtect(page_at(p, k), PAGE, PAGE_READONLY, &old) || old != PAGE_READWRITE)
        return wrong("a protection was not the thread's own");
    if (!check_tags(p, n, tag))
        return false;
    if (!VirtualFree(page_at(p, k), PAGE, MEM_DECOMMIT))
        return wrong("a decommit failed");
    MEMORY_BASIC_INFORMATION m;
    if (!VirtualQuery(page_at(p, k), &m, sizeof m) || m.State != MEM_RESERVE ||
        m.AllocationBase != p)
        return wrong("a decommit was lost");
    if (!VirtualAlloc(page_at(p, k), PAGE, MEM_COMMIT, PAGE_READWRITE))
        return wrong("a second commit failed");
    if (*(volatile uint64_t *)page_at(p, k) != 0)
        return wrong("a decommitted page kept its contents");
    return VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("a release failed");
}

static void *own_thread(void *arg)
{
    uint32_t state = (uint32_t)(uintptr_t)arg * 2654435761u + 1;
    for (unsigned i = 0; i < 100 * factor && !is_wrong(); i++)
        own_round(&state, (uint64_t)(uintptr_t)arg << 40 | (uint64_t)i << 16);
    return NULL;
}

/* ---- one reservation: no commit is lost ---- */

enum { SHARED_PAGES = 512 };
static char *shared;

/* Thread t owns the pages i with i % N_THREADS == t. */
static void *interleave_thread(void *arg)
{
    unsigned t = (uintptr_t)arg;
    MEMORY_BASIC_INFORMATION m;
    for (unsigned round = 0; round < factor && !is_wrong(); round++) {
        for (unsigned i = t; i < SHARED_PAGES; i += N_THREADS)
            if (!VirtualAlloc(page_at(shared, i), PAGE, MEM_COMMIT, PAGE_READWRITE))
                wrong("a commit failed");
            else
                *(volatile uint64_t *)page_at(shared, i) = i + round;
        for (unsigned i = t; i < SHARED_PAGES && !is_wrong(); i += N_THREADS) {
            if (!VirtualQuery(page_at(shared, i), &m, sizeof m) || m.State != MEM_COMMIT)
                wrong("a commit was lost");
            else if (*(volatile uint64_t *)page_at(shared, i) != i + round)
                wrong("contents were lost");
            else if (!VirtualFree(page_at(shared, i), PAGE, MEM_DECOMMIT))
                wrong("a decommit failed");
        }
    }
    return NULL;
}

/* ---- one page: the old protection is the one really replaced ---- */

static const DWORD prots[] = {PAGE_READWRITE, PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE_READ};
enum { N_PROTS = sizeof prots / sizeof prots[0] };
static long balance[N_PROTS];   /* times set minus times replaced */

static unsigned prot_number(DWORD prot)
{
    for (unsigned k = 0; k < N_PROTS; k++)
        if (prots[k] == prot)
            return k;
    wrong("an old protection that nobody set");
    return 0;
}

static void *protect_thread(void *arg)
{
    uint32_t state = (uint32_t)(uintptr_t)arg * 40503u + 7;
    for (unsigned i = 0; i < 300 * factor && !is_wrong(); i++) {
        unsigned k = next_random(&state) % N_PROTS;
        DWORD old = 0;
        if (!VirtualProtect(shared, PAGE, prots[k], &old))
            wrong("a change of protection failed");
        __atomic_add_fetch(&balance[k], 1, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&balance[prot_number(old)], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* ---- queries see a change as a whole ---- */

enum { FLIP_PAGES = 64 };
static volatile bool flip_ends;

static void *flip_thread(void *arg)
{
    DWORD old;
    if ((uintptr_t)arg == 0) {
        for (unsigned i = 0; i < 400 * factor && !is_wrong(); i++)
            if (!VirtualProtect(shared, FLIP_PAGES * PAGE, i % 2 ? PAGE_READWRITE : PAGE_READONLY,
                                &old))
                wrong("a change of protection failed");
        __atomic_store_n(&flip_ends, true, __ATOMIC_RELEASE);
        return NULL;
    }
    while (!__atomic_load_n(&flip_ends, __ATOMIC_ACQUIRE) && !is_wrong()) {
        MEMORY_BASIC_INFORMATION m;
        if (!VirtualQuery(shared, &m, sizeof m))
            wrong("a query failed");
        else if (m.RegionSize != FLIP_PAGES * PAGE || m.AllocationBase != shared)
            wrong("a query saw half of a change");
        else if (m.Protect != PAGE_READONLY && m.Protect != PAGE_READWRITE)
            wrong("a query saw a protection that never was");
    }
    return NULL;
}

/* ---- one address: one winner ---- */

static char *contested;
static int holders;

static void *contest_thread(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 200 * factor && !is_wrong(); i++) {
        if (VirtualAlloc(contested, 3 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)) {
            if (__atomic_add_fetch(&holders, 1, __ATOMIC_SEQ_CST) != 1)
                wrong("two allocations at one address");
            *(volatile char *)contested = 1;
            __atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST);
            if (!VirtualFree(contested, 0, MEM_RELEASE))
                wrong("the winner cannot release");
        } else if (GetLastError() != ERROR_INVALID_ADDRESS) {
            wrong("a loser's last error is not ERROR_INVALID_ADDRESS");
        }
    }
    return NULL;
}

/* ---- handlers ---- */

static unsigned n_queries, n_allocs, n_refused;

static void query_handler(int sig)
{
    MEMORY_BASIC_INFORMATION m;
    DWORD error = GetLastError();
    (void)sig;
    if (!VirtualQuery(shared, &m, sizeof m) || m.AllocationBase != shared)
        wrong("a query in a handler failed");
    count(&n_queries);
    SetLastError(error);
}

static void alloc_handler(int sig)
{
    DWORD error = GetLastError();
    (void)sig;
    void *p = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!p && GetLastError() != ERROR_POSSIBLE_DEADLOCK)
        wrong("a handler's allocation failed with another error than ERROR_POSSIBLE_DEADLOCK");
    if (p && !VirtualFree(p, 0, MEM_RELEASE))
        wrong("a handler's release failed");
    count(&n_allocs);
    if (!p)
        count(&n_refused);
    SetLastError(error);
}

/* ---- running ---- */

static void *watchdog(void *arg)
{
    (void)arg;
    sleep(WATCHDOG_SECONDS);
    printf("Bail out! hangs in: %s\n", running);
    fflush(stdout);
    _exit(1);
}

static bool run_threads(void *(*body)(void *))
{
    pthread_t thread[N_THREADS];
    for (uintptr_t i = 0; i < N_THREADS; i++)
        if (pthread_create(&thread[i], NULL, body, (void *)i) != 0)
            return wrong("no thread");
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    return !is_wrong();
}

static void with_timer(void (*handler)(int), void *(*body)(void *))
{
    struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval on = {{0, 150}, {0, 150}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &on, NULL);
    run_threads(body);
    setitimer(ITIMER_REAL, &off, NULL);
}

static void begin(const char *name)
{
    running = name;
    why = NULL;
    shared = VirtualAlloc(NULL, SHARED_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    if (!shared || !VirtualAlloc(shared, FLIP_PAGES * PAGE, MEM_COMMIT, PAGE_READWRITE))
        wrong("no shared range");
}

static unsigned n_cases, n_failed;

static void end(void)
{
    VirtualFree(shared, 0, MEM_RELEASE);
    n_failed += !report(++n_cases, running);
}

static void check_balance(void)
{
    MEMORY_BASIC_INFORMATION m = {0};
    VirtualQuery(shared, &m, sizeof m);
    for (unsigned k = 0; k < N_PROTS; k++)
        if (balance[k] != (long)(prots[k] == m.Protect) - (prots[k] == PAGE_READWRITE))
            wrong("an old protection was reported twice or not at all");
}

static void find_contested(void)
{
    contested = VirtualAlloc(NULL, 16 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    VirtualFree(contested, 0, MEM_RELEASE);
}

int main(int argc, char **argv)
{
    pthread_t dog;
    sigset_t alarm_only;
    if (argc > 1)
        factor = strtoul(argv[1], NULL, 0);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
    pthread_create(&dog, NULL, watchdog, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);

    begin("each thread in ranges of its own");
    run_threads(own_thread);
    end();
    begin("commits of several threads in one reservation");
    VirtualFree(shared, 0, MEM_DECOMMIT);
    run_threads(interleave_thread);
    end();
    begin("old protections are the replaced ones");
    run_threads(protect_thread);
    check_balance();
    end();
    begin("queries see a change as a whole");
    run_threads(flip_thread);
    end();
    begin("one winner for one address");
    find_contested();
    run_threads(contest_thread);
    end();
    begin("queries in a signal handler");
    with_timer(query_handler, own_thread);
    if (!n_queries)
        wrong("no signal came");
    end();
    begin("allocations in a signal handler");
    with_timer(alloc_handler, own_thread);
    if (!n_allocs)
        wrong("no signal came");
    end();
    printf("# %u queries, %u allocations in handlers, %u of these refused\n", n_queries, n_allocs,
           n_refused);
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
