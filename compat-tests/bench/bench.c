/* Speed of winvm's calls as ratios to the bare system calls, measured in the same run.
 *
 *     bench [--strict] [--section NAME]...
 *
 * Prints tab-separated lines: name, ratio (or number), limit, ok / over / info, ns of ours, ns of
 * the system calls, note. With --strict the exit code is 1 when a line is over its limit. Each
 * section runs in a process of its own, some with options of winvm switched off, so that none
 * finds the address space that another left behind.
 *
 * I1  Both sides of a pair run in turns of some 150 us; the median of the ratios is printed. Time
 *     is the thread's CPU time: what other programs do to the machine hits single rounds, not the
 *     median.
 * I2  A call that fails stops its section with a line "failed". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_layout.h"

#define MAX_ROUNDS 128
#define BATCH_NS 150e3

static const struct section {
    const char *name;
    void (*run)(void);
    const char *options; /* WINVM_OPTIONS of its process */
} sections[] = {
    {"reserve", bench_reserve, NULL},
    {"commit-cycle", bench_commit_cycle, NULL},
    {"commit-cycle-plain", bench_commit_cycle_plain, "guard-regions=0"},
    {"query", bench_query, NULL},
    {"same", bench_same, NULL},
    {"runs", bench_runs, NULL},
    {"runs-plain", bench_runs, "guard-regions=0"},
    {"walk", bench_walk, NULL},
    {"threads", bench_threads, NULL},
    {"million", bench_million, NULL},
    {"small-live", bench_small_live, NULL},
    {"mixed-live", bench_mixed_live, NULL},
    {"small-live-plain", bench_small_live_plain, "guard-regions=0"},
    {"fault", bench_fault, NULL},
    {"limit", bench_at_limit, NULL},
    {"limit-plain", bench_at_limit, "guard-regions=0"},
    {"view", bench_view, NULL},
    {"frames", bench_frames, NULL},
    {"watch", bench_watch, NULL},
    {"working-set", bench_working, NULL},
    {"hint", bench_hint, NULL},
    {"kit", bench_kit, NULL},
    {"kit-sync", bench_kit_sync, NULL},
    {"placeholder", bench_placeholder, NULL},
    {"placeholder-plain", bench_placeholder, "guard-regions=0"},
    {"entry", bench_entry, NULL},
    {"traced", bench_traced, "trace=/dev/null"},
    {"layout", bench_layout, NULL},
    {"full", bench_full, NULL},
    {"spaces", bench_spaces, NULL},
};
#define N_SECTIONS (sizeof sections / sizeof sections[0])

static const struct section *current;
static bool any_over;

/* ---- helpers ---- */

static double time_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

double bench_now(void)
{
    return time_of(CLOCK_THREAD_CPUTIME_ID);
}

double bench_now_whole(void)
{
    return time_of(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof v[0], compare);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

uint32_t bench_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 32;
}

void bench_null_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--)
        syscall(SYS_getppid);
}

/* ---- rows ---- */

static void print_name(const char *name)
{
    printf("%s%s%s", name, current->options ? "; " : "", current->options ? current->options : "");
}

static const char *verdict(double value, double limit)
{
    if (limit == 0)
        return "info";
    any_over |= value > limit;
    return value > limit ? "over" : "ok";
}

void bench_stop(const char *what)
{
    print_name(current->name);
    printf("\t-\t-\tfailed\t-\t-\t%s, last error %lu\n", what, (unsigned long)GetLastError());
    fflush(stdout);
    _exit(2);
}

void bench_value(const char *name, double value, double limit, const char *note)
{
    print_name(name);
    printf("\t%.4g\t", value);
    if (limit != 0)
        printf("%.4g", limit);
    else
        printf("-");
    printf("\t%s\t-\t-\t%s\n", verdict(value, limit), note);
    fflush(stdout);
}

void bench_fact(const char *name, bool holds, const char *note)
{
    any_over |= !holds;
    print_name(name);
    printf("\t%s\tyes\t%s\t-\t-\t%s\n", holds ? "yes" : "no", holds ? "ok" : "over", note);
    fflush(stdout);
}

void bench_row(const char *name, const struct bench_time *t, double limit)
{
    print_name(name);
    if (limit != 0)
        printf("\t%.3f\t%.3f", t->ratio, limit);
    else
        printf("\t%.3f\t-", t->ratio);
    printf("\t%s\t%.1f\t%.1f\t\n", verdict(t->ratio, limit), t->ours_ns, t->theirs_ns);
    fflush(stdout);
}

void bench_pair(const struct bench_pair *pair)
{
    struct bench_time t = bench_measure(pair);
    double limit = pair->limit;
    if (limit != 0 && pair->limit_ns / t.theirs_ns > limit)
        limit = pair->limit_ns / t.theirs_ns;
    bench_row(pair->name, &t, limit);
}

/* ---- measuring ---- */

/* Nanoseconds of one operation. */
static double run_batch(const struct bench_side *s, unsigned round, size_t n, bool whole)
{
    double (*now)(void) = whole ? bench_now_whole : bench_now;
    if (s->prepare)
        s->prepare(s->ctx, round);
    double start = now();
    s->run(s->ctx, round, n);
    double ns = (now() - start) / n;
    if (s->clean)
        s->clean(s->ctx, round);
    return ns;
}

static size_t batch_size(const struct bench_side *s, bool whole)
{
    size_t n = s->n ? s->n : 1;
    if (!s->n)
        while (n < 1u << 20 && run_batch(s, 0, n, whole) * n < BATCH_NS)
            n *= 2;
    return n;
}

struct bench_time bench_measure(const struct bench_pair *pair)
{
    static double ratio[MAX_ROUNDS], ours[MAX_ROUNDS], theirs[MAX_ROUNDS];
    unsigned rounds = pair->rounds ? pair->rounds : 41;
    size_t n_ours = batch_size(&pair->ours, pair->whole);
    size_t n_theirs = batch_size(&pair->theirs, pair->whole);
    for (unsigned r = 0; r < rounds; r++) {
        ours[r] = run_batch(&pair->ours, r, n_ours, pair->whole);
        theirs[r] = run_batch(&pair->theirs, r, n_theirs, pair->whole);
        ratio[r] = ours[r] / theirs[r];
    }
    return (struct bench_time){
        .ratio = bench_median(ratio, rounds),
        .ours_ns = bench_median(ours, rounds),
        .theirs_ns = bench_median(theirs, rounds),
    };
}

/* ---- sections ---- */

/* In a child: the section, alone. */
static int run_here(const struct section *s)
{
    current = s;
    s->run();
    return any_over;
}

/* What it prints goes to the section that started it: only numbers may. */
static int run_worker(const char *place)
{
    static const struct section worker = {.name = "worker"};
    current = &worker;
    bench_layout_worker(place);
    return 0;
}

static int run_apart(const struct section *s)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (s->options)
            setenv("WINVM_OPTIONS", s->options, 1);
        else
            unsetenv("WINVM_OPTIONS");
        execl("/proc/self/exe", "bench", "--here", s->name, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    if (WIFSIGNALED(status) || WEXITSTATUS(status) > 2)
        printf("%s\t-\t-\tfailed\t-\t-\tended with status 0x%x\n", s->name, (unsigned)status);
    fflush(stdout);
    return status != 0;
}

static const struct section *find_section(const char *name)
{
    for (size_t i = 0; name && i < N_SECTIONS; i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    fprintf(stderr, "usage: bench [--strict] [--section NAME]...\nsections:");
    for (size_t i = 0; i < N_SECTIONS; i++)
        fprintf(stderr, " %s", sections[i].name);
    fprintf(stderr, "\n");
    exit(64);
}

int main(int argc, char **argv)
{
    bool strict = false, chosen = false;
    int over = 0;
    if (argc == 3 && strcmp(argv[1], "--here") == 0)
        return run_here(find_section(argv[2]));
    if (argc == 3 && strcmp(argv[1], "--worker") == 0)
        return run_worker(argv[2]);
    printf("# name\tratio\tlimit\tverdict\tours ns\tsystem calls ns\tnote\n");
    fflush(stdout);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--strict") == 0) {
            strict = true;
        } else if (strcmp(argv[i], "--section") == 0) {
            chosen = true;
            over |= run_apart(find_section(argv[++i]));
        } else {
            find_section(NULL);
        }
    }
    for (size_t i = 0; !chosen && i < N_SECTIONS; i++)
        over |= run_apart(&sections[i]);
    return strict && over;
}
