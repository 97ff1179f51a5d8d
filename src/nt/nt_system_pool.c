/* NtQuerySystemInformation, SystemPoolTagInformation: the pools by tag (POOL-140..147).
 *
 * Terms   row = the counters of a tag in paged or in non-paged memory; entry = both of one tag.
 * I1  Entries ascend by tag; a tag that was used once stays, with what is left.
 * I2  The structures have the form of the build's own pointers, whatever the layout is.
 * I3  A failing call writes nothing but the length wanted.
 * Locking: that of wvm_pool_rows().   Failure: INSUFFICIENT_RESOURCES without memory for a copy.
 * Signal safety: that of wvm_pool_rows(). */
#include <string.h>

#include "base/arith.h"
#include "base/assert.h"
#include "host/host.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"
#include "pool/pool.h"

#define HEAD offsetof(SYSTEM_POOLTAG_INFORMATION, TagInfo)

WVM_STATIC(sizeof(SYSTEM_POOLTAG) == (sizeof(void *) == 8 ? 40 : 28), "documented form");
WVM_STATIC(HEAD == sizeof(void *), "documented form");

/* Rows that may come while they are counted. */
#define SPARE_ROWS 64

/* A copy of the rows, and behind it the room for as many entries: one mapping. */
struct copy {
    struct wvm_pool_row *row;
    SYSTEM_POOLTAG_INFORMATION *info;
    size_t n, cap, len;
};

static bool take_room(struct copy *c, size_t n_rows)
{
    uintptr_t at;
    size_t rows = (n_rows + SPARE_ROWS) * sizeof *c->row;
    c->cap = n_rows + SPARE_ROWS;
    c->len = wvm_align_up(rows + HEAD + c->cap * sizeof(SYSTEM_POOLTAG), WVM_GRANULE_SIZE);
    if (wvm_host.reserve(c->len, &at) != 0)
        return false;
    c->row = (struct wvm_pool_row *)at;
    c->info = (SYSTEM_POOLTAG_INFORMATION *)(at + rows);
    if (wvm_host.protect(at, c->len, WVM_HOST_R | WVM_HOST_W) == 0)
        return true;
    (void)wvm_host.unmap(at, c->len);
    return false;
}

static void drop_room(struct copy *c)
{
    (void)wvm_host.unmap((uintptr_t)c->row, c->len);
}

/* All rows of one moment. False: no memory. */
static bool take_copy(struct copy *c)
{
    size_t n = wvm_pool_started() ? wvm_pool_rows(NULL, 0) : 0;
    for (;;) {
        if (!take_room(c, n))
            return false;
        c->n = n ? wvm_pool_rows(c->row, c->cap) : 0;
        if (c->n <= c->cap)
            return true;
        n = c->n;
        drop_room(c);
    }
}

/* Ascending by tag, in place. */
static void sort_rows(struct wvm_pool_row *row, size_t n)
{
    size_t gap = 1;
    while (gap < n / 3)
        gap = 3 * gap + 1;
    for (; gap; gap /= 3) {
        for (size_t i = gap; i < n; i++) {
            struct wvm_pool_row moving = row[i];
            size_t k = i;
            for (; k >= gap && row[k - gap].tag > moving.tag; k -= gap)
                row[k] = row[k - gap];
            row[k] = moving;
        }
    }
}

/* Counters have 32 bits (POOL-147). */
static void add_row(SYSTEM_POOLTAG *entry, const struct wvm_pool_row *r)
{
    entry->TagUlong = r->tag;
    if (r->paged) {
        entry->PagedAllocs = (ULONG)r->allocs;
        entry->PagedFrees = (ULONG)r->frees;
        entry->PagedUsed = (SIZE_T)r->bytes;
    } else {
        entry->NonPagedAllocs = (ULONG)r->allocs;
        entry->NonPagedFrees = (ULONG)r->frees;
        entry->NonPagedUsed = (SIZE_T)r->bytes;
    }
}

static void make_entries(struct copy *c)
{
    SYSTEM_POOLTAG *entry = c->info->TagInfo;
    size_t n = 0;
    sort_rows(c->row, c->n);
    for (size_t i = 0; i < c->n; i++) {
        if (n == 0 || entry[n - 1].TagUlong != c->row[i].tag)
            n++;
        add_row(&entry[n - 1], &c->row[i]);
    }
    c->info->Count = (ULONG)n;
}

wvm_status wvm_nt_system_pool_tags(void *at, uint32_t len, uint32_t *returned)
{
    struct copy c;
    wvm_status status = STATUS_SUCCESS;
    if (!take_copy(&c))
        return STATUS_INSUFFICIENT_RESOURCES;
    make_entries(&c);
    uint32_t wanted = (uint32_t)(HEAD + c.info->Count * sizeof(SYSTEM_POOLTAG));
    if (len < wanted)
        status = STATUS_INFO_LENGTH_MISMATCH;
    else if (!wvm_user_writable(at, wanted))
        status = STATUS_ACCESS_VIOLATION;
    wvm_user_store_if(returned, &wanted, sizeof *returned);
    if (status == STATUS_SUCCESS)
        wvm_user_store(at, c.info, wanted);
    drop_room(&c);
    return status;
}
