/* A worker of bench_layout.c: reads orders on its standard input, writes answers on its output. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_layout.h"

#define MAX_BLOCKS 65536

static HANDLE process; /* NULL: calls without a handle */
static char *block[MAX_BLOCKS];
static uint32_t n_blocks;
static uint64_t seed = 5;

static char *take(char *at, size_t len, DWORD type)
{
    DWORD prot = type & MEM_COMMIT ? PAGE_READWRITE : PAGE_NOACCESS;
    return process ? VirtualAllocEx(process, at, len, type, prot)
                   : VirtualAlloc(at, len, type, prot);
}

static void give(char *at, size_t len, DWORD type)
{
    if (!(process ? VirtualFreeEx(process, at, len, type) : VirtualFree(at, len, type)))
        bench_stop("VirtualFree");
}

static char *taken(char *at)
{
    if (!at)
        bench_stop("VirtualAlloc");
    return at;
}

static void query(char *at)
{
    MEMORY_BASIC_INFORMATION info;
    if ((process ? VirtualQueryEx(process, at, &info, sizeof info)
                 : VirtualQuery(at, &info, sizeof info)) != sizeof info)
        bench_stop("VirtualQuery");
}

static uint32_t any_block(void)
{
    return (uint64_t)bench_random(&seed) * n_blocks >> 32;
}

static void do_one(enum work work)
{
    uint32_t i;
    char *at;
    switch (work) {
    case RESERVE: give(taken(take(NULL, GRANULE, MEM_RESERVE)), 0, MEM_RELEASE); break;
    case RESERVE_TOP:
        give(taken(take(NULL, GRANULE, MEM_RESERVE | MEM_TOP_DOWN)), 0, MEM_RELEASE);
        break;
    case RESERVE_COMMIT:
        give(taken(take(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT)), 0, MEM_RELEASE);
        break;
    case RESERVE_1M: /* which a full space may refuse */
        if ((at = take(NULL, MIB, MEM_RESERVE)) != NULL)
            give(at, 0, MEM_RELEASE);
        break;
    case COMMIT:
    case COMMIT_ANY:
        at = block[work == COMMIT ? 0 : any_block()];
        taken(take(at, GRANULE, MEM_COMMIT));
        give(at, GRANULE, MEM_DECOMMIT);
        break;
    case QUERY: query(block[any_block()]); break;
    default: /* EXCHANGE: another block goes, and one comes where there is room */
        i = any_block();
        give(block[i], 0, MEM_RELEASE);
        block[i] = taken(take(NULL, GRANULE, MEM_RESERVE));
        break;
    }
}

static void fill(struct answer *answer)
{
    SYSTEM_INFO system;
    struct winvm_space_info info = {.size = sizeof info};
    GetSystemInfo(&system);
    info.limit = (uintptr_t)system.lpMaximumApplicationAddress + 1;
    if (process && winvm_space_info(process, &info) != 0)
        bench_stop("winvm_space_info");
    while (n_blocks < MAX_BLOCKS && (block[n_blocks] = take(NULL, GRANULE, MEM_RESERVE)) != NULL)
        n_blocks++;
    answer->ns[0] = n_blocks;
    answer->ns[1] = (double)(info.limit + GRANULE);
}

static void load(struct answer *answer)
{
    uint32_t all = n_blocks;
    while (n_blocks > all / 2) {
        uint32_t i = any_block();
        give(block[i], 0, MEM_RELEASE);
        block[i] = block[--n_blocks];
    }
    while (n_blocks < all / 20 * 19)
        block[n_blocks++] = taken(take(NULL, GRANULE, MEM_RESERVE));
    answer->ns[0] = n_blocks;
}

static void spread(struct answer *answer)
{
    char *at = taken(take(NULL, GIB, MEM_RESERVE));
    for (n_blocks = 0; n_blocks < GIB / GRANULE; n_blocks++)
        block[n_blocks] = at + n_blocks * GRANULE;
    answer->ns[0] = n_blocks;
}

static void obey(const struct order *order, struct answer *answer)
{
    switch (order->work) {
    case FILL: fill(answer); return;
    case LOAD: load(answer); return;
    case SPREAD: spread(answer); return;
    default: break;
    }
    for (unsigned b = 0; b < N_BATCHES; b++) {
        double start = bench_now();
        for (uint32_t i = 0; i < order->n; i++)
            do_one(order->work);
        answer->ns[b] = (bench_now() - start) / order->n;
    }
}

void bench_layout_worker(const char *place)
{
    struct winvm_space_options options = {.size = sizeof options, .megabytes = 2048};
    struct order order;
    struct answer answer;
    int where = atoi(place);
    if (where == PLACE_HANDLE)
        process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    if (where == PLACE_SPACE || where == PLACE_POINTER)
        process = winvm_space_create(&options);
    if (where != PLACE_OWN && !process)
        bench_stop("no handle");
    block[n_blocks++] = taken(take(NULL, GRANULE, MEM_RESERVE));
    if (where == PLACE_POINTER) {
        block[0] += (uintptr_t)winvm_space_base(process);
        process = NULL;
    }
    while (read(STDIN_FILENO, &order, sizeof order) == sizeof order) {
        obey(&order, &answer);
        if (write(STDOUT_FILENO, &answer, sizeof answer) != sizeof answer)
            break;
    }
}
