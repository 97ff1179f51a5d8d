/* Objects of nt's own: a head of counts, in type-stable memory taken from static pools. */
#ifndef WVM_NT_NT_OBJECT_H
#define WVM_NT_NT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

/* First member of an object; both (a). */
struct wvm_object_head {
    uint32_t refs;      /* 0: dead; WVM_OBJECT_FILLING: being made */
    uint32_t n_handles; /* 0 once the last handle is closed; never rises again */
};
#define WVM_OBJECT_FILLING 0x80000000u

/* Objects of one type. `next` is a hint where a dead one may be found, `used` bounds the objects
 * that ever lived. */
struct wvm_object_pool {
    void *first;
    size_t stride;
    uint32_t n;
    uint32_t next, used; /* (a) */
};

/* A dead object taken into state FILLING, or NULL when all live. */
void *wvm_object_claim(struct wvm_object_pool *pool);
/* It lives: one reference, and one handle to come. */
void wvm_object_start(struct wvm_object_head *head);
/* It will not live after all. */
void wvm_object_cancel(struct wvm_object_pool *pool, struct wvm_object_head *head);
/* The objects of a pool one after the other, dead ones too. NULL: no more. */
void *wvm_object_at(const struct wvm_object_pool *pool, uint32_t i);

bool wvm_object_try_hold(struct wvm_object_head *head);
/* True: that was the last reference; the object is FILLING, to be cleaned up and cancelled. */
bool wvm_object_release(struct wvm_object_head *head) WVM_MUST_CHECK;
/* A handle more; false: all are closed. */
bool wvm_object_add_handle(struct wvm_object_head *head);
/* A handle less. True: that was the last one. */
bool wvm_object_sub_handle(struct wvm_object_head *head);
/* The counts of an object that begins with a head. */
void wvm_object_counts(const void *object, uint32_t *handles, uint32_t *refs);

#endif
