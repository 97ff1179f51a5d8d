/* Decommit and release when the process has as many mappings as the host allows. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"

enum { N_PAGES = 160000, N_OTHERS = 70000 };

/* Protects every second page until winvm or the host says no. Returns how many were done. */
static size_t split_all(char *base)
{
    DWORD old;
    size_t n = 0;
    while (2 * n < N_PAGES && VirtualProtect(base + 2 * n * PAGE, PAGE, PAGE_READONLY, &old))
        n++;
    return n;
}

/* The rest of the mappings, taken by the program itself behind winvm's back. */
static size_t exhaust(void)
{
    size_t n = 0;
    while (n < N_OTHERS && mmap(NULL, PAGE, n % 2 ? PROT_READ : PROT_NONE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        n++;
    return n;
}

/* A page in the middle of each run, then runs of 100 pages: what splits a mapping if anything
 * does. */
static bool decommit_all(char *base, char *block)
{
    bool good = true;
    for (size_t i = 0; i < 64; i++)
        good &= VirtualFree(block + (1000 * i + 500) * PAGE, 100 * PAGE, MEM_DECOMMIT) != 0;
    for (size_t i = 0; i < 64; i++)
        good &= VirtualFree(block + (1000 * i + 300) * PAGE, PAGE, MEM_DECOMMIT) != 0;
    for (size_t i = 0; i < 64; i++)
        good &= VirtualFree(base + (2 * i + 101) * PAGE, PAGE, MEM_DECOMMIT) != 0;
    return good;
}

static bool is_empty(char *p)
{
    MEMORY_BASIC_INFORMATION info;
    return VirtualQuery(p, &info, sizeof info) == sizeof info && info.State == MEM_RESERVE;
}

void bench_at_limit(void)
{
    enum { N_SMALL = 256 };
    static char *little[N_SMALL];
    char note[128];
    bool good = true;
    char *base = bench_alloc(NULL, N_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    char *block = bench_alloc(NULL, 64000 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (size_t i = 0; i < 64; i++)
        block[(1000 * i + 500) * PAGE] = 1;
    for (size_t i = 0; i < N_SMALL; i++)
        little[i] = bench_alloc(NULL, PAGE * (i % 16 + 1), MEM_RESERVE | MEM_COMMIT,
                                i % 2 ? PAGE_READWRITE : PAGE_READONLY);
    size_t split = split_all(base), others = exhaust();
    snprintf(note, sizeof note, "%zu pages split off, then %zu mappings of the program's own",
             split, others);
    bench_value("at the host's limit of mappings: pages split", split, 0, note);
    good = decommit_all(base, block);
    bench_fact("decommit at the limit", good && is_empty(block + 500 * PAGE), "");
    for (size_t i = 0; i < N_SMALL; i++)
        good &= VirtualFree(little[i * 7 % N_SMALL], 0, MEM_RELEASE) != 0;
    bench_fact("release of small allocations at the limit", good, "");
    good = VirtualFree(base, 0, MEM_RELEASE) && VirtualFree(block, 0, MEM_RELEASE);
    bench_fact("release of all at the limit", good, "");
    char *p = VirtualAlloc(NULL, MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    bool zero = p != NULL;
    for (size_t i = 0; zero && i < MIB; i += PAGE)
        zero = p[i] == 0;
    bench_fact("memory committed afterwards is zero", zero, "");
    bench_fact("audit after the limit", winvm_audit() == 0, "");
}
