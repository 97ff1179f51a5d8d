/* A program whose malloc() is built on VirtualAlloc and calls it with a lock held, in an address
 * space of 32 bits: nothing that winvm starts may need that lock.
 *
 * The program runs itself again with the option wow64; a deadlock ends at the deadline. */
#include "env.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *heap, *heap_end;

struct block {
    size_t len;
    char pad[8];
};

void *malloc(size_t len)
{
    size_t need = sizeof(struct block) + ((len + 15) & ~(size_t)15), step = need > MIB ? need : MIB;
    pthread_mutex_lock(&lock);
    if ((size_t)(heap_end - heap) < need) {
        heap = VirtualAlloc(NULL, step, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        heap_end = heap ? heap + step : NULL;
    }
    struct block *b = (struct block *)(void *)heap;
    if (b) {
        b->len = need - sizeof *b;
        heap += need;
    }
    pthread_mutex_unlock(&lock);
    return b ? b + 1 : NULL;
}

void free(void *p)
{
    (void)p;
}

void *calloc(size_t n, size_t size)
{
    return malloc(n * size); /* the pages are new */
}

void *realloc(void *old, size_t len)
{
    char *p = malloc(len);
    if (p && old) {
        size_t n = ((struct block *)old - 1)->len;
        memcpy(p, old, n < len ? n : len);
    }
    return p;
}

static uint32_t read_ticks(void)
{
    return *(const volatile uint32_t *)(uintptr_t)0x7FFE0320;
}

static bool clock_runs(void)
{
    uint32_t before = read_ticks();
    for (int i = 0; i < 200 && read_ticks() == before; i++)
        usleep(10000);
    return read_ticks() != before;
}

static void *allocate(void *cookie)
{
    bool *good = cookie;
    for (int i = 0; i < 100; i++) {
        char *p = malloc(100000);
        *good &= p && (uintptr_t)p < UINT32_MAX;
    }
    return NULL;
}

static void child(void *cookie)
{
    bool good = true;
    (void)cookie;
    allocate(&good);
    ok(good, "the child's allocations");
    (void)GetCurrentProcessId();
    ok(clock_runs(), "the child's clock");
}

int main(int argc, char **argv)
{
    bool good = true;
    pthread_t thread;
    if (argc == 1) {
        setenv("WINVM_OPTIONS", "wow64=4g", 1);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        return 1;
    }
    env_start();
    allocate(&good);
    ok(good, "allocations below 4 GB");
    ok(clock_runs(), "the clock of the shared user data page");
    good = pthread_create(&thread, NULL, allocate, &good) == 0 && pthread_join(thread, NULL) == 0 &&
           good;
    ok(good, "allocations of another thread");
    ok(in_child(child, NULL), "a child");
    return env_end();
}
