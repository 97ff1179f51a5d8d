/* A general allocator at work: threads that get, resize, check, hand over and free blocks. With
 * the argument `plain` it does without VirtualAlloc2, large pages and nodes. An ordinary Windows
 * program:
 *
 *     cc -D_WIN32 -I$(pkg-config --variable=includedir winvm)/winvm/compat \
 *         main.c alloc.c slabs.c os.c $(pkg-config --libs winvm-kit)
 *
 * Exit status 0 when every block kept its contents and all memory was given back. */
#include <windows.h>
#include <psapi.h>
#include <stdio.h>
#include <string.h>
#include "alloc.h"

enum { N_THREADS = 4, N_BLOCKS = 300, N_STEPS = 12000, N_SHARED = 64 };
struct item {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};
struct worker {
    unsigned random, errors;
    ULONGLONG n_bytes;      /* all that it asked for */
    struct item items[N_BLOCKS];
};

static struct worker workers[N_THREADS];
static SRWLOCK shared_lock = SRWLOCK_INIT;
static struct item shared[N_SHARED];    /* blocks on their way from thread to thread */
static HANDLE go;

static unsigned next_random(struct worker *worker)
{
    worker->random = worker->random * 1664525u + 1013904223u;
    return worker->random >> 8;
}

static int is_filled(const struct item *item, size_t size)
{
    return size == 0 || (item->at[0] == item->mark
                         && memcmp(item->at, item->at + 1, size - 1) == 0);
}

static void drop(struct worker *worker, struct item *item)
{
    if (item->at && !is_filled(item, item->size))
        worker->errors++;
    alloc_free(item->at);
    item->at = NULL;
}

static size_t some_size(struct worker *worker)
{
    unsigned kind = next_random(worker) % 1000;
    if (kind < 3)
        return next_random(worker) % (3u << 20);
    if (kind < 40)
        return next_random(worker) % (64u << 10);
    return next_random(worker) % 600;
}

static void get(struct worker *worker, struct item *item)
{
    size_t align = (size_t)16 << (next_random(worker) % 64 == 0 ? next_random(worker) % 12 : 0);
    drop(worker, item);
    item->size = some_size(worker);
    item->mark = (unsigned char)next_random(worker);
    item->at = alloc_get(item->size, align);
    worker->n_bytes += item->size;
    if (!item->at || ((ULONG_PTR)item->at & (align - 1)) != 0 || alloc_size(item->at) < item->size)
        worker->errors++;
    else
        memset(item->at, item->mark, item->size);
}

static void resize(struct worker *worker, struct item *item)
{
    size_t size = some_size(worker), old = item->at ? item->size : 0;
    unsigned char *at = alloc_resize(item->at, size);
    worker->n_bytes += size;
    if (!at) {
        worker->errors++;
        return;
    }
    item->at = at;
    if (!is_filled(item, old < size ? old : size))
        worker->errors++;
    item->size = size;
    memset(at, item->mark, size);
}

static void exchange(struct item *item, unsigned place)
{
    struct item other;
    AcquireSRWLockExclusive(&shared_lock);
    other = shared[place];
    shared[place] = *item;
    *item = other;
    ReleaseSRWLockExclusive(&shared_lock);
}

static DWORD WINAPI work(LPVOID argument)
{
    struct worker *worker = argument;
    int i;
    WaitForSingleObject(go, INFINITE);
    for (i = 0; i < N_STEPS; i++) {
        struct item *item = &worker->items[next_random(worker) % N_BLOCKS];
        unsigned what = next_random(worker) % 8;
        if (what < 5)
            get(worker, item);
        else if (what == 5)
            resize(worker, item);
        else if (what == 6)
            exchange(item, next_random(worker) % N_SHARED);
        else
            drop(worker, item);
    }
    for (i = 0; i < N_BLOCKS; i++)
        drop(worker, &worker->items[i]);
    return worker->errors;
}

static unsigned run_threads(void)
{
    HANDLE threads[N_THREADS];
    unsigned errors = 0;
    DWORD code;
    int i;
    go = CreateEvent(NULL, TRUE, FALSE, NULL);
    for (i = 0; i < N_THREADS; i++) {
        memset(&workers[i], 0, sizeof workers[i]);
        workers[i].random = (unsigned)i + 1;
        threads[i] = CreateThread(NULL, 0, work, &workers[i], 0, NULL);
    }
    SetEvent(go);
    WaitForMultipleObjects(N_THREADS, threads, TRUE, INFINITE);
    for (i = 0; i < N_THREADS; i++) {
        if (!GetExitCodeThread(threads[i], &code) || code != 0)
            errors += code;
        printf("  thread %d asked for %llu bytes\n", i, workers[i].n_bytes);
        CloseHandle(threads[i]);
    }
    CloseHandle(go);
    return errors;
}

static int expect(int right, const char *what)
{
    printf("  %s: %s\n", what, right ? "yes" : "NO");
    return !right;
}

static int run(const char *name)
{
    static struct worker last;
    struct alloc_stats stats;
    int i, wrong;
    printf("%s\n", name);
    wrong = expect(run_threads() == 0, "every block kept its contents");
    wrong += expect(alloc_check(), "the system has committed what the books say");
    for (i = 0; i < N_SHARED; i++)
        drop(&last, &shared[i]);
    alloc_flush();
    stats = alloc_stats();
    wrong += expect(last.errors == 0, "blocks of threads that have ended kept theirs");
    wrong += expect(stats.threads == 1, "ended threads gave their caches back");
    wrong += expect(stats.large == 0 && stats.segments > 0, "large blocks are released");
    alloc_trim();
    wrong += expect(alloc_check(), "after trimming the books are right");
    /* The first thread's cache is a block, too. */
    stats = alloc_stats();
    wrong += expect(stats.segments == 1 && stats.idle == 0 && stats.committed < 256u << 10,
                    "all but the last slab went back to the system");
    return wrong;
}

/* A block that is resized within its reservation stays where it is. */
static int run_large(void)
{
    size_t size = 5u << 20;
    unsigned char *block = alloc_get(size, 1 << 16), *same;
    int wrong;
    if (!block)
        return expect(0, "5 MiB");
    memset(block, 7, size);
    same = alloc_resize(block, size + (256u << 10));
    wrong = expect(same == block && same[size - 1] == 7, "a large block grows where it is");
    wrong += expect(((ULONG_PTR)same & 0xffff) == 0, "at a multiple of 64 KiB");
    alloc_free(same);
    return wrong;
}

int main(int argc, char **argv)
{
    PROCESS_MEMORY_COUNTERS counters;
    int wrong, plain = argc > 1 && strcmp(argv[1], "plain") == 0;
    alloc_start(plain);
    wrong = run(plain ? "with VirtualAlloc only" : "with what there is");
    wrong += run_large();
    counters.cb = sizeof counters;
    wrong += expect(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)
                        && counters.PeakWorkingSetSize >= 5u << 20
                        && counters.PeakWorkingSetSize >= counters.WorkingSetSize,
                    "the process has had that much memory");
    return wrong != 0;
}
