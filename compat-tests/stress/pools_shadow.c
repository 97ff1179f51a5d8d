/* The pools' shadow: allocating, checking and freeing blocks, totals and overlap (pools.h).
 *
 * Failure: tables come from mmap; without memory for them the program ends. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <winvm/winternl.h>

#include "pools.h"

const struct profile pools_profiles[] = {
    {"tiny blocks", 97, 3, 0, 0},
    {"mixed sizes", 50, 40, 8, 2},
    {"around a page", 5, 25, 70, 0},
    {"big blocks", 20, 20, 20, 40},
};
const unsigned pools_n_profiles = sizeof pools_profiles / sizeof pools_profiles[0];
bool pools_may_fail;
uint64_t pools_failed;
unsigned pools_kinds = 7;

enum kind { NX, EXEC, PAGED };
enum { ALIGNMENT = 2 * sizeof(void *), LINE = 64, SMALL_MAX = POOL_PAGE - 4 * sizeof(void *) };
enum { ROUNDING = 16 }; /* of a block's room, in 32-bit processes too */

ULONG pools_tag(unsigned number)
{
    return 'S' | 't' << 8 | 'r' << 16 | (ULONG)('A' + number) << 24;
}

static void *take_pages(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        puts("Bail out! no memory for a table");
        _exit(1);
    }
    return p;
}

bool pools_table_open(struct table *t, size_t n, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->random = seed * 0x9E3779B97F4A7C15u + 1;
    t->n = n;
    t->block = take_pages(n * sizeof t->block[0]);
    return true;
}

void pools_table_close(struct table *t)
{
    munmap(t->block, t->n * sizeof t->block[0]);
}

/* ---- contents ---- */

static uint64_t word_at(uint64_t seed, size_t off)
{
    return (seed ^ off) * 0x9E3779B97F4A7C15u;
}

static size_t next_off(size_t off, size_t size)
{
    return off < DENSE || size < DENSE + SPARSE || off + SPARSE > size - DENSE ? off + 8
                                                                             : off + SPARSE;
}

static void fill(const struct block *b)
{
    char *p = b->p;
    size_t off = 0;
    for (; off + 8 <= b->size; off = next_off(off, b->size)) {
        uint64_t word = word_at(b->seed, off);
        memcpy(p + off, &word, 8);
    }
    for (size_t i = b->size & ~(size_t)7; i < b->size; i++)
        p[i] = (char)(b->seed + i);
}

bool pools_check(const struct block *b)
{
    const char *p = b->p;
    size_t off = 0;
    for (; off + 8 <= b->size; off = next_off(off, b->size)) {
        uint64_t word;
        memcpy(&word, p + off, 8);
        if (word != word_at(b->seed, off))
            return wrong("the contents of a block changed");
    }
    for (size_t i = b->size & ~(size_t)7; i < b->size; i++)
        if (p[i] != (char)(b->seed + i))
            return wrong("the last bytes of a block changed");
    return true;
}

static bool all_zero(const char *p, size_t size)
{
    return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}

/* ---- allocating ---- */

static size_t log_uniform(struct table *t, unsigned least_bits, unsigned most_bits)
{
    unsigned bits = least_bits + pools_random(t, most_bits - least_bits);
    return ((size_t)1 << bits) + pools_random(t, 1u << bits);
}

static size_t random_size(struct table *t, const struct profile *profile)
{
    unsigned r = pools_random(t, 100);
    if (r < profile->tiny)
        return log_uniform(t, 0, 7);
    if (r < profile->tiny + profile->small)
        return log_uniform(t, 7, 12);
    if (r < profile->tiny + profile->small + profile->page)
        return (1 + pools_random(t, 9)) * POOL_PAGE - 64 + pools_random(t, 96);
    return log_uniform(t, 12, pools_random(t, 50) ? 17 : 20);
}

struct call {
    bool zero, aligned, charged;
};

static const POOL_TYPE types[N_KINDS] = {NonPagedPoolNx, NonPagedPoolExecute, PagedPool};
static const ULONG64 flags[N_KINDS] = {POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED_EXECUTE,
                                       POOL_FLAG_PAGED};

static void *call_typed(struct table *t, const struct block *b, struct call *c)
{
    POOL_TYPE type = types[b->kind];
    switch (pools_random(t, 16)) {
    case 0:
        c->zero = true;
        return ExAllocatePoolZero(type, b->size, pools_tag(b->tag));
    case 1:
        c->aligned = true;
        return ExAllocatePoolWithTag(type | (PagedPoolCacheAligned - PagedPool), b->size,
                                     pools_tag(b->tag));
    case 2:
        return ExAllocatePoolWithTagPriority(type, b->size, pools_tag(b->tag), HighPoolPriority);
    case 3:
        c->charged = b->size <= SMALL_MAX - sizeof(void *);
        return ExAllocatePoolWithQuotaTag(type | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, b->size,
                                          pools_tag(b->tag));
    default:
        return ExAllocatePoolWithTag(type, b->size, pools_tag(b->tag));
    }
}

static void *call_by_flags(struct table *t, const struct block *b, struct call *c)
{
    ULONG64 f = flags[b->kind];
    unsigned r = pools_random(t, 8);
    c->zero = r % 2;
    c->aligned = r >= 6;
    return ExAllocatePool2(f | (c->zero ? 0 : POOL_FLAG_UNINITIALIZED) |
                               (c->aligned ? POOL_FLAG_CACHE_ALIGNED : 0),
                           b->size, pools_tag(b->tag));
}

/* Sizes above SMALL_MAX are whole pages; smaller ones take at most an eighth more. */
static bool room_fits(const struct block *b, const struct call *c)
{
    size_t pages = (b->size + POOL_PAGE - 1) / POOL_PAGE * POOL_PAGE;
    size_t size = b->size + (b->charged ? sizeof(void *) : 0);
    if (b->room < size)
        return false;
    if (b->size > SMALL_MAX)
        return b->room == pages;
    return b->room <= size + size / 8 + (c->aligned ? LINE : ROUNDING);
}

static bool placed_well(const struct block *b, const struct call *c)
{
    uintptr_t at = (uintptr_t)b->p;
    if (at % ALIGNMENT != 0)
        return wrong("a block is not aligned");
    if (c->aligned && at % LINE != 0)
        return wrong("a cache-aligned block is not");
    if (b->size >= POOL_PAGE && at % POOL_PAGE != 0)
        return wrong("a block of a page or more does not begin at a page");
    if (b->size < POOL_PAGE && at / POOL_PAGE != (at + b->size - 1) / POOL_PAGE)
        return wrong("a block of less than a page crosses a page boundary");
    if (c->zero && !all_zero(b->p, b->size))
        return wrong("a block that must be zero is not");
    return true;
}

size_t pools_room(const void *p, bool *charged)
{
    unsigned char c = 2;
    size_t usable = ExQueryPoolBlockSize((void *)(uintptr_t)p, &c);
    if (c > 1)
        wrong("a block does not say whether a quota was charged for it");
    *charged = c == 1;
    return usable + (*charged ? sizeof(void *) : 0);
}

static bool check_new(struct block *b, const struct call *c)
{
    b->room = pools_room(b->p, &b->charged);
    if (b->charged != c->charged)
        return wrong("a block is wrong about the quota that was charged for it");
    return room_fits(b, c) ? placed_well(b, c) : wrong("a block's size is not one it may have");
}

static bool make_block(struct table *t, struct block *b)
{
    struct call c = {false, false, false};
    do
        b->kind = pools_random(t, N_KINDS);
    while (!(pools_kinds >> b->kind & 1));
    b->tag = pools_random(t, N_TAGS);
    b->seed = t->random;
    b->p = pools_random(t, 4) ? call_typed(t, b, &c) : call_by_flags(t, b, &c);
    t->ops++;
    if (!b->p) {
        __atomic_add_fetch(&pools_failed, 1, __ATOMIC_RELAXED);
        return pools_may_fail ? false : wrong("an allocation failed");
    }
    if (!check_new(b, &c))
        return false;
    t->allocs[b->tag][b->kind == PAGED]++;
    t->bytes[b->tag][b->kind == PAGED] += b->room;
    fill(b);
    __atomic_store_n(&b->live, true, __ATOMIC_RELEASE);
    return true;
}

bool pools_alloc(struct table *t, struct block *b, const struct profile *profile)
{
    b->size = random_size(t, profile);
    return make_block(t, b);
}

bool pools_alloc_size(struct table *t, struct block *b, size_t size)
{
    b->size = size;
    return make_block(t, b);
}

/* ---- freeing ---- */

bool pools_free(struct table *t, struct block *b)
{
    bool charged;
    if (pools_room(b->p, &charged) != b->room || charged != b->charged)
        return wrong("what is known of a live block changed");
    if (!pools_check(b))
        return false;
    __atomic_store_n(&b->live, false, __ATOMIC_RELEASE);
    switch (pools_random(t, 8)) {
    case 0:
        ExFreePool(b->p);
        break;
    case 1:
        ExFreePoolWithTag(b->p, 0);
        break;
    case 2:
        ExFreePool2(b->p, pools_tag(b->tag), NULL, 0);
        break;
    default:
        ExFreePoolWithTag(b->p, pools_tag(b->tag));
        break;
    }
    t->ops++;
    t->frees[b->tag][b->kind == PAGED]++;
    t->bytes[b->tag][b->kind == PAGED] -= b->room;
    b->p = NULL;
    return !is_wrong();
}

void pools_empty(struct table *t)
{
    for (size_t i = 0; i < t->n && !is_wrong(); i++)
        if (t->block[i].live)
            pools_free(t, &t->block[i]);
}

void pools_step(struct table *t, const struct profile *profile, unsigned full)
{
    struct block *b = &t->block[pools_random(t, t->n)];
    if (b->live && pools_random(t, 100) >= full)
        pools_free(t, b);
    else if (b->live)
        pools_check(b);
    else if (pools_random(t, 100) < full)
        pools_alloc(t, b, profile);
}

/* ---- totals ---- */

/* What NtQuerySystemInformation(SystemPoolTagInformation) fills in. */
struct tag_entry {
    ULONG tag, paged_allocs, paged_frees;
    SIZE_T paged_used;
    ULONG non_paged_allocs, non_paged_frees;
    SIZE_T non_paged_used;
};
struct tag_table {
    ULONG count;
    struct tag_entry entry[1024];
};
#define TAG_CLASS ((SYSTEM_INFORMATION_CLASS)22)

static const struct tag_table *read_tags(void)
{
    static struct tag_table tags;
    ULONG len = 0;
    if (NtQuerySystemInformation(TAG_CLASS, &tags, sizeof tags, &len) != 0) {
        wrong("the tags cannot be queried");
        return NULL;
    }
    if (len != offsetof(struct tag_table, entry) + tags.count * sizeof tags.entry[0]) {
        wrong("the length of the tags is not that of their entries");
        return NULL;
    }
    return &tags;
}

static void pick_row(const struct tag_table *tags, unsigned tag, struct pools_row *out)
{
    memset(out, 0, sizeof *out);
    for (ULONG i = 0; i < tags->count; i++) {
        const struct tag_entry *e = &tags->entry[i];
        if (e->tag == pools_tag(tag))
            *out = (struct pools_row){{e->non_paged_allocs, e->paged_allocs},
                                      {e->non_paged_frees, e->paged_frees},
                                      {e->non_paged_used, e->paged_used}};
    }
}

bool pools_row(unsigned tag, struct pools_row *out)
{
    const struct tag_table *tags = read_tags();
    if (tags)
        pick_row(tags, tag, out);
    return tags != NULL;
}

static bool same_row(const struct pools_row *row, struct table *const *tables, size_t n,
                     unsigned tag)
{
    for (unsigned paged = 0; paged < 2; paged++) {
        uint64_t allocs = 0, frees = 0, bytes = 0;
        for (size_t i = 0; i < n; i++) {
            allocs += tables[i]->allocs[tag][paged];
            frees += tables[i]->frees[tag][paged];
            bytes += tables[i]->bytes[tag][paged];
        }
        if (row->allocs[paged] == (uint32_t)allocs && row->frees[paged] == (uint32_t)frees &&
            row->used[paged] == bytes)
            continue;
        printf("# tag %u, %s: %u allocs, %u frees, %llu bytes; the shadow: %u, %u, %llu\n", tag,
               paged ? "paged" : "non-paged", row->allocs[paged], row->frees[paged],
               (unsigned long long)row->used[paged], (uint32_t)allocs, (uint32_t)frees,
               (unsigned long long)bytes);
        return wrong("the totals of a tag are not those of the shadow");
    }
    return true;
}

bool pools_totals(struct table *const *tables, size_t n)
{
    const struct tag_table *tags = read_tags();
    struct pools_row row;
    for (unsigned tag = 0; tags && tag < N_TAGS; tag++) {
        pick_row(tags, tag, &row);
        if (!same_row(&row, tables, n, tag))
            return false;
    }
    return tags != NULL;
}

/* ---- overlap ---- */

static int by_address(const void *a, const void *b)
{
    const struct block *const *x = a, *const *y = b;
    return ((uintptr_t)(*x)->p > (uintptr_t)(*y)->p) - ((uintptr_t)(*x)->p < (uintptr_t)(*y)->p);
}

bool pools_apart(struct table *const *tables, size_t n)
{
    size_t most = 1, live = 0;
    for (size_t i = 0; i < n; i++)
        most += tables[i]->n;
    const struct block **sorted = take_pages(most * sizeof(void *));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < tables[i]->n; k++)
            if (tables[i]->block[k].live)
                sorted[live++] = &tables[i]->block[k];
    qsort(sorted, live, sizeof sorted[0], by_address);
    for (size_t i = 1; i < live; i++)
        if ((uintptr_t)sorted[i - 1]->p + sorted[i - 1]->room > (uintptr_t)sorted[i]->p)
            wrong("two live blocks overlap");
    for (size_t i = 0; i < live && !is_wrong(); i++)
        pools_check(sorted[i]);
    munmap(sorted, most * sizeof(void *));
    return !is_wrong();
}

/* ---- limits of the user ---- */

void pools_unlock(char **argv)
{
    struct rlimit lock;
    if (geteuid() != 0 && !getenv("WINVM_OPTIONS") && getrlimit(RLIMIT_MEMLOCK, &lock) == 0 &&
        lock.rlim_cur < (rlim_t)512 << 20) {
        setenv("WINVM_OPTIONS", "pool-lock=0", 1);
        execv("/proc/self/exe", argv);
    }
}
