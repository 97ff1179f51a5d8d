/* What the files of the benchmark share: a measured pair, a printed row, small helpers.
 *
 * Terms   pair = an operation of winvm's and the bare system calls it stands against; batch = some
 *         repetitions of one side, timed as a whole; round = one batch of each side, one after the
 *         other, so that both see the same machine.
 * A row's number is the median over the rounds of (time of ours / time of theirs), per operation.
 * */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winvm/winvm.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)
#define TIB ((size_t)1 << 40)
#define PAGE ((size_t)4096)
#define GRANULE (64 * KIB)

struct bench_side {
    void (*prepare)(void *ctx, unsigned round); /* not timed; may be NULL */
    void (*run)(void *ctx, unsigned round, size_t n);
    void (*clean)(void *ctx, unsigned round); /* not timed; may be NULL */
    void *ctx;
    size_t n; /* operations in a batch; 0: as many as take 150 us */
};

struct bench_pair {
    const char *name;
    struct bench_side ours, theirs;
    double limit;    /* highest ratio; 0: for information */
    double limit_ns; /* or as many nanoseconds, whichever is more */
    unsigned rounds; /* 0: 41 */
    bool whole;      /* the time of all threads, not of this one */
};

struct bench_time {
    double ratio, ours_ns, theirs_ns;
};

struct bench_time bench_measure(const struct bench_pair *pair);
/* Measures and prints a row. */
void bench_pair(const struct bench_pair *pair);
/* A row of what was measured otherwise. limit 0: for information. */
void bench_row(const char *name, const struct bench_time *t, double limit);
/* A number that is no ratio: bytes, counts. limit 0: for information. */
void bench_value(const char *name, double value, double limit, const char *note);
/* Something that must be true. */
void bench_fact(const char *name, bool holds, const char *note);

/* CPU time in nanoseconds: of the thread, of the process. */
double bench_now(void);
double bench_now_whole(void);
double bench_median(double *v, size_t n);
uint32_t bench_random(uint64_t *state);
/* Stops the section with a message: the machine cannot run it, or the library is broken. */
void bench_stop(const char *what);
void bench_null_run(void *ctx, unsigned round, size_t n);

static inline char *bench_alloc(void *at, size_t len, DWORD type, DWORD prot)
{
    char *p = VirtualAlloc(at, len, type, prot);
    if (!p)
        bench_stop("VirtualAlloc");
    return p;
}

static inline void bench_free(void *at, size_t len, DWORD type)
{
    if (!VirtualFree(at, len, type))
        bench_stop("VirtualFree");
}

/* Sections: bench_calls.c, bench_fault.c, bench_hint.c, bench_layout.c, bench_limit.c,
 * bench_frames.c, bench_kit.c, bench_kit_sync.c, bench_many.c, bench_placeholder.c, bench_runs.c,
 * bench_view.c, bench_watch.c, bench_working.c. */
void bench_reserve(void);
void bench_commit_cycle(void);
void bench_commit_cycle_plain(void);
void bench_query(void);
void bench_same(void);
void bench_entry(void);
void bench_view(void);
void bench_frames(void);
void bench_watch(void);
void bench_working(void);
void bench_hint(void);
void bench_kit(void);
void bench_kit_sync(void);
void bench_placeholder(void);
void bench_traced(void);
void bench_runs(void);
void bench_million(void);
void bench_walk(void);
void bench_threads(void);
void bench_small_live(void);
void bench_small_live_plain(void);
void bench_mixed_live(void);
void bench_fault(void);
void bench_at_limit(void);
void bench_layout(void);
void bench_full(void);
void bench_spaces(void);

#endif
