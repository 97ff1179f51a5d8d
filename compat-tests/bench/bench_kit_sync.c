/* The kit's wrappers against what they wrap: locks, objects and threads. Alone, and with a second
 * thread that does the same or answers; then the time is that of both threads on the processor. */
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <winvm/kit.h>

#include "bench.h"

#define LIMIT 1.1
#define RUN(name, ...)                                   \
    static void name(void *ctx, unsigned round, size_t n) \
    {                                                    \
        (void)ctx;                                       \
        (void)round;                                     \
        while (n--) {                                    \
            __VA_ARGS__                                  \
        }                                                \
    }

typedef void run_fn(void *ctx, unsigned round, size_t n);

static void row(const char *name, run_fn *ours, run_fn *theirs)
{
    bench_pair(&(struct bench_pair){
        .name = name, .limit = LIMIT, .ours = {.run = ours}, .theirs = {.run = theirs}});
}

/* ---- Alone ---- */

static CRITICAL_SECTION section;
static pthread_mutex_t recursive, plain = PTHREAD_MUTEX_INITIALIZER;
static SRWLOCK srw = SRWLOCK_INIT;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static HANDLE event, semaphore, mutex;
static sem_t sem, sem_ping, sem_pong;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool cond_set;
static INIT_ONCE once_kit = INIT_ONCE_STATIC_INIT;
static pthread_once_t once_libc = PTHREAD_ONCE_INIT;
static LONG word;

RUN(section_pair, EnterCriticalSection(&section); LeaveCriticalSection(&section);)
RUN(section_try, if (TryEnterCriticalSection(&section)) LeaveCriticalSection(&section);)
RUN(recursive_pair, pthread_mutex_lock(&recursive); pthread_mutex_unlock(&recursive);)
RUN(recursive_try, if (pthread_mutex_trylock(&recursive) == 0) pthread_mutex_unlock(&recursive);)
RUN(srw_write, AcquireSRWLockExclusive(&srw); ReleaseSRWLockExclusive(&srw);)
RUN(srw_read, AcquireSRWLockShared(&srw); ReleaseSRWLockShared(&srw);)
RUN(rwlock_write, pthread_rwlock_wrlock(&rwlock); pthread_rwlock_unlock(&rwlock);)
RUN(rwlock_read, pthread_rwlock_rdlock(&rwlock); pthread_rwlock_unlock(&rwlock);)
RUN(event_pair, SetEvent(event); WaitForSingleObject(event, INFINITE);)
RUN(semaphore_pair, ReleaseSemaphore(semaphore, 1, NULL); WaitForSingleObject(semaphore, INFINITE);)
RUN(mutex_pair, WaitForSingleObject(mutex, INFINITE); ReleaseMutex(mutex);)
RUN(sem_pair, sem_post(&sem); sem_wait(&sem);)
RUN(wake_kit, WakeByAddressSingle(&word);)
RUN(wake_libc, syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);)

static void set_cond(void)
{
    pthread_mutex_lock(&plain);
    cond_set = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&plain);
}

static void wait_cond(void)
{
    pthread_mutex_lock(&plain);
    while (!cond_set)
        pthread_cond_wait(&cond, &plain);
    cond_set = false;
    pthread_mutex_unlock(&plain);
}

RUN(cond_pair, set_cond(); wait_cond();)

static BOOL CALLBACK init_kit(PINIT_ONCE once, PVOID argument, PVOID *context)
{
    (void)once;
    (void)argument;
    (void)context;
    return TRUE;
}

static void init_libc(void)
{
}

RUN(once_kit_run, InitOnceExecuteOnce(&once_kit, init_kit, NULL, NULL);)
RUN(once_libc_run, pthread_once(&once_libc, init_libc);)

static DWORD WINAPI thread_kit(LPVOID argument)
{
    (void)argument;
    return 0;
}

static void *thread_libc(void *argument)
{
    return argument;
}

static void thread_kit_run(void *ctx, unsigned round, size_t n)
{
    (void)ctx;
    (void)round;
    while (n--) {
        HANDLE h = CreateThread(NULL, 0, thread_kit, NULL, 0, NULL);
        if (!h || WaitForSingleObject(h, INFINITE) != WAIT_OBJECT_0 || !CloseHandle(h))
            bench_stop("CreateThread");
    }
}

static void thread_libc_run(void *ctx, unsigned round, size_t n)
{
    pthread_t t;
    (void)ctx;
    (void)round;
    while (n--)
        if (pthread_create(&t, NULL, thread_libc, NULL) != 0 || pthread_join(t, NULL) != 0)
            bench_stop("pthread_create");
}

static void alone(void)
{
    row("EnterCriticalSection + Leave : recursive mutex", section_pair, recursive_pair);
    row("TryEnterCriticalSection + Leave : recursive mutex", section_try, recursive_try);
    row("SRW lock, exclusive : pthread_rwlock", srw_write, rwlock_write);
    row("SRW lock, shared : pthread_rwlock", srw_read, rwlock_read);
    row("InitOnceExecuteOnce, done : pthread_once", once_kit_run, once_libc_run);
    row("WakeByAddressSingle, nobody : futex", wake_kit, wake_libc);
    row("SetEvent + WaitForSingleObject : pthread_cond_t", event_pair, cond_pair);
    row("ReleaseSemaphore + WaitForSingleObject : sem_t", semaphore_pair, sem_pair);
    row("mutex, WaitForSingleObject + Release : recursive mutex", mutex_pair, recursive_pair);
}

/* ---- With a second thread ---- */

static void *sleeper_main(void *unused)
{
    (void)unused;
    sem_wait(&sem_ping);
    return NULL;
}

/* The C library leaves out what no other thread could see: here one is there, and sleeps. */
static void beside_another(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, sleeper_main, NULL) != 0)
        bench_stop("pthread_create");
    row("EnterCriticalSection + Leave, two threads : recursive mutex", section_pair,
        recursive_pair);
    row("SetEvent + WaitForSingleObject, two threads : pthread_cond_t", event_pair, cond_pair);
    row("ReleaseSemaphore + WaitForSingleObject, two threads : sem_t", semaphore_pair, sem_pair);
    row("mutex, WaitForSingleObject + Release, two threads : recursive mutex", mutex_pair,
        recursive_pair);
    sem_post(&sem_ping);
    pthread_join(t, NULL);
}

/* A partner runs `partner` for as many turns as the thread that measures runs `run`. */
struct two {
    run_fn *run, *partner;
};

struct partner {
    run_fn *run;
    size_t n;
};

static void *partner_main(void *given)
{
    struct partner *p = given;
    p->run(NULL, 0, p->n);
    return NULL;
}

static void two_run(void *ctx, unsigned round, size_t n)
{
    const struct two *two = ctx;
    struct partner p = {two->partner, n};
    pthread_t t;
    if (pthread_create(&t, NULL, partner_main, &p) != 0)
        bench_stop("pthread_create");
    two->run(NULL, round, n);
    pthread_join(t, NULL);
}

static void two_row(const char *name, struct two ours, struct two theirs, size_t n)
{
    bench_pair(&(struct bench_pair){.name = name,
                                    .limit = LIMIT,
                                    .whole = true,
                                    .ours = {.run = two_run, .ctx = &ours, .n = n},
                                    .theirs = {.run = two_run, .ctx = &theirs, .n = n}});
}

static HANDLE ping, pong;
static CONDITION_VARIABLE turn_kit = CONDITION_VARIABLE_INIT;
static pthread_cond_t turn_libc = PTHREAD_COND_INITIALIZER;
static unsigned turn;
static uint32_t flag;

RUN(event_ping, SetEvent(ping); WaitForSingleObject(pong, INFINITE);)
RUN(event_pong, WaitForSingleObject(ping, INFINITE); SetEvent(pong);)
RUN(sem_ping_run, sem_post(&sem_ping); sem_wait(&sem_pong);)
RUN(sem_pong_run, sem_wait(&sem_ping); sem_post(&sem_pong);)

static void turn_by_kit(unsigned mine)
{
    EnterCriticalSection(&section);
    while (turn != mine)
        SleepConditionVariableCS(&turn_kit, &section, INFINITE);
    turn = !mine;
    WakeConditionVariable(&turn_kit);
    LeaveCriticalSection(&section);
}

static void turn_by_libc(unsigned mine)
{
    pthread_mutex_lock(&recursive);
    while (turn != mine)
        pthread_cond_wait(&turn_libc, &recursive);
    turn = !mine;
    pthread_cond_signal(&turn_libc);
    pthread_mutex_unlock(&recursive);
}

RUN(turn_kit_0, turn_by_kit(0);)
RUN(turn_kit_1, turn_by_kit(1);)
RUN(turn_libc_0, turn_by_libc(0);)
RUN(turn_libc_1, turn_by_libc(1);)

static void flag_by_kit(uint32_t mine)
{
    uint32_t other = !mine;
    while (__atomic_load_n(&flag, __ATOMIC_ACQUIRE) != mine)
        WaitOnAddress(&flag, &other, sizeof flag, INFINITE);
    __atomic_store_n(&flag, other, __ATOMIC_RELEASE);
    WakeByAddressSingle(&flag);
}

static void flag_by_futex(uint32_t mine)
{
    while (__atomic_load_n(&flag, __ATOMIC_ACQUIRE) != mine)
        syscall(SYS_futex, &flag, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
    __atomic_store_n(&flag, !mine, __ATOMIC_RELEASE);
    syscall(SYS_futex, &flag, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

RUN(flag_kit_0, flag_by_kit(0);)
RUN(flag_kit_1, flag_by_kit(1);)
RUN(flag_futex_0, flag_by_futex(0);)
RUN(flag_futex_1, flag_by_futex(1);)

static void together(void)
{
    two_row("contended, critical section : recursive mutex",
            (struct two){section_pair, section_pair},
            (struct two){recursive_pair, recursive_pair}, 20000);
    two_row("contended, SRW lock, exclusive : pthread_rwlock",
            (struct two){srw_write, srw_write}, (struct two){rwlock_write, rwlock_write}, 20000);
    two_row("contended, SRW lock, shared : pthread_rwlock", (struct two){srw_read, srw_read},
            (struct two){rwlock_read, rwlock_read}, 20000);
    two_row("to and fro, events : sem_t", (struct two){event_ping, event_pong},
            (struct two){sem_ping_run, sem_pong_run}, 200);
    two_row("to and fro, condition variable : pthread_cond_t",
            (struct two){turn_kit_0, turn_kit_1}, (struct two){turn_libc_0, turn_libc_1}, 200);
    two_row("to and fro, WaitOnAddress : futex", (struct two){flag_kit_0, flag_kit_1},
            (struct two){flag_futex_0, flag_futex_1}, 200);
    bench_pair(&(struct bench_pair){.name = "CreateThread + Wait + Close : pthread_create + join",
                                    .limit = LIMIT,
                                    .whole = true,
                                    .ours = {.run = thread_kit_run, .n = 20},
                                    .theirs = {.run = thread_libc_run, .n = 20}});
}

void bench_kit_sync(void)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attr);
    InitializeCriticalSection(&section);
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    ping = CreateEventA(NULL, FALSE, FALSE, NULL);
    pong = CreateEventA(NULL, FALSE, FALSE, NULL);
    semaphore = CreateSemaphoreA(NULL, 0, 1000, NULL);
    mutex = CreateMutexA(NULL, FALSE, NULL);
    if (!event || !ping || !pong || !semaphore || !mutex || sem_init(&sem, 0, 0) != 0 ||
        sem_init(&sem_ping, 0, 0) != 0 || sem_init(&sem_pong, 0, 0) != 0)
        bench_stop("objects");
    alone();
    beside_another();
    together();
}
