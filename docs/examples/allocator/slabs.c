/* Slabs of one size class each, in segments of 4 MiB.
 *
 * Segments are reserved at multiples of their size, so that the segment of a block is known by its
 * address. A slab of 64 KiB is committed when it is first used; its blocks are carved one by one,
 * so that no page is touched before it is needed. A slab without blocks is idle: its memory is
 * reset, and if there are many of them, decommitted.
 *
 * Locks: one for each class (its slabs that have free blocks, and the books of its slabs);
 * then, and never before it, one for segments and idle slabs. */
#include <windows.h>
#include "slabs.h"

enum { MOST_IDLE = 16 };
enum slab_state { UNUSED, IDLE, USED };

static SRWLOCK class_locks[N_CLASSES];
static struct slab classes[N_CLASSES], idle;    /* rings */
static CRITICAL_SECTION lock;
static struct segment segments;     /* a ring; those with unused slabs stand first */
static unsigned n_idle;

/* ---- Sizes ---- */

size_t size_of_class(int class)
{
    int top = 7 + (class - 8) / 4;
    if (class < 8)
        return (size_t)(class + 1) * 16;
    return ((size_t)1 << top) + ((size_t)((class - 8) % 4 + 1) << (top - 2));
}

int class_of_size(size_t size)
{
    int top = 7;
    if (size <= 128)
        return size == 0 ? 0 : (int)((size - 1) / 16);
    while ((size - 1) >> top > 1)
        top++;
    return 8 + (top - 7) * 4 + (int)((size - 1) >> (top - 2) & 3);
}

size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

struct segment *segment_of(const void *at)
{
    return (struct segment *)((ULONG_PTR)at & ~(ULONG_PTR)(SEGMENT - 1));
}

static char *start_of(const struct slab *slab)
{
    struct segment *segment = segment_of(slab);
    return (char *)segment + (size_t)(slab - segment->slabs) * SLAB;
}

struct slab *slab_of(const void *at)
{
    return &segment_of(at)->slabs[((ULONG_PTR)at & (SEGMENT - 1)) / SLAB];
}

/* ---- Rings ---- */

static void put_slab(struct slab *ring, struct slab *slab)
{
    slab->next = ring->next;
    slab->prev = ring;
    ring->next->prev = slab;
    ring->next = slab;
}

static void drop_slab(struct slab *slab)
{
    slab->next->prev = slab->prev;
    slab->prev->next = slab->next;
}

void put_segment(struct segment *after, struct segment *segment)
{
    segment->next = after->next;
    segment->prev = after;
    after->next->prev = segment;
    after->next = segment;
}

void drop_segment(struct segment *segment)
{
    segment->next->prev = segment->prev;
    segment->prev->next = segment->next;
}

/* ---- Segments and slabs: under `lock` ---- */

static struct segment *segment_with_room(void)
{
    struct segment *segment = segments.next;
    if (segment != &segments && segment->n_unused > 0)
        return segment;
    segment = os_reserve(SEGMENT, SEGMENT);
    if (!segment)
        return NULL;
    if (!os_commit(segment, HEADER)) {
        os_release(segment);
        return NULL;
    }
    segment->n_unused = N_SLABS - 1;
    put_segment(&segments, segment);
    return segment;
}

static struct slab *commit_slab(void)
{
    struct segment *segment = segment_with_room();
    struct slab *slab = segment ? &segment->slabs[1] : NULL;
    if (!segment)
        return NULL;
    while (slab->state != UNUSED)
        slab++;
    if (!os_commit(start_of(slab), SLAB))
        return NULL;
    if (--segment->n_unused == 0) {     /* full ones stand last */
        drop_segment(segment);
        put_segment(segments.prev, segment);
    }
    return slab;
}

static struct slab *take_slab(int class)
{
    struct slab *slab = idle.next;
    if (slab != &idle) {
        drop_slab(slab);
        n_idle--;
    } else {
        slab = commit_slab();
    }
    if (slab) {
        slab->free = NULL;
        slab->n_used = slab->n_carved = 0;
        slab->class = class;
        slab->state = USED;
    }
    return slab;
}

static void decommit_slab(struct slab *slab)
{
    struct segment *segment = segment_of(slab);
    os_decommit(start_of(slab), SLAB);
    slab->state = UNUSED;
    segment->n_unused++;
    drop_segment(segment);
    put_segment(&segments, segment);
}

static void give_slab(struct slab *slab)
{
    if (n_idle == MOST_IDLE) {
        decommit_slab(slab);
        return;
    }
    os_reset(start_of(slab), SLAB);
    slab->state = IDLE;
    put_slab(&idle, slab);
    n_idle++;
}

/* ---- Blocks of a class: under its lock ---- */

static struct block *take_block(int class)
{
    struct slab *ring = &classes[class], *slab = ring->next;
    size_t size = size_of_class(class);
    struct block *block;
    if (slab == ring) {
        EnterCriticalSection(&lock);
        slab = take_slab(class);
        LeaveCriticalSection(&lock);
        if (!slab)
            return NULL;
        put_slab(ring, slab);
    }
    block = slab->free;
    if (block)
        slab->free = block->next;
    else
        block = (struct block *)(start_of(slab) + slab->n_carved++ * size);
    slab->n_used++;
    if (!slab->free && slab->n_carved == SLAB / size)
        drop_slab(slab);
    return block;
}

static void give_block(struct block *block)
{
    struct slab *slab = slab_of(block);
    size_t size = size_of_class(slab->class);
    if (!slab->free && slab->n_carved == SLAB / size)
        put_slab(&classes[slab->class], slab);
    block->next = slab->free;
    slab->free = block;
    if (--slab->n_used > 0)
        return;
    drop_slab(slab);
    EnterCriticalSection(&lock);
    give_slab(slab);
    LeaveCriticalSection(&lock);
}

unsigned slabs_take(int class, unsigned n, struct block **list)
{
    unsigned n_taken = 0;
    AcquireSRWLockExclusive(&class_locks[class]);
    while (n_taken < n) {
        struct block *block = take_block(class);
        if (!block)
            break;
        block->next = *list;
        *list = block;
        n_taken++;
    }
    ReleaseSRWLockExclusive(&class_locks[class]);
    return n_taken;
}

void slabs_give(int class, unsigned n, struct block **list)
{
    AcquireSRWLockExclusive(&class_locks[class]);
    while (n-- > 0) {
        struct block *block = *list;
        *list = block->next;
        give_block(block);
    }
    ReleaseSRWLockExclusive(&class_locks[class]);
}

/* ---- All of them ---- */

void slabs_start(void)
{
    int class;
    InitializeCriticalSectionAndSpinCount(&lock, 4000);
    idle.next = idle.prev = &idle;
    segments.next = segments.prev = &segments;
    for (class = 0; class < N_CLASSES; class++) {
        InitializeSRWLock(&class_locks[class]);
        classes[class].next = classes[class].prev = &classes[class];
    }
}

void slabs_trim(void)
{
    struct segment *segment, *next;
    EnterCriticalSection(&lock);
    while (idle.next != &idle) {
        struct slab *slab = idle.next;
        drop_slab(slab);
        decommit_slab(slab);
    }
    n_idle = 0;
    for (segment = segments.next; segment != &segments; segment = next) {
        next = segment->next;
        if (segment->n_unused == N_SLABS - 1) {
            drop_segment(segment);
            os_release(segment);
        }
    }
    LeaveCriticalSection(&lock);
}

static size_t committed(const struct segment *segment)
{
    return HEADER + (size_t)(N_SLABS - 1 - segment->n_unused) * SLAB;
}

void slabs_stats(struct alloc_stats *stats)
{
    struct segment *segment;
    EnterCriticalSection(&lock);
    for (segment = segments.next; segment != &segments; segment = segment->next) {
        stats->segments++;
        stats->committed += committed(segment);
    }
    stats->idle = (size_t)n_idle * SLAB;
    LeaveCriticalSection(&lock);
}

int slabs_check(void)
{
    struct segment *segment;
    int right = 1;
    EnterCriticalSection(&lock);
    for (segment = segments.next; segment != &segments; segment = segment->next)
        right &= os_committed(segment, SEGMENT) == committed(segment);
    LeaveCriticalSection(&lock);
    return right;
}
