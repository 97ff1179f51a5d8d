/* Single calls that need no system call, and the short cycles: against mmap+munmap or a null call.
 * */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* ---- reserve and release ---- */

static void reserve_run(void *ctx, unsigned round, size_t n)
{
    size_t len = *(size_t *)ctx;
    (void)round;
    while (n--)
        bench_free(bench_alloc(NULL, len, MEM_RESERVE, PAGE_NOACCESS), 0, MEM_RELEASE);
}

static void cycle_run(void *ctx, unsigned round, size_t n)
{
    size_t len = *(size_t *)ctx;
    (void)round;
    while (n--)
        bench_free(bench_alloc(NULL, len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), 0,
                   MEM_RELEASE);
}

static void mmap_run(void *ctx, unsigned round, size_t n)
{
    size_t len = *(size_t *)ctx;
    (void)round;
    while (n--) {
        void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED || munmap(p, len) != 0)
            bench_stop("mmap");
    }
}

static size_t small = 64 * KIB, large = GIB, huge = TIB;

/* One reservation stays, as in any program that is at work. */
static void keep_one(void)
{
    bench_alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
}

void bench_reserve(void)
{
    keep_one();
    bench_pair(&(struct bench_pair){.name = "reserve + release 64 KiB : mmap + munmap",
                                    .limit = 0.05,
                                    .ours = {.run = reserve_run, .ctx = &small},
                                    .theirs = {.run = mmap_run, .ctx = &small}});
    bench_pair(&(struct bench_pair){.name = "reserve + release 1 GiB : 64 KiB",
                                    .limit = 3,
                                    .ours = {.run = reserve_run, .ctx = &large},
                                    .theirs = {.run = reserve_run, .ctx = &small}});
    bench_pair(&(struct bench_pair){.name = "reserve + release 1 TiB : 64 KiB",
                                    .limit = 3,
                                    .ours = {.run = reserve_run, .ctx = &huge},
                                    .theirs = {.run = reserve_run, .ctx = &small}});
}

static void commit_cycle(double limit)
{
    static const struct {
        const char *name;
        size_t len;
        bool limited;
    } cases[] = {
        {"reserve + commit + release 4 KiB : mmap + munmap", 4 * KIB, false},
        {"reserve + commit + release 64 KiB : mmap + munmap", 64 * KIB, true},
        {"reserve + commit + release 1 MiB : mmap + munmap", MIB, false},
        {"reserve + commit + release 64 MiB : mmap + munmap", 64 * MIB, false},
    };
    keep_one();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = cases[i].len;
        bench_pair(&(struct bench_pair){.name = cases[i].name,
                                        .limit = cases[i].limited ? limit : 0,
                                        .ours = {.run = cycle_run, .ctx = &len},
                                        .theirs = {.run = mmap_run, .ctx = &len}});
    }
}

void bench_commit_cycle(void)
{
    commit_cycle(1.0);
}

void bench_commit_cycle_plain(void)
{
    commit_cycle(1.45);
}

/* ---- queries ---- */

struct places {
    char *base;
    size_t stride;
    uint32_t n;
    uint64_t seed;
};

static void query_run(void *ctx, unsigned round, size_t n)
{
    struct places *p = ctx;
    MEMORY_BASIC_INFORMATION info;
    (void)round;
    while (n--) {
        size_t i = (uint64_t)bench_random(&p->seed) * p->n >> 32;
        if (VirtualQuery(p->base + i * p->stride, &info, sizeof info) != sizeof info)
            bench_stop("VirtualQuery");
    }
}

static void query_pair(const char *name, struct places *p, double limit, double limit_ns)
{
    bench_pair(&(struct bench_pair){.name = name,
                                    .limit = limit,
                                    .limit_ns = limit_ns,
                                    .ours = {.run = query_run, .ctx = p},
                                    .theirs = {.run = bench_null_run}});
}

/* n reservations of 64 KiB, one after the other. */
static char *many(uint32_t n)
{
    char *base = bench_alloc(NULL, (size_t)n * GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    bench_free(base, 0, MEM_RELEASE);
    for (uint32_t i = 0; i < n; i++)
        bench_alloc(base + (size_t)i * GRANULE, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    return base;
}

static void release_many(char *base, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        bench_free(base + (size_t)i * GRANULE, 0, MEM_RELEASE);
}

static void query_large(void)
{
    struct places p = {.base = bench_alloc(NULL, TIB, MEM_RESERVE, PAGE_NOACCESS),
                       .stride = 16 * PAGE,
                       .n = TIB / (16 * PAGE),
                       .seed = 3};
    query_pair("query, inside 1 TiB all reserved : null call", &p, 0.10, 100);
    for (size_t i = 0; i < 64; i++)
        bench_alloc(p.base + i * 16 * GIB + i * PAGE, PAGE * (i + 1), MEM_COMMIT, PAGE_READWRITE);
    query_pair("query, inside 1 TiB with 64 islands : null call", &p, 0.10, 100);
    p.stride = 16 * GIB + PAGE;
    p.n = 64;
    query_pair("query, on the islands : null call", &p, 0.10, 100);
    bench_free(p.base, 0, MEM_RELEASE);
    p = (struct places){.base = bench_alloc(NULL, GIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE),
                        .stride = PAGE,
                        .n = GIB / PAGE,
                        .seed = 4};
    DWORD old;
    for (size_t i = 0; i < 10000; i++)
        VirtualProtect(p.base + 2 * i * PAGE, PAGE, PAGE_READONLY, &old);
    p.n = 20000;
    query_pair("query, checkerboard of 20,000 pages : null call", &p, 0.10, 100);
    bench_free(p.base, 0, MEM_RELEASE);
}

void bench_query(void)
{
    static const struct {
        const char *name;
        uint32_t n;
        double limit, ns;
    } cases[] = {
        {"query, 1 region : null call", 1, 0.10, 100},
        {"query, 1,000 regions : null call", 1000, 0.10, 100},
        {"query, 1,000,000 regions : null call", 1000000, 0.25, 250},
    };
    query_large();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct places p = {.base = many(cases[i].n), .stride = GRANULE, .n = cases[i].n, .seed = 7};
        query_pair(cases[i].name, &p, cases[i].limit, cases[i].ns);
        release_many(p.base, p.n);
    }
    static char image = 1;
    query_pair("query, memory of the program's image : null call",
               &(struct places){.base = &image, .n = 1}, 0, 0);
}

/* ---- nothing to do ---- */

static void recommit_run(void *ctx, unsigned round, size_t n)
{
    (void)round;
    while (n--)
        bench_alloc(ctx, GRANULE, MEM_COMMIT, PAGE_READWRITE);
}

static void reprotect_run(void *ctx, unsigned round, size_t n)
{
    DWORD old;
    (void)round;
    while (n--)
        if (!VirtualProtect(ctx, GRANULE, PAGE_READWRITE, &old))
            bench_stop("VirtualProtect");
}

void bench_same(void)
{
    char *one = bench_alloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    char *part = bench_alloc(NULL, GIB, MEM_RESERVE, PAGE_NOACCESS);
    bench_alloc(part, MIB, MEM_COMMIT, PAGE_READWRITE);
    bench_pair(&(struct bench_pair){.name = "recommit 64 KiB : null call",
                                    .limit = 0.15,
                                    .limit_ns = 150,
                                    .ours = {.run = recommit_run, .ctx = one},
                                    .theirs = {.run = bench_null_run}});
    bench_pair(&(struct bench_pair){.name = "recommit 64 KiB of 1 MiB of 1 GiB : null call",
                                    .limit = 0.15,
                                    .limit_ns = 150,
                                    .ours = {.run = recommit_run, .ctx = part},
                                    .theirs = {.run = bench_null_run}});
    bench_pair(&(struct bench_pair){.name = "protect 64 KiB as it is : null call",
                                    .limit = 0.15,
                                    .limit_ns = 150,
                                    .ours = {.run = reprotect_run, .ctx = one},
                                    .theirs = {.run = bench_null_run}});
    bench_pair(&(struct bench_pair){.name = "protect 64 KiB of 1 MiB of 1 GiB as it is : null call",
                                    .limit = 0.15,
                                    .limit_ns = 150,
                                    .ours = {.run = reprotect_run, .ctx = part},
                                    .theirs = {.run = bench_null_run}});
}

/* ---- what an entry costs ---- */

extern SIZE_T __attribute__((ms_abi))
winvm_ms_VirtualQuery(LPCVOID, PMEMORY_BASIC_INFORMATION, SIZE_T);
/* Inside of the library; there in a static link only. */
extern BOOL wvm_VirtualProtect(LPVOID, SIZE_T, DWORD, PDWORD) __attribute__((weak));

static void query_ms_run(void *ctx, unsigned round, size_t n)
{
    MEMORY_BASIC_INFORMATION info;
    (void)round;
    while (n--)
        if (winvm_ms_VirtualQuery(ctx, &info, sizeof info) != sizeof info)
            bench_stop("winvm_ms_VirtualQuery");
}

static void query_one_run(void *ctx, unsigned round, size_t n)
{
    MEMORY_BASIC_INFORMATION info;
    (void)round;
    while (n--)
        if (VirtualQuery(ctx, &info, sizeof info) != sizeof info)
            bench_stop("VirtualQuery");
}

static void inner_protect_run(void *ctx, unsigned round, size_t n)
{
    DWORD old;
    (void)round;
    while (n--)
        if (!wvm_VirtualProtect(ctx, GRANULE, PAGE_READWRITE, &old))
            bench_stop("VirtualProtect");
}

void bench_entry(void)
{
    char *p = bench_alloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    bench_pair(&(struct bench_pair){.name = "query, ms_abi entry : SysV entry",
                                    .limit = 1.25,
                                    .ours = {.run = query_ms_run, .ctx = p},
                                    .theirs = {.run = query_one_run, .ctx = p}});
    if (wvm_VirtualProtect)
        bench_pair(
            &(struct bench_pair){.name = "protect as it is, with the ring of changes : without",
                                 .limit = 1.25,
                                 .ours = {.run = reprotect_run, .ctx = p},
                                 .theirs = {.run = inner_protect_run, .ctx = p}});
}

void bench_traced(void)
{
    char *p = bench_alloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    bench_pair(&(struct bench_pair){.name = "query : null call",
                                    .ours = {.run = query_one_run, .ctx = p},
                                    .theirs = {.run = bench_null_run}});
    bench_pair(&(struct bench_pair){.name = "protect as it is : null call",
                                    .ours = {.run = reprotect_run, .ctx = p},
                                    .theirs = {.run = bench_null_run}});
}
