/* The leak report: what is allocated now, by tag and by call site.
 *
 * Terms    group = the live blocks of one tag, pageable or not, from one call site; family = the
 *          groups of one tag, likewise; site 0 = not known.
 * Owns     the groups of a report, in metadata that the next report uses again.
 * I1       A family's groups lie together, most bytes first; families likewise.
 * I2       What does not fit in the table is counted in one group of tag 0.
 * Locking  one flag: a second report at the same time is refused.   Failure: -errno.
 * Signal safety: none. */
#include <errno.h>
#include <string.h>

#include "base/options.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "host/host_symbol.h"
#include "pool/pool_filter.h"
#include "pool/pool_notes.h"
#include "pool/pool_trace.h"

enum { GROUPS_SHIFT = 14, GROUPS = 1 << GROUPS_SHIFT, GROUPS_FULL = GROUPS / 4 * 3 };
enum { LINE_CAP = 512 };

struct group {
    uintptr_t site;
    uint32_t tag;
    bool paged;
    uint64_t blocks; /* 0: not in use */
    uint64_t bytes;
    uint64_t family; /* bytes of the tag, when they are known */
};

static struct group *groups; /* a hash table while it fills, then in order */
static unsigned n_groups;
static bool reporting; /* (a) */

/* ---- collecting ---- */

static bool same_family(const struct group *a, const struct group *b)
{
    return a->tag == b->tag && a->paged == b->paged;
}

static struct group *group_of(const struct group *key)
{
    uint64_t hash = ((uint64_t)key->tag << 1 | key->paged) * 0x9e3779b97f4a7c15;
    hash = (hash ^ key->site) * 0xbf58476d1ce4e5b9;
    for (unsigned i = (unsigned)(hash >> (64 - GROUPS_SHIFT));; i = (i + 1) % GROUPS) {
        struct group *g = &groups[i];
        if (g->blocks != 0 && g->site == key->site && same_family(g, key))
            return g;
        if (g->blocks != 0)
            continue;
        if (n_groups >= GROUPS_FULL && key->tag != 0)
            return group_of(&(struct group){.tag = 0});
        n_groups++;
        *g = *key;
        return g;
    }
}

static void collect(const struct group *key, size_t bytes)
{
    struct group *g = group_of(key);
    g->blocks++;
    g->bytes += bytes;
}

static bool collect_block(const struct wvm_pool_block *b, void *arg)
{
    (void)arg;
    collect(&(struct group){.tag = b->tag, .paged = b->kind == WVM_POOL_PAGED}, b->size);
    return true;
}

static void collect_notes(void)
{
    for (uint32_t i = 0, n = wvm_pool_notes(); i < n; i++) {
        const struct wvm_pool_note *note = wvm_pool_note_at(i);
        if (note == NULL || !__atomic_load_n(&note->live, __ATOMIC_ACQUIRE))
            continue;
        collect(&(struct group){.site = __atomic_load_n(&note->allocated, __ATOMIC_RELAXED),
                                .tag = __atomic_load_n(&note->tag, __ATOMIC_RELAXED),
                                .paged = __atomic_load_n(&note->paged, __ATOMIC_RELAXED)},
                __atomic_load_n(&note->size, __ATOMIC_RELAXED));
    }
}

/* ---- order ---- */

/* Does a come before b? */
static bool is_before(const struct group *a, const struct group *b)
{
    if (a->family != b->family)
        return a->family > b->family;
    if (a->tag != b->tag)
        return a->tag < b->tag;
    if (a->paged != b->paged)
        return a->paged < b->paged;
    return a->bytes != b->bytes ? a->bytes > b->bytes : a->site < b->site;
}

/* The heap below `at` is in order again; its top is what comes last. */
static void sift(unsigned at, unsigned n)
{
    for (unsigned child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_before(&groups[child], &groups[child + 1]))
            child++;
        if (!is_before(&groups[at], &groups[child]))
            return;
        struct group g = groups[at];
        groups[at] = groups[child];
        groups[child] = g;
    }
}

static void sort(void)
{
    for (unsigned i = n_groups / 2; i-- > 0;)
        sift(i, n_groups);
    for (unsigned n = n_groups; n > 1; n--) {
        struct group g = groups[0];
        groups[0] = groups[n - 1];
        groups[n - 1] = g;
        sift(0, n - 1);
    }
}

/* Groups of a tag lie together after the first sorting, when no family is known. */
static void add_families(void)
{
    for (unsigned i = 0, end; i < n_groups; i = end) {
        uint64_t bytes = 0;
        for (end = i; end < n_groups && same_family(&groups[i], &groups[end]); end++)
            bytes += groups[end].bytes;
        for (unsigned k = i; k < end; k++)
            groups[k].family = bytes;
    }
}

static void put_in_order(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < GROUPS; i++)
        if (groups[i].blocks != 0)
            groups[n++] = groups[i];
    n_groups = n;
    sort();
    add_families();
    sort();
}

/* ---- telling ---- */

/* fd -1: through the log. */
static int put_line(int fd, struct wvm_buf *line)
{
    if (fd < 0) {
        wvm_host_log("%s", line->at);
        return 0;
    }
    wvm_buf_char(line, '\n');
    for (size_t done = 0; done < line->len;) {
        long n = WVM_SYS(syscall(SYS_write, fd, line->at + done, line->len - done));
        if (n < 0 && n != -EINTR)
            return (int)n;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static void put_amount(struct wvm_buf *line, uint64_t blocks, uint64_t bytes)
{
    wvm_buf_printf(line, "%llu %s, %llu bytes", (unsigned long long)blocks,
                   blocks == 1 ? "block" : "blocks", (unsigned long long)bytes);
}

static int tell_total(int fd)
{
    char text[LINE_CAP];
    struct wvm_buf line;
    uint64_t blocks = 0, bytes = 0;
    for (unsigned i = 0; i < n_groups; i++) {
        blocks += groups[i].blocks;
        bytes += groups[i].bytes;
    }
    wvm_buf_init(&line, text, sizeof(text) - 1);
    wvm_buf_str(&line, "pool leaks: ");
    put_amount(&line, blocks, bytes);
    return put_line(fd, &line);
}

static int tell_family(int fd, const struct group *first, const struct group *end)
{
    char text[LINE_CAP];
    struct wvm_buf line;
    uint64_t blocks = 0;
    for (const struct group *g = first; g < end; g++)
        blocks += g->blocks;
    wvm_buf_init(&line, text, sizeof(text) - 1);
    wvm_buf_str(&line, "  tag ");
    wvm_pool_put_tag(&line, first->tag);
    wvm_buf_str(&line, first->paged ? " paged: " : " non-paged: ");
    put_amount(&line, blocks, first->family);
    return put_line(fd, &line);
}

static int tell_group(int fd, const struct group *g)
{
    char text[LINE_CAP];
    struct wvm_buf line;
    if (g->site == 0)
        return 0;
    wvm_buf_init(&line, text, sizeof(text) - 1);
    wvm_buf_str(&line, "    ");
    put_amount(&line, g->blocks, g->bytes);
    wvm_buf_str(&line, " allocated by ");
    wvm_host_put_code(&line, g->site);
    return put_line(fd, &line);
}

static int tell(int fd)
{
    int result = tell_total(fd);
    for (unsigned i = 0, end; i < n_groups && result == 0; i = end) {
        for (end = i + 1; end < n_groups && same_family(&groups[i], &groups[end]);)
            end++;
        result = tell_family(fd, &groups[i], &groups[end]);
        for (unsigned k = i; k < end && result == 0; k++)
            result = tell_group(fd, &groups[k]);
    }
    return result;
}

static int report(int fd)
{
    void *at;
    if (groups == NULL && wvm_host.meta(GROUPS * sizeof(*groups), &at) != 0)
        return -ENOMEM;
    if (groups == NULL)
        groups = at;
    memset(groups, 0, GROUPS * sizeof(*groups));
    n_groups = 0;
    if (wvm_pool_traced())
        collect_notes();
    else if (wvm_pool_started())
        wvm_pool_walk(collect_block, NULL);
    put_in_order();
    return tell(fd);
}

int wvm_pool_report_leaks(int fd)
{
    if (__atomic_exchange_n(&reporting, true, __ATOMIC_ACQUIRE))
        return -EBUSY;
    int result = report(fd);
    __atomic_store_n(&reporting, false, __ATOMIC_RELEASE);
    return result;
}

void wvm_pool_trace_exit(void)
{
    if (wvm_option(WVM_OPTION_POOL_LEAKS) && wvm_pool_started())
        (void)wvm_pool_report_leaks(-1);
}
