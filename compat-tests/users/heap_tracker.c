/* A collector that asks for the dirty pages of its heap while mutators write, and while parts of
 * the heap are decommitted and committed again. */
#include "users.h"

#define N_PAGES 4096u
#define N_MUTATORS 3
#define N_WRITES 60000
#define N_WRITES_MOST (100 * N_WRITES) /* while the collector has not run enough */
#define PART 64u /* pages that one mutator gives back and takes again */

static uint8_t *heap;
static volatile LONG running;
static uint32_t last_written[N_PAGES]; /* by the page's owner: how often */
static uint32_t last_seen[N_PAGES];    /* the count in the page when it was last reported */
static volatile LONG n_odd;
static volatile LONG enough; /* many pages were reported while the mutators ran */

static volatile uint32_t *count_of(unsigned page)
{
    return (volatile uint32_t *)(uintptr_t)(heap + (SIZE_T)page * PAGE + page % 1000 * 4);
}

/* Pages with the same remainder by PART * N_MUTATORS belong to one mutator. */
static unsigned page_of(unsigned mutator, unsigned n)
{
    unsigned parts = N_PAGES / PART / N_MUTATORS;
    return (n / PART % parts * N_MUTATORS + mutator) * PART + n % PART;
}

static void renew(unsigned page)
{
    uint8_t *part = heap + (SIZE_T)page / PART * PART * PAGE;

    if (!VirtualFree(part, PART * PAGE, MEM_DECOMMIT) ||
        !VirtualAlloc(part, PART * PAGE, MEM_COMMIT, PAGE_READWRITE))
        __sync_fetch_and_add(&n_odd, 1);
    for (unsigned i = page / PART * PART; i < page / PART * PART + PART; i++)
        *count_of(i) = last_written[i];
}

static void *mutate(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg, random = me * 7919 + 1;

    for (int i = 0; i < N_WRITES || (!enough && i < N_WRITES_MOST); i++) {
        random = random * 1103515245 + 12345;
        unsigned page = page_of(me, random >> 8);
        if (i % 1000 == 999)
            renew(page);
        *count_of(page) = ++last_written[page];
    }
    __sync_fetch_and_sub(&running, 1);
    return NULL;
}

/* The number of pages, which are marked as seen; ~0: the call went wrong. */
static SIZE_T collect(SIZE_T room)
{
    static void *pages[N_PAGES];
    uint8_t *before = heap - 1;
    ULONG_PTR n = room;
    DWORD size = 0;

    if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, heap, N_PAGES * PAGE, pages, &n, &size) ||
        size != PAGE || n > room)
        return ~(SIZE_T)0;
    for (ULONG_PTR i = 0; i < n; i++) {
        uint8_t *at = pages[i];
        SIZE_T page = (SIZE_T)(at - heap) / PAGE;
        if (at <= before || (at - heap) % PAGE || page >= N_PAGES)
            return ~(SIZE_T)0;
        before = at;
        last_seen[page] = ~0u;
    }
    return n;
}

/* The last count of each page that is known to be dirty. */
static void look_at_pages(void)
{
    for (unsigned i = 0; i < N_PAGES; i++)
        if (last_seen[i] == ~0u)
            last_seen[i] = *count_of(i);
}

static void concurrent(void)
{
    pthread_t threads[N_MUTATORS];
    SIZE_T total = 0, n, odd = 0;
    int missed = 0;

    running = N_MUTATORS;
    for (uintptr_t i = 0; i < N_MUTATORS; i++)
        pthread_create(&threads[i], NULL, mutate, (void *)i);
    while (running) {
        n = collect(N_PAGES / 3);
        odd += n > N_PAGES;
        total += n;
        enough = total > N_PAGES;
    }
    for (int i = 0; i < N_MUTATORS; i++)
        pthread_join(threads[i], NULL);
    /* Each page that was written after its last report is reported now. */
    do
        n = collect(N_PAGES);
    while (n && n <= N_PAGES);
    look_at_pages();
    for (unsigned i = 0; i < N_PAGES; i++)
        missed += last_seen[i] != last_written[i];
    check(!odd && n == 0, "the reports are in order, of the page size, and end");
    check(total > N_PAGES, "many pages were reported meanwhile");
    check(!missed, "no write was missed");
    check(!n_odd, "parts can be given back and taken again");
}

/* Alone: exactly what was written. */
static void exact(void)
{
    void *pages[8];
    ULONG_PTR n = 8;
    DWORD size;

    check(ResetWriteWatch(heap, N_PAGES * PAGE) == 0, "the heap is reset");
    heap[5 * PAGE] = 1;
    heap[7 * PAGE + 9] = 1;
    VirtualFree(heap + 7 * PAGE, PAGE, MEM_DECOMMIT);
    VirtualAlloc(heap + 7 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    (void)*(volatile uint8_t *)(heap + 6 * PAGE);
    GetWriteWatch(0, heap, N_PAGES * PAGE, pages, &n, &size);
    check(n == 2 && pages[0] == heap + 5 * PAGE && pages[1] == heap + 7 * PAGE,
          "exactly the written pages are reported, the one that was given back among them");
    n = 3;
    check(GetWriteWatch(0, heap + 1, PAGE - 1, pages, &n, &size) == 0 && n == 0,
          "a range inside a page");
    n = 1;
    check(GetWriteWatch(1, heap + 5 * PAGE + 17, 2 * PAGE, pages, &n, &size) == 0 && n == 1 &&
              pages[0] == heap + 5 * PAGE,
          "an odd range is rounded out, one place is filled");
    n = 8;
    check(GetWriteWatch(0, heap, N_PAGES * PAGE, pages, &n, &size) == 0 && n == 1 &&
              pages[0] == heap + 7 * PAGE,
          "only what was stored was reset");
    n = 8;
    check(GetWriteWatch(0, heap, N_PAGES * PAGE + 1, pages, &n, &size) == ~0u && n == 8,
          "a range that ends past the heap changes nothing");
    n = ~(ULONG_PTR)0;
    check(GetWriteWatch(0, heap, N_PAGES * PAGE, pages, &n, &size) != 0 || n == 1,
          "a monstrous room");
}

/* The array of the answer lies in the watched memory itself. */
static void into_itself(void)
{
    void **pages = (void **)(uintptr_t)heap;
    ULONG_PTR n = 4096;
    DWORD size;
    int good;

    ResetWriteWatch(heap, N_PAGES * PAGE);
    heap[100 * PAGE] = 1;
    good = GetWriteWatch(WRITE_WATCH_FLAG_RESET, heap, N_PAGES * PAGE, pages, &n, &size) == 0;
    good &= n >= 1 && (pages[0] == heap || pages[0] == heap + 100 * PAGE);
    n = 4096;
    good &= GetWriteWatch(0, heap, N_PAGES * PAGE, pages, &n, &size) == 0;
#ifndef _WIN32 /* Wine does not see its own write */
    check(good && n >= 1 && pages[0] == heap, "an answer into the heap is a write to the heap");
#endif
}

int main(void)
{
    heap = VirtualAlloc(NULL, N_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                        PAGE_READWRITE);
    if (!check(heap != NULL, "a watched heap"))
        return users_end();
    concurrent();
    exact();
    into_itself();
    check(VirtualFree(heap, 0, MEM_RELEASE), "the heap is released");
    return users_end();
}
