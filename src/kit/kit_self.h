/* The record of each thread: its object, its identity, its slots. */
#ifndef WVM_KIT_KIT_SELF_H
#define WVM_KIT_KIT_SELF_H

#include <pthread.h>

#include "kit/kit_wait.h"

#pragma GCC visibility push(hidden)

#define WVM_KIT_N_TLS (TLS_MINIMUM_AVAILABLE + 1024)
#define WVM_KIT_N_FLS FLS_MAXIMUM_AVAILABLE

/* The word `suspended` of a thread, which it sleeps on: how often it is still to be resumed; it
 * stands in the handler of kit_stop.c; it has ended; it is to end there. */
#define WVM_KIT_COUNT 0xffu
#define WVM_KIT_PARKED (1u << 31)
#define WVM_KIT_ENDED (1u << 30)
#define WVM_KIT_KILLED (1u << 29)

struct wvm_kit_thread {
    struct wvm_kit_object object;  /* first; signaled once the thread has ended */
    uint32_t tid;                  /* (a) the host's number; 0: not started yet */
    uint32_t suspended;            /* (a) WVM_KIT_COUNT and the bits beside it */
    uint32_t alerted;              /* (a) kit_alert.c */
    void *context;                 /* of the signal's handler; while PARKED is set */
    DWORD exit_code;               /* of the thread until it has ended */
    bool ended;                    /* the dispatch lock */
    bool reached;                  /* (a) the signal of kit_stop.c has come, if not more */
    bool comes;                    /* (a) it sends itself the signal again when it can stop */
    bool given;                    /* (a) made by another thread, and not yet found */
    bool by_ms;                    /* `start` has the convention of Windows */
    int priority;                  /* (a) SetThreadPriority */
    int memory_lowered;            /* (a) below the normal memory priority */
    uint32_t throttle_control, throttle_state; /* (a) as SetThreadInformation has them */
    uint32_t ideal;                /* (a) the ideal processor, from 1; 0: nobody has chosen */
    bool no_boost;                 /* (a) SetThreadPriorityBoost */
    void *start, *argument;        /* what CreateThread was given; NULL: a thread of the host's */
    WCHAR *description;            /* kit_thread_name.c */
    void *calls;                   /* queued to it (kit_apc.c): the dispatch lock */
    void *alertable;               /* the wait that they end: the dispatch lock */
    void *waiting;                 /* the wait that it sleeps in: its own, or while it is parked */
    void *mutex;                   /* of those it owns the one that is not in the ring, or NULL */
    struct wvm_kit_links mutexes;  /* the ring (kit_mutex.c) */
    struct wvm_kit_links all;      /* threads with a record: wvm_kit_threads_lock */
    void *fls[WVM_KIT_N_FLS];      /* slots */
    /* From here on cleared by wvm_kit_thread_new, as little of it is used mostly. */
    TEB teb;                       /* the thread's, filled by kit_teb.c: Self is not NULL then */
    bool more_used;                /* some of the last have been set */
    void *more_tls[WVM_KIT_N_TLS - TLS_MINIMUM_AVAILABLE]; /* slots behind those of teb */
};

extern struct wvm_kit_kind wvm_kit_thread_kind;
extern WVM_THREAD_LOCAL struct wvm_kit_thread *wvm_kit_self_known;
struct wvm_kit_thread *wvm_kit_self_make(void);

/* The calling thread's record; NULL without memory. Lives as long as the thread, at least. */
static inline struct wvm_kit_thread *wvm_kit_self(void)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    return WVM_LIKELY(self != NULL) ? self : wvm_kit_self_make();
}

/* A record for a thread to be started, which adopts it first thing. Its starter, who is busy,
 * enters it into the list, starts the thread, and tells when it has; or takes it back. NULL: no
 * memory. */
struct wvm_kit_thread *wvm_kit_thread_new(void);
void wvm_kit_thread_enter(struct wvm_kit_thread *t);
void wvm_kit_thread_started(struct wvm_kit_thread *t, pthread_t id);
void wvm_kit_thread_adopt(struct wvm_kit_thread *self);
/* The record of a thread of this process by its number, held; NULL: it has none. */
struct wvm_kit_thread *wvm_kit_thread_find(uint32_t tid);
/* A record for a thread that has none, held, which it gets when it asks for its own, or calls
 * wvm_kit_thread_take; take it back if it never does. NULL: no memory. */
struct wvm_kit_thread *wvm_kit_thread_give(uint32_t tid);
void wvm_kit_thread_take_back(struct wvm_kit_thread *t);
/* The calling thread's record, if it has one or is given one. Signal safety: for who has none of
 * the kit's locks. */
struct wvm_kit_thread *wvm_kit_thread_take(void);
/* What the end of a thread does, without the callbacks of Fls*. */
void wvm_kit_thread_end(struct wvm_kit_thread *self);

/* The host's number of a thread of which the caller has a handle: it is started. */
static inline uint32_t wvm_kit_tid_of(const struct wvm_kit_thread *t)
{
    return __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
}
CLIENT_ID wvm_kit_client_id(const struct wvm_kit_thread *t);
/* The thread of a handle that grants either right to ask, or to change; held. NULL and the last
 * error. */
struct wvm_kit_thread *wvm_kit_thread_asked(HANDLE h);
struct wvm_kit_thread *wvm_kit_thread_to_change(HANDLE h);
/* In 1..15, with the class of the process taken for the normal one. */
LONG wvm_kit_absolute_priority(struct wvm_kit_thread *t);
/* Of the first as many as a mask has: those that the thread may run on. */
DWORD_PTR wvm_kit_processors_of(int tid);

/* A slot: the thread's; TlsAlloc and TlsFree set it to 0 (a). */
static inline void **wvm_kit_tls(struct wvm_kit_thread *t, uint32_t i)
{
    return i < TLS_MINIMUM_AVAILABLE ? &t->teb.TlsSlots[i]
                                     : &t->more_tls[i - TLS_MINIMUM_AVAILABLE];
}

/* The host's number of the calling thread. */
extern WVM_THREAD_LOCAL uint32_t wvm_kit_tid_known;
uint32_t wvm_kit_tid_ask(void);
static inline uint32_t wvm_kit_tid(void)
{
    uint32_t tid = wvm_kit_tid_known;
    return WVM_LIKELY(tid != 0) ? tid : wvm_kit_tid_ask();
}

/* The record if the thread's last error is what its block has, as it is unless the program has a
 * SetLastError of its own; else NULL. */
extern WVM_THREAD_LOCAL struct wvm_kit_thread *wvm_kit_quick_known;
/* The calling thread's teb, if it is filled. */
extern WVM_THREAD_LOCAL PTEB wvm_kit_teb_known;

/* Called for each thread that ends, without a lock; NULL: nothing to do. Set once. */
extern void (*wvm_kit_end_fls)(struct wvm_kit_thread *self);
/* The same; then the thread keeps no blocks of heaps. */
extern void (*wvm_kit_end_heap)(void);
/* As the first, under the dispatch lock. */
extern void (*wvm_kit_end_mutexes)(struct wvm_kit_thread *self);
/* A value that a parked fiber has in that slot, taken from it; NULL: none has. Set once, under the
 * lock of the list of threads, as it is called. */
extern void *(*wvm_kit_fiber_fls)(DWORD i);

/* Every record but those of threads that have ended, under the lock. */
extern struct wvm_kit_lock wvm_kit_threads_lock;
extern struct wvm_kit_links wvm_kit_threads;
#define WVM_KIT_EACH_THREAD(t, l)                                                         \
    for (struct wvm_kit_links *l = wvm_kit_threads.next;                                  \
         l != &wvm_kit_threads && ((t) = WVM_KIT_CONTAINER(l, struct wvm_kit_thread, all)); \
         l = l->next)

#pragma GCC visibility pop

#endif
