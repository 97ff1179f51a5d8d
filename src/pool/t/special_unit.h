/* What the tests of special pool share: the room itself over memory of their own. */
#ifndef WVM_POOL_T_SPECIAL_UNIT_H
#define WVM_POOL_T_SPECIAL_UNIT_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arith.h"
#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "pool/pool_special.h"

#define TAG(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define TAG_A TAG('a', 'b', 'c', 'd')
#define TAG_B TAG('w', 'x', 'y', 'z')
enum { PAGE = 4096 };
#define SPACE ((size_t)64 << 20)

/* ---- the room ---- */

static inline void begin(const char *special)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s", special ? "special=" : "", special ? special : "");
    wvm_options_parse(text, NULL);
    wvm_host_init();
    char *space = mmap(NULL, SPACE + WVM_GRANULE_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(space, MAP_FAILED);
    ck_assert(wvm_pool_start(wvm_align_up((uintptr_t)space, WVM_GRANULE_SIZE), SPACE));
    wvm_pool_special_start();
}

static inline char *take(enum wvm_pool_kind kind, uint32_t tag, size_t size, unsigned flags)
{
    struct wvm_pool_request rq = {kind, tag, size, flags, NULL};
    return wvm_pool_alloc(&rq);
}

static inline char *take_paged(size_t size)
{
    char *p = take(WVM_POOL_PAGED, TAG_A, size, 0);
    ck_assert_ptr_nonnull(p);
    return p;
}

static inline bool is_special(const void *p)
{
    struct wvm_pool_block b;
    return wvm_pool_find(p, &b) && b.special;
}

static inline bool frees(void *p)
{
    struct wvm_pool_finding f;
    return wvm_pool_free(p, 0, true, NULL, &f);
}

static inline char *page_of(const void *p)
{
    return (char *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1));
}

#endif
