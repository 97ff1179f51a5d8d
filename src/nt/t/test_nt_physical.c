/* Taking, giving back and mapping frames: the order of checks, arrays that cannot be read or
 * written, and what the space is asked (WS-120..137). */
#include <string.h>
#include <sys/mman.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "nt/nt_handle.h"
#include "nt/nt_physical.h"
#include "nt/nt_privilege.h"
#include "nt/t/fake_frames.h"
#include "nt/t/fake_space.h"

enum { PG = 4096, FEW = 512, MANY = 2000 };
#define OWN ((HANDLE) - 1)
#define NO_HANDLE ((HANDLE)0x7777)
#define ANY NUMA_NO_PREFERRED_NODE
#define WINDOW ((char *)0x50000000)
#define IS(call, status) ck_assert_uint_eq((uint32_t)(call), (uint32_t)(status))

static char *memory;         /* two pages, */
static ULONG_PTR *wild;      /* one that nobody can use, */
static ULONG_PTR *read_only; /* and one that nobody can write */
static ULONG_PTR array[MANY];

static void setup(void)
{
    wvm_host_init();
    fake_reset();
    fake_frames_reset();
    memory = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    wild = (ULONG_PTR *)(memory + 2 * PG);
    read_only = (ULONG_PTR *)(memory + 3 * PG);
    ck_assert_int_eq(mprotect(wild, PG, PROT_NONE) | mprotect(read_only, PG, PROT_READ), 0);
    fake.region = (struct wvm_region){
        .start = (uintptr_t)wild, .alloc_start = (uintptr_t)wild,
        .end = (uintptr_t)read_only, .alloc_end = (uintptr_t)read_only,
        .attr = WVM_ATTR_NA, .alloc_attr = WVM_ATTR_NA, .type = WVM_TYPE_PRIVATE,
    };
    for (unsigned i = 0; i < MANY; i++)
        array[i] = FAKE_FIRST_FRAME + i;
}

/* A handle of this process with too few rights. */
static HANDLE weak(void)
{
    HANDLE h;
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_QUERY_INFORMATION, &h), 0);
    return h;
}

/* ---- taking ---- */

START_TEST(taken)
{
    ULONG_PTR n = 1000;
    fake_frames.each = 600;
    IS(wvm_NtAllocateUserPhysicalPages(OWN, &n, array), 0);
    ck_assert_uint_eq(n, 1000);
    ck_assert_uint_eq(fake_frames.n_takes, 2);
    ck_assert_uint_eq(fake_frames.node, ANY);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(array[i], FAKE_FIRST_FRAME + i + (i < 600 ? 0 : 16));
    ck_assert_uint_eq(array[1000], FAKE_FIRST_FRAME + 1000);
    n = 3;
    IS(wvm_nt_frames_take(OWN, &n, array, 0), 0);
    ck_assert_uint_eq(fake_frames.node, 0);
}
END_TEST

/* WS-120: fewer, and nothing behind them is written; none is a failure. */
START_TEST(taken_less)
{
    ULONG_PTR n = 10;
    fake_frames.each = 4;
    fake_frames.takes = 2;
    fake_frames.take_result = STATUS_INSUFFICIENT_RESOURCES;
    IS(wvm_NtAllocateUserPhysicalPages(OWN, &n, array), 0);
    ck_assert_uint_eq(n, 8);
    ck_assert_uint_eq(array[8], FAKE_FIRST_FRAME + 8);
    n = 10;
    IS(wvm_NtAllocateUserPhysicalPages(OWN, &n, array + 8), STATUS_INSUFFICIENT_RESOURCES);
    ck_assert_uint_eq(n, 10);
    ck_assert_uint_eq(array[8], FAKE_FIRST_FRAME + 8);
}
END_TEST

START_TEST(take_refused)
{
    ULONG_PTR n = 5, huge = ~(ULONG_PTR)0 / 4;
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, false);
    IS(wvm_nt_frames_take(NO_HANDLE, NULL, NULL, 999), STATUS_INVALID_HANDLE);
    IS(wvm_nt_frames_take(weak(), NULL, NULL, 999), STATUS_ACCESS_DENIED);
    IS(wvm_nt_frames_take(OWN, NULL, NULL, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, wild, array, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, read_only, array, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, &n, NULL, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, &n, wild - 3, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, &huge, array, 999), STATUS_ACCESS_VIOLATION);
    IS(wvm_nt_frames_take(OWN, &n, array, 999), STATUS_INVALID_PARAMETER);
    IS(wvm_nt_frames_take(OWN, &n, array, ANY), STATUS_PRIVILEGE_NOT_HELD); /* WS-121 */
    ck_assert_uint_eq(n, 5);
    ck_assert_uint_eq(fake_frames.n_calls, 0);
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, true);
    n = 0;
    IS(wvm_nt_frames_take(OWN, &n, NULL, ANY), 0); /* WS-137 */
    ck_assert_uint_eq(fake_frames.n_calls, 0);
}
END_TEST

static NTSTATUS take_with(int type, uint64_t value)
{
    MEM_EXTENDED_PARAMETER p = {0};
    MEM_ADDRESS_REQUIREMENTS where = {.Alignment = (SIZE_T)value};
    ULONG_PTR n = 2;
    p.Type = (uint64_t)type;
    if (type == MemExtendedParameterAddressRequirements)
        p.Pointer = &where;
    else
        p.ULong64 = value;
    return wvm_NtAllocateUserPhysicalPagesEx(OWN, &n, array, &p, 1);
}

START_TEST(parameters)
{
    ULONG_PTR n = 2;
    IS(take_with(MemExtendedParameterAddressRequirements, 0x20000), STATUS_INVALID_PARAMETER);
    IS(take_with(MemExtendedParameterAttributeFlags, MEM_EXTENDED_PARAMETER_NONPAGED_LARGE),
       STATUS_NOT_SUPPORTED);
    IS(take_with(MemExtendedParameterNumaNode, 999), STATUS_INVALID_PARAMETER);
    IS(take_with(77, 0), STATUS_INVALID_PARAMETER);
    IS(wvm_NtAllocateUserPhysicalPagesEx(OWN, &n, array, NULL, 1), STATUS_INVALID_PARAMETER);
    IS(wvm_NtAllocateUserPhysicalPagesEx(NO_HANDLE, &n, array, NULL, 1), STATUS_INVALID_HANDLE);
    ck_assert_uint_eq(fake_frames.n_calls, 0);
    IS(take_with(MemExtendedParameterAttributeFlags, MEM_EXTENDED_PARAMETER_NONPAGED), 0);
    IS(take_with(MemExtendedParameterNumaNode, 0), 0);
    ck_assert_uint_eq(fake_frames.node, 0);
    IS(wvm_NtAllocateUserPhysicalPagesEx(OWN, &n, array, NULL, 0), 0);
    ck_assert_uint_eq(fake_frames.node, ANY);
}
END_TEST

/* ---- giving back ---- */

START_TEST(given_back)
{
    ULONG_PTR n = MANY;
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, array), 0); /* in pieces */
    ck_assert_uint_eq(n, MANY);
    ck_assert_uint_eq(fake_frames.n_freed, MANY);
    fake_frames.not_owned = array[FEW + 7];
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, array), STATUS_INVALID_PARAMETER_3); /* WS-132 */
    ck_assert_uint_eq(n, FEW + 7);
    n = 3;
    fake_frames.not_owned = 0;
    memset(memory, 0, 2 * PG);
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, wild - 3), 0); /* ends where nobody may read */
    ck_assert_uint_eq(n, 3);
    n = 3;
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, read_only), 0);
}
END_TEST

START_TEST(give_back_refused)
{
    ULONG_PTR n = 5, huge = ~(ULONG_PTR)0 / 4;
    IS(wvm_NtFreeUserPhysicalPages(NO_HANDLE, NULL, NULL), STATUS_INVALID_HANDLE);
    IS(wvm_NtFreeUserPhysicalPages(weak(), NULL, NULL), STATUS_ACCESS_DENIED);
    IS(wvm_NtFreeUserPhysicalPages(OWN, NULL, array), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, wild, array), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, read_only, array), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, NULL), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, wild), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, wild - 3), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtFreeUserPhysicalPages(OWN, &huge, array), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(n, 5);
    ck_assert_uint_eq(fake_frames.n_calls, 0);
    n = 0;
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, NULL), 0); /* WS-137 */
    ck_assert_uint_eq(fake_frames.n_calls, 0);
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, false); /* is for taking */
    n = 1;
    IS(wvm_NtFreeUserPhysicalPages(OWN, &n, array), 0);
}
END_TEST

/* ---- mapping ---- */

START_TEST(mapped)
{
    const struct wvm_frames_map *m = &fake_frames.map;
    IS(wvm_NtMapUserPhysicalPages(WINDOW + 0x1234, 5, array), 0); /* a run */
    ck_assert_uint_eq(m->start, (uintptr_t)WINDOW + 0x1000);
    ck_assert(m->n == 5 && m->first == array[0] && !m->number && !m->at);
    array[3] = 7;
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 5, array), 0);
    ck_assert(m->n == 5 && !m->first && m->number && m->number != array && !m->at);
    ck_assert_int_eq(memcmp(fake_frames.number, array, 5 * sizeof array[0]), 0);
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 5, NULL), 0); /* WS-124 */
    ck_assert(m->n == 5 && !m->first && !m->number && !m->at);
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 3, read_only), 0); /* 0 is no run of frames */
    ck_assert(m->number && !m->first);
    fake_frames.owned = MANY;
    IS(wvm_NtMapUserPhysicalPages(WINDOW, MANY, array), 0);
    ck_assert(m->n == MANY && m->number && m->number != array);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
    fake_frames.map_result = STATUS_NO_MEMORY;
    IS(wvm_NtMapUserPhysicalPages(WINDOW, MANY, array), STATUS_NO_MEMORY);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
}
END_TEST

START_TEST(map_refused)
{
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 0, wild), 0); /* WS-137 */
    IS(wvm_NtMapUserPhysicalPages(WINDOW, ~(ULONG_PTR)0, array), STATUS_INVALID_PARAMETER_2);
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 3, wild), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtMapUserPhysicalPages(WINDOW, 4, wild - 3), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(fake_frames.n_calls, 0);
    IS(wvm_NtMapUserPhysicalPages(WINDOW, MANY, array), STATUS_INVALID_PARAMETER_3);
    fake_frames.owned = MANY;
    IS(wvm_NtMapUserPhysicalPages(WINDOW, MANY, wild - FEW), STATUS_ACCESS_VIOLATION);
    fake_frames.range_result = STATUS_INVALID_PARAMETER_2; /* before the array is read: WS-127 */
    IS(wvm_NtMapUserPhysicalPages(WINDOW, MANY, wild), STATUS_INVALID_PARAMETER_2);
    ck_assert_uint_eq(fake_frames.n_maps, 0);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
}
END_TEST

START_TEST(scattered)
{
    const struct wvm_frames_map *m = &fake_frames.map;
    void *at[MANY];
    for (unsigned i = 0; i < MANY; i++)
        at[i] = WINDOW + (MANY - i) * PG + i % 7;
    IS(wvm_NtMapUserPhysicalPagesScatter(at, 4, array), 0);
    ck_assert(m->n == 4 && m->at && m->at != (const uintptr_t *)at && m->first == array[0]);
    ck_assert_int_eq(memcmp(fake_frames.at, at, 4 * sizeof at[0]), 0);
    IS(wvm_NtMapUserPhysicalPagesScatter(at, 4, NULL), 0);
    ck_assert(m->at && !m->first && !m->number);
    fake_frames.owned = MANY;
    fake_frames.map_result = STATUS_INVALID_PARAMETER_1;
    IS(wvm_NtMapUserPhysicalPagesScatter(at, MANY, array), STATUS_INVALID_PARAMETER_1);
    ck_assert(m->n == MANY && m->number && m->number != array);
    unsigned n_maps = fake_frames.n_maps;
    IS(wvm_NtMapUserPhysicalPagesScatter((void **)wild, 0, wild), 0);
    IS(wvm_NtMapUserPhysicalPagesScatter(at, ~(ULONG_PTR)0, array), STATUS_INVALID_PARAMETER_2);
    IS(wvm_NtMapUserPhysicalPagesScatter(NULL, 4, array), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtMapUserPhysicalPagesScatter((void **)wild, 4, array), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtMapUserPhysicalPagesScatter(at, 4, wild), STATUS_ACCESS_VIOLATION);
    IS(wvm_NtMapUserPhysicalPagesScatter(at, 4, wild - 3), STATUS_ACCESS_VIOLATION);
    fake_frames.owned = MANY - 1;
    IS(wvm_NtMapUserPhysicalPagesScatter(at, MANY, array), STATUS_INVALID_PARAMETER_3);
    ck_assert_uint_eq(fake_frames.n_maps, n_maps);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-physical", 10, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, taken);
    tcase_add_test(tc, taken_less);
    tcase_add_test(tc, take_refused);
    tcase_add_test(tc, parameters);
    tcase_add_test(tc, given_back);
    tcase_add_test(tc, give_back_refused);
    tcase_add_test(tc, mapped);
    tcase_add_test(tc, map_refused);
    tcase_add_test(tc, scattered);
    return unit_run(suite);
}
