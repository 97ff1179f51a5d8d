/* What the tests of the allocator share: the room itself over memory of their own. */
#ifndef WVM_POOL_T_POOL_UNIT_H
#define WVM_POOL_T_POOL_UNIT_H

#include <string.h>
#include <sys/mman.h>

#include "base/t/unit.h"
#include "pool/pool_rest.h"

#define UNIT_SPACE ((size_t)256 << 20)
enum { TAG_A = 0x61616161, TAG_B = 0x62626262, PAGE = WVM_POOL_PAGE };

static inline void unit_start(void)
{
    wvm_host_init();
    char *space = mmap(NULL, UNIT_SPACE + WVM_GRANULE_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(space, MAP_FAILED);
    ck_assert(wvm_pool_start(wvm_align_up((uintptr_t)space, WVM_GRANULE_SIZE), UNIT_SPACE));
}

/* By the fast way and its rest. NULL: they cannot. */
static inline void *unit_fast_take(uint32_t type, size_t size, uint32_t tag)
{
    void *p = NULL;
    struct wvm_pool_rest r;
    enum wvm_pool_fast way = wvm_pool_fast_alloc(type, size, tag, &p, &r);
    if (way == WVM_POOL_REST)
        return wvm_pool_rest_alloc(r.use, size, r.cache, r.th, r.way);
    if (way == WVM_POOL_LATER)
        return wvm_pool_later_alloc(r.use, size, r.cache, r.th, r.way);
    return way == WVM_POOL_OTHER ? wvm_pool_other_alloc(type, size, tag, r.th, r.way) : p;
}

/* False: they cannot. */
static inline bool unit_fast_free(void *p, uint32_t tag)
{
    struct wvm_pool_rest r;
    enum wvm_pool_fast way = wvm_pool_fast_free(p, tag, &r);
    if (way == WVM_POOL_REST)
        return wvm_pool_rest_free(p, r.use, r.state, r.th, r.way, r.cache);
    return way == WVM_POOL_DONE ||
           (way == WVM_POOL_OTHER && wvm_pool_other_free(p, false, tag, r.th));
}

/* By the ways that a call goes. */
static inline char *unit_take(unsigned kind, size_t size, uint32_t tag)
{
    struct wvm_pool_request rq = {kind, tag, size, 0, NULL};
    void *p = unit_fast_take(wvm_pool_type_of(kind), size, tag);
    if (!p)
        p = wvm_pool_second_alloc(kind, size, tag);
    return p ? p : wvm_pool_alloc(&rq);
}

static inline char *unit_take_flags(unsigned kind, size_t size, unsigned flags)
{
    struct wvm_pool_request rq = {kind, TAG_A, size, flags, NULL};
    return wvm_pool_alloc(&rq);
}

/* 0, or the bug check that the free is. */
static inline struct wvm_pool_finding unit_free(void *p, uint32_t tag)
{
    struct wvm_pool_finding f = {0};
    if (!unit_fast_free(p, tag) && !wvm_pool_second_free(p, false, tag))
        (void)wvm_pool_free(p, tag, false, NULL, &f);
    return f;
}

static inline void unit_give(void *p, uint32_t tag)
{
    ck_assert_uint_eq(unit_free(p, tag).code, 0);
}

/* For wvm_pool_walk: arg[0] counts blocks, arg[1] the bytes asked for. */
static inline bool unit_count(const struct wvm_pool_block *b, void *arg)
{
    uint64_t *n = arg;
    n[0]++;
    n[1] += b->size;
    return true;
}

/* The counters of a tag are these. */
static inline void unit_row(uint32_t tag, bool paged, const uint64_t expected[3])
{
    struct wvm_pool_row row = {0};
    (void)wvm_pool_row_of(tag, paged, &row);
    ck_assert_uint_eq(row.allocs, expected[0]);
    ck_assert_uint_eq(row.frees, expected[1]);
    ck_assert_uint_eq(row.bytes, expected[2]);
}
#define UNIT_ROW(tag, paged, ...) unit_row(tag, paged, (const uint64_t[3]){__VA_ARGS__})

#endif
