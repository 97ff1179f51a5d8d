/* Moments at which something is done, for timers of all kinds. */
#ifndef WVM_KIT_KIT_ALARM_H
#define WVM_KIT_KIT_ALARM_H

#include "kit/kit_wait.h"

#pragma GCC visibility push(hidden)

/* All 0 but for `ring` is one that is not set. It lives at least until it is stopped. */
struct wvm_kit_alarm {
    struct wvm_kit_links on; /* while it is set */
    uint64_t due;            /* as of wvm_kit_now */
    bool is_set;
    /* The moment has come: called under the alarms' lock, which comes before the dispatch lock;
     * returns the next one, or 0. */
    uint64_t (*ring)(struct wvm_kit_alarm *alarm);
};

/* Sets it, or sets it anew. False: there is no thread for it, and it is not set. */
bool wvm_kit_alarm_set(struct wvm_kit_alarm *alarm, uint64_t due);
/* When it returns the alarm is not set, and does not ring. True: it was set. Not under the dispatch
 * lock. */
bool wvm_kit_alarm_stop(struct wvm_kit_alarm *alarm);
/* The moment of a due time of Windows, in units of 100 ns: negative from now on, else since 1601.
 * *when: that moment since 1601. */
uint64_t wvm_kit_alarm_due(int64_t time, int64_t *when);
/* The first moment behind now that is a multiple of `period` (nanoseconds, not 0) behind `due`. */
uint64_t wvm_kit_alarm_next(uint64_t due, uint64_t period);

/* A lock that comes behind the alarms' lock is taken for each fork, and in the child, before it is
 * let go, `child` is called. Once. */
void wvm_kit_alarm_forks(struct wvm_kit_lock *inner, void (*child)(void));

#pragma GCC visibility pop

#endif
