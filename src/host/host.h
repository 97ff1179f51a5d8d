/* The operating system as winvm sees it: a table of small operations, each one system call.
 *
 * Contract for every operation: addresses and lengths are multiples of the page size, lengths are
 * not 0; the result is 0 or -errno; errno itself is preserved; no user page is touched; safe in a
 * signal handler. This room knows nothing of Windows' words.
 *
 * wvm_host is written once by wvm_host_init() and constant afterwards; tests replace single entries
 * to make the n-th call fail (t/host_fail.h). */
#ifndef WVM_HOST_HOST_H
#define WVM_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/annotate.h"

enum wvm_host_prot {
    WVM_HOST_NONE = 0,
    WVM_HOST_R = 1,
    WVM_HOST_W = 2,
    WVM_HOST_X = 4,
};

/* What the running kernel can do, found by trying it (the meaning, not only the name), then masked
 * by the options. Constant after wvm_host_init(). */
struct wvm_host_caps {
    bool guard;           /* MADV_GUARD_INSTALL/REMOVE on private anonymous memory (6.13) */
    bool procmap_query;   /* PROCMAP_QUERY on /proc/self/maps (6.11) */
    bool pagemap_scan;    /* PAGEMAP_SCAN (6.7) */
    bool watch;           /* WP_ASYNC of userfaultfd, with pagemap_scan (6.7) */
    bool huge_always;     /* huge pages come unasked */
    bool populate_write;  /* MADV_POPULATE_WRITE (5.14) */
    bool fixed_noreplace; /* MAP_FIXED_NOREPLACE really refuses (4.17) */
    bool madv_free;       /* MADV_FREE (4.5) */
    bool barrier;         /* membarrier (4.14) */
    bool strict_commit;   /* vm.overcommit_memory is 2: the kernel charges, NORESERVE is ignored */
    size_t max_map_count; /* vm.max_map_count, 65530 when unreadable */
    uintptr_t min_addr;   /* lowest address the kernel lets us map (vm.mmap_min_addr), >= 64 KiB */
    uintptr_t top;        /* first address past the kernel's user space (2^47 on x86-64) */
    uint64_t ram;         /* bytes of RAM, of the control group when that is less */
    uint64_t swap;        /* bytes of swap, likewise */
    unsigned n_cpus;      /* configured processors */
};
extern struct wvm_host_caps wvm_host_caps;

/* A run of pages that were written, by address. */
struct wvm_host_written {
    uint64_t start, end;
    uint64_t kind; /* the kernel's */
};
/* One question for the written pages of a range. */
struct wvm_host_scan {
    uintptr_t start, end;
    uint64_t most;                /* pages to be found at most, not 0 */
    bool rearm;                   /* what is found is clean afterwards, in the same step */
    bool all_armed;               /* every page in memory was found with rearm before: quicker */
    unsigned n_runs;              /* room */
    struct wvm_host_written *run; /* out, ascending */
    uintptr_t next;               /* out: where the search ended */
};

/* A mapping of a descriptor. */
struct wvm_host_file_map {
    uintptr_t addr;
    size_t len;
    int fd;
    uint64_t offset;    /* bytes, page multiple */
    unsigned prot;      /* enum wvm_host_prot */
    bool copy;          /* MAP_PRIVATE, without a charge; else MAP_SHARED */
    bool replace;       /* over mappings of our own; else -EEXIST when any page is taken */
};

/* Large pages that the system reserved for the asking. */
struct wvm_host_large_map {
    uintptr_t addr; /* a multiple of a page of that size, in mappings of our own without contents */
    size_t len;     /* likewise */
    unsigned shift; /* the size: 2^shift bytes */
    unsigned prot;  /* enum wvm_host_prot, with WVM_HOST_W */
};

struct wvm_host_ops {
    /* Address space. New mappings are private, anonymous, PROT_NONE, MAP_NORESERVE. */
    int (*reserve)(size_t len, uintptr_t *out);    /* anywhere; *out granule-aligned */
    int (*reserve_at)(uintptr_t addr, size_t len); /* -EEXIST when any page is taken */
    int (*unmap)(uintptr_t addr, size_t len);
    int (*map_file)(const struct wvm_host_file_map *map);
    /* Page state inside our own mappings. */
    int (*protect)(uintptr_t addr, size_t len, unsigned prot);
    int (*discard)(uintptr_t addr, size_t len);   /* MAP_FIXED PROT_NONE: drops pages and charge */
    int (*isolate)(uintptr_t addr, size_t len);   /* the same; never merges with discard's */
    int (*fence)(uintptr_t addr, size_t len);     /* MADV_GUARD_INSTALL: drops pages, keeps VMA */
    int (*unfence)(uintptr_t addr, size_t len);   /* MADV_GUARD_REMOVE */
    int (*drop)(uintptr_t addr, size_t len);      /* MADV_DONTNEED */
    int (*lazy_free)(uintptr_t addr, size_t len); /* MADV_FREE */
    int (*populate)(uintptr_t addr, size_t len);  /* MADV_POPULATE_WRITE */
    int (*populate_read)(uintptr_t addr, size_t len); /* MADV_POPULATE_READ */
    int (*cool)(uintptr_t addr, size_t len);      /* MADV_COLD: nobody used it lately */
    int (*page_out)(uintptr_t addr, size_t len);  /* MADV_PAGEOUT */
    int (*lock)(uintptr_t addr, size_t len);      /* mlock */
    int (*lock_shared)(uintptr_t addr, size_t len); /* mlock that copies no copy-on-write page */
    int (*unlock)(uintptr_t addr, size_t len);    /* munlock */
    int (*small_pages)(uintptr_t addr, size_t len); /* MADV_NOHUGEPAGE */
    int (*prefer_large)(uintptr_t addr, size_t len); /* MADV_HUGEPAGE */
    int (*collapse)(uintptr_t addr, size_t len);  /* MADV_COLLAPSE: into large pages, now */
    /* Private, zeroed and all in memory. -ENOMEM: so many are not free. */
    int (*map_large)(const struct wvm_host_large_map *map);
    /* Write watches, with caps.watch; one caller at a time. Pages of memory whose mapping is not
     * watched are found too, when they have ever been written; only rearm needs the mapping to be
     * watched. What unmaps, discards or forks ends the watch of a mapping; pages that were armed
     * are found from then on, unless they have no contents any more. */
    int (*watch)(uintptr_t addr, size_t len);
    /* Number of runs, or -errno; -EPERM: some mapping is not watched. */
    int (*written)(struct wvm_host_scan *scan);
    /* Metadata: zeroed, readable and writable, never returned. */
    int (*meta)(size_t len, void **out);
    /* A mapping that merges with none of its neighbours (shared anonymous), good to be unmapped. */
    int (*ballast)(size_t len, uintptr_t *out);
    /* Shared memory of which no descriptor exists: zeroed, writable at *rw, the same memory
     * read-only at *ro. A fork child has it too. */
    int (*share)(size_t len, uintptr_t *rw, uintptr_t *ro);
    /* What share() gave at `from` is mapped at `at` too, with the protection it has there, over a
     * mapping of our own: at no moment is anything else seen there. A failure may empty [at,
     * at+len), inaccessible then. */
    int (*alias)(uintptr_t from, size_t len, uintptr_t at);
};
extern struct wvm_host_ops wvm_host;

/* Probes capabilities and fills the table. Called once, before any other call, from api/init.c.
 * Works with /proc missing and with any capability absent. */
void wvm_host_init(void);
/* In a fork child: forget (close) descriptors that still describe the parent. */
void wvm_host_after_fork_child(void);

/* One mapping of this process as the kernel lists it. */
struct wvm_host_vma {
    uintptr_t start, end;
    unsigned prot;        /* enum wvm_host_prot */
    bool shared;          /* MAP_SHARED */
    uint64_t offset;      /* bytes into the file */
    uint64_t dev, ino;    /* 0, 0: anonymous */
};
/* The mapping that covers addr, or the lowest one above it. 1: found, 0: none, <0: -errno.
 * PROCMAP_QUERY where present, else /proc/self/maps; raw reads, no malloc. */
int wvm_host_map_find(uintptr_t addr, struct wvm_host_vma *out);
/* Path of the file mapped at addr, NUL-terminated. Length without NUL, or -ENOENT. */
ssize_t wvm_host_map_name(uintptr_t addr, char *out, size_t cap);
/* The same two for process pid, 0: this one. -ENOENT, -ESRCH: it has ended (of a process that is
 * still to be waited for no mapping is found); -EACCES: it may not be looked at. */
int wvm_host_map_find_of(pid_t pid, uintptr_t addr, struct wvm_host_vma *out);
ssize_t wvm_host_map_name_of(pid_t pid, uintptr_t addr, char *out, size_t cap);
/* The end of the program's heap (brk) now; 0: it has none. */
uintptr_t wvm_host_heap_end(void);
/* The first thread's stack with what it may still grow by. False: not known. */
bool wvm_host_stack_room(uintptr_t *start, uintptr_t *end);
/* The end of the first thread's stack, if `at` is in it; else 0. */
uintptr_t wvm_host_stack_end(uintptr_t at);
/* Number of mappings this process has (a fresh count: slow, reads the maps file). */
size_t wvm_host_map_count(void);
/* Range [*start,*end) of the ELF module that contains addr (async-signal-safe). False: in none. */
bool wvm_host_module(uintptr_t addr, uintptr_t *start, uintptr_t *end);
/* The same in process pid, 0: this one. Another process's modules are told from its mappings: those
 * of one ELF file, some of them executable. */
bool wvm_host_module_of(pid_t pid, uintptr_t addr, uintptr_t *start, uintptr_t *end);

/* Residency of len/4096 pages: vec[i] bit 0 = present (in memory), bit 1 = privatised copy or
 * anonymous (never the file's page), bit 2 = swapped out. PAGEMAP_SCAN/pagemap, else mincore
 * (bit 0 only). */
int wvm_host_residency(uintptr_t addr, size_t n_pages, uint8_t *vec);
/* The number of the frame of physical memory that holds the page of addr. 0: it is in none, or the
 * host does not tell (it tells only who has CAP_SYS_ADMIN). */
uint64_t wvm_host_page_frame(uintptr_t addr);
/* The run of pages from start upwards, not beyond end, that are all private copies (or all not) in
 * mappings of files and shared memory: one system call. *run_end is its end. */
enum wvm_host_private {
    WVM_PRIVATE_UNKNOWN = -1, /* no /proc, or another user by now; *run_end is end */
    WVM_PRIVATE_NO = 0,
    WVM_PRIVATE_YES = 1,
};
enum wvm_host_private wvm_host_private_run(uintptr_t start, uintptr_t end, uintptr_t *run_end);
/* The same in process pid, 0: this one. */
enum wvm_host_private wvm_host_private_run_of(pid_t pid, uintptr_t start, uintptr_t end,
                                              uintptr_t *run_end);
/* The process certainly has one thread. */
bool wvm_host_single_threaded(void);
/* True when the calling thread took no page fault between two calls of wvm_host_fault_count(). */
uint64_t wvm_host_fault_count(void);

/* Copies without ever faulting. Returns bytes copied (may be short), or -errno when none.
 * pid 0: this process. Directions: local memory of this process, remote of process pid. */
ssize_t wvm_host_read(pid_t pid, void *local, uintptr_t remote, size_t len);
ssize_t wvm_host_write(pid_t pid, const void *local, uintptr_t remote, size_t len);
/* Into another process's memory that it could not write itself, as a debugger does: a page of a
 * private mapping becomes a copy. -EIO, -EACCES, -EPERM: the host forbids it. */
ssize_t wvm_host_write_forced(pid_t pid, const void *local, uintptr_t remote, size_t len);

/* Which limit explains an ENOMEM/EAGAIN of the given length. */
enum wvm_host_limit {
    WVM_LIMIT_NONE,
    WVM_LIMIT_MAPS,
    WVM_LIMIT_AS,
    WVM_LIMIT_OVERCOMMIT,
    WVM_LIMIT_MEMLOCK,
    WVM_LIMIT_DATA,
};
enum wvm_host_limit wvm_host_which_limit(size_t len);
/* Address space still allowed by RLIMIT_AS in bytes; SIZE_MAX when unlimited. */
size_t wvm_host_as_left(void);
/* The same, but in a 32-bit process never more than its addresses that are not mapped. */
size_t wvm_host_room_left(void);
/* RLIMIT_MEMLOCK in bytes, SIZE_MAX when unlimited or privileged. */
size_t wvm_host_memlock_limit(void);

/* Lines go to this descriptor from now on (standard error before the first call). */
void wvm_host_log_to(int fd);
/* One line on standard error (or the trace target), no malloc, no stdio; begins with "winvm: ". */
void wvm_host_log(const char *fmt, ...) WVM_PRINTF(1, 2);
/* The same, only with the option diag. */
void wvm_host_diag(const char *fmt, ...) WVM_PRINTF(1, 2);

#endif
