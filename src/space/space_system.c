/* System space: the range that kernel pools live in.
 *
 * Owns     wvm_space_system_range, wvm_space_system_fault.
 * I1  The range is one mapping from the host, in no slab and no gap; its granules are of owner
 *     SYSTEM, so that they are ours and nothing is ever allocated, claimed or described there.
 * I2  It is opened once and stays: start and end are constant once end is not 0.
 * I3  No page of it is in sp->host, sp->locked or any other map: what it maps, protects and locks
 *     is known to its user alone.
 * I4  In a 64-bit process it lies at 4 GiB or above, so that no offset in a based space is an
 *     address of it.
 * The host chooses where it lies: natively below the top, among its own mappings, where it reads as
 * a reservation; under a lower top (the options layout and wow64) all below is the program's, and
 * it lies above, outside user space like the rest of the host's memory there.
 * Address space is what it costs. Under a limit on that (RLIMIT_AS), and in a 32-bit process
 * always, it takes at most an eighth of what is left.
 * Locking: the space lock, taken here; the range is read without.   Failure: nothing changed.
 * Signal safety: reading the range. */
#include "space/space_system.h"

#include <errno.h>

#include "space/space_internal.h"

struct wvm_system_range wvm_space_system_range;
bool (*wvm_space_system_fault)(const struct wvm_system_fault *f);

/* The most that may be asked for, not less than `least`. */
static uint64_t fair_share(uint64_t least, uint64_t most)
{
    size_t left = wvm_host_room_left();
    if (left == SIZE_MAX)
        return most;
    return wvm_max(least, wvm_min(most, wvm_align_down(left / 8, WVM_GRANULE_SIZE)));
}

/* 64-bit programs have none below 4 GiB: I4. */
static bool is_low(uintptr_t start)
{
    return sizeof start == 8 && (uint64_t)start >> 32 == 0;
}

/* A mapping of exactly len bytes that begins with a granule. 0 or -errno. */
static int take_exactly(const struct wvm_space *sp, uint64_t len, uintptr_t *out)
{
    int err = wvm_host.reserve(len, out);
    if (err == 0 && (is_low(*out) || wvm_space_is_left(sp, *out, len))) {
        wvm_host.unmap(*out, len);
        err = -ENOMEM;
    }
    return err;
}

static int take_most(const struct wvm_space *sp, uint64_t least, uint64_t most, uintptr_t *out,
                     uint64_t *taken)
{
    uint64_t len = fair_share(least, most);
    int err;
    while ((err = take_exactly(sp, len, out)) == -ENOMEM && len > least)
        len = wvm_max(least, wvm_align_down(len / 2, WVM_GRANULE_SIZE));
    *taken = len;
    return err;
}

static wvm_status open_locked(struct wvm_space *sp, size_t least, size_t most)
{
    uintptr_t start;
    uint64_t len;
    if (wvm_space_system_range.end)
        return STATUS_SUCCESS;
    if (!wvm_space_stock(sp, 0, 0))
        return STATUS_NO_MEMORY;
    int err = take_most(sp, least, most, &start, &len);
    if (err < 0)
        return wvm_space_no_room(err, least);
    uint64_t lo = start >> WVM_GRANULE_SHIFT;
    wvm_pages_set(&sp->store, &sp->owner, lo, lo + (len >> WVM_GRANULE_SHIFT), WVM_OWNER_SYSTEM);
    sp->n_edges++;
    __atomic_store_n(&wvm_space_system_range.start, start, __ATOMIC_RELAXED);
    __atomic_store_n(&wvm_space_system_range.end, start + (uintptr_t)len, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_system_open(struct wvm_space *sp, size_t least, size_t most, uintptr_t *start,
                                 uintptr_t *end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = open_locked(sp, least, most);
    wvm_space_leave(sp);
    *start = wvm_space_system_range.start;
    *end = wvm_space_system_range.end;
    return status;
}
