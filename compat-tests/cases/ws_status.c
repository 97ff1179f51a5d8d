/* How much memory there is (WS-140..152). */
#include "../compat_section.h"

/* MEMORYSTATUS. */
struct old_status {
    DWORD length, load;
    SIZE_T total_phys, avail_phys, total_page_file, avail_page_file, total_virtual, avail_virtual;
};
/* PERFORMANCE_INFORMATION. */
struct performance {
    DWORD cb;
    SIZE_T commit_total, commit_limit, commit_peak, physical_total, physical_available, cache;
    SIZE_T kernel_total, kernel_paged, kernel_nonpaged, page_size;
    DWORD handles, processes, threads;
};
typedef BOOL(WINAPI *ex_call)(struct compat_memory_status *);
typedef void(WINAPI *old_call)(struct old_status *);
typedef BOOL(WINAPI *performance_call)(struct performance *, DWORD);
typedef BOOL(WINAPI *installed_call)(uint64_t *);

#define ERR_PARAMETER 87
#define MIB ((uint64_t)1 << 20)

/* Equal but for what the rest of the machine does between two questions. */
static int is_near(uint64_t a, uint64_t b)
{
    uint64_t apart = a < b ? b - a : a - b;

    return apart <= 256 * MIB;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

CASE(WS, 140, "GlobalMemoryStatusEx, dwLength other than 64", "FALSE, 87; nothing written")
{
    static const ULONG lengths[] = {0, 32, 56, 63, 65, 72, 0xFFFFFFFF};
    struct compat_memory_status m, before;
    ex_call call = (ex_call)find_call("GlobalMemoryStatusEx");

    need_call(call, "GlobalMemoryStatusEx");
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        memset(&m, 0xcc, sizeof(m));
        m.length = lengths[i];
        before = m;
        expect_error(call(&m), ERR_PARAMETER);
        ok(memcmp(&m, &before, sizeof(m)) == 0, "length %lu: something was written",
           (unsigned long)lengths[i]);
    }
    m.length = 64;
    expect_success(call(&m));
}

CASE(WS, 141, "GlobalMemoryStatus, any dwLength", "fills; last error untouched")
{
    struct old_status m;
    old_call call = (old_call)find_call("GlobalMemoryStatus");

    need_call(call, "GlobalMemoryStatus");
    memset(&m, 0xcc, sizeof(m));
    m.length = 3;
    SetLastError(0xdeadbeef);
    call(&m);
    expect_eq(GetLastError(), 0xdeadbeef);
    expect_eq(m.length, sizeof(m));
    ok(m.load <= 100, "load: got %lu", (unsigned long)m.load);
    ok(m.total_phys >= m.avail_phys && m.avail_phys > 0, "physical: got 0x%llx of 0x%llx",
       (unsigned long long)m.avail_phys, (unsigned long long)m.total_phys);
}

CASE(WS, 142, "dwMemoryLoad", "(TotalPhys - AvailPhys) / (TotalPhys / 100)")
{
    struct compat_memory_status m;

    need_call(find_call("GlobalMemoryStatusEx"), "GlobalMemoryStatusEx");
    expect_eq(memory_status(&m), 1);
    expect_eq(m.load, (m.total_phys - m.avail_phys) / (m.total_phys / 100));
}

/* Both calls that tell the commit limit. */
static int ask_both(struct compat_memory_status *m, struct performance *p)
{
    performance_call call = (performance_call)find_call("K32GetPerformanceInfo");

    return memory_status(m) && call && call(p, sizeof(*p));
}

CASE(WS, 143, "ullTotalPageFile", "commit limit times page size")
{
    struct compat_memory_status m;
    struct performance p;

    need_call(find_call("K32GetPerformanceInfo"), "K32GetPerformanceInfo");
    expect_eq(ask_both(&m, &p), 1);
    expect_eq(p.page_size, PG);
    ok(is_near(m.total_page_file, (uint64_t)p.commit_limit * PG), "got 0x%llx, limit 0x%llx pages",
       (unsigned long long)m.total_page_file, (unsigned long long)p.commit_limit);
}

CASE(WS, 144, "ullAvailPageFile", "(limit - committed) times page size")
{
    struct compat_memory_status m;
    struct performance p;

    need_call(find_call("K32GetPerformanceInfo"), "K32GetPerformanceInfo");
    expect_eq(ask_both(&m, &p), 1);
    ok(is_near(m.avail_page_file, (uint64_t)(p.commit_limit - p.commit_total) * PG),
       "got 0x%llx, limit 0x%llx, total 0x%llx pages", (unsigned long long)m.avail_page_file,
       (unsigned long long)p.commit_limit, (unsigned long long)p.commit_total);
    ok(m.avail_page_file <= m.total_page_file, "more than the limit");
}

CASE(WS, 145, "ullTotalVirtual", "HighestUserAddress - LowestUserAddress + 1")
{
    struct compat_memory_status m;
    SYSTEM_INFO info;

    skip_if(compat_base != 0, "memory status is that of the process");
    need_call(find_call("GlobalMemoryStatusEx"), "GlobalMemoryStatusEx");
    GetSystemInfo(&info);
    expect_eq(memory_status(&m), 1);
    expect_eq(m.total_virtual, (uint64_t)((ULONG_PTR)info.lpMaximumApplicationAddress -
                                          (ULONG_PTR)info.lpMinimumApplicationAddress) + 1);
}

CASE(WS, 146, "ullAvailVirtual", "less than ullTotalVirtual, but not 0")
{
    struct compat_memory_status m;

    need_call(find_call("GlobalMemoryStatusEx"), "GlobalMemoryStatusEx");
    expect_eq(memory_status(&m), 1);
    ok(m.avail_virtual > 0 && m.avail_virtual < m.total_virtual, "got 0x%llx of 0x%llx",
       (unsigned long long)m.avail_virtual, (unsigned long long)m.total_virtual);
}

CASE(WS, 147, "ullAvailExtendedVirtual", "0")
{
    struct compat_memory_status m;

    need_call(find_call("GlobalMemoryStatusEx"), "GlobalMemoryStatusEx");
    expect_eq(memory_status(&m), 1);
    expect_eq(m.avail_extended, 0);
}

CASE(WS, 148, "GlobalMemoryStatus: dwTotalPhys, dwAvailPhys", "at most SIZE_MAX / 2")
{
    uint64_t most = is_narrow() ? 0x7FFFFFFF : ~(uint64_t)0 / 2;
    struct compat_memory_status m;
    struct old_status old;
    old_call call = (old_call)find_call("GlobalMemoryStatus");

    skip_if(compat_base != 0, "memory status is that of the process");
    need_call(call, "GlobalMemoryStatus");
    expect_eq(memory_status(&m), 1);
    call(&old);
    ok(old.total_phys == at_most(m.total_phys, most) ||
           (!is_native() && is_32bit() && old.total_phys == 0xFFFFFFFF),
       "total: got 0x%llx of 0x%llx", (unsigned long long)old.total_phys,
       (unsigned long long)m.total_phys);
    ok(old.avail_phys <= old.total_phys, "available: got 0x%llx of 0x%llx",
       (unsigned long long)old.avail_phys, (unsigned long long)old.total_phys);
}

CASE(WS, 149, "GlobalMemoryStatus: dwTotalPageFile, dwAvailPageFile", "at most SIZE_MAX")
{
    uint64_t most = is_narrow() ? 0xFFFFFFFF : ~(uint64_t)0;
    struct compat_memory_status m;
    struct old_status old;
    old_call call = (old_call)find_call("GlobalMemoryStatus");

    skip_if(compat_base != 0, "memory status is that of the process");
    need_call(call, "GlobalMemoryStatus");
    expect_eq(memory_status(&m), 1);
    call(&old);
    todo_wine32("another clamp above 0xFFF7FFFF") {
        expect_eq(old.total_page_file, at_most(m.total_page_file, most));
        ok(is_near(old.avail_page_file, at_most(m.avail_page_file, most)),
           "available: got 0x%llx of 0x%llx", (unsigned long long)old.avail_page_file,
           (unsigned long long)m.avail_page_file);
    }
}

CASE(WS, 150, "MEMORYSTATUSEX layout", "64 bytes; seven 64-bit fields from 8")
{
    union {
        MEMORYSTATUSEX ex;
        struct compat_memory_status m;
    } both;

    expect_eq(sizeof(MEMORYSTATUSEX), 64);
    expect_eq(offsetof(MEMORYSTATUSEX, dwMemoryLoad), 4);
    expect_eq(offsetof(MEMORYSTATUSEX, ullTotalPhys), 8);
    expect_eq(offsetof(MEMORYSTATUSEX, ullAvailExtendedVirtual), 56);
    memset(&both, 0xcc, sizeof(both));
    both.ex.dwLength = sizeof(both.ex);
    expect_success(GlobalMemoryStatusEx(&both.ex));
    expect_eq(both.m.length, 64);
    expect_eq(both.m.total_phys, both.ex.ullTotalPhys);
}

CASE(WS, 151, "GetPhysicallyInstalledSystemMemory(NULL)", "FALSE, 87")
{
    installed_call call = (installed_call)find_call("GetPhysicallyInstalledSystemMemory");

    need_call(call, "GetPhysicallyInstalledSystemMemory");
    expect_error(call(NULL), ERR_PARAMETER);
}

CASE(WS, 152, "GetPhysicallyInstalledSystemMemory", "at least ullTotalPhys / 1024")
{
    installed_call call = (installed_call)find_call("GetPhysicallyInstalledSystemMemory");
    struct compat_memory_status m;
    uint64_t kib = 0;

    need_call(call, "GetPhysicallyInstalledSystemMemory");
    expect_eq(memory_status(&m), 1);
    expect_success(call(&kib));
    ok(kib >= m.total_phys / 1024, "got %llu KiB of 0x%llx bytes", (unsigned long long)kib,
       (unsigned long long)m.total_phys);
}
