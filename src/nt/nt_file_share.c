/* Share modes: who has which file open, in this process.
 *
 * An open that asks for reading, writing or deleting is refused when an open file object does not
 * share that, or has what the new one does not share. Other processes are not asked.
 * Terms   asking = a file object that wants to be open; open = one that is; opening word = round
 *         and state of one file object; round = how many times somebody has won.
 * I1  One asker wins each round, by compare and swap of `last_win` from the round in which it began
 *     to look to the next one: so nobody became open while it looked.
 * I2  Who has won becomes open before anybody wins again: each asker first finishes what the last
 *     winner may not have done yet.
 * I3  An object whose opening word is 0 does not count. Its owner writes the 0.
 * Locking: none, compare and swap.   Failure: nothing changed.   Signal safety: yes.
 * fork: an opening of another thread that the fork cut off has either won or does not count. */
#include "nt/nt_file.h"

enum { ASKING = 1, OPEN = 2, STATE_BITS = 2 };
#define INDEX_BITS 16
#define LOAD(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)

struct opening {
    uint32_t access, share;
};

/* Round << 16 | index of the winner, or 0xffff: there was none yet. */
static wvm_word64 last_win = 0xffff;

static uint64_t asking_word(uint64_t round)
{
    return round << STATE_BITS | ASKING;
}

/* Makes an asker of that round open; whoever comes first does it. */
static void finish(struct wvm_file *f, uint64_t round)
{
    uint64_t word = asking_word(round);
    __atomic_compare_exchange_n(&f->opening, &word, round << STATE_BITS | OPEN, false,
                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool reads(uint32_t access)
{
    return access & (FILE_READ_DATA | FILE_EXECUTE);
}

static bool writes(uint32_t access)
{
    return access & (FILE_WRITE_DATA | FILE_APPEND_DATA);
}

/* Does this way of sharing forbid that access? */
static bool forbids(uint32_t share, uint32_t access)
{
    return (reads(access) && !(share & FILE_SHARE_READ)) ||
           (writes(access) && !(share & FILE_SHARE_WRITE)) ||
           ((access & DELETE) && !(share & FILE_SHARE_DELETE));
}

static bool counts(uint32_t access)
{
    return reads(access) || writes(access) || (access & DELETE);
}

/* Is the i-th file object an open one of that file, and how? Its fields are one opening's when the
 * word is the same before and after. */
static bool is_open(const struct wvm_file *f, uint64_t dev, uint64_t ino, struct opening *out)
{
    uint64_t word = LOAD(f->opening);
    if ((word & ((1 << STATE_BITS) - 1)) != OPEN || LOAD(f->dev) != dev || LOAD(f->ino) != ino)
        return false;
    out->access = LOAD(f->access);
    out->share = LOAD(f->share);
    return LOAD(f->opening) == word;
}

static bool is_forbidden(const struct wvm_file *f)
{
    const struct wvm_file *other;
    struct opening o;
    for (uint32_t i = 0; (other = wvm_object_at(&wvm_file_pool, i)); i++)
        if (is_open(other, f->dev, f->ino, &o) &&
            (forbids(o.share, f->access) || forbids(f->share, o.access)))
            return true;
    return false;
}

wvm_status wvm_file_share(struct wvm_file *f)
{
    uint32_t index = (uint32_t)(f - (struct wvm_file *)wvm_file_pool.first);
    if (!counts(f->access))
        return STATUS_SUCCESS;
    uint64_t seen = __atomic_load_n(&last_win, __ATOMIC_ACQUIRE);
    for (;;) {
        uint64_t round = (seen >> INDEX_BITS) + 1;
        struct wvm_file *winner = wvm_object_at(&wvm_file_pool, seen & 0xffff);
        if (winner)
            finish(winner, round - 1);
        __atomic_store_n(&f->opening, asking_word(round), __ATOMIC_RELEASE);
        if (is_forbidden(f)) {
            wvm_file_unshare(f);
            return STATUS_SHARING_VIOLATION;
        }
        if (__atomic_compare_exchange_n(&last_win, &seen, round << INDEX_BITS | index, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            finish(f, round);
            return STATUS_SUCCESS;
        }
    }
}

void wvm_file_unshare(struct wvm_file *f)
{
    __atomic_store_n(&f->opening, 0, __ATOMIC_RELEASE);
}

bool wvm_file_deletable(uint64_t dev, uint64_t ino)
{
    const struct wvm_file *f;
    struct opening o;
    for (uint32_t i = 0; (f = wvm_object_at(&wvm_file_pool, i)); i++)
        if (is_open(f, dev, ino, &o) && !(o.share & FILE_SHARE_DELETE))
            return false;
    return true;
}
