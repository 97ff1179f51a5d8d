/* Placeholders split, replaced by memory and by views, and joined by several threads, while other
 * threads map memory of their own wherever the kernel likes, and one asks what is there
 * (specification PH-040..068, PH-080..082).
 *
 * I1  No mapping of the others ever lies in the range that the placeholder keeps.
 * I2  What a thread wrote is there until it gives the piece back; fresh pieces are zero; the
 *     mappings of the others keep their contents.
 * I3  A query in the range never answers MEM_FREE.
 * The first argument is a factor. A watchdog turns a hang into a failure. Output is TAP. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"

enum { PAGE = 4096, PART = 200, N_SPLITTERS = 3, N_MAPPERS = 2, WATCHDOG_SECONDS = 80 };

static unsigned factor = 20;
static char *range; /* N_SPLITTERS parts of PART pages: no multiples of a granule */
static bool ends;
static unsigned n_replaced, n_views, n_mapped, n_queries;

static bool is_over(void)
{
    return is_wrong() || __atomic_load_n(&ends, __ATOMIC_RELAXED);
}

static bool fill(char *at, unsigned n, uint64_t tag, bool fresh)
{
    for (unsigned i = 0; i < n; i++) {
        volatile uint64_t *word = (volatile uint64_t *)(at + (size_t)i * PAGE);
        if (fresh && *word != 0)
            return wrong("fresh memory is not zero");
        *word = tag + i;
    }
    return true;
}

static bool check(const char *at, unsigned n, uint64_t tag)
{
    for (unsigned i = 0; i < n; i++)
        if (*(const volatile uint64_t *)(at + (size_t)i * PAGE) != tag + i)
            return wrong("contents were changed by somebody else");
    return true;
}

/* ---- splitting ---- */

struct piece {
    unsigned lo, hi;
    uint64_t tag; /* 0: a placeholder */
    bool view;
};

/* What a thread works on: its part of the range, and a section of the same size. */
struct part {
    char *base;
    HANDLE section;
    uint32_t state;
};

static bool cut(char *part, unsigned lo, unsigned hi)
{
    return VirtualFree(part + (size_t)lo * PAGE, (size_t)(hi - lo) * PAGE,
                       MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER)
               ? true
               : wrong("a split failed");
}

/* Cuts the part, one placeholder, into pieces. Returns their number. */
static unsigned cut_all(struct part *part, struct piece *piece)
{
    unsigned n = 0, at = 0;
    while (at < PART) {
        unsigned hi = at + 1 + next_random(&part->state) % 60;
        if (hi > PART)
            hi = PART;
        if (hi < PART && !cut(part->base, at, hi))
            break;
        piece[n++] = (struct piece){at, hi, 0, false};
        at = hi;
    }
    return n;
}

static bool use(struct part *part, struct piece *p, uint64_t tag)
{
    size_t offset = (size_t)p->lo * PAGE, len = (size_t)(p->hi - p->lo) * PAGE;
    char *at = part->base + offset, *got;
    p->view = next_random(&part->state) % 3 == 0;
    if (p->view)
        got = MapViewOfFile3(part->section, NULL, at, offset, len, MEM_REPLACE_PLACEHOLDER,
                             PAGE_READWRITE, NULL, 0);
    else
        got = VirtualAlloc2(NULL, at, len, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                            PAGE_READWRITE, NULL, 0);
    if (got != at)
        return wrong("a replacement failed");
    p->tag = tag;
    __atomic_add_fetch(p->view ? &n_views : &n_replaced, 1, __ATOMIC_RELAXED);
    return fill(at, p->hi - p->lo, tag, !p->view);
}

static bool give_back(struct part *part, struct piece *p)
{
    char *at = part->base + (size_t)p->lo * PAGE;
    if (!check(at, p->hi - p->lo, p->tag))
        return false;
    p->tag = 0;
    if (!p->view)
        return cut(part->base, p->lo, p->hi);
    return UnmapViewOfFile2(GetCurrentProcess(), at, MEM_PRESERVE_PLACEHOLDER)
               ? true
               : wrong("a view does not become a placeholder");
}

static bool split_round(struct part *part, uint64_t tag)
{
    struct piece piece[PART];
    unsigned n = cut_all(part, piece);
    for (unsigned i = 0; i < 4 * n && !is_over(); i++) {
        struct piece *p = &piece[next_random(&part->state) % n];
        if (!(p->tag ? give_back(part, p) : use(part, p, tag += PART)))
            return false;
    }
    for (unsigned i = 0; i < n; i++)
        if (piece[i].tag && !give_back(part, &piece[i]))
            return false;
    return n == 1 || VirtualFree(part->base, (size_t)PART * PAGE,
                                 MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS)
               ? true
               : wrong("pieces do not become one again");
}

static void *split_thread(void *arg)
{
    unsigned t = (uintptr_t)arg;
    struct part part = {
        .base = range + (size_t)t * PART * PAGE, .state = t * 2654435761u + 1,
        .section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PART * PAGE,
                                      NULL)};
    if (!part.section)
        wrong("no section");
    for (unsigned i = 0; i < 30 * factor && !is_over(); i++)
        split_round(&part, ((uint64_t)t << 40) + 1);
    CloseHandle(part.section);
    return NULL;
}

/* ---- mapping ---- */

static bool is_in_range(const char *at, size_t len)
{
    return at < range + (size_t)N_SPLITTERS * PART * PAGE && at + len > range;
}

static bool map_round(uint32_t *state, uint64_t tag)
{
    enum { N = 8 };
    char *at[N];
    unsigned n_pages[N];
    bool good = true;
    for (unsigned i = 0; i < N; i++) {
        n_pages[i] = 1 + next_random(state) % 40;
        at[i] = mmap(NULL, (size_t)n_pages[i] * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at[i] == MAP_FAILED)
            return wrong("mmap failed");
        if (is_in_range(at[i], (size_t)n_pages[i] * PAGE))
            return wrong("a foreign mapping lies in the range");
        good &= fill(at[i], n_pages[i], tag + i, true);
    }
    for (unsigned i = 0; i < N; i++) {
        good &= check(at[i], n_pages[i], tag + i);
        munmap(at[i], (size_t)n_pages[i] * PAGE);
    }
    __atomic_add_fetch(&n_mapped, N, __ATOMIC_RELAXED);
    return good;
}

static void *map_thread(void *arg)
{
    uint32_t state = (uint32_t)(uintptr_t)arg * 40503u + 7;
    while (!is_over())
        map_round(&state, (uint64_t)(uintptr_t)arg << 32);
    return NULL;
}

/* ---- asking ---- */

static void *query_thread(void *arg)
{
    uint32_t state = 99;
    (void)arg;
    while (!is_over()) {
        MEMORY_BASIC_INFORMATION m;
        char *at = range + (size_t)(next_random(&state) % (N_SPLITTERS * PART)) * PAGE;
        if (!VirtualQuery(at, &m, sizeof m) || m.State == MEM_FREE)
            wrong("a page of the range is free");
        else if (m.BaseAddress != at || (char *)m.AllocationBase > at ||
                 (char *)m.AllocationBase < range || m.RegionSize > (size_t)PART * PAGE ||
                 (m.Type != MEM_PRIVATE && m.Type != MEM_MAPPED))
            wrong("a query saw what never was");
        __atomic_add_fetch(&n_queries, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* ---- running ---- */

static void *watchdog(void *arg)
{
    (void)arg;
    sleep(WATCHDOG_SECONDS);
    printf("Bail out! hangs\n");
    fflush(stdout);
    _exit(1);
}

static void start(pthread_t *thread, void *(*body)(void *), unsigned i)
{
    if (pthread_create(thread, NULL, body, (void *)(uintptr_t)i) != 0)
        abort();
}

/* At the end of winvm's address space, where the kernel would look for holes first. */
static bool make_range(void)
{
    size_t len = (size_t)N_SPLITTERS * PART * PAGE;
    range = VirtualAlloc2(NULL, NULL, len,
                          MEM_RESERVE | MEM_RESERVE_PLACEHOLDER | MEM_TOP_DOWN, PAGE_NOACCESS,
                          NULL, 0);
    if (!range)
        return wrong("no placeholder");
    for (unsigned t = 0; t + 1 < N_SPLITTERS; t++)
        if (!cut(range + (size_t)t * PART * PAGE, 0, PART))
            return false;
    return true;
}

static void run_all(void)
{
    pthread_t dog, splitter[N_SPLITTERS], mapper[N_MAPPERS], asker;
    start(&dog, watchdog, 0);
    for (unsigned i = 0; i < N_MAPPERS; i++)
        start(&mapper[i], map_thread, i + 1);
    start(&asker, query_thread, 0);
    for (unsigned i = 0; i < N_SPLITTERS; i++)
        start(&splitter[i], split_thread, i);
    for (unsigned i = 0; i < N_SPLITTERS; i++)
        pthread_join(splitter[i], NULL);
    __atomic_store_n(&ends, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < N_MAPPERS; i++)
        pthread_join(mapper[i], NULL);
    pthread_join(asker, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        factor = strtoul(argv[1], NULL, 0);
    if (make_range())
        run_all();
    if (!why && !VirtualFree(range, (size_t)N_SPLITTERS * PART * PAGE,
                             MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS))
        wrong("the parts do not become one again");
    if (!why && !VirtualFree(range, 0, MEM_RELEASE))
        wrong("the range cannot be released");
    printf("# %u replacements, %u views, %u foreign mappings, %u queries\n", n_replaced, n_views,
           n_mapped, n_queries);
    printf("1..1\n");
    return report(1, "placeholders among foreign mappings") ? 0 : 1;
}
