/* Performance counters, memory resource notifications, memory nodes: over the host's own files and
 * over made-up ones. */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "host/host_numa.h"
#include "host/host_private.h"
#include "host/host_system.h"
#include "host/t/fake_root.h"
#include "nt/nt_notice.h"
#include "nt/t/fake_space.h"
#include "space/space_layout.h"

#define MIB ((uint64_t)1 << 20)
#define NODES "devices/system/node/"

static char root[32];

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    strcpy(root, "/tmp/winvm-status-XXXXXX");
    fake_root(root);
}

static void tear_down(void)
{
    fake_remove(root);
}

/* From now on the host's files are those below root. */
static void become_root(void)
{
    wvm_host_proc_root = wvm_host_cgroup_root = wvm_host_sys_root = root;
    wvm_host_forget_nodes();
}

START_TEST(performance_info)
{
    PERFORMANCE_INFORMATION info, before;
    MEMORYSTATUSEX ex = {.dwLength = sizeof ex};
    memset(&info, 0xaa, sizeof info);
    before = info;
    ck_assert(!wvm_K32GetPerformanceInfo(&info, sizeof info - 1));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_BAD_LENGTH);
    ck_assert_mem_eq(&info, &before, sizeof info);
    ck_assert(!wvm_K32GetPerformanceInfo(NULL, sizeof info));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
    ck_assert(wvm_K32GetPerformanceInfo(&info, sizeof info));
    ck_assert(wvm_GlobalMemoryStatusEx(&ex));
    ck_assert_uint_eq(info.cb, sizeof info);
    ck_assert_uint_eq(info.PageSize, 4096);
    ck_assert_uint_eq(info.PhysicalTotal, ex.ullTotalPhys >> 12);
    ck_assert_uint_eq(info.CommitLimit, ex.ullTotalPageFile >> 12);
    ck_assert_uint_le(info.CommitTotal, info.CommitPeak);
    ck_assert_uint_gt(info.PhysicalAvailable, 0);
    ck_assert_uint_le(info.PhysicalAvailable, info.PhysicalTotal);
    ck_assert_uint_gt(info.SystemCache, 0);
    ck_assert_uint_gt(info.KernelNonpaged, 0);
    ck_assert_uint_eq(info.KernelTotal, info.KernelPaged + info.KernelNonpaged);
    ck_assert_uint_gt(info.HandleCount, 0);
    ck_assert_uint_gt(info.ProcessCount, 0);
    ck_assert_uint_ge(info.ThreadCount, info.ProcessCount);
}
END_TEST

/* WS-151, WS-152. */
START_TEST(installed_memory)
{
    ULONGLONG kib = 0;
    MEMORYSTATUSEX ex = {.dwLength = sizeof ex};
    ck_assert(!wvm_GetPhysicallyInstalledSystemMemory(NULL));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!wvm_GetPhysicallyInstalledSystemMemory((PULONGLONG)8));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
    ck_assert(wvm_GetPhysicallyInstalledSystemMemory(&kib));
    ck_assert(wvm_GlobalMemoryStatusEx(&ex));
    ck_assert_uint_ge(kib, ex.ullTotalPhys / 1024);
}
END_TEST

/* ---- notifications ---- */

static HANDLE open_notice(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    HANDLE h = wvm_CreateMemoryResourceNotification(type);
    ck_assert_ptr_nonnull(h);
    return h;
}

/* A group of 256 MiB of which `left` can be had; percent of the time that some and all waited. */
static void fake_group(uint64_t left, const char *some, const char *all)
{
    char text[200];
    fake_file(root, "self/cgroup", "0::/u\n");
    fake_file(root, "u/memory.max", "268435456\n");
    snprintf(text, sizeof text, "%llu\n", (unsigned long long)(256 * MIB - left));
    fake_file(root, "u/memory.current", text);
    snprintf(text, sizeof text, "some avg10=%s avg60=9.00 avg300=9.00 total=9\n"
                                "full avg10=%s avg60=9.00 avg300=9.00 total=9\n", some, all);
    fake_file(root, "u/memory.pressure", text);
}

static void expect(bool low, bool high)
{
    HANDLE h[2] = {open_notice(LowMemoryResourceNotification),
                   open_notice(HighMemoryResourceNotification)};
    const bool want[2] = {low, high};
    for (unsigned i = 0; i < 2; i++) {
        BOOL state = 77;
        ck_assert(wvm_QueryMemoryResourceNotification(h[i], &state));
        ck_assert_int_eq(state, want[i]);
        ck_assert(wvm_CloseHandle(h[i]));
    }
}

/* 1/128 of 256 MiB is 2 MiB. */
START_TEST(levels)
{
    become_root();
    fake_file(root, "meminfo", "MemAvailable: 99999999999 kB\n");
    fake_group(2 * MIB, "0.00", "0.00");
    expect(true, false);
    fake_group(2 * MIB + 4096, "0.00", "0.00");
    expect(false, false);
    fake_group(6 * MIB, "0.00", "0.00");
    expect(false, false);
    fake_group(6 * MIB + 4096, "0.00", "0.00");
    expect(false, true);
    fake_group(6 * MIB + 4096, "0.99", "0.10");
    expect(false, true);
    fake_group(100 * MIB, "1.00", "0.10");
    expect(false, false);
    fake_group(100 * MIB, "60.00", "9.99");
    expect(false, false);
    fake_group(100 * MIB, "60.00", "10.00");
    expect(true, false);
}
END_TEST

/* The group's pressure goes before the machine's, which counts where there is no group's. */
START_TEST(whose_pressure)
{
    become_root();
    fake_file(root, "meminfo", "MemAvailable: 99999999999 kB\n");
    fake_file(root, "pressure/memory", "some avg10=90.00 avg60=1\nfull avg10=80.00 avg60=1\n");
    fake_group(100 * MIB, "0.00", "0.00");
    expect(false, true);
    fake_file(root, "u/memory.pressure", "\n");
    expect(true, false);
    fake_file(root, "pressure/memory", "nothing\n");
    expect(false, true);
}
END_TEST

START_TEST(notice_refusals)
{
    BOOL state = 77;
    HANDLE h = open_notice(LowMemoryResourceNotification), copy;
    ck_assert_ptr_null(wvm_CreateMemoryResourceNotification((MEMORY_RESOURCE_NOTIFICATION_TYPE)2));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(wvm_CreateMemoryResourceNotification((MEMORY_RESOURCE_NOTIFICATION_TYPE)-1));
    ck_assert(!wvm_QueryMemoryResourceNotification(h, NULL));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!wvm_QueryMemoryResourceNotification(h, (PBOOL)8));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
    HANDLE process = wvm_OpenProcess(PROCESS_ALL_ACCESS, FALSE, wvm_GetCurrentProcessId());
    HANDLE wrong[] = {NULL, (HANDLE)(intptr_t)-1, (HANDLE)(intptr_t)0x1234, process};
    for (unsigned i = 0; i < 4; i++) {
        wvm_SetLastError(0);
        ck_assert(!wvm_QueryMemoryResourceNotification(wrong[i], &state));
        ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_HANDLE);
    }
    ck_assert(wvm_DuplicateHandle((HANDLE)(intptr_t)-1, h, (HANDLE)(intptr_t)-1, &copy,
                                  SYNCHRONIZE, FALSE, 0));
    ck_assert(!wvm_QueryMemoryResourceNotification(copy, &state));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(wvm_CompareObjectHandles(h, copy));
    ck_assert(wvm_CloseHandle(h) && wvm_CloseHandle(copy));
    ck_assert(!wvm_QueryMemoryResourceNotification(h, &state));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_int_eq(state, 77);
    ck_assert(!wvm_CloseHandle(h));
    wvm_CloseHandle(process);
}
END_TEST

/* ---- nodes ---- */

START_TEST(one_node)
{
    ULONG highest = 77;
    ULONGLONG mask = 0, bytes = 0;
    GROUP_AFFINITY group;
    SYSTEM_INFO info;
    become_root();
    wvm_GetSystemInfo(&info);
    ck_assert(wvm_GetNumaHighestNodeNumber(&highest) && highest == 0);
    ck_assert(wvm_GetNumaNodeProcessorMask(0, &mask));
    ck_assert_uint_eq(mask, info.dwActiveProcessorMask);
    memset(&group, 0xaa, sizeof group);
    ck_assert(wvm_GetNumaNodeProcessorMaskEx(0, &group));
    ck_assert(group.Mask == mask && group.Group == 0 && group.Reserved[2] == 0);
    fake_file(root, "meminfo", "\nMemAvailable: 4096 kB\n");
    ck_assert(wvm_GetNumaAvailableMemoryNode(0, &bytes));
    ck_assert_uint_eq(bytes, 4 * MIB);
    ck_assert(!wvm_GetNumaNodeProcessorMask(1, &mask));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(two_nodes)
{
    ULONG highest = 77;
    ULONGLONG a = 0, b = 0;
    SYSTEM_INFO info;
    become_root();
    fake_file(root, NODES "possible", "0-3\n");
    fake_file(root, NODES "online", "0,2\n");
    fake_file(root, NODES "node0/cpulist", "0\n");
    fake_file(root, NODES "node2/cpulist", "1-200\n");
    fake_file(root, NODES "node2/meminfo", "Node 2 MemFree: 1024 kB\n");
    fake_file(root, "meminfo", "\nMemAvailable: 4096 kB\n");
    wvm_GetSystemInfo(&info);
    ck_assert(wvm_GetNumaHighestNodeNumber(&highest) && highest == 2);
    ck_assert(wvm_GetNumaNodeProcessorMask(0, &a) && wvm_GetNumaNodeProcessorMask(2, &b));
    ck_assert_uint_eq(a & b, 0);
    ck_assert_uint_eq(a | b, info.dwActiveProcessorMask);
    ck_assert(wvm_GetNumaAvailableMemoryNodeEx(2, &a));
    ck_assert_uint_eq(a, MIB);
    fake_file(root, NODES "node2/meminfo", "Node 2 MemFree: 9999 kB\n"); /* more than there is */
    ck_assert(wvm_GetNumaAvailableMemoryNodeEx(2, &a));
    ck_assert_uint_eq(a, 4 * MIB);
}
END_TEST

static struct {
    uintptr_t addr;
    size_t len;
    uint64_t nodes;
    unsigned n;
} bound;

static int fake_bind(uintptr_t addr, size_t len, uint64_t nodes)
{
    bound.addr = addr;
    bound.len = len;
    bound.nodes = nodes;
    bound.n++;
    return -EPERM; /* which nobody minds */
}

static void expect_bound(unsigned n, uint64_t nodes)
{
    ck_assert_uint_eq(bound.n, n);
    ck_assert_uint_eq(bound.nodes, nodes);
    ck_assert(bound.addr == fake.region.alloc_start);
    ck_assert(bound.len == fake.region.alloc_end - fake.region.alloc_start);
}

/* The whole of a new allocation prefers the node until it is released. */
START_TEST(preferred_node)
{
    const HANDLE own = (HANDLE)(intptr_t)-1;
    void *const at = (void *)0x20000000;
    MEM_EXTENDED_PARAMETER p = {.Type = MemExtendedParameterNumaNode, .ULong = 2};
    become_root();
    wvm_host_bind = fake_bind;
    fake_file(root, NODES "possible", "0-3\n");
    fake_file(root, NODES "online", "0,2\n");
    fake.region.alloc_start = (uintptr_t)at;
    fake.region.alloc_end = (uintptr_t)at + 0x5000;
    ck_assert(wvm_VirtualFree(at, 0, MEM_RELEASE)); /* no node was ever named */
    ck_assert_uint_eq(bound.n, 0);
    ck_assert_ptr_eq(wvm_VirtualAllocExNuma(own, at, 0x5000, MEM_RESERVE, PAGE_READWRITE, 2), at);
    expect_bound(1, 4);
    ck_assert_ptr_eq(wvm_VirtualAllocExNuma(own, at, 0x5000, MEM_COMMIT, PAGE_READWRITE, 0), at);
    ck_assert_ptr_eq(wvm_VirtualAllocExNuma(own, at, 0x5000, MEM_RESERVE, PAGE_READWRITE,
                                            NUMA_NO_PREFERRED_NODE), at);
    ck_assert_ptr_null(wvm_VirtualAllocExNuma(own, at, 0x5000, MEM_RESERVE, PAGE_READWRITE, 1));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(bound.n, 1);
    ck_assert(wvm_VirtualFree(at, 0, MEM_RELEASE));
    expect_bound(2, 0);
    ck_assert_ptr_eq(wvm_VirtualAlloc2(own, at, 0x5000, MEM_RESERVE, PAGE_READWRITE, &p, 1), at);
    expect_bound(3, 4);
    ck_assert_ptr_eq(wvm_VirtualAlloc2(own, at, 0x5000, MEM_COMMIT, PAGE_READWRITE, &p, 1), at);
    ck_assert_uint_eq(bound.n, 3);
}
END_TEST

START_TEST(node_refusals)
{
    static const USHORT missing[] = {1, 3, 4, 63, 64, 255, 256, 0xffff};
    ULONGLONG value = 77;
    GROUP_AFFINITY group = {.Group = 77};
    become_root();
    fake_file(root, NODES "possible", "0-3\n");
    fake_file(root, NODES "online", "0,2\n");
    for (unsigned i = 0; i < 8; i++) {
        wvm_SetLastError(0);
        ck_assert(!wvm_GetNumaAvailableMemoryNodeEx(missing[i], &value));
        ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
        ck_assert(!wvm_GetNumaNodeProcessorMaskEx(missing[i], &group));
        ck_assert(missing[i] > 255 || !wvm_GetNumaNodeProcessorMask((UCHAR)missing[i], &value));
        ck_assert(missing[i] > 255 || !wvm_GetNumaAvailableMemoryNode((UCHAR)missing[i], &value));
    }
    ck_assert(value == 77 && group.Group == 77);
    wvm_SetLastError(0);
    ck_assert(!wvm_GetNumaHighestNodeNumber(NULL));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
    ck_assert(!wvm_GetNumaNodeProcessorMask(0, NULL) && !wvm_GetNumaNodeProcessorMaskEx(0, NULL));
    ck_assert(!wvm_GetNumaAvailableMemoryNode(0, NULL));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("status", 20, &c);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, performance_info);
    tcase_add_test(c, installed_memory);
    tcase_add_test(c, levels);
    tcase_add_test(c, whose_pressure);
    tcase_add_test(c, notice_refusals);
    tcase_add_test(c, one_node);
    tcase_add_test(c, two_nodes);
    tcase_add_test(c, preferred_node);
    tcase_add_test(c, node_refusals);
    return unit_run(s);
}
