/* Great numbers: live reservations, a walk over them, small committed allocations, two threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* ---- what the process weighs ---- */

static size_t resident_bytes(void)
{
    unsigned long size, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
        bench_stop("/proc/self/statm");
    fclose(f);
    return resident * PAGE;
}

static size_t count_mappings(void)
{
    char buf[4096];
    size_t n = 0, len;
    FILE *f = fopen("/proc/self/maps", "r");
    if (!f)
        bench_stop("/proc/self/maps");
    while ((len = fread(buf, 1, sizeof buf, f)) != 0)
        for (size_t i = 0; i < len; i++)
            n += buf[i] == '\n';
    fclose(f);
    return n;
}

/* ---- a million reservations ---- */

#define MILLION 1000000u

void bench_million(void)
{
    char **at = calloc(MILLION, sizeof *at);
    char note[96];
    memset(at, 1, MILLION * sizeof *at);
    bench_alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    size_t before = resident_bytes();
    double start = bench_now();
    for (uint32_t i = 0; i < MILLION; i++)
        at[i] = bench_alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    double created = bench_now();
    size_t after = resident_bytes();
    for (uint32_t i = 0; i < MILLION; i++) {
        uint32_t k = (uint64_t)i * 7919 % MILLION; /* prime to a million: every one, scattered */
        bench_free(at[k], 0, MEM_RELEASE);
    }
    double destroyed = bench_now();
    snprintf(note, sizeof note,
             "created in %.0f ns each, destroyed in scattered order in %.0f ns each",
             (created - start) / MILLION, (destroyed - created) / MILLION);
    bench_value("1,000,000 live reservations: bytes each", ((double)after - before) / MILLION, 100,
                note);
    bench_fact("1,000,000 reservations: audit", winvm_audit() == 0, "after the last release");
    free(at);
}

/* ---- a walk ---- */

struct walk {
    char *from, *to;
    size_t steps;
};

static void walk_run(void *ctx, unsigned round, size_t n)
{
    struct walk *w = ctx;
    MEMORY_BASIC_INFORMATION info;
    size_t steps = 0;
    (void)round;
    for (char *p = w->from; p < w->to && steps < n;
         p = (char *)info.BaseAddress + info.RegionSize) {
        if (VirtualQuery(p, &info, sizeof info) != sizeof info)
            bench_stop("VirtualQuery");
        steps++;
    }
    if (steps != n)
        bench_stop("the walk's number of steps");
}

static void walk_pair(const char *name, struct walk *w)
{
    bench_pair(&(struct bench_pair){.name = name,
                                    .limit = 0.5,
                                    .rounds = 15,
                                    .ours = {.run = walk_run, .ctx = w, .n = w->steps},
                                    .theirs = {.run = bench_null_run}});
}

void bench_walk(void)
{
    enum { N = 100000 };
    struct walk w = {.steps = N};
    w.from = bench_alloc(NULL, (size_t)N * GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    w.to = w.from + (size_t)N * GRANULE;
    bench_free(w.from, 0, MEM_RELEASE);
    for (size_t i = 0; i < N; i++)
        bench_alloc(w.from + i * GRANULE, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    walk_pair("walk over 100,000 allocations, a step : null call", &w);
    for (size_t i = 0; i < N; i++) {
        bench_free(w.from + i * GRANULE, 0, MEM_RELEASE);
        bench_alloc(w.from + i * GRANULE, 8 * PAGE, MEM_RESERVE, PAGE_NOACCESS);
        bench_alloc(w.from + i * GRANULE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    }
    w.steps = 3 * N;
    walk_pair("walk over 100,000 with a committed page and a free tail each, a step : null call",
              &w);
}

/* ---- two threads ---- */

enum { N_THREAD_REGIONS = 1000, N_THREAD_QUERIES = 200000 };

static char *thread_base;
static pthread_barrier_t barrier;
static int stop_writer;

static double query_time(void)
{
    MEMORY_BASIC_INFORMATION info;
    uint64_t seed = 5;
    double start = bench_now();
    for (size_t i = 0; i < N_THREAD_QUERIES; i++) {
        size_t k = (uint64_t)bench_random(&seed) * N_THREAD_REGIONS >> 32;
        VirtualQuery(thread_base + k * GRANULE, &info, sizeof info);
    }
    return (bench_now() - start) / N_THREAD_QUERIES;
}

static void *query_thread(void *out)
{
    pthread_barrier_wait(&barrier);
    *(double *)out = query_time();
    return NULL;
}

static void *writer_thread(void *unused)
{
    pthread_barrier_wait(&barrier);
    while (!__atomic_load_n(&stop_writer, __ATOMIC_RELAXED))
        bench_free(bench_alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS), 0, MEM_RELEASE);
    return unused;
}

/* CPU nanoseconds of a query while another thread runs `other`. */
static double query_beside(void *(*other)(void *))
{
    pthread_t thread;
    double mine, theirs;
    __atomic_store_n(&stop_writer, 0, __ATOMIC_RELAXED);
    if (pthread_create(&thread, NULL, other, &theirs) != 0)
        bench_stop("pthread_create");
    pthread_barrier_wait(&barrier);
    mine = query_time();
    __atomic_store_n(&stop_writer, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    return mine;
}

void bench_threads(void)
{
    enum { ROUNDS = 21 };
    double alone[ROUNDS], both[ROUNDS], beside[ROUNDS];
    char note[96];
    pthread_barrier_init(&barrier, NULL, 2);
    thread_base = bench_alloc(NULL, (size_t)N_THREAD_REGIONS * GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    bench_free(thread_base, 0, MEM_RELEASE);
    for (size_t i = 0; i < N_THREAD_REGIONS; i++)
        bench_alloc(thread_base + i * GRANULE, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    for (unsigned r = 0; r < ROUNDS; r++) {
        double t = query_time();
        alone[r] = t;
        both[r] = query_beside(query_thread) / t;
        beside[r] = query_beside(writer_thread) / t;
    }
    double t1 = bench_median(alone, ROUNDS), t2 = bench_median(both, ROUNDS);
    snprintf(note, sizeof note, "two threads do %.2f times the work of one; one query %.1f ns",
             2 / t2, t1);
    bench_value("query by each of two threads : by one", t2, 2 / 1.8, note);
    bench_value("query beside a thread that reserves and releases : alone",
                bench_median(beside, ROUNDS), 0, "");
}

/* ---- small committed allocations ---- */

enum { N_LIVE = 100000 };

static void *idle_thread(void *unused)
{
    return unused;
}

static bool host_still_works(void)
{
    pthread_t thread;
    void *block[64];
    bool works = true;
    for (size_t i = 0; i < 64; i++) {
        block[i] = malloc(256 * KIB); /* a mapping each */
        works &= block[i] != NULL;
    }
    for (size_t i = 0; i < 64; i++)
        free(block[i]);
    for (size_t i = 0; i < 16; i++)
        works &= pthread_create(&thread, NULL, idle_thread, NULL) == 0 &&
                 pthread_join(thread, NULL) == 0;
    return works;
}

/* How many allocations of a page can live where each is a mapping of its own, and is the host's
 * limit met with an error and not with damage? */
void bench_small_live_plain(void)
{
    static char *at[N_LIVE];
    char note[64];
    size_t made = 0;
    bool freed = true;
    while (made < N_LIVE &&
           (at[made] = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)))
        at[made++][0] = 1;
    snprintf(note, sizeof note, "%zu mappings", count_mappings());
    bench_value("live committed allocations of 4 KiB", (double)made, 0, note);
    bench_fact("... malloc and pthread_create still work", host_still_works(), "");
    for (size_t i = 0; i < made; i++)
        freed &= VirtualFree(at[i], 0, MEM_RELEASE) != 0;
    bench_fact("... all can be freed, and the audit", freed && winvm_audit() == 0, "");
}

/* Commits N_LIVE allocations, writes and reads every first and last byte, and frees them. */
static void live(const char *name, size_t most_pages)
{
    static char *at[N_LIVE];
    static size_t len[N_LIVE];
    uint64_t seed = 11;
    char note[128];
    size_t made = 0;
    bool intact = true, works, freed = true;
    double start = bench_now();
    for (; made < N_LIVE; made++) {
        len[made] = most_pages == 1 ? PAGE : (bench_random(&seed) % (60 * KIB) + KIB);
        at[made] = VirtualAlloc(NULL, len[made], MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (!at[made])
            break;
        memcpy(at[made], &made, sizeof made);
        at[made][len[made] - 1] = 1;
    }
    double created = (bench_now() - start) / N_LIVE;
    size_t mappings = count_mappings();
    works = host_still_works();
    for (size_t i = 0; i < made; i++)
        intact &= memcmp(at[i], &i, sizeof i) == 0 && at[i][len[i] - 1] == 1;
    bool sound = winvm_audit() == 0;
    start = bench_now();
    for (size_t i = 0; i < made; i++)
        freed &= VirtualFree(at[i * 7919 % made], 0, MEM_RELEASE) != 0;
    double ended = (bench_now() - start) / N_LIVE;
    snprintf(note, sizeof note,
             "%zu made, %zu mappings, %.0f ns with the first touches; freed in %.0f ns, then %zu",
             made, mappings, created, ended, count_mappings());
    bench_fact(name, made == N_LIVE && intact && freed && sound, note);
    snprintf(note, sizeof note, "%s: malloc and pthread_create still work", name);
    bench_fact(note, works, "");
    bench_fact("... and the audit after the frees", winvm_audit() == 0, "");
}

void bench_small_live(void)
{
    live("100,000 live committed allocations of 4 KiB", 1);
}

void bench_mixed_live(void)
{
    live("100,000 live committed allocations of 1..60 KiB", 15);
}
