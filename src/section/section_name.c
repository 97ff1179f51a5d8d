/* Names of sections: the calls of the room, and what this process holds.
 *
 * Owns     the table of held names, the mutex, the flag inside.
 * Terms    registry = the file that the processes of one user share (section_registry.c);
 *          holder = its entry for a descriptor of a process (section_holder.c);
 *          held name = this process's entry for one of its holders; its number is what callers get.
 * I1       Objects live in the kernel: in descriptors of processes. The registry says only where. A
 *          name exists exactly while a process that holds it lives and has its descriptor open.
 * I2       A held name's number is not given out again before its holder entry is gone.
 * I3       No fork happens while the registry is open, except from a signal handler that
 *          interrupted the thread that opened it; that child gives its copy up.
 * Locking  the mutex, then the registry's file lock; the space's lock may be taken inside, never
 *          around. held[].state is set to LEAVING without the mutex, everything else with it.
 * Failure  a status; nothing changes. A release that cannot be made now is made by the next begin.
 * Signal safety  errno is preserved; begin fails in a handler that interrupted this thread between
 *          begin and end. */
#include "section/section_name.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "host/host_peer.h"
#include "section/section_registry.h"
#include "winvm/ntstatus.h"

enum { CHUNK = 128, N_CHUNKS = 512 };
enum held_state { HELD_FREE, HELD, LEAVING };

struct held_name {
    uint32_t state;  /* (a) enum held_state */
    uint32_t object; /* numbers in the registry */
    uint32_t holder; /* WVM_REG_NONE: none of its own (a child whose parent was quicker) */
    uint32_t generation;
    int fd;
    uint64_t dev, ino;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static WVM_THREAD_LOCAL bool inside;
static struct held_name *chunks[N_CHUNKS];
static uint32_t n_held_top; /* no used entry at or above it */
static uint32_t n_leaving;  /* (a) */
static bool purged;         /* this process has made its first purge */

static struct held_name *held_at(uint32_t n)
{
    return &chunks[n / CHUNK][n % CHUNK];
}

static uint32_t state_of(const struct held_name *h)
{
    return __atomic_load_n(&h->state, __ATOMIC_ACQUIRE);
}

/* ---- begin and end ---- */

/* The object's entry if it still is the one that was held. */
static bool object_is(const struct held_name *h)
{
    const struct wvm_reg_object *o = wvm_reg_object(h->object);
    return o && o->state == WVM_REG_USED && o->generation == h->generation && o->dev == h->dev
           && o->ino == h->ino;
}

static bool stop_at_first(const struct wvm_reg_holder *holder, void *ctx)
{
    (void)holder;
    (void)ctx;
    return false;
}

/* Frees our holder, and the object with the last one. */
static void leave(struct held_name *h)
{
    const struct wvm_reg_holder *r = wvm_reg_holder(h->holder);
    if (r && object_is(h) && r->object == h->object + 1 && r->generation == h->generation
        && r->pid == (uint32_t)getpid() && r->fd == h->fd && r->start == wvm_holder_own_start()) {
        wvm_reg_free_holder(h->holder);
        if (!wvm_holder_each(h->object, stop_at_first, NULL)) {
            wvm_reg_free_object(h->object);
            wvm_reg_shrink();
        }
    }
    __atomic_store_n(&h->state, HELD_FREE, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&n_leaving, 1, __ATOMIC_ACQ_REL);
}

static void leave_all(void)
{
    if (__atomic_load_n(&n_leaving, __ATOMIC_ACQUIRE) == 0)
        return;
    for (uint32_t n = 0; n < n_held_top; n++)
        if (state_of(held_at(n)) == LEAVING)
            leave(held_at(n));
}

wvm_status wvm_names_begin(void)
{
    if (inside)
        return STATUS_POSSIBLE_DEADLOCK;
    inside = true;
    pthread_mutex_lock(&mutex);
    wvm_status status = wvm_reg_open();
    if (status < 0) {
        pthread_mutex_unlock(&mutex);
        inside = false;
        return status;
    }
    wvm_holder_forget();
    leave_all();
    return STATUS_SUCCESS;
}

void wvm_names_end(void)
{
    leave_all();
    wvm_reg_close();
    pthread_mutex_unlock(&mutex);
    inside = false;
}

bool wvm_names_inside(void)
{
    return inside;
}

/* ---- find ---- */

static bool is_valid(const struct wvm_name_key *key)
{
    return key->len >= 1 && key->len <= WVM_NAME_MAX;
}

/* The number of the object that has the name, alive or not; WVM_REG_NONE: none. */
static uint32_t find_object(const struct wvm_name_key *key, struct wvm_name_object *out)
{
    uint32_t hash = wvm_reg_hash(key);
    for (uint32_t n = 0; n < wvm_reg_n_objects(); n++) {
        const struct wvm_reg_object *o = wvm_reg_object(n);
        if (o && o->state == WVM_REG_USED && o->hash == hash && wvm_reg_body_is(n, key, out))
            return n;
    }
    return WVM_REG_NONE;
}

struct opening {
    uint64_t dev, ino;
    int fd; /* or -errno */
    bool writable;
};

static bool try_open(const struct wvm_reg_holder *holder, void *ctx)
{
    struct opening *o = ctx;
    struct wvm_host_peer_fd peer = {(pid_t)holder->pid, holder->fd, o->dev, o->ino};
    int fd = wvm_host_peer_fd_open(&peer, &o->writable);
    if (fd >= 0 || o->fd == -ENOENT)
        o->fd = fd; /* the first reason that is not "has just ended" */
    return fd < 0;
}

static wvm_status status_of_open(int err)
{
    switch (err) {
    case -ENOENT:
    case -ESRCH:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case -EMFILE:
    case -ENFILE:
    case -ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_ACCESS_DENIED;
    }
}

wvm_status wvm_name_find(const struct wvm_name_key *key, struct wvm_name_object *out, int *fd,
                         bool *writable)
{
    if (!is_valid(key))
        return STATUS_OBJECT_NAME_INVALID;
    uint32_t n = find_object(key, out);
    if (n == WVM_REG_NONE)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    struct opening o = {.dev = out->dev, .ino = out->ino, .fd = -ENOENT};
    if (!wvm_holder_each(n, try_open, &o))
        wvm_reg_free_object(n);
    if (o.fd < 0)
        return status_of_open(o.fd);
    *fd = o.fd;
    *writable = o.writable;
    return STATUS_SUCCESS;
}

uint32_t wvm_name_of(const struct wvm_name_key *key)
{
    uint32_t object = is_valid(key) ? find_object(key, NULL) : WVM_REG_NONE;
    if (object == WVM_REG_NONE)
        return 0;
    for (uint32_t n = 0; n < n_held_top; n++) {
        const struct held_name *h = held_at(n);
        struct wvm_host_peer_fd own = {getpid(), h->fd, h->dev, h->ino};
        if (state_of(h) == HELD && h->object == object && object_is(h)
            && wvm_host_peer_fd_is(&own) == 1)
            return n + 1;
    }
    return 0;
}

/* ---- hold ---- */

static uint32_t free_object(void)
{
    for (uint32_t n = 0; n < wvm_reg_n_objects(); n++) {
        const struct wvm_reg_object *o = wvm_reg_object(n);
        if (o && o->state == WVM_REG_FREE)
            return n;
    }
    return WVM_REG_NONE;
}

static uint32_t free_holder(uint32_t from)
{
    for (uint32_t n = from; n < wvm_reg_n_holders(); n++) {
        const struct wvm_reg_holder *h = wvm_reg_holder(n);
        if (h && h->object == 0)
            return n;
    }
    return WVM_REG_NONE;
}

/* Room for one more of each; *object is left alone when it is a number already. */
static bool make_room(uint32_t *object, uint32_t *holder)
{
    uint32_t known = *object;
    bool may_purge = wvm_reg_n_steps() >= wvm_reg_purge_at();
    for (;;) {
        *object = known == WVM_REG_NONE ? free_object() : known;
        *holder = free_holder(0);
        if (*object != WVM_REG_NONE && *holder != WVM_REG_NONE)
            return true;
        if (may_purge)
            wvm_holder_purge();
        else if (!wvm_reg_grow())
            return false;
        may_purge = false;
    }
}

/* A free entry of the table, with memory; NULL: there is none. */
static struct held_name *new_held(uint32_t *number)
{
    uint32_t n = 0;
    while (n < n_held_top && state_of(held_at(n)) != HELD_FREE)
        n++;
    if (n == CHUNK * N_CHUNKS)
        return NULL;
    if (!chunks[n / CHUNK]) {
        void *memory;
        if (wvm_host.meta(CHUNK * sizeof(struct held_name), &memory) != 0)
            return NULL;
        chunks[n / CHUNK] = memory;
    }
    if (n == n_held_top)
        n_held_top++;
    *number = n;
    return held_at(n);
}

static bool put_holder(const struct held_name *h)
{
    struct wvm_reg_holder entry = {
        .object = h->object + 1,
        .generation = h->generation,
        .pid = (uint32_t)getpid(),
        .fd = h->fd,
        .start = wvm_holder_own_start(),
    };
    return wvm_reg_put_holder(h->holder, &entry);
}

static bool put_object(const struct held_name *h, const struct wvm_name_key *key,
                       const struct wvm_name_object *object)
{
    struct wvm_reg_object entry = {
        .state = WVM_REG_USED,
        .hash = wvm_reg_hash(key),
        .dev = h->dev,
        .ino = h->ino,
        .generation = h->generation,
        .hint = h->holder,
    };
    return h->generation != 0 && wvm_reg_put_object(h->object, &entry, key, object);
}

/* The living object of that name, or WVM_REG_NONE. */
static uint32_t find_living(const struct wvm_name_key *key)
{
    uint32_t n = find_object(key, NULL);
    if (n == WVM_REG_NONE || wvm_holder_each(n, stop_at_first, NULL))
        return n;
    wvm_reg_free_object(n);
    return WVM_REG_NONE;
}

wvm_status wvm_name_hold(const struct wvm_name_key *key, const struct wvm_name_object *object,
                         int fd, uint32_t *name)
{
    if (!is_valid(key))
        return STATUS_OBJECT_NAME_INVALID;
    if (!purged)
        wvm_holder_purge();
    purged = true;
    uint32_t number;
    struct held_name h = {.state = HELD, .object = find_living(key), .fd = fd,
                          .dev = object->dev, .ino = object->ino};
    bool fresh = h.object == WVM_REG_NONE;
    struct held_name *slot = new_held(&number);
    if (!slot || !make_room(&h.object, &h.holder))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (fresh) {
        h.generation = wvm_reg_new_generation();
        if (!put_object(&h, key, object))
            return STATUS_INSUFFICIENT_RESOURCES;
    } else {
        const struct wvm_reg_object *o = wvm_reg_object(h.object);
        if (!o || o->dev != h.dev || o->ino != h.ino)
            return o ? STATUS_OBJECT_NAME_COLLISION : STATUS_INSUFFICIENT_RESOURCES;
        h.generation = o->generation;
    }
    if (!put_holder(&h)) {
        if (fresh)
            wvm_reg_free_object(h.object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *slot = h;
    *name = number + 1;
    return STATUS_SUCCESS;
}

void wvm_name_release(uint32_t name)
{
    if (name == 0)
        return;
    __atomic_fetch_add(&n_leaving, 1, __ATOMIC_ACQ_REL);
    __atomic_store_n(&held_at(name - 1)->state, LEAVING, __ATOMIC_RELEASE);
    if (wvm_names_begin() >= 0)
        wvm_names_end();
}

/* ---- fork ---- */

void wvm_names_before_fork(void)
{
    if (!inside)
        pthread_mutex_lock(&mutex);
}

void wvm_names_after_fork_parent(void)
{
    if (!inside)
        pthread_mutex_unlock(&mutex);
}

/* Names that were leaving are the parent's business. True: some are held. */
static bool drop_leaving(void)
{
    bool any = false;
    for (uint32_t n = 0; n < n_held_top; n++) {
        struct held_name *h = held_at(n);
        h->holder = WVM_REG_NONE;
        if (state_of(h) == LEAVING)
            h->state = HELD_FREE;
        any = any || h->state == HELD;
    }
    n_leaving = 0;
    return any;
}

/* The child's own holders, in one pass. */
static void hold_all(void)
{
    uint32_t place = 0;
    for (uint32_t n = 0; n < n_held_top; n++) {
        struct held_name *h = held_at(n);
        if (h->state != HELD || !object_is(h))
            continue;
        place = free_holder(place);
        if (place == WVM_REG_NONE) {
            place = wvm_reg_n_holders();
            if (!wvm_reg_grow())
                return;
        }
        h->holder = place;
        if (!put_holder(h))
            h->holder = WVM_REG_NONE;
    }
}

void wvm_names_after_fork_child(void)
{
    bool nested = inside;
    if (nested)
        wvm_reg_abandon();
    else
        pthread_mutex_unlock(&mutex);
    if (!drop_leaving() || nested || wvm_names_begin() < 0)
        return;
    hold_all();
    wvm_names_end();
}
