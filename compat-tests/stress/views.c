/* Views of sections in several threads, each with sections of its own and all with two in common:
 * mapped where winvm likes and at chosen addresses, protected, guarded, written, committed, asked
 * about, unmapped; among threads that map memory of their own and that fork
 * (specification SEC-100..229).
 *
 * Terms   model = what a thread knows of its sections and views, page by page; own page = one that
 *         was written while it was WRITECOPY.
 * I1  Every answer of VirtualQuery about a view of a private section is the one of the model.
 * I2  What was written through a shared page is seen in every view, what was written to an own page
 *     in that view alone. No page of a fresh section has contents.
 * I3  Of a common section a thread uses every N_THREADS-th page: what it wrote stays, what it did
 *     not commit is reserved.
 * I4  A guard page is met exactly once.
 * I5  A child sees memory as it was at the fork, and what it writes to own pages is never seen.
 * I6  Where the host has no mappings left a call fails with ERROR_NOT_ENOUGH_MEMORY and changes
 *     nothing; unmapping does not fail.
 * The first argument is the time in seconds, the second the seed, the third how many mappings the
 * program leaves to the threads (0: all of them). Output is TAP. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

enum { PAGE = 4096, GRANULE = 16, PAGES = 64, N_SECTIONS = 2, N_VIEWS = 6, N_THREADS = 4 };
enum { GRACE_SECONDS = 60 };

static unsigned seconds = 4, seed = 1, room;
static bool ends;
static unsigned n_calls, n_at, n_queries, n_guards, n_raised, n_children, n_foreign;
static unsigned n_short;
static HANDLE common[2]; /* committed, SEC_RESERVE */
static char *slab;       /* an address that VirtualAlloc gave */

static bool is_over(void)
{
    return is_wrong() || __atomic_load_n(&ends, __ATOMIC_RELAXED);
}

/* A call failed: for want of mappings, or wrongly. */
static bool is_short(const char *text)
{
    if (!room || GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return wrong(text);
    count(&n_short);
    return true;
}

static volatile uint64_t *word_at(char *at, unsigned page)
{
    return (volatile uint64_t *)(at + (size_t)page * PAGE);
}

/* ---- the model ---- */

struct section {
    HANDLE handle;
    bool committed[PAGES];
    uint64_t word[PAGES];
};

struct view {
    struct section *section; /* NULL: not mapped */
    char *at;
    unsigned first, n;
    DWORD mapped;
    DWORD protect[PAGES]; /* 0: reserved */
    bool own[PAGES];
    uint64_t word[PAGES]; /* of own pages */
};

struct actor {
    unsigned number;
    uint32_t state;
    uint64_t tag;
    struct section section[N_SECTIONS];
    struct view view[N_VIEWS];
};

static unsigned pick(struct actor *a, unsigned n)
{
    return next_random(&a->state) % n;
}

static DWORD shown(const struct view *v, unsigned i)
{
    DWORD p = v->protect[i];
    return v->own[i] && (p & 0xFF) == PAGE_WRITECOPY ? (p & ~0xFFu) | PAGE_READWRITE : p;
}

static bool is_readable(const struct view *v, unsigned i)
{
    return v->protect[i] && !(v->protect[i] & (PAGE_GUARD | PAGE_NOACCESS));
}

static bool check_page(const struct view *v, unsigned i)
{
    uint64_t expected = v->own[i] ? v->word[i] : v->section->word[v->first + i];
    if (is_readable(v, i) && *word_at(v->at, i) != expected)
        return wrong("a page has other contents than were written");
    return true;
}

/* ---- what a thread does with its views ---- */

static void pages_of(struct actor *a, const struct view *v, unsigned *lo, unsigned *hi)
{
    *lo = pick(a, v->n);
    *hi = *lo + 1 + pick(a, v->n - *lo);
}

/* Where there is or was a view, or somewhere among them, or where private memory is taken from. */
static char *choose_address(struct actor *a)
{
    char *at = pick(a, 3) ? a->view[pick(a, N_VIEWS)].at : slab;
    return at ? at + ((intptr_t)pick(a, 256) - 128) * GRANULE * PAGE : NULL;
}

static char *map_at(struct actor *a, struct view *v, DWORD access)
{
    size_t offset = (size_t)v->first * PAGE, len = (size_t)v->n * PAGE;
    for (unsigned i = 0; i < 8; i++) {
        char *want = choose_address(a), *got;
        if (!want)
            break;
        got = MapViewOfFileEx(v->section->handle, access, 0, (DWORD)offset, len, want);
        if (got == want)
            count(&n_at);
        if (got)
            return got == want ? got : (wrong("a view is not at the address asked for"), got);
        if (GetLastError() != ERROR_INVALID_ADDRESS &&
            !is_short("a view at an address failed for another reason than that it is in use"))
            return NULL;
    }
    return MapViewOfFile(v->section->handle, access, 0, (DWORD)offset, len);
}

static bool map_one(struct actor *a, struct view *v)
{
    static const struct {
        DWORD access, protect;
    } kinds[] = {{FILE_MAP_WRITE, PAGE_READWRITE}, {FILE_MAP_COPY, PAGE_WRITECOPY},
                 {FILE_MAP_READ, PAGE_READONLY}};
    unsigned k = pick(a, 3);
    v->section = &a->section[pick(a, N_SECTIONS)];
    v->first = pick(a, PAGES / GRANULE) * GRANULE;
    v->n = 1 + pick(a, PAGES - v->first);
    v->mapped = kinds[k].protect;
    v->at = map_at(a, v, kinds[k].access);
    if (!v->at) {
        v->section = NULL;
        return is_short("no view");
    }
    for (unsigned i = 0; i < v->n; i++) {
        v->protect[i] = v->section->committed[v->first + i] ? v->mapped : 0;
        v->own[i] = false;
    }
    return true;
}

static bool unmap_one(struct actor *a, struct view *v)
{
    for (unsigned i = 0; i < v->n; i++)
        if (!check_page(v, i))
            return false;
    v->section = NULL;
    return UnmapViewOfFile(v->at + (size_t)pick(a, v->n) * PAGE) ? true : wrong("unmap failed");
}

static DWORD choose_protect(struct actor *a, const struct view *v)
{
    static const DWORD all[] = {PAGE_READONLY, PAGE_NOACCESS, PAGE_WRITECOPY, PAGE_READWRITE,
                                PAGE_READONLY | PAGE_GUARD, PAGE_WRITECOPY | PAGE_GUARD,
                                PAGE_READWRITE | PAGE_GUARD};
    DWORD p = all[pick(a, sizeof(all) / sizeof(all[0]))];
    if (v->mapped != PAGE_READWRITE && (p & 0xFF) == PAGE_READWRITE)
        p = (p & PAGE_GUARD) | PAGE_WRITECOPY;
    return p;
}

static bool protect_some(struct actor *a, struct view *v)
{
    unsigned lo, hi;
    DWORD p = choose_protect(a, v), old = 0;
    bool all = true;
    pages_of(a, v, &lo, &hi);
    for (unsigned i = lo; i < hi; i++)
        all = all && v->protect[i];
    bool done = VirtualProtect(v->at + (size_t)lo * PAGE, (size_t)(hi - lo) * PAGE, p, &old);
    if (!done)
        return all ? is_short("VirtualProtect failed") : true;
    if (!all)
        return wrong("VirtualProtect of reserved pages");
    if (old != shown(v, lo))
        return wrong("VirtualProtect told another old protection");
    for (unsigned i = lo; i < hi; i++)
        v->protect[i] = p;
    return true;
}

static bool write_some(struct actor *a, struct view *v)
{
    unsigned i = pick(a, v->n);
    DWORD p = v->protect[i] & 0xFF;
    if (p != PAGE_READWRITE && p != PAGE_WRITECOPY)
        return true;
    if (v->protect[i] & PAGE_GUARD)
        count(&n_guards);
    uint64_t tag = ++a->tag;
    *word_at(v->at, i) = tag;
    v->protect[i] = p;
    v->own[i] = v->own[i] || p == PAGE_WRITECOPY;
    *(v->own[i] ? &v->word[i] : &v->section->word[v->first + i]) = tag;
    return check_page(v, i);
}

/* Pages of a section that are committed now show in its views as they were mapped. */
static void note_commit(struct actor *a, const struct view *by, unsigned lo, unsigned hi)
{
    for (unsigned k = 0; k < N_VIEWS; k++) {
        struct view *v = &a->view[k];
        for (unsigned i = 0; v->section == by->section && i < v->n; i++)
            if (v->first + i >= by->first + lo && v->first + i < by->first + hi && !v->protect[i])
                v->protect[i] = v->mapped;
    }
    for (unsigned i = lo; i < hi; i++)
        by->section->committed[by->first + i] = true;
}

static bool commit_some(struct actor *a, struct view *v)
{
    unsigned lo, hi;
    DWORD p = v->mapped == PAGE_READWRITE && pick(a, 2) ? PAGE_READONLY : v->mapped;
    pages_of(a, v, &lo, &hi);
    if (hi - lo > 8)
        hi = lo + 8;
    char *at = v->at + (size_t)lo * PAGE;
    if (VirtualAlloc(at, (size_t)(hi - lo) * PAGE, MEM_COMMIT, p) != at)
        return is_short("a commit failed");
    note_commit(a, v, lo, hi);
    for (unsigned i = lo; i < hi; i++)
        v->protect[i] = p;
    return true;
}

static bool query_some(struct actor *a, struct view *v)
{
    MEMORY_BASIC_INFORMATION m;
    unsigned i = pick(a, v->n), end = i + 1;
    char *at = v->at + (size_t)i * PAGE;
    while (end < v->n && shown(v, end) == shown(v, i))
        end++;
    if (VirtualQuery(at, &m, sizeof(m)) != sizeof(m) || m.BaseAddress != at ||
        m.AllocationBase != v->at || m.AllocationProtect != v->mapped || m.Type != MEM_MAPPED)
        return wrong("VirtualQuery: the view");
    if (m.State != (v->protect[i] ? MEM_COMMIT : MEM_RESERVE) || m.Protect != shown(v, i))
        return wrong("VirtualQuery: the page");
    count(&n_queries);
    return m.RegionSize == (size_t)(end - i) * PAGE ? true : wrong("VirtualQuery: the region");
}

static bool step(struct actor *a)
{
    static bool (*const some[])(struct actor *, struct view *) = {
        query_some, query_some, write_some, write_some, write_some, protect_some, commit_some};
    struct view *v = &a->view[pick(a, N_VIEWS)];
    count(&n_calls);
    if (!v->section)
        return map_one(a, v);
    if (pick(a, 24) == 0)
        return unmap_one(a, v);
    bool (*const what)(struct actor *, struct view *) = some[pick(a, 7)];
    return what != commit_some || v->section == &a->section[1] ? what(a, v) : true;
}

/* ---- the sections of all ---- */

static bool use_sparse(struct actor *a, char *at, uint64_t *word)
{
    unsigned i = a->number + pick(a, PAGES / N_THREADS) * N_THREADS;
    MEMORY_BASIC_INFORMATION m;
    if (!VirtualQuery(at + (size_t)i * PAGE, &m, sizeof(m)) ||
        m.State != (word[i] ? MEM_COMMIT : MEM_RESERVE))
        return wrong("a common page is not as it was committed");
    if (word[i] && *word_at(at, i) != word[i])
        return wrong("a common page lost its contents");
    if (!VirtualAlloc(at + (size_t)i * PAGE, 1, MEM_COMMIT, PAGE_READWRITE))
        return is_short("a commit of a common page failed");
    *word_at(at, i) = word[i] = ++a->tag;
    return true;
}

static bool use_common(struct actor *a, uint64_t *sparse, uint64_t *full)
{
    char *one = MapViewOfFile(common[0], FILE_MAP_WRITE, 0, 0, 0);
    char *two = MapViewOfFile(common[1], FILE_MAP_WRITE, 0, 0, 0);
    unsigned i = a->number + pick(a, PAGES / N_THREADS) * N_THREADS;
    bool good = one && two ? true : is_short("no view of a common section");
    if (one && *word_at(one, i) != full[i])
        good = wrong("a common page has other contents");
    if (one)
        *word_at(one, i) = full[i] = ++a->tag;
    good = good && (!two || use_sparse(a, two, sparse));
    if ((one && !UnmapViewOfFile(one)) || (two && !UnmapViewOfFile(two)))
        return wrong("unmap failed");
    return good;
}

static void *act(void *arg)
{
    struct actor *a = arg;
    uint64_t sparse[PAGES] = {0}, full[PAGES] = {0};
    for (unsigned i = 0; !is_over(); i++)
        if (!(i % 16 ? step(a) : use_common(a, sparse, full)))
            return NULL;
    return NULL;
}

static void make_actor(struct actor *a, unsigned number)
{
    memset(a, 0, sizeof(*a));
    a->number = number;
    a->state = (seed * N_THREADS + number + 1) * 2654435761u;
    a->tag = (uint64_t)(number + 1) << 40;
    for (unsigned s = 0; s < N_SECTIONS; s++) {
        a->section[s].handle = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL,
                                                  PAGE_READWRITE | (s ? SEC_RESERVE : 0), 0,
                                                  PAGES * PAGE, NULL);
        for (unsigned i = 0; i < PAGES; i++)
            a->section[s].committed[i] = s == 0;
        if (!a->section[s].handle)
            wrong("no section");
    }
}

static void end_actor(struct actor *a)
{
    for (unsigned k = 0; k < N_VIEWS; k++)
        if (!why && a->view[k].section)
            unmap_one(a, &a->view[k]);
    for (unsigned s = 0; s < N_SECTIONS; s++)
        CloseHandle(a->section[s].handle);
}

/* ---- threads beside them ---- */

static void *map_foreign(void *arg)
{
    uint32_t state = 77;
    (void)arg;
    while (!is_over()) {
        size_t len = (size_t)(1 + next_random(&state) % 40) * PAGE;
        char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) {
            if (!room)
                wrong("mmap failed");
            continue;
        }
        memset(at, 0x5C, len);
        for (size_t i = 0; i < len; i += 256)
            if (at[i] != 0x5C)
                wrong("a foreign mapping was changed");
        munmap(at, len);
        count(&n_foreign);
    }
    return NULL;
}

static int in_child(char *shared, char *copy, uint64_t tag)
{
    alarm(GRACE_SECONDS);
    if (*word_at(shared, 1) != tag || *word_at(copy, 1) != 5 || *word_at(copy, 2) != 0)
        return 1;
    *word_at(copy, 1) = *word_at(copy, 2) = 9;
    *word_at(shared, 2) = tag;
    char *again = MapViewOfFile(common[0], FILE_MAP_COPY, 0, 0, 0);
    if ((again ? !UnmapViewOfFile(again) : !is_short("")) || !UnmapViewOfFile(copy) ||
        !UnmapViewOfFile(shared))
        return 2;
    return winvm_audit() ? 3 : 0;
}

static void *fork_children(void *arg)
{
    HANDLE h = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGES * PAGE,
                                  NULL);
    char *shared = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    char *copy = MapViewOfFile(h, FILE_MAP_COPY, 0, 0, 8 * PAGE);
    (void)arg;
    *word_at(copy, 1) = 5;
    for (uint64_t tag = 1; !is_over(); tag++) {
        int status = -1;
        *word_at(shared, 1) = tag;
        *word_at(shared, 2) = 0;
        pid_t pid = fork();
        if (pid == 0)
            _exit(in_child(shared, copy, tag));
        if (waitpid(pid, &status, 0) != pid || status != 0)
            wrong("a child saw other memory, or ended early");
        if (*word_at(shared, 2) != tag || *word_at(copy, 1) != 5)
            wrong("what a child wrote is not where it belongs");
        *word_at(shared, 2) = 0;
        count(&n_children);
        usleep(2000);
    }
    UnmapViewOfFile(copy);
    UnmapViewOfFile(shared);
    CloseHandle(h);
    return NULL;
}

/* Takes every mapping that the host has but `room` of them. */
static void take_mappings(void)
{
    unsigned most = 65530, n = 0;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    if (f && fscanf(f, "%u", &most) != 1)
        most = 65530;
    if (f)
        fclose(f);
    char *at = mmap(NULL, (size_t)most * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (n < most / 2 && mprotect(at + (size_t)(2 * n + 1) * PAGE, PAGE, PROT_READ) == 0)
        n++;
    for (unsigned i = 0; i < room / 2 && i < n; i++)
        mprotect(at + (size_t)(2 * (n - i) - 1) * PAGE, PAGE, PROT_NONE);
}

static LONG WINAPI on_guard(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != (DWORD)EXCEPTION_GUARD_PAGE)
        return EXCEPTION_CONTINUE_SEARCH;
    count(&n_raised);
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* ---- running ---- */

static void start(pthread_t *thread, void *(*body)(void *), void *arg)
{
    if (pthread_create(thread, NULL, body, arg) != 0)
        abort();
}

static void run_all(void)
{
    static struct actor actors[N_THREADS];
    pthread_t thread[N_THREADS], foreign, forks;
    for (unsigned i = 0; i < N_THREADS; i++)
        make_actor(&actors[i], i);
    for (unsigned i = 0; i < N_THREADS; i++)
        start(&thread[i], act, &actors[i]);
    start(&foreign, map_foreign, NULL);
    start(&forks, fork_children, NULL);
    if (room)
        take_mappings();
    for (unsigned i = 0; i < 10 * seconds && !is_over(); i++)
        usleep(100000);
    __atomic_store_n(&ends, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    pthread_join(foreign, NULL);
    pthread_join(forks, NULL);
    for (unsigned i = 0; i < N_THREADS; i++)
        end_actor(&actors[i]);
}

int main(int argc, char **argv)
{
    seconds = argc > 1 ? strtoul(argv[1], NULL, 0) : seconds;
    seed = argc > 2 ? strtoul(argv[2], NULL, 0) : seed;
    room = argc > 3 ? strtoul(argv[3], NULL, 0) : room;
    alarm(seconds + GRACE_SECONDS);
    AddVectoredExceptionHandler(1, on_guard);
    uint64_t before = charge_now();
    slab = VirtualAlloc(NULL, 256 * GRANULE * PAGE, MEM_RESERVE, PAGE_READWRITE);
    if (!slab || !VirtualFree(slab, 0, MEM_RELEASE))
        wrong("no address");
    slab += 128 * GRANULE * PAGE;
    for (unsigned i = 0; i < 2; i++)
        common[i] = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL,
                                       PAGE_READWRITE | (i ? SEC_RESERVE : 0), 0, PAGES * PAGE,
                                       NULL);
    run_all();
    CloseHandle(common[0]);
    CloseHandle(common[1]);
    if (!why && n_raised != n_guards)
        wrong("not every guard page was met once");
    if (!why && charge_now() != before)
        wrong("the commit charge is not back");
    printf("# %u steps, %u views at an address, %u queries, %u guard pages, %u children\n"
           "# %u foreign mappings, %u calls without mappings\n", n_calls, n_at, n_queries, n_guards,
           n_children, n_foreign, n_short);
    printf("1..1\n");
    return report(1, "views in threads") ? 0 : 1;
}
