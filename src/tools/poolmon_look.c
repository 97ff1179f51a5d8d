/* One look at the pools of another process, through the view that it publishes (pool/pool_view.h).
 *
 * Terms   tallies = the counters of one thread, or of all that have ended, by row.
 * I1  A sample is of a time in which no counters were moved; else it is not taken.
 * I2  Threads are read one after the other while they run. No row has more frees than allocations,
 *     and no count is smaller in a later sample.
 * I3  A process is known by its number and start time; one that became another program is looked
 *     through anew.
 * I4  Sizes and counts that were read have limits; a list of threads that does not end is left.
 * Failure: enum poolmon_seen.   What is only shown in the head and cannot be read is 0. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool/pool_view.h"
#include "tools/poolmon_peek.h"

#define TRIES 50
#define TRY_US 200
#define MAX_ROWS 1048576
#define MAX_THREADS 1048576
#define PAGE 4096
#define IN_RAM (UINT64_C(1) << 63)

typedef struct wvm_pool_view_tally tally;

struct look {
    pid_t pid;
    struct wvm_pool_view view;
    uint32_t n;                    /* rows; the first is none */
    struct wvm_pool_view_row *row;
    tally *sum, *part;             /* by row */
    struct wvm_pool_view_way *way; /* likewise */
};

/* ---- counters ---- */

static int peek_pointer(const struct look *l, uint64_t at, uint64_t *out)
{
    *out = 0;
    return poolmon_peek(l->pid, at, out, l->view.pointer_size);
}

static void add(struct look *l, const tally *from)
{
    for (uint32_t i = 0; i < l->n; i++) {
        l->sum[i].allocs += from[i].allocs;
        l->sum[i].frees += from[i].frees;
        l->sum[i].taken += from[i].taken;
        l->sum[i].given += from[i].given;
    }
}

static void add_ways(struct look *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct wvm_pool_view_way *w = &l->way[i];
        l->sum[i].allocs += (w->pairs >> 3) + (w->pairs & 1) + (uint32_t)w->taken;
        l->sum[i].frees += (w->pairs >> 3) + (uint32_t)w->given;
        l->sum[i].taken += (w->pairs & 1) * w->room + (w->taken >> 32 << 4);
        l->sum[i].given += w->given >> 32 << 4;
    }
}

static int peek_tallies(struct look *l, uint64_t at)
{
    return poolmon_peek(l->pid, at, l->part, l->n * sizeof *l->part);
}

static int add_thread(struct look *l, uint64_t thread)
{
    uint64_t tallies;
    int err = peek_pointer(l, thread + l->view.thread_tally, &tallies);
    if (!err)
        err = peek_tallies(l, tallies);
    if (!err)
        add(l, l->part);
    if (!err)
        err = poolmon_peek(l->pid, thread + l->view.thread_way, l->way, l->n * sizeof *l->way);
    if (!err)
        add_ways(l);
    return err;
}

static int add_all(struct look *l)
{
    uint64_t thread;
    int err = peek_tallies(l, l->view.retired);
    if (!err)
        add(l, l->part);
    if (!err)
        err = peek_pointer(l, l->view.threads, &thread);
    for (unsigned n = 0; !err && thread; n++) {
        if (n == MAX_THREADS)
            return ELOOP;
        err = add_thread(l, thread);
        if (!err)
            err = peek_pointer(l, thread + l->view.thread_next, &thread);
    }
    return err;
}

static int peek_moves(struct look *l, uint64_t view, uint32_t *out)
{
    return poolmon_peek(l->pid, view + offsetof(struct wvm_pool_view, moves), out, sizeof *out);
}

/* EAGAIN: counters were being moved. */
static int try_sums(struct look *l, uint64_t view)
{
    uint32_t before, after;
    memset(l->sum, 0, l->n * sizeof *l->sum);
    int err = peek_moves(l, view, &before);
    if (!err)
        err = add_all(l);
    if (!err)
        err = peek_moves(l, view, &after);
    if (!err && (before != after || before % 2))
        err = EAGAIN;
    return err;
}

static int take_sums(struct look *l, uint64_t view)
{
    int err = try_sums(l, view);
    for (unsigned i = 0; i < TRIES && err == EAGAIN; i++) {
        usleep(TRY_US);
        err = try_sums(l, view);
    }
    return err;
}

static int read_sums(struct look *l, uint64_t view)
{
    int err = poolmon_peek(l->pid, l->view.n_rows, &l->n, sizeof l->n);
    if (err || l->n == 0 || l->n > l->view.max_rows || l->n > MAX_ROWS)
        return err ? err : EPROTO;
    l->row = calloc(l->n, sizeof *l->row);
    l->sum = calloc(l->n, sizeof *l->sum);
    l->part = calloc(l->n, sizeof *l->part);
    l->way = calloc(l->n, sizeof *l->way);
    if (!l->row || !l->sum || !l->part || !l->way)
        poolmon_die("out of memory");
    err = poolmon_peek(l->pid, l->view.rows, l->row, l->n * sizeof *l->row);
    if (!err)
        err = take_sums(l, view);
    return err;
}

/* ---- rows ---- */

static int by_tag(const void *a, const void *b)
{
    const struct poolmon_row *x = a, *y = b;
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    return (int)x->paged - (int)y->paged;
}

/* The two non-paged kinds of a tag are one row (POOL-145). */
static void join_rows(struct poolmon_sample *s)
{
    size_t n = 0;
    if (s->n_rows)
        qsort(s->row, s->n_rows, sizeof *s->row, by_tag);
    for (size_t i = 0; i < s->n_rows; i++) {
        struct poolmon_row *last = n ? &s->row[n - 1] : NULL;
        if (last && by_tag(last, &s->row[i]) == 0) {
            last->now.allocs += s->row[i].now.allocs;
            last->now.frees += s->row[i].now.frees;
            last->now.bytes += s->row[i].now.bytes;
        } else {
            s->row[n++] = s->row[i];
        }
    }
    s->n_rows = n;
    for (size_t i = 0; i < n; i++)
        s->row[i].before = s->row[i].now;
}

/* A block may have been freed, and seen so, after its allocation was not seen: on another thread,
 * which was read later. It is a block of the next sample then. */
static struct poolmon_counts counts_of(const tally *t)
{
    if (t->frees >= t->allocs)
        return (struct poolmon_counts){t->allocs, t->allocs, 0};
    return (struct poolmon_counts){t->allocs, t->frees,
                                   t->taken > t->given ? t->taken - t->given : 0};
}

static void make_rows(const struct look *l, struct poolmon_sample *s)
{
    s->row = calloc(l->n + 1, sizeof *s->row);
    if (!s->row)
        poolmon_die("out of memory");
    for (uint32_t i = 1; i < l->n; i++) {
        const tally *t = &l->sum[i];
        if (t->allocs)
            s->row[s->n_rows++] = (struct poolmon_row){
                .tag = l->row[i].tag,
                .paged = l->row[i].kind == WVM_POOL_VIEW_PAGED,
                .now = counts_of(t),
            };
    }
    join_rows(s);
}

/* ---- the head ---- */

/* Pages of [start, start+len) that are in memory. */
static uint64_t count_resident(pid_t pid, uint64_t start, uint64_t len)
{
    static uint64_t entry[32768];
    char path[64];
    uint64_t n = 0, first = start / PAGE, end = (start + len) / PAGE;
    (void)snprintf(path, sizeof path, "/proc/%ld/pagemap", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && first < end) {
        uint64_t want = end - first < 32768 ? end - first : 32768;
        ssize_t got = pread(fd, entry, want * sizeof *entry, (off_t)(first * sizeof *entry));
        if (got < (ssize_t)sizeof *entry)
            break;
        first += (uint64_t)got / sizeof *entry;
        for (uint64_t i = 0; i < (uint64_t)got / sizeof *entry; i++)
            n += (entry[i] & IN_RAM) != 0;
    }
    if (fd >= 0)
        close(fd);
    return n;
}

static void add_part(const struct look *l, unsigned kind, struct poolmon_totals *t)
{
    const struct wvm_pool_view_part *p = &l->view.part[kind];
    unsigned type = kind == WVM_POOL_VIEW_PAGED ? POOLMON_PAGED : POOLMON_NONPAGED;
    uint32_t grown, released;
    uint64_t locked;
    if (poolmon_peek(l->pid, p->grown, &grown, sizeof grown) != 0 || grown < p->first ||
        poolmon_peek(l->pid, p->released, &released, sizeof released) != 0 ||
        poolmon_peek(l->pid, p->locked, &locked, sizeof locked) != 0)
        return;
    uint64_t all = grown - p->first, held = all - (released < all ? released : all);
    t->pool[type] += held * PAGE;
    if (type == POOLMON_NONPAGED && locked >= held)
        t->in_ram[type] += held * PAGE;
    else
        t->in_ram[type] += count_resident(l->pid, p->start, all * PAGE) * PAGE;
}

/* Charged, charged late, limit, peak. */
static void read_commit(const struct look *l, struct poolmon_totals *t)
{
    uint64_t pages[4];
    for (unsigned i = 0; i < 4; i++)
        if (l->view.commit[i] == 0 ||
            poolmon_peek(l->pid, l->view.commit[i], &pages[i], sizeof pages[i]) != 0)
            return;
    t->commit = (pages[0] + pages[1]) * PAGE;
    t->limit = pages[2] * PAGE;
    t->peak = pages[3] * PAGE;
}

static void read_memory(struct poolmon_totals *t)
{
    char line[128];
    uint64_t kib;
    FILE *from = fopen("/proc/meminfo", "re");
    while (from && fgets(line, sizeof line, from)) {
        if (sscanf(line, "MemTotal: %" SCNu64, &kib) == 1)
            t->memory = kib * 1024;
        else if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
            t->available = kib * 1024;
    }
    if (from)
        fclose(from);
}

/* ---- the view ---- */

static bool is_view(const struct wvm_pool_view *v)
{
    return memcmp(v->magic, WVM_POOL_VIEW_MAGIC, sizeof v->magic) == 0;
}

static bool is_understood(const struct wvm_pool_view *v)
{
    return v->version == WVM_POOL_VIEW_VERSION && v->size == sizeof *v &&
           (v->pointer_size == 4 || v->pointer_size == 8) && v->pointer_size <= sizeof(uintptr_t);
}

struct views {
    pid_t pid;
    uint64_t best;
    bool is_ready;
};

/* Of several, in a preloaded library and in one that the program is linked with, the one with pools
 * counts. */
static bool see_view(uint64_t at, void *arg)
{
    struct views *all = arg;
    struct wvm_pool_view v = {0};
    if (poolmon_peek(all->pid, at, &v, sizeof v) != 0 || !is_view(&v))
        return true;
    if (!all->best || v.ready)
        all->best = at;
    all->is_ready = is_understood(&v) && v.ready;
    return !all->is_ready;
}

static enum poolmon_seen find_view(struct poolmon_target *t)
{
    struct views all = {.pid = t->pid};
    enum poolmon_seen seen = poolmon_notes(t->pid, see_view, &all);
    t->view = all.best;
    return all.best ? SEEN_OK : seen == SEEN_OK ? SEEN_NO_WINVM : seen;
}

/* One that has no pools yet may be another one when it has. */
static enum poolmon_seen read_view(struct poolmon_target *t, struct wvm_pool_view *v)
{
    enum poolmon_seen seen = SEEN_OK;
    bool known = t->view && poolmon_peek(t->pid, t->view, v, sizeof *v) == 0 && is_view(v) &&
                 is_understood(v) && v->ready;
    if (!known) {
        seen = find_view(t);
        if (seen != SEEN_OK)
            return seen;
        if (poolmon_peek(t->pid, t->view, v, sizeof *v) != 0 || !is_view(v))
            return SEEN_FAILED;
    }
    return is_understood(v) ? SEEN_OK : SEEN_OTHER_BUILD;
}

/* ---- a look ---- */

static enum poolmon_seen seen_of(int err)
{
    switch (err) {
    case 0: return SEEN_OK;
    case ESRCH: return SEEN_ENDED;
    case EPERM: return SEEN_DENIED;
    default: return SEEN_FAILED;
    }
}

static enum poolmon_seen look_at_pools(struct poolmon_target *t, struct look *l,
                                       struct poolmon_sample *s)
{
    enum poolmon_seen seen = read_view(t, &l->view);
    if (seen != SEEN_OK || !l->view.ready)
        return seen;
    seen = seen_of(read_sums(l, t->view));
    if (seen != SEEN_OK)
        return seen;
    make_rows(l, s);
    for (unsigned kind = 0; kind < WVM_POOL_VIEW_KINDS; kind++)
        add_part(l, kind, &s->totals);
    read_commit(l, &s->totals);
    return SEEN_OK;
}

enum poolmon_seen poolmon_look(struct poolmon_target *t, struct poolmon_sample *s)
{
    struct poolmon_facts facts;
    struct look l = {.pid = t->pid};
    memset(s, 0, sizeof *s);
    if (!poolmon_facts(t->pid, &facts) || (t->started && t->started != facts.started))
        return SEEN_ENDED;
    t->started = facts.started;
    s->pid = t->pid;
    memcpy(s->name, facts.name, sizeof s->name);
    enum poolmon_seen seen = look_at_pools(t, &l, s);
    free(l.row);
    free(l.sum);
    free(l.part);
    free(l.way);
    if (seen != SEEN_OK)
        return seen == SEEN_FAILED && !poolmon_facts(t->pid, &facts) ? SEEN_ENDED : seen;
    if (!s->row && !(s->row = calloc(1, sizeof *s->row)))
        poolmon_die("out of memory");
    read_memory(&s->totals);
    s->totals.faults = facts.faults - t->faults;
    t->faults = facts.faults;
    return SEEN_OK;
}

const char *poolmon_seen_text(enum poolmon_seen seen)
{
    switch (seen) {
    case SEEN_OK: return "is there";
    case SEEN_ENDED: return "has ended, or never was";
    case SEEN_DENIED: return "may not be looked into";
    case SEEN_NO_WINVM: return "runs without winvm";
    case SEEN_OTHER_BUILD: return "has another version of winvm";
    default: return "cannot be read";
    }
}
