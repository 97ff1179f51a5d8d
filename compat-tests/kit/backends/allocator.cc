// The layer of an allocator between it and Windows.
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#include <psapi.h>
#include <intrin.h>
#include <cstdint>
#include <algorithm>
#include <new>

typedef PVOID(__stdcall *alloc2_fn)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *,
                                    ULONG);
static alloc2_fn p_alloc2;
static SRWLOCK lock = SRWLOCK_INIT;
static size_t page, granule, large;
static DWORD fls = FLS_OUT_OF_INDEXES;
static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
alignas(64) static volatile LONG64 committed;

static void NTAPI thread_done(PVOID value)
{
    if (value != nullptr) HeapFree(GetProcessHeap(), 0, value);
}

static bool enable_large()
{
    HANDLE token = nullptr;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return false;
    TOKEN_PRIVILEGES tp{};
    bool ok = false;
    if (LookupPrivilegeValue(nullptr, SE_LOCK_MEMORY_NAME, &tp.Privileges[0].Luid)) {
        tp.PrivilegeCount = 1;
        tp.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
        ok = AdjustTokenPrivileges(token, FALSE, &tp, 0, nullptr, nullptr) &&
             GetLastError() == ERROR_SUCCESS;
        if (ok) large = GetLargePageMinimum();
    }
    CloseHandle(token);
    return ok;
}

static BOOL CALLBACK start(PINIT_ONCE, PVOID, PVOID *)
{
    SYSTEM_INFO si;
    GetSystemInfo(&si);
    page = si.dwPageSize;
    granule = si.dwAllocationGranularity;
    if (HINSTANCE base = LoadLibrary(TEXT("kernelbase.dll"))) {
        p_alloc2 = (alloc2_fn)(void (*)(void))GetProcAddress(base, "VirtualAlloc2FromApp");
        if (!p_alloc2) p_alloc2 = (alloc2_fn)(void (*)(void))GetProcAddress(base, "VirtualAlloc2");
        FreeLibrary(base);
    }
    enable_large();
    fls = FlsAlloc(&thread_done);
    return TRUE;
}

extern "C" __declspec(dllexport) void *os_reserve(size_t size, size_t alignment, bool commit)
{
    InitOnceExecuteOnce(&once, start, nullptr, nullptr);
    const DWORD type = MEM_RESERVE | (commit ? MEM_COMMIT : 0);
    if (p_alloc2 && alignment > granule) {
        MEM_ADDRESS_REQUIREMENTS req = {0, 0, 0};
        req.Alignment = alignment;
        MEM_EXTENDED_PARAMETER param{};
        param.Type = MemExtendedParameterAddressRequirements;
        param.Pointer = &req;
        return p_alloc2(GetCurrentProcess(), nullptr, size, type, PAGE_READWRITE, &param, 1);
    }
    void *p = VirtualAlloc(nullptr, std::max(size, granule), type, PAGE_READWRITE);
    if (p && commit) InterlockedExchangeAdd64(&committed, (LONG64)size);
    return p;
}

extern "C" bool os_reset(void *p, size_t size)
{
    AcquireSRWLockExclusive(&lock);
    void *r = VirtualAlloc(p, size, MEM_RESET, PAGE_READWRITE);
    if (r == p && p != NULL) VirtualUnlock(p, size);
    ReleaseSRWLockExclusive(&lock);
    return r == p;
}

extern "C" size_t os_usage(uint64_t *user)
{
    PROCESS_MEMORY_COUNTERS info;
    FILETIME ct, et, kt, ut;
    GetProcessTimes(GetCurrentProcess(), &ct, &et, &kt, &ut);
    ULARGE_INTEGER t;
    t.LowPart = ut.dwLowDateTime;
    t.HighPart = ut.dwHighDateTime;
    *user = t.QuadPart / 10000;
    GetProcessMemoryInfo(GetCurrentProcess(), &info, sizeof(info));
    PROCESSOR_NUMBER pnum;
    GetCurrentProcessorNumberEx(&pnum);
    USHORT node = 0;
    GetNumaProcessorNodeEx(&pnum, &node);
    unsigned long index;
    return info.PeakPagefileUsage + node + (_BitScanReverse64(&index, info.WorkingSetSize) ? 1 : 0);
}
