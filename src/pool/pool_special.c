/* Special pool: which requests it serves, what a free finds, what a fault means.
 *
 * Owns     the rules; what slots say of their blocks.
 * Terms    filler = the bytes of a slot's page beside its block, all of one value; wrong = no
 *          filler any more. The block has that value too until its caller, or the room, clears it.
 * I1       The page of a slot is accessible from before it is LIVE until it has left LIVE.
 * I2       Who changes LIVE to LEAVING frees the slot, or makes it LIVE again: of two frees one.
 * I3       What a slot says is written before it is LIVE and stays until it is handed out again.
 * I4       A block that a free finds something wrong with stays as it is.
 * Locking  none of its own (pool_special_slots.c).
 * Failure  no page to be had: the request is served from ordinary pool.
 * fork     the child has the same blocks, locked again as far as the host lets it.
 * Signal safety  wvm_pool_special_judge, find, describe. */
#include "pool/pool_special.h"

#include <string.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"
#include "pool/pool_special_rule.h"
#include "pool/pool_special_slots.h"
#include "pool/pool_trace.h"

enum { CODE_CORRUPT = 0xC1, CODE_CALLER = 0xC2, CODE_FREED = 0xCC, CODE_BEYOND = 0xCD };
enum { NOT_ALLOCATED = 0x20, BAD_AT_END = 0x21, BAD_AT_START = 0x22, WRONG_NEAR = 0x23,
       WRONG_BEHIND = 0x24, WRONG_BIT = 0x32, CALLER_TAG = 0x0A };
enum { FILL_LEAST = 0x11, FILL_SPAN = 0xDF, FILL_STEP = 0x35 }; /* never 0, never 0xFF */
enum { PAGE = WVM_SLOT_PAGE };

static struct wvm_special_rules rules; /* none: special pool is off */

/* ---- allocation ---- */

/* Sizes of 0 count as 1 by now. */
static bool is_eligible(const struct wvm_pool_request *rq)
{
    return rq->size < PAGE;
}

bool wvm_pool_special_wants(const struct wvm_pool_request *rq)
{
    struct wvm_pool_request sized = *rq;
    sized.size += sized.size == 0;
    return is_eligible(&sized) && wvm_special_would_choose(&rules, &sized);
}

static void set_block(struct wvm_slot *s, const struct wvm_pool_request *rq, bool at_start)
{
    size_t align = rq->flags & WVM_POOL_CACHE_ALIGNED ? (size_t)WVM_POOL_CACHE_LINE
                                                      : (size_t)WVM_POOL_ALIGN;
    s->at_start = rq->flags & WVM_POOL_SPECIAL_START ? true
                  : rq->flags & WVM_POOL_SPECIAL_END ? false
                                                     : at_start;
    s->tag = rq->tag;
    s->size = (uint16_t)rq->size;
    s->start = s->at_start ? 0 : (uint16_t)(PAGE - wvm_align_up(s->size, align));
    s->fill = (uint8_t)(FILL_LEAST + (s->fill + FILL_STEP) % FILL_SPAN);
    s->flags = (uint8_t)rq->flags;
}

static void *serve(const struct wvm_pool_request *rq)
{
    const struct wvm_special_rule *rule = is_eligible(rq) ? wvm_special_choose(&rules, rq) : NULL;
    if (rule == NULL)
        return NULL;
    struct wvm_slot *s = wvm_slot_take(rq->kind);
    if (s == NULL)
        return NULL;
    if (!wvm_slot_open(s)) {
        wvm_slot_give(s);
        return NULL;
    }
    set_block(s, rq, rule->start);
    memset((void *)wvm_slot_page(s), s->fill, PAGE);
    wvm_pool_count(s->tag, rq->kind == WVM_POOL_PAGED, false, PAGE);
    wvm_slot_set_state(s, WVM_SLOT_LIVE);
    return (void *)(wvm_slot_page(s) + s->start);
}

/* ---- search ---- */

static void describe_block(const struct wvm_slot *s, struct wvm_pool_block *out)
{
    *out = (struct wvm_pool_block){
        .start = (void *)(wvm_slot_page(s) + s->start),
        .size = s->size,
        .room = PAGE,
        .tag = s->tag,
        .kind = wvm_slot_kind(s),
        .charged = s->flags & WVM_POOL_CHARGED,
        .special = true,
    };
}

static bool find(const void *p, struct wvm_pool_block *out)
{
    struct wvm_place place;
    if (!wvm_place_find((uintptr_t)p, &place) || place.slot == NULL ||
        wvm_slot_state_of(place.slot) != WVM_SLOT_LIVE)
        return false;
    describe_block(place.slot, out);
    return (uintptr_t)p - (uintptr_t)out->start < out->size;
}

static bool walk(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg)
{
    struct wvm_pool_block b;
    const struct wvm_slot *s;
    for (unsigned i = 0; (s = wvm_slot_at(i)) != NULL; i++) {
        if (wvm_slot_state_of(s) != WVM_SLOT_LIVE)
            continue;
        describe_block(s, &b);
        if (!visit(&b, arg))
            return false;
    }
    return true;
}

bool wvm_pool_special_has(const void *p)
{
    struct wvm_place place;
    return wvm_place_find((uintptr_t)p, &place);
}

/* ---- free ---- */

static void find_fault(struct wvm_pool_finding *f, uint32_t code, uintptr_t p1, uintptr_t p2,
                       uintptr_t p3, uintptr_t p4)
{
    *f = (struct wvm_pool_finding){code, {p1, p2, p3, p4}};
}

/* The bytes [at, end) that are no filler: the first of them, 0: none; their wrong bits counted. */
static uintptr_t wrong_bytes(uintptr_t at, uintptr_t end, uint8_t fill, unsigned *n_bits)
{
    uintptr_t first = 0;
    for (; at < end; at++) {
        unsigned wrong = *(const uint8_t *)at ^ fill;
        if (wrong == 0)
            continue;
        first = first ? first : at;
        *n_bits += (unsigned)__builtin_popcount(wrong);
    }
    return first;
}

static bool filler_is_right(const struct wvm_slot *s, struct wvm_pool_finding *f)
{
    uintptr_t page = wvm_slot_page(s), start = page + s->start;
    unsigned n_bits = 0;
    uintptr_t behind = wrong_bytes(start + s->size, page + PAGE, s->fill, &n_bits);
    uintptr_t before = wrong_bytes(page, start, s->fill, &n_bits);
    if (n_bits == 0)
        return true;
    find_fault(f, CODE_CORRUPT, start, behind ? behind : before, 0,
               n_bits == 1 ? WRONG_BIT
               : behind    ? WRONG_BEHIND
                           : WRONG_NEAR);
    return false;
}

/* The size that the block would have if it began at p: where its end is known from its place. */
static size_t size_from(const struct wvm_slot *s, uintptr_t p)
{
    uintptr_t end = wvm_slot_page(s) + (s->at_start ? (uintptr_t)s->start + s->size : PAGE);
    return p < end ? end - p : 0;
}

/* s is LEAVING. */
static bool free_is_right(const struct wvm_slot *s, uintptr_t p, uint32_t tag, bool any_tag,
                          struct wvm_pool_finding *f)
{
    if (p != wvm_slot_page(s) + s->start)
        find_fault(f, CODE_CORRUPT, p, s->size, size_from(s, p),
                   s->at_start ? BAD_AT_START : BAD_AT_END);
    else if (!any_tag && tag != s->tag)
        find_fault(f, CODE_CALLER, CALLER_TAG, p, s->tag, tag);
    else
        return filler_is_right(s, f);
    return false;
}

static void end_block(struct wvm_slot *s, const void *caller)
{
    struct wvm_pool_block b;
    describe_block(s, &b);
    wvm_pool_tell_freeing(&b, caller);
    wvm_slot_close(s);
    wvm_pool_count(b.tag, b.kind == WVM_POOL_PAGED, true, PAGE);
    wvm_slot_set_state(s, WVM_SLOT_FREED);
    wvm_slot_give(s);
}

static bool free_block(void *p, uint32_t tag, bool any_tag, const void *caller,
                       struct wvm_pool_finding *f)
{
    struct wvm_place place;
    uint32_t live = WVM_SLOT_LIVE;
    f->code = 0;
    if (!wvm_place_find((uintptr_t)p, &place))
        return false;
    if (place.slot == NULL ||
        !__atomic_compare_exchange_n(&place.slot->state, &live, WVM_SLOT_LEAVING, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        find_fault(f, CODE_CORRUPT, (uintptr_t)p, 0, 0, NOT_ALLOCATED);
        return false;
    }
    if (!free_is_right(place.slot, (uintptr_t)p, tag, any_tag, f)) {
        wvm_slot_set_state(place.slot, WVM_SLOT_LIVE);
        return false;
    }
    end_block(place.slot, caller);
    return true;
}

/* ---- faults ---- */

static bool is_in(const struct wvm_slot *s, enum wvm_slot_state state)
{
    return s != NULL && wvm_slot_state_of(s) == state;
}

/* The slot whose block an access of a fence was meant for: a live one before one that was freed,
 * the nearer one of two equal ones. */
static const struct wvm_slot *neighbour(const struct wvm_place *place, uintptr_t addr)
{
    const struct wvm_slot *near = addr % PAGE < PAGE / 2 ? place->before : place->behind;
    const struct wvm_slot *far = near == place->before ? place->behind : place->before;
    if (is_in(near, WVM_SLOT_LIVE) || is_in(far, WVM_SLOT_LIVE))
        return is_in(near, WVM_SLOT_LIVE) ? near : far;
    return is_in(near, WVM_SLOT_FREED) ? near : is_in(far, WVM_SLOT_FREED) ? far : NULL;
}

enum wvm_special_answer wvm_pool_special_judge(const struct wvm_special_access *a,
                                               struct wvm_pool_finding *f)
{
    struct wvm_place place;
    if (!wvm_place_find(a->addr, &place))
        return WVM_SPECIAL_FOREIGN;
    const struct wvm_slot *s = place.slot ? place.slot : neighbour(&place, a->addr);
    if (s == NULL || is_in(s, WVM_SLOT_NEVER))
        return WVM_SPECIAL_FOREIGN;
    bool live = is_in(s, WVM_SLOT_LIVE);
    if (live && place.slot != NULL)
        return WVM_SPECIAL_ALLOWED;
    find_fault(f, live ? CODE_BEYOND : CODE_FREED, a->addr, a->write, a->ip, 0);
    return WVM_SPECIAL_WRONG;
}

/* ---- reports, start ---- */

static void describe(const void *p, struct wvm_buf *out)
{
    struct wvm_place place;
    if (!wvm_place_find((uintptr_t)p, &place))
        return;
    const struct wvm_slot *s = place.slot ? place.slot : neighbour(&place, (uintptr_t)p);
    if (s == NULL || is_in(s, WVM_SLOT_NEVER))
        return;
    wvm_buf_printf(out, "  special pool: block %p of %u bytes at the %s of its page, tag '",
                   (void *)(wvm_slot_page(s) + s->start), s->size, s->at_start ? "start" : "end");
    wvm_pool_put_tag(out, s->tag);
    wvm_buf_str(out, is_in(s, WVM_SLOT_FREED) ? "', freed\n" : "'\n");
    if (place.slot == NULL) /* others know the block by its own page */
        wvm_pool_trace_describe((void *)(wvm_slot_page(s) + s->start), out);
}

static void after_fork(bool child)
{
    const struct wvm_slot *s;
    for (unsigned i = 0; child && (s = wvm_slot_at(i)) != NULL; i++)
        if (is_in(s, WVM_SLOT_LIVE))
            (void)wvm_slot_lock(s);
}

static const struct wvm_pool_observer observer = {
    .serve = serve,
    .find = find,
    .free = free_block,
    .walk = walk,
    .describe = describe,
    .after_fork = after_fork,
};

void wvm_pool_special_start(void)
{
    const char *text = wvm_options[WVM_OPTION_SPECIAL].text;
    if (text == NULL)
        return;
    const char *why = wvm_special_parse(text, &rules);
    if (why != NULL) {
        wvm_host_log("WINVM_OPTIONS: 'special=%s': %s", text, why);
        rules.n = 0;
        return;
    }
    wvm_slots_start(rules.reserve);
    wvm_pool_observe(&observer);
}
