/* Speed of kernel pools against four malloc()s, in the same run.
 *
 *     bench_pool [--strict] [--rows] [--section NAME]...
 *
 * The lines are bench's: name, ratio (or number), limit, ok / over / info, ns of winvm, ns of what
 * it stands against, note (everybody's ns). With --strict the exit code is 1 when a line is over
 * its limit. --rows leaves out the line of titles.
 *
 * Terms   side = an allocator and how it is called; turn = one order to each side, in an order that
 *         changes from turn to turn; the four = glibc, mimalloc, jemalloc and tcmalloc, the latter
 *         by LD_PRELOAD.
 *
 * I1  Each side of each line is a process of its own that did nothing before it.
 * I2  A ratio is the median over the turns of (winvm's answer / the answer of the fastest of the
 *     four in that turn); who is the fastest is decided by the medians, line by line.
 * I3  A side whose library is not installed is left out and said to be absent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_pool.h"

enum { MAX_TURNS = 64, LIVE = 100000 };

struct side {
    const char *name, *library; /* to preload */
    const char *part;           /* of the name of the file that must serve the calls */
    const struct way *way;
    bool absent;
};
enum { GLIBC, MIMALLOC, JEMALLOC, TCMALLOC, N_OTHERS };
enum { NX = N_OTHERS, PAGED, NX_ONE, PAGED_ONE, N_SIDES };
static struct side sides[N_SIDES] = {
    [GLIBC] = {"glibc", NULL, "libc.so", &bench_pool_malloc, false},
    [MIMALLOC] = {"mimalloc", "libmimalloc.so.2", "mimalloc", &bench_pool_malloc, false},
    [JEMALLOC] = {"jemalloc", "libjemalloc.so.2", "jemalloc", &bench_pool_malloc, false},
    [TCMALLOC] = {"tcmalloc", "libtcmalloc_minimal.so.4", "tcmalloc", &bench_pool_malloc, false},
    [NX] = {"non-paged pool", NULL, "winvm", &bench_pool_nx, false},
    [PAGED] = {"paged pool", NULL, "winvm", &bench_pool_paged, false},
    [NX_ONE] = {"non-paged pool, one tag", NULL, "winvm", &bench_pool_nx_one, false},
    [PAGED_ONE] = {"paged pool, one tag", NULL, "winvm", &bench_pool_paged_one, false},
};

static bool any_over, any_failed;
static bool unlocked; /* this user may not lock as much as a mix needs */

/* ---- workers ---- */

struct worker {
    int to, from;
    pid_t pid;
};

static void stop(const char *what)
{
    printf("pools\t-\t-\tfailed\t-\t-\t%s\n", what);
    exit(2);
}

static void become_worker(const struct side *s, bool quiet)
{
    int null = quiet ? open("/dev/null", O_WRONLY) : -1;
    if (null >= 0)
        dup2(null, STDERR_FILENO); /* the loader's complaint of a missing library */
    if (s->library)
        setenv("LD_PRELOAD", s->library, 1);
    if (unlocked)
        setenv("WINVM_OPTIONS", "pool-lock=0", 1);
    else
        unsetenv("WINVM_OPTIONS");
    execl("/proc/self/exe", "bench_pool", "--worker", s->way->name, (char *)NULL);
    _exit(127);
}

static struct worker start_worker(const struct side *s, bool quiet, struct hello *hello)
{
    int to[2], from[2];
    struct worker w;
    fflush(stdout);
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 || (w.pid = fork()) < 0)
        stop("no process");
    if (w.pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        become_worker(s, quiet);
    }
    close(to[0]);
    close(from[1]);
    w.to = to[1];
    w.from = from[0];
    if (read(w.from, hello, sizeof *hello) != sizeof *hello)
        hello->from[0] = '\0';
    return w;
}

static void end_worker(struct worker *w)
{
    close(w->to);
    close(w->from);
    waitpid(w->pid, NULL, 0);
}

/* False: the worker has ended. */
static bool ask(struct worker *w, const struct order *o, struct answer *a)
{
    return write(w->to, o, sizeof *o) == sizeof *o && read(w->from, a, sizeof *a) == sizeof *a;
}

/* ---- measuring ---- */

struct table {
    bool in[N_SIDES];
    double ns[4][N_SIDES][MAX_TURNS]; /* 1 of the numbers of an answer, of a side, in a turn */
    unsigned turns;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *v, unsigned n)
{
    double sorted[MAX_TURNS];
    memcpy(sorted, v, n * sizeof v[0]);
    qsort(sorted, n, sizeof sorted[0], compare);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* wanted: bits of sides. Those whose worker ends are out, and the run has failed. */
static void measure(struct table *t, const struct order *o, unsigned wanted, unsigned turns)
{
    struct worker w[N_SIDES];
    struct hello hello;
    struct answer a;
    memset(t, 0, sizeof *t);
    t->turns = turns;
    for (unsigned s = 0; s < N_SIDES; s++)
        if ((t->in[s] = wanted >> s & 1 && !sides[s].absent))
            w[s] = start_worker(&sides[s], false, &hello);
    for (unsigned turn = 0; turn <= turns; turn++)
        for (unsigned i = 0; i < N_SIDES; i++) {
            unsigned s = (i + turn) % N_SIDES;
            if (!t->in[s])
                continue;
            if (!ask(&w[s], o, &a)) {
                printf("%s\t-\t-\tfailed\t-\t-\tits worker ended\n", sides[s].name);
                t->in[s] = false;
                any_failed = true;
                end_worker(&w[s]);
            }
            for (unsigned k = 0; turn > 0 && k < 4; k++) /* turn 0 warms up */
                t->ns[k][s][turn - 1] = a.ns[k];
        }
    for (unsigned s = 0; s < N_SIDES; s++)
        if (t->in[s])
            end_worker(&w[s]);
}

/* The fastest of the four by number k; N_OTHERS: none is there. */
static unsigned fastest(const struct table *t, unsigned k)
{
    unsigned best = N_OTHERS;
    for (unsigned s = 0; s < N_OTHERS; s++)
        if (t->in[s] && (best == N_OTHERS || median(t->ns[k][s], t->turns) <
                                                 median(t->ns[k][best], t->turns)))
            best = s;
    return best;
}

static double ratio_of(const struct table *t, unsigned k, unsigned ours, unsigned theirs)
{
    double ratio[MAX_TURNS];
    for (unsigned i = 0; i < t->turns; i++)
        ratio[i] = t->ns[k][ours][i] / t->ns[k][theirs][i];
    return median(ratio, t->turns);
}

/* ---- rows ---- */

static const char *verdict(double value, double limit)
{
    if (limit == 0)
        return "info";
    any_over |= value > limit;
    return value > limit ? "over" : "ok";
}

static void print_limit(double limit)
{
    if (limit != 0)
        printf("%.3f\t", limit);
    else
        printf("-\t");
}

/* "glibc 12.1, mimalloc 7.0, ..." of what is in, in units of `unit`. */
static void print_others(const struct table *t, unsigned k, double unit)
{
    const char *comma = "";
    for (unsigned s = 0; s < N_OTHERS; s++)
        if (t->in[s]) {
            printf("%s%s %.1f", comma, sides[s].name, median(t->ns[k][s], t->turns) / unit);
            comma = ", ";
        }
}

struct line {
    const char *name;
    unsigned k;     /* which number of the answers */
    unsigned versus; /* N_OTHERS: the fastest of the four */
    double limit;
};

static void print_lines(const struct table *t, const struct line *l)
{
    unsigned versus = l->versus == N_OTHERS ? fastest(t, l->k) : l->versus;
    for (unsigned s = N_OTHERS; s < N_SIDES; s++) {
        if (!t->in[s])
            continue;
        if (versus == N_OTHERS || !t->in[versus]) {
            printf("%s, %s\t-\t-\tabsent\t%.1f\t-\t\n", l->name, sides[s].name,
                   median(t->ns[l->k][s], t->turns));
            continue;
        }
        double ratio = ratio_of(t, l->k, s, versus);
        printf("%s, %s : %s\t%.3f\t", l->name, sides[s].name, sides[versus].name, ratio);
        print_limit(l->limit);
        printf("%s\t%.1f\t%.1f\t", verdict(ratio, l->limit), median(t->ns[l->k][s], t->turns),
               median(t->ns[l->k][versus], t->turns));
        print_others(t, l->k, 1);
        printf("\n");
    }
    fflush(stdout);
}

/* ---- sections ---- */

enum { EVERYBODY = (1 << N_SIDES) - 1, NO_ONE_TAG = EVERYBODY & ~(1 << NX_ONE | 1 << PAGED_ONE) };
static struct table table;

static void run_pairs(void)
{
    static const uint32_t sizes[] = {16, 32, 64, 128, 256, 512, 1024, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "allocate + free %u bytes", sizes[i]);
        measure(&table, &(struct order){PAIR, sizes[i], 0, 10000}, EVERYBODY, 31);
        print_lines(&table, &(struct line){name, 0, N_OTHERS, 1});
    }
}

static void run_batches(void)
{
    measure(&table, &(struct order){BATCH, 1024, 0, 10}, EVERYBODY, 31);
    print_lines(&table, &(struct line){"1,000 x 1 KiB allocated, then freed", 0, N_OTHERS, 1.05});
}

static void run_mix(void)
{
    measure(&table, &(struct order){MIX, 0, LIVE, 20000}, EVERYBODY, 31);
    print_lines(&table, &(struct line){"replace one of 100,000 live blocks", 0, N_OTHERS, 1.05});
}

/* A mix cannot be repeated in a process that keeps what the first one took. */
static void measure_resident(struct table *t, unsigned turn, unsigned s)
{
    static const struct order order = {RESIDENT, 0, LIVE, 0};
    struct hello hello;
    struct answer a = {{0}};
    struct worker w = start_worker(&sides[s], false, &hello);
    if (!ask(&w, &order, &a)) {
        t->in[s] = false;
        any_failed = true;
    }
    end_worker(&w);
    for (unsigned k = 0; k < 2; k++)
        t->ns[k][s][turn] = a.ns[k];
}

static void run_resident(void)
{
    memset(&table, 0, sizeof table);
    table.turns = 3;
    for (unsigned s = 0; s < N_SIDES; s++)
        table.in[s] = NO_ONE_TAG >> s & 1 && !sides[s].absent;
    for (unsigned turn = 0; turn < table.turns; turn++)
        for (unsigned s = 0; s < N_SIDES; s++)
            if (table.in[s])
                measure_resident(&table, turn, s);
    for (unsigned s = N_OTHERS; s < N_SIDES; s++) {
        if (!table.in[s] || !table.in[MIMALLOC])
            continue;
        double ratio = ratio_of(&table, 0, s, MIMALLOC);
        printf("resident memory of 100,000 live blocks, %s : mimalloc\t%.3f\t1.100\t%s\t-\t-\t"
               "%.1f MiB of %.1f asked for; ",
               sides[s].name, ratio, verdict(ratio, 1.1),
               median(table.ns[0][s], table.turns) / 0x100000, table.ns[1][s][0] / 0x100000);
        print_others(&table, 0, 0x100000);
        printf("\n");
    }
    fflush(stdout);
}

/* The time of a step while two threads run, of that while one does: half of it is the throughput's
 * reciprocal. */
static void print_threads(const char *name, unsigned k, double limit)
{
    static double twice[N_SIDES];
    for (unsigned s = 0; s < N_SIDES; s++) {
        double ratio[MAX_TURNS];
        for (unsigned i = 0; i < table.turns; i++)
            ratio[i] = table.ns[k + 2][s][i] / table.ns[k][s][i] / 2;
        twice[s] = table.in[s] ? median(ratio, table.turns) : 0;
    }
    for (unsigned s = N_OTHERS; s < N_SIDES; s++) {
        if (!table.in[s])
            continue;
        printf("%s, two threads : one, %s\t%.3f\t", name, sides[s].name, twice[s]);
        print_limit(limit);
        printf("%s\t%.1f\t%.1f\t", verdict(twice[s], limit),
               median(table.ns[k + 2][s], table.turns) / 2, median(table.ns[k][s], table.turns));
        for (unsigned o = 0; o < N_OTHERS; o++)
            if (table.in[o])
                printf("%s%s %.3f", o ? ", " : "", sides[o].name, twice[o]);
        printf("\n");
    }
    fflush(stdout);
}

static void run_threads(void)
{
    measure(&table, &(struct order){THREADS, 0, 1000, 100000}, NO_ONE_TAG, 25);
    print_threads("replace one of 1,000 live blocks, CPU time", 0, 1 / 1.7);
    print_threads("replace one of 1,000 live blocks, elapsed time", 1, 1 / 1.7);
    print_lines(&table, &(struct line){"replace one of 1,000 live blocks", 0, N_OTHERS, 0});
    print_lines(&table, &(struct line){"... while another thread does", 2, N_OTHERS, 0});
}

static void run_ring(void)
{
    measure(&table, &(struct order){RING, 0, 0, 100000}, NO_ONE_TAG, 25);
    print_lines(&table, &(struct line){"allocate + free on another thread", 0, MIMALLOC, 1});
    print_lines(&table, &(struct line){"... against the fastest", 0, N_OTHERS, 0});
    print_lines(&table, &(struct line){"... elapsed time", 1, N_OTHERS, 0});
}

static const struct section {
    const char *name;
    void (*run)(void);
} sections[] = {
    {"pairs", run_pairs},       {"batches", run_batches}, {"mix", run_mix},
    {"resident", run_resident}, {"threads", run_threads}, {"ring", run_ring},
};
#define N_SECTIONS (sizeof sections / sizeof sections[0])

static const struct section *find_section(const char *name)
{
    for (size_t i = 0; name && i < N_SECTIONS; i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    fprintf(stderr, "usage: bench_pool [--strict] [--rows] [--section NAME]...\nsections:");
    for (size_t i = 0; i < N_SECTIONS; i++)
        fprintf(stderr, " %s", sections[i].name);
    fprintf(stderr, "\n");
    exit(64);
}

/* ---- who is there ---- */

static void find_sides(void)
{
    struct rlimit lock;
    unlocked = geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &lock) == 0 &&
               lock.rlim_cur < (rlim_t)512 << 20;
    for (unsigned s = 0; s < N_SIDES; s++) {
        struct hello hello;
        struct worker w = start_worker(&sides[s], true, &hello);
        end_worker(&w);
        sides[s].absent = !strstr(hello.from, sides[s].part);
        if (sides[s].absent)
            printf("%s\t-\t-\tabsent\t-\t-\t%s\n", sides[s].name,
                   sides[s].library ? sides[s].library : hello.from);
    }
    if (unlocked)
        printf("non-paged pool\t-\t-\tinfo\t-\t-\tnot locked: RLIMIT_MEMLOCK is small here\n");
}

static int run_worker(const char *name)
{
    static const struct way *const ways[] = {&bench_pool_malloc, &bench_pool_nx, &bench_pool_paged,
                                             &bench_pool_nx_one, &bench_pool_paged_one};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i]->name, name) == 0) {
            bench_pool_worker(ways[i]);
            return 0;
        }
    return 64;
}

int main(int argc, char **argv)
{
    const struct section *chosen[16];
    size_t n = 0;
    bool strict = false, rows = false;
    if (argc == 3 && strcmp(argv[1], "--worker") == 0)
        return run_worker(argv[2]);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--strict") == 0)
            strict = true;
        else if (strcmp(argv[i], "--rows") == 0)
            rows = true;
        else if (strcmp(argv[i], "--section") == 0 && n < 16)
            chosen[n++] = find_section(argv[++i]);
        else
            find_section(NULL);
    }
    if (!rows)
        printf("# name\tratio\tlimit\tverdict\tours ns\ttheirs ns\tnote\n");
    find_sides();
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (n == 0)
            sections[i].run();
    for (size_t i = 0; i < n; i++)
        chosen[i]->run();
    return any_failed ? 2 : strict && any_over;
}
