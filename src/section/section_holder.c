/* Holders of named objects: who lives, whose entries are stale, and the purge.
 *
 * Terms    holder = an entry that says: this descriptor of this process is the object;
 *          it lives while the process does (number and start time) and the descriptor still is the
 *          object's file.
 * I1       Only what certainly ended is freed: a process that cannot be examined counts as living.
 * I2       An object exists exactly while a holder of it lives; the entries of others may stay
 *          until somebody looks for the name, or until a purge.
 * I3       A purge looks at each entry once and asks for each process once in a while (the cache);
 *          it is made when the file would grow and has doubled since the last one.
 * Locking  the registry's.   Failure: none; what cannot be read stays.
 * Signal safety  errno is preserved. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "host/host_peer.h"
#include "host/host_process.h"
#include "section/section_registry.h"

enum { CACHE = 64, MAX_OBJECTS = 1 << 16 };

/* What was found out about processes while the registry is open this time. */
static struct {
    uint32_t pid;
    bool lives;
    uint64_t start;
} cache[CACHE];

/* This process, as the last fork or exec left it. */
static pid_t own_pid;
static uint64_t own_start;

uint64_t wvm_holder_own_start(void)
{
    pid_t pid = getpid();
    if (own_pid != pid) {
        if (wvm_host_process_start(pid, &own_start) != 0)
            own_start = 0;
        own_pid = pid;
    }
    return own_start;
}

void wvm_holder_forget(void)
{
    memset(cache, 0, sizeof(cache));
}

/* EPERM: the number belongs to a process of another user, which is no holder. */
static bool process_lives(uint32_t pid, uint64_t start)
{
    if ((pid_t)pid == getpid())
        return start == wvm_holder_own_start();
    unsigned i = pid % CACHE;
    if (cache[i].pid == pid && cache[i].start == start)
        return cache[i].lives;
    uint64_t now = 0;
    int err = wvm_host_process_start((pid_t)pid, &now);
    cache[i].pid = pid;
    cache[i].start = start;
    cache[i].lives =
        err < 0 ? err != -ESRCH && err != -EPERM : now == 0 || start == 0 || now == start;
    return cache[i].lives;
}

bool wvm_holder_lives(const struct wvm_reg_holder *holder, const struct wvm_reg_object *object)
{
    struct wvm_host_peer_fd peer = {
        .pid = (pid_t)holder->pid,
        .fd = holder->fd,
        .dev = object->dev,
        .ino = object->ino,
    };
    return (pid_t)holder->pid > 0 && holder->fd >= 0 && process_lives(holder->pid, holder->start)
           && wvm_host_peer_fd_is(&peer) != 0;
}

/* The entry n if it is a living holder of the object; a dead one is freed. */
static bool take_living(uint32_t n, uint32_t number, const struct wvm_reg_object *object,
                        struct wvm_reg_holder *out)
{
    const struct wvm_reg_holder *h = wvm_reg_holder(n);
    if (!h || h->object != number + 1 || h->generation != object->generation)
        return false;
    *out = *h;
    if (wvm_holder_lives(out, object))
        return true;
    wvm_reg_free_holder(n);
    return false;
}

bool wvm_holder_each(uint32_t object, wvm_holder_visit *visit, void *ctx)
{
    const struct wvm_reg_object *found = wvm_reg_object(object);
    if (!found)
        return false;
    struct wvm_reg_object o = *found;
    struct wvm_reg_holder h;
    bool any = false;
    if (take_living(o.hint, object, &o, &h)) {
        any = true;
        if (!visit(&h, ctx))
            return true;
    }
    for (uint32_t n = 0; n < wvm_reg_n_holders(); n++) {
        if (n == o.hint || !take_living(n, object, &o, &h))
            continue;
        any = true;
        if (!visit(&h, ctx)) {
            wvm_reg_put_hint(object, n);
            return true;
        }
    }
    return any;
}

void wvm_holder_purge(void)
{
    static uint64_t held[MAX_OBJECTS / 64];
    memset(held, 0, sizeof(held));
    for (uint32_t n = 0; n < wvm_reg_n_holders(); n++) {
        const struct wvm_reg_holder *h = wvm_reg_holder(n);
        if (!h || h->object == 0)
            continue;
        uint32_t number = h->object - 1;
        const struct wvm_reg_object *o = wvm_reg_object(number);
        if (o && number < MAX_OBJECTS && o->state == WVM_REG_USED
            && o->generation == h->generation && wvm_holder_lives(h, o))
            held[number / 64] |= (uint64_t)1 << number % 64;
        else
            wvm_reg_free_holder(n);
    }
    for (uint32_t n = 0; n < wvm_reg_n_objects() && n < MAX_OBJECTS; n++) {
        const struct wvm_reg_object *o = wvm_reg_object(n);
        if (o && o->state != WVM_REG_FREE && !(held[n / 64] >> n % 64 & 1))
            wvm_reg_free_object(n);
    }
    wvm_reg_shrink();
    wvm_reg_set_purge_at((uint32_t)wvm_max(1, 2 * wvm_reg_n_steps()));
}
