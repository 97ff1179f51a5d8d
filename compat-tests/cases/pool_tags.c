/* Counters of tags: SystemPoolTagInformation (POOL-010, POOL-140..POOL-145). */
#include "../compat_pool.h"

enum { CLASS_POOL_TAGS = 22 };
#define TAG_ROW TAG('R', 'o', 'w', '1')

struct tag_row {
    ULONG tag, paged_allocs, paged_frees;
    SIZE_T paged_used;
    ULONG allocs, frees;
    SIZE_T used;
};
struct tag_table {
    ULONG n;
    struct tag_row row[4096];
};

typedef NTSTATUS(NTAPI *info_call)(int, void *, ULONG, ULONG *);
static struct tag_table table;

#define need_tags(call)                                                                            \
    do {                                                                                           \
        call = (info_call)find_call("NtQuerySystemInformation");                                   \
        need_call(call, "NtQuerySystemInformation");                                               \
        skip_if(!is_native(), "the counters of the whole system");                                 \
    } while (0)

static struct tag_row row_of(info_call call, ULONG tag)
{
    struct tag_row none = {.tag = tag};
    ULONG length = 0;

    memset(&table, 0xcc, sizeof(table));
    expect_status(call(CLASS_POOL_TAGS, &table, sizeof(table), &length), ST_SUCCESS);
    expect_eq(length, offsetof(struct tag_table, row) + table.n * sizeof(struct tag_row));
    for (ULONG i = 0; i < table.n && i < 4096; i++)
        if (table.row[i].tag == tag)
            return table.row[i];
    return none;
}

CASE(POOL, 010, "ExAllocatePool", "tag None")
{
    info_call call;
    ULONG tag = TAG('N', 'o', 'n', 'e');
    struct tag_row before, after;
    PVOID p;

    need_tags(call);
    expect_eq(tag, 0x656E6F4E);
    before = row_of(call, tag);
    p = ExAllocatePool(T_NX, 100);
    after = row_of(call, tag);
    expect_eq(after.allocs - before.allocs, 1);
    ExFreePoolWithTag(p, tag);
}

CASE(POOL, 140, "bytes of a tag", "rooms of small blocks, whole pages of big ones")
{
    info_call call;
    struct tag_row before, after;
    PVOID block, pages;
    BYTE charged;
    SIZE_T room;

    need_tags(call);
    before = row_of(call, TAG_ROW);
    block = ExAllocatePoolWithTag(T_NX, 100, TAG_ROW);
    pages = ExAllocatePoolWithTag(T_PAGED, 2 * PG + 1, TAG_ROW);
    room = ExQueryPoolBlockSize(block, &charged);
    after = row_of(call, TAG_ROW);
    expect_eq(after.allocs - before.allocs, 1);
    expect_eq(after.frees - before.frees, 0);
    ok(after.used - before.used >= 100 && after.used - before.used <= room + POOL_UNIT,
       "non-paged bytes: got %llu", (unsigned long long)(after.used - before.used));
    expect_eq(after.paged_allocs - before.paged_allocs, 1);
    expect_eq(after.paged_used - before.paged_used, 3 * PG);
    ExFreePoolWithTag(block, TAG_ROW);
    ExFreePoolWithTag(pages, TAG_ROW);
    after = row_of(call, TAG_ROW);
    expect_eq(after.frees - before.frees, 1);
    expect_eq(after.paged_frees - before.paged_frees, 1);
    expect_eq(after.used, before.used);
    expect_eq(after.paged_used, before.paged_used);
}

CASE(POOL, 141, "a buffer that is too small", "INFO_LENGTH_MISMATCH and the length")
{
    info_call call;
    ULONG length = 0, full;
    BYTE few[sizeof(struct tag_row)];

    need_tags(call);
    ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 1, TAG_ONE), TAG_ONE);
    ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 1, TAG_ROW), TAG_ROW);
    row_of(call, TAG_ONE);
    full = (ULONG)(offsetof(struct tag_table, row) + table.n * sizeof(struct tag_row));
    expect_status(call(CLASS_POOL_TAGS, NULL, 0, &length), ST_INFO_LENGTH_MISMATCH);
    expect_eq(length, full);
    expect_status(call(CLASS_POOL_TAGS, few, sizeof(few), &length), ST_INFO_LENGTH_MISMATCH);
    expect_eq(length, full);
    expect_status(call(CLASS_POOL_TAGS, &table, full - 1, &length), ST_INFO_LENGTH_MISMATCH);
    expect_status(call(CLASS_POOL_TAGS, &table, full, &length), ST_SUCCESS);
}

CASE(POOL, 142, "a tag that is written 'Fred' in source", "the bytes d e r F")
{
    info_call call;
    ULONG tag = 0x46726564; /* what compilers make of 'Fred' */
    PVOID p;
    struct tag_row row;

    need_tags(call);
    p = ExAllocatePoolWithTag(T_NX, 10, tag);
    row = row_of(call, tag);
    ok(memcmp(&row.tag, "derF", 4) == 0 && row.allocs > row.frees, "row: %lu allocations",
       (unsigned long)row.allocs);
    ExFreePoolWithTag(p, tag);
}

CASE(POOL, 145, "one tag in paged and non-paged pool", "counted apart; one row for each tag")
{
    info_call call;
    struct tag_row before, after;
    PVOID p[7];
    unsigned n = 0;

    need_tags(call);
    before = row_of(call, TAG_ROW);
    for (unsigned i = 0; i < 7; i++)
        p[i] = ExAllocatePoolWithTag(i < 3 ? T_PAGED : i & 1 ? T_NX : T_NONPAGED, 40, TAG_ROW);
    after = row_of(call, TAG_ROW);
    expect_eq(after.paged_allocs - before.paged_allocs, 3);
    expect_eq(after.allocs - before.allocs, 4);
    for (ULONG i = 0; i < table.n && i < 4096; i++)
        n += table.row[i].tag == TAG_ROW;
    expect_eq(n, 1);
    for (unsigned i = 0; i < 7; i++)
        ExFreePoolWithTag(p[i], TAG_ROW);
}
