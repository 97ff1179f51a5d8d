/* A 32-bit address space filled to the last granule, emptied by chance, filled again, emptied
 * (specification W32-017, W32-018, W32-020; identity mode and based spaces).
 *
 * Terms   block = a reservation of one to sixteen granules; taken = the program's own record of
 *         which granules have a block.
 * I1  No two blocks share a granule, and each lies in 0x10000 .. the space's top.
 * I2  A reservation fails exactly when no run of free granules is long enough, and then for want of
 *     memory. (As it fails in one space, no other is looked at.)
 * I3  A walk by VirtualQueryEx finds every block, nothing else, and ends at the top.
 * I4  What was written to a block is there when it is released.
 * I5  When all blocks are released the walk is the one before the first.
 * A 32-bit process shares its address space with the host: there some of it is kept for the host,
 * whose mappings come and go, so that I2, I3 and I5 hold for the blocks only and 98 % must be
 * reached.
 * Without arguments each space is tried in a process of its own. Output is TAP. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/space.h>
#include <winvm/winternl.h>

#include "stress.h"

#define GRANULE ((uint64_t)0x10000)
#define LOWEST GRANULE
#define MAX_GRANULES 65536
#define MAX_RUNS 200000
#define SHARED (sizeof(void *) == 4) /* with the host */
#define SHARE (SHARED ? 980 : 995)   /* of 1,000, at least */
#define ROUNDS 6

/* Identity mode by option; megabytes: a based space of this size. */
static const struct way {
    const char *name, *option;
    uint32_t megabytes;
} ways[] = {
    {"2 GB", "wow64=2g", 0},
    {"4 GB", "wow64=4g", 0},
    {"based, 2 GB", "", 2048},
    {"based, 4 GB", "", 4096},
};
#define N_WAYS (sizeof ways / sizeof ways[0])
#define N_OWN 2 /* based spaces need pointers of 64 bits */
#define N_CASES 4

/* The space that is tried. */
static HANDLE process;
static char *base; /* of its address 0 */
static uint64_t top;

struct block {
    uint64_t at;
    uint32_t granules;
    uint32_t tag; /* 0: not committed */
};
static struct block block[MAX_GRANULES];
static size_t n_blocks;
static bool taken[MAX_GRANULES];
static uint64_t n_taken;
static uint64_t usable; /* granules that were free at the start */
static uint32_t state = 2463534242u;

static void *in_space(uint64_t at)
{
    return (void *)(uintptr_t)at;
}

/* ---- walks ---- */

struct run {
    uint64_t at, len, owner;
    DWORD state;
};
struct walk {
    struct run run[MAX_RUNS];
    size_t n;
};
static struct walk first, later;

static bool walk(struct walk *w)
{
    MEMORY_BASIC_INFORMATION m;
    uint64_t at = 0;
    for (w->n = 0; w->n < MAX_RUNS && at < top; w->n++) {
        if (VirtualQueryEx(process, in_space(at), &m, sizeof m) != sizeof m)
            return wrong("a query below the top fails");
        if ((uintptr_t)m.BaseAddress != at || m.RegionSize == 0)
            return wrong("a region does not begin where the last one ended");
        w->run[w->n] = (struct run){at, m.RegionSize, (uintptr_t)m.AllocationBase, m.State};
        at += m.RegionSize;
    }
    if (at != top)
        return wrong("a walk does not end at the top");
    SetLastError(0);
    if (VirtualQueryEx(process, in_space(top), &m, sizeof m) != 0 ||
        GetLastError() != ERROR_INVALID_PARAMETER)
        return wrong("a query at the top is no ERROR_INVALID_PARAMETER");
    return true;
}

static bool same_walks(const struct walk *a, const struct walk *b)
{
    return a->n == b->n && memcmp(a->run, b->run, a->n * sizeof a->run[0]) == 0;
}

/* ---- blocks ---- */

static uint64_t longest_free(void)
{
    uint64_t longest = 0, here = 0;
    for (uint64_t g = 1; g < top / GRANULE; g++) {
        here = taken[g] ? 0 : here + 1;
        if (here > longest)
            longest = here;
    }
    return longest;
}

static void record(struct block *b, bool in)
{
    for (uint64_t g = b->at / GRANULE; g < b->at / GRANULE + b->granules; g++) {
        if (taken[g] == in)
            wrong("a block lies where another one is");
        taken[g] = in;
    }
    n_taken += in ? b->granules : -(uint64_t)b->granules;
}

/* False: there is no room, or something is wrong. */
static bool reserve(uint32_t granules, DWORD flags)
{
    struct block *b = &block[n_blocks];
    SetLastError(0);
    b->at = (uintptr_t)VirtualAllocEx(process, NULL, granules * GRANULE, MEM_RESERVE | flags,
                                      PAGE_READWRITE);
    b->granules = granules;
    b->tag = 0;
    if (!b->at && GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return wrong("a full space is no ERROR_NOT_ENOUGH_MEMORY");
    if (!b->at)
        return SHARED || longest_free() < granules ? false : wrong("a free run is not used");
    if (b->at % GRANULE || b->at < LOWEST || b->at + granules * GRANULE > top)
        return wrong("a block lies outside of the space, or unaligned");
    record(b, true);
    n_blocks++;
    return true;
}

static uint32_t *word_of(const struct block *b)
{
    return (uint32_t *)(base + b->at + b->granules * GRANULE - sizeof(uint32_t));
}

/* The last page of the block is committed, found to be fresh, and written to. */
static bool write_block(struct block *b, uint32_t tag)
{
    uint64_t page = b->at + b->granules * GRANULE - 4096;
    if ((uintptr_t)VirtualAllocEx(process, in_space(page), 4096, MEM_COMMIT, PAGE_READWRITE) !=
        page)
        return wrong("a page of a block cannot be committed");
    if (*word_of(b) != 0)
        return wrong("a fresh page is not zero");
    *word_of(b) = b->tag = tag;
    return true;
}

static bool release(size_t i)
{
    struct block *b = &block[i];
    if (b->tag && *word_of(b) != b->tag)
        return wrong("a block lost its contents");
    if (!VirtualFreeEx(process, in_space(b->at), 0, MEM_RELEASE))
        return wrong("a block cannot be released");
    record(b, false);
    *b = block[--n_blocks];
    return true;
}

/* The walk finds the blocks and what was there before, nothing else. */
static bool check_blocks(void)
{
    uint64_t bytes = 0, before = 0;
    if (!walk(&later))
        return false;
    for (size_t i = 0; i < later.n; i++) {
        const struct run *r = &later.run[i];
        if (r->state == MEM_FREE) {
            for (uint64_t g = (r->at + GRANULE - 1) / GRANULE; g < (r->at + r->len) / GRANULE; g++)
                if (taken[g])
                    return wrong("a block is free");
            continue;
        }
        bytes += r->len;
        if (taken[r->at / GRANULE] && (r->owner > r->at || !taken[r->owner / GRANULE]))
            return wrong("a block belongs to an allocation that is none");
    }
    for (size_t i = 0; i < first.n; i++)
        if (first.run[i].state != MEM_FREE)
            before += first.run[i].len;
    if (!SHARED && bytes != before + n_taken * GRANULE)
        return wrong("a walk finds more or less");
    return true;
}

/* ---- cases ---- */

static bool count_usable(void)
{
    if (!walk(&first))
        return false;
    if (base && (first.n != 1 || first.run[0].state != MEM_FREE))
        return wrong("a new space is not one free region");
    for (size_t i = 0; i < first.n; i++)
        if (first.run[i].state == MEM_FREE)
            usable += (first.run[i].at + first.run[i].len) / GRANULE -
                      (first.run[i].at + GRANULE - 1) / GRANULE;
    usable--; /* the lowest is free, and never used */
    for (size_t i = 0; i < first.n; i++)
        for (uint64_t at = first.run[i].at; at < first.run[i].at + first.run[i].len; at += GRANULE)
            taken[at / GRANULE] |= first.run[i].state != MEM_FREE;
    return true;
}

/* To the last granule: at least 99.5 % of the space. */
static bool fill_all(void)
{
    PVOID at = NULL;
    SIZE_T size = GRANULE;
    while (reserve(1, 0))
        if (n_blocks % 16 == 0 && !write_block(&block[n_blocks - 1], n_blocks))
            return false;
    if (is_wrong())
        return false;
    printf("# %zu blocks of 64 KiB: %.3f %% of %llu MiB\n", n_blocks,
           n_blocks * GRANULE * 100.0 / (top + GRANULE), (unsigned long long)(top + GRANULE) >> 20);
    if (n_blocks * GRANULE * 1000 < (top + GRANULE) * SHARE)
        return wrong("too little of the space can be used");
    if (!SHARED && n_taken != usable)
        return wrong("granules that were free cannot be had");
    if (NtAllocateVirtualMemory(process, &at, 0, &size, MEM_RESERVE, PAGE_READWRITE) !=
            STATUS_NO_MEMORY ||
        at != NULL || size != GRANULE)
        return wrong("a full space is no STATUS_NO_MEMORY, or the arguments were changed");
    return check_blocks();
}

static bool free_some(uint64_t percent)
{
    while (n_blocks && n_taken * 100 > usable * percent)
        if (!release(next_random(&state) % n_blocks))
            return false;
    return true;
}

static bool refill(uint64_t percent)
{
    unsigned failed = 0;
    while (n_taken * 100 < usable * percent && failed < 100) {
        uint32_t n = failed < 20 ? 1 + next_random(&state) % 16 : 1;
        DWORD flags = next_random(&state) % 2 ? MEM_TOP_DOWN : 0;
        if (!reserve(n, flags))
            failed++;
        else if (next_random(&state) % 8 == 0 && !write_block(&block[n_blocks - 1], n_blocks))
            return false;
        if (is_wrong())
            return false;
    }
    return n_taken * 100 >= usable * percent ? true : wrong("95 % cannot be reached again");
}

/* Blocks go and come by chance, of many sizes, at both ends. */
static bool churn(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!free_some(30 + 10 * i) || !check_blocks() || !refill(95) || !check_blocks())
            return false;
    return winvm_audit() == 0 ? true : wrong("winvm_audit found a broken invariant");
}

static bool empty(void)
{
    while (n_blocks)
        if (!release(next_random(&state) % n_blocks))
            return false;
    if (!walk(&later))
        return false;
    if (!SHARED && !same_walks(&first, &later))
        return wrong("not all is free again");
    return !base || winvm_space_destroy(process) == 0 ? true : wrong("the space cannot be ended");
}

/* ---- running ---- */

static void run_case(unsigned *number, const char *name, bool (*run)(void))
{
    if (SHARED && run == churn) {
        printf("ok %u - %s # SKIP a search reads all of the host's list\n", ++*number,
               name);
        return;
    }
    if (!why)
        run();
    printf("%sok %u - %s\n", why ? "not " : "", ++*number, name);
    if (why)
        printf("# %s\n", why);
    fflush(stdout);
}

static bool open_space(const struct way *w)
{
    struct winvm_space_options options = {.size = sizeof options, .megabytes = w->megabytes};
    struct winvm_space_info info = {.size = sizeof info};
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    process = GetCurrentProcess();
    top = (uintptr_t)system.lpMaximumApplicationAddress + 1;
    if (w->megabytes) {
        process = winvm_space_create(&options);
        if (!process || winvm_space_info(process, &info) != 0)
            return wrong("no space");
        base = info.base;
        top = info.limit;
    }
    return top >> 32 == 0 ? true : wrong("the space is no 32-bit one");
}

/* In a process of its own. */
static int run_here(size_t way)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } cases[N_CASES] = {
        {"the walk ends at the top", count_usable},
        {"filled to the last granule", fill_all},
        {"emptied and filled by chance", churn},
        {"all is free again", empty},
    };
    char text[128];
    unsigned number = N_CASES * way;
    open_space(&ways[way]);
    for (size_t i = 0; i < N_CASES; i++) {
        snprintf(text, sizeof text, "%s: %s", ways[way].name, cases[i].name);
        run_case(&number, text, cases[i].run);
    }
    return why != NULL;
}

static bool run_apart(size_t i)
{
    char number[24];
    int status = 0;
    snprintf(number, sizeof number, "%zu", i);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("WINVM_OPTIONS", ways[i].option, 1);
        execl("/proc/self/exe", "fill", number, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        printf("Bail out! %s ended with status 0x%x\n", ways[i].name, (unsigned)status);
    return status == 0;
}

int main(int argc, char **argv)
{
    bool good = true;
    if (argc == 2)
        return run_here(strtoul(argv[1], NULL, 10) % N_WAYS);
    size_t n = SHARED ? N_OWN : N_WAYS;
    printf("1..%zu\n", N_CASES * n);
    fflush(stdout);
    for (size_t i = 0; i < n; i++)
        good &= run_apart(i);
    return !good;
}
