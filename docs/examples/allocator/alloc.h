/* A general allocator: what its files know of each other. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>

/* Memory from the system; sizes in bytes, of whole pages. */
enum { OS_PAGE = 4096 };
/* Starts this file; `plain`: as on a Windows without VirtualAlloc2, large pages and nodes. */
void os_start(int plain);
/* A reservation of `size` at a multiple of `align`, a power of two; NULL: there is no room. */
void *os_reserve(size_t size, size_t align);
/* The same, committed and of large pages; NULL as a rule, as few processes may have them. */
void *os_large(size_t size, size_t align);
int os_commit(void *at, size_t size);       /* 0: the system is short of memory */
void os_decommit(void *at, size_t size);
void os_reset(void *at, size_t size);       /* the contents may be lost */
void os_release(void *reservation);
/* What is committed of [at, at + size), as the system tells it. */
size_t os_committed(void *at, size_t size);

/* The allocator. All calls may be made in any thread. */
enum { MOST_ALIGN = 1 << 21 };
struct alloc_stats {
    size_t segments, committed, idle;   /* segments; bytes in use or idle; idle bytes */
    size_t large, threads;              /* large blocks; threads that have a cache */
};
void alloc_start(int plain);            /* once, before the first thread */
/* At a multiple of `align`, a power of two up to MOST_ALIGN; NULL: no memory. */
void *alloc_get(size_t size, size_t align);
void *alloc_resize(void *block, size_t size);
void alloc_free(void *block);           /* NULL: nothing */
size_t alloc_size(const void *block);   /* what it can hold */
void alloc_flush(void);                 /* gives back what the calling thread has cached */
void alloc_trim(void);                  /* gives all idle memory back */
struct alloc_stats alloc_stats(void);
/* Whether the books and what VirtualQuery tells are the same. */
int alloc_check(void);

#endif
