/* The threads of pools.
 *
 * Owns    pools, jobs, and the threads that run them.
 * Terms   busy = in a callback that is not known to take long; spare = the thread that is not busy
 *         though there are as many busy ones as there are processors.
 * I1      A job is in its pool's ring while callbacks of it are to begin.
 * I2      A pool with jobs in its ring has a thread that is not busy, or `most` threads: each that
 *         begins a callback starts another one first. The spare begins one only when none has begun
 *         for a while, so blocked callbacks hold up nobody, and short ones cost no threads.
 * I3      A job has its memory until it is closed and nothing of it is pending or running; a pool
 *         until it is closed and has no jobs.
 * I4      In a fork child the pools are there, without threads (kit_alarm.c tells).
 * Locking: one lock for all of it; no lock during a callback.   Failure: nothing is submitted.
 * Signal safety: none. */
#include "kit/kit_pool.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MOST_THREADS 500u
#define LINGER_MS 5000u
#define PATIENCE_MS 10u /* of the spare */

static struct wvm_kit_store pools = {.size = sizeof(struct wvm_kit_pool)};
static struct wvm_kit_store jobs = {.size = sizeof(struct wvm_kit_job)};
struct wvm_kit_lock wvm_kit_pools;
static struct wvm_kit_links all_pools = {&all_pools, &all_pools}; /* the lock, and the next */
static struct wvm_kit_pool *usual;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_jobs(const struct wvm_kit_pool *pool)
{
    return pool->jobs.next != &pool->jobs;
}

/* ---- Jobs, under the lock ---- */

static void put_in_line(struct wvm_kit_job *job)
{
    struct wvm_kit_links *ring = &job->pool->jobs;
    wvm_kit_link(job->urgent ? ring->next : ring, &job->on);
}

static struct wvm_kit_job *next_job(struct wvm_kit_pool *pool)
{
    struct wvm_kit_job *job = (struct wvm_kit_job *)pool->jobs.next;
    wvm_kit_unlink(&job->on);
    job->n_running++;
    if (--job->n_pending > 0)
        put_in_line(job);
    pool->n_begun++;
    return job;
}

static void leave_pool(struct wvm_kit_pool *pool)
{
    if (--pool->n_users > 0)
        return;
    pool->closed = true;
    __atomic_add_fetch(&pool->word, 1, __ATOMIC_RELEASE);
    wvm_kit_unpark(&pool->word, INT_MAX);
    if (pool->n_threads == 0) {
        wvm_kit_unlink(&pool->all);
        wvm_kit_put(&pools, pool);
    }
}

/* Something of the job is over: tells who waits for it, and gives it back if it is its end. The
 * event to be set, or NULL. */
static HANDLE look_after(struct wvm_kit_job *job)
{
    if (job->n_pending > 0 || job->n_running > 0)
        return NULL;
    __atomic_add_fetch(&job->quiet, 1, __ATOMIC_RELEASE);
    wvm_kit_unpark(&job->quiet, INT_MAX);
    if (!job->closed)
        return NULL;
    HANDLE completed = job->completed;
    wvm_kit_unlink(&job->member);
    leave_pool(job->pool);
    wvm_kit_put(&jobs, job);
    return completed;
}

static void complete(HANDLE event)
{
    if (!event)
        return;
    wvm_kit_SetEvent(event);
    CloseHandle(event);
}

/* ---- Threads ---- */

static uint32_t usual_threads(const struct wvm_kit_pool *pool)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = n > 0 ? (uint32_t)n : 1;
    return wanted < pool->least ? pool->least : wanted;
}

static WVM_OWN_CALL DWORD serve(LPVOID argument);

/* Under the lock, which is let go meanwhile. False: no thread is left to do the work. */
static bool start_thread(struct wvm_kit_pool *pool)
{
    LPTHREAD_START_ROUTINE first = (LPTHREAD_START_ROUTINE)(uintptr_t)serve;
    pool->n_threads++;
    wvm_kit_unlock(&wvm_kit_pools);
    HANDLE h = wvm_kit_CreateThread(NULL, 0, first, pool, 0, NULL);
    if (h)
        CloseHandle(h);
    wvm_kit_lock(&wvm_kit_pools);
    if (!h)
        pool->n_threads--;
    return h || pool->n_threads > 0;
}

/* There is work: somebody is to look. */
static bool rouse(struct wvm_kit_pool *pool)
{
    if (pool->n_threads == pool->n_working && pool->n_threads < pool->most)
        return start_thread(pool);
    __atomic_add_fetch(&pool->word, 1, __ATOMIC_RELEASE);
    wvm_kit_unpark(&pool->word, 1);
    return true;
}

/* Sleeps until something happens in the pool; false: the time is over. */
static bool rest(struct wvm_kit_pool *pool, uint64_t until)
{
    uint32_t seen = __atomic_load_n(&pool->word, __ATOMIC_RELAXED);
    wvm_kit_unlock(&wvm_kit_pools);
    bool woken = wvm_kit_park(&pool->word, seen, until);
    wvm_kit_lock(&wvm_kit_pools);
    return woken;
}

/* A job is taken now, and not left to those that are busy. */
static bool may_begin(struct wvm_kit_pool *pool)
{
    if (pool->n_busy < usual_threads(pool))
        return true;
    uint32_t begun = pool->n_begun;
    uint64_t until = wvm_kit_deadline(PATIENCE_MS);
    while (has_jobs(pool) && pool->n_begun == begun && pool->n_busy >= usual_threads(pool))
        if (!rest(pool, until))
            return has_jobs(pool) && pool->n_begun == begun;
    return has_jobs(pool) && pool->n_busy < usual_threads(pool);
}

/* What the callback asked for at its end. */
static void do_at_return(struct _TP_CALLBACK_INSTANCE *i)
{
    if (i->section)
        wvm_kit_LeaveCriticalSection(i->section);
    if (i->mutex)
        wvm_kit_ReleaseMutex(i->mutex);
    if (i->semaphore)
        wvm_kit_ReleaseSemaphore(i->semaphore, (LONG)i->count, NULL);
    if (i->event)
        wvm_kit_SetEvent(i->event);
    if (i->module)
        FreeLibrary(i->module);
}

/* Under the lock, which is let go for the callback. */
static void run_next(struct wvm_kit_pool *pool)
{
    struct wvm_kit_job *job = next_job(pool);
    struct _TP_CALLBACK_INSTANCE instance = {.job = job, .pool = pool,
                                             .is_long = job->takes_long};
    pool->n_working++;
    pool->n_busy += !instance.is_long;
    if (has_jobs(pool))
        rouse(pool);
    wvm_kit_unlock(&wvm_kit_pools);
    job->call(job, &instance);
    do_at_return(&instance);
    wvm_kit_lock(&wvm_kit_pools);
    pool->n_working--;
    pool->n_busy -= !instance.is_long;
    if (instance.left)
        return; /* it counts as over since then, and may be gone */
    job->n_running--;
    HANDLE completed = look_after(job);
    wvm_kit_unlock(&wvm_kit_pools);
    complete(completed);
    wvm_kit_lock(&wvm_kit_pools);
}

static WVM_OWN_CALL DWORD serve(LPVOID argument)
{
    struct wvm_kit_pool *pool = argument;
    bool stays = true;
    wvm_kit_lock(&wvm_kit_pools);
    while (stays) {
        if (!has_jobs(pool))
            stays = !pool->closed && (rest(pool, wvm_kit_deadline(LINGER_MS)) || has_jobs(pool) ||
                                      pool->n_threads <= pool->least);
        else if (may_begin(pool))
            run_next(pool);
    }
    bool last = --pool->n_threads == 0 && pool->closed;
    if (last) {
        wvm_kit_unlink(&pool->all);
        wvm_kit_put(&pools, pool);
    }
    wvm_kit_unlock(&wvm_kit_pools);
    return 0;
}

static void in_child(void)
{
    for (struct wvm_kit_links *l = all_pools.next; l != &all_pools; l = l->next) {
        struct wvm_kit_pool *pool = (struct wvm_kit_pool *)l;
        pool->n_threads = pool->n_working = pool->n_busy = 0;
    }
}

static void hear_of_forks(void)
{
    wvm_kit_alarm_forks(&wvm_kit_pools, in_child);
}

/* ---- What families use ---- */

struct wvm_kit_pool *wvm_kit_pool_new(void)
{
    pthread_once(&once, hear_of_forks);
    struct wvm_kit_pool *pool = wvm_kit_take(&pools);
    if (!pool) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    memset(pool, 0, sizeof *pool);
    wvm_kit_ring(&pool->jobs);
    pool->most = MOST_THREADS;
    pool->n_users = 1;
    wvm_kit_lock(&wvm_kit_pools);
    wvm_kit_link(&all_pools, &pool->all);
    wvm_kit_unlock(&wvm_kit_pools);
    return pool;
}

struct wvm_kit_pool *wvm_kit_pool_usual(void)
{
    struct wvm_kit_pool *pool = __atomic_load_n(&usual, __ATOMIC_ACQUIRE), *none = NULL;
    if (pool)
        return pool;
    pool = wvm_kit_pool_new();
    if (pool && !__atomic_compare_exchange_n(&usual, &none, pool, false, __ATOMIC_ACQ_REL,
                                             __ATOMIC_ACQUIRE)) {
        wvm_kit_pool_close(pool);
        pool = none;
    }
    return pool;
}

void wvm_kit_pool_close(struct wvm_kit_pool *pool)
{
    wvm_kit_lock(&wvm_kit_pools);
    leave_pool(pool);
    wvm_kit_unlock(&wvm_kit_pools);
}

struct wvm_kit_job *wvm_kit_job_new(struct wvm_kit_pool *pool)
{
    pool = pool ? pool : wvm_kit_pool_usual();
    struct wvm_kit_job *job = pool ? wvm_kit_take(&jobs) : NULL;
    if (!job) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    memset(job, 0, sizeof *job);
    wvm_kit_ring(&job->member);
    job->pool = pool;
    job->alarm.ring = wvm_kit_job_tick;
    wvm_kit_lock(&wvm_kit_pools);
    pool->n_users++;
    wvm_kit_unlock(&wvm_kit_pools);
    return job;
}

/* Under the lock. */
static bool submit(struct wvm_kit_job *job)
{
    if (job->n_pending++ == 0)
        put_in_line(job);
    if (rouse(job->pool))
        return true;
    if (job->n_pending > 0 && --job->n_pending == 0)
        wvm_kit_unlink(&job->on);
    return false;
}

bool wvm_kit_job_submit(struct wvm_kit_job *job)
{
    wvm_kit_lock(&wvm_kit_pools);
    bool done = submit(job);
    wvm_kit_unlock(&wvm_kit_pools);
    return done || wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

uint64_t wvm_kit_job_tick(struct wvm_kit_alarm *alarm)
{
    struct wvm_kit_job *job = WVM_KIT_CONTAINER(alarm, struct wvm_kit_job, alarm);
    wvm_kit_lock(&wvm_kit_pools);
    submit(job);
    uint64_t next = job->period ? wvm_kit_alarm_next(alarm->due, job->period) : 0;
    wvm_kit_unlock(&wvm_kit_pools);
    return next;
}

uint32_t wvm_kit_job_cancel(struct wvm_kit_job *job)
{
    wvm_kit_lock(&wvm_kit_pools);
    uint32_t n = job->n_pending;
    if (n > 0)
        wvm_kit_unlink(&job->on);
    job->n_pending = 0;
    wvm_kit_unlock(&wvm_kit_pools);
    return n;
}

void wvm_kit_job_wait(struct wvm_kit_job *job)
{
    wvm_kit_lock(&wvm_kit_pools);
    while (job->n_pending > 0 || job->n_running > 0) {
        uint32_t seen = __atomic_load_n(&job->quiet, __ATOMIC_RELAXED);
        wvm_kit_unlock(&wvm_kit_pools);
        wvm_kit_park(&job->quiet, seen, WVM_KIT_NEVER);
        wvm_kit_lock(&wvm_kit_pools);
    }
    wvm_kit_unlock(&wvm_kit_pools);
}

bool wvm_kit_job_close(struct wvm_kit_job *job, HANDLE completed)
{
    wvm_kit_alarm_stop(&job->alarm);
    wvm_kit_lock(&wvm_kit_pools);
    job->closed = true;
    job->completed = completed;
    bool over = job->n_pending == 0 && job->n_running == 0;
    completed = look_after(job);
    wvm_kit_unlock(&wvm_kit_pools);
    complete(completed);
    return over;
}

bool wvm_kit_job_may_run_long(struct _TP_CALLBACK_INSTANCE *instance)
{
    struct wvm_kit_pool *pool = instance->pool;
    wvm_kit_lock(&wvm_kit_pools);
    if (!instance->is_long)
        pool->n_busy--;
    instance->is_long = true;
    bool room = pool->n_threads > pool->n_working || pool->n_threads < pool->most;
    if (has_jobs(pool))
        rouse(pool);
    wvm_kit_unlock(&wvm_kit_pools);
    return room;
}

void wvm_kit_job_leave(struct _TP_CALLBACK_INSTANCE *instance)
{
    HANDLE completed = NULL;
    wvm_kit_lock(&wvm_kit_pools);
    if (!instance->left) {
        instance->left = true;
        instance->job->n_running--;
        completed = look_after(instance->job);
    }
    wvm_kit_unlock(&wvm_kit_pools);
    complete(completed);
}
