/* Hints about memory against the advice of the kernel that they are made of: many ranges to be
 * prefetched against one process_madvise over them, MEM_RESET against MADV_FREE, discarding
 * against MADV_DONTNEED. Both sides do it to the same memory, winvm's, all of it in use: each page
 * was written before each operation. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

enum { N_RANGES = 1000, RANGE_PAGES = 4, N_BLOCKS = 64, FREE = 8 };

/* ---- many ranges ---- */

static int own_process;
static WIN32_MEMORY_RANGE_ENTRY entry[N_RANGES];
static struct iovec bare[N_RANGES];

static void our_prefetch(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--)
        if (!PrefetchVirtualMemory(GetCurrentProcess(), N_RANGES, entry, 0))
            bench_stop("PrefetchVirtualMemory");
}

static void their_prefetch(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--)
        if (syscall(SYS_process_madvise, own_process, bare, N_RANGES, MADV_WILLNEED, 0) !=
            (long)(N_RANGES * RANGE_PAGES * PAGE))
            bench_stop("process_madvise");
}

static void many_ranges(void)
{
    char *a = bench_alloc(NULL, N_RANGES * GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    own_process = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (own_process < 0)
        bench_stop("pidfd_open");
    for (size_t i = 0; i < N_RANGES; i++) {
        char *at = a + i * GRANULE;
        memset(at, 1, RANGE_PAGES * PAGE);
        entry[i] = (WIN32_MEMORY_RANGE_ENTRY){at, RANGE_PAGES * PAGE};
        bare[i] = (struct iovec){at, RANGE_PAGES * PAGE};
    }
    const struct bench_pair pair = {
        .name = "PrefetchVirtualMemory of 1,000 ranges / one process_madvise over them",
        .ours = {.run = our_prefetch},
        .theirs = {.run = their_prefetch},
        .limit = 1.1,
    };
    bench_pair(&pair);
    close(own_process);
    bench_free(a, 0, MEM_RELEASE);
}

/* ---- memory that is not needed ---- */

static void write_all(void *ctx, unsigned round)
{
    memset(ctx, (int)round + 1, N_BLOCKS * MIB);
}

static void our_reset(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB)
        if (!VirtualAlloc(a, MIB, MEM_RESET, PAGE_READWRITE))
            bench_stop("MEM_RESET");
}

static void their_reset(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB)
        if (madvise(a, MIB, FREE) != 0)
            bench_stop("MADV_FREE");
}

static void our_discard(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB)
        if (DiscardVirtualMemory(a, MIB) != 0)
            bench_stop("DiscardVirtualMemory");
}

static void their_discard(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB)
        if (madvise(a, MIB, MADV_DONTNEED) != 0)
            bench_stop("MADV_DONTNEED");
}

static void our_offer(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB) {
        DWORD code = OfferVirtualMemory(a, MIB, VmOfferPriorityNormal);
        if (code == 0)
            code = ReclaimVirtualMemory(a, MIB);
        if (code != 0 && code != ERROR_BUSY)
            bench_stop("OfferVirtualMemory, ReclaimVirtualMemory");
    }
}

/* What it takes at least to free memory so that nobody gets at it meanwhile, and to get it back. */
static void their_offer(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (char *a = ctx; n--; a += MIB)
        if (mprotect(a, MIB, PROT_NONE) != 0 || madvise(a, MIB, FREE) != 0 ||
            mprotect(a, MIB, PROT_READ | PROT_WRITE) != 0 ||
            madvise(a, MIB, 23 /* MADV_POPULATE_WRITE */) != 0)
            bench_stop("mprotect, MADV_FREE, MADV_POPULATE_WRITE");
}

static void pair_of(const char *name, void (*ours)(void *, unsigned, size_t),
                    void (*theirs)(void *, unsigned, size_t), double limit)
{
    char *a = bench_alloc(NULL, N_BLOCKS * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    const struct bench_pair pair = {
        .name = name,
        .ours = {.prepare = write_all, .run = ours, .ctx = a, .n = N_BLOCKS},
        .theirs = {.prepare = write_all, .run = theirs, .ctx = a, .n = N_BLOCKS},
        .limit = limit,
    };
    bench_pair(&pair);
    bench_free(a, 0, MEM_RELEASE);
}

void bench_hint(void)
{
    many_ranges();
    pair_of("MEM_RESET of 1 MiB in use / MADV_FREE", our_reset, their_reset, 1.05);
    pair_of("DiscardVirtualMemory of 1 MiB in use / MADV_DONTNEED", our_discard, their_discard, 0);
    pair_of("OfferVirtualMemory and ReclaimVirtualMemory of 1 MiB / mprotect, MADV_FREE and back",
            our_offer, their_offer, 0);
}
