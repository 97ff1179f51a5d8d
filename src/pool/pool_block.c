/* Blocks: what lies at an address, and what is wrong with freeing it.
 *
 * Terms   big block = whole pages of its own, told by the page table; others are slots of spans.
 * I1  Nothing is read at an address that a caller gave, but the slack of a block whose state says
 *     that it is in use.
 * The checks, in order: user space, memory that was never pool, a block that is not in use (double
 * free, never allocated, inside of a block), a state that is none, the tag, the slack.
 * Locking: none for slots; big blocks are told under their part's lock, taken here. */
#include "pool/pool_internal.h"

enum {
    BAD_POOL_HEADER = 0x19,
    HEADER_SIZE_CORRUPT = 0x20,
    PAST_THE_END = 0x21,
    BAD_POOL_CALLER = 0xc2,
    FREED_TWICE = 0x07,
    WRONG_TAG = 0x0a,
    USER_ADDRESS = 0x40,
    NEVER_POOL = 0x42,
    NOT_ALLOCATED = 0x44,
    INVALID_ADDRESS = 0x46,
    NOT_ALLOCATED_PAGED = 0x50,
    INSIDE_PAGED = 0x41286,
};

/* The part whose addresses hold p; NULL: none. */
static struct wvm_pool_part *part_of(const void *p)
{
    uint32_t page = wvm_pool_page_of(p);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        if (page >= wvm_pool_part[kind].first && page < wvm_pool_part[kind].end)
            return &wvm_pool_part[kind];
    return NULL;
}

static void describe_big(uint32_t first, unsigned kind, struct wvm_pool_where *out)
{
    const struct wvm_pool_page *run = &wvm_pool_page[first];
    *out = (struct wvm_pool_where){.page = first, .row = run->row};
    out->block = (struct wvm_pool_block){
        .start = wvm_pool_page_start(first),
        .size = run->size,
        .room = (size_t)run->run * WVM_POOL_PAGE,
        .tag = wvm_pool_map.row_tag[run->row],
        .kind = kind,
        .charged = run->flags & WVM_POOL_CHARGED,
    };
}

/* The big block that holds p, or the pool's pages that do. */
enum big { NO_PAGES, IDLE_PAGES, WAS_BIG, IS_BIG };
static enum big find_big(const void *p, struct wvm_pool_where *out)
{
    uint32_t page = wvm_pool_page_of(p);
    struct wvm_pool_part *part = part_of(p);
    enum big big = NO_PAGES;
    if (!part)
        return NO_PAGES;
    pthread_mutex_lock(&part->lock);
    if (page < part->grown) {
        uint32_t first = wvm_pool_run_first(part, page);
        big = IDLE_PAGES;
        if (first && wvm_pool_page[first].what == WVM_POOL_BIG) {
            describe_big(first, part->kind, out);
            big = IS_BIG;
        } else if (!first && wvm_pool_page[page].row && p == wvm_pool_page_start(page)) {
            out->row = wvm_pool_page[page].row;
            big = WAS_BIG;
        }
    }
    pthread_mutex_unlock(&part->lock);
    return big;
}

enum use { NEVER_USED, CORRUPT, IDLE, LIVE };
static enum use use_of(const struct wvm_pool_slot *slot, unsigned kind, uint32_t room)
{
    const struct wvm_pool_state *s = slot->state;
    uint32_t use = wvm_pool_use_get(s), shelf = WVM_POOL_USE_SHELF(use);
    if (!__atomic_load_n(&s->use, __ATOMIC_RELAXED))
        return NEVER_USED;
    if (s->start != (uint16_t)(uintptr_t)slot->block || use & WVM_POOL_NO_USE ||
        !wvm_pool_is_shelf(shelf) || WVM_POOL_SHELF_KIND(shelf) != kind ||
        wvm_pool_map.class[WVM_POOL_SHELF_CLASS(shelf)].size != room)
        return CORRUPT;
    if (use & WVM_POOL_IDLE)
        return IDLE;
    return wvm_pool_slack_of(s, use) < room ? LIVE : CORRUPT;
}

/* The slot that holds p, and what it is. */
static bool find_slot(const void *p, struct wvm_pool_where *out, enum use *use)
{
    uint32_t room;
    if (!wvm_pool_slot_at(p, &out->slot, &room))
        return false;
    uint32_t word = wvm_pool_use_get(out->slot.state);
    unsigned kind = wvm_pool_map.place[((uintptr_t)p - wvm_pool_map.base) / WVM_POOL_SPAN].kind;
    *use = use_of(&out->slot, kind, room);
    out->row = WVM_POOL_USE_ROW(word);
    out->block = (struct wvm_pool_block){
        .start = out->slot.block,
        .size = room - wvm_pool_slack_of(out->slot.state, word),
        .room = room,
        .tag = wvm_pool_map.row_tag[out->row],
        .kind = kind,
        .charged = word & WVM_POOL_CHARGED_USE,
    };
    return true;
}

static bool is_pool_address(const void *p)
{
    return (uintptr_t)p - wvm_pool_map.base < wvm_pool_map.size;
}

bool wvm_pool_locate(const void *p, struct wvm_pool_where *out)
{
    enum use use;
    *out = (struct wvm_pool_where){0};
    if (!is_pool_address(p))
        return false;
    if (find_slot(p, out, &use))
        return use == LIVE;
    return find_big(p, out) == IS_BIG;
}

static bool finding(struct wvm_pool_finding *f, uint32_t code, uintptr_t what, const void *p)
{
    *f = (struct wvm_pool_finding){.code = code, .parameter = {what, (uintptr_t)p}};
    return false;
}

static bool is_paged_address(const void *p)
{
    return part_of(p) == &wvm_pool_part[WVM_POOL_PAGED];
}

/* p is in the pools, and no block. */
static bool not_allocated(const void *p, struct wvm_pool_finding *f)
{
    if (!is_paged_address(p))
        return finding(f, BAD_POOL_CALLER, NOT_ALLOCATED, p);
    (void)finding(f, BAD_POOL_CALLER, NOT_ALLOCATED_PAGED, p);
    const struct wvm_pool_part *part = &wvm_pool_part[WVM_POOL_PAGED];
    f->parameter[2] = wvm_pool_page_of(p) - part->first;
    f->parameter[3] = (uintptr_t)(part->end - part->first) * WVM_POOL_PAGE;
    return false;
}

static bool inside(const void *p, const void *start, struct wvm_pool_finding *f)
{
    (void)finding(f, BAD_POOL_CALLER, is_paged_address(p) ? INSIDE_PAGED : INVALID_ADDRESS, p);
    f->parameter[3] = is_paged_address(p) ? (uintptr_t)start : 0;
    return false;
}

static bool freed_twice(const void *p, unsigned row, struct wvm_pool_finding *f)
{
    (void)finding(f, BAD_POOL_CALLER, FREED_TWICE, NULL);
    f->parameter[2] = wvm_pool_map.row_tag[row];
    f->parameter[3] = (uintptr_t)p;
    return false;
}

/* p lies in a slot that is not in use. */
static bool judge_idle_slot(const void *p, const struct wvm_pool_where *w, enum use use,
                            struct wvm_pool_finding *f)
{
    if (use == IDLE && p == w->slot.block)
        return freed_twice(p, w->row, f);
    if (use != CORRUPT)
        return not_allocated(p, f);
    (void)finding(f, BAD_POOL_HEADER, HEADER_SIZE_CORRUPT, w->slot.block);
    f->parameter[2] = (uintptr_t)w->slot.block + w->block.room;
    f->parameter[3] = w->slot.state->use;
    return false;
}

/* The slack of a block has changed: of whole pages it is told where, of others like a header. */
static bool overwritten(const void *p, size_t size, size_t room, struct wvm_pool_finding *f)
{
    uint32_t found;
    if (room < WVM_POOL_PAGE) {
        (void)finding(f, BAD_POOL_HEADER, HEADER_SIZE_CORRUPT, p);
        f->parameter[2] = (uintptr_t)p + room;
        return false;
    }
    (void)finding(f, BAD_POOL_HEADER, PAST_THE_END, p);
    __builtin_memcpy(&found, (const char *)p + wvm_min(size, room - 4), 4);
    f->parameter[2] = size;
    f->parameter[3] = found;
    return false;
}

bool wvm_pool_prove(const struct wvm_pool_slot *slot, struct wvm_pool_finding *f)
{
    const struct wvm_pool_state *state = wvm_pool_slot_state(slot);
    uint32_t use = wvm_pool_use_get(state);
    size_t slack = wvm_pool_slack_of(state, use);
    size_t room = wvm_pool_map.class[WVM_POOL_SHELF_CLASS(WVM_POOL_USE_SHELF(use))].size;
    if (!slack || wvm_pool_canary_ok(slot->block, room, slack))
        return true;
    return f->code ? false : overwritten(slot->block, room - slack, room, f);
}

static bool judge_block(const void *p, uint32_t tag, const struct wvm_pool_where *w,
                        struct wvm_pool_finding *f)
{
    const struct wvm_pool_block *b = &w->block;
    if (p != b->start)
        return inside(p, b->start, f);
    if (tag != b->tag && !wvm_pool_row_is_overflow(w->row)) {
        (void)finding(f, BAD_POOL_CALLER, WRONG_TAG, p);
        f->parameter[2] = b->tag;
        f->parameter[3] = tag;
        return false;
    }
    if (b->room == b->size || wvm_pool_canary_ok(p, b->room, b->room - b->size))
        return true;
    return overwritten(p, b->size, b->room, f);
}

static bool judge_idle_pages(const void *p, enum big big, unsigned row,
                             struct wvm_pool_finding *f)
{
    if (big == WAS_BIG)
        return freed_twice(p, row, f);
    return big == IDLE_PAGES ? not_allocated(p, f) : finding(f, BAD_POOL_CALLER, NEVER_POOL, p);
}

bool wvm_pool_judge(const void *p, uint32_t tag, bool any_tag, struct wvm_pool_where *out,
                    struct wvm_pool_finding *f)
{
    enum use use;
    *out = (struct wvm_pool_where){0};
    *f = (struct wvm_pool_finding){0};
    if (!is_pool_address(p)) {
        (void)finding(f, BAD_POOL_CALLER, USER_ADDRESS, p);
        f->parameter[2] = wvm_pool_map.base;
        return false;
    }
    if (find_slot(p, out, &use)) {
        if (use != LIVE)
            return judge_idle_slot(p, out, use, f);
    } else {
        enum big big = find_big(p, out);
        if (big != IS_BIG)
            return judge_idle_pages(p, big, out->row, f);
    }
    return judge_block(p, any_tag ? out->block.tag : tag, out, f);
}
