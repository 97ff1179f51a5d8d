/* Placeholders against what a program does that has no tracker: a PROT_NONE mapping, over whose
 * parts it maps fresh memory with mmap(MAP_FIXED), and PROT_NONE again, so that nobody else's
 * mapping can come into the range. Its split and its join cost nothing, because it has nothing to
 * tell them to. A program that knows that a part was never used may open it by mprotect instead. */
#include <stdio.h>
#include <sys/mman.h>

#include "bench.h"

#define N_PIECES 128 /* of one range, in a batch */

struct range {
    size_t len; /* of a piece */
    char *base;
};

static void split(char *at, size_t len)
{
    bench_free(at, len, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
}

static char *replace(char *at, size_t len)
{
    char *p = VirtualAlloc2(NULL, at, len, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                            PAGE_READWRITE, NULL, 0);
    if (p != at)
        bench_stop("VirtualAlloc2");
    return p;
}

/* ---- split and replace ---- */

static void our_prepare(void *ctx, unsigned round)
{
    struct range *r = ctx;
    (void)round;
    r->base = VirtualAlloc2(NULL, NULL, r->len * (N_PIECES + 1),
                            MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0);
    if (!r->base)
        bench_stop("VirtualAlloc2");
}

static void our_clean(void *ctx, unsigned round)
{
    struct range *r = ctx;
    (void)round;
    for (size_t i = 0; i <= N_PIECES; i++)
        bench_free(r->base + i * r->len, 0, MEM_RELEASE);
}

static void our_run(void *ctx, unsigned round, size_t n)
{
    struct range *r = ctx;
    (void)round;
    for (size_t i = 0; i < n; i++) {
        split(r->base + i * r->len, r->len);
        replace(r->base + i * r->len, r->len);
    }
}

static void their_prepare(void *ctx, unsigned round)
{
    struct range *r = ctx;
    (void)round;
    r->base = mmap(NULL, r->len * (N_PIECES + 1), PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (r->base == MAP_FAILED)
        bench_stop("mmap");
}

static void their_clean(void *ctx, unsigned round)
{
    struct range *r = ctx;
    (void)round;
    munmap(r->base, r->len * (N_PIECES + 1));
}

static void map_part(char *at, size_t len, int prot)
{
    if (mmap(at, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != at)
        bench_stop("mmap");
}

static void open_part(char *at, size_t len)
{
    if (mprotect(at, len, PROT_READ | PROT_WRITE) != 0)
        bench_stop("mprotect");
}

static void their_run(void *ctx, unsigned round, size_t n)
{
    struct range *r = ctx;
    (void)round;
    for (size_t i = 0; i < n; i++)
        map_part(r->base + i * r->len, r->len, PROT_READ | PROT_WRITE);
}

static void their_run_fresh(void *ctx, unsigned round, size_t n)
{
    struct range *r = ctx;
    (void)round;
    for (size_t i = 0; i < n; i++)
        open_part(r->base + i * r->len, r->len);
}

/* ---- the whole life of a piece ---- */

static void our_cycle(void *ctx, unsigned round, size_t n)
{
    struct range *r = ctx;
    char *at = r->base + r->len;
    (void)round;
    while (n--) {
        split(at, r->len);
        replace(at, r->len);
        *at = 1;
        split(at, r->len);
        bench_free(r->base, r->len * (N_PIECES + 1), MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
    }
}

static void their_cycle(void *ctx, unsigned round, size_t n)
{
    struct range *r = ctx;
    char *at = r->base + r->len;
    (void)round;
    while (n--) {
        open_part(at, r->len);
        *at = 1;
        map_part(at, r->len, PROT_NONE);
    }
}

/* limit 0: for information. */
static void measure_replace(const char *against, size_t len, double limit,
                            void (*their)(void *ctx, unsigned round, size_t n))
{
    struct range ours = {.len = len}, theirs = {.len = len};
    char name[80];
    snprintf(name, sizeof name, "split + replace, %zu KiB : %s", len / KIB, against);
    bench_pair(&(struct bench_pair){
        .name = name,
        .limit = limit,
        .ours = {our_prepare, our_run, our_clean, &ours, N_PIECES},
        .theirs = {their_prepare, their, their_clean, &theirs, N_PIECES}});
}

static void measure_life(size_t len)
{
    struct range ours = {.len = len}, theirs = {.len = len};
    char name[80];
    our_prepare(&ours, 0);
    their_prepare(&theirs, 0);
    snprintf(name, sizeof name, "split, replace, write, join, %zu KiB : mprotect, write, mmap",
             len / KIB);
    bench_pair(&(struct bench_pair){.name = name,
                                    .limit = 1.5,
                                    .ours = {.run = our_cycle, .ctx = &ours},
                                    .theirs = {.run = their_cycle, .ctx = &theirs}});
    bench_free(ours.base, 0, MEM_RELEASE);
    their_clean(&theirs, 0);
}

void bench_placeholder(void)
{
    static const size_t len[] = {4 * KIB, 64 * KIB, MIB};
    for (size_t i = 0; i < sizeof len / sizeof len[0]; i++) {
        measure_replace("mmap(MAP_FIXED)", len[i], 1.5, their_run);
        measure_replace("mprotect", len[i], 0, their_run_fresh);
        measure_life(len[i]);
    }
}
