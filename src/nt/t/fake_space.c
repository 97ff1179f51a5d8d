/* The fake of fake_space.h: each operation notes its range and answers fake.result. */
#include "fake_space.h"

#include <string.h>

#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "space/space_fault.h"
#include "space/space_layout.h"
#include "space/space_system.h"
#include "space/space_window.h"
#include "space/space_working.h"

struct wvm_space {
    int unused;
};
struct wvm_space wvm_space_native;
struct fake_space fake;
struct wvm_layout wvm_layout = {
    .top = FAKE_TOP,
    .native_top = 0x7fffffff0000,
    .emulated_top = 0xffff0000,
    .host_top = sizeof(void *) == 8 ? (uint64_t)1 << 47 : 0xffffe000,
    .wow64 = sizeof(void *) == 4,
};

void fake_reset(void)
{
    memset(&fake, 0, sizeof fake);
}

static wvm_status note(enum fake_op op, uintptr_t start, uintptr_t end)
{
    fake.op = op;
    fake.start = start;
    fake.end = end;
    fake.n_calls++;
    return fake.n_calls == 1 && fake.first_result ? fake.first_result : fake.result;
}

static char windows[8]; /* one byte stands for an open window */

wvm_status wvm_window_open(struct wvm_space *sp, uint64_t top, struct wvm_window **out)
{
    (void)sp;
    fake.window_top = top;
    if (fake.window_result)
        return fake.window_result;
    if (fake.n_windows == sizeof windows)
        return STATUS_NO_MEMORY;
    *out = (struct wvm_window *)&windows[fake.n_windows++];
    return STATUS_SUCCESS;
}

wvm_status wvm_window_close(struct wvm_space *sp, struct wvm_window *w)
{
    (void)sp;
    (void)w;
    fake.n_closings++;
    if (fake.close_result)
        return fake.close_result;
    fake.n_windows--;
    return STATUS_SUCCESS;
}

void wvm_space_join_offered(struct wvm_space *sp, struct wvm_region *r)
{
    (void)sp;
    (void)r;
}

uint64_t wvm_window_committed(struct wvm_space *sp, const struct wvm_window *w)
{
    (void)sp;
    (void)w;
    return 0x123000;
}

uintptr_t wvm_window_holding(const struct wvm_space *sp, uintptr_t addr)
{
    (void)sp;
    return fake.n_windows && addr - FAKE_WINDOW_BASE < 0x10000 ? FAKE_WINDOW_BASE : 0;
}

uintptr_t wvm_window_base(const struct wvm_window *w)
{
    (void)w;
    return FAKE_WINDOW_BASE;
}

uint64_t wvm_window_top(const struct wvm_window *w)
{
    (void)w;
    return fake.window_top ? fake.window_top : 0xffff0000;
}

wvm_status wvm_window_query(struct wvm_space *sp, const struct wvm_window *w, uintptr_t addr,
                            struct wvm_region *out)
{
    (void)w;
    return wvm_space_query(sp, addr, out);
}

struct wvm_system_range wvm_space_system_range;
bool (*wvm_space_system_fault)(const struct wvm_system_fault *f);

uintptr_t wvm_space_top(const struct wvm_space *sp)
{
    (void)sp;
    return fake.top ? fake.top : FAKE_TOP;
}

uintptr_t wvm_space_host_top(const struct wvm_space *sp)
{
    (void)sp;
    return sizeof(void *) == 8 ? (uintptr_t)0x7ffffffff000ull : 0xffffe000;
}

uint64_t wvm_space_free_bytes(const struct wvm_space *sp)
{
    (void)sp;
    return 0x50000;
}

wvm_status wvm_space_reserve(struct wvm_space *sp, struct wvm_request *req)
{
    (void)sp;
    fake.req = *req;
    if (req->start == 0)
        req->start = 0x120000;
    return note(FAKE_RESERVE, req->start, req->start + req->len);
}

wvm_status wvm_space_commit(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr)
{
    (void)sp;
    fake.attr = attr;
    return note(FAKE_COMMIT, start, end);
}

wvm_status wvm_space_decommit(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                              uintptr_t *out_end)
{
    (void)sp;
    *out_end = fake.out_end ? fake.out_end : end;
    return note(FAKE_DECOMMIT, start, end);
}

wvm_status wvm_space_release(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                             uintptr_t *out_end)
{
    (void)sp;
    *out_end = fake.out_end ? fake.out_end : end;
    return note(FAKE_RELEASE, start, end);
}

wvm_status wvm_space_preserve(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_PRESERVE, start, end);
}

wvm_status wvm_space_coalesce(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_COALESCE, start, end);
}

wvm_status wvm_space_protect(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                             uint8_t *old)
{
    (void)sp;
    fake.attr = attr;
    *old = fake.old_attr;
    return note(FAKE_PROTECT, start, end);
}

wvm_status wvm_space_reset(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_RESET, start, end);
}

wvm_status wvm_space_reset_undo(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_RESET_UNDO, start, end);
}

wvm_status wvm_space_lock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end, unsigned kinds)
{
    (void)sp;
    fake.kinds = kinds;
    return note(FAKE_LOCK, start, end);
}

wvm_status wvm_space_unlock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                               unsigned kinds)
{
    (void)sp;
    fake.kinds = kinds;
    return note(FAKE_UNLOCK, start, end);
}

wvm_status wvm_space_trim(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_TRIM, start, end);
}

/* No call of a test is interrupted inside the space. */
bool wvm_space_inside(void)
{
    return false;
}

bool wvm_space_any_left(const struct wvm_space *sp)
{
    (void)sp;
    return fake.any_left;
}

/* Notes the range, which is not an operation. */
wvm_status wvm_space_working_begin(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    fake.start = start;
    fake.end = end;
    return fake.result;
}

wvm_status wvm_space_working(struct wvm_space *sp, uintptr_t start, size_t n, uint16_t *code)
{
    (void)sp;
    fake.n_working++;
    for (size_t i = 0; i < n; i++)
        code[i] = fake.working[(start / WVM_PAGE_SIZE + i) % 16];
    return fake.result;
}

wvm_status wvm_space_take_new(struct wvm_space *sp, uintptr_t start, size_t n, uint16_t *code,
                              bool note)
{
    (void)sp, (void)start, (void)n, (void)code, (void)note;
    return fake.result;
}

void wvm_space_forget_seen(struct wvm_space *sp)
{
    (void)sp;
}

wvm_status wvm_space_working_region(pid_t pid, const struct wvm_region *r, uintptr_t start,
                                    size_t n, uint16_t *code)
{
    (void)r;
    fake.other = pid;
    return wvm_space_working(NULL, start, n, code);
}

wvm_status wvm_space_trim_all(struct wvm_space *sp)
{
    (void)sp;
    return note(FAKE_TRIM_ALL, 0, 0);
}

void wvm_space_ws_limits(struct wvm_space *sp, struct wvm_ws_limits *out)
{
    (void)sp;
    *out = fake.ws;
}

void wvm_space_first_ws_limits(struct wvm_ws_limits *out)
{
    *out = (struct wvm_ws_limits){204800, 1413120, WVM_WS_MIN_SOFT | WVM_WS_MAX_SOFT};
}

wvm_status wvm_space_set_ws_limits(struct wvm_space *sp, const struct wvm_ws_limits *to)
{
    (void)sp;
    if (!fake.result)
        fake.ws = *to;
    return note(FAKE_WS_LIMITS, 0, 0);
}

uint64_t wvm_space_private_commit(struct wvm_space *sp, uint64_t writable)
{
    (void)sp;
    return writable + FAKE_COMMIT_MORE;
}

wvm_status wvm_space_read(struct wvm_space *sp, uintptr_t remote, void *local, size_t len,
                          size_t *done)
{
    (void)sp;
    (void)local;
    *done = fake.done;
    return note(FAKE_READ, remote, remote + len);
}

wvm_status wvm_space_write(struct wvm_space *sp, uintptr_t remote, const void *local, size_t len,
                           size_t *done)
{
    (void)sp;
    (void)local;
    *done = fake.done;
    return note(FAKE_WRITE, remote, remote + len);
}

bool wvm_space_is_ours(const struct wvm_space *sp, uintptr_t addr)
{
    (void)sp;
    return addr >= fake.region.alloc_start && addr < fake.region.alloc_end &&
           !(fake.region.flags & WVM_ALLOC_FOREIGN);
}

wvm_status wvm_space_query_other(pid_t pid, uintptr_t addr, struct wvm_region *out)
{
    fake.other = pid;
    return wvm_space_query(&wvm_space_native, addr, out);
}

wvm_status wvm_space_query(struct wvm_space *sp, uintptr_t addr, struct wvm_region *out)
{
    (void)sp;
    if (addr >= fake.region.alloc_start && addr < fake.region.alloc_end) {
        *out = fake.region;
        out->start = wvm_align_down(addr, WVM_PAGE_SIZE);
        return 0;
    }
    memset(out, 0, sizeof *out);
    out->start = out->alloc_start = wvm_align_down(addr, WVM_PAGE_SIZE);
    out->end = out->alloc_end = out->start + WVM_PAGE_SIZE;
    out->attr = out->alloc_attr = WVM_ATTR_RW;
    out->type = WVM_TYPE_PRIVATE;
    out->flags = WVM_ALLOC_FOREIGN;
    return 0;
}

uint64_t wvm_space_committed_bytes(struct wvm_space *sp, const struct wvm_region *r)
{
    (void)sp;
    return r->end - r->start;
}

void wvm_space_commit_info(struct wvm_space *sp, struct wvm_commit_info *out)
{
    (void)sp;
    memset(out, 0, sizeof *out);
}

const char *wvm_space_audit(struct wvm_space *sp)
{
    (void)sp;
    return NULL;
}

wvm_status wvm_space_fixed_page(struct wvm_space *sp, struct wvm_window *window, uintptr_t addr,
                                uintptr_t from)
{
    (void)sp;
    (void)window;
    fake.from = from;
    return note(FAKE_FIXED_PAGE, addr, addr + WVM_PAGE_SIZE);
}

wvm_status wvm_space_fixed_pages_move(struct wvm_space *sp, uintptr_t like, uintptr_t from)
{
    (void)sp;
    fake.from = from;
    return note(FAKE_FIXED_PAGES_MOVE, like, like + WVM_PAGE_SIZE);
}

wvm_status wvm_space_ready(struct wvm_space *sp, uintptr_t start, uintptr_t end, bool write)
{
    (void)sp;
    (void)start;
    (void)end;
    (void)write;
    return STATUS_SUCCESS;
}

wvm_status wvm_space_watch_get(struct wvm_space *sp, struct wvm_watch *w)
{
    (void)sp;
    w->n_runs = 0;
    w->next = w->end;
    return note(FAKE_WATCH, w->start, w->end);
}

wvm_status wvm_space_watch_reset(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    (void)sp;
    return note(FAKE_WATCH, start, end);
}

wvm_status wvm_space_map(struct wvm_space *sp, struct wvm_view_request *req)
{
    (void)sp;
    fake.view = *req;
    for (unsigned i = 0; i < req->n_parts; i++)
        fake.part[i] = req->part[i];
    uintptr_t start = req->start ? req->start : 0x120000;
    wvm_status status = note(FAKE_MAP, start, start + req->len);
    if (status >= 0)
        req->start = start;
    return status;
}

wvm_status wvm_space_unmap(struct wvm_space *sp, uintptr_t addr, bool keep)
{
    (void)sp;
    fake.keep = keep;
    return note(FAKE_UNMAP, addr, addr);
}

wvm_status wvm_space_revert(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                            uint8_t *old)
{
    (void)sp;
    fake.attr = attr;
    *old = fake.old_attr;
    return note(FAKE_REVERT, start, end);
}

wvm_status wvm_space_view_at(struct wvm_space *sp, uintptr_t addr, struct wvm_view_info *out)
{
    (void)sp;
    if (!fake.backing || addr < fake.region.alloc_start || addr >= fake.region.alloc_end)
        return STATUS_NOT_MAPPED_VIEW;
    wvm_backing_hold(fake.backing);
    *out = (struct wvm_view_info){
        .backing = fake.backing, .start = fake.region.alloc_start, .end = fake.region.alloc_end,
        .attr = fake.region.alloc_attr, .type = fake.region.type,
    };
    return STATUS_SUCCESS;
}

wvm_status wvm_space_charge_section(struct wvm_space *sp, uint64_t n_pages)
{
    (void)sp;
    fake.section_charge += n_pages;
    return STATUS_SUCCESS;
}

void wvm_space_uncharge_section(struct wvm_space *sp, uint64_t n_pages)
{
    (void)sp;
    fake.section_charge -= n_pages;
}

bool wvm_space_has_views(struct wvm_space *sp, struct wvm_backing *b)
{
    (void)sp;
    return fake.backing == b;
}

uint64_t wvm_commits_len(uint64_t n_pages)
{
    return (n_pages + 7) / 8;
}

void (*wvm_space_arm_hook)(void);
