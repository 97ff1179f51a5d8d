/* NtQuerySystemInformation, SystemPoolTagInformation: over pools of the test's own. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "nt/nt_system.h"
#include "pool/pool.h"
#include "pool/pool_internal.h"

#define SPACE ((size_t)64 << 20)
#define HEAD offsetof(SYSTEM_POOLTAG_INFORMATION, TagInfo)
#define ENTRY sizeof(SYSTEM_POOLTAG)

enum { AAAA = 0x41414141, BBBB = 0x42424242, CCCC = 0x43434343 };

static union {
    SYSTEM_POOLTAG_INFORMATION info;
    unsigned char bytes[1 << 16];
} out;

static void open_pools(void)
{
    void *at = mmap(NULL, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uintptr_t base = ((uintptr_t)at + 65535) & ~(uintptr_t)65535;
    ck_assert_ptr_ne(at, MAP_FAILED);
    ck_assert(wvm_pool_start(base, SPACE - 65536));
}

static void *take(uint32_t tag, enum wvm_pool_kind kind, size_t size)
{
    struct wvm_pool_request rq = {.kind = kind, .tag = tag, .size = size};
    void *p = wvm_pool_alloc(&rq);
    ck_assert_ptr_ne(p, NULL);
    return p;
}

static void give(void *p)
{
    struct wvm_pool_finding f;
    ck_assert(wvm_pool_free(p, 0, true, NULL, &f));
}

static NTSTATUS query(ULONG len, ULONG *got)
{
    memset(&out, 0xaa, sizeof out);
    *got = 0xdead;
    return wvm_NtQuerySystemInformation(SystemPoolTagInformation, &out, len, got);
}

static bool untouched_from(size_t at)
{
    for (; at < sizeof out; at++)
        if (out.bytes[at] != 0xaa)
            return false;
    return true;
}

/* SYSTEM_POOLTAG as documented (spec section 8). */
START_TEST(layout)
{
    bool wide = sizeof(void *) == 8;
    ck_assert_uint_eq(ENTRY, wide ? 40 : 28);
    ck_assert_uint_eq(HEAD, wide ? 8 : 4);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, Tag), 0);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, TagUlong), 0);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, PagedAllocs), 4);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, PagedFrees), 8);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, PagedUsed), wide ? 16 : 12);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, NonPagedAllocs), wide ? 24 : 16);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, NonPagedFrees), wide ? 28 : 20);
    ck_assert_uint_eq(offsetof(SYSTEM_POOLTAG, NonPagedUsed), wide ? 32 : 24);
    ck_assert_int_eq(SystemPoolTagInformation, 22);
}
END_TEST

/* Before the first pool call nothing is opened by asking. */
START_TEST(no_pools)
{
    ULONG got;
    ck_assert_int_eq(query(HEAD - 1, &got), STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_uint_eq(got, HEAD);
    ck_assert(untouched_from(0));
    ck_assert_int_eq(query(sizeof out, &got), STATUS_SUCCESS);
    ck_assert_uint_eq(got, HEAD);
    ck_assert_uint_eq(out.info.Count, 0);
    ck_assert(untouched_from(HEAD));
    ck_assert(!wvm_pool_started());
}
END_TEST

static void use_three(void)
{
    open_pools();
    give(take(CCCC, WVM_POOL_PAGED, 64));
    (void)take(BBBB, WVM_POOL_PAGED, 64);
    (void)take(BBBB, WVM_POOL_NX, 4096);
    (void)take(BBBB, WVM_POOL_EXEC, 32);
    (void)take(AAAA, WVM_POOL_NX, 3 * 4096 + 1);
    give(take(AAAA, WVM_POOL_NX, 48));
}

/* One entry for each tag, ascending; bytes are those of the rooms (POOL-140, POOL-145). */
START_TEST(entries)
{
    static const SYSTEM_POOLTAG want[] = {
        {.TagUlong = AAAA, .NonPagedAllocs = 2, .NonPagedFrees = 1, .NonPagedUsed = 4 * 4096},
        {.TagUlong = BBBB, .PagedAllocs = 1, .PagedUsed = 64, .NonPagedAllocs = 2,
         .NonPagedUsed = 4096 + 32},
        {.TagUlong = CCCC, .PagedAllocs = 1, .PagedFrees = 1},
    };
    ULONG got;
    use_three();
    ck_assert_int_eq(query(sizeof out, &got), STATUS_SUCCESS);
    ck_assert_uint_eq(got, HEAD + 3 * ENTRY);
    ck_assert_uint_eq(out.info.Count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const SYSTEM_POOLTAG *t = (const SYSTEM_POOLTAG *)(out.bytes + HEAD) + i;
        ck_assert_mem_eq(t->Tag, want[i].Tag, 4);
        ck_assert_uint_eq(t->PagedAllocs, want[i].PagedAllocs);
        ck_assert_uint_eq(t->PagedFrees, want[i].PagedFrees);
        ck_assert_uint_eq(t->PagedUsed, want[i].PagedUsed);
        ck_assert_uint_eq(t->NonPagedAllocs, want[i].NonPagedAllocs);
        ck_assert_uint_eq(t->NonPagedFrees, want[i].NonPagedFrees);
        ck_assert_uint_eq(t->NonPagedUsed, want[i].NonPagedUsed);
    }
    ck_assert(untouched_from(HEAD + 3 * ENTRY));
}
END_TEST

/* POOL-141, for every length; the native forms answer alike. */
START_TEST(lengths)
{
    ULONG got, wanted = HEAD + 3 * ENTRY;
    use_three();
    for (ULONG len = 0; len < wanted; len++) {
        ck_assert_int_eq(query(len, &got), STATUS_INFO_LENGTH_MISMATCH);
        ck_assert_uint_eq(got, wanted);
        ck_assert(untouched_from(0));
    }
    ck_assert_int_eq(query(wanted, &got), STATUS_SUCCESS);
    ck_assert_uint_eq(got, wanted);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(SystemPoolTagInformation, NULL, 0, NULL),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(
        wvm_RtlGetNativeSystemInformation(SystemPoolTagInformation, &out, sizeof out, &got),
        STATUS_SUCCESS);
    ck_assert_uint_eq(got, wanted);
    got = 0;
    ck_assert_int_eq(wvm_NtWow64GetNativeSystemInformation(SystemPoolTagInformation, &out, 4, &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_uint_eq(got, wanted);
}
END_TEST

START_TEST(wild_pointers)
{
    ULONG got = 7;
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    use_three();
    ck_assert_int_eq(wvm_NtQuerySystemInformation(SystemPoolTagInformation, page, 4096, &got),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(got, HEAD + 3 * ENTRY);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(SystemPoolTagInformation, NULL, 4096, NULL),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(
        wvm_NtQuerySystemInformation(SystemPoolTagInformation, &out, 4096, (ULONG *)page),
        STATUS_ACCESS_VIOLATION);
    munmap(page, 4096);
}
END_TEST

/* POOL-147. */
START_TEST(wrap)
{
    ULONG got;
    use_three();
    struct wvm_pool_tally *t = &wvm_pool_own->tally[wvm_pool_row_number(AAAA, WVM_POOL_NX)];
    t->allocs += ((uint64_t)1 << 32) + 5;
    t->frees += ((uint64_t)1 << 32) - 1;
    ck_assert_int_eq(query(sizeof out, &got), STATUS_SUCCESS);
    ck_assert_uint_eq(out.info.TagInfo[0].NonPagedAllocs, 7);
    ck_assert_uint_eq(out.info.TagInfo[0].NonPagedFrees, 0);
}
END_TEST

static unsigned count_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned n = 0;
    int c;
    ck_assert_ptr_ne(maps, NULL);
    while ((c = getc(maps)) != EOF)
        n += c == '\n';
    fclose(maps);
    return n;
}

/* Many tags, made in no order; the memory for their copies goes back. */
START_TEST(many_tags)
{
    enum { N = 1500 };
    ULONG got;
    open_pools();
    for (uint32_t i = 0; i < N; i++)
        (void)take(AAAA + i * 7919 % N * 0x101, i % 2 ? WVM_POOL_PAGED : WVM_POOL_NX, 16);
    ck_assert_int_eq(query(sizeof out, &got), STATUS_SUCCESS);
    ck_assert_uint_eq(got, HEAD + N * ENTRY);
    ck_assert_uint_eq(out.info.Count, N);
    const SYSTEM_POOLTAG *t = (const SYSTEM_POOLTAG *)(out.bytes + HEAD);
    for (unsigned i = 0; i < N; i++) {
        ck_assert_uint_eq(t[i].TagUlong, AAAA + i * 0x101);
        ck_assert_uint_eq(t[i].PagedAllocs + t[i].NonPagedAllocs, 1);
    }
    unsigned before = count_mappings();
    for (unsigned i = 0; i < 200; i++)
        ck_assert_int_eq(query(sizeof out, &got), STATUS_SUCCESS);
    ck_assert_uint_le(count_mappings(), before + 2);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_system_pool", 30, &tc);
    wvm_host_init();
    tcase_add_test(tc, layout);
    tcase_add_test(tc, no_pools);
    tcase_add_test(tc, entries);
    tcase_add_test(tc, lengths);
    tcase_add_test(tc, wild_pointers);
    tcase_add_test(tc, wrap);
    tcase_add_test(tc, many_tags);
    return unit_run(suite);
}
