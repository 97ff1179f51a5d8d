/* A program with pools that does what it is told, a line at a time, and answers "ok":
 *
 *   alloc TAG N SIZE paged|nonp    N blocks
 *   free TAG N                     the last N of them
 *   threads TAG N SIZE             N threads that allocate and free a block 1000 times, keep one
 *                                  more each, and end
 *   stay TAG N SIZE                the same, and they stay
 *   rush TAG                       a thread that allocates and frees without end
 *   list                           the rows as the program itself sees them, without an order
 *   quit
 *
 * A TAG is four characters, in the order in which they are shown. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winvm/wdm.h>
#include <winvm/winternl.h>

enum { MAX_BLOCKS = 4096, CALLS = 1000 };

static struct {
    ULONG tag;
    void *at;
} block[MAX_BLOCKS];
static unsigned n_blocks;

static struct job {
    ULONG tag;
    SIZE_T size;
    int stays;
} job;
static pthread_barrier_t ready;

static ULONG tag_of(const char *text)
{
    ULONG tag = 0x20202020;
    memcpy(&tag, text, strlen(text) < 4 ? strlen(text) : 4);
    return tag;
}

static void allocate(const char *tag, unsigned n, SIZE_T size, int paged)
{
    for (; n && n_blocks < MAX_BLOCKS; n--) {
        block[n_blocks].tag = tag_of(tag);
        block[n_blocks].at =
            ExAllocatePoolWithTag(paged ? PagedPool : NonPagedPoolNx, size, tag_of(tag));
        if (!block[n_blocks++].at)
            abort();
    }
}

static void free_last(const char *tag, unsigned n)
{
    for (unsigned i = n_blocks; i-- && n;) {
        if (block[i].tag != tag_of(tag) || !block[i].at)
            continue;
        ExFreePoolWithTag(block[i].at, block[i].tag);
        block[i].at = NULL;
        n--;
    }
}

static void *work(void *arg)
{
    struct job mine = *(struct job *)arg;
    for (unsigned i = 0; i < CALLS; i++) {
        void *p = ExAllocatePoolWithTag(PagedPool, mine.size, mine.tag);
        if (!p)
            abort();
        ExFreePool(p);
    }
    if (!ExAllocatePoolWithTag(PagedPool, mine.size, mine.tag))
        abort();
    pthread_barrier_wait(&ready);
    while (mine.stays)
        pause();
    return NULL;
}

static void *rush(void *arg)
{
    struct job mine = *(struct job *)arg;
    pthread_barrier_wait(&ready);
    for (;;) {
        void *p = ExAllocatePoolWithTag(NonPagedPoolNx, 64, mine.tag);
        if (!p)
            abort();
        ExFreePool(p);
    }
}

static void start(unsigned n, void *(*run)(void *), int stays)
{
    static pthread_t thread[64];
    job.stays = stays;
    n = n < 64 ? n : 64;
    pthread_barrier_init(&ready, NULL, n + 1);
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, run, &job) != 0)
            abort();
    pthread_barrier_wait(&ready);
    for (unsigned i = 0; !stays && i < n; i++)
        pthread_join(thread[i], NULL);
}

static void show(const SYSTEM_POOLTAG *t, const char *type, ULONG allocs, ULONG frees, SIZE_T used)
{
    if (!allocs)
        return;
    int diff = (int)(allocs - frees);
    printf(" %.4s %s %9u (%4d) %9u (%4d) %7d %9llu (%6d) %7llu\n", (const char *)t->Tag, type,
           allocs, 0, frees, 0, diff, (unsigned long long)used, 0,
           diff > 0 ? (unsigned long long)used / (unsigned)diff : 0);
}

static void list(void)
{
    static union {
        SYSTEM_POOLTAG_INFORMATION info;
        char room[65536];
    } all;
    if (NtQuerySystemInformation(SystemPoolTagInformation, &all, sizeof all, NULL) != 0)
        abort();
    for (unsigned i = 0; i < all.info.Count; i++) {
        const SYSTEM_POOLTAG *t = &all.info.TagInfo[i];
        show(t, "Nonp ", t->NonPagedAllocs, t->NonPagedFrees, t->NonPagedUsed);
        show(t, "Paged", t->PagedAllocs, t->PagedFrees, t->PagedUsed);
    }
}

int main(void)
{
    char line[128], what[16], tag[16], type[16];
    unsigned n, size;
    while (fgets(line, sizeof line, stdin)) {
        what[0] = tag[0] = type[0] = '\0';
        n = 1;
        size = 64;
        if (sscanf(line, "%15s %15s %u %u %15s", what, tag, &n, &size, type) < 1)
            continue;
        job.tag = tag_of(tag);
        job.size = size;
        if (strcmp(what, "alloc") == 0)
            allocate(tag, n, size, strcmp(type, "paged") == 0);
        else if (strcmp(what, "free") == 0)
            free_last(tag, n);
        else if (strcmp(what, "threads") == 0)
            start(n, work, 0);
        else if (strcmp(what, "stay") == 0)
            start(n, work, 1);
        else if (strcmp(what, "rush") == 0)
            start(1, rush, 1);
        else if (strcmp(what, "list") == 0)
            list();
        else
            break;
        puts("ok");
        fflush(stdout);
    }
    return 0;
}
