/* One piece of shared memory, kept for the next section: making and closing one costs as much as
 * all else that a small section needs.
 *
 * Terms   spare = the memory of a section that ended; round = the time between two forks.
 * I1  Only memory that nobody else can have is kept: of a section made here, without a name, never
 *     described for another process, and not older than the last fork (`round`; 0: not to be kept).
 *     It is taken in the round it was kept in: a fork may come while somebody keeps it.
 * I2  What was in the spare memory is dropped before it is handed out. It stays until then: memory
 *     of more than MOST bytes is not kept.
 * I3  The descriptor is used only after it was found to have its mark still (host_object.h).
 * I4  A section learns its round before it is charged, which takes the space's lock, and a new
 *     round begins with that lock held for the fork: memory of the new round is made after it.
 * A child made by a bare clone(), which runs no fork handlers, must not use views of sections that
 * its parent closes.
 * Locking: none, compare and swap.   Failure: nothing is spare.   Signal safety: all of it.
 * fork: nothing is spare meanwhile, and a new round begins. */
#include "host/host_object.h"
#include "section/section_internal.h"

#define MOST ((uint64_t)1 << 20)

enum { EMPTY, BUSY, FULL };

static struct {
    uint32_t state; /* (a); the fields are its owner's while it is BUSY */
    int fd;
    uint32_t round;
    uint64_t mark;
} spare;
static uint32_t present_round = 1; /* (a) */

static bool claim(uint32_t state)
{
    return __atomic_load_n(&spare.state, __ATOMIC_RELAXED) == state &&
           __atomic_compare_exchange_n(&spare.state, &state, BUSY, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void set_state(uint32_t state)
{
    __atomic_store_n(&spare.state, state, __ATOMIC_RELEASE);
}

uint32_t wvm_spare_round(void)
{
    return __atomic_load_n(&present_round, __ATOMIC_RELAXED);
}

bool wvm_spare_take(uint64_t len, uint32_t round, int *fd, uint64_t *mark)
{
    if (len > MOST || !claim(FULL))
        return false;
    *fd = spare.fd;
    *mark = spare.mark;
    bool mine = spare.round == round;
    set_state(EMPTY);
    if (!wvm_host_fd_is_marked(*fd, *mark))
        return false;
    if (mine && wvm_host_fd_resize(*fd, 0) == 0 && wvm_host_fd_resize(*fd, len) == 0)
        return true;
    wvm_host_fd_close_marked(*fd, *mark);
    return false;
}

bool wvm_spare_keep(const struct wvm_section *s)
{
    if (!s->mark || s->round != wvm_spare_round() || s->size > MOST || !claim(EMPTY))
        return false;
    spare.fd = s->backing.fd;
    spare.round = s->round;
    spare.mark = s->mark;
    set_state(FULL);
    return true;
}

void wvm_spare_before_fork(void)
{
    __atomic_fetch_add(&present_round, 1, __ATOMIC_RELAXED);
    if (!claim(FULL))
        return;
    wvm_host_fd_close_marked(spare.fd, spare.mark);
    set_state(EMPTY);
}
