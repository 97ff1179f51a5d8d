/* What happens to the pools as a whole: start, giving back, figures, a walk over all blocks, pages
 * lent to observers.
 *
 * I1  Until the start is complete no thread has a description, and every call goes the long way.
 * I2  A walk finds nobody inside. A trim stops nobody: what other threads have ready they give back
 *     themselves, at their next call.
 * Locking: registry before parts.   Failure: nothing changed.   Signal safety: none. */
#include <sys/random.h>

#include "pool/pool_internal.h"

static bool started; /* (a) */

/* ---- start ---- */

/* Numbers nobody can guess; where the host has none, of addresses that it randomises. */
static void make_numbers(void)
{
    uint64_t n[2] = {(uintptr_t)&n * 0x9e3779b97f4a7c15u, wvm_pool_map.base ^ 0xbf58476d1ce4e5b9u};
    (void)!getrandom(n, sizeof(n), GRND_NONBLOCK);
    wvm_pool_map.cookie = ((uint32_t)n[0] & ~(uint32_t)WVM_POOL_STOPS) | 1u << 31;
    wvm_pool_map.epoch = 1;
    wvm_pool_map.canary = n[1] | 0x8000000000000001u;
}

bool wvm_pool_start(uintptr_t base, size_t size)
{
    if (wvm_pool_started())
        return true;
    struct wvm_pool_map *map = &wvm_pool_map;
    map->base = base;
    map->size = size;
    wvm_pool_classes_init();
    make_numbers();
    bool ok = wvm_pool_rows_init() && wvm_pool_pages_init() && wvm_pool_spans_init() &&
              wvm_pool_depots_init() && wvm_pool_threads_init();
    if (ok)
        wvm_pool_view_open();
    __atomic_store_n(&started, ok, __ATOMIC_RELEASE);
    return ok;
}

bool wvm_pool_started(void)
{
    return __atomic_load_n(&started, __ATOMIC_ACQUIRE);
}

/* ---- giving back ---- */

size_t wvm_pool_trim(void)
{
    size_t bytes = 0;
    struct wvm_pool_thread *own = wvm_pool_me();
    if (!wvm_pool_started() || !own || !wvm_pool_enter(own))
        return 0;
    wvm_pool_cache_flush(own);
    wvm_pool_leave(own);
    wvm_pool_tell_found(own);
    wvm_pool_stop_all(WVM_POOL_STOP_FLUSH);
    if (!wvm_pool_enter(own))
        return 0;
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        struct wvm_pool_part *part = &wvm_pool_part[kind];
        wvm_pool_depots_drain(kind);
        pthread_mutex_lock(&part->lock);
        bytes += (size_t)wvm_pool_runs_trim(part, 0) * WVM_POOL_PAGE;
        pthread_mutex_unlock(&part->lock);
    }
    wvm_pool_leave(own);
    return bytes;
}

/* ---- figures ---- */

void wvm_pool_usage(struct wvm_pool_usage *out)
{
    *out = (struct wvm_pool_usage){0};
    if (!wvm_pool_started())
        return;
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        struct wvm_pool_part *part = &wvm_pool_part[kind];
        pthread_mutex_lock(&part->lock);
        out->whole[kind] = (uint64_t)(part->end - part->first) * WVM_POOL_PAGE;
        out->committed[kind] = wvm_pool_held_bytes(kind);
        out->peak[kind] = (uint64_t)part->n_peak * WVM_POOL_PAGE;
        out->locked += part->n_locked * WVM_POOL_PAGE;
        pthread_mutex_unlock(&part->lock);
    }
    wvm_pool_rows_used(out->used);
}

/* ---- a walk ---- */

typedef bool (*visit_fn)(const struct wvm_pool_block *b, void *arg);

static bool walk_span(uint32_t page, visit_fn visit, void *arg)
{
    const char *end = (const char *)wvm_pool_page_start(page) + WVM_POOL_SPAN;
    struct wvm_pool_slot slot;
    struct wvm_pool_where w;
    uint32_t size;
    for (const char *p = wvm_pool_page_start(page); p < end; p += size) {
        if (!wvm_pool_slot_at(p, &slot, &size))
            return true;
        if (wvm_pool_locate(p, &w) && !visit(&w.block, arg))
            return false;
    }
    return true;
}

static bool walk_part(const struct wvm_pool_part *part, visit_fn visit, void *arg)
{
    for (uint32_t page = part->first; page < part->grown; page += wvm_pool_page[page].run) {
        struct wvm_pool_where w;
        if (wvm_pool_page[page].what == WVM_POOL_IN_SPAN) {
            if (!walk_span(page, visit, arg))
                return false;
        } else if (wvm_pool_page[page].what == WVM_POOL_BIG &&
                   wvm_pool_locate(wvm_pool_page_start(page), &w) && !visit(&w.block, arg)) {
            return false;
        }
    }
    return true;
}

void wvm_pool_walk(visit_fn visit, void *arg)
{
    if (!wvm_pool_started())
        return;
    wvm_pool_quiet();
    bool on = wvm_pool_walk_observers(visit, arg);
    for (unsigned kind = 0; on && kind < WVM_POOL_KINDS; kind++)
        on = walk_part(&wvm_pool_part[kind], visit, arg);
    wvm_pool_resume();
}

/* ---- pages lent ---- */

void *wvm_pool_pages_take(enum wvm_pool_kind kind, size_t n_pages)
{
    struct wvm_pool_part *part = &wvm_pool_part[kind];
    if (!n_pages || n_pages > part->end - part->first)
        return NULL;
    pthread_mutex_lock(&part->lock);
    uint32_t page = wvm_pool_run_lend(part, (uint32_t)n_pages);
    pthread_mutex_unlock(&part->lock);
    return page ? wvm_pool_page_start(page) : NULL;
}

void wvm_pool_pages_give(void *p)
{
    uint32_t page = wvm_pool_page_of(p);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        struct wvm_pool_part *part = &wvm_pool_part[kind];
        if (page < part->first || page >= part->end)
            continue;
        pthread_mutex_lock(&part->lock);
        wvm_pool_run_return(part, page);
        pthread_mutex_unlock(&part->lock);
    }
}
