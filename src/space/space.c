/* An address space: its lock, its stock of bookkeeping memory, its commit charge.
 *
 * 1. The parts
 * 1.1 region/ knows allocations, page states and gaps; space_host.c knows what the kernel has for
 *     each page of our mappings; space_slab.c takes address space from the kernel. The other files
 *     are one operation each: reserve, commit, release, protect, query, lock, reset, copy.
 * 1.2 Every change runs: enter, stock, check everything, host calls (undone when one fails),
 *     tables, leave. Up to the last host call nothing is changed; after it nothing can fail.
 *
 * 2. Invariants
 * I1  A page is accessible to the program exactly as its state says, except while a change of that
 *     page is under way: committed pages by their protection, all others not at all.
 * I2  `committed` is the number of pages whose state is not reserved.
 * I3  A granule is in a gap exactly when its owner is a slab and no allocation touches it.
 * I4  While the lock is held no user page is touched, so its holder cannot fault.
 *
 * 3. Locking: one mutex, taken for every change, never by queries. A thread-local flag marks a
 *    thread inside: an asynchronous signal handler that calls in again is refused, not deadlocked.
 * 4. Failure: STATUS_NO_MEMORY or COMMITMENT_LIMIT before anything changed.
 * 5. Signal safety: only wvm_space_query and wvm_space_last_reason. */
#include "space/space_internal.h"

#include <errno.h>

#include "base/options.h"
#include "space/space_change.h"
#include "space/space_fault.h"
#include "space/space_layout.h"

struct wvm_space wvm_space_native;

static WVM_THREAD_LOCAL int inside;
static WVM_THREAD_LOCAL int forks_inside;
static WVM_THREAD_LOCAL void (*when_left)(void);
static WVM_THREAD_LOCAL void (*then)(void); /* behind the first */
static WVM_THREAD_LOCAL struct wvm_reason reason;

/* An operation changes the state of one allocation, the host map three times, the marks once;
 * claiming an address changes the owner map up to 16 times. Changes of page states run by run are
 * counted separately; changes of the sheets run by run need nodes at both ends only. */
#define STOCK_SETS 24
#define STOCK_LEAF (STOCK_SETS * WVM_PAGES_SET_LEAF)
#define STOCK_INNER (STOCK_SETS * WVM_PAGES_SET_INNER)
/* What grows leaves so much for what closes that decommit and release work when the host gives
 * nothing more: nodes for some operations (most give back more than they take), and a gap for each
 * allocation. */
#define STOCK_RESERVE 8
#define AUDIT_EVERY 4096

wvm_status wvm_space_enter(struct wvm_space *sp)
{
    if (WVM_UNLIKELY(inside))
        return wvm_space_fail(STATUS_POSSIBLE_DEADLOCK, "called from a signal handler inside winvm",
                              0);
    inside = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    pthread_mutex_lock(&sp->lock);
    return STATUS_SUCCESS;
}

/* The option audit: 1 checks everything after each AUDIT_EVERY changes, 2 after each one. */
static void audit_step(struct wvm_space *sp)
{
    if (wvm_option(WVM_OPTION_AUDIT) < 2 && ++sp->n_changes % AUDIT_EVERY)
        return;
    const char *bad = wvm_space_audit_locked(sp);
    if (bad)
        wvm_assert_fail("audit", 0, bad);
}

static WVM_COLD void resume_left(void)
{
    void (*first)(void) = when_left, (*second)(void) = then;
    when_left = then = NULL;
    first();
    if (second)
        second();
}

static inline void step_out(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    inside = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (WVM_UNLIKELY(when_left != NULL))
        resume_left();
}

void wvm_space_leave(struct wvm_space *sp)
{
    wvm_store_flush(&sp->store);
    if (WVM_UNLIKELY(wvm_option(WVM_OPTION_AUDIT)))
        audit_step(sp);
    pthread_mutex_unlock(&sp->lock);
    step_out();
}

bool wvm_space_inside(void)
{
    return inside;
}

void wvm_space_when_left(void (*resume)(void))
{
    if (when_left && when_left != resume)
        then = resume;
    else
        when_left = resume;
}

wvm_status wvm_space_fail(wvm_status status, const char *text, uintptr_t at)
{
    reason = (struct wvm_reason){text, at};
    return status;
}

struct wvm_reason wvm_space_last_reason(void)
{
    return reason;
}

void wvm_space_forget_reason(void)
{
    reason = (struct wvm_reason){NULL, 0};
}

wvm_status wvm_space_host_fail(int err, size_t len)
{
    static const char *const why[] = {
        [WVM_LIMIT_NONE] = "the host has no memory",
        [WVM_LIMIT_MAPS] = "the host's vm.max_map_count is reached; raise it with sysctl",
        [WVM_LIMIT_AS] = "RLIMIT_AS is reached; raise it with ulimit -v",
        [WVM_LIMIT_OVERCOMMIT] = "the host refuses to overcommit; see vm.overcommit_memory",
        [WVM_LIMIT_MEMLOCK] = "RLIMIT_MEMLOCK is reached; raise it with ulimit -l",
        [WVM_LIMIT_DATA] = "RLIMIT_DATA is reached; raise it with ulimit -d",
    };
    if (err == -EACCES || err == -EPERM)
        return wvm_space_fail(STATUS_ACCESS_DENIED, "the host forbids this protection", 0);
    enum wvm_host_limit limit = wvm_host_which_limit(len);
    if (limit == WVM_LIMIT_NONE && wvm_space_maps_refused())
        limit = WVM_LIMIT_MAPS;
    wvm_host_diag("%s", why[limit]);
    return wvm_space_fail(
        limit == WVM_LIMIT_OVERCOMMIT ? STATUS_COMMITMENT_LIMIT : STATUS_NO_MEMORY, why[limit], 0);
}

/* ---- bookkeeping memory ---- */

bool wvm_space_take_meta(struct wvm_space *sp, size_t len, void **mem)
{
    int err;
    do
        err = wvm_host.meta(wvm_align_up(len, WVM_PAGE_SIZE), mem);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    return err == 0;
}

static WVM_COLD bool fill_up(struct wvm_space *sp, struct wvm_cells *p, uint64_t need)
{
    while (wvm_cells_room(p) < need) {
        void *mem;
        if (!wvm_space_take_meta(sp, wvm_cells_segment_len(p), &mem) || wvm_cells_add(p, mem) < 0)
            return false;
    }
    return true;
}

static inline bool top_up(struct wvm_space *sp, struct wvm_cells *p, uint64_t need)
{
    return WVM_LIKELY(wvm_cells_room(p) >= need) || fill_up(sp, p, need);
}

static bool stock(struct wvm_space *sp, uint64_t leaf, uint64_t inner, uint64_t gap)
{
    struct wvm_store *st = &sp->store;
    if (WVM_LIKELY(top_up(sp, &st->leaf, leaf) && top_up(sp, &st->inner, inner) &&
                   top_up(sp, &st->alloc, 4) && top_up(sp, &st->chain, 4) &&
                   top_up(sp, &st->gap, gap)))
        return true;
    wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
    return false;
}

/* The nodes for n_runs changes of page states one after the other. */
static uint64_t leaves_of(uint64_t n_runs, uint64_t n_pages)
{
    return n_runs ? wvm_min(2 * n_runs, n_pages / 64 + 2) : 0;
}

static uint64_t inners_of(uint64_t n_runs, uint64_t n_pages)
{
    return n_runs ? wvm_min(WVM_PAGES_SET_INNER * n_runs, n_pages / 64 + WVM_PAGES_SET_INNER) : 0;
}

bool wvm_space_stock_close(struct wvm_space *sp, uint64_t n_runs, uint64_t n_pages)
{
    return stock(sp, STOCK_LEAF + leaves_of(n_runs, n_pages),
                 STOCK_INNER + inners_of(n_runs, n_pages), 16);
}

bool wvm_space_stock(struct wvm_space *sp, uint64_t n_runs, uint64_t n_pages)
{
    uint32_t n_allocs = wvm_cells_used(&sp->store.alloc);
    uint32_t n_gaps = wvm_cells_used(&sp->store.gap) - sp->frames.n_gaps;
    return stock(sp, STOCK_RESERVE * STOCK_LEAF + leaves_of(n_runs, n_pages),
                 STOCK_RESERVE * STOCK_INNER + inners_of(n_runs, n_pages),
                 32 + (n_allocs > n_gaps ? n_allocs - n_gaps : 0));
}

/* Each window needs a chunk: taken several at a time they are fewer mappings. */
#define CHUNK_LEN wvm_align_up(sizeof(struct wvm_chunk), WVM_PAGE_SIZE)
#define CHUNKS_AT_ONCE 16

static bool take_chunks(struct wvm_space *sp)
{
    uint32_t n = sp->n_windows > 1 && !sp->as_limited ? CHUNKS_AT_ONCE : 1;
    void *mem;
    if (!wvm_space_take_meta(sp, n * CHUNK_LEN, &mem))
        return false;
    sp->chunk_room = mem;
    sp->n_chunk_room = n;
    return true;
}

bool wvm_space_add_chunk(struct wvm_space *sp, uint64_t granule)
{
    if (!sp->n_chunk_room && !take_chunks(sp)) {
        wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
        return false;
    }
    wvm_index_add_chunk(&sp->index, granule, sp->chunk_room + --sp->n_chunk_room * CHUNK_LEN);
    return true;
}

/* ---- allocations and their pages ---- */

struct wvm_alloc *wvm_space_search(struct wvm_space *sp, uint64_t page, uint32_t *id)
{
    *id = wvm_index_before(&sp->store, &sp->index, page);
    struct wvm_alloc *a = *id ? wvm_alloc_at(&sp->store, *id) : NULL;
    if (!a || page >= a->end)
        return NULL;
    sp->last = *id;
    return a;
}

uint64_t wvm_space_alloc_run(struct wvm_space *sp, uint64_t page, uint64_t limit,
                             const struct wvm_alloc **a)
{
    uint32_t id;
    *a = wvm_space_find(sp, page, &id);
    if (*a)
        return wvm_min((*a)->end, limit);
    id = wvm_index_after(&sp->store, &sp->index, page);
    return id ? wvm_min(wvm_alloc_at(&sp->store, id)->start, limit) : limit;
}

uint64_t wvm_space_count_mixed(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                               uint64_t hi)
{
    uint64_t n = 0;
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        if (v != WVM_ATTR_RESERVED)
            n += end - p;
    }
    return n;
}

/* Pages of the map outside the allocation take part in a change that reaches its border, so that a
 * uniform allocation is always one number. */
void wvm_space_set_pages(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                         uint8_t v)
{
    uint64_t from = lo == a->start ? 0 : lo - a->origin;
    uint64_t to = hi == a->end ? (uint64_t)1 << (6 * a->pages.height) : hi - a->origin;
    wvm_pages_set(&sp->store, &a->pages, from, to, v);
}

uint32_t wvm_space_become(struct wvm_space *sp, uint32_t old, const struct wvm_found *like,
                          uint8_t v)
{
    struct wvm_alloc *was = wvm_alloc_at(&sp->store, old);
    uint32_t id = wvm_alloc_make(&sp->store, like, like->start);
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    a->mixed = (v & (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)) != 0;
    wvm_pages_start(&a->pages, wvm_pages_height(like->end - like->start), v);
    wvm_index_replace(&sp->store, &sp->index, old, id);
    wvm_pages_end(&sp->store, &was->pages);
    wvm_cells_free(&sp->store.alloc, old);
    sp->last = id;
    return id;
}

/* ---- the commit charge ---- */

wvm_status wvm_space_charge_ok(const struct wvm_space *sp, uint64_t n)
{
    if (n <= sp->limit && sp->committed <= sp->limit - n)
        return STATUS_SUCCESS;
    wvm_host_diag("commit limit reached: %llu of %llu KiB in use; see the option commit-limit",
                  (unsigned long long)sp->committed * 4, (unsigned long long)sp->limit * 4);
    return wvm_space_fail(STATUS_COMMITMENT_LIMIT, "the commit limit is reached", 0);
}

void wvm_space_charge(struct wvm_space *sp, int64_t n)
{
    uint64_t now = sp->committed + n;
    __atomic_store_n(&sp->committed, now, __ATOMIC_RELAXED);
    if (now > sp->peak)
        __atomic_store_n(&sp->peak, now, __ATOMIC_RELAXED);
}

void wvm_space_commit_info(struct wvm_space *sp, struct wvm_commit_info *out)
{
    uint64_t grown = __atomic_load_n(&sp->grown, __ATOMIC_RELAXED);
    out->committed = (__atomic_load_n(&sp->committed, __ATOMIC_RELAXED) + grown) << WVM_PAGE_SHIFT;
    out->limit = sp->limit << WVM_PAGE_SHIFT;
    out->peak = __atomic_load_n(&sp->peak, __ATOMIC_RELAXED) << WVM_PAGE_SHIFT;
    out->sections = __atomic_load_n(&sp->section_charge, __ATOMIC_RELAXED) << WVM_PAGE_SHIFT;
}

void wvm_space_commit_words(const struct wvm_space *sp, const wvm_word64 *word[4])
{
    word[0] = &sp->committed;
    word[1] = &sp->grown;
    word[2] = &sp->limit;
    word[3] = &sp->peak;
}

/* ---- life ---- */

wvm_status wvm_space_init(struct wvm_space *sp)
{
    pthread_mutex_init(&sp->lock, NULL);
    wvm_layout_init();
    sp->top = wvm_layout.top >> WVM_PAGE_SHIFT;
    sp->host_top = wvm_layout.host_top >> WVM_PAGE_SHIFT;
    wvm_store_init(&sp->store);
    wvm_index_init(&sp->index);
    wvm_gaps_init(&sp->gaps);
    wvm_pages_start(&sp->owner, WVM_PAGES_MAX_HEIGHT, WVM_OWNER_FOREIGN);
    wvm_sheet_start(&sp->host, WVM_HP_NONE);
    wvm_sheet_start(&sp->locked, 0);
    wvm_sheet_start(&sp->reset, 0);
    wvm_sheet_start(&sp->left, 0);
    wvm_sheet_start(&sp->seen, 0);
    wvm_sheet_start(&sp->watch, 0);
    wvm_sheet_start(&sp->copied, 0);
    wvm_sheet_start(&sp->alone, 0);
    wvm_gaps_init(&sp->arena);
    wvm_gaps_init(&sp->frames.free);
    uint64_t limit = wvm_option(WVM_OPTION_COMMIT_LIMIT);
    if (!limit)
        limit = wvm_host_caps.ram + wvm_host_caps.swap;
    sp->limit = limit >> WVM_PAGE_SHIFT;
    wvm_space_first_ws_limits(&sp->ws);
    if (WVM_ADDRESS_BITS <= 32)
        wvm_space_leave_stack(sp);
    return wvm_layout.low ? wvm_space_take_range(sp) : STATUS_SUCCESS;
}

uintptr_t wvm_space_top(const struct wvm_space *sp)
{
    return wvm_addr_of(sp->top);
}

uintptr_t wvm_space_host_top(const struct wvm_space *sp)
{
    return wvm_addr_of(sp->host_top);
}

/* The thread is inside until its fork is done: a signal handler that calls in meanwhile is told so
 * and does not wait for its own thread. A handler that interrupted a change and forks does not wait
 * either: both processes finish the change. */
void wvm_space_before_fork(struct wvm_space *sp)
{
    forks_inside = inside;
    if (forks_inside)
        return;
    inside = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    pthread_mutex_lock(&sp->lock);
    wvm_space_watch_before_fork(sp);
}

void wvm_space_after_fork_parent(struct wvm_space *sp)
{
    if (forks_inside)
        return;
    pthread_mutex_unlock(&sp->lock);
    step_out();
}

/* A child inherits every page and guard region, but no memory locks. (In the middle of a change
 * they stay in the tables.) */
void wvm_space_after_fork_child(struct wvm_space *sp)
{
    if (forks_inside)
        return;
    wvm_pages_end(&sp->store, &sp->locked.pages);
    wvm_sheet_start(&sp->locked, 0);
    sp->n_locked = 0;
    wvm_space_settle_busy(sp);
    wvm_space_watch_settle_busy(sp);
    wvm_space_watch_after_fork_child(sp);
    wvm_space_frames_after_fork_child(sp);
    wvm_store_flush(&sp->store);
    pthread_mutex_unlock(&sp->lock); /* taken by this thread before the fork */
    step_out();
}
