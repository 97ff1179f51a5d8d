/* Threads under winvm-run: what pthread_create and thrd_create promise still holds, and nothing of
 * a thread remains. */
#define _GNU_SOURCE
#include <winvm/winvm.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <threads.h>
#include <unistd.h>

static int n;
static int cleaned;
static pthread_key_t key;

static void ok(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static void *same(void *arg)
{
    return arg;
}

static void *by_exit(void *arg)
{
    pthread_exit(arg);
}

static void clean(void *arg)
{
    cleaned += (int)(intptr_t)arg;
}

static void *waits(void *arg)
{
    pthread_cleanup_push(clean, (void *)1);
    pthread_setspecific(key, (void *)10);
    __atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *spins(void *arg)
{
    int old;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    __atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
    for (;;)
        ;
    return NULL;
}

static void cancel_one(void *(*run)(void *), const char *what)
{
    pthread_t t;
    int running = 0;
    void *result = NULL;
    cleaned = 0;
    if (pthread_create(&t, NULL, run, &running) != 0) {
        ok(0, what);
        return;
    }
    while (!__atomic_load_n(&running, __ATOMIC_ACQUIRE))
        sched_yield();
    pthread_cancel(t);
    pthread_join(t, &result);
    ok(result == PTHREAD_CANCELED && (run != waits || cleaned == 11), what);
}

static void results(void)
{
    pthread_t t;
    void *result = NULL;
    ok(pthread_create(&t, NULL, same, &n) == 0 && pthread_join(t, &result) == 0 && result == &n,
       "the result of the start routine");
    ok(pthread_create(&t, NULL, by_exit, &n) == 0 && pthread_join(t, &result) == 0 && result == &n,
       "pthread_exit");
    pthread_key_create(&key, clean);
    cancel_one(waits, "cancelled at a cancellation point: handlers and keys are cleaned");
    cancel_one(spins, "cancelled anywhere");
}

struct look {
    size_t stack_size, guard_size;
    int detached;
    char *stack;
    char name[16];
    cpu_set_t cpus;
};

static void *look(void *arg)
{
    struct look *l = arg;
    pthread_attr_t attr;
    void *stack;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &stack, &l->stack_size);
    pthread_attr_getguardsize(&attr, &l->guard_size);
    pthread_attr_getdetachstate(&attr, &l->detached);
    pthread_attr_destroy(&attr);
    l->stack = stack;
    pthread_getname_np(pthread_self(), l->name, sizeof l->name);
    pthread_getaffinity_np(pthread_self(), sizeof l->cpus, &l->cpus);
    return (char *)&attr >= l->stack && (char *)&attr < l->stack + l->stack_size ? arg : NULL;
}

static void attributes(void)
{
    struct look l = {0};
    pthread_attr_t attr;
    pthread_t t;
    void *result = NULL;
    cpu_set_t one;
    size_t size = 256 << 10;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    pthread_setname_np(pthread_self(), "creator");
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 192 << 10);
    pthread_attr_setguardsize(&attr, 16 << 10);
    pthread_attr_setaffinity_np(&attr, sizeof one, &one);
    ok(pthread_create(&t, &attr, look, &l) == 0 && pthread_join(t, &result) == 0 && result == &l &&
       l.stack_size == 192 << 10 && l.guard_size == 16 << 10, "sizes of stack and guard");
    ok(CPU_EQUAL(&l.cpus, &one), "affinity");
    ok(strcmp(l.name, "creator") == 0, "name");
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, size);
    ok(pthread_create(&t, &attr, look, &l) == 0 && pthread_join(t, &result) == 0 && result == &l &&
       l.stack == stack && l.stack_size == size, "a stack of the program's");
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN));
    ok(pthread_create(&t, &attr, same, &n) == 0 && pthread_join(t, &result) == 0 && result == &n,
       "the smallest stack");
    ok(pthread_attr_setstacksize(&attr, 1) == EINVAL, "a bad size");
    struct sched_param param = {.sched_priority = 5};
    pthread_attr_init(&attr);
    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
    pthread_attr_setschedparam(&attr, &param);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_RTPRIO, &none);
    int err = pthread_create(&t, &attr, same, &n);
    ok(err == EPERM || (err == 0 && pthread_join(t, &result) == 0 && result == &n),
       "a scheduler that may be refused");
}

static int c11(void *arg)
{
    return *(int *)arg + 1;
}

static int c11_exit(void *arg)
{
    thrd_exit(*(int *)arg + 2);
}

static void c11_threads(void)
{
    thrd_t t;
    int arg = -40, result = 0;
    ok(thrd_create(&t, c11, &arg) == thrd_success && thrd_join(t, &result) == thrd_success &&
       result == -39, "thrd_create");
    ok(thrd_create(&t, c11_exit, &arg) == thrd_success && thrd_join(t, &result) == thrd_success &&
       result == -38, "thrd_exit");
}

static void count_maps(int *maps, long *bytes)
{
    char line[512];
    FILE *f = fopen("/proc/self/maps", "r");
    *maps = 0;
    *bytes = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long a, b;
        char prot[5];
        ++*maps;
        if (sscanf(line, "%lx-%lx %4s", &a, &b, prot) == 3 && prot[1] == 'w')
            *bytes += (long)(b - a);
    }
    if (f != NULL)
        fclose(f);
}

static void *touch(void *arg)
{
    char *p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    *p = 1;
    return VirtualFree(p, 0, MEM_RELEASE) ? arg : NULL;
}

static int round_of_threads(int many)
{
    pthread_t t[50];
    void *result;
    int bad = 0;
    for (int done = 0; done < many; done += 50) {
        for (int i = 0; i < 50; i++)
            bad += pthread_create(&t[i], NULL, i % 5 ? touch : by_exit, &n) != 0;
        for (int i = 0; i < 50; i++)
            bad += pthread_join(t[i], &result) != 0 || result != &n;
    }
    return bad;
}

static void leaks(void)
{
    int maps0, maps1, bad;
    long bytes0, bytes1;
    VirtualAlloc(NULL, 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    round_of_threads(100);
    count_maps(&maps0, &bytes0);
    bad = round_of_threads(1000);
    count_maps(&maps1, &bytes1);
    printf("# mappings %d then %d, writable bytes %ld then %ld\n", maps0, maps1, bytes0, bytes1);
    ok(bad == 0, "1,000 threads");
    ok(maps1 <= maps0 + 10 && bytes1 <= bytes0 + (1 << 20), "no alternate stack remains");
}

/* More threads between creation and start than a block of records holds. */
static void crowd(void)
{
    enum { MANY = 300 };
    static pthread_t t[MANY];
    pthread_attr_t attr;
    cpu_set_t one;
    int bad = 0, made = 0;
    void *result;
    struct sched_param param = {.sched_priority = 0};
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    /* Of idle priority on one processor: none of them runs before its creator waits. */
    pthread_attr_init(&attr);
    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attr, SCHED_IDLE);
    pthread_attr_setschedparam(&attr, &param);
    if (pthread_attr_setschedpolicy(&attr, SCHED_IDLE) != 0)
        pthread_attr_init(&attr);
    for (; made < MANY; made++) {
        if (pthread_create(&t[made], &attr, same, &cleaned) != 0)
            break;
    }
    for (int i = 0; i < made; i++)
        bad += pthread_join(t[i], &result) != 0 || result != &cleaned;
    ok(made == MANY && bad == 0, "300 threads that wait for their start");
}

int main(void)
{
    results();
    attributes();
    c11_threads();
    leaks();
    crowd();
    return 0;
}
