/* Processes and memory notifications as objects that can be waited for.
 *
 * Owns    the watches, and the thread that asks the host while somebody sleeps for one.
 * Terms   watch = such an object, made for one wait; watcher = that thread; polled = watched by
 *         asking again and again, as the host tells nothing by itself.
 * I1      The watcher, its descriptors and those of watches exist only while there are watches in
 *         the ring: who waits for nothing of these has no thread and no descriptor.
 * I2      A process whose end is known stays over; a notification is asked for each time.
 * I3      The ring and the descriptors change under the dispatch lock. The child of a fork has none
 *         of its parent's.
 * Locking: the starter's, then the dispatch lock.   Failure: no watch, with the last error.
 * Signal safety: none. */
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kit/kit_service.h"
#include "kit/kit_wait.h"

#define INTERVAL_NS 50000000
#if !defined(SYS_pidfd_open)
#define SYS_pidfd_open 434
#endif

struct watch {
    struct wvm_kit_object object; /* first */
    struct winvm_awaited what;
    bool is_over;
    int fd;               /* of the process; -1: polled, or nothing to hear */
    pid_t owner;          /* in whose ring it is; 0: in none */
    struct wvm_kit_links on;
};

static struct {
    struct wvm_kit_lock starter;
    struct wvm_kit_links ring;
    pid_t owner; /* 0: there is none */
    int epoll, timer;
    uint32_t n_polled;
} watcher;

static bool is_polled(const struct watch *w)
{
    return w->fd < 0 &&
           !(w->what.kind == WINVM_AWAITED_PROCESS && (pid_t)w->what.number == getpid());
}

static bool is_ready(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    struct watch *w = (struct watch *)object;
    (void)waiter;
    if (!w->is_over || w->what.kind == WINVM_AWAITED_NOTICE)
        w->is_over = winvm_awaited_is_over(&w->what);
    return w->is_over;
}

static bool take_nothing(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    (void)object;
    (void)waiter;
    return false;
}

static void gone(struct winvm_object *object);

static struct wvm_kit_kind watches = {
    .kind = {.name = "Watch", .gone = gone},
    .store = {.size = sizeof(struct watch)},
    .ready = is_ready,
    .take = take_nothing,
};

/* ---- The watcher ---- */

/* Polls while somebody is polled; with an empty ring it rings at once, for the watcher to end.
 * Under the dispatch lock. */
static void set_timer(void)
{
    struct itimerspec spec = {{0, 0}, {0, 0}};
    if (watcher.ring.next == &watcher.ring)
        spec.it_value.tv_nsec = 1;
    else if (watcher.n_polled > 0)
        spec.it_value.tv_nsec = spec.it_interval.tv_nsec = INTERVAL_NS;
    timerfd_settime(watcher.timer, 0, &spec, NULL);
}

/* False: nobody is watched any more, and the watcher is none. */
static bool look_at_all(void)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    bool any = watcher.ring.next != &watcher.ring;
    for (struct wvm_kit_links *l = watcher.ring.next; l != &watcher.ring; l = l->next)
        wvm_kit_signal(&WVM_KIT_CONTAINER(l, struct watch, on)->object);
    if (!any) {
        close(watcher.epoll);
        close(watcher.timer);
        watcher.owner = 0;
    }
    wvm_kit_dispatch_end();
    return any;
}

static void *watch_all(void *unused)
{
    int epoll = watcher.epoll, timer = watcher.timer;
    struct epoll_event event;
    uint64_t n;
    (void)unused;
    pthread_setname_np(pthread_self(), "winvm-watch");
    do {
        int got = epoll_wait(epoll, &event, 1, -1);
        if (got < 0 && errno != EINTR)
            usleep(INTERVAL_NS / 1000); /* the program closed it: everybody is polled */
        else if (got == 1 && event.data.fd == timer && read(timer, &n, sizeof n) < 0)
            continue;
    } while (look_at_all());
    return NULL;
}

static bool open_descriptors(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    event.data.fd = timer;
    if (epoll >= 0 && timer >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0) {
        watcher.epoll = epoll;
        watcher.timer = timer;
        return true;
    }
    if (epoll >= 0)
        close(epoll);
    if (timer >= 0)
        close(timer);
    return false;
}

/* Puts the watch into the ring. False: nobody watches it yet. */
static bool join(struct watch *w)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = w->fd};
    wvm_kit_lock(&wvm_kit_dispatch);
    bool there = watcher.owner == getpid();
    if (there) {
        if (w->fd >= 0 && epoll_ctl(watcher.epoll, EPOLL_CTL_ADD, w->fd, &event) != 0) {
            close(w->fd);
            w->fd = -1;
        }
        bool first = watcher.ring.next == &watcher.ring;
        w->owner = watcher.owner;
        wvm_kit_link(&watcher.ring, &w->on);
        if ((is_polled(w) && watcher.n_polled++ == 0) || first)
            set_timer();
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
    return there;
}

/* A watcher with the watch in its ring. */
static bool start_with(struct watch *w)
{
    if (!open_descriptors())
        return false;
    watcher.n_polled = 0;
    wvm_kit_ring(&watcher.ring);
    __atomic_store_n(&watcher.owner, getpid(), __ATOMIC_RELEASE);
    join(w);
    if (wvm_kit_service(watch_all, NULL))
        return true;
    wvm_kit_lock(&wvm_kit_dispatch);
    wvm_kit_unlink(&w->on);
    w->owner = watcher.owner = 0;
    wvm_kit_unlock(&wvm_kit_dispatch);
    close(watcher.epoll);
    close(watcher.timer);
    return false;
}

static bool listen(struct watch *w)
{
    if (w->what.kind == WINVM_AWAITED_PROCESS)
        w->fd = (int)syscall(SYS_pidfd_open, w->what.number, 0);
    wvm_kit_lock(&watcher.starter);
    bool heard = join(w) || start_with(w);
    wvm_kit_unlock(&watcher.starter);
    return heard;
}

static void leave(struct watch *w)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    if (w->owner != 0 && w->owner == getpid()) {
        wvm_kit_unlink(&w->on);
        if (w->fd >= 0)
            epoll_ctl(watcher.epoll, EPOLL_CTL_DEL, w->fd, NULL);
        if ((is_polled(w) && --watcher.n_polled == 0) || watcher.ring.next == &watcher.ring)
            set_timer();
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
}

static void gone(struct winvm_object *object)
{
    struct watch *w = (struct watch *)object;
    leave(w);
    if (w->fd >= 0)
        close(w->fd);
    wvm_kit_gone(object);
}

/* ---- What waits use ---- */

struct wvm_kit_object *wvm_kit_watch(HANDLE h, bool sleeps)
{
    struct winvm_awaited what;
    int error = winvm_awaited_get(h, SYNCHRONIZE, &what);
    if (error != 0) {
        wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
        return NULL;
    }
    struct watch *w = wvm_kit_object_new(&watches);
    if (!w)
        return NULL;
    w->what = what;
    w->fd = -1;
    if (!sleeps || listen(w))
        return &w->object;
    wvm_kit_drop(&w->object);
    wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    return NULL;
}

bool wvm_kit_watches_same(const struct wvm_kit_object *a, const struct wvm_kit_object *b)
{
    const struct winvm_awaited *p = &((const struct watch *)a)->what;
    const struct winvm_awaited *q = &((const struct watch *)b)->what;
    return a->head.kind == &watches.kind && b->head.kind == &watches.kind && p->kind == q->kind &&
           p->number == q->number && p->start == q->start;
}
