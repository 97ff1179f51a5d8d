/* Kernel pools under random use by several threads, against a shadow (POOL-001..009, 031, 140).
 *
 *     pools [--ops N] [--seed S] [--threads T]
 *
 * Phases with different sizes and numbers of threads follow each other in one process, so that each
 * finds what the ones before left behind. In a phase every keeper works on a table of its own, by
 * short-lived threads one after the other; blocks are posted from table to table and freed where
 * they arrive; memory is trimmed in between. After each phase totals, overlap and contents of all
 * that lives are checked.
 *
 * Terms   keeper = a thread that starts the short-lived ones of its table; post = the exchange of a
 *         block between threads: who puts one in gets the one that was there.
 * A watchdog turns a hang into a failure. Output is TAP. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pools.h"

enum { MAX_THREADS = 4, POSTS = 256, LIFE = 20000 };

static struct table tables[MAX_THREADS];
static struct table *const all[MAX_THREADS] = {&tables[0], &tables[1], &tables[2], &tables[3]};
static struct block posts[POSTS];
static pthread_mutex_t post_lock[POSTS];

static struct {
    const struct profile *profile;
    uint64_t ops; /* of each thread */
    unsigned full;
} phase;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
static uint64_t n_ops = 200000, seed = 1;
#else
static uint64_t n_ops = 1200000, seed = 1;
#endif
static unsigned max_threads = MAX_THREADS, n_cases, n_failed;
static const char *volatile running = "start";

/* ---- a short-lived thread ---- */

/* Gives a block away and frees the one that it gets. The lock is the test's own: it orders the
 * contents for whoever looks at them next, as a program must. */
static void post(struct table *t, struct block *b)
{
    unsigned i = pools_random(t, POSTS);
    pthread_mutex_lock(&post_lock[i]);
    struct block other = posts[i];
    posts[i] = *b;
    pthread_mutex_unlock(&post_lock[i]);
    b->live = false;
    if (other.live)
        pools_free(t, &other);
}

static void *live_a_while(void *arg)
{
    struct table *t = arg;
    uint64_t end = t->ops + LIFE < phase.ops ? t->ops + LIFE : phase.ops;
    while (t->ops < end && !is_wrong()) {
        pools_step(t, phase.profile, phase.full);
        struct block *b = &t->block[pools_random(t, t->n)];
        if (b->live && pools_random(t, 4) == 0)
            post(t, b);
        if (pools_random(t, 50000) == 0)
            winvm_pool_trim();
    }
    return NULL;
}

static void *keep(void *arg)
{
    struct table *t = arg;
    pthread_t thread;
    while (t->ops < phase.ops && !is_wrong())
        if (pthread_create(&thread, NULL, live_a_while, t) != 0)
            wrong("no thread");
        else
            pthread_join(thread, NULL);
    return NULL;
}

/* ---- phases ---- */

static struct table post_table; /* the posted blocks, as a table that made no call */
static struct table *const everybody[MAX_THREADS + 1] = {&tables[0], &tables[1], &tables[2],
                                                         &tables[3], &post_table};

static void end_case(const char *name)
{
    n_failed += !report(++n_cases, name);
}

static void run_phase(const struct profile *profile, unsigned n_threads, unsigned full)
{
    char name[96];
    pthread_t keeper[MAX_THREADS];
    unsigned started = 0;
    snprintf(name, sizeof name, "%s, %u thread%s, %u %% full", profile->name, n_threads,
             n_threads > 1 ? "s" : "", full);
    running = name;
    phase.profile = profile;
    phase.full = full;
    phase.ops = n_ops / pools_n_profiles / 8 / n_threads;
    for (unsigned i = 0; i < n_threads; i++) {
        tables[i].ops = 0;
        started += pthread_create(&keeper[i], NULL, keep, &tables[i]) == 0;
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(keeper[i], NULL);
    if (started != n_threads)
        wrong("no thread");
    if (!is_wrong() && pools_totals(all, MAX_THREADS))
        pools_apart(everybody, MAX_THREADS + 1);
    end_case(name);
    running = "between phases";
}

/* Every size up to 5 pages, one byte at a time. */
static void every_size(void)
{
    struct table *t = &tables[0];
    for (size_t size = 1; size <= 5 * POOL_PAGE && !is_wrong(); size++)
        if (pools_alloc_size(t, &t->block[size % t->n], size))
            pools_free(t, &t->block[size % t->n]);
    pools_totals(all, MAX_THREADS);
    end_case("every size up to 5 pages");
}

static void empty_all(void)
{
    struct winvm_pool_usage usage;
    for (unsigned i = 0; i < MAX_THREADS + 1; i++) {
        struct table *t = everybody[i];
        for (size_t k = 0; k < t->n && !is_wrong(); k++)
            if (t->block[k].live)
                pools_free(&tables[i % MAX_THREADS], &t->block[k]);
    }
    if (!is_wrong())
        pools_totals(all, MAX_THREADS);
    winvm_pool_trim();
    winvm_pool_usage(&usage);
    for (unsigned kind = 0; kind < N_KINDS; kind++)
        if (usage.used[kind] != 0)
            wrong("blocks are in use when all are freed");
    end_case("all freed");
    printf("# committed after a trim: %llu, %llu, %llu bytes; at most %llu, %llu, %llu\n",
           (unsigned long long)usage.committed[0], (unsigned long long)usage.committed[1],
           (unsigned long long)usage.committed[2], (unsigned long long)usage.peak[0],
           (unsigned long long)usage.peak[1], (unsigned long long)usage.peak[2]);
}

/* The last case: nobody can tell the tags apart after it. */
static void many_tags(void)
{
    for (ULONG tag = 'A'; tag < 'A' + 40000 * 256 && !is_wrong(); tag += 256) {
        void *p = ExAllocatePoolWithTag(NonPagedPoolNx, 1 + tag % 5000, tag);
        if (!p)
            wrong("an allocation failed");
        else
            ExFreePoolWithTag(p, tag);
    }
    end_case("more tags than there are rows");
}

/* ---- running ---- */

static void *watchdog(void *arg)
{
    sleep((unsigned)(uintptr_t)arg);
    printf("Bail out! hangs in: %s\n", running);
    fflush(stdout);
    _exit(1);
}

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t v = strtoull(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--ops") == 0)
            n_ops = v;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = v;
        else if (strcmp(argv[i], "--threads") == 0 && v >= 1 && v <= MAX_THREADS)
            max_threads = (unsigned)v;
    }
}

int main(int argc, char **argv)
{
    pthread_t dog;
    pools_unlock(argv);
    read_arguments(argc, argv);
    pthread_create(&dog, NULL, watchdog, (void *)(uintptr_t)(60 + n_ops / 20000));
    for (unsigned i = 0; i < MAX_THREADS; i++)
        pools_table_open(&tables[i], 1500, seed * MAX_THREADS + i);
    for (unsigned i = 0; i < POSTS; i++)
        pthread_mutex_init(&post_lock[i], NULL);
    post_table.block = posts;
    post_table.n = POSTS;

    every_size();
    for (unsigned k = 0; k < 2; k++)
        for (unsigned n = 1; n <= max_threads; n++)
            for (unsigned i = 0; i < pools_n_profiles && !is_wrong(); i++)
                run_phase(&pools_profiles[i], n, k ? 20 : 80);
    empty_all();
    many_tags();
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
