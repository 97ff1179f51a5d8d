/* A conservative mark and sweep collector with two generations.
 *
 * Pages hold objects of one size class each; larger objects have pages of their own. Any word in a
 * root, in a stack, in a register or in an object that is an address within an object keeps it. The
 * mark of an object stays: a marked one is old. A minor collection scans the roots, and of the old
 * objects those in pages that were written since the last collection; a full one begins without
 * marks. Marks and books are not in the heap's pages, so that collecting writes none of them.
 *
 * Locking: one lock for all. Who collects holds it and has suspended the other threads. */
#include <windows.h>
#include <string.h>
#include "gc.h"

#if defined(__SANITIZE_ADDRESS__)   /* it would object to reading a stack as words */
#define READS_STACKS __attribute__((no_sanitize_address))
#else
#define READS_STACKS
#endif

enum {
    N_PAGES = 8192, GROWTH = 256, N_CLASSES = 8, MOST_SMALL = 16 << (N_CLASSES - 1),
    N_ROOTS = 16, MARK_STACK = 4 << 20, BETWEEN = 1 << 20, FULL_EVERY = 4
};
enum page_kind { FREE, SMALL, LARGE, REST };
struct page {
    unsigned char kind, class, committed;
    unsigned n;                     /* LARGE: pages it has; REST: pages since its first */
    ULONGLONG used[PAGE / 16 / 64], marked[PAGE / 16 / 64];
};
struct object {                     /* n-th of a page */
    struct page *page;
    unsigned n;
    char *at;
    size_t size;
};
struct range {
    char *start, *end;
};

static CRITICAL_SECTION lock;
static struct page *pages;          /* N_PAGES */
static size_t n_grown, cursor[N_CLASSES], allocated;
static unsigned until_full;
static struct range roots[N_ROOTS];
static int n_roots;
static struct gc_stats stats;
static size_t n_marks;

/* ---- Objects ---- */

static int has_bit(const ULONGLONG *bits, unsigned n)
{
    return (int)(bits[n / 64] >> (n % 64) & 1);
}

static void set_bit(ULONGLONG *bits, unsigned n)
{
    bits[n / 64] |= 1ull << (n % 64);
}

static char *start_of(const struct page *page)
{
    return heap.base + (size_t)(page - pages) * PAGE;
}

static struct object nth_object(struct page *page, unsigned n)
{
    struct object object = {page, n, start_of(page), (size_t)page->n * PAGE};
    if (page->kind == SMALL) {
        object.size = (size_t)16 << page->class;
        object.at += n * object.size;
    }
    return object;
}

/* The object that an address is in; its page is NULL when there is none. */
static struct object find(const char *at)
{
    struct object none = {0};
    struct page *page;
    unsigned n = 0;
    if (at < heap.base || at >= heap.base + n_grown * PAGE)
        return none;
    page = &pages[(size_t)(at - heap.base) / PAGE];
    if (page->kind == REST)
        page -= page->n;
    if (page->kind == SMALL)
        n = (unsigned)(at - start_of(page)) >> (4 + page->class);
    return page->kind != FREE && has_bit(page->used, n) ? nth_object(page, n) : none;
}

/* ---- Pages ---- */

/* n free pages next to each other, committed; NULL: the heap is full. */
static struct page *take_pages(size_t n)
{
    size_t first = 0, found = 0, i;
    for (i = 0; i < N_PAGES && found < n; i++) {
        if (pages[i].kind == FREE && found++ == 0)
            first = i;
        else if (pages[i].kind != FREE)
            found = 0;
    }
    if (found < n)
        return NULL;
    if (first + n > n_grown)
        n_grown = (first + n + GROWTH - 1) / GROWTH * GROWTH;
    for (i = first; i < first + n; i++) {
        if (!pages[i].committed && !heap_commit(i, 1))
            return NULL;
        memset(&pages[i], 0, sizeof pages[i]);
        pages[i].committed = 1;
        pages[i].kind = REST;
        pages[i].n = (unsigned)(i - first);
    }
    return &pages[first];
}

static struct page *take_class(int class)
{
    struct page *page = take_pages(1);
    if (page) {
        page->kind = SMALL;
        page->class = (unsigned char)class;
        cursor[class] = (size_t)(page - pages);
    }
    return page;
}

/* A free place of the class in the pages from its cursor on, else in a new page. */
static char *take_small(int class)
{
    unsigned per_page = PAGE / 16 >> class, n;
    for (; cursor[class] < n_grown; cursor[class]++) {
        struct page *page = &pages[cursor[class]];
        for (n = 0; page->kind == SMALL && page->class == class && n < per_page; n++) {
            if (!has_bit(page->used, n)) {
                set_bit(page->used, n);
                return nth_object(page, n).at;
            }
        }
    }
    return take_class(class) ? take_small(class) : NULL;
}

static char *take_large(size_t size)
{
    unsigned n = (unsigned)((size + PAGE - 1) / PAGE);
    struct page *page = take_pages(n);
    if (!page)
        return NULL;
    page->kind = LARGE;
    page->n = n;
    set_bit(page->used, 0);
    return start_of(page);
}

/* ---- Marking ---- */

static void mark(const char *at)
{
    struct object object = find(at);
    if (!object.page || has_bit(object.page->marked, object.n))
        return;
    set_bit(object.page->marked, object.n);
    ((char **)marks.base)[n_marks++] = object.at;
}

READS_STACKS static void scan(const char *from, const char *end)
{
    char *const *word = (char *const *)(((ULONG_PTR)from + sizeof(void *) - 1)
                                        & ~(sizeof(void *) - 1));
    for (; (const char *)(word + 1) <= end; word++)
        mark(*word);
}

static void drain(void)
{
    while (n_marks > 0) {
        struct object object = find(((char **)marks.base)[--n_marks]);
        scan(object.at, object.at + object.size);
    }
}

/* The old objects in a page that was written, and the part in it of one that began before. */
static void scan_page(struct page *page)
{
    struct page *first = page->kind == REST ? page - page->n : page;
    unsigned n;
    if (page->kind == LARGE || page->kind == REST) {
        if (has_bit(first->marked, 0))
            scan(start_of(page), start_of(page) + PAGE);
        return;
    }
    for (n = 0; page->kind == SMALL && n < PAGE / 16; n++) {
        struct object object = nth_object(page, n);
        if (has_bit(page->marked, n))
            scan(object.at, object.at + object.size);
    }
}

static void scan_written(void)
{
    size_t i;
    for (i = 0; i < n_grown; i++) {
        if (pages[i].kind == FREE)
            continue;
        if (heap.written[i]) {
            scan_page(&pages[i]);
            stats.n_scanned++;
        } else {
            stats.n_clean++;
        }
        drain();
    }
}

/* ---- Collecting ---- */

static void scan_roots(void)
{
    int i;
    for (i = 0; i < n_roots; i++) {
        scan(roots[i].start, roots[i].end);
        drain();
    }
    world_scan(scan);
    drain();
}

static int sweep_page(struct page *page)
{
    size_t i, left = 0;
    for (i = 0; i < sizeof page->used / sizeof page->used[0]; i++) {
        page->used[i] &= page->marked[i];
        left |= page->used[i] != 0;
    }
    return left != 0;
}

static void free_pages(size_t first, size_t n)
{
    size_t i;
    heap_decommit(first, n);
    for (i = first; i < first + n; i++)
        memset(&pages[i], 0, sizeof pages[i]);
}

static void sweep(void)
{
    size_t i, n;
    stats.n_pages = stats.live = 0;
    for (i = 0; i < n_grown; i += n) {
        struct page *page = &pages[i];
        unsigned at;
        n = page->kind == LARGE ? page->n : 1;
        if (page->kind == FREE)
            continue;
        if (!sweep_page(page)) {
            free_pages(i, n);
            continue;
        }
        stats.n_pages += n;
        for (at = 0; at < PAGE / 16; at++)
            stats.live += has_bit(page->used, at) ? nth_object(page, at).size : 0;
    }
    memset(cursor, 0, sizeof cursor);
}

static void collect(int full)
{
    size_t i;
    full |= heap.way == GC_FULL_ONLY;
    world_stop();
    dirty_take(n_grown);
    for (i = 0; full && i < n_grown; i++)
        memset(pages[i].marked, 0, sizeof pages[i].marked);
    if (!full)
        scan_written();
    scan_roots();
    sweep();
    dirty_done(n_grown);
    world_go();
    allocated = 0;
    until_full = full ? FULL_EVERY : until_full - 1;
    stats.n_full += full != 0;
    stats.n_minor += full == 0;
}

/* ---- The calls ---- */

int gc_start(enum gc_way way)
{
    InitializeCriticalSection(&lock);
    until_full = FULL_EVERY;
    pages = VirtualAlloc(NULL, N_PAGES * sizeof *pages, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return pages && heap_start(way, N_PAGES) && marks_start(MARK_STACK);
}

void gc_thread_start(void)
{
    EnterCriticalSection(&lock);
    world_join();
    LeaveCriticalSection(&lock);
}

void gc_thread_end(void)
{
    EnterCriticalSection(&lock);
    world_leave();
    LeaveCriticalSection(&lock);
}

void gc_root(void *start, size_t size)
{
    roots[n_roots].start = start;
    roots[n_roots++].end = (char *)start + size;
}

void *gc_new(size_t size)
{
    int class = 0;
    char *at;
    while (((size_t)16 << class) < size && class < N_CLASSES)
        class++;
    EnterCriticalSection(&lock);
    if (allocated > BETWEEN)
        collect(until_full == 0);
    allocated += size < 16 ? 16 : size;
    at = size <= MOST_SMALL ? take_small(class) : take_large(size);
    if (at)
        memset(at, 0, size);
    LeaveCriticalSection(&lock);
    return at;
}

void gc_collect(int full)
{
    EnterCriticalSection(&lock);
    collect(full);
    LeaveCriticalSection(&lock);
}

int gc_is_object(const void *at)
{
    struct object object;
    EnterCriticalSection(&lock);
    object = find(at);
    LeaveCriticalSection(&lock);
    return object.page && object.at == at;
}

struct gc_stats gc_stats(void)
{
    stats.n_grown = marks.n_grown;
    return stats;
}
