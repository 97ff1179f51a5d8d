/* A worker of the pools' benchmark: measures one way of allocating.
 *
 * I1  What the measurement needs for itself comes from mmap: the allocator serves the work alone.
 * I2  Single-threaded work is timed by the thread's CPU time; an answer is the least of TRIES
 *     trials, which what else the machine does hits last.
 * I3  Elapsed time leaves out what a thread waited for a processor (/proc/thread-self/schedstat):
 *     it is its running time and what it slept for others of its own process. */
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench_pool.h"

enum { TRIES = 5, CHUNK = 256, CHUNKS = 8, RESIDENT_STEPS = 400000 };

static const struct way *way;

void bench_pool_none(void)
{
    fputs("bench_pool: an allocation failed\n", stderr);
    _exit(3);
}

static void *take_pages(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                   -1, 0);
    if (p == MAP_FAILED)
        bench_pool_none();
    return p;
}

/* ---- time ---- */

struct moment {
    double cpu, elapsed;
};

static double clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static double waited_ns(void)
{
    char text[96] = "";
    unsigned long long ran, waited = 0;
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (read(fd, text, sizeof text - 1) < 0 || sscanf(text, "%llu %llu", &ran, &waited) != 2)
            waited = 0;
        close(fd);
    }
    return waited;
}

static struct moment now(void)
{
    return (struct moment){.cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID),
                           .elapsed = clock_ns(CLOCK_MONOTONIC) - waited_ns()};
}

static struct moment since(struct moment start)
{
    struct moment t = now();
    return (struct moment){t.cpu - start.cpu, t.elapsed - start.elapsed};
}

/* ---- sizes ---- */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 32;
}

static uint32_t between(uint64_t *state, double least, double most)
{
    return least * pow(most / least, next_random(state) / 4294967296.0);
}

/* As many of 16 .. 32 bytes as of 512 .. 1,024; in a full mix 9 of 100 are of 1 .. 4 KiB and 1 of
 * 100 of 4 .. 32 KiB. */
static uint32_t random_size(struct mix *m)
{
    unsigned kind = m->small ? 99 : next_random(&m->random) % 100;
    if (kind == 0)
        return between(&m->random, 4096, 32768);
    if (kind < 10)
        return between(&m->random, 1024, 4096);
    return between(&m->random, 16, 1024);
}

static void plan_steps(struct mix *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        m->step[i] = (struct step){(uint64_t)next_random(&m->random) * m->n_slots >> 32,
                                   random_size(m)};
}

static void open_mix(struct mix *m, size_t n_slots, size_t n_steps)
{
    size_t most = n_slots > n_steps ? n_slots : n_steps;
    m->n_slots = n_slots;
    m->slot = take_pages(n_slots * sizeof m->slot[0]);
    m->step = take_pages(most * sizeof m->step[0]);
    plan_steps(m, most);
}

/* ---- one thread ---- */

static double least_of_tries(const struct order *o, void (*run)(const struct order *),
                             double divide)
{
    double least = INFINITY;
    for (unsigned t = 0; t < TRIES; t++) {
        double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        run(o);
        least = fmin(least, (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start) / divide);
    }
    return least;
}

static void run_pairs(const struct order *o)
{
    way->pairs(o->size, o->n);
}

static void run_batches(const struct order *o)
{
    way->batches(o->size, o->n);
}

static double measure_mix(const struct order *o)
{
    static struct mix m = {.random = 1};
    double least = INFINITY;
    if (!m.slot) {
        open_mix(&m, o->live, o->n);
        way->fill(&m);
    }
    for (unsigned t = 0; t < TRIES; t++) {
        plan_steps(&m, o->n);
        double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        way->steps(&m, o->n);
        least = fmin(least, (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start) / o->n);
    }
    return least;
}

/* A number of kilobytes in a file of /proc, in bytes; 0: it is not there. */
static double read_kib(const char *path, const char *key)
{
    char text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    const char *at = strstr(text, key);
    return at ? strtod(at + strlen(key), NULL) * 1024 : 0;
}

/* Bytes of the process in memory, locked ones included. */
static double resident_now(void)
{
    double bytes = read_kib("/proc/self/smaps_rollup", "\nRss:");
    return bytes > 0 ? bytes : read_kib("/proc/self/status", "\nVmRSS:");
}

static void measure_resident(const struct order *o, struct answer *a)
{
    struct mix m = {.random = 2, .whole = true};
    uint32_t *size = take_pages(o->live * sizeof size[0]);
    open_mix(&m, o->live, RESIDENT_STEPS);
    for (size_t i = 0; i < o->live; i++)
        size[i] = m.step[i].size;
    double before = resident_now();
    way->fill(&m);
    plan_steps(&m, RESIDENT_STEPS);
    for (size_t i = 0; i < RESIDENT_STEPS; i++)
        size[m.step[i].slot] = m.step[i].size;
    way->steps(&m, RESIDENT_STEPS);
    a->ns[0] = resident_now() - before;
    for (size_t i = 0; i < o->live; i++)
        a->ns[1] += size[i];
}

/* ---- two threads ---- */

/* The n-th thread runs on the n-th processor that the process may use: with two on one processor
 * nothing is shared. Nobody is told when there are fewer. */
static void choose_processor(unsigned n)
{
    cpu_set_t may, one;
    if (sched_getaffinity(0, sizeof may, &may) != 0)
        return;
    CPU_ZERO(&one);
    for (unsigned i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &may) && n-- == 0)
            CPU_SET(i, &one);
    if (CPU_COUNT(&one))
        (void)sched_setaffinity(0, sizeof one, &one);
}

/* ---- ... each with blocks of its own ---- */

struct runner {
    pthread_t thread;
    unsigned number;
    pthread_barrier_t *start;
    struct mix mix;
    size_t n;
    struct moment took;
};

static void *run_runner(void *arg)
{
    struct runner *r = arg;
    choose_processor(r->number);
    way->fill(&r->mix);
    way->steps(&r->mix, r->n);
    pthread_barrier_wait(r->start);
    struct moment start = now();
    way->steps(&r->mix, r->n);
    r->took = since(start);
    way->empty(&r->mix);
    return NULL;
}

/* A step's time: [0] CPU, the mean; [1] elapsed, the slower thread's. */
static void run_together(struct runner *r, unsigned n_threads, double *ns)
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, n_threads);
    ns[0] = ns[1] = 0;
    for (unsigned i = 0; i < n_threads; i++) {
        r[i].start = &start;
        r[i].number = i;
        if (pthread_create(&r[i].thread, NULL, run_runner, &r[i]) != 0)
            bench_pool_none();
    }
    for (unsigned i = 0; i < n_threads; i++) {
        pthread_join(r[i].thread, NULL);
        ns[0] += r[i].took.cpu / r[i].n / n_threads;
        ns[1] = fmax(ns[1], r[i].took.elapsed / r[i].n);
    }
    pthread_barrier_destroy(&start);
}

static void measure_threads(const struct order *o, struct answer *a)
{
    static struct runner r[2] = {{.mix = {.random = 3, .small = true}},
                                 {.mix = {.random = 4, .small = true}}};
    for (unsigned i = 0; i < 2; i++) {
        if (!r[i].mix.slot)
            open_mix(&r[i].mix, o->live, o->n);
        r[i].n = o->n;
    }
    run_together(r, 1, a->ns);
    run_together(r, 2, a->ns + 2);
}

/* ---- one thread allocates, another frees ---- */

struct ring {
    void *block[CHUNKS][CHUNK];
    struct step *step;
    size_t n_chunks;
    size_t made, used; /* chunks; each written by one thread */
    double get_ns, put_ns;
};

static void wait_for(const size_t *number, size_t least)
{
    while (__atomic_load_n(number, __ATOMIC_ACQUIRE) < least)
        sched_yield();
}

static void *ring_put(void *arg)
{
    struct ring *r = arg;
    choose_processor(1);
    for (size_t i = 0; i < r->n_chunks; i++) {
        wait_for(&r->made, i + 1);
        double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        way->put(r->block[i % CHUNKS], CHUNK);
        r->put_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
        __atomic_store_n(&r->used, i + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void *ring_get(void *arg)
{
    struct ring *r = arg;
    choose_processor(0);
    for (size_t i = 0; i < r->n_chunks; i++) {
        if (i >= CHUNKS)
            wait_for(&r->used, i - CHUNKS + 1);
        double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        way->get(r->block[i % CHUNKS], r->step + i * CHUNK, CHUNK);
        r->get_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
        __atomic_store_n(&r->made, i + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void measure_ring(const struct order *o, struct answer *a)
{
    static struct mix m = {.random = 5, .small = true};
    static struct ring ring;
    struct ring *r = &ring;
    pthread_t get, put;
    size_t n = o->n / CHUNK * CHUNK;
    if (!m.slot)
        open_mix(&m, 1, n);
    memset(r, 0, sizeof *r);
    r->step = m.step;
    r->n_chunks = n / CHUNK;
    struct moment start = now();
    if (pthread_create(&put, NULL, ring_put, r) != 0 ||
        pthread_create(&get, NULL, ring_get, r) != 0)
        bench_pool_none();
    pthread_join(get, NULL);
    pthread_join(put, NULL);
    a->ns[0] = (r->get_ns + r->put_ns) / n;
    a->ns[1] = since(start).elapsed / n;
}

/* ---- orders ---- */

static void measure(const struct order *o, struct answer *a)
{
    switch (o->work) {
    case PAIR:
        a->ns[0] = least_of_tries(o, run_pairs, o->n);
        break;
    case BATCH:
        a->ns[0] = least_of_tries(o, run_batches, (double)o->n * BATCH_BLOCKS);
        break;
    case MIX:
        a->ns[0] = measure_mix(o);
        break;
    case RESIDENT:
        measure_resident(o, a);
        break;
    case THREADS:
        measure_threads(o, a);
        break;
    case RING:
        measure_ring(o, a);
        break;
    }
}

void bench_pool_worker(const struct way *chosen)
{
    struct hello hello = {""};
    struct order o;
    Dl_info info;
    way = chosen;
    if (dladdr(way->allocate, &info) && info.dli_fname)
        snprintf(hello.from, sizeof hello.from, "%s", info.dli_fname);
    if (write(STDOUT_FILENO, &hello, sizeof hello) != sizeof hello)
        return;
    while (read(STDIN_FILENO, &o, sizeof o) == sizeof o) {
        struct answer a = {{0}};
        measure(&o, &a);
        if (write(STDOUT_FILENO, &a, sizeof a) != sizeof a)
            return;
    }
}
