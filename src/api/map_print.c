/* winvm_map_print: the address-space map of this process as text.
 *
 * Walks the space from 0 to its top, run by run, as a program would with VirtualQuery. winvm's
 * allocations are listed with their runs, up to a limit; foreign memory (images, mapped files,
 * stacks and heap) is summed up by type. Then the totals and one bar per type.
 * I1  No malloc and no stdio; output leaves through one buffer on the stack.
 * I2  A line has at most `width` columns; what would go past it is cut.
 * I3  Memory that other threads change meanwhile may be listed as it was or as it is.
 * Locking: none.   Failure: the first write that fails ends the output; errno tells why. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <winvm/control.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/fmt.h"
#include "nt/nt.h"
#include "nt/nt_rules.h"

#define MIN_WIDTH 40u
#define MAX_WIDTH 500u
#define LISTED_ALLOCATIONS 256u
#define LISTED_RUNS 24u

/* Who holds the memory: a row of the totals and a bar. */
enum row { ROW_PRIVATE, ROW_IMAGE, ROW_MAPPED, ROW_FOREIGN, ROW_FREE, N_ROWS };
static const char *const row_names[N_ROWS] = {
    "winvm", "images", "mapped files", "other memory", "free",
};

struct total {
    uint64_t bytes, committed, allocations, runs;
};

struct printer {
    int fd;
    unsigned width;
    int error;   /* errno of the first failed write */
    size_t used; /* bytes of page[] waiting */
    struct wvm_buf line;
    uintptr_t current;    /* start of the allocation being listed */
    uint64_t listed_runs; /* of it */
    uint64_t hidden_runs; /* of it */
    struct total totals[N_ROWS];
    char text[MAX_WIDTH + 64];
    char page[4096];
};

static void flush(struct printer *p)
{
    size_t at = 0;
    while (at < p->used && !p->error) {
        ssize_t n = write(p->fd, p->page + at, p->used - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            p->error = errno;
    }
    p->used = 0;
}

/* Ends the line built in p->line and begins the next. */
static void end_line(struct printer *p)
{
    size_t len = wvm_min(p->line.len, p->width);
    while (len > 0 && p->text[len - 1] == ' ')
        len--;
    if (sizeof p->page - p->used < len + 1)
        flush(p);
    memcpy(p->page + p->used, p->text, len);
    p->page[p->used + len] = '\n';
    p->used += len + 1;
    wvm_buf_init(&p->line, p->text, sizeof p->text);
}

static void pad_to(struct printer *p, size_t column)
{
    do
        wvm_buf_char(&p->line, ' ');
    while (p->line.len < column && p->line.len + 1 < p->line.cap);
}

/* One decimal, no floating point: "12.5 MiB". */
static void put_size(struct printer *p, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    uint64_t tenths = bytes * 10;
    while (tenths >= 10240 && unit + 1 < WVM_ARRAY_LEN(units)) {
        tenths /= 1024;
        unit++;
    }
    wvm_buf_dec(&p->line, tenths / 10);
    if (unit > 0 && tenths % 10 != 0)
        wvm_buf_printf(&p->line, ".%u", (unsigned)(tenths % 10));
    wvm_buf_printf(&p->line, " %s", units[unit]);
}

static void put_address(struct printer *p, uintptr_t addr)
{
    for (int shift = 44; shift >= 0; shift -= 4)
        wvm_buf_char(&p->line, "0123456789abcdef"[(uint64_t)addr >> shift & 15]);
}

static void put_protection(struct printer *p, uint8_t attr)
{
    static const char *const names[16] = {
        "-",       "NOACCESS",     "READONLY",          "READWRITE",         "WRITECOPY",
        "EXECUTE", "EXECUTE_READ", "EXECUTE_READWRITE", "EXECUTE_WRITECOPY",
        "READWRITE|OFFERED",
    };
    const char *name = names[attr & WVM_ATTR_ACCESS];
    wvm_buf_str(&p->line, name ? name : "?");
    if (attr & WVM_ATTR_GUARD)
        wvm_buf_str(&p->line, "|GUARD");
    if (attr & WVM_ATTR_NOCACHE)
        wvm_buf_str(&p->line, "|NOCACHE");
    if (attr & WVM_ATTR_WRITECOMBINE)
        wvm_buf_str(&p->line, "|WRITECOMBINE");
}

static enum row row_of(const struct wvm_region *r)
{
    if (r->type == WVM_TYPE_FREE)
        return ROW_FREE;
    if (!(r->flags & WVM_ALLOC_FOREIGN))
        return ROW_PRIVATE;
    return r->type == WVM_TYPE_IMAGE    ? ROW_IMAGE
           : r->type == WVM_TYPE_MAPPED ? ROW_MAPPED
                                        : ROW_FOREIGN;
}

static void end_allocation(struct printer *p)
{
    if (p->hidden_runs) {
        wvm_buf_printf(&p->line, "  ... %llu more runs", (unsigned long long)p->hidden_runs);
        end_line(p);
    }
    p->hidden_runs = 0;
    p->listed_runs = 0;
}

static void list_allocation(struct printer *p, const struct wvm_region *r)
{
    put_address(p, r->alloc_start);
    pad_to(p, 16);
    put_size(p, r->alloc_end - r->alloc_start);
    pad_to(p, 27);
    wvm_buf_str(&p->line, "PRIVATE made ");
    put_protection(p, r->alloc_attr);
    wvm_buf_str(&p->line, ", ");
    put_size(p, wvm_nt_committed(r));
    wvm_buf_str(&p->line, " committed");
    end_line(p);
}

static void list_run(struct printer *p, const struct wvm_region *r)
{
    if (p->listed_runs++ >= LISTED_RUNS) {
        p->hidden_runs++;
        return;
    }
    wvm_buf_str(&p->line, "  ");
    put_address(p, r->start);
    pad_to(p, 18);
    put_size(p, r->end - r->start);
    pad_to(p, 29);
    wvm_buf_str(&p->line, r->attr & WVM_ATTR_ACCESS ? "COMMIT" : "RESERVE");
    pad_to(p, 38);
    if (r->attr & WVM_ATTR_ACCESS)
        put_protection(p, r->attr);
    end_line(p);
}

/* Counts one run, and lists it when it is winvm's. */
static void visit(struct printer *p, const struct wvm_region *r)
{
    enum row row = row_of(r);
    struct total *t = &p->totals[row];
    t->bytes += r->end - r->start;
    t->runs++;
    if (row == ROW_FREE)
        return;
    if (r->attr & WVM_ATTR_ACCESS)
        t->committed += r->end - r->start;
    bool first = r->alloc_start != p->current || t->allocations == 0;
    p->current = r->alloc_start;
    if (first) {
        end_allocation(p);
        t->allocations++;
    }
    if (row != ROW_PRIVATE || t->allocations > LISTED_ALLOCATIONS)
        return;
    if (first)
        list_allocation(p, r);
    list_run(p, r);
}

static void walk(struct printer *p)
{
    struct wvm_region r;
    for (uintptr_t at = 0; at < wvm_nt_top() && !p->error; at = r.end) {
        if (wvm_nt_region_at(at, &r) < 0 || r.end <= at)
            break;
        visit(p, &r);
    }
    end_allocation(p);
    uint64_t n = p->totals[ROW_PRIVATE].allocations;
    if (n > LISTED_ALLOCATIONS) {
        wvm_buf_printf(&p->line, "... %llu more allocations",
                       (unsigned long long)(n - LISTED_ALLOCATIONS));
        end_line(p);
    }
    if (n == 0) {
        wvm_buf_str(&p->line, "(no allocations)");
        end_line(p);
    }
}

static void print_totals(struct printer *p)
{
    struct wvm_commit_info info;
    end_line(p);
    wvm_buf_str(&p->line, "totals");
    pad_to(p, 16);
    wvm_buf_str(&p->line, "space");
    pad_to(p, 29);
    wvm_buf_str(&p->line, "committed");
    pad_to(p, 42);
    wvm_buf_str(&p->line, "allocations");
    pad_to(p, 55);
    wvm_buf_str(&p->line, "runs");
    end_line(p);
    for (unsigned i = 0; i < N_ROWS; i++) {
        const struct total *t = &p->totals[i];
        wvm_buf_str(&p->line, row_names[i]);
        pad_to(p, 16);
        put_size(p, t->bytes);
        if (i != ROW_FREE) {
            pad_to(p, 29);
            put_size(p, t->committed);
            pad_to(p, 42);
            wvm_buf_dec(&p->line, t->allocations);
        }
        pad_to(p, 55);
        wvm_buf_dec(&p->line, t->runs);
        end_line(p);
    }
    wvm_nt_commit_info(&info);
    wvm_buf_str(&p->line, "commit charge ");
    put_size(p, info.committed);
    wvm_buf_str(&p->line, ", peak ");
    put_size(p, info.peak);
    wvm_buf_str(&p->line, ", limit ");
    put_size(p, info.limit);
    end_line(p);
}

/* part / all of room; what is too big to be multiplied is divided first. */
static unsigned share(uint64_t part, uint64_t all, unsigned room)
{
    while (part > UINT64_MAX / MAX_WIDTH) {
        part >>= 1;
        all >>= 1;
    }
    return all ? (unsigned)(part * room / all) : 0;
}

/* Shares of all committed memory. A share that is not nothing shows at least one mark. */
static void print_bars(struct printer *p)
{
    uint64_t all = 0;
    unsigned room = p->width - 30;
    for (unsigned i = 0; i < ROW_FREE; i++)
        all += p->totals[i].committed;
    end_line(p);
    for (unsigned i = 0; i < ROW_FREE; i++) {
        uint64_t part = p->totals[i].committed;
        unsigned marks = share(part, all, room);
        wvm_buf_str(&p->line, row_names[i]);
        pad_to(p, 14);
        wvm_buf_char(&p->line, '|');
        for (unsigned m = 0; m < marks || (m == 0 && part); m++)
            wvm_buf_char(&p->line, '#');
        wvm_buf_char(&p->line, ' ');
        put_size(p, part);
        end_line(p);
    }
}

WVM_EXPORT int winvm_map_print(int fd, unsigned width)
{
    struct printer p;
    int saved = errno;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    memset(&p, 0, offsetof(struct printer, text));
    p.fd = fd;
    p.width = width == 0          ? 80
              : width < MIN_WIDTH ? MIN_WIDTH
              : width > MAX_WIDTH ? MAX_WIDTH
                                  : width;
    p.current = UINTPTR_MAX;
    wvm_buf_init(&p.line, p.text, sizeof p.text);
    wvm_buf_printf(&p.line, "address-space map of process %d", (int)getpid());
    end_line(&p);
    wvm_buf_str(&p.line, "base            size       type and protection");
    end_line(&p);
    walk(&p);
    print_totals(&p);
    print_bars(&p);
    flush(&p);
    errno = p.error ? p.error : saved;
    return p.error ? -1 : 0;
}
