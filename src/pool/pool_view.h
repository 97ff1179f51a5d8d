/* What a process tells of its pools to those that read its memory from outside: winvm-poolmon.
 *
 * The form is the same for 32-bit and 64-bit processes, so that either can be read by either; it is
 * all that the reader knows. Whoever changes it changes WVM_POOL_VIEW_VERSION.
 *
 * Reader   finds the view by the ELF note of the object that it lies in: the note's four bytes are
 *          the signed distance from themselves to the view (pool_view.c);
 *          reads rows [1, *n_rows), and adds up for each row the tally of the threads that have
 *          ended (`retired`), and for each thread in the list from *threads its tally and its way;
 *          a row without allocations is none; begins anew
 *          when the view's moves are odd or have changed meanwhile: counters were being moved.
 * Nothing here is written by ordinary allocations and frees. */
#ifndef WVM_POOL_POOL_VIEW_H
#define WVM_POOL_POOL_VIEW_H

#include <stdint.h>

#include "base/annotate.h"

#define WVM_POOL_VIEW_NOTE 2
#define WVM_POOL_VIEW_NOTE_NAME "winvm"
#define WVM_POOL_VIEW_MAGIC "winvm-p"
#define WVM_POOL_VIEW_VERSION 3

/* A row: its tag, and the kind of memory (enum wvm_pool_kind). */
struct wvm_pool_view_row {
    uint32_t tag;
    uint8_t kind;
    uint8_t zero[3];
};
/* Counters; taken, given: bytes. */
struct wvm_pool_view_tally {
    wvm_word64 allocs, frees, taken, given;
};
/* pairs: bit 0 says that a block of `room` bytes is in use, those from bit 3 on how many were
 * allocated and freed again. taken, given: others, in one word: blocks in the lower half, bytes in
 * units of 16 in the upper one. A look while one becomes the other can be one block too many. */
struct wvm_pool_view_way {
    uint32_t other[2];
    wvm_word64 pairs, taken, given;
    uint32_t room, more[23];
};
/* The memory of a kind: what lies in [start, start + 4096 * (*grown - first)) and is not in the
 * *released pages of it was taken from the host. */
struct wvm_pool_view_part {
    wvm_word64 start;
    wvm_word64 grown, released; /* addresses of uint32_t */
    wvm_word64 locked;          /* of uint64_t: pages */
    uint32_t first, zero;
};

enum { WVM_POOL_VIEW_KINDS = 3, WVM_POOL_VIEW_PAGED = 1 };

/* Addresses have 64 bits in every process; where they lead, pointers have pointer_size bytes. */
struct wvm_pool_view {
    char magic[8];         /* with its NUL */
    uint32_t version;
    uint32_t size;         /* of this structure */
    uint32_t pointer_size;
    uint32_t ready;        /* (a) 0: no pool was ever used, nothing below is valid */
    uint32_t moves;        /* (a) */
    uint32_t max_rows;
    wvm_word64 n_rows;     /* of uint32_t */
    wvm_word64 rows, retired; /* of arrays, by row */
    wvm_word64 threads;    /* of a pointer to the first thread */
    /* Offsets in a thread: of pointers to the next one (0: none) and to its tallies, by row; of its
     * ways, by row. */
    uint32_t thread_next, thread_tally;
    uint32_t thread_way, zero;
    struct wvm_pool_view_part part[WVM_POOL_VIEW_KINDS];
    wvm_word64 commit[4];  /* (a) of uint64_t, pages: charged, charged late, limit, peak; or 0 */
};

#endif
