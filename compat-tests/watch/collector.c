/* A small incremental mark-sweep collector whose write barrier is the write watch.
 *
 * The heap is one MEM_WRITE_WATCH region of objects of fixed size, each with some references and a
 * value. Two mutators change references without telling anybody. A cycle marks from the roots in
 * steps while they run; then, with the mutators stopped, it asks again and again which pages were
 * written, marks from the marked objects there, and sweeps. An object that was reachable and was
 * not marked is a missed write: a second, complete marking in a stopped world says which objects
 * must have been marked. Besides that every page has a shadow copy: a page that differs from its
 * copy and was not reported is a missed write too, found at once.
 * Between cycles parts of the heap without live objects are decommitted and committed again, and
 * pages change their protection.
 * Runs with the watch of the kernel and with protection faults (WINVM_OPTIONS=userfaultfd=0). */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winvm/winvm.h>

enum { PAGES = 1024, PG = 4096, PER_PAGE = 32, OBJECTS = PAGES * PER_PAGE, REFS = 14 };
enum { ROOTS = 64, MUTATORS = 2, CHUNK = 16 /* pages that are decommitted together */ };

struct object {
    uint32_t ref[REFS]; /* object number + 1; 0: none */
    uint64_t value;
    char fill[PG / PER_PAGE - REFS * 4 - 8];
};

static struct object *heap;
static unsigned char *shadow;             /* PAGES * PG */
static bool reported[PAGES];              /* since the shadow of the page was taken */
static unsigned char marked[OBJECTS], must[OBJECTS], is_free[OBJECTS];
static uint32_t roots[MUTATORS][ROOTS];   /* changed by their mutator only */
static uint32_t stack[OBJECTS], n_stack;
static pthread_barrier_t stop_barrier, go_barrier;
static bool stop_world, finished;
static unsigned long n_mutations[MUTATORS], n_cycles, n_missed, n_reported, n_decommits;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct object *object_of(uint32_t ref)
{
    return &heap[ref - 1];
}

/* ---- mutators ---- */

/* One step over the graph: a reference found on a random walk is stored in another object. */
static void mutate(unsigned self, uint64_t *seed)
{
    uint32_t from = roots[self][next_random(seed) % ROOTS], to = from;
    for (unsigned n = next_random(seed) % 8; from && n; n--) {
        uint32_t next = object_of(from)->ref[next_random(seed) % REFS];
        to = from;
        from = next ? next : from;
    }
    uint64_t what = next_random(seed);
    if (!from)
        return;
    if (what % 16 == 0)
        roots[self][what / 16 % ROOTS] = from;
    else if (what % 16 < 4)
        object_of(from)->ref[what / 16 % REFS] = 0;
    else
        object_of(from)->ref[what / 16 % REFS] = to;
    object_of(to)->value += what;
    n_mutations[self]++;
}

static void *run_mutator(void *arg)
{
    unsigned self = (unsigned)(uintptr_t)arg;
    uint64_t seed = 88172645463325252u + self;
    while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
        for (unsigned i = 0; i < 64; i++)
            mutate(self, &seed);
        if (__atomic_load_n(&stop_world, __ATOMIC_ACQUIRE)) {
            pthread_barrier_wait(&stop_barrier);
            pthread_barrier_wait(&go_barrier);
        }
    }
    return NULL;
}

static void stop_mutators(void)
{
    __atomic_store_n(&stop_world, true, __ATOMIC_RELEASE);
    pthread_barrier_wait(&stop_barrier);
}

static void start_mutators(void)
{
    __atomic_store_n(&stop_world, false, __ATOMIC_RELEASE);
    pthread_barrier_wait(&go_barrier);
}

/* ---- marking ---- */

static void push(unsigned char *marks, uint32_t ref)
{
    if (!ref || marks[ref - 1])
        return;
    marks[ref - 1] = 1;
    stack[n_stack++] = ref;
}

static void scan(unsigned char *marks, uint32_t ref)
{
    for (unsigned i = 0; i < REFS; i++)
        push(marks, __atomic_load_n(&object_of(ref)->ref[i], __ATOMIC_RELAXED));
}

static void mark_roots(unsigned char *marks)
{
    for (unsigned m = 0; m < MUTATORS; m++)
        for (unsigned i = 0; i < ROOTS; i++)
            push(marks, __atomic_load_n(&roots[m][i], __ATOMIC_RELAXED));
}

static void drain(unsigned char *marks, unsigned most)
{
    while (n_stack && most--)
        scan(marks, stack[--n_stack]);
}

/* ---- the watch ---- */

/* Takes the written pages and marks again from the marked objects on them. False: there were
 * none. */
static bool remark_written(bool marks_too)
{
    static PVOID page[97]; /* fewer than pages: the answer comes in parts */
    ULONG_PTR total = 0, n;
    do {
        DWORD granularity;
        n = sizeof page / sizeof *page;
        if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, heap, (SIZE_T)PAGES * PG, page, &n,
                          &granularity) != 0) {
            printf("# GetWriteWatch fails: %u\n", (unsigned)GetLastError());
            exit(1);
        }
        for (ULONG_PTR i = 0; i < n; i++) {
            uint32_t p = (uint32_t)(((char *)page[i] - (char *)heap) / PG);
            reported[p] = true;
            for (uint32_t o = p * PER_PAGE; marks_too && o < (p + 1) * PER_PAGE; o++)
                if (marked[o])
                    scan(marked, o + 1);
        }
        total += n;
    } while (n == sizeof page / sizeof *page);
    n_reported += total;
    return total != 0;
}

/* The world is stopped and all reports are in: what differs from its shadow was reported. */
static void compare_with_shadow(void)
{
    for (unsigned p = 0; p < PAGES; p++) {
        unsigned char *now = (unsigned char *)heap + (size_t)p * PG, *was = shadow + (size_t)p * PG;
        if (memcmp(now, was, PG) != 0) {
            if (!reported[p] && n_missed++ < 10)
                printf("# cycle %lu: page %u was written and not reported\n", n_cycles, p);
            memcpy(was, now, PG);
        }
        reported[p] = false;
    }
}

/* ---- a cycle ---- */

static void check_marks(void)
{
    memset(must, 0, sizeof must);
    mark_roots(must);
    drain(must, ~0u);
    for (unsigned o = 0; o < OBJECTS; o++)
        if (must[o] && !marked[o] && n_missed++ < 10)
            printf("# cycle %lu: object %u is reachable and not marked\n", n_cycles, o);
}

/* Chunks without live objects lose their pages; the shadow follows. */
static void decommit_dead(uint64_t *seed)
{
    static const unsigned char zero[PG];
    for (unsigned p = 0; p < PAGES; p += CHUNK) {
        bool dead = next_random(seed) % 4 == 0;
        for (unsigned o = p * PER_PAGE; dead && o < (p + CHUNK) * PER_PAGE; o++)
            dead = !marked[o];
        void *at = (char *)heap + (size_t)p * PG;
        DWORD old;
        if (!dead) {
            if (next_random(seed) % 8 == 0 && (!VirtualProtect(at, CHUNK * PG, PAGE_READONLY, &old)
                                               || !VirtualProtect(at, CHUNK * PG, old, &old)))
                exit(1);
            continue;
        }
        if (!VirtualFree(at, CHUNK * PG, MEM_DECOMMIT)
            || VirtualAlloc(at, CHUNK * PG, MEM_COMMIT, PAGE_READWRITE) != at)
            exit(1);
        for (unsigned i = 0; i < CHUNK; i++)
            memcpy(shadow + (size_t)(p + i) * PG, zero, PG);
        n_decommits++;
    }
}

/* Objects that are not marked become free; some of the free ones are handed to the mutators. */
static void sweep(uint64_t *seed)
{
    for (unsigned o = 0; o < OBJECTS; o++) {
        is_free[o] = !marked[o];
        if (is_free[o] && heap[o].ref[0])
            memset(&heap[o], 0, sizeof heap[o]);
    }
    for (unsigned n = 0, o = next_random(seed) % OBJECTS; n < 256; n++, o = (o + 37) % OBJECTS) {
        if (!is_free[o])
            continue;
        unsigned m = n % MUTATORS, i = next_random(seed) % ROOTS;
        heap[o].ref[1] = roots[m][i];
        heap[o].value = n;
        roots[m][i] = o + 1;
    }
}

static void cycle(uint64_t *seed)
{
    memset(marked, 0, sizeof marked);
    n_stack = 0;
    remark_written(false);
    mark_roots(marked);
    for (unsigned step = 0; n_stack && step < 4096; step++) {
        drain(marked, 64);
        if (step % 64 == 63)
            remark_written(true);
    }
    stop_mutators();
    mark_roots(marked);
    do
        drain(marked, ~0u);
    while (remark_written(true));
    compare_with_shadow();
    check_marks();
    sweep(seed);
    remark_written(false);
    compare_with_shadow();
    decommit_dead(seed);
    n_cycles++;
    start_mutators();
}

static void make_heap(void)
{
    heap = VirtualAlloc(NULL, (SIZE_T)PAGES * PG, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                        PAGE_READWRITE);
    shadow = calloc(PAGES, PG);
    if (!heap || !shadow)
        exit(1);
    for (unsigned m = 0; m < MUTATORS; m++)
        for (unsigned i = 0; i < ROOTS; i++)
            roots[m][i] = (m * ROOTS + i) * 251 % OBJECTS + 1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(double how_long)
{
    pthread_t t[MUTATORS];
    uint64_t seed = 1234567;
    double end = seconds() + how_long;
    pthread_barrier_init(&stop_barrier, NULL, MUTATORS + 1);
    pthread_barrier_init(&go_barrier, NULL, MUTATORS + 1);
    make_heap();
    for (uintptr_t m = 0; m < MUTATORS; m++)
        pthread_create(&t[m], NULL, run_mutator, (void *)m);
    while (seconds() < end)
        cycle(&seed);
    stop_mutators();
    __atomic_store_n(&finished, true, __ATOMIC_RELEASE);
    start_mutators();
    for (unsigned m = 0; m < MUTATORS; m++)
        pthread_join(t[m], NULL);
    printf("# %lu cycles, %lu mutations, %lu pages reported, %lu chunks decommitted\n", n_cycles,
           n_mutations[0] + n_mutations[1], n_reported, n_decommits);
}

/* With seconds: the collector itself; else both ways, each in a process of its own. */
int main(int argc, char **argv)
{
    if (argc > 1) {
        run(atof(argv[1]));
        bool enough = n_cycles > 20 && n_mutations[0] + n_mutations[1] > 100000 && n_decommits;
        return n_missed || !enough || winvm_audit() != 0;
    }
    static const char *const options[] = {"", "userfaultfd=0"};
    unsigned n = sizeof options / sizeof *options, failed = 0;
    printf("1..%u\n", n);
    for (unsigned i = 0; i < n; i++) {
        int status = 1;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            setenv("WINVM_OPTIONS", options[i], 1);
            execl("/proc/self/exe", argv[0], "5", (char *)NULL);
            _exit(127);
        }
        bool good = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
        printf("%sok %u - no write is missed %s\n", good ? "" : "not ", i + 1, options[i]);
        failed += !good;
    }
    return failed != 0;
}
