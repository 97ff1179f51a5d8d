/* Between the driver of the pools' benchmark, its workers and the work they do.
 *
 * Terms   worker = a process of this program that allocates in one way and measures what it is told
 *         to by a pipe; way = who serves its allocations; step = the replacement of one block;
 *         mix = live blocks of random sizes, of which random ones are replaced. */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum work {
    PAIR,     /* ns[0]: allocate + free one block of `size` bytes */
    BATCH,    /* ns[0]: the same of each of 1,000 blocks, all allocated before one is freed */
    MIX,      /* ns[0]: a step among `live` blocks */
    RESIDENT, /* ns[0]: bytes that a mix, all written, made resident; ns[1]: bytes asked for */
    THREADS,  /* ns[0], ns[1]: a step of one thread, CPU and elapsed time; ns[2], ns[3]: of two */
    RING,     /* ns[0]: allocate + free on another thread, CPU time of both; ns[1]: elapsed time */
};

struct order {
    enum work work;
    uint32_t size, live, n;
};
struct answer {
    double ns[4];
};
/* A worker's first words: the file whose code serves the allocations. */
struct hello {
    char from[120];
};

struct step {
    uint32_t slot, size;
};
struct mix {
    void **slot;
    size_t n_slots;
    bool small; /* sizes of 16 .. 1,024 bytes only */
    bool whole; /* every byte is written, not only the first and the last */
    uint64_t random;
    struct step *step;
};

/* The work, made for each way of allocating (pool_work.inc). */
struct way {
    const char *name;
    const void *allocate; /* its address tells the file */
    void (*pairs)(size_t size, size_t n);
    void (*batches)(size_t size, size_t n);
    void (*fill)(struct mix *m);
    void (*steps)(struct mix *m, size_t n);
    void (*empty)(struct mix *m);
    void (*get)(void **block, const struct step *s, size_t n);
    void (*put)(void **block, size_t n);
};
#define BATCH_BLOCKS 1000

extern const struct way bench_pool_malloc;
/* Non-paged and paged pool, with 16 tags in turn and with one. */
extern const struct way bench_pool_nx, bench_pool_paged, bench_pool_nx_one, bench_pool_paged_one;

/* Serves orders from standard input until there are none. */
void bench_pool_worker(const struct way *way);
/* Ends the process: an allocation failed. */
void bench_pool_none(void) __attribute__((noreturn));

#endif
