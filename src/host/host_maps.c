/* What the kernel says about the mappings of this process or another one.
 *
 * Owns     nothing but the reader's buffer on the stack of each call.
 * Terms    query = PROCMAP_QUERY, one system call per mapping; text = /proc/PID/maps, read in
 *          pieces of READ_CAP bytes; gate = the kernel's own [vsyscall] line, which is not a
 *          mapping.
 * I1       Both ways give the same answer: lowest mapping whose end lies above the address.
 * I2       The text reader keeps no line: it works on one character at a time, so a line of any
 *          length (a long path) needs no more memory.
 * I3       A mapping that ends above caps.top is the gate, or of a process with more address space
 *          than this one has; it ends the list.
 * Locking  none: an answer is true for the moment it was made.   Failure: -errno, nothing written
 * to a name buffer but a NUL.   Signal safety: all functions; errno is preserved. */
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { READ_CAP = 2048, NAME_CAP = 4200 };

/* The kernel keeps the gap below a stack that grows, and chooses no address within the most. */
enum { STACK_GAP = 1 << 20, STACK_ROOM_MOST = 128 << 20 };

/* ---- query ---- */

static int query(pid_t pid, uintptr_t addr, uint64_t flags, char *name,
                 struct wvm_procmap_query *q)
{
    struct wvm_host_loan loan;
    int err = wvm_host_file_of(pid, WVM_FILE_MAPS, &loan);
    if (err != 0)
        return err;
    *q = (struct wvm_procmap_query){
        .size = sizeof(*q),
        .query_flags = flags,
        .query_addr = addr,
        .vma_name_size = name ? NAME_CAP : 0,
        .vma_name_addr = (uintptr_t)name,
    };
    err = wvm_sys_ioctl(loan.fd, WVM_PROCMAP_QUERY, q);
    wvm_host_file_return(&loan);
    return err < 0 ? err : 0;
}

static int find_by_query(pid_t pid, uintptr_t addr, struct wvm_host_vma *out)
{
    struct wvm_procmap_query q;
    int err = query(pid, addr, WVM_PROCMAP_COVERING_OR_NEXT, NULL, &q);
    if (err != 0)
        return err == -ENOENT ? 0 : err;
    if (q.vma_end > wvm_host_caps.top)
        return 0;
    out->start = (uintptr_t)q.vma_start;
    out->end = (uintptr_t)q.vma_end;
    out->prot = (q.vma_flags & WVM_PROCMAP_READABLE ? WVM_HOST_R : 0)
              | (q.vma_flags & WVM_PROCMAP_WRITABLE ? WVM_HOST_W : 0)
              | (q.vma_flags & WVM_PROCMAP_EXECUTABLE ? WVM_HOST_X : 0);
    out->shared = (q.vma_flags & WVM_PROCMAP_SHARED) != 0;
    out->ino = q.inode;
    out->dev = q.inode ? makedev(q.dev_major, q.dev_minor) : 0;
    out->offset = q.inode ? q.vma_offset : 0;
    return 1;
}

/* ---- text ---- */

struct reader {
    struct wvm_host_loan loan;
    uint64_t at;      /* offset of the next pread; a temporary descriptor is read from its start */
    size_t pos, len;  /* next and one past the last character in buf */
    int error;        /* 0 or the -errno of a read */
    char buf[READ_CAP];
};

static int reader_open(pid_t pid, struct reader *r)
{
    r->at = r->pos = r->len = 0;
    r->error = 0;
    if (pid != 0)
        return wvm_host_file_of(pid, WVM_FILE_MAPS, &r->loan);
    int err = wvm_host_file_open(WVM_FILE_MAPS, &r->loan);
    if (err != 0) /* no /proc any more: the descriptor kept from the start may still do */
        err = wvm_host_file_borrow(WVM_FILE_MAPS, &r->loan);
    return err;
}

/* The next character without taking it, or -1 at the end. */
static int peek_char(struct reader *r)
{
    if (r->pos == r->len) {
        ssize_t n = wvm_sys_pread(r->loan.fd, r->buf, READ_CAP, r->at);
        if (n <= 0) {
            r->error = (int)n;
            return -1;
        }
        r->at += (uint64_t)n;
        r->pos = 0;
        r->len = (size_t)n;
    }
    return (unsigned char)r->buf[r->pos];
}

static int take_char(struct reader *r)
{
    int c = peek_char(r);
    if (c >= 0)
        r->pos++;
    return c;
}

/* Reads digits of the base and the one character after them. */
static uint64_t take_number(struct reader *r, unsigned base)
{
    uint64_t v = 0;
    for (;;) {
        int c = take_char(r);
        unsigned letter = (unsigned)(c | 0x20) - 'a' + 10;
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : letter;
        if (c < 0 || digit >= base)
            return v;
        v = v * base + digit;
    }
}

/* Reads "start-end perms offset major:minor inode"; the rest of the line is still to come.
 * False: the list has ended. */
static bool take_vma(struct reader *r, struct wvm_host_vma *v)
{
    if (peek_char(r) < 0)
        return false;
    uint64_t start = take_number(r, 16), end = take_number(r, 16);
    if (end > wvm_host_caps.top || end <= start)
        return false;
    v->start = (uintptr_t)start;
    v->end = (uintptr_t)end;
    v->prot = take_char(r) == 'r' ? WVM_HOST_R : 0;
    v->prot |= take_char(r) == 'w' ? WVM_HOST_W : 0;
    v->prot |= take_char(r) == 'x' ? WVM_HOST_X : 0;
    v->shared = take_char(r) == 's';
    take_char(r);
    v->offset = take_number(r, 16);
    unsigned major = (unsigned)take_number(r, 16);
    unsigned minor = (unsigned)take_number(r, 16);
    v->ino = 0;
    for (int c; (c = peek_char(r)) >= '0' && c <= '9'; take_char(r))
        v->ino = v->ino * 10 + (unsigned)(c - '0');
    v->dev = v->ino ? makedev(major, minor) : 0;
    if (v->ino == 0)
        v->offset = 0;
    return true;
}

static void skip_line(struct reader *r)
{
    int c;
    do
        c = take_char(r);
    while (c >= 0 && c != '\n');
}

/* Copies the path at the end of the line; "\012" is how the kernel writes a newline. */
static void take_path(struct reader *r, struct wvm_buf *b)
{
    int c;
    while ((c = peek_char(r)) == ' ')
        take_char(r);
    while ((c = take_char(r)) >= 0 && c != '\n') {
        wvm_buf_char(b, (char)c);
        if (b->len >= 4 && c == '2' && __builtin_memcmp(b->at + b->len - 4, "\\012", 4) == 0) {
            b->len -= 4;
            wvm_buf_char(b, '\n');
        }
    }
}

/* 1 and the reader stands behind the inode of *out's line, 0: none, or -errno. */
static int seek_vma(struct reader *r, uintptr_t addr, struct wvm_host_vma *out)
{
    while (take_vma(r, out)) {
        if (out->end > addr)
            return 1;
        skip_line(r);
    }
    return r->error;
}

static int find_by_text(pid_t pid, uintptr_t addr, struct wvm_host_vma *out)
{
    struct reader r;
    int found = reader_open(pid, &r);
    if (found != 0)
        return found;
    found = seek_vma(&r, addr, out);
    wvm_host_file_return(&r.loan);
    return found;
}

/* ---- the interface ---- */

int wvm_host_map_find_of(pid_t pid, uintptr_t addr, struct wvm_host_vma *out)
{
    if (wvm_host_caps.procmap_query) {
        int found = find_by_query(pid, addr, out);
        if (found >= 0)
            return found;
    }
    return find_by_text(pid, addr, out);
}

int wvm_host_map_find(uintptr_t addr, struct wvm_host_vma *out)
{
    return wvm_host_map_find_of(0, addr, out);
}

static void name_by_text(pid_t pid, uintptr_t addr, struct wvm_buf *b)
{
    struct reader r;
    struct wvm_host_vma v;
    if (reader_open(pid, &r) != 0)
        return;
    if (seek_vma(&r, addr, &v) == 1 && v.start <= addr && v.ino != 0)
        take_path(&r, b);
    wvm_host_file_return(&r.loan);
}

ssize_t wvm_host_map_name_of(pid_t pid, uintptr_t addr, char *out, size_t cap)
{
    char name[NAME_CAP] = {0}; /* checkers of memory use do not know the query */
    struct wvm_procmap_query q = {0};
    struct wvm_buf b;
    int err = -ENOTTY;
    wvm_buf_init(&b, out, cap);
    if (wvm_host_caps.procmap_query)
        err = query(pid, addr, 0, name, &q);
    if (err == 0 && q.inode != 0 && q.vma_name_size != 0)
        wvm_buf_str(&b, name);
    else if (err != 0 && err != -ENOENT)
        name_by_text(pid, addr, &b);
    return b.len != 0 ? (ssize_t)b.len : -ENOENT;
}

ssize_t wvm_host_map_name(uintptr_t addr, char *out, size_t cap)
{
    return wvm_host_map_name_of(0, addr, out, cap);
}

int wvm_host_map_each(pid_t pid, bool (*visit)(const struct wvm_host_vma *vma, void *ctx),
                      void *ctx)
{
    struct reader r;
    struct wvm_host_vma v;
    int err = reader_open(pid, &r);
    if (err != 0)
        return err;
    for (; take_vma(&r, &v) && visit(&v, ctx); skip_line(&r))
        ;
    wvm_host_file_return(&r.loan);
    return r.error;
}

static bool count_one(const struct wvm_host_vma *v, void *ctx)
{
    (void)v;
    ++*(size_t *)ctx;
    return true;
}

size_t wvm_host_map_count(void)
{
    size_t n = 0;
    wvm_host_map_each(0, count_one, &n);
    return n;
}

/* The mapping of the first thread's stack. */
static bool find_stack(struct wvm_host_vma *v)
{
    uintptr_t inside = (uintptr_t)getauxval(AT_RANDOM);
    return inside != 0 && wvm_host_map_find(inside, v) == 1 && v->start <= inside;
}

bool wvm_host_stack_room(uintptr_t *start, uintptr_t *end)
{
    uint64_t room = STACK_ROOM_MOST;
    struct wvm_host_vma v;
    struct rlimit lim;
    if (!find_stack(&v))
        return false;
    if (WVM_SYS(getrlimit(RLIMIT_STACK, &lim)) == 0)
        room = wvm_min(room, lim.rlim_cur);
    room = wvm_min(wvm_max(room, v.end - v.start) + STACK_GAP, v.end);
    *start = (uintptr_t)(v.end - room);
    *end = v.end;
    return true;
}

uintptr_t wvm_host_stack_end(uintptr_t at)
{
    struct wvm_host_vma v;
    return find_stack(&v) && at >= v.start && at < v.end ? v.end : 0;
}

uintptr_t wvm_host_heap_end(void)
{
    long end = WVM_SYS(syscall(SYS_brk, 0));
    return end > 0 ? (uintptr_t)end : 0;
}
