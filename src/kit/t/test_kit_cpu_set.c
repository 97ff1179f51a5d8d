/* Processors as sets, nodes by other names; providers of events. */
#include <stdlib.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(sets)
{
    ULONG size = 0, told = 0;
    DWORD_PTR mine, system, seen = 0;
    ck_assert(!GetSystemCpuSetInformation(NULL, 0, &size, GetCurrentProcess(), 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    SYSTEM_CPU_SET_INFORMATION *all = malloc(size);
    ck_assert(!GetSystemCpuSetInformation(all, size - 1, &told, NULL, 0));
    ck_assert_uint_eq(told, size);
    ck_assert(GetSystemCpuSetInformation(all, size, &told, NULL, 0));
    for (ULONG i = 0; i < size / sizeof *all; i++) {
        ck_assert_uint_eq(all[i].Size, sizeof *all);
        ck_assert_uint_eq(all[i].CpuSet.Id, 0x100u + all[i].CpuSet.LogicalProcessorIndex);
        ck_assert_uint_le(all[i].CpuSet.CoreIndex, all[i].CpuSet.LogicalProcessorIndex);
        seen |= (DWORD_PTR)1 << all[i].CpuSet.LogicalProcessorIndex;
    }
    ck_assert(GetProcessAffinityMask(GetCurrentProcess(), &mine, &system));
    ck_assert_uint_eq(seen, mine);
    free(all);
}
END_TEST

START_TEST(sets_refused)
{
    ULONG size = 7;
    ck_assert(!GetSystemCpuSetInformation(NULL, 0, NULL, NULL, 0));
    ck_assert(!GetSystemCpuSetInformation(NULL, 0, &size, NULL, 1));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!GetSystemCpuSetInformation(NULL, 0, &size, (HANDLE)(uintptr_t)0x7770, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(GetProcessDefaultCpuSets(GetCurrentProcess(), NULL, 0, &size) && size == 0);
    size = 7;
    ck_assert(GetThreadSelectedCpuSets(GetCurrentThread(), NULL, 0, &size) && size == 0);
    ck_assert(!GetThreadSelectedCpuSets((HANDLE)(uintptr_t)0x7770, NULL, 0, &size));
    ck_assert(!GetProcessDefaultCpuSets(GetCurrentProcess(), NULL, 1, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(nodes)
{
    UCHAR node = 9;
    USHORT wide = 9, n = 9;
    GROUP_AFFINITY mask, same;
    ck_assert(GetNumaProximityNode(0, &node) && node == 0);
    ck_assert(GetNumaProximityNodeEx(0, &wide) && wide == 0);
    ck_assert(!GetNumaProximityNode(1000, &node) && node == 0xff);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!GetNumaProximityNodeEx(1000, &wide) && wide == 0xffff);
    ck_assert(!GetNumaNodeProcessorMask2(0, NULL, 0, &n) && n == 1);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(GetNumaNodeProcessorMask2(0, &mask, 1, &n) && n == 1);
    ck_assert(GetNumaNodeProcessorMaskEx(0, &same));
    ck_assert_mem_eq(&mask, &same, sizeof mask);
    ck_assert(!GetNumaNodeProcessorMask2(63, &mask, 1, &n));
}
END_TEST

START_TEST(providers)
{
    const GUID id = {1, 2, 3, {4}};
    const EVENT_DESCRIPTOR event = {1, 0, 0, 4, 0, 0, 1};
    EVENT_DATA_DESCRIPTOR data;
    REGHANDLE p = 0;
    EventDataDescCreate(&data, &id, sizeof id);
    ck_assert_uint_eq(EventRegister(&id, NULL, NULL, &p), ERROR_SUCCESS);
    ck_assert(p != 0 && !EventEnabled(p, &event) && !EventProviderEnabled(p, 4, 1));
    ck_assert_uint_eq(EventWrite(p, &event, 1, &data), ERROR_SUCCESS);
    ck_assert_uint_eq(EventWriteTransfer(p, &event, NULL, NULL, 1, &data), ERROR_SUCCESS);
    ck_assert_uint_eq(EventWriteEx(p, &event, 0, 0, NULL, NULL, 1, &data), ERROR_SUCCESS);
    ck_assert_uint_eq(EventSetInformation(p, EventProviderSetTraits, NULL, 0), ERROR_SUCCESS);
    ck_assert_uint_eq(EventWrite(p, NULL, 0, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(EventWrite(p, &event, 1, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(EventWriteString(p, 4, 1, NULL), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(EventUnregister(p), ERROR_SUCCESS);
    ck_assert_uint_eq(EventUnregister(p + 1000), ERROR_INVALID_HANDLE);
    ck_assert_uint_eq(EventRegister(NULL, NULL, NULL, &p), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(activities)
{
    GUID made = {0, 0, 0, {0}}, was = made, zero = made;
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &made), 0);
    ck_assert_mem_ne(&made, &zero, sizeof made);
    was = made;
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_GET_SET_ID, &was), 0);
    ck_assert_mem_eq(&was, &zero, sizeof was);
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_SET_ID, &was), 0);
    ck_assert_mem_eq(&was, &made, sizeof was);
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &was), 0);
    ck_assert_mem_ne(&was, &made, sizeof was);
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_SET_ID, &made), 0);
    ck_assert_uint_eq(EventActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &was), 0);
    ck_assert_mem_eq(&was, &made, sizeof was);
    ck_assert_uint_eq(EventActivityIdControl(6, &was), ERROR_INVALID_PARAMETER);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_cpu_set", 60, &tc);
    tcase_add_test(tc, sets);
    tcase_add_test(tc, sets_refused);
    tcase_add_test(tc, nodes);
    tcase_add_test(tc, providers);
    tcase_add_test(tc, activities);
    return unit_run(suite);
}
