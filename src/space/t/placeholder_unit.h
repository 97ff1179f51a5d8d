/* Placeholders and what replaces them, in pictures: one character per page, each allocation in
 * brackets: '.' placeholder, '-' reserved, 'w' READWRITE, 'r' READONLY, 'm' a view; ' ' outside
 * brackets: a free page. */
#ifndef WVM_SPACE_T_PLACEHOLDER_UNIT_H
#define WVM_SPACE_T_PLACEHOLDER_UNIT_H

#include "space/t/space_unit.h"

#define CONFLICT STATUS_CONFLICTING_ADDRESSES

static uintptr_t A; /* page 0 of the pictures */

static inline uintptr_t page(unsigned n)
{
    return A + (uintptr_t)n * PG;
}

static inline uintptr_t placeholder(unsigned n_pages)
{
    struct wvm_request req = {
        .len = n_pages * (uintptr_t)PG, .attr = WVM_ATTR_NA, .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &req));
    return req.start;
}

static inline wvm_status replace(unsigned lo, unsigned hi, uint8_t attr, uint16_t flags)
{
    struct wvm_request req = {
        .start = page(lo), .len = page(hi) - page(lo), .attr = attr & 0x7f,
        .commit = !(attr & 0x80), .flags = WVM_ALLOC_REPLACED | flags};
    return wvm_space_reserve(SP, &req);
}

/* Reserves without commit. */
#define NO_COMMIT(attr) ((attr) | 0x80)

static inline wvm_status preserve(unsigned lo, unsigned hi)
{
    return wvm_space_preserve(SP, page(lo), page(hi));
}

static inline wvm_status coalesce(unsigned lo, unsigned hi)
{
    return wvm_space_coalesce(SP, page(lo), page(hi));
}

static inline wvm_status release(unsigned lo, unsigned hi)
{
    uintptr_t end;
    return wvm_space_release(SP, page(lo), page(hi), &end);
}

static inline uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/* ---- pictures ---- */

/* The character of a queried page. */
static inline char letter(const struct wvm_region *r)
{
    static const char of[] = {[WVM_ATTR_RESERVED] = '-', [WVM_ATTR_RO] = 'r', [WVM_ATTR_RW] = 'w'};
    if (r->type == WVM_TYPE_FREE)
        return ' ';
    if (r->type == WVM_TYPE_MAPPED)
        return 'm';
    if (r->flags & WVM_ALLOC_PLACEHOLDER)
        return r->attr == 0 && r->alloc_attr == WVM_ATTR_NA ? '.' : '?';
    return r->attr < sizeof of && of[r->attr] ? of[r->attr] : '?';
}

/* n: pages. */
static inline void draw(unsigned n, char *out)
{
    struct wvm_region r;
    for (unsigned i = 0; i < n; i++) {
        if (wvm_space_query(SP, page(i), &r)) /* an assertion that holds costs a system call */
            ck_abort_msg("page %u cannot be queried", i);
        if (r.type != WVM_TYPE_FREE && r.alloc_start == page(i))
            *out++ = '[';
        *out++ = letter(&r);
        if (r.type != WVM_TYPE_FREE && r.alloc_end == page(i + 1))
            *out++ = ']';
        /* One run is one letter (PH-059). */
        if (r.end > r.alloc_end && r.type != WVM_TYPE_FREE)
            ck_abort_msg("the run of page %u reaches past its allocation", i);
    }
    *out = '\0';
}

static inline void expect(const char *picture)
{
    char got[200];
    unsigned n = 0;
    for (const char *c = picture; *c; c++)
        n += *c != '[' && *c != ']';
    draw(n, got);
    ck_assert_str_eq(got, picture);
    unit_audit();
}

static inline void expect_words(unsigned lo, unsigned hi, uint64_t want)
{
    uint64_t word;
    for (unsigned i = lo; i < hi; i++) {
        ck_assert(unit_read(page(i), &word));
        ck_assert_uint_eq(word, want);
    }
}

static inline void write_words(unsigned lo, unsigned hi, uint64_t word)
{
    for (unsigned i = lo; i < hi; i++)
        ck_assert(unit_write(page(i), word));
}

#endif
