/* Where frames come from and where they go: one piece of shared memory that grows.
 *
 * Terms   store = the shared memory; a frame is the page of it at its index; grant = indices that
 *         were taken out of the tables for a call and are filled outside the lock; room = what the
 *         host can give without taking from others.
 * I1  Pages of the store that are no frames have no memory: a frame is filled when it is taken (so
 *     it is zeroed and there), and emptied when it is given back. What cannot be emptied is never
 *     handed out again, and stays charged.
 * I2  The host is never asked for more than its room, less a reserve that stays for everybody: a
 *     frame is memory that cannot be refused later, so it is refused before. Small requests live on
 *     a budget from the last look.
 * I3  Filling and emptying happen outside the lock. Whoever comes back to the lock in a fork child
 *     finds another round, and that nothing of it is his.
 * I4  The store is used only while its descriptor is the one that was made.
 * Frames are pageable where the host has swap: what Windows promises besides, that they never leave
 * memory, would need the right to lock them.
 * Locking: the space lock, taken here.   Failure: nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "host/host_frames.h"
#include "host/host_object.h"
#include "host/host_system.h"
#include "space/space_internal.h"
#include "space/space_physical.h"

#define STEP 4096u       /* frames filled by one call */
#define STEP_LEAST 16u   /* between signals */
#define LOOK_EVERY 16384u
#define BUDGET_MOST 1024u
#define KEEP_LEAST ((uint64_t)32 << 20)
#define KEEP_PART 32     /* of all memory */

struct grant {
    uint32_t first;
    uint64_t n;
    int fd;
    uint32_t round;
};

/* ---- room ---- */

static uint64_t host_room(void)
{
    struct wvm_host_memory m;
    wvm_host_memory_now(&m);
    if (!m.machine)
        return UINT64_MAX; /* the host does not tell */
    uint64_t keep = wvm_max(m.ram / KEEP_PART, wvm_min(KEEP_LEAST, m.ram / 4));
    return m.ram_left > keep ? (m.ram_left - keep) >> WVM_PAGE_SHIFT : 0;
}

/* Frames that may be had of the wanted ones. */
static uint64_t find_room(struct wvm_space *sp, uint64_t want)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t budget = __atomic_load_n(&f->budget, __ATOMIC_RELAXED);
    uint64_t room = want <= budget ? budget : host_room();
    uint64_t n = wvm_min(want, room);
    uint64_t left = want <= budget ? budget - n : wvm_min((room - n) / 16, BUDGET_MOST);
    __atomic_store_n(&f->budget, left, __ATOMIC_RELAXED);
    return n;
}

/* ---- the store ---- */

static bool is_ours(const struct wvm_frames *f)
{
    uint64_t dev, ino;
    return wvm_host_fd_identify(f->fd, &dev, &ino) && dev == f->dev && ino == f->ino;
}

static wvm_status open_store(struct wvm_frames *f)
{
    if (f->made)
        return is_ours(f) ? (wvm_status)STATUS_SUCCESS
                          : wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES,
                                           "the program closed winvm's descriptor", 0);
    f->fd = wvm_host_shm_create("winvm-frames", 0);
    wvm_host_frames_begin(f->fd);
    if (f->fd < 0 || !wvm_host_fd_identify(f->fd, &f->dev, &f->ino))
        return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the host gives no shared memory", 0);
    f->made = true;
    return STATUS_SUCCESS;
}

/* ---- taking ---- */

static wvm_status commit_room(struct wvm_space *sp, uint64_t *n)
{
    uint64_t left = sp->committed < sp->limit ? sp->limit - sp->committed : 0;
    wvm_status status = left ? STATUS_SUCCESS : wvm_space_charge_ok(sp, 1);
    *n = wvm_min(*n, left);
    return status;
}

/* g->n: the wanted frames in, those of the grant out. */
static wvm_status grant_locked(struct wvm_space *sp, struct grant *g)
{
    struct wvm_frames *f = &sp->frames;
    wvm_status status = commit_room(sp, &g->n);
    if (!status)
        status = open_store(f);
    if (status)
        return status;
    if (!wvm_space_stock(sp, 0, 0))
        return STATUS_NO_MEMORY;
    g->first = wvm_frames_place(sp, g->n, &g->n);
    if (!g->first)
        return wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
    g->fd = f->fd;
    g->round = f->round;
    f->charged += g->n;
    wvm_space_charge(sp, (int64_t)g->n);
    return STATUS_SUCCESS;
}

static bool is_stale(struct wvm_space *sp, const struct grant *g)
{
    return __atomic_load_n(&sp->frames.round, __ATOMIC_RELAXED) != g->round;
}

/* Frames of the grant, from the first one, that are there now. */
static uint64_t fill(struct wvm_space *sp, const struct grant *g, uint32_t node)
{
    uint64_t done = 0, step = STEP, looked = 0;
    while (done < g->n && !is_stale(sp, g)) {
        uint64_t n = wvm_min(step, g->n - done);
        if (done - looked >= LOOK_EVERY && host_room() < n)
            break;
        looked = done - looked >= LOOK_EVERY ? done : looked;
        uint64_t at = (g->first + done) << WVM_PAGE_SHIFT;
        int err = wvm_host_frames_fill(g->fd, at, n << WVM_PAGE_SHIFT, node);
        if (!err) {
            done += n;
            continue;
        }
        if (err != -EINTR && n <= STEP_LEAST)
            break;
        step = wvm_max(n / 2, STEP_LEAST);
    }
    return done;
}

/* Indices that are on their way back. */
static void give_locked(struct wvm_space *sp, uint32_t first, uint64_t n)
{
    if (!n)
        return;
    if (wvm_space_stock_close(sp, 0, 0))
        wvm_frames_give(sp, first, n);
    sp->frames.charged -= n;
    wvm_space_charge(sp, -(int64_t)n);
}

static wvm_status settle_locked(struct wvm_space *sp, const struct grant *g, uint64_t done,
                                struct wvm_frame_run *out)
{
    struct wvm_frames *f = &sp->frames;
    if (is_stale(sp, g))
        return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the process was forked meanwhile", 0);
    for (uint64_t i = 0; i < done; i++)
        *wvm_frame_word(f, g->first + (uint32_t)i) = WVM_FRAME_IDLE;
    f->owned += done;
    give_locked(sp, g->first + (uint32_t)done, g->n - done);
    if (!done)
        return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the host has no memory left", 0);
    *out = (struct wvm_frame_run){(uintptr_t)g->first + WVM_FRAME_BASE, done};
    return STATUS_SUCCESS;
}

wvm_status wvm_space_frames_take(struct wvm_space *sp, uint64_t want, uint32_t node,
                                 struct wvm_frame_run *out)
{
    struct grant g = {.n = find_room(sp, want)};
    if (!g.n)
        return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the host has no memory left", 0);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = grant_locked(sp, &g);
    wvm_space_leave(sp);
    if (status)
        return status;
    uint64_t done = fill(sp, &g, node);
    status = wvm_space_enter(sp);
    if (status)
        return status;
    status = settle_locked(sp, &g, done, out);
    wvm_space_leave(sp);
    return status;
}

/* ---- giving back ---- */

/* The frames that number[0] and its followers in the array are, as far as their numbers follow each
 * other, belong to nobody; *g says which. */
static wvm_status release_locked(struct wvm_space *sp, const uintptr_t *number, uint64_t n,
                                 struct grant *g)
{
    struct wvm_frames *f = &sp->frames;
    g->first = wvm_frame_index(f, number[0]);
    if (!g->first)
        return wvm_space_fail(STATUS_INVALID_PARAMETER_3,
                              "not a frame of this process: number", number[0]);
    for (g->n = 1; g->n < n && number[g->n] == number[0] + g->n; g->n++)
        if (!wvm_frame_index(f, number[g->n]))
            break;
    wvm_status status = wvm_space_hide_frames(sp, g->first, g->n);
    if (status)
        return status;
    for (uint64_t i = 0; i < g->n; i++)
        *wvm_frame_word(f, g->first + (uint32_t)i) = WVM_FRAME_NONE;
    f->owned -= g->n;
    g->fd = is_ours(f) ? f->fd : -1;
    g->round = f->round;
    return STATUS_SUCCESS;
}

static wvm_status give_back(struct wvm_space *sp, const struct grant *g)
{
    int err = g->fd < 0 || is_stale(sp, g)
                  ? -EBADF
                  : wvm_host_frames_empty(g->fd, (uint64_t)g->first << WVM_PAGE_SHIFT,
                                          g->n << WVM_PAGE_SHIFT);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    if (!err && !is_stale(sp, g))
        give_locked(sp, g->first, g->n);
    else if (err)
        wvm_host_diag("the memory of %llu frames could not be given back",
                      (unsigned long long)g->n);
    wvm_space_leave(sp);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_frames_free(struct wvm_space *sp, const uintptr_t *number, uint64_t n,
                                 uint64_t *done)
{
    struct grant g = {0};
    wvm_status status = STATUS_SUCCESS;
    for (*done = 0; !status && *done < n; *done += g.n) {
        g.n = 0;
        status = wvm_space_enter(sp);
        if (status)
            break;
        status = release_locked(sp, number + *done, n - *done, &g);
        wvm_space_leave(sp);
        if (status)
            break;
        status = give_back(sp, &g);
    }
    return status;
}

uint64_t wvm_space_frames_owned(const struct wvm_space *sp)
{
    return __atomic_load_n(&sp->frames.owned, __ATOMIC_RELAXED);
}

/* ---- copies of long arrays ---- */

void *wvm_space_scratch(size_t len)
{
    uintptr_t at;
    len = wvm_align_up(len, WVM_GRANULE_SIZE);
    if (len == 0 || wvm_host.reserve(len, &at))
        return NULL;
    if (wvm_host.protect(at, len, WVM_HOST_R | WVM_HOST_W) == 0)
        return (void *)at;
    (void)wvm_host.unmap(at, len);
    return NULL;
}

void wvm_space_scratch_end(void *mem, size_t len)
{
    (void)wvm_host.unmap((uintptr_t)mem, wvm_align_up(len, WVM_GRANULE_SIZE));
}
