/* Pages of zeros, pages in memory, and the accessed bits of pages.
 *
 * Owns     nothing.
 * Terms    piece = a range that a question is about; used = its accessed bit is set, or the page
 *          is marked referenced by a system call.
 * I1       smaps tells bytes per mapping. So a piece is made a mapping of its own for the time of
 *          the question: the advice not to dump it parts it from its neighbours, and the opposite
 *          joins it to them again. Nothing else of the mapping changes.
 * I2       A piece that the program itself keeps out of core dumps is so afterwards too.
 * I3       What was asked for without an answer counts as used.
 * Locking  the caller's for wvm_host_use().   Failure: "not found", "used".
 * Signal safety  as the room; wvm_host_use() is not called by handlers. */
#include "host/host_working.h"

#include <errno.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { PATH_CAP = 512 };

/* The first run of pages of one category, cut at end and after `most` pages, 0: whole. 1, 0: none,
 * or -errno. */
static int find_category(int fd, uintptr_t start, uintptr_t end, uint64_t category,
                         uint64_t most, struct wvm_page_region *out)
{
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .start = start,
        .end = end,
        .vec = (uintptr_t)out,
        .vec_len = 1,
        .max_pages = most,
        .category_mask = category,
        .return_mask = category,
    };
    return wvm_sys_ioctl(fd, WVM_PAGEMAP_SCAN, &arg);
}

bool wvm_host_find_zeros(uintptr_t start, uintptr_t end, uintptr_t *from, uintptr_t *to)
{
    struct wvm_page_region run = {0};
    struct wvm_host_loan loan;
    if (!wvm_host_caps.pagemap_scan || wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan) != 0)
        return false;
    int n = find_category(loan.fd, start, end, WVM_PAGE_IS_PFNZERO, 0, &run);
    wvm_host_file_return(&loan);
    *from = (uintptr_t)run.start;
    *to = (uintptr_t)run.end;
    return n > 0;
}

uintptr_t wvm_host_next_present(pid_t pid, uintptr_t start, uintptr_t end)
{
    struct wvm_page_region run = {0};
    struct wvm_host_loan loan;
    if (!wvm_host_caps.pagemap_scan || wvm_host_file_of(pid, WVM_FILE_PAGEMAP, &loan) != 0)
        return start;
    int n = find_category(loan.fd, start, end, WVM_PAGE_IS_PRESENT, 1, &run);
    wvm_host_file_return(&loan);
    return n < 0 ? start : n == 0 ? end : (uintptr_t)run.start;
}

void wvm_host_forget_use(void)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "%s/self/clear_refs", wvm_host_proc_root);
    int fd = wvm_sys_open_at(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)wvm_sys_pwrite(fd, "1", 1, 0);
    wvm_sys_close(fd);
}

/* ---- accessed bits ---- */

static bool parse_hex(const char **s, uint64_t *out)
{
    const char *p = *s;
    *out = 0;
    for (;; p++) {
        unsigned c = (unsigned char)*p;
        unsigned digit = c - '0' < 10 ? c - '0' : c - 'a' < 6 ? c - 'a' + 10 : 16;
        if (digit == 16)
            break;
        *out = *out << 4 | digit;
    }
    bool any = p != *s;
    *s = p;
    return any;
}

/* What smaps says of one mapping. */
struct mapping {
    uint64_t start, end;
    uint64_t in_memory, used; /* bytes */
    bool kept_out;            /* of core dumps */
};

/* Reading smaps: pieces [0, i) end before what is still to come. */
struct reading {
    struct wvm_host_use *piece;
    size_t i, n;
    bool parted;
    struct mapping m; /* as far as its lines came */
};

static bool is_key(const char **line, const char *key)
{
    size_t n = __builtin_strlen(key);
    if (__builtin_strncmp(*line, key, n) != 0)
        return false;
    *line += n;
    return true;
}

static void add_mapping(struct wvm_host_use *piece, const struct mapping *m, bool parted)
{
    bool whole = m->start >= piece->start && m->end <= piece->end;
    piece->in_memory += m->in_memory;
    piece->used += m->used;
    if (parted ? !whole : m->kept_out)
        piece->untold = true;
}

/* A mapping is complete. False: no piece is left. */
static bool take_mapping(struct reading *r)
{
    const struct mapping m = r->m;
    r->m = (struct mapping){0};
    for (size_t k = r->i; k < r->n && r->piece[k].start < m.end; k++)
        if (r->piece[k].end > m.start)
            add_mapping(&r->piece[k], &m, r->parted);
    while (r->i < r->n && r->piece[r->i].end <= m.end)
        r->i++;
    return r->i < r->n;
}

static bool read_line(char *text, void *ctx)
{
    struct reading *r = ctx;
    const char *line = text;
    uint64_t n;
    if (parse_hex(&line, &n) && *line == '-') {
        line++;
        r->m.start = n;
        (void)parse_hex(&line, &r->m.end);
        return true;
    }
    line = text;
    if (is_key(&line, "Rss:") && wvm_host_parse_dec(&line, &n)) {
        r->m.in_memory = n << 10;
    } else if (is_key(&line, "Referenced:") && wvm_host_parse_dec(&line, &n)) {
        r->m.used = n << 10;
    } else if (is_key(&line, "VmFlags:")) {
        r->m.kept_out = __builtin_strstr(line, " dd") != NULL;
        return take_mapping(r);
    }
    return true;
}

int wvm_host_use(struct wvm_host_use *piece, size_t n, bool part)
{
    for (size_t i = 0; i < n; i++) {
        piece[i].in_memory = piece[i].used = 0;
        piece[i].untold = part && wvm_sys_madvise(piece[i].start, piece[i].end - piece[i].start,
                                                  MADV_DONTDUMP) != 0;
    }
    struct reading r = {.piece = piece, .n = n, .parted = part};
    bool told = wvm_host_each_line(wvm_host_proc_root, "thread-self/smaps", read_line, &r);
    for (size_t i = 0; part && i < n; i++)
        (void)wvm_sys_madvise(piece[i].start, piece[i].end - piece[i].start, MADV_DODUMP);
    return told ? 0 : -ENOENT;
}
