/* What the system tells about itself, in each layout, over a space that only remembers. */
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "nt/t/fake_space.h"
#include "space/space_layout.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define FORM_64 64

static void setup(void)
{
    wvm_host_init();
    fake_reset();
}

/* A 32-bit layout of so many bytes of user space. */
static void become_wow64(uint64_t top)
{
    wvm_layout.top = top;
    wvm_layout.low = wvm_layout.wow64 = true;
}

typedef NTSTATUS (*query_fn)(SYSTEM_INFORMATION_CLASS, PVOID, ULONG, PULONG);

static ULONG_PTR highest(query_fn query, int number)
{
    SYSTEM_BASIC_INFORMATION info;
    ULONG got = 0;
    memset(&info, 0xaa, sizeof info);
    ck_assert_int_eq(query((SYSTEM_INFORMATION_CLASS)number, &info, sizeof info, &got), 0);
    ck_assert_uint_eq(got, sizeof info);
    ck_assert_uint_eq(info.LowestUserAddress, 0x10000);
    ck_assert_uint_eq(info.AllocationGranularity, 0x10000);
    ck_assert_uint_eq(info.PhysicalPageSize, 0x1000);
    ck_assert_int_ge(info.NumberOfProcessors, 1);
    ck_assert_uint_ne(info.ActiveProcessors, 0);
    ck_assert_uint_gt(info.NumberOfPhysicalPages, 1000);
    ck_assert_uint_le(info.NumberOfPhysicalPages, info.HighestPhysicalPage);
    return info.HighestUserAddress;
}

/* W32-002, W32-004, W32-006. */
START_TEST(basic_of_64_bit_programs)
{
    ULONG_PTR last = sizeof(void *) == 8 ? (ULONG_PTR)0x7ffffffeffff : highest(
        wvm_NtQuerySystemInformation, SystemBasicInformation);
    ck_assert_uint_eq(highest(wvm_NtQuerySystemInformation, SystemBasicInformation), last);
    ck_assert_uint_eq(highest(wvm_NtQuerySystemInformation, SystemEmulationBasicInformation), last);
    ck_assert_uint_eq(highest(wvm_RtlGetNativeSystemInformation, SystemBasicInformation), last);
    ck_assert_uint_eq(highest(wvm_NtWow64GetNativeSystemInformation, SystemBasicInformation), last);
    if (sizeof(void *) == 8) {
        ck_assert_uint_eq(highest(wvm_NtQuerySystemInformation, 114), last);
        ck_assert_uint_eq(highest(wvm_RtlGetNativeSystemInformation, 114), last);
    }
}
END_TEST

/* W32-001..006: a program in a 32-bit layout. */
START_TEST(basic_of_wow64)
{
    static const uint32_t tops[] = {0x7fff0000, 0xbfff0000, 0xffff0000};
    union {
        SYSTEM_BASIC_INFORMATION info;
        uint64_t words[FORM_64 / 8];
    } wide;
    ULONG got;
    for (unsigned i = 0; i < 3; i++) {
        become_wow64(tops[i]);
        ULONG_PTR last = tops[i] - 1;
        ck_assert_uint_eq(highest(wvm_NtQuerySystemInformation, 0), last);
        ck_assert_uint_eq(highest(wvm_NtQuerySystemInformation, 62), last);
        ck_assert_uint_eq(highest(wvm_RtlGetNativeSystemInformation, 0), 0xfffeffff);
        ck_assert_uint_eq(highest(wvm_NtWow64GetNativeSystemInformation, 0), 0xfffeffff);
        got = 77;
        ck_assert_int_eq(wvm_NtQuerySystemInformation(114, &wide, FORM_64, &got),
                         STATUS_INVALID_INFO_CLASS);
        ck_assert_uint_eq(got, 77);
        ck_assert_int_eq(wvm_RtlGetNativeSystemInformation(114, &wide, 44, &got),
                         STATUS_INFO_LENGTH_MISMATCH);
        ck_assert_int_eq(wvm_RtlGetNativeSystemInformation(114, &wide, FORM_64, &got), 0);
        ck_assert_uint_eq(got, FORM_64);
        ck_assert_uint_eq(wide.words[4], 0x10000);
        ck_assert_uint_eq(wide.words[5], 0x7ffffffeffff);
    }
}
END_TEST

/* W32-007, for each class. */
START_TEST(lengths)
{
    static const struct {
        int number;
        ULONG size;
        bool shorter, longer;
    } classes[] = {
        {SystemBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), false, false},
        {SystemEmulationBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), false, false},
        {SystemProcessorInformation, 12, false, true},
        {SystemEmulationProcessorInformation, 12, false, true},
        {SystemPerformanceInformation, 312, false, true},
        {SystemFileCacheInformation, sizeof(SYSTEM_CACHE_INFORMATION), false, true},
        {SystemTimeOfDayInformation, 48, true, false},
        {SystemRangeStartInformation, sizeof(ULONG_PTR), false, false},
    };
    for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        SYSTEM_INFORMATION_CLASS number = (SYSTEM_INFORMATION_CLASS)classes[i].number;
        ULONG size = classes[i].size;
        const ULONG lens[] = {0, size - 1, size, size + 1, size * 2};
        for (unsigned k = 0; k < 5; k++) {
            unsigned char buf[700];
            ULONG got = 0xdead, len = lens[k];
            bool ok = len == size || (len < size ? classes[i].shorter : classes[i].longer);
            memset(buf, 0xaa, sizeof buf);
            ck_assert_int_eq(wvm_NtQuerySystemInformation(number, buf, len, &got),
                             ok ? 0 : STATUS_INFO_LENGTH_MISMATCH);
            ULONG written = !ok ? 0 : len < size ? len : size;
            ck_assert_uint_eq(got, ok ? written : size);
            for (unsigned b = written; b < sizeof buf; b++)
                ck_assert_uint_eq(buf[b], 0xaa);
        }
        ck_assert_int_eq(wvm_NtQuerySystemInformation(number, NULL, size, NULL),
                         STATUS_ACCESS_VIOLATION);
    }
}
END_TEST

START_TEST(refusals)
{
    unsigned char buf[64];
    ULONG got = 77;
    ck_assert_int_eq(wvm_NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)4711, buf, 64, &got),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_int_eq(wvm_NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)-1, buf, 64, &got),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_uint_eq(got, 77);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(0, buf, 0, (PULONG)8), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(0, buf, 0, NULL), STATUS_INFO_LENGTH_MISMATCH);
}
END_TEST

static USHORT architecture(query_fn query, int number)
{
    SYSTEM_PROCESSOR_INFORMATION info;
    ck_assert_int_eq(query((SYSTEM_INFORMATION_CLASS)number, &info, sizeof info, NULL), 0);
    ck_assert_uint_ge(info.ProcessorLevel, 5);
    ck_assert_uint_ge(info.MaximumProcessors, 1);
    ck_assert_uint_eq(info.FeatureBits & 0x204, 0x204);
#if defined(__SSE2__)
    ck_assert_uint_ne(info.FeatureBits & 0x10000, 0);
#endif
    return info.ProcessorArchitecture;
}

START_TEST(processor)
{
    if (sizeof(void *) == 8)
        ck_assert_uint_eq(architecture(wvm_NtQuerySystemInformation, 1), 9);
    ck_assert_uint_eq(architecture(wvm_NtQuerySystemInformation, 63), 0);
    become_wow64(0x7fff0000);
    ck_assert_uint_eq(architecture(wvm_NtQuerySystemInformation, 1), 0);
    ck_assert_uint_eq(architecture(wvm_NtQuerySystemInformation, 63), 0);
    ck_assert_uint_eq(architecture(wvm_RtlGetNativeSystemInformation, 1), 9);
}
END_TEST

START_TEST(times)
{
    SYSTEM_TIMEOFDAY_INFORMATION a, b;
    struct sysinfo host;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(3, &a, sizeof a, NULL), 0);
    usleep(20000);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(3, &b, sizeof b, NULL), 0);
    ck_assert_int_eq(sysinfo(&host), 0);
    LONGLONG passed = b.CurrentTime.QuadPart - a.CurrentTime.QuadPart;
    ck_assert_int_ge(passed, 150000);
    ck_assert_int_le(passed, 100000000);
    LONGLONG up = b.CurrentTime.QuadPart - b.BootTime.QuadPart;
    ck_assert_int_ge(up, (host.uptime - 2) * 10000000LL);
    ck_assert_int_le(up, (host.uptime + 2) * 10000000LL);
    LONGLONG unix_now = b.CurrentTime.QuadPart / 10000000 - 11644473600LL;
    ck_assert_int_le(llabs(unix_now - (LONGLONG)time(NULL)), 2);
    ck_assert_int_eq(a.BootTime.QuadPart, b.BootTime.QuadPart);
}
END_TEST

START_TEST(performance)
{
    SYSTEM_PERFORMANCE_INFORMATION info;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(2, &info, sizeof info, NULL), 0);
    ck_assert_int_gt(info.IdleTime.QuadPart, 0);
    ck_assert_uint_gt(info.AvailablePages, 0);
    ck_assert_uint_le((uint64_t)info.AvailablePages << 12, wvm_host_caps.ram);
    ck_assert_uint_le(info.TotalCommittedPages, info.PeakCommitment);
    ck_assert_uint_gt(info.PageFaults, 0);
    ck_assert_uint_gt(info.ContextSwitches, 0);
    ck_assert_uint_gt(info.MmSystemCachePage, 0);
    ck_assert_uint_gt(info.NonPagedPoolUsage, 0);
}
END_TEST

START_TEST(file_cache)
{
    SYSTEM_CACHE_INFORMATION info;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(21, &info, sizeof info, NULL), 0);
    ck_assert_uint_gt(info.CurrentSize, 0);
    /* Bytes that a 32-bit program's word cannot hold are told as the most that it can. */
    uint64_t bytes = (uint64_t)info.CurrentSizeIncludingTransitionInPages << 12;
    ck_assert_uint_eq(info.CurrentSize >> 12, (bytes < SIZE_MAX ? bytes : SIZE_MAX) >> 12);
    ck_assert_uint_ge(info.PeakSize, info.CurrentSize);
    ck_assert_uint_eq((uint64_t)info.MaximumWorkingSet << 12, wvm_host_caps.ram);
}
END_TEST

/* As many processors as fit, whole entries only. */
START_TEST(processor_times)
{
    enum { ROW = 48, MANY = 1024 };
    static SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION rows[MANY];
    SYSTEM_BASIC_INFORMATION basic;
    ULONG got = 77;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(0, &basic, sizeof basic, NULL), 0);
    ULONG n = (ULONG)basic.NumberOfProcessors;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(8, rows, ROW - 1, &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_uint_eq(got, n * ROW);
    memset(rows, 0xaa, sizeof rows);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(8, rows, ROW + 7, &got), 0);
    ck_assert_uint_eq(got, ROW);
    ck_assert_int_gt(rows[0].IdleTime.QuadPart, 0);
    ck_assert_int_gt(rows[0].UserTime.QuadPart, 0);
    ck_assert_int_gt(rows[0].KernelTime.QuadPart, rows[0].IdleTime.QuadPart);
    ck_assert_uint_eq((ULONG)rows[1].IdleTime.QuadPart, 0xaaaaaaaa);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(8, rows, sizeof rows, &got), 0);
    ck_assert_uint_eq(got, n * ROW);
    ck_assert_uint_eq((ULONG)rows[n].IdleTime.QuadPart, 0xaaaaaaaa);
    ck_assert_int_eq(wvm_NtQuerySystemInformation(8, NULL, ROW, &got), STATUS_ACCESS_VIOLATION);
}
END_TEST

static ULONG_PTR range_start(void)
{
    SYSTEM_RANGE_START_INFORMATION info;
    ck_assert_int_eq(wvm_NtQuerySystemInformation(50, &info, sizeof info, NULL), 0);
    return info.SystemRangeStart;
}

START_TEST(system_range)
{
    if (sizeof(void *) == 4)
        return;
    ck_assert_uint_eq(range_start(), (ULONG_PTR)0xffff800000000000);
    become_wow64(0x7fff0000);
    ck_assert_uint_eq(range_start(), 0x80000000u);
    become_wow64(0xffff0000);
    ck_assert_uint_eq(range_start(), (ULONG_PTR)0x100000000);
}
END_TEST

/* W32-008, W32-009. */
START_TEST(system_info)
{
    SYSTEM_INFO seen, native;
    become_wow64(0xbfff0000);
    wvm_GetSystemInfo(&seen);
    wvm_GetNativeSystemInfo(&native);
    ck_assert_uint_eq(seen.wProcessorArchitecture, PROCESSOR_ARCHITECTURE_INTEL);
    ck_assert_uint_eq(seen.dwProcessorType, 586);
    ck_assert_ptr_eq(seen.lpMaximumApplicationAddress, (LPVOID)0xbffeffff);
    ck_assert_uint_eq(seen.dwActiveProcessorMask >> 16 >> 16, 0);
    ck_assert_uint_le(seen.dwNumberOfProcessors, 32);
    ck_assert_uint_eq(native.wProcessorArchitecture, PROCESSOR_ARCHITECTURE_AMD64);
    ck_assert_uint_eq(native.dwProcessorType, 8664);
    ck_assert_ptr_eq(native.lpMaximumApplicationAddress, (LPVOID)0xfffeffff);
    ck_assert_uint_eq(native.wProcessorLevel, seen.wProcessorLevel);
    ck_assert_uint_eq(native.wProcessorRevision, seen.wProcessorRevision);
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_status)
{
    MEMORYSTATUSEX ex;
    struct sysinfo host;
    memset(&ex, 0xaa, sizeof ex);
    ex.dwLength = sizeof ex;
    ck_assert(wvm_GlobalMemoryStatusEx(&ex));
    ck_assert_int_eq(sysinfo(&host), 0);
    ck_assert_uint_eq(ex.ullTotalPhys, wvm_host_caps.ram);
    ck_assert_uint_le(ex.ullTotalPhys, (uint64_t)host.totalram * host.mem_unit);
    ck_assert_uint_gt(ex.ullAvailPhys, 0);
    ck_assert_uint_le(ex.ullAvailPhys, ex.ullTotalPhys);
    ck_assert_uint_eq(ex.dwMemoryLoad,
                      (ex.ullTotalPhys - ex.ullAvailPhys) / (ex.ullTotalPhys / 100));
    ck_assert_uint_le(ex.ullAvailPageFile, ex.ullTotalPageFile);
    ck_assert_uint_eq(ex.ullTotalVirtual, wvm_layout.top - 0x10000);
    ck_assert_uint_eq(ex.ullAvailVirtual, 0x50000);
    ck_assert_uint_eq(ex.ullAvailExtendedVirtual, 0);
}
END_TEST

/* W32-010, W32-011. */
START_TEST(memory_of_layouts)
{
    MEMORYSTATUSEX ex = {.dwLength = sizeof ex};
    become_wow64(0x7fff0000);
    ck_assert(wvm_GlobalMemoryStatusEx(&ex));
    ck_assert_uint_eq(ex.ullTotalVirtual, 0x7ffe0000);
    become_wow64(0xffff0000);
    ck_assert(wvm_GlobalMemoryStatusEx(&ex));
    ck_assert_uint_eq(ex.ullTotalVirtual, 0xfffe0000u);
}
END_TEST

START_TEST(memory_status_refusals)
{
    MEMORYSTATUSEX ex, before;
    const DWORD lens[] = {0, sizeof ex - 1, sizeof ex + 1, sizeof(MEMORYSTATUS), ~0u};
    for (unsigned i = 0; i < 5; i++) {
        memset(&ex, 0xaa, sizeof ex);
        ex.dwLength = lens[i];
        before = ex;
        wvm_SetLastError(0);
        ck_assert(!wvm_GlobalMemoryStatusEx(&ex));
        ck_assert_uint_eq(wvm_GetLastError(), ERROR_INVALID_PARAMETER);
        ck_assert_mem_eq(&ex, &before, sizeof ex);
    }
    ck_assert(!wvm_GlobalMemoryStatusEx(NULL));
    ck_assert_uint_eq(wvm_GetLastError(), ERROR_NOACCESS);
    wvm_GlobalMemoryStatus(NULL);
}
END_TEST

/* What the older form must tell of a value. */
static uint64_t told(uint64_t bytes, uint64_t most)
{
    return bytes > most ? most : bytes;
}

START_TEST(old_memory_status)
{
    MEMORYSTATUS old;
    MEMORYSTATUSEX ex = {.dwLength = sizeof ex};
    wvm_GlobalMemoryStatus(&old);
    ck_assert_uint_eq(old.dwLength, sizeof old);
    if (sizeof(void *) == 8) {
        ck_assert_uint_eq(old.dwTotalPhys, wvm_host_caps.ram);
        ck_assert_uint_eq(old.dwTotalVirtual, (SIZE_T)0x7ffffffe0000);
    }
    for (unsigned i = 0; i < 2; i++) {
        become_wow64(i ? 0xffff0000 : 0x7fff0000);
        wvm_GlobalMemoryStatus(&old);
        ck_assert(wvm_GlobalMemoryStatusEx(&ex));
        ck_assert_uint_eq(old.dwTotalPhys, told(ex.ullTotalPhys, 0x7fffffff));
        ck_assert_uint_eq(old.dwTotalPageFile, told(ex.ullTotalPageFile, 0xffffffff));
        ck_assert_uint_eq(old.dwTotalVirtual, ex.ullTotalVirtual);
        ck_assert_uint_eq(old.dwAvailVirtual, ex.ullAvailVirtual);
    }
}
END_TEST

/* ---- is it a 32-bit program? ---- */

START_TEST(wow64)
{
    BOOL is = 7;
    USHORT machine = 7, native = 7;
    if (sizeof(void *) == 8) {
        ck_assert(wvm_IsWow64Process(OWN, &is));
        ck_assert_int_eq(is, FALSE);
        ck_assert(wvm_IsWow64Process2(OWN, &machine, &native));
        ck_assert_uint_eq(machine, IMAGE_FILE_MACHINE_UNKNOWN);
        ck_assert_uint_eq(native, IMAGE_FILE_MACHINE_AMD64);
    }
    become_wow64(0x7fff0000);
    ck_assert(wvm_IsWow64Process(OWN, &is));
    ck_assert_int_eq(is, TRUE);
    ck_assert(wvm_IsWow64Process2(OWN, &machine, NULL));
    ck_assert_uint_eq(machine, IMAGE_FILE_MACHINE_I386);
    ck_assert(wvm_IsWow64Process2(OWN, &machine, &native));
    ck_assert_uint_eq(native, IMAGE_FILE_MACHINE_AMD64);
}
END_TEST

static DWORD error_of(BOOL result)
{
    ck_assert(!result);
    return wvm_GetLastError();
}

START_TEST(wow64_of_handles)
{
    BOOL is = 7;
    USHORT machine = 7;
    HANDLE h = wvm_OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)getpid());
    HANDLE weak = wvm_OpenProcess(PROCESS_VM_READ, FALSE, (DWORD)getpid());
    HANDLE other = wvm_OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)getppid());
    become_wow64(0x7fff0000);
    ck_assert(wvm_IsWow64Process(h, &is));
    ck_assert_int_eq(is, TRUE);
    ck_assert(wvm_IsWow64Process(other, &is));
    ck_assert_int_eq(is, FALSE);
    is = 7;
    ck_assert_uint_eq(error_of(wvm_IsWow64Process(weak, &is)), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(error_of(wvm_IsWow64Process(NULL, &is)), ERROR_INVALID_HANDLE);
    ck_assert_int_eq(is, 7);
    ck_assert_uint_eq(error_of(wvm_IsWow64Process(h, NULL)), ERROR_NOACCESS);
    ck_assert_uint_eq(error_of(wvm_IsWow64Process2(h, NULL, NULL)), ERROR_NOACCESS);
    ck_assert_uint_eq(error_of(wvm_IsWow64Process2(h, &machine, (USHORT *)8)), ERROR_NOACCESS);
    ck_assert_uint_eq(machine, 7);
}
END_TEST

START_TEST(guest_machines)
{
    BOOL is = 7;
    if (sizeof(void *) == 4) {
        wvm_layout.wow64 = false;
        ck_assert_int_eq(wvm_IsWow64GuestMachineSupported(IMAGE_FILE_MACHINE_I386, &is), S_OK);
        ck_assert_int_eq(is, FALSE); /* of a 32-bit system */
        become_wow64(0xffff0000);
    }
    ck_assert_int_eq(wvm_IsWow64GuestMachineSupported(IMAGE_FILE_MACHINE_I386, &is), S_OK);
    ck_assert_int_eq(is, TRUE);
    ck_assert_int_eq(wvm_IsWow64GuestMachineSupported(IMAGE_FILE_MACHINE_ARMNT, &is), S_OK);
    ck_assert_int_eq(is, FALSE);
    ck_assert_int_eq(wvm_IsWow64GuestMachineSupported(IMAGE_FILE_MACHINE_AMD64, &is), S_OK);
    ck_assert_int_eq(is, FALSE);
    ck_assert_int_eq(wvm_IsWow64GuestMachineSupported(IMAGE_FILE_MACHINE_I386, NULL), E_POINTER);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("sysinfo", 20, &c);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, basic_of_64_bit_programs);
    tcase_add_test(c, basic_of_wow64);
    tcase_add_test(c, lengths);
    tcase_add_test(c, refusals);
    tcase_add_test(c, processor);
    tcase_add_test(c, times);
    tcase_add_test(c, performance);
    tcase_add_test(c, file_cache);
    tcase_add_test(c, processor_times);
    tcase_add_test(c, system_range);
    tcase_add_test(c, system_info);
    tcase_add_test(c, memory_status);
    tcase_add_test(c, memory_of_layouts);
    tcase_add_test(c, memory_status_refusals);
    tcase_add_test(c, old_memory_status);
    tcase_add_test(c, wow64);
    tcase_add_test(c, wow64_of_handles);
    tcase_add_test(c, guest_machines);
    return unit_run(s);
}
