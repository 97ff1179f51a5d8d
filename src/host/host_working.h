/* Pages in use: which are in memory, whose they are, and which were used lately. Part of the host
 * room: no malloc, errno is preserved. Safe in a signal handler unless said otherwise. */
#ifndef WVM_HOST_HOST_WORKING_H
#define WVM_HOST_HOST_WORKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is known of one page. The first three are those of wvm_host_residency(). */
enum wvm_host_page {
    WVM_PAGE_PRESENT = 1,
    WVM_PAGE_PRIVATE = 2, /* anonymous or a privatised copy */
    WVM_PAGE_SWAPPED = 4,
    WVM_PAGE_ALONE = 8,   /* present, and mapped nowhere else */
    WVM_PAGE_ZERO = 16,   /* the shared page of zeros, or a page of a fork that looks like it */
};
enum wvm_host_want {
    WVM_WANT_PRESENT, /* PRESENT, SWAPPED, ZERO: for anonymous memory, several times as quick */
    WVM_WANT_KIND,    /* PRESENT, SWAPPED, PRIVATE */
    WVM_WANT_OWNER,   /* and ALONE */
};
/* vec[i] for each of n_pages pages from addr in process pid, 0: this one, in which all are mapped.
 * 1: only PRESENT is known, of this process. -ENOENT, -ESRCH: pid has ended; -EACCES: it may not be
 * looked at. */
int wvm_host_pages_of(pid_t pid, uintptr_t addr, size_t n_pages, enum wvm_host_want want,
                      uint8_t *vec);
/* The first page in memory in [start, end) of process pid, 0: this one; what is swapped out or not
 * mapped is skipped at once. end: there is none. Where the host does not tell, start. */
uintptr_t wvm_host_next_present(pid_t pid, uintptr_t start, uintptr_t end);
/* The first run of pages of zeros of anonymous memory in [start, end). False: there is none, or the
 * host does not tell. */
bool wvm_host_find_zeros(uintptr_t start, uintptr_t end, uintptr_t *from, uintptr_t *to);

/* A question for the use of a range. */
struct wvm_host_use {
    uintptr_t start, end;     /* in */
    uint64_t in_memory, used; /* out: bytes; pages of zeros are neither */
    bool untold;              /* out: not of this range alone, or (part false) of memory that the
                               * program keeps out of core dumps */
};
/* Answers n questions, in rising order. part: the ranges, of which no two touch and none is kept
 * out of core dumps, are parted from what is around them for as long as the call takes. A fraction
 * of a millisecond, and more in a process with much memory. Not in handlers; -errno: the host does
 * not tell. */
int wvm_host_use(struct wvm_host_use *piece, size_t n, bool part);

/* Nothing of this process counts as used any more, as far as the host lets itself be told. */
void wvm_host_forget_use(void);

#endif
