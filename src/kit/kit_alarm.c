/* The thread that rings alarms, and their order.
 *
 * Owns    the ring of the alarms that are set, the soonest first; the thread.
 * I1      An alarm is in the ring while is_set.
 * I2      While the ring is not empty there is a thread, in the process that has it; it ends once
 *         the ring has been empty for a while.
 * I3      In a fork child no alarm is set.
 * Locking: one lock, before the dispatch lock.   Failure: nothing is set.
 * Signal safety: none. */
#include "kit/kit_alarm.h"

#include <pthread.h>
#include <time.h>

#include "kit/kit_service.h"

#define LINGER UINT64_C(2000000000)
#define NS_PER_TICK 100
#define TICKS INT64_C(10000000) /* of 100 ns in a second */
#define SECONDS_1601_TO_1970 INT64_C(11644473600)
#define FAR_AHEAD ((uint64_t)INT64_MAX)

static struct wvm_kit_lock lock;
static struct wvm_kit_links ring = {&ring, &ring}; /* lock, and the next */
static bool has_thread;
static uint32_t changes; /* (a) the thread sleeps on it */
static struct wvm_kit_lock *inner; /* (a), of the pools; taken behind ours for a fork */
static struct wvm_kit_lock *held;  /* that it was; the lock */
static void (*inner_child)(void);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct wvm_kit_alarm *alarm_of(struct wvm_kit_links *l)
{
    return WVM_KIT_CONTAINER(l, struct wvm_kit_alarm, on);
}

static bool is_empty(void)
{
    return ring.next == &ring;
}

static void insert(struct wvm_kit_alarm *alarm, uint64_t due)
{
    struct wvm_kit_links *behind = ring.prev;
    while (behind != &ring && alarm_of(behind)->due > due)
        behind = behind->prev;
    alarm->due = due;
    alarm->is_set = true;
    wvm_kit_link(behind->next, &alarm->on);
}

static void take_out(struct wvm_kit_alarm *alarm)
{
    wvm_kit_unlink(&alarm->on);
    alarm->is_set = false;
}

/* ---- The thread ---- */

/* Rings all that is due; the moment of the next one. */
static uint64_t ring_due(void)
{
    while (!is_empty() && alarm_of(ring.next)->due <= wvm_kit_now()) {
        struct wvm_kit_alarm *alarm = alarm_of(ring.next);
        take_out(alarm);
        uint64_t next = alarm->ring(alarm);
        if (next != 0)
            insert(alarm, next);
    }
    return is_empty() ? wvm_kit_now() + LINGER : alarm_of(ring.next)->due;
}

static void *ring_all(void *unused)
{
    bool on_time = true;
    (void)unused;
    pthread_setname_np(pthread_self(), "winvm-alarm");
    wvm_kit_lock(&lock);
    do {
        uint64_t until = ring_due();
        uint32_t seen = __atomic_load_n(&changes, __ATOMIC_RELAXED);
        wvm_kit_unlock(&lock);
        on_time = wvm_kit_park(&changes, seen, until);
        wvm_kit_lock(&lock);
    } while (on_time || !is_empty());
    has_thread = false;
    wvm_kit_unlock(&lock);
    return NULL;
}

static void before_fork(void)
{
    wvm_kit_lock(&lock);
    held = __atomic_load_n(&inner, __ATOMIC_ACQUIRE);
    if (held)
        wvm_kit_lock(held);
}

static void in_parent(void)
{
    if (held)
        wvm_kit_unlock(held);
    wvm_kit_unlock(&lock);
}

static void in_child(void)
{
    while (!is_empty())
        take_out(alarm_of(ring.next));
    has_thread = false;
    if (held)
        inner_child();
    in_parent();
}

static void hear_of_forks(void)
{
    pthread_atfork(before_fork, in_parent, in_child);
}

void wvm_kit_alarm_forks(struct wvm_kit_lock *given, void (*child)(void))
{
    pthread_once(&once, hear_of_forks);
    inner_child = child;
    __atomic_store_n(&inner, given, __ATOMIC_RELEASE);
}

/* ---- What timers use ---- */

bool wvm_kit_alarm_set(struct wvm_kit_alarm *alarm, uint64_t due)
{
    pthread_once(&once, hear_of_forks);
    wvm_kit_lock(&lock);
    if (alarm->is_set)
        take_out(alarm);
    has_thread = has_thread || wvm_kit_service(ring_all, NULL);
    bool done = has_thread;
    if (done) {
        insert(alarm, due);
        if (ring.next == &alarm->on) {
            __atomic_add_fetch(&changes, 1, __ATOMIC_RELEASE);
            wvm_kit_unpark(&changes, 1);
        }
    }
    wvm_kit_unlock(&lock);
    return done;
}

bool wvm_kit_alarm_stop(struct wvm_kit_alarm *alarm)
{
    wvm_kit_lock(&lock);
    bool was_set = alarm->is_set;
    if (was_set)
        take_out(alarm);
    wvm_kit_unlock(&lock);
    return was_set;
}

static int64_t time_since_1601(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ((int64_t)ts.tv_sec + SECONDS_1601_TO_1970) * TICKS + ts.tv_nsec / NS_PER_TICK;
}

uint64_t wvm_kit_alarm_due(int64_t time, int64_t *when)
{
    uint64_t now = wvm_kit_now(), span;
    int64_t today = time_since_1601();
    if (time < 0)
        span = (uint64_t)-(time + 1) + 1;
    else
        span = time > today ? (uint64_t)(time - today) : 0;
    if (when)
        *when = time >= 0 ? time : today + (int64_t)(span < FAR_AHEAD / 2 ? span : FAR_AHEAD / 2);
    return span > (FAR_AHEAD - now) / NS_PER_TICK ? FAR_AHEAD : now + span * NS_PER_TICK;
}

uint64_t wvm_kit_alarm_next(uint64_t due, uint64_t period)
{
    uint64_t now = wvm_kit_now();
    return now < due ? due + period : due + ((now - due) / period + 1) * period;
}
