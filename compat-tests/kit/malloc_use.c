/* A program whose malloc is built on the kit (malloc.c), and which uses the kit, whose heap is that
 * malloc. Prints TAP. */
#include <winvm/kit.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../docs/examples/allocator/alloc.h"

unsigned long nested_calls(void);

static int n_results;
static pthread_key_t keys[64];
static DWORD fls;
static LONG n_ended;

static void result(int right, const char *name)
{
    printf("%s %d - %s\n", right ? "ok" : "not ok", ++n_results, name);
}

/* Later keys are not among those whose values need no memory; the kit's is earlier. */
static void __attribute__((constructor(200))) take_keys(void)
{
    for (int i = 0; i < 64; i++)
        pthread_key_create(&keys[i], free);
}

static VOID WINAPI end_fiber(PVOID block)
{
    free(malloc(100));
    free(block);
    InterlockedIncrement(&n_ended);
}

/* Leaves blocks that are freed by destructors, and one that the C library frees after them. */
static DWORD WINAPI use_heaps(LPVOID argument)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *own = HeapAlloc(heap, HEAP_ZERO_MEMORY, 3000), *common;
    FlsSetValue(fls, strdup("fls"));
    for (int i = 0; i < 64; i += 21)
        pthread_setspecific(keys[i], malloc(50));
    (void)strerror(9000 + (int)(size_t)argument);
    common = HeapAlloc(GetProcessHeap(), 0, 70000);
    memset(common, 1, 70000);
    common = HeapReAlloc(GetProcessHeap(), 0, common, 200000);
    int right = own && common && own[2999] == 0 && common[69999] == 1;
    HeapFree(GetProcessHeap(), 0, common);
    HeapDestroy(heap);
    return right ? 0 : 1;
}

static void *use_heaps_too(void *argument)
{
    return (void *)(size_t)use_heaps(argument);
}

static void test_windows_threads(void)
{
    DWORD code, wrong = 0;
    for (size_t round = 0; round < 50; round++) {
        HANDLE threads[8];
        for (size_t i = 0; i < 8; i++)
            threads[i] = CreateThread(NULL, 0, use_heaps, (LPVOID)i, 0, NULL);
        WaitForMultipleObjects(8, threads, TRUE, INFINITE);
        for (size_t i = 0; i < 8; i++) {
            wrong += !GetExitCodeThread(threads[i], &code) || code != 0;
            CloseHandle(threads[i]);
        }
    }
    result(wrong == 0 && n_ended == 400, "threads of CreateThread");
}

static void test_host_threads(void)
{
    size_t wrong = 0;
    for (size_t round = 0; round < 50; round++) {
        pthread_t threads[8];
        void *value;
        for (size_t i = 0; i < 8; i++)
            pthread_create(&threads[i], NULL, use_heaps_too, (void *)i);
        for (size_t i = 0; i < 8; i++) {
            pthread_join(threads[i], &value);
            wrong += value != NULL;
        }
    }
    result(wrong == 0 && n_ended == 800, "threads of the host");
}

static BOOL WINAPI make_once(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    (void)parameter;
    *context = malloc(64);
    return TRUE;
}

static void test_once(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    void *first = NULL, *second = NULL;
    BOOL done = InitOnceExecuteOnce(&once, make_once, NULL, &first)
                && InitOnceExecuteOnce(&once, make_once, NULL, &second);
    result(done && first && first == second, "InitOnce whose function allocates");
    free(first);
}

static void test_calls(void)
{
    void *block = NULL;
    int right = posix_memalign(&block, 4096, 10) == 0 && ((size_t)block & 4095) == 0;
    free(block);
    block = aligned_alloc(1 << 20, 100);
    right &= block && ((size_t)block & 0xfffff) == 0;
    free(block);
    right &= posix_memalign(&block, 3, 10) != 0;
    block = realloc(strdup("text"), 100000);
    right &= block && strcmp(block, "text") == 0;
    free(block);
    result(right, "calls of the C library");
}

static void test_fork(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        HANDLE thread = CreateThread(NULL, 0, use_heaps, NULL, 0, NULL);
        DWORD code = 1;
        WaitForSingleObject(thread, INFINITE);
        GetExitCodeThread(thread, &code);
        _exit(code == 0 && use_heaps(NULL) == 0 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    result(child > 0 && status == 0, "a child");
}

/* A thread's object is signaled before the last destructors have run. */
static struct alloc_stats wait_for_ends(void)
{
    struct alloc_stats stats = alloc_stats();
    for (int i = 0; i < 100 && stats.threads > 1; i++) {
        Sleep(20);
        stats = alloc_stats();
    }
    alloc_trim();
    return alloc_stats();
}

int main(void)
{
    struct alloc_stats stats;
    size_t threads, committed;
    fls = FlsAlloc(end_fiber);
    test_calls();
    test_once();
    test_windows_threads();
    alloc_flush();
    committed = wait_for_ends().committed;
    test_host_threads();
    test_fork();
    alloc_flush();
    stats = wait_for_ends();
    threads = stats.threads;
    printf("# %zu threads, %zu bytes, %lu nested\n", threads, stats.committed, nested_calls());
    result(threads == 1, "no thread that has ended keeps a cache");
    result(stats.committed <= committed + (256 << 10), "and no memory");
    result(alloc_check(), "the system has committed what the books say");
    result(nested_calls() == 0, "what an allocator calls allocates nothing");
    printf("1..%d\n", n_results);
    return 0;
}
