/* Pools of threads, and what they run. */
#ifndef WVM_KIT_KIT_POOL_H
#define WVM_KIT_KIT_POOL_H

#include "kit/kit_alarm.h"
#include "kit/kit_wait.h"

#pragma GCC visibility push(hidden)

/* A function of the program's, in the convention of the call that it came with. */
struct wvm_kit_function {
    void(WVM_OWN_CALL *own)(void); /* one of the two; cast to what it is */
    void(WVM_WINDOWS_CALL *ms)(void);
};

struct wvm_kit_pool {
    struct wvm_kit_links all;    /* first; every pool */
    struct wvm_kit_links jobs;   /* with callbacks to begin, the next one first */
    uint32_t word;               /* (a) threads without work sleep on it */
    uint32_t n_threads, n_working; /* working: in a callback */
    uint32_t n_busy;             /* those of the working that are not known to take long */
    uint32_t n_begun;            /* callbacks */
    uint32_t most, least;
    uint32_t n_users;            /* jobs, and the handle; the pool is put back with the last */
    bool closed;
};

/* What is called: a work, a timer, a wait, or one callback. */
struct wvm_kit_job {
    struct wvm_kit_links on;      /* first; in its pool's ring while n_pending is not 0 */
    struct wvm_kit_links member;  /* of its group's ring, or of itself */
    struct wvm_kit_pool *pool;
    uint32_t n_pending, n_running;
    uint32_t quiet;               /* (a) waits for callbacks sleep on it */
    bool closed;                  /* given back when nothing of it is pending or running */
    bool urgent, takes_long;
    struct wvm_kit_function function, cancelled;
    PVOID context;
    HANDLE completed;             /* an event to be set and closed at its end, or NULL */
    DWORD result;                 /* of a wait; (a), and the next */
    bool fired;                   /* the wait that was set last has ended */
    void (*call)(struct wvm_kit_job *job, struct _TP_CALLBACK_INSTANCE *instance);
    struct wvm_kit_alarm alarm;   /* of timers */
    uint64_t period;              /* ns; 0: once */
    HANDLE registered;            /* (a) of a wait: what is to be unregistered, and how */
    bool (*unregister)(struct wvm_kit_job *job);
    struct wvm_kit_links queued;  /* of a timer queue's ring: kit_timer_queue.c */
};

/* What a callback is given. */
struct _TP_CALLBACK_INSTANCE {
    struct wvm_kit_job *job;      /* until it has left */
    struct wvm_kit_pool *pool;
    bool left, is_long;           /* DisassociateCurrentThreadFromCallback, CallbackMayRunLong */
    HANDLE event, semaphore, mutex;
    DWORD count;
    PCRITICAL_SECTION section;
    HMODULE module;
};

/* Behind the alarms' lock, never with the dispatch lock. */
extern struct wvm_kit_lock wvm_kit_pools;

/* The pool that is used without one. NULL and the last error: no memory. */
struct wvm_kit_pool *wvm_kit_pool_usual(void);
struct wvm_kit_pool *wvm_kit_pool_new(void);
void wvm_kit_pool_close(struct wvm_kit_pool *pool);

/* A job of a pool (NULL: the usual one), with call, function and context to be filled in. NULL and
 * the last error. */
struct wvm_kit_job *wvm_kit_job_new(struct wvm_kit_pool *pool);
/* One callback more. False and the last error: the pool has no thread, and gets none. */
bool wvm_kit_job_submit(struct wvm_kit_job *job);
/* An alarm's: each tick is a callback. */
uint64_t wvm_kit_job_tick(struct wvm_kit_alarm *alarm);
/* Takes back what has not begun; how many there were. */
uint32_t wvm_kit_job_cancel(struct wvm_kit_job *job);
/* Returns when no callback is pending or running. */
void wvm_kit_job_wait(struct wvm_kit_job *job);
/* No timer ticks any more; it is given back once its callbacks are over. `completed` is set and
 * closed then. True: at once. */
bool wvm_kit_job_close(struct wvm_kit_job *job, HANDLE completed);

/* The callback is not counted as busy from now on. True: there is a thread for others. */
bool wvm_kit_job_may_run_long(struct _TP_CALLBACK_INSTANCE *instance);
/* The callback counts as over. */
void wvm_kit_job_leave(struct _TP_CALLBACK_INSTANCE *instance);
static inline void wvm_kit_job_unregister(struct wvm_kit_job *job)
{
    if (job->unregister)
        job->unregister(job);
}

#pragma GCC visibility pop

#endif
