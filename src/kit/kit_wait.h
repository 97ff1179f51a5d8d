/* Objects that can be waited for. */
#ifndef WVM_KIT_KIT_WAIT_H
#define WVM_KIT_KIT_WAIT_H

#include "kit/kit.h"
#include "kit/kit_lock.h"
#include "kit/kit_store.h"

#pragma GCC visibility push(hidden)

/* A ring; a head of one that points to itself is empty. */
struct wvm_kit_links {
    struct wvm_kit_links *prev, *next;
};
#define WVM_KIT_CONTAINER(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))
static inline void wvm_kit_ring(struct wvm_kit_links *head)
{
    head->prev = head->next = head;
}
static inline void wvm_kit_link(struct wvm_kit_links *head, struct wvm_kit_links *l)
{
    struct wvm_kit_links *prev = head->prev;
    l->prev = prev;
    l->next = head;
    prev->next = head->prev = l;
}
static inline void wvm_kit_unlink(struct wvm_kit_links *l)
{
    struct wvm_kit_links *prev = l->prev, *next = l->next;
    prev->next = next;
    next->prev = prev;
}

struct wvm_kit_thread;
/* First member of every object of the kit. The low half of `word` is the state of a kind that can
 * be taken without the lock, with WVM_KIT_FROZEN; the high half is the number of the object's life,
 * which changes before the memory is another object's. */
struct wvm_kit_object {
    struct winvm_object head;
    struct wvm_kit_links waits;                /* the dispatch lock */
    uint64_t word __attribute__((aligned(8))); /* (a) */
};
/* Only who has the dispatch lock changes the word. */
#define WVM_KIT_FROZEN (UINT64_C(1) << 31)
#define WVM_KIT_LIFE (UINT64_C(1) << 32)
#define WVM_KIT_STATE (WVM_KIT_FROZEN - 1)

/* The wait of the calling thread for the object of h, which is not held; the word was `seen` in the
 * life that is meant. What it cannot end without the lock, wvm_kit_wait_slowly does; a wait that is
 * not ready, wvm_kit_wait_on. */
typedef DWORD wvm_kit_quick_fn(struct wvm_kit_object *object, uint64_t seen, HANDLE h, DWORD ms);
struct wvm_kit_kind {
    struct winvm_object_kind kind; /* first; .gone is wvm_kit_gone */
    struct wvm_kit_store store;
    size_t kept;             /* bytes at the end that the kind clears itself, all 0 in new memory */
    wvm_kit_quick_fn *quick; /* NULL: only under the lock */
    /* The last reference is dropped. True: the object keeps its memory, and gives it up by itself
     * (wvm_kit_put). NULL: never. */
    bool (*keeps)(struct wvm_kit_object *object);
    /* Under the dispatch lock, the object frozen. NULL: not to be waited for. */
    bool (*ready)(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter);
    /* The wait of `waiter` is over: what it does to a ready object. True: it was abandoned. */
    bool (*take)(struct wvm_kit_object *object, struct wvm_kit_thread *waiter);
    /* (a) What the object has is given up, as nobody refers to it any more; without a lock. NULL:
     * nothing. */
    void (*clear)(struct wvm_kit_object *object);
};

/* An object of a kind, all 0 behind its first member but for what the kind clears itself, with a
 * reference of the caller's. NULL and the last error: no memory. */
void *wvm_kit_object_new(struct wvm_kit_kind *kind);
void wvm_kit_gone(struct winvm_object *object);
static inline struct wvm_kit_kind *wvm_kit_kind_of(const struct wvm_kit_object *object)
{
    return (struct wvm_kit_kind *)object->head.kind;
}
static inline void wvm_kit_drop(struct wvm_kit_object *object)
{
    winvm_object_drop(&object->head);
}
/* A handle to a new object, which takes over the caller's reference. NULL and the last error. */
HANDLE wvm_kit_handle(struct wvm_kit_object *object, uint32_t access);
/* The object of a handle of this kind, held; NULL and the last error. */
void *wvm_kit_object_of(HANDLE h, struct wvm_kit_kind *kind, uint32_t rights);
/* The last of these calls that failed did so for an object of another kind. */
extern WVM_THREAD_LOCAL bool wvm_kit_other_kind;
/* For one wait, an object, held, that is ready when the process of a handle of winvm's has ended,
 * or its memory notification is signalled. sleeps: somebody shall hear of it. NULL and the last
 * error: it is no such handle, or does not grant SYNCHRONIZE. */
struct wvm_kit_object *wvm_kit_watch(HANDLE h, bool sleeps);
/* The object of a handle that can be waited for, held: its own, or one of wvm_kit_watch. False and
 * the last error. */
bool wvm_kit_hold(HANDLE h, struct wvm_kit_object **out, bool sleeps);
/* The handle can be waited for, and grants it; false and the last error. */
bool wvm_kit_can_wait(HANDLE h);
/* Both are of that kind, and stand for the same. */
bool wvm_kit_watches_same(const struct wvm_kit_object *a, const struct wvm_kit_object *b);

/* The wait for one object, under the lock. */
DWORD wvm_kit_wait_slowly(HANDLE h, DWORD ms);
static inline DWORD wvm_kit_wait_on(HANDLE h, DWORD ms)
{
    return ms == 0 ? WAIT_TIMEOUT : wvm_kit_wait_slowly(h, ms);
}

/* Lets a child process go by the handle of its thread; set by who makes such children. */
extern bool (*wvm_kit_resume_child)(HANDLE thread, DWORD *before);

/* How an object is at this moment, by a handle that grants `rights`; false and the last error. */
bool wvm_kit_event_look(HANDLE h, uint32_t rights, EVENT_BASIC_INFORMATION *out);
bool wvm_kit_mutex_look(HANDLE h, uint32_t rights, MUTANT_BASIC_INFORMATION *out);
bool wvm_kit_semaphore_look(HANDLE h, uint32_t rights, SEMAPHORE_BASIC_INFORMATION *out);

/* Sets an event, or resets it; *was: how it was. False and the last error. */
bool wvm_kit_event_change(HANDLE h, bool set, bool *was);

/* A wait that calls queued to the thread end, without objects: WAIT_IO_COMPLETION, or 0 for the
 * end of the time. */
DWORD wvm_kit_sleep_alertable(DWORD ms);
/* Ends the thread's wait if it is one that queued calls end. Under the lock, which is given up with
 * wvm_kit_dispatch_end. */
void wvm_kit_alert(struct wvm_kit_thread *thread);
/* The wait that the thread sleeps in, if any, is taken down: it takes nothing, and does not end;
 * the thread hangs it up again if it comes back. The caller's own, or a parked one's; without a
 * lock. */
void wvm_kit_wait_abandon(struct wvm_kit_thread *t);
/* The same for good: the caller's objects are let go. */
void wvm_kit_wait_end(struct wvm_kit_thread *self);
/* In a child of fork(), for a thread that is not there: nothing of its wait hangs anywhere. Under
 * the lock. */
void wvm_kit_wait_in_child(struct wvm_kit_thread *t);
/* Makes the calls that are queued to the calling thread; set by who queues them. */
extern void (*wvm_kit_make_calls)(struct wvm_kit_thread *self);

/* Who waits for what, and the states of frozen objects. Given up with wvm_kit_dispatch_end, which
 * wakes those whose wait has ended. */
extern struct wvm_kit_lock wvm_kit_dispatch_line[16]; /* all of a cache line */
#define wvm_kit_dispatch (wvm_kit_dispatch_line[0])
void wvm_kit_dispatch_end(void);
/* Takes the lock if the handle is of that kind, grants the rights, and a wait hangs on its object,
 * which is therefore held until the lock is given up. Else NULL. */
struct wvm_kit_object *wvm_kit_lock_waited(HANDLE h, uint32_t rights,
                                           const struct wvm_kit_kind *kind);
/* The object, frozen, may have become ready: ends the waits that this ends. Under the lock. */
void wvm_kit_signal(struct wvm_kit_object *object);

/* ---- Words ---- */

static inline uint64_t wvm_kit_word(const struct wvm_kit_object *object)
{
    return __atomic_load_n(&object->word, __ATOMIC_ACQUIRE);
}
static inline void wvm_kit_set_word(struct wvm_kit_object *object, uint64_t word)
{
    __atomic_store_n(&object->word, word, __ATOMIC_RELEASE);
}
/* From *seen to next; false: *seen is what the word is. */
static inline bool wvm_kit_swap_shared(struct wvm_kit_object *object, uint64_t *seen, uint64_t next)
{
    return __atomic_compare_exchange_n(&object->word, seen, next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}
static inline bool wvm_kit_swap(struct wvm_kit_object *object, uint64_t *seen, uint64_t next)
{
    if (!WVM_KIT_ALONE)
        return wvm_kit_swap_shared(object, seen, next);
    wvm_kit_set_word(object, next);
    return true;
}
/* The state of a new object, or of a frozen one under the lock. */
static inline void wvm_kit_set_state(struct wvm_kit_object *object, uint64_t state)
{
    wvm_kit_set_word(object, (wvm_kit_word(object) & ~WVM_KIT_STATE) | state);
}
/* Under the lock: from now on, until it is thawed, the word changes under the lock only. */
static inline void wvm_kit_freeze(struct wvm_kit_object *object)
{
    uint64_t seen = wvm_kit_word(object);
    while (!(seen & WVM_KIT_FROZEN) && !wvm_kit_swap(object, &seen, seen | WVM_KIT_FROZEN))
        ;
}
/* Unless a wait hangs on it. */
static inline void wvm_kit_thaw(struct wvm_kit_object *object)
{
    uint64_t word = wvm_kit_word(object);
    if ((word & WVM_KIT_FROZEN) && object->waits.next == &object->waits)
        wvm_kit_set_word(object, word & ~WVM_KIT_FROZEN);
}
/* Is the word still one of the life that `seen` tells, and not frozen? */
static inline bool wvm_kit_is_open(uint64_t word, uint64_t seen)
{
    return !(word & WVM_KIT_FROZEN) && word >> 32 == seen >> 32;
}

/* What the thread found out about the handle that it used last. Nothing of it is held: it is true
 * as long as the place shows the same. */
struct wvm_kit_known {
    struct wvm_kit_object *object; /* NULL: nothing */
    const struct winvm_place *place;
    wvm_kit_quick_fn *quick; /* of its kind */
    uint32_t handle, tag;
};
extern WVM_THREAD_LOCAL struct wvm_kit_known wvm_kit_known;

/* The object of a handle that grants the rights, which is not held, with the word that it had while
 * it surely lived, and `quick` of its kind; by now it may not live. NULL: it is not known. */
static inline struct wvm_kit_object *wvm_kit_recall(HANDLE h, uint32_t rights,
                                                    wvm_kit_quick_fn **quick, uint64_t *word)
{
    const struct wvm_kit_known *k = &wvm_kit_known;
    struct wvm_kit_object *object = k->object;
    if (WVM_UNLIKELY(k->handle != (uintptr_t)h || !object))
        return NULL;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler may have changed the rest meanwhile */
    const struct winvm_place *p = k->place;
    *word = wvm_kit_word(object);
    *quick = k->quick;
    bool same = __atomic_load_n(&p->tag, __ATOMIC_ACQUIRE) == k->tag &&
                __atomic_load_n(&p->object, __ATOMIC_ACQUIRE) == object &&
                (__atomic_load_n(&p->access, __ATOMIC_ACQUIRE) & rights) == rights;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return WVM_LIKELY(same && k->handle == (uintptr_t)h) ? object : NULL;
}
/* The same from the table of handles; then it is known. NULL: ask wvm_kit_object_of. */
struct wvm_kit_object *wvm_kit_glance(HANDLE h, uint32_t rights, wvm_kit_quick_fn **quick,
                                      uint64_t *word);

/* The same two by a handle of that kind. */
static inline struct wvm_kit_object *
wvm_kit_recall_of(HANDLE h, uint32_t rights, const struct wvm_kit_kind *kind, uint64_t *word)
{
    wvm_kit_quick_fn *quick;
    struct wvm_kit_object *object = wvm_kit_recall(h, rights, &quick, word);
    return WVM_LIKELY(object && quick == kind->quick) ? object : NULL;
}
struct wvm_kit_object *wvm_kit_glance_of(HANDLE h, uint32_t rights, const struct wvm_kit_kind *kind,
                                         uint64_t *word);

#pragma GCC visibility pop

#endif
