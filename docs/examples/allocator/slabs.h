/* Slabs: blocks of size classes, in segments that are known by a block's address. */
#ifndef SLABS_H
#define SLABS_H

#include <windows.h>
#include "alloc.h"

enum {
    SEGMENT = 4 << 20, SLAB = 64 << 10, N_SLABS = SEGMENT / SLAB, HEADER = 2 * OS_PAGE,
    N_CLASSES = 40, MOST_SMALL = 32 << 10
};
struct block {
    struct block *next;
};
struct slab {
    struct slab *next, *prev;       /* USED: with free blocks, of one class; IDLE: all idle ones */
    struct block *free;
    unsigned n_used, n_carved;      /* blocks in use or cached; blocks that exist */
    int class, state;
};
struct segment {
    struct segment *next, *prev;
    size_t large;                   /* bytes of the one large block that is in it; 0: has slabs */
    size_t offset, room;            /* large: where it begins; bytes it can have */
    int whole;                      /* large: of large pages, committed for good */
    int n_unused;
    struct slab slabs[N_SLABS];     /* the first is where this stands */
};

size_t size_of_class(int class);
int class_of_size(size_t size);
size_t round_up(size_t size, size_t unit);      /* a power of two */
struct segment *segment_of(const void *at);
struct slab *slab_of(const void *at);
void put_segment(struct segment *after, struct segment *segment);
void drop_segment(struct segment *segment);

void slabs_start(void);
/* Puts up to n blocks in front of *list; how many. */
unsigned slabs_take(int class, unsigned n, struct block **list);
/* Gives back the first n blocks of *list. */
void slabs_give(int class, unsigned n, struct block **list);
void slabs_trim(void);
void slabs_stats(struct alloc_stats *stats);
int slabs_check(void);

#endif
