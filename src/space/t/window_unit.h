/* What the tests of windows share. */
#ifndef WVM_SPACE_T_WINDOW_UNIT_H
#define WVM_SPACE_T_WINDOW_UNIT_H

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_view.h"
#include "space/t/space_unit.h"

#define GIB ((uint64_t)1 << 30)
#define TOP_4G ((uint64_t)0xffff0000)
#define GRANULE WVM_GRANULE_SIZE

static inline struct wvm_window *open_window(uint64_t top)
{
    struct wvm_window *w;
    WORKS(wvm_window_open(SP, top, &w));
    ck_assert_uint_eq(wvm_window_base(w) % (4 * GIB), 0);
    ck_assert_uint_eq(wvm_window_top(w), top);
    return w;
}

static inline void close_window(struct wvm_window *w)
{
    WORKS(wvm_window_close(SP, w));
    unit_audit();
}

static inline struct wvm_request request(struct wvm_window *w, uintptr_t start, uintptr_t len)
{
    return (struct wvm_request){.window = w, .start = start, .len = len, .attr = WVM_ATTR_RW,
                                .commit = len < GIB};
}

static inline uintptr_t reserve(struct wvm_window *w, uintptr_t len)
{
    struct wvm_request req = request(w, 0, len);
    WORKS(wvm_space_reserve(SP, &req));
    return req.start;
}

static inline wvm_status reserve_at(struct wvm_window *w, uintptr_t start, uintptr_t len)
{
    struct wvm_request req = request(w, start, len);
    return wvm_space_reserve(SP, &req);
}

static inline struct wvm_region query(uintptr_t addr)
{
    struct wvm_region r;
    WORKS(wvm_space_query(SP, addr, &r));
    return r;
}

static inline struct wvm_region query_in(struct wvm_window *w, uintptr_t offset)
{
    struct wvm_region r;
    WORKS(wvm_window_query(SP, w, offset, &r));
    return r;
}

static inline void last(struct wvm_backing *b)
{
    (void)b;
}

static inline struct wvm_backing make_backing(void)
{
    struct wvm_backing backing = {.refs = 1, .shared_writable = true, .last = last};
    backing.fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert(backing.fd >= 0 && ftruncate(backing.fd, 8 * PG) == 0);
    return backing;
}

#endif
