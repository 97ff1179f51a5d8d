/* What the files of this room share.
 *
 * Layout   system space = one part per kind (struct wvm_pool_part), handed out in pages; a span is
 *          64 KiB of it at a multiple of 64 KiB, cut into slots.
 *          Span: groups of 4 KiB (classes below a page, so that no slot crosses a page) or of
 *          64 KiB (whole pages); each group holds as many slots of the span's class as fit, and
 *          what is left over is one slot of exactly the class of that size (the rest slot).
 * State    eight bytes a slot, kept away from it (struct wvm_pool_state). Index of a slot: its
 *          offset in the span shifted by the place's shift, no two slots have the same.
 * Counters in a thread's ways and tally, in the sums of threads that have ended: a row's value is
 *          all of these together, read while nobody is inside.
 * Way of a slot: span -> magazine of a thread -> block -> magazine of the thread that frees it ->
 *          depot (magazines of all threads, one stack per kind and class) or back to a thread; a
 *          span gets slots back when a thread ends, and when the pool is drained.
 * Locks    registry (threads) > part > tables; none is held while an observer is called. */
#ifndef WVM_POOL_POOL_INTERNAL_H
#define WVM_POOL_POOL_INTERNAL_H

#include "pool/pool_map.h"
#include "pool/pool_pages.h"
#include "pool/pool_thread.h"

/* ---- the view from outside: pool_view.h ---- */
/* Opens it, when everything else is there. */
void wvm_pool_view_open(void);
/* Around every move of counters from a thread to those that have ended. Registry lock. */
void wvm_pool_view_move(void);

/* ---- blocks ---- */
struct wvm_pool_free_request {
    void *block;
    uint32_t tag;
    bool any_tag;
    const void *caller;
};

/* ---- observers: each asks or tells all of them what struct wvm_pool_observer says ---- */
bool wvm_pool_observers_refuse(const struct wvm_pool_request *rq);
void *wvm_pool_observers_serve(const struct wvm_pool_request *rq);
void wvm_pool_observers_allocated(const void *block, const struct wvm_pool_request *rq);
bool wvm_pool_observers_free(const struct wvm_pool_free_request *rq, struct wvm_pool_finding *f);
bool wvm_pool_observers_find(const void *p, struct wvm_pool_block *out);
bool wvm_pool_walk_observers(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg);
void wvm_pool_observers_fork(bool before, bool child);

/* Looks at the slack of an unproven slot. False: *f says what is wrong, unless it says something
 * already. */
bool wvm_pool_prove(const struct wvm_pool_slot *slot, struct wvm_pool_finding *f);
/* Decides whether it is left for later from now on: where the pools are larger than caches, who
 * waits for a slack waits long. */
void wvm_pool_late_check(void);
/* Outside: tells what was found. */
void wvm_pool_tell_found(struct wvm_pool_thread *th);

/* Where a block's state is, of either sort. */
struct wvm_pool_where {
    struct wvm_pool_slot slot;   /* state NULL: the block is whole pages of its own */
    uint32_t page;               /* number of its first page, then */
    struct wvm_pool_block block;
    unsigned row;
};
/* The live block that holds p. False: none. Observers are not asked. */
bool wvm_pool_locate(const void *p, struct wvm_pool_where *out);
/* What is wrong with freeing p. True: nothing, and *out says what it is. */
bool wvm_pool_judge(const void *p, uint32_t tag, bool any_tag, struct wvm_pool_where *out,
                    struct wvm_pool_finding *f);

#endif
