/* The working set page by page: NtQueryVirtualMemory's MemoryWorkingSetExInformation.
 *
 * Order of checks: length, then the buffer. An address that cannot be anybody's is no error: there
 * is nothing at it (WS-049).
 * I1  Each entry is answered for itself, at its place in the caller's array (WS-050). Entries that
 *     follow each other in the array share a look at the tables and a call of the host: a batch of
 *     those whose pages lie near each other, in whatever order; or a run of those that are many
 *     for the pages between the lowest and the highest of them, by way of a table.
 * I2  While another thread of the caller changes the array, every answer belongs to some address
 *     that was there, or is that of an address with nothing at it.
 * I3  A table is a mapping for the time of one run. Without it all is answered in batches.
 * Terms   batch, run = see I1; window = the pages from the lowest to the highest of a batch, or a
 *         part of those of a run; codes = what is known of pages, enum wvm_working.
 * Locking: the space's, for each look.   Failure: the buffer may be partly written.
 * Signal safety: none. */
#include <string.h>

#include <winvm/psapi.h>

#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_query.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_working.h"
#include "space/space_physical.h"
#include "space/space_working.h"

enum { PAGES = WVM_WORKING_PAGES };

/* A caller's array may be misaligned. */
typedef PSAPI_WORKING_SET_EX_INFORMATION ex_entry __attribute__((aligned(1)));
typedef ULONG_PTR word __attribute__((aligned(1), may_alias));

/* What is known of pages that follow each other. */
struct codes {
    uint16_t *code;
    uint8_t *node;
};

static ULONG_PTR ex_block(uint16_t code)
{
    ULONG_PTR block = code & WVM_WORKING_SHARED ? 1u << 15 : 0;
    if (!(code & WVM_WORKING_VALID))
        return block;
    block |= 1 | wvm_nt_share_count(code) << 1;
    block |= (ULONG_PTR)wvm_nt_prot_of(code & WVM_WORKING_ATTR) << 4;
    block |= code & WVM_WORKING_LOCKED ? 1u << 22 : 0;
    block |= code & WVM_WORKING_LARGE ? 1u << 23 : 0;
    return block;
}

/* The block of the last page that had one: neighbours are alike. */
struct last {
    uint16_t code;
    ULONG_PTR block;
};

static inline ULONG_PTR block_of(struct last *l, uint16_t code)
{
    if (WVM_UNLIKELY(code && code != l->code))
        *l = (struct last){code, ex_block(code)};
    return code ? l->block : 0;
}

/* n pages from page number first, PAGES at most. */
static wvm_status look(const struct wvm_target *t, uintptr_t first, size_t n,
                       const struct codes *to)
{
    wvm_status status = wvm_nt_working_at(t, first * WVM_PAGE_SIZE, n, to->code);
    if (status >= 0 && wvm_host_has_nodes())
        (void)wvm_host_nodes_of(t->pid, t->base + first * WVM_PAGE_SIZE, n, to->node);
    return status;
}

static inline ULONG_PTR node_bits(uint16_t code, uint8_t node)
{
    return code & WVM_WORKING_VALID ? (ULONG_PTR)(node & 63) << 16 : 0;
}

static inline uintptr_t page_of(const ex_entry *entry)
{
    return *(const volatile word *)&entry->VirtualAddress / WVM_PAGE_SIZE;
}

/* ---- batches ---- */

struct batch {
    uintptr_t first, lo, hi; /* pages: of the first entry, and the window */
    size_t n;                /* entries */
    int16_t at[PAGES];       /* of each: its page less the first */
    uint16_t code[PAGES];
    uint8_t node[PAGES];
};
#define NOWHERE INT16_MIN

/* Far pages are worth sharing a window while it has few pages for each entry. */
static inline uintptr_t widest(const struct batch *b)
{
    return WVM_LIKELY(b->n > PAGES / 16) ? PAGES : 64 + 16 * b->n;
}

/* Takes entries while they are near each other; at least one. */
static void gather_near(struct batch *b, const ex_entry *entry, size_t n, uintptr_t end_page)
{
    b->first = b->lo = b->hi = 0;
    for (b->n = 0; b->n < wvm_min(n, (size_t)PAGES); b->n++) {
        uintptr_t page = page_of(&entry[b->n]);
        b->at[b->n] = NOWHERE;
        if (WVM_UNLIKELY(page >= end_page))
            continue;
        if (WVM_UNLIKELY(!b->hi))
            b->first = b->lo = b->hi = page;
        uintptr_t lo = wvm_min(b->lo, page), hi = wvm_max(b->hi, page + 1);
        if (hi - lo > widest(b))
            break;
        b->lo = lo;
        b->hi = hi;
        b->at[b->n] = (int16_t)(page - b->first);
    }
}

static wvm_status look_near(const struct wvm_target *t, struct batch *b)
{
    size_t n = b->hi - b->lo;
    return n ? look(t, b->lo, n, &(struct codes){b->code, b->node}) : STATUS_SUCCESS;
}

static void answer_near(const struct batch *b, ex_entry *entry)
{
    bool nodes = wvm_host_has_nodes();
    intptr_t shift = (intptr_t)(b->first - b->lo);
    struct last last = {0, 0};
    for (size_t k = 0; k < b->n; k++) {
        size_t i = (size_t)(b->at[k] + shift);
        bool known = b->at[k] != NOWHERE;
        uint16_t code = known ? b->code[i] : 0;
        entry[k].VirtualAttributes.Flags =
            block_of(&last, code) | (nodes && known ? node_bits(code, b->node[i]) : 0);
    }
}

/* ---- runs ---- */

enum {
    BLOCK = 512,                 /* pages that are looked at together */
    LEAST_RUN = 256,             /* entries */
    FEW = 32,                    /* entries of a batch that ask for a run instead */
    PAGES_OF_ENTRY = 32,         /* of a run, at most */
    TABLE_PAGES = 16 * 1024 * 1024,
    MOST_WINDOWS = 8,            /* of a run */
};
#define MOST_SPAN ((uintptr_t)TABLE_PAGES * MOST_WINDOWS)

struct run {
    uintptr_t lo, hi; /* pages */
    size_t n;         /* entries; 0: there is none */
    size_t seen;      /* entries that were read to tell */
};

struct table {
    uintptr_t lo, hi; /* the window */
    struct codes codes;
    uint8_t *known;   /* of each block of pages */
    void *at;
    size_t len;
};

/* The longest run that begins with the first entry. */
static void find_run(struct run *r, const ex_entry *entry, size_t n, uintptr_t end_page)
{
    uintptr_t lo = UINTPTR_MAX, hi = 0;
    uintptr_t most = wvm_min(n, MOST_SPAN / PAGES_OF_ENTRY) * PAGES_OF_ENTRY;
    *r = (struct run){.n = 0};
    for (; r->seen < n; r->seen++) {
        uintptr_t page = page_of(&entry[r->seen]);
        if (WVM_UNLIKELY(page >= end_page))
            continue;
        lo = wvm_min(lo, page);
        hi = wvm_max(hi, page + 1);
        if (WVM_UNLIKELY(hi - lo > most))
            return;
        if ((hi - lo) / PAGES_OF_ENTRY <= r->seen)
            *r = (struct run){.lo = lo, .hi = hi, .n = r->seen + 1, .seen = r->seen};
    }
}

static bool open_table(struct table *tab, const struct run *r)
{
    size_t pages = wvm_min(r->hi - r->lo, (uintptr_t)TABLE_PAGES), blocks = pages / BLOCK + 1;
    size_t nodes = wvm_host_has_nodes() ? pages : 0;
    tab->len = wvm_align_up(pages * sizeof(uint16_t) + nodes + blocks, WVM_PAGE_SIZE);
    tab->at = wvm_space_scratch(tab->len);
    if (!tab->at)
        return false;
    tab->codes.code = tab->at;
    tab->codes.node = (uint8_t *)(tab->codes.code + pages);
    tab->known = tab->codes.node + nodes;
    return true;
}

static wvm_status look_block(const struct wvm_target *t, const struct table *tab, size_t block)
{
    size_t first = block * BLOCK, n = wvm_min(tab->hi - tab->lo - first, (uintptr_t)BLOCK);
    struct codes to = {tab->codes.code + first, tab->codes.node + first};
    tab->known[block] = true;
    return look(t, tab->lo + first, n, &to);
}

/* Entries outside of the first window are answered as if nothing was there. */
static wvm_status answer_window(const struct wvm_target *t, const struct table *tab,
                                const struct run *r, ex_entry *entry)
{
    bool nodes = wvm_host_has_nodes();
    struct last last = {0, 0};
    for (size_t k = 0; k < r->n; k++) {
        size_t i = page_of(&entry[k]) - tab->lo;
        if (WVM_UNLIKELY(i >= tab->hi - tab->lo)) {
            if (tab->lo == r->lo)
                entry[k].VirtualAttributes.Flags = 0;
            continue;
        }
        if (WVM_UNLIKELY(!tab->known[i / BLOCK])) {
            wvm_status status = look_block(t, tab, i / BLOCK);
            if (status < 0)
                return status;
        }
        uint16_t code = tab->codes.code[i];
        entry[k].VirtualAttributes.Flags =
            block_of(&last, code) | (nodes ? node_bits(code, tab->codes.node[i]) : 0);
    }
    return STATUS_SUCCESS;
}

static wvm_status answer_run(const struct wvm_target *t, struct table *tab, const struct run *r,
                             ex_entry *entry)
{
    wvm_status status = STATUS_SUCCESS;
    for (tab->lo = r->lo; status >= 0 && tab->lo < r->hi; tab->lo = tab->hi) {
        tab->hi = wvm_min(r->hi - tab->lo, (uintptr_t)TABLE_PAGES) + tab->lo;
        memset(tab->known, 0, (tab->hi - tab->lo) / BLOCK + 1);
        status = answer_window(t, tab, r, entry);
    }
    wvm_space_scratch_end(tab->at, tab->len);
    return status;
}

/* ---- the class ---- */

/* An array and what is answered of it. */
struct work {
    const struct wvm_target *t;
    ex_entry *entry;
    size_t n, done;
    size_t next_look; /* for a run: entries that were read in vain are few for those answered */
};

/* SUCCESS with nothing done: no run begins here. */
static wvm_status try_run(struct work *w)
{
    struct run r;
    struct table tab;
    ex_entry *entry = w->entry + w->done;
    if (w->n - w->done < LEAST_RUN || w->done < w->next_look)
        return STATUS_SUCCESS;
    find_run(&r, entry, w->n - w->done, wvm_nt_working_end(w->t) / WVM_PAGE_SIZE);
    if (r.n < LEAST_RUN) {
        w->next_look = w->done + r.seen / 8 + 1;
        return STATUS_SUCCESS;
    }
    if (!open_table(&tab, &r)) {
        w->next_look = w->n;
        return STATUS_SUCCESS;
    }
    w->done += r.n;
    return answer_run(w->t, &tab, &r, entry);
}

static wvm_status answer_next(struct work *w)
{
    struct batch b;
    size_t before = w->done;
    wvm_status status = STATUS_SUCCESS;
    gather_near(&b, w->entry + w->done, w->n - w->done,
                wvm_nt_working_end(w->t) / WVM_PAGE_SIZE);
    if (b.n < FEW)
        status = try_run(w);
    if (status < 0 || w->done > before)
        return status;
    status = look_near(w->t, &b);
    if (status >= 0)
        answer_near(&b, w->entry + w->done);
    w->done += b.n;
    return status;
}

/* Marks of all the pages that the array is about are brought up to date at once. */
static wvm_status begin(const struct wvm_target *t, const ex_entry *entry, size_t n)
{
    uintptr_t lo = UINTPTR_MAX, hi = 0, end_page = wvm_nt_working_end(t) / WVM_PAGE_SIZE;
    if (t->pid)
        return STATUS_SUCCESS;
    for (size_t i = 0; wvm_space_any_left(&wvm_space_native) && i < n; i++) {
        uintptr_t page = page_of(&entry[i]);
        lo = page < end_page ? wvm_min(lo, page) : lo;
        hi = page < end_page ? wvm_max(hi, page + 1) : hi;
    }
    lo = lo < hi ? lo : hi;
    return wvm_space_working_begin(&wvm_space_native, t->base + lo * WVM_PAGE_SIZE,
                                   t->base + hi * WVM_PAGE_SIZE);
}

wvm_status wvm_nt_query_working_ex(const struct wvm_target *t, struct wvm_nt_buffer *buf)
{
    struct work w = {.t = t, .entry = buf->at, .n = buf->len / sizeof *w.entry};
    if (w.n == 0)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!wvm_nt_array_writable(w.entry, w.n * sizeof *w.entry))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = begin(t, w.entry, w.n);
    while (status >= 0 && w.done < w.n)
        status = answer_next(&w);
    /* A 32-bit program on a 64-bit Windows is told of whole entries (WS-052). */
    if (status >= 0)
        buf->needed = sizeof(void *) == 8 ? buf->len : w.n * sizeof *w.entry;
    return status;
}
