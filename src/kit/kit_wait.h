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
    l->prev = head->prev;
    l->next = head;
    l->prev->next = l->next->prev = l;
}
static inline void wvm_kit_unlink(struct wvm_kit_links *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
}

struct wvm_kit_thread;
/* First member of every object of the kit. */
struct wvm_kit_object {
    struct winvm_object head;
    struct wvm_kit_links waits; /* the dispatch lock */
};
struct wvm_kit_kind {
    struct winvm_object_kind kind; /* first; .gone is wvm_kit_gone */
    struct wvm_kit_store store;
    /* Under the dispatch lock. NULL: not to be waited for. */
    bool (*ready)(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter);
    /* The wait of `waiter` is over: what it does to a ready object. True: it was abandoned. */
    bool (*take)(struct wvm_kit_object *object, struct wvm_kit_thread *waiter);
    /* (a) What the object has is given up, as nobody refers to it any more; without a lock. NULL:
     * nothing. */
    void (*clear)(struct wvm_kit_object *object);
};

/* An object of a kind, all 0 behind its first member, with a reference of the caller's. NULL and
 * the last error: no memory. */
void *wvm_kit_object_new(struct wvm_kit_kind *kind);
void wvm_kit_gone(struct winvm_object *object);
static inline void wvm_kit_drop(struct wvm_kit_object *object)
{
    winvm_object_drop(&object->head);
}
/* A handle to a new object, which takes over the caller's reference. NULL and the last error. */
HANDLE wvm_kit_handle(struct wvm_kit_object *object, uint32_t access);
/* The object of a handle of this kind, held; NULL and the last error. */
void *wvm_kit_object_of(HANDLE h, struct wvm_kit_kind *kind, uint32_t rights);
/* For one wait, an object, held, that is ready when the process of a handle of winvm's has ended, or
 * its memory notification is signalled. sleeps: somebody shall hear of it. NULL and the last error:
 * it is no such handle, or does not grant SYNCHRONIZE. */
struct wvm_kit_object *wvm_kit_watch(HANDLE h, bool sleeps);
/* The handle can be waited for, and grants it; false and the last error. */
bool wvm_kit_can_wait(HANDLE h);
/* Both are of that kind, and stand for the same. */
bool wvm_kit_watches_same(const struct wvm_kit_object *a, const struct wvm_kit_object *b);

/* Sets an event, or resets it; *was: how it was. False and the last error. */
bool wvm_kit_event_change(HANDLE h, bool set, bool *was);

/* A wait that calls queued to the thread end, without objects: WAIT_IO_COMPLETION, or 0 for the
 * end of the time. */
DWORD wvm_kit_sleep_alertable(DWORD ms);
/* Ends the thread's wait if it is one that queued calls end. Under the lock. */
void wvm_kit_alert(struct wvm_kit_thread *thread);
/* Makes the calls that are queued to the calling thread; set by who queues them. */
extern void (*wvm_kit_make_calls)(struct wvm_kit_thread *self);

/* The state of all objects, and who waits for what. */
extern struct wvm_kit_lock wvm_kit_dispatch;
/* The object may have become ready: ends the waits that this ends. Under the lock. */
void wvm_kit_signal(struct wvm_kit_object *object);

#pragma GCC visibility pop

#endif
