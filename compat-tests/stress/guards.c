/* Guard pages under load: two threads hit, arm, free and reserve the same pages at once.
 *
 * Each case runs rounds for a share of the time (first argument: seconds, 5). In a round the pages
 * of one allocation are armed, then one thread touches them while the other touches or changes
 * them; after it both stand still and everything must agree: no page gives the kernel's copies more
 * than VirtualQuery's answer allows, and each arming that a touch found has caused one exception. A
 * watchdog turns a hang into a failure. Output is TAP. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults.h"
#include "stress.h"

enum { PAGES = 16, SIZE = PAGES * PAGE, MORE_SECONDS = 90 };
#define GUARDED (PAGE_READWRITE | PAGE_GUARD)

static const char *volatile running = "start";
static unsigned long seconds = 5;

static char *page_at(unsigned i)
{
    return counted.base + (size_t)i * PAGE;
}

/* ---- the two threads ---- */

static struct {
    unsigned begun, ended; /* rounds that the other thread may do, and has done */
    bool stop;
    int order; /* of the other thread's touches: up, down, one page often */
} other;

static void wait_for(const unsigned *counter, unsigned value)
{
    for (unsigned i = 0; load(counter) < value && !__atomic_load_n(&other.stop, __ATOMIC_SEQ_CST);
         i++)
        if (i % 256 == 255)
            sched_yield();
}

static void touch_pages(int order)
{
    for (unsigned i = 0; i < PAGES; i++)
        stress_leaf(page_at(order == 0 ? i : order == 1 ? PAGES - 1 - i : i % 2) + 8);
}

static void *touching_thread(void *arg)
{
    (void)arg;
    for (unsigned round = 1;; round++) {
        wait_for(&other.begun, round);
        if (__atomic_load_n(&other.stop, __ATOMIC_SEQ_CST))
            return NULL;
        touch_pages(__atomic_load_n(&other.order, __ATOMIC_SEQ_CST));
        add(&other.ended);
    }
}

/* ---- what a round changes ---- */

/* By page and round: times it was armed, and times an arming was found untouched when it ended. */
static unsigned armed[PAGES], untouched[PAGES];
/* The end of an arming could not be seen: there may be less exceptions than armings. */
static bool blurred[PAGES];

static void set(unsigned i, DWORD protect)
{
    DWORD old = 0;
    if (!VirtualProtect(page_at(i), PAGE, protect, &old))
        wrong("a change of protection failed");
    untouched[i] += (old & PAGE_GUARD) != 0;
    armed[i] += (protect & PAGE_GUARD) != 0;
}

static void release(void)
{
    if (!VirtualFree(counted.base, 0, MEM_RELEASE))
        wrong("a release failed");
}

static void reserve(DWORD type, DWORD protect)
{
    if (VirtualAlloc(counted.base, SIZE, type, protect) != counted.base)
        wrong("the range could not be had again");
}

static void blur(void)
{
    for (unsigned i = 0; i < PAGES; i++)
        blurred[i] = true;
}

static void touch_too(uint32_t *state)
{
    touch_pages((int)(next_random(state) % 3));
}

static void arm_again(uint32_t *state)
{
    for (unsigned i = 0; i < 2 * PAGES; i++)
        set(next_random(state) % PAGES, GUARDED);
}

static void protect_pages(uint32_t *state)
{
    static const DWORD prots[] = {PAGE_READWRITE, PAGE_READONLY, PAGE_NOACCESS, GUARDED};
    for (unsigned i = 0; i < 2 * PAGES; i++)
        set(next_random(state) % PAGES, prots[next_random(state) % 4]);
}

static void free_and_reserve(uint32_t *state)
{
    blur();
    if (next_random(state) % 2)
        touch_pages(1);
    release();
    reserve(MEM_RESERVE, PAGE_READWRITE);
}

static void free_and_arm(uint32_t *state)
{
    blur();
    for (unsigned i = 0; i < 2; i++) {
        release();
        reserve(MEM_RESERVE, PAGE_READWRITE);
        if (next_random(state) % 2)
            sched_yield();
        reserve(MEM_COMMIT, GUARDED);
        for (unsigned k = 0; k < PAGES; k++)
            armed[k]++;
    }
}

static void decommit_and_arm(uint32_t *state)
{
    blur();
    for (unsigned i = 0; i < PAGES; i++) {
        unsigned k = next_random(state) % PAGES;
        if (!VirtualFree(page_at(k), PAGE, MEM_DECOMMIT))
            wrong("a decommit failed");
        if (next_random(state) % 4 == 0)
            continue;
        if (!VirtualAlloc(page_at(k), PAGE, MEM_COMMIT, GUARDED))
            wrong("a commit failed");
        armed[k]++;
    }
}

/* ---- a round and what must hold after it ---- */

static void check_page(unsigned i)
{
    MEMORY_BASIC_INFORMATION m = {0};
    unsigned table = table_rights(page_at(i)), kernel = kernel_rights(page_at(i));
    unsigned seen = load(&counted.guard[i]), left;
    VirtualQuery(page_at(i), &m, sizeof m);
    left = m.State == MEM_COMMIT && (m.Protect & PAGE_GUARD) != 0;
    if (kernel & ~table)
        wrong("a page is more accessible than the table says");
    if (table & ~kernel)
        wrong("a page is less accessible than the table says");
    if (seen > armed[i] - untouched[i] - left)
        wrong("more exceptions than armings that were touched");
    if (!blurred[i] && seen < armed[i] - untouched[i] - left)
        wrong("an arming was used up without an exception");
}

static unsigned long n_rounds, n_exceptions, n_violations;

static void begin_round(void)
{
    memset(armed, 0, sizeof armed);
    memset(untouched, 0, sizeof untouched);
    memset(blurred, 0, sizeof blurred);
    memset(counted.guard, 0, sizeof counted.guard);
    memset(counted.violation, 0, sizeof counted.violation);
    reserve(MEM_RESERVE | MEM_COMMIT, GUARDED);
    for (unsigned i = 0; i < PAGES; i++)
        armed[i] = 1;
}

static void run_round(void (*change)(uint32_t *), uint32_t *state)
{
    unsigned round = load(&other.begun) + 1;
    begin_round();
    __atomic_store_n(&other.order, (int)(next_random(state) % 3), __ATOMIC_SEQ_CST);
    add(&other.begun);
    for (volatile unsigned i = next_random(state) % 64; i; i--)
        ;
    change(state);
    wait_for(&other.ended, round);
    for (unsigned i = 0; i < PAGES; i++) {
        check_page(i);
        n_exceptions += counted.guard[i];
        n_violations += counted.violation[i];
    }
    if (load(&counted.strange))
        wrong("an exception that nobody caused");
    if (round % 64 == 0 && winvm_audit() != 0)
        wrong("winvm_audit found a broken invariant");
    release();
    n_rounds++;
}

/* ---- cases ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *watchdog(void *arg)
{
    (void)arg;
    sleep((unsigned)seconds + MORE_SECONDS);
    printf("Bail out! hangs in: %s\n", running);
    fflush(stdout);
    _exit(1);
}

static void find_range(void)
{
    counted.n = PAGES;
    counted.base = VirtualAlloc(NULL, SIZE, MEM_RESERVE, PAGE_READWRITE);
    if (!counted.base)
        wrong("no range");
    else
        release();
}

static unsigned n_cases, n_failed;

/* denied: the pages are not always accessible once they have fired. */
static void run_case(const char *name, double share, void (*change)(uint32_t *), bool denied)
{
    uint32_t state = 2463534242u + n_cases;
    double end = now() + (double)seconds * share;
    running = name;
    why = NULL;
    n_rounds = n_exceptions = n_violations = 0;
    do {
        run_round(change, &state);
    } while (now() < end && !is_wrong());
    if (!denied && n_violations)
        wrong("a page that was accessible was denied");
    if (!is_wrong() && n_exceptions == 0)
        wrong("no guard page was ever hit");
    printf("# %lu rounds, %lu guard pages hit, %lu violations\n", n_rounds, n_exceptions,
           n_violations);
    n_failed += !report(++n_cases, name);
}

int main(int argc, char **argv)
{
    pthread_t dog, thread;
    if (argc > 1)
        seconds = strtoul(argv[1], NULL, 0);
    if (!AddVectoredExceptionHandler(1, count_exception)) {
        printf("Bail out! no handler\n");
        return 1;
    }
    find_range();
    pthread_create(&dog, NULL, watchdog, NULL);
    pthread_create(&thread, NULL, touching_thread, NULL);
    run_case("both threads touch", 0.15, touch_too, false);
    run_case("armed again while touched", 0.15, arm_again, false);
    run_case("protected while touched", 0.15, protect_pages, true);
    run_case("freed and reserved while touched", 0.2, free_and_reserve, true);
    run_case("freed and armed while touched", 0.2, free_and_arm, true);
    run_case("decommitted and armed while touched", 0.15, decommit_and_arm, true);
    __atomic_store_n(&other.stop, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
