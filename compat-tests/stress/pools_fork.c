/* fork() while other threads are in the pools.
 *
 *     pools_fork [FORKS] [SEED]
 *
 * Threads allocate and free without end; the main thread forks again and again. The child has one
 * thread: it finds the contents of every block that was live, whoever allocated it, frees them all,
 * works on by itself, by new threads and in a child of its own, and its counters move exactly. The
 * parent goes on; at the end its totals are those of the shadow.
 * A block that a thread was about to allocate or free at the fork is not live and left alone.
 * A watchdog turns a hang into a failure. Output is TAP. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "pools.h"

enum { WORKERS = 3, SLOTS = 400, LIFE = 4000, CHILD_SECONDS = 60 };

static struct table tables[WORKERS + 1]; /* the last: the main thread's */
static struct table *const all[WORKERS + 1] = {&tables[0], &tables[1], &tables[2], &tables[3]};
static bool ends;
static unsigned n_cases, n_failed;

static const struct profile *any_profile(struct table *t)
{
    return &pools_profiles[pools_random(t, pools_n_profiles)];
}

static void *live_a_while(void *arg)
{
    struct table *t = arg;
    const struct profile *profile = any_profile(t);
    for (unsigned i = 0; i < LIFE && !is_wrong(); i++)
        pools_step(t, profile, 60);
    return NULL;
}

static void *keep(void *arg)
{
    pthread_t thread;
    while (!__atomic_load_n(&ends, __ATOMIC_ACQUIRE) && !is_wrong())
        if (pthread_create(&thread, NULL, live_a_while, arg) != 0)
            wrong("no thread");
        else
            pthread_join(thread, NULL);
    return NULL;
}

/* ---- the child ---- */

static bool moved_exactly(const struct pools_row *before, const struct table *t)
{
    for (unsigned tag = 0; tag < N_TAGS; tag++) {
        struct pools_row now;
        if (!pools_row(tag, &now))
            return false;
        for (unsigned paged = 0; paged < 2; paged++)
            if (now.allocs[paged] - before[tag].allocs[paged] != (uint32_t)t->allocs[tag][paged] ||
                now.frees[paged] - before[tag].frees[paged] != (uint32_t)t->frees[tag][paged] ||
                now.used[paged] - before[tag].used[paged] != t->bytes[tag][paged])
                return wrong("a child's counters moved by another number than its calls");
    }
    return true;
}

static void check_inherited(struct table *t)
{
    for (unsigned i = 0; i < WORKERS + 1; i++)
        for (size_t k = 0; k < SLOTS && !is_wrong(); k++)
            if (__atomic_load_n(&tables[i].block[k].live, __ATOMIC_ACQUIRE))
                pools_free(t, &tables[i].block[k]);
}

/* A thread works on each table; what the second did is counted in t, which is the first. */
static void work_by_threads(struct table *t, struct table *const *both)
{
    pthread_t thread[2];
    unsigned started = 0;
    for (; started < 2 && pthread_create(&thread[started], NULL, live_a_while,
                                         both[started]) == 0;)
        started++;
    if (started < 2)
        wrong("no thread in a child");
    while (started > 0)
        pthread_join(thread[--started], NULL);
    for (unsigned i = 0; i < 2 * N_TAGS; i++) {
        t->allocs[i / 2][i % 2] += both[1]->allocs[i / 2][i % 2];
        t->frees[i / 2][i % 2] += both[1]->frees[i / 2][i % 2];
        t->bytes[i / 2][i % 2] += both[1]->bytes[i / 2][i % 2];
    }
}

static bool in_child(uint64_t seed, unsigned depth);

/* A child's first act: a thread goes into the pools while the main thread forks. */
static void fork_beside_thread(struct table *t, uint64_t seed)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, live_a_while, t) != 0) {
        wrong("no thread in a child");
        return;
    }
    for (unsigned i = 0; i < 3 && !is_wrong(); i++)
        if (!in_child(seed + 2 + i, 0))
            wrong("a child's child failed");
    pthread_join(thread, NULL);
    pools_empty(t);
}

static void be_child(uint64_t seed, unsigned depth)
{
    static struct table own, second;
    static struct pools_row before[N_TAGS];
    struct table *const both[2] = {&own, &second};
    pools_table_open(&own, SLOTS, seed);
    pools_table_open(&second, SLOTS, seed + 1);
    if (depth > 0) {
        fork_beside_thread(&second, seed);
        pools_table_close(&second);
        pools_table_open(&second, SLOTS, seed + 1);
    }
    for (unsigned tag = 0; tag < N_TAGS; tag++)
        pools_row(tag, &before[tag]);
    check_inherited(&own);
    for (unsigned i = 0; i < 2000 && !is_wrong(); i++)
        pools_step(&own, any_profile(&own), 70);
    winvm_pool_trim();
    if (!is_wrong())
        work_by_threads(&own, both);
    if (!is_wrong() && moved_exactly(before, &own))
        pools_apart(both, 2);
    for (unsigned i = 0; i < 2; i++)
        pools_empty(both[i]);
}

static bool in_child(uint64_t seed, unsigned depth)
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(CHILD_SECONDS);
        be_child(seed, depth);
        if (is_wrong())
            printf("# in a child: %s\n", why);
        fflush(stdout);
        _exit(is_wrong());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    if (status != 0)
        printf("# a child ended with status 0x%x\n", (unsigned)status);
    return status == 0;
}

/* ---- the parent ---- */

static void end_case(const char *name)
{
    n_failed += !report(++n_cases, name);
}

static void fork_often(unsigned forks, uint64_t seed)
{
    struct table *own = &tables[WORKERS];
    pthread_t thread[WORKERS];
    unsigned started = 0;
    while (started < WORKERS && pthread_create(&thread[started], NULL, keep,
                                               &tables[started]) == 0)
        started++;
    for (unsigned i = 0; i < forks && !is_wrong(); i++) {
        for (unsigned k = 0; k < 200; k++)
            pools_step(own, any_profile(own), 60);
        if (!in_child(seed + i * 10, i % 5 == 0))
            wrong("a child failed");
    }
    __atomic_store_n(&ends, true, __ATOMIC_RELEASE);
    if (started < WORKERS)
        wrong("no thread");
    while (started > 0)
        pthread_join(thread[--started], NULL);
}

static void *watchdog(void *arg)
{
    sleep((unsigned)(uintptr_t)arg);
    puts("Bail out! hangs");
    fflush(stdout);
    _exit(1);
}

int main(int argc, char **argv)
{
    unsigned forks = argc > 1 ? strtoul(argv[1], NULL, 0) : 11;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    pthread_t dog;
    pools_unlock(argv);
    pthread_create(&dog, NULL, watchdog, (void *)(uintptr_t)(90 + forks));
    for (unsigned i = 0; i < WORKERS + 1; i++)
        pools_table_open(&tables[i], SLOTS, seed * 100 + i);

    fork_often(forks, seed);
    end_case("children of threads that allocate find every block and go on");
    if (!is_wrong() && pools_totals(all, WORKERS + 1))
        pools_apart(all, WORKERS + 1);
    end_case("the parent's totals are exact and its blocks whole");
    for (unsigned i = 0; i < WORKERS + 1; i++)
        pools_empty(&tables[i]);
    if (!is_wrong())
        pools_totals(all, WORKERS + 1);
    end_case("all freed");
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
