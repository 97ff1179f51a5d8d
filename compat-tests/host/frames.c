/* Frames of physical memory and windows where much is asked of them: many threads, the host's limit
 * of mappings, fork, and arguments that are wrong; what the working set tells of them and of
 * offered pages.
 *
 * Terms   stamped = a frame's first word is its own number. */
#include "env.h"

#include <winvm/control.h>
#include <winvm/psapi.h>

enum { THREADS = 4, EACH = 25000, PAGES = 256, ROUNDS = 1500 };

static ULONG_PTR frame[THREADS * EACH];
static unsigned wrong;

static ULONG_PTR *at(char *window, unsigned page)
{
    return (ULONG_PTR *)(window + (size_t)page * PAGE);
}

static char *make_window(unsigned n_pages)
{
    return VirtualAlloc(NULL, (size_t)n_pages * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
}

/* Stamps every frame through the window. */
static bool stamp(char *window, ULONG_PTR *f, unsigned n)
{
    for (unsigned i = 0; i < n; i += PAGES) {
        unsigned k = n - i < PAGES ? n - i : PAGES;
        if (!MapUserPhysicalPages(window, k, f + i))
            return false;
        for (unsigned p = 0; p < k; p++)
            *at(window, p) = f[i + p];
    }
    return MapUserPhysicalPages(window, PAGES, NULL);
}

static uint32_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* A run, single frames, scattered ones; now and then some are given back and others taken. */
static void one_round(char *window, ULONG_PTR *f, uint64_t *seed)
{
    void *pages[32];
    ULONG_PTR some[32], n;
    unsigned first = next(seed) % (EACH - PAGES), count = 1 + next(seed) % 32;
    unsigned place = next(seed) % (PAGES - 32), step = next(seed) % 3;
    bool mapped;
    if (!MapUserPhysicalPages(window, PAGES, NULL))
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < count; i++) {
        some[i] = f[first + i * (step + 1)];
        pages[i] = window + (size_t)(place + (step == 2 ? count - 1 - i : i)) * PAGE;
    }
    mapped = step ? MapUserPhysicalPagesScatter(pages, count, some)
                  : MapUserPhysicalPages(pages[0], count, some);
    for (unsigned i = 0; i < count; i++)
        if (!mapped || *(ULONG_PTR *)pages[i] != some[i])
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    if (next(seed) % 8)
        return;
    n = count;
    if (!FreeUserPhysicalPages(GetCurrentProcess(), &n, f + first) || n != count ||
        !AllocateUserPhysicalPages(GetCurrentProcess(), &n, f + first) || n != count ||
        !stamp(window, f + first, count))
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void *worker(void *arg)
{
    ULONG_PTR *f = arg, n = EACH;
    uint64_t seed = (uintptr_t)arg;
    char *window = make_window(PAGES);
    if (!window || !AllocateUserPhysicalPages(GetCurrentProcess(), &n, f) || n != EACH ||
        !stamp(window, f, EACH)) {
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    for (unsigned i = 0; i < ROUNDS; i++)
        one_round(window, f, &seed);
    VirtualFree(window, 0, MEM_RELEASE);
    return NULL;
}

static void threads(void)
{
    pthread_t thread[THREADS];
    ULONG_PTR n = THREADS * EACH;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, worker, frame + (size_t)i * EACH);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    ok(wrong == 0, "100,000 frames, four threads: each page shows its frame");
    ok(winvm_audit() == 0, "100,000 frames, four threads: the audit");
    ok(FreeUserPhysicalPages(GetCurrentProcess(), &n, frame) && n == THREADS * EACH,
       "all are given back");
}

/* Every second frame needs a mapping of its own: at the limit the call fails and changes
 * nothing. */
static void many_mappings(void)
{
    enum { MOST = 80000 };
    static ULONG_PTR odd[MOST];
    ULONG_PTR n = THREADS * EACH, mapped = 0, one = 1;
    char *window = make_window(MOST);
    bool had = AllocateUserPhysicalPages(GetCurrentProcess(), &n, frame);
    for (unsigned i = 0; i < MOST; i++)
        odd[i] = frame[i ^ 1];
    while (mapped < MOST && MapUserPhysicalPages(at(window, (unsigned)mapped), 500, odd + mapped))
        mapped += 500;
    ok(had && mapped > 20000 && mapped < MOST && GetLastError() == ERROR_NOT_ENOUGH_MEMORY,
       "frames one by one: an error at the limit of mappings");
    *at(window, 0) = 1;
    *at(window, (unsigned)mapped - 1) = 2;
    MEMORY_BASIC_INFORMATION info;
    ok(VirtualQuery(at(window, (unsigned)mapped), &info, sizeof(info)) &&
           info.State == MEM_RESERVE,
       "nothing of the call that failed is mapped");
    ok(winvm_audit() == 0, "the audit at the limit");
    ok(MapUserPhysicalPages(at(window, 0), one, odd + 1) == FALSE, "a frame that is mapped: no");
    ok(VirtualFree(window, 0, MEM_RELEASE), "the window goes");
    ok(FreeUserPhysicalPages(GetCurrentProcess(), &n, frame) && winvm_audit() == 0,
       "and the frames");
}

static bool refuses(BOOL result, DWORD error)
{
    return !result && GetLastError() == error;
}

/* frame[] has 8 frames, which the window could show. */
static void bad_counts(char *window)
{
    HANDLE self = GetCurrentProcess();
    ULONG_PTR n = 8, huge = (ULONG_PTR)1 << (sizeof(void *) == 8 ? 40 : 29), got;
    ok(refuses(AllocateUserPhysicalPages(self, NULL, frame), ERROR_NOACCESS), "no count");
    ok(refuses(AllocateUserPhysicalPages(self, &n, NULL), ERROR_NOACCESS), "no array");
    ok(refuses(AllocateUserPhysicalPages(NULL, &n, frame), ERROR_INVALID_HANDLE), "no handle");
    got = huge;
    ok(refuses(AllocateUserPhysicalPages(self, &got, frame + 8), ERROR_NOACCESS) && got == huge,
       "a count beyond the array");
    got = huge;
    ok(refuses(FreeUserPhysicalPages(self, &got, frame), ERROR_NOACCESS), "to be freed, too");
    ok(refuses(MapUserPhysicalPages(window, huge, frame), ERROR_INVALID_PARAMETER), "and mapped");
    ok(refuses(MapUserPhysicalPages(window, ~(ULONG_PTR)0, frame), ERROR_INVALID_PARAMETER),
       "and more");
    ok(refuses(AllocateUserPhysicalPagesNuma(self, &n, frame + 8, 77), ERROR_INVALID_PARAMETER),
       "a node that is not there");
}

static void bad_addresses(char *window)
{
    void *twice[] = {window, window + 5}, *wild[] = {window, (void *)~(uintptr_t)0};
    ok(refuses(MapUserPhysicalPages(window, 8, (ULONG_PTR *)16), ERROR_NOACCESS), "a wild array");
    ok(refuses(MapUserPhysicalPagesScatter(NULL, 2, frame), ERROR_NOACCESS), "no addresses");
    ok(refuses(MapUserPhysicalPagesScatter(twice, 2, frame), ERROR_INVALID_PARAMETER),
       "a page twice");
    ok(refuses(MapUserPhysicalPagesScatter(wild, 2, frame), ERROR_INVALID_PARAMETER),
       "an address above user space");
    ok(MapUserPhysicalPages(window + 77, 1, frame), "an address inside a page: the page");
    ok(refuses(VirtualFree(window, PAGE, MEM_DECOMMIT), ERROR_INVALID_ADDRESS), "decommit");
    ok(refuses(VirtualAlloc(window, PAGE, MEM_RESET, PAGE_READWRITE) != NULL,
               ERROR_INVALID_ADDRESS), "reset");
}

static void bad_arguments(void)
{
    HANDLE self = GetCurrentProcess();
    ULONG_PTR n = 8;
    char *window = make_window(8);
    AllocateUserPhysicalPages(self, &n, frame);
    bad_counts(window);
    bad_addresses(window);
    ok(winvm_audit() == 0, "the audit after all that");
    ok(VirtualFree(window, 0, MEM_RELEASE) && FreeUserPhysicalPages(self, &n, frame) && n == 8,
       "nothing was lost");
}

/* The child owns nothing and reaches nothing of the parent's. */
static int child(char *window)
{
    MEMORY_BASIC_INFORMATION info;
    ULONG_PTR n = 4;
    if (!VirtualQuery(window, &info, sizeof(info)) || info.State != MEM_RESERVE)
        return 1;
    if (MapUserPhysicalPages(window, 4, frame) || winvm_audit() != 0)
        return 2;
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &n, frame) || n != 4 ||
        !MapUserPhysicalPages(window, 4, frame) || *at(window, 0) != 0)
        return 3;
    *at(window, 0) = 99;
    return VirtualFree(window, 0, MEM_RELEASE) && winvm_audit() == 0 ? 0 : 4;
}

static void forked(void)
{
    ULONG_PTR n = 4;
    char *window = make_window(4);
    int status = -1;
    AllocateUserPhysicalPages(GetCurrentProcess(), &n, frame);
    MapUserPhysicalPages(window, 4, frame);
    *at(window, 0) = 5;
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(window));
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a fork child has no frames: step %d",
       WEXITSTATUS(status));
    ok(*at(window, 0) == 5, "the parent's page is as it was");
    ok(VirtualFree(window, 0, MEM_RELEASE) &&
           FreeUserPhysicalPages(GetCurrentProcess(), &n, frame) && n == 4,
       "and its frames are its own");
}

/* ---- the working set ---- */

static ULONG_PTR block_of(const void *page)
{
    PSAPI_WORKING_SET_EX_INFORMATION one = {.VirtualAddress = (void *)page};
    return QueryWorkingSetEx(GetCurrentProcess(), &one, sizeof one) ? one.VirtualAttributes.Flags
                                                                    : ~(ULONG_PTR)0;
}

/* Valid, for reading and writing, not shared, not large; `locked` besides. The node is any. */
static bool is_in(const void *page, bool locked)
{
    return (block_of(page) & ~((ULONG_PTR)0x3f << 16)) ==
           (1 | PAGE_READWRITE << 4 | (ULONG_PTR)locked << 22);
}

/* How often QueryWorkingSet lists pages from `start` on. */
static unsigned count_listed(const char *start, unsigned n)
{
    static ULONG_PTR list[1 << 18];
    unsigned found = 0;
    if (!QueryWorkingSet(GetCurrentProcess(), list, sizeof list))
        return ~0u;
    for (ULONG_PTR i = 1; i <= list[0]; i++)
        found += list[i] / PAGE - (ULONG_PTR)start / PAGE < n;
    return found;
}

/* A window is in the working set where it shows frames: before they are used, and always. */
static void working_set(void)
{
    char *window = make_window(16);
    ULONG_PTR n = 8;
    AllocateUserPhysicalPages(GetCurrentProcess(), &n, frame);
    ok(block_of(window) == 0 && count_listed(window, 16) == 0, "a window that shows nothing");
    ok(MapUserPhysicalPages(window + 2 * PAGE, 8, frame), "8 pages show frames");
    ok(is_in(window + 2 * PAGE, false) && is_in(window + 9 * PAGE, false) &&
           block_of(window + PAGE) == 0 && block_of(window + 10 * PAGE) == 0,
       "they are valid, read-write, not shared; those beside them are not");
    ok(count_listed(window, 16) == 8, "and are listed");
    ok(VirtualLock(window + 3 * PAGE, PAGE) && is_in(window + 3 * PAGE, true),
       "a locked one is locked");
    ok(VirtualUnlock(window + 3 * PAGE, PAGE) && is_in(window + 3 * PAGE, false), "and unlocked");
    ok(EmptyWorkingSet(GetCurrentProcess()) && is_in(window + 4 * PAGE, false) &&
           count_listed(window, 16) == 8, "frames do not leave");
    ok(MapUserPhysicalPages(window + 2 * PAGE, 4, NULL) && block_of(window + 2 * PAGE) == 0 &&
           count_listed(window, 16) == 4, "pages that show nothing any more are not valid");
    ok(FreeUserPhysicalPages(GetCurrentProcess(), &n, frame) && block_of(window + 6 * PAGE) == 0 &&
           count_listed(window, 16) == 0, "nor are those whose frames were given back");
    VirtualFree(window, 0, MEM_RELEASE);
}

/* Offered pages are not in the working set, though the host may have them still. */
static void offered(void)
{
    char *a = VirtualAlloc(NULL, 8 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(a, 1, 8 * PAGE);
    ok(is_in(a + 3 * PAGE, false) && count_listed(a, 8) == 8, "used pages");
    ok(OfferVirtualMemory(a + 2 * PAGE, 4 * PAGE, VmOfferPriorityNormal) == 0 &&
           block_of(a + 2 * PAGE) == 0 && block_of(a + 5 * PAGE) == 0 && is_in(a + PAGE, false) &&
           is_in(a + 6 * PAGE, false) && count_listed(a, 8) == 4,
       "offered pages are not valid, and not listed");
    DWORD code = ReclaimVirtualMemory(a + 2 * PAGE, 4 * PAGE);
    memset(a + 2 * PAGE, 2, 4 * PAGE);
    ok((code == 0 || code == ERROR_BUSY) && is_in(a + 2 * PAGE, false) && count_listed(a, 8) == 8,
       "reclaimed and used, they are");
    VirtualFree(a, 0, MEM_RELEASE);
}

int main(void)
{
    env_start();
    bad_arguments();
    working_set();
    offered();
    forked();
    threads();
    many_mappings();
    return env_end();
}
