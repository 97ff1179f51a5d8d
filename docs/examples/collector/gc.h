/* A conservative collector: what its files know of each other. */
#ifndef GC_H
#define GC_H

#include <windows.h>

enum { PAGE = 4096 };
/* How it learns which pages of the heap were written since the last collection. */
enum gc_way { GC_FULL_ONLY, GC_WATCH, GC_PROTECT };
struct gc_stats {
    unsigned n_full, n_minor;
    size_t n_scanned, n_clean;      /* pages that minor collections had to scan, or did not */
    size_t live;                    /* bytes of objects after the last collection */
    size_t n_pages, n_grown;        /* pages that hold objects; pages the mark stack grew by */
};

/* The collector. It stops the threads that have called gc_thread_start. */
int gc_start(enum gc_way way);      /* 0: this system cannot */
void gc_thread_start(void);
void gc_thread_end(void);
void gc_root(void *start, size_t size);     /* static data that may point to objects */
void *gc_new(size_t size);          /* zeroed; NULL: the heap is full */
void gc_collect(int full);
int gc_is_object(const void *at);   /* an object begins there */
struct gc_stats gc_stats(void);

/* The heap's memory (heap.c): pages that are reserved, committed on demand, and watched. */
struct dirty {
    enum gc_way way;
    char *base;
    size_t n_pages;
    unsigned char *written;         /* for each page */
};
extern struct dirty heap;
int heap_start(enum gc_way way, size_t n_pages);
int heap_commit(size_t page, size_t n);
void heap_decommit(size_t page, size_t n);
/* Around a collection, while the world stands still: heap.written tells of the first n pages
 * what was written since the last one, until dirty_done. */
void dirty_take(size_t n);
void dirty_done(size_t n);

/* The threads (world.c); the calls are made with the collector's lock held. */
void world_join(void);              /* the calling thread */
void world_leave(void);
void world_stop(void);              /* all but the calling thread */
void world_go(void);
/* Hands over the registers and the stack of each thread. */
void world_scan(void (*scan)(const char *from, const char *end));

/* A stack that grows when its guard page is touched (heap.c). */
struct grown {
    char *base, *top;               /* [base, top) is committed, the guard page above */
    size_t size, n_grown;
};
extern struct grown marks;
int marks_start(size_t size);

#endif
