/* The kit's wrappers against what they wrap: memory, slots, clocks, names of threads. Each call
 * stands alone in its loop, with nothing done to the memory: what is between the two is the
 * wrapper. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <winvm/kit.h>

#include "bench.h"

#define LIMIT 1.1
#define N_LIVE 1000u

/* The compiler may neither leave the value out nor know it. */
#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")
#define RUN(name, ...)                                   \
    static void name(void *ctx, unsigned round, size_t n) \
    {                                                    \
        (void)ctx;                                       \
        (void)round;                                     \
        while (n--) {                                    \
            __VA_ARGS__                                  \
        }                                                \
    }

static void row(const char *name, void (*ours)(void *, unsigned, size_t),
                void (*theirs)(void *, unsigned, size_t), void *ctx)
{
    bench_pair(&(struct bench_pair){.name = name,
                                    .limit = LIMIT,
                                    .ours = {.run = ours, .ctx = ctx},
                                    .theirs = {.run = theirs, .ctx = ctx}});
}

/* ---- Heaps ---- */

static HANDLE heap, own_heap;

RUN(heap_pair, LPVOID p = HeapAlloc(heap, 0, *(size_t *)ctx); KEEP(p); HeapFree(heap, 0, p);)
RUN(own_pair, LPVOID p = HeapAlloc(own_heap, 0, *(size_t *)ctx); KEEP(p);
    HeapFree(own_heap, 0, p);)
RUN(zero_pair, LPVOID p = HeapAlloc(heap, HEAP_ZERO_MEMORY, *(size_t *)ctx); KEEP(p);
    HeapFree(heap, 0, p);)
RUN(local_pair, HLOCAL p = LocalAlloc(LMEM_FIXED, *(size_t *)ctx); KEEP(p); LocalFree(p);)
RUN(global_pair, HGLOBAL p = GlobalAlloc(GMEM_FIXED, *(size_t *)ctx); KEEP(p); GlobalFree(p);)
RUN(malloc_pair, void *p = malloc(*(size_t *)ctx); KEEP(p); free(p);)
RUN(calloc_pair, void *p = calloc(1, *(size_t *)ctx); KEEP(p); free(p);)

/* Blocks that grow in turn from 16 bytes to 64 KiB; one alone mostly grows in place. */
struct growth {
    unsigned n_blocks;
};

static void heap_growth(void *ctx, unsigned round, size_t n)
{
    unsigned n_blocks = ((struct growth *)ctx)->n_blocks;
    void *p[2] = {NULL};
    (void)round;
    while (n--) {
        for (unsigned i = 0; i < n_blocks; i++)
            p[i] = HeapAlloc(heap, 0, 16);
        for (size_t size = 32; size <= GRANULE; size *= 2)
            for (unsigned i = 0; i < n_blocks; i++)
                p[i] = HeapReAlloc(heap, 0, p[i], size);
        for (unsigned i = 0; i < n_blocks; i++)
            HeapFree(heap, 0, p[i]);
    }
}

static void realloc_growth(void *ctx, unsigned round, size_t n)
{
    unsigned n_blocks = ((struct growth *)ctx)->n_blocks;
    void *p[2] = {NULL};
    (void)round;
    while (n--) {
        for (unsigned i = 0; i < n_blocks; i++)
            p[i] = malloc(16);
        for (size_t size = 32; size <= GRANULE; size *= 2)
            for (unsigned i = 0; i < n_blocks; i++)
                p[i] = realloc(p[i], size);
        for (unsigned i = 0; i < n_blocks; i++)
            free(p[i]);
    }
}

/* Many live blocks of 16 to 1,024 bytes, one replaced at a time. */
static void *live[N_LIVE];

static void live_heap(void *ctx, unsigned round, size_t n)
{
    uint64_t state = round;
    HANDLE h = ctx;
    while (n--) {
        uint32_t r = bench_random(&state), i = r % N_LIVE;
        HeapFree(h, 0, live[i]);
        live[i] = HeapAlloc(h, 0, 16 + (r >> 16) % 1009);
    }
}

static void live_malloc(void *ctx, unsigned round, size_t n)
{
    uint64_t state = round;
    (void)ctx;
    while (n--) {
        uint32_t r = bench_random(&state), i = r % N_LIVE;
        free(live[i]);
        live[i] = malloc(16 + (r >> 16) % 1009);
    }
}

static void drop_heap(void *ctx, unsigned round)
{
    (void)round;
    for (size_t i = 0; i < N_LIVE; i++)
        HeapFree(ctx, 0, live[i]);
    memset(live, 0, sizeof live);
}

static void drop_malloc(void *ctx, unsigned round)
{
    (void)ctx;
    (void)round;
    for (size_t i = 0; i < N_LIVE; i++)
        free(live[i]);
    memset(live, 0, sizeof live);
}

static void live_row(const char *name, HANDLE h)
{
    bench_pair(&(struct bench_pair){
        .name = name,
        .limit = LIMIT,
        .ours = {.run = live_heap, .clean = drop_heap, .ctx = h, .n = 10000},
        .theirs = {.run = live_malloc, .clean = drop_malloc, .n = 10000}});
}

static void heaps(void)
{
    static size_t s16 = 16, s64 = 64, s256 = 256, s4k = 4096, s64k = 65536;
    static struct growth one = {1}, two = {2};
    heap = GetProcessHeap();
    own_heap = HeapCreate(0, 0, 0);
    row("HeapAlloc + HeapFree 16 B : malloc + free", heap_pair, malloc_pair, &s16);
    row("HeapAlloc + HeapFree 64 B : malloc + free", heap_pair, malloc_pair, &s64);
    row("HeapAlloc + HeapFree 256 B : malloc + free", heap_pair, malloc_pair, &s256);
    row("HeapAlloc + HeapFree 4 KiB : malloc + free", heap_pair, malloc_pair, &s4k);
    row("HeapAlloc + HeapFree 64 KiB : malloc + free", heap_pair, malloc_pair, &s64k);
    row("HeapAlloc zeroed + HeapFree 64 B : calloc + free", zero_pair, calloc_pair, &s64);
    row("HeapAlloc zeroed + HeapFree 4 KiB : calloc + free", zero_pair, calloc_pair, &s4k);
    row("HeapReAlloc 16 B to 64 KiB : realloc", heap_growth, realloc_growth, &one);
    row("HeapReAlloc of two blocks in turn : realloc", heap_growth, realloc_growth, &two);
    live_row("1,000 live blocks, one replaced : malloc", heap);
    row("own heap, HeapAlloc + HeapFree 16 B : malloc + free", own_pair, malloc_pair, &s16);
    row("own heap, HeapAlloc + HeapFree 64 B : malloc + free", own_pair, malloc_pair, &s64);
    row("own heap, HeapAlloc + HeapFree 4 KiB : malloc + free", own_pair, malloc_pair, &s4k);
    live_row("own heap, 1,000 live blocks, one replaced : malloc", own_heap);
    row("LocalAlloc + LocalFree fixed 64 B : malloc + free", local_pair, malloc_pair, &s64);
    row("GlobalAlloc + GlobalFree fixed 64 B : malloc + free", global_pair, malloc_pair, &s64);
    HeapDestroy(own_heap);
}

/* ---- Slots ---- */

static DWORD tls, fls;
static pthread_key_t key;

RUN(tls_get, LPVOID p = TlsGetValue(tls); KEEP(p);)
RUN(tls_set, TlsSetValue(tls, ctx);)
RUN(fls_get, LPVOID p = FlsGetValue(fls); KEEP(p);)
RUN(fls_set, FlsSetValue(fls, ctx);)
RUN(key_get, void *p = pthread_getspecific(key); KEEP(p);)
RUN(key_set, pthread_setspecific(key, ctx);)

static void slots(void)
{
    tls = TlsAlloc();
    fls = FlsAlloc(NULL);
    if (tls == TLS_OUT_OF_INDEXES || fls == FLS_OUT_OF_INDEXES ||
        pthread_key_create(&key, NULL) != 0)
        bench_stop("slots");
    row("TlsGetValue : pthread_getspecific", tls_get, key_get, NULL);
    row("TlsSetValue : pthread_setspecific", tls_set, key_set, &tls);
    row("FlsGetValue : pthread_getspecific", fls_get, key_get, NULL);
    row("FlsSetValue : pthread_setspecific", fls_set, key_set, &tls);
}

/* ---- Clocks, names, the environment ---- */

static __attribute__((noinline)) void *a_constant(void)
{
    __asm__ volatile("");
    return (void *)(intptr_t)-2;
}

RUN(counter_get, LARGE_INTEGER t; QueryPerformanceCounter(&t); KEEP(t.QuadPart);)
RUN(monotonic_get, struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); KEEP(t.tv_nsec);)
RUN(ticks_get, ULONGLONG t = GetTickCount64(); KEEP(t);)
RUN(boot_get, struct timespec t; clock_gettime(CLOCK_BOOTTIME, &t); KEEP(t.tv_nsec);)
RUN(file_time_get, FILETIME t; GetSystemTimeAsFileTime(&t); KEEP(t.dwLowDateTime);)
RUN(real_coarse_get, struct timespec t; clock_gettime(CLOCK_REALTIME_COARSE, &t);
    KEEP(t.tv_nsec);)
RUN(precise_get, FILETIME t; GetSystemTimePreciseAsFileTime(&t); KEEP(t.dwLowDateTime);)
RUN(real_get, struct timespec t; clock_gettime(CLOCK_REALTIME, &t); KEEP(t.tv_nsec);)
RUN(id_get, DWORD id = GetCurrentThreadId(); KEEP(id);)
RUN(gettid_get, long id = syscall(SYS_gettid); KEEP(id);)
RUN(thread_get, HANDLE h = GetCurrentThread(); KEEP(h);)
RUN(self_get, void *t = a_constant(); KEEP(t);)
RUN(yield_kit, SwitchToThread();)
RUN(sleep_kit, Sleep(0);)
RUN(yield_libc, sched_yield();)
RUN(count_kit, InterlockedIncrement((LONG volatile *)ctx);)
RUN(count_libc, __atomic_add_fetch((int volatile *)ctx, 1, __ATOMIC_SEQ_CST);)
RUN(variable_kit, char out[64]; GetEnvironmentVariableA("BENCH_KIT", out, sizeof out);
    KEEP(out[0]);)
RUN(variable_libc, char out[64]; const char *v = getenv("BENCH_KIT"); size_t size = strlen(v) + 1;
    if (size <= sizeof out) memcpy(out, v, size); KEEP(out[0]);)

static void clocks(void)
{
    static LONG count;
    setenv("BENCH_KIT", "a value of some length", 1);
    row("QueryPerformanceCounter : clock_gettime", counter_get, monotonic_get, NULL);
    row("GetTickCount64 : clock_gettime(BOOTTIME)", ticks_get, boot_get, NULL);
    row("GetSystemTimeAsFileTime : clock_gettime(COARSE)", file_time_get, real_coarse_get, NULL);
    row("GetSystemTimePreciseAsFileTime : clock_gettime", precise_get, real_get, NULL);
    row("GetCurrentThreadId : gettid", id_get, gettid_get, NULL);
    row("GetCurrentThread : a function that returns a constant", thread_get, self_get, NULL);
    row("SwitchToThread : sched_yield", yield_kit, yield_libc, NULL);
    row("Sleep(0) : sched_yield", sleep_kit, yield_libc, NULL);
    row("InterlockedIncrement : __atomic_add_fetch", count_kit, count_libc, &count);
    row("GetEnvironmentVariableA : getenv + memcpy", variable_kit, variable_libc, NULL);
}

void bench_kit(void)
{
    heaps();
    slots();
    clocks();
}
