/* QueryWorkingSetEx against one bare read of the same range of /proc/self/pagemap, 8 bytes a
 * page. */
#include <fcntl.h>
#include <winvm/psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum { N_PAGES = 1000000 };

static char *memory;
static PSAPI_WORKING_SET_EX_INFORMATION *entry;
static uint64_t *word;
static int pagemap;

static void ours(void *ctx, unsigned round, size_t n)
{
    (void)ctx, (void)round;
    for (size_t i = 0; i < n; i++)
        if (!QueryWorkingSetEx(GetCurrentProcess(), entry, N_PAGES * sizeof *entry))
            bench_stop("QueryWorkingSetEx");
}

static void theirs(void *ctx, unsigned round, size_t n)
{
    (void)ctx, (void)round;
    off_t at = (off_t)((uintptr_t)memory / PAGE * sizeof *word);
    for (size_t i = 0; i < n; i++)
        if (pread(pagemap, word, N_PAGES * sizeof *word, at) != N_PAGES * sizeof *word)
            bench_stop("pread of pagemap");
}

static void measure(const char *name, double limit)
{
    struct bench_pair pair = {
        .name = name, .ours = {.run = ours, .n = 1}, .theirs = {.run = theirs, .n = 1},
        .limit = limit, .rounds = 7};
    bench_pair(&pair);
}

static void *room(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED)
        bench_stop("mmap");
    return p;
}

static size_t count_valid(void)
{
    size_t n = 0;
    for (size_t i = 0; i < N_PAGES; i++)
        n += entry[i].VirtualAttributes.Valid;
    return n;
}

/* The answers must be right, too. */
static void check(size_t want)
{
    ours(NULL, 0, 1);
    bench_fact("  every answer is right", count_valid() == want, "");
}

void bench_working(void)
{
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    memory = bench_alloc(NULL, N_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    entry = room(N_PAGES * sizeof *entry);
    word = room(N_PAGES * sizeof *word);
    for (size_t i = 0; i < N_PAGES; i++)
        entry[i].VirtualAddress = memory + i * PAGE;
    for (size_t i = 0; i < N_PAGES; i += 2)
        memory[i * PAGE] = 1;
    check(N_PAGES / 2);
    measure("QueryWorkingSetEx of 1,000,000 pages, every second touched", 1.2);
    for (size_t i = 1; i < N_PAGES; i += 2)
        memory[i * PAGE] = 1;
    check(N_PAGES);
    measure("QueryWorkingSetEx of 1,000,000 pages", 1.2);
    for (size_t i = 0; i < N_PAGES; i++)
        entry[i].VirtualAddress = memory + (N_PAGES - 1 - i) * PAGE;
    check(N_PAGES);
    measure("  the same, the highest first", 1.2);
    uint64_t seed = 1;
    for (size_t i = N_PAGES - 1; i > 0; i--) {
        size_t k = bench_random(&seed) % (i + 1);
        void *other = entry[k].VirtualAddress;
        entry[k].VirtualAddress = entry[i].VirtualAddress;
        entry[i].VirtualAddress = other;
    }
    check(N_PAGES);
    measure("  the same, in random order", 1.2);
    bench_free(memory, 0, MEM_RELEASE);
    close(pagemap);
}
