/* 32-bit address spaces, identity mode and based, against the native arena; full ones against empty
 * ones; making spaces.
 *
 * A layout is for a whole process, so that what is compared runs in two workers (bench_layout.h),
 * in turns of N_BATCHES batches. The first of a turn warm the caches and are not counted. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_layout.h"

enum { N_WARM = 10, N_COUNTED = N_BATCHES - N_WARM, TURNS = 25 };
#define BATCH_NS 20e3

/* ---- workers ---- */

struct worker {
    int to, from;
    pid_t pid;
};

static void become_worker(const char *options, enum place place)
{
    char text[8];
    snprintf(text, sizeof text, "%d", place);
    if (options)
        setenv("WINVM_OPTIONS", options, 1);
    execl("/proc/self/exe", "bench", "--worker", text, (char *)NULL);
    _exit(127);
}

static struct worker start_worker(const char *options, enum place place)
{
    int to[2], from[2];
    struct worker w;
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 || (w.pid = fork()) < 0)
        bench_stop("no process");
    if (w.pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        become_worker(options, place);
    }
    close(to[0]);
    close(from[1]);
    w.to = to[1];
    w.from = from[0];
    return w;
}

static void end_worker(struct worker *w)
{
    close(w->to);
    close(w->from);
    waitpid(w->pid, NULL, 0);
}

static struct answer ask(struct worker *w, enum work work, uint32_t n)
{
    struct order order = {work, n};
    struct answer answer;
    if (write(w->to, &order, sizeof order) != sizeof order ||
        read(w->from, &answer, sizeof answer) != sizeof answer)
        bench_stop("a worker has ended");
    return answer;
}

/* ---- comparing ---- */

struct compared {
    struct bench_time middle; /* medians; the ratio's is over the turns */
    struct bench_time high;   /* 99th percentiles of the batches */
};

static double median_of(const struct answer *a)
{
    double v[N_COUNTED];
    memcpy(v, a->ns + N_WARM, sizeof v);
    return bench_median(v, N_COUNTED);
}

static uint32_t batch_size(struct worker *w, enum work work)
{
    uint32_t n = 1;
    for (struct answer a = ask(w, work, n); n < 4096 && median_of(&a) * n < BATCH_NS;
         a = ask(w, work, n))
        n *= 2;
    return n;
}

static struct compared compare(struct worker *ours, struct worker *theirs, enum work work)
{
    static double all[2][TURNS * N_COUNTED];
    double ratio[TURNS];
    struct compared c;
    uint32_t n = batch_size(theirs, work);
    for (unsigned t = 0; t < TURNS; t++) {
        struct answer a = ask(ours, work, n), b = ask(theirs, work, n);
        ratio[t] = median_of(&a) / median_of(&b);
        memcpy(all[0] + t * N_COUNTED, a.ns + N_WARM, N_COUNTED * sizeof(double));
        memcpy(all[1] + t * N_COUNTED, b.ns + N_WARM, N_COUNTED * sizeof(double));
    }
    c.middle.ratio = bench_median(ratio, TURNS);
    c.middle.ours_ns = bench_median(all[0], TURNS * N_COUNTED); /* sorts */
    c.middle.theirs_ns = bench_median(all[1], TURNS * N_COUNTED);
    c.high.ours_ns = all[0][TURNS * N_COUNTED * 99 / 100];
    c.high.theirs_ns = all[1][TURNS * N_COUNTED * 99 / 100];
    c.high.ratio = c.high.ours_ns / c.high.theirs_ns;
    return c;
}

/* ---- layouts ---- */

struct versus {
    struct worker *ours, *theirs;
};

static const char *const work_names[] = {
    [RESERVE] = "reserve + release 64 KiB",
    [RESERVE_TOP] = "reserve + release 64 KiB, top down",
    [RESERVE_COMMIT] = "reserve + commit + release 64 KiB",
    [RESERVE_1M] = "reserve + release 1 MiB, or be refused",
    [COMMIT] = "commit + decommit 64 KiB",
    [COMMIT_ANY] = "commit + decommit any 64 KiB",
    [QUERY] = "query",
    [EXCHANGE] = "release any 64 KiB + reserve 64 KiB",
};

static void layout_row(enum work work, const char *name, struct versus v, double limit)
{
    char text[128];
    struct compared c = compare(v.ours, v.theirs, work);
    snprintf(text, sizeof text, "%s, %s", work_names[work], name);
    bench_row(text, &c.middle, limit);
}

static void layout_rows(const char *name, struct worker ours, struct worker theirs, double limit)
{
    static const enum work works[] = {RESERVE, RESERVE_TOP, RESERVE_COMMIT, COMMIT, QUERY};
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        layout_row(works[i], name, (struct versus){&ours, &theirs}, limit);
    end_worker(&ours);
    end_worker(&theirs);
}

/* By pointers a space is memory of this process. By its handle, each call must find and hold it: so
 * must one with a handle of the process. */
static void based_rows(void)
{
    struct worker ours = start_worker(NULL, PLACE_POINTER), theirs = start_worker(NULL, PLACE_OWN);
    struct versus v = {&ours, &theirs};
    layout_row(COMMIT, "based space : native, both by pointers", v, 1.1);
    layout_row(QUERY, "based space : native, both by pointers", v, 1.1);
    end_worker(&ours);
    end_worker(&theirs);
    layout_rows("based space : native, both by handles", start_worker(NULL, PLACE_SPACE),
                start_worker(NULL, PLACE_HANDLE), 1.1);
    layout_rows("based space by its handle : native without", start_worker(NULL, PLACE_SPACE),
                start_worker(NULL, PLACE_OWN), 0);
}

void bench_layout(void)
{
    layout_rows("2 GB layout : native", start_worker("wow64=2g", PLACE_OWN),
                start_worker(NULL, PLACE_OWN), 1.1);
    layout_rows("4 GB layout : native", start_worker("wow64=4g", PLACE_OWN),
                start_worker(NULL, PLACE_OWN), 1.1);
    based_rows();
}

/* ---- full spaces ---- */

/* Which pages were committed before decides what the host's calls cost: before COMMIT_ANY the empty
 * space gets one reservation in which places all over it are used. */
static void full_rows(const char *name, const char *options, enum place place)
{
    static const enum work works[] = {RESERVE, RESERVE_TOP, RESERVE_1M, RESERVE_COMMIT,
                                      COMMIT, QUERY, EXCHANGE, COMMIT_ANY};
    struct worker full = start_worker(options, place), empty = start_worker(options, place);
    struct answer filled = ask(&full, FILL, 0), loaded = ask(&full, LOAD, 0);
    char text[128], note[96];
    double share = filled.ns[0] * GRANULE / filled.ns[1];
    snprintf(text, sizeof text, "%s, filled: less than 0.5 %% is left", name);
    snprintf(note, sizeof note, "%.0f blocks of 64 KiB, %.3f %%; loaded: %.0f", filled.ns[0],
             100 * share, loaded.ns[0]);
    bench_fact(text, share >= 0.995, note);
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        if (works[i] == COMMIT_ANY)
            ask(&empty, SPREAD, 0);
        struct compared c = compare(&full, &empty, works[i]);
        snprintf(text, sizeof text, "%s, %s, loaded : empty", work_names[works[i]], name);
        bench_row(text, &c.middle, 3);
        snprintf(text, sizeof text, "... 99th percentile of the batches");
        bench_row(text, &c.high, 3);
    }
    end_worker(&full);
    end_worker(&empty);
}

void bench_full(void)
{
    full_rows("2 GB layout", "wow64=2g", PLACE_OWN);
    full_rows("based space of 2 GB", NULL, PLACE_SPACE);
}

/* ---- making spaces ---- */

static void space_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--) {
        void *space = winvm_space_create(NULL);
        if (!space || winvm_space_destroy(space) != 0)
            bench_stop("winvm_space_create");
    }
}

static void bare_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--) {
        void *p = mmap(NULL, 12 * GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                       0);
        if (p == MAP_FAILED || munmap(p, 12 * GIB) != 0)
            bench_stop("mmap");
    }
}

static void thousand(void)
{
    static void *space[1000];
    size_t n = 0;
    char note[96];
    double start = bench_now();
    for (; n < 1000; n++)
        if (!(space[n] = winvm_space_create(NULL)))
            break;
    double created = bench_now();
    for (size_t i = 0; i < n; i++)
        if (winvm_space_destroy(space[i]) != 0)
            bench_stop("winvm_space_destroy");
    snprintf(note, sizeof note, "%.0f ns each, ended in %.0f ns each", (created - start) / n,
             (bench_now() - created) / n);
    bench_fact("1,000 spaces", n == 1000, note);
}

void bench_spaces(void)
{
    bench_pair(&(struct bench_pair){.name = "create + end a space : mmap + munmap of 12 GiB",
                                    .limit = 2,
                                    .ours = {.run = space_run},
                                    .theirs = {.run = bare_run}});
    thousand();
    bench_fact("audit after the spaces", winvm_audit() == 0, "");
}
