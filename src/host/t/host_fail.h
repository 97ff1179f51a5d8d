/* Failures on purpose: the n-th call of a host operation answers an error and does nothing.
 *
 * The failure loop of a test:
 *     for (unsigned n = 1;; n++) {
 *         host_fail_arm(HOST_FAIL_ANY, n, ENOMEM, HOST_FAIL_ONCE);
 *         ... the scenario ...
 *         unsigned fired = host_fail_disarm();
 *         ... check result and invariants ...
 *         if (fired == 0)
 *             break;
 *     }
 * Operations that undo or release (unmap, discard, unlock ...) fail like the others when asked for
 * by name; HOST_FAIL_ANY takes every operation, HOST_FAIL_TAKING only those that may fail for want
 * of a resource on a sound system. */
#ifndef WVM_HOST_T_HOST_FAIL_H
#define WVM_HOST_T_HOST_FAIL_H

#include "host/host.h"

/* Operations with the arguments (address, length). */
#define HOST_FAIL_RANGE_OPS(X)                                                                   \
    X(RESERVE_AT, reserve_at)                                                                    \
    X(UNMAP, unmap)                                                                              \
    X(DISCARD, discard)                                                                          \
    X(ISOLATE, isolate)                                                                          \
    X(FENCE, fence)                                                                              \
    X(UNFENCE, unfence)                                                                          \
    X(DROP, drop)                                                                                \
    X(LAZY_FREE, lazy_free)                                                                      \
    X(POPULATE, populate)                                                                        \
    X(POPULATE_READ, populate_read)                                                              \
    X(COOL, cool)                                                                                \
    X(PAGE_OUT, page_out)                                                                        \
    X(LOCK, lock)                                                                                \
    X(LOCK_SHARED, lock_shared)                                                                  \
    X(UNLOCK, unlock)                                                                            \
    X(SMALL_PAGES, small_pages)                                                                  \
    X(PREFER_LARGE, prefer_large)                                                                \
    X(COLLAPSE, collapse)                                                                        \
    X(WATCH, watch)

enum host_fail_op {
    HOST_FAIL_RESERVE,
    HOST_FAIL_PROTECT,
    HOST_FAIL_META,
    HOST_FAIL_BALLAST,
    HOST_FAIL_SHARE,
    HOST_FAIL_ALIAS,
    HOST_FAIL_WRITTEN,
    HOST_FAIL_MAP_FILE,
    HOST_FAIL_MAP_LARGE,
#define X(id, field) HOST_FAIL_##id,
    HOST_FAIL_RANGE_OPS(X)
#undef X
    HOST_FAIL_N_OPS,
    HOST_FAIL_ANY = HOST_FAIL_N_OPS,
    HOST_FAIL_TAKING, /* reserve, reserve_at, map_file, map_large, protect, meta, ballast, share,
                       * alias, populate, lock, lock_shared */
};

enum host_fail_mode {
    HOST_FAIL_ONCE,    /* the n-th call only */
    HOST_FAIL_FOREVER, /* the n-th call and all after it */
};

/* From now on call number n (from 1) of op answers -err. n 0: count calls, fail none. Puts itself
 * between the callers and what wvm_host holds at the first call; call it after wvm_host_init(). */
void host_fail_arm(enum host_fail_op op, unsigned n, int err, enum host_fail_mode mode);
/* Calls go through again. The number of calls that failed on purpose since host_fail_arm(). */
unsigned host_fail_disarm(void);
/* Calls of one operation, failed ones included, since host_fail_arm(); ANY and TAKING: the sums. */
unsigned host_fail_calls(enum host_fail_op op);
/* "reserve", "protect" ... */
const char *host_fail_name(enum host_fail_op op);
/* Called at each failure on purpose: the place for a breakpoint. */
void host_fail_here(enum host_fail_op op, unsigned n);

#endif
