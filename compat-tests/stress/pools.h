/* The pools' shadow: what the stress programs know about every block, beside what winvm knows.
 *
 * Terms   block = a pool block and what is known of it; table = the blocks of one thread and its
 *         counts; room = the bytes that a block takes (the usable ones and, of one that a quota was
 *         charged for, a pointer); profile = which sizes are asked for how often.
 * I1      A block that is `live` has its contents: words that are a function of its seed and their
 *         offset, all of them in the first and last DENSE bytes, every SPARSE bytes between. So a
 *         block that overlaps another is seen as well.
 * I2      The counts of a table are those of the calls it made: of an alloc where it was made, of a
 *         free where it was made, whoever allocated the block.
 * Locking: a table belongs to one thread at a time; blocks travel by `post`.
 * Failure: wrong() (stress.h) with the first thing that does not hold. */
#ifndef POOLS_H
#define POOLS_H

#include <stddef.h>

#include <winvm/pool.h>
#include <winvm/wdm.h>

#include "stress.h"

enum { N_TAGS = 24, N_KINDS = 3, DENSE = 512, SPARSE = 256, POOL_PAGE = 4096 };

struct block {
    void *p;
    size_t size, room;
    uint64_t seed;
    uint8_t tag, kind; /* numbers */
    bool charged;
    bool live;         /* atomic; true: all of the above and the contents are there */
};

struct profile {
    const char *name;
    unsigned tiny, small, page, big; /* percent: up to 128, up to 4 KiB, about pages, up to 1 MiB */
};

struct table {
    uint64_t random;
    struct block *block;
    size_t n;
    uint64_t ops;
    uint64_t allocs[N_TAGS][2], frees[N_TAGS][2]; /* [1]: paged */
    uint64_t bytes[N_TAGS][2];         /* may wrap: rooms of allocs less those of frees */
};

extern const struct profile pools_profiles[];
extern const unsigned pools_n_profiles;
/* Whether NULL is an answer, and how often it came (atomic). */
extern bool pools_may_fail;
extern uint64_t pools_failed;
/* Kinds that are asked for: bits; all. */
extern unsigned pools_kinds;

static inline uint32_t pools_random(struct table *t, uint32_t below)
{
    t->random = t->random * 6364136223846793005u + 1442695040888963407u;
    return (t->random >> 32) * below >> 32;
}

ULONG pools_tag(unsigned number);
bool pools_table_open(struct table *t, size_t n, uint64_t seed);
void pools_table_close(struct table *t);

/* Makes a block of random size, kind and tag by a random call and checks what comes. b is not live.
 * False: wrong, or NULL where it may be. */
bool pools_alloc(struct table *t, struct block *b, const struct profile *profile);
/* The same of a size that the caller wants. */
bool pools_alloc_size(struct table *t, struct block *b, size_t size);
bool pools_check(const struct block *b);
/* The room of a live block. */
size_t pools_room(const void *p, bool *charged);
/* Checks, and frees by a random call. */
bool pools_free(struct table *t, struct block *b);
/* Frees all of a table. */
void pools_empty(struct table *t);
/* One step: a random slot is filled, or checked and emptied, so that about `full` percent live. */
void pools_step(struct table *t, const struct profile *profile, unsigned full);

/* Nobody is in the pools: are the system's counters those of the tables, for every tag and kind? */
bool pools_totals(struct table *const *tables, size_t n);
/* Nobody is in the pools: no two live blocks' rooms overlap. */
bool pools_apart(struct table *const *tables, size_t n);
/* The counters of one tag. False: the query failed. */
struct pools_row {
    uint32_t allocs[2], frees[2];
    uint64_t used[2];
};
bool pools_row(unsigned tag, struct pools_row *out);

/* Non-paged pool needs locked memory: starts the program again with pool-lock=0 where the user may
 * lock little. */
void pools_unlock(char **argv);

#endif
