/* Between bench_layout.c and its workers.
 *
 * Terms   worker = a process of this program with options of its own, which measures what it is
 *         told to by a pipe; loaded = 95 % of the granules have a reservation of 64 KiB, after all
 *         were filled and half of them freed by chance. */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include "bench.h"

#include <winvm/space.h>

enum { N_BATCHES = 50 };

/* Whose addresses a worker's calls are about. */
enum place {
    PLACE_OWN,
    PLACE_HANDLE,  /* as OWN, by a handle of the process */
    PLACE_SPACE,   /* a based space of 2 GB, by its handle */
    PLACE_POINTER, /* the same, queried and committed by pointers, without a handle */
};
enum work {
    RESERVE, RESERVE_TOP, RESERVE_COMMIT, RESERVE_1M, COMMIT, COMMIT_ANY, QUERY, EXCHANGE,
    FILL,   /* reserve 64 KiB until there is no room */
    LOAD,   /* after FILL */
    SPREAD, /* in an empty space: reserve 1 GiB at once; its granules are the blocks then */
};

struct order {
    enum work work;
    uint32_t n; /* operations in a batch */
};
struct answer {
    double ns[N_BATCHES]; /* of an operation; others: [0] blocks, [1] size of space */
};

/* place: the number of an enum place. Returns when nobody has orders any more. */
void bench_layout_worker(const char *place);

#endif
