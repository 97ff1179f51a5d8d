/* The view of the pools from outside the process (pool_view.h), and the note that leads to it.
 *
 * I1  Before the first pool call the view is what the linker made of it, and nothing else exists:
 *     programs that never use pools pay its few bytes.
 * I2  `moves` is odd while counters are moved from a thread, under the lock of the registry.
 * Locking: none of its own.   Signal safety: all of it. */
#include "base/assert.h"
#include "pool/pool_internal.h"
#include "pool/pool_view.h"

WVM_STATIC(sizeof(struct wvm_pool_view_tally) == sizeof(struct wvm_pool_tally) &&
               offsetof(struct wvm_pool_tally, allocs) == 0 &&
               offsetof(struct wvm_pool_tally, frees) == 8 &&
               offsetof(struct wvm_pool_tally, taken) == 16,
           "the form of the counters");
WVM_STATIC(sizeof(struct wvm_pool_view_way) == sizeof(struct wvm_pool_way) &&
               offsetof(struct wvm_pool_way, pairs) == 8 &&
               offsetof(struct wvm_pool_way, taken) == 16 &&
               offsetof(struct wvm_pool_way, given) == 24 &&
               offsetof(struct wvm_pool_way, room) == 32 && (int)WVM_POOL_OUT == 1 &&
               (int)WVM_POOL_BACK == 8 && WVM_POOL_COUNT_BLOCKS(1) == 1 &&
               WVM_POOL_COUNT(16) == ((uint64_t)1 << 32 | 1),
           "the form of the ways");
WVM_STATIC((int)WVM_POOL_VIEW_KINDS == (int)WVM_POOL_KINDS &&
               (int)WVM_POOL_VIEW_PAGED == (int)WVM_POOL_PAGED,
           "the kinds");
WVM_STATIC(sizeof(struct wvm_pool_view) == 80 + 3 * 40 + 32, "the same form everywhere");

/* The note reaches it inside its own object. */
__attribute__((visibility("hidden"))) struct wvm_pool_view wvm_pool_view = {
    .magic = WVM_POOL_VIEW_MAGIC,
    .version = WVM_POOL_VIEW_VERSION,
    .size = sizeof(struct wvm_pool_view),
    .pointer_size = sizeof(void *),
};

__asm__(".pushsection .note.winvm.pool,\"a\",@note\n"
        ".balign 4\n"
        ".long 6\n"
        ".long 4\n"
        ".long 2\n"
        ".asciz \"" WVM_POOL_VIEW_NOTE_NAME "\"\n"
        ".byte 0, 0\n"
        ".long wvm_pool_view - .\n"
        ".popsection\n");
WVM_STATIC(WVM_POOL_VIEW_NOTE == 2 && sizeof(WVM_POOL_VIEW_NOTE_NAME) == 6, "the note's numbers");

static uint64_t address(const volatile void *p)
{
    return (uintptr_t)p;
}

void wvm_pool_view_open(void)
{
    struct wvm_pool_view *v = &wvm_pool_view;
    wvm_pool_rows_view(v);
    v->max_rows = WVM_POOL_ROWS;
    v->threads = address(&wvm_pool_all);
    v->thread_next = offsetof(struct wvm_pool_thread, next);
    v->thread_tally = offsetof(struct wvm_pool_thread, tally);
    v->thread_way = offsetof(struct wvm_pool_thread, way);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        const struct wvm_pool_part *part = &wvm_pool_part[kind];
        v->part[kind] = (struct wvm_pool_view_part){
            .start = address(wvm_pool_page_start(part->first)),
            .grown = address(&part->grown),
            .released = address(&part->n_idle[WVM_POOL_RELEASED]),
            .locked = address(&part->n_locked),
            .first = part->first,
        };
    }
    __atomic_store_n(&v->ready, 1, __ATOMIC_RELEASE);
}

void wvm_pool_view_move(void)
{
    __atomic_fetch_add(&wvm_pool_view.moves, 1, __ATOMIC_SEQ_CST);
}

void wvm_pool_publish_commit(const wvm_word64 *const word[4])
{
    for (unsigned i = 0; i < 4; i++)
        __atomic_store_n(&wvm_pool_view.commit[i], address(word[i]), __ATOMIC_RELAXED);
}
