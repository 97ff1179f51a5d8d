/* What the primitives of a general allocator ask of Windows. */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <psapi.h>
#include <bcrypt.h>
#include <intrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <errno.h>
#pragma comment(lib, "bcrypt.lib")
#ifndef MEM_LARGE_PAGES
#error
#endif
typedef PVOID(__stdcall *PVirtualAlloc2)(HANDLE, PVOID, SIZE_T, ULONG, ULONG,
                                         MEM_EXTENDED_PARAMETER *, ULONG);
typedef LONG(__stdcall *PNtAllocateVirtualMemoryEx)(HANDLE, PVOID *, SIZE_T *, ULONG, ULONG,
                                                    MEM_EXTENDED_PARAMETER *, ULONG);
typedef BOOL(__stdcall *PGetNumaNodeProcessorMaskEx)(USHORT, PGROUP_AFFINITY);
typedef BOOL(__stdcall *PGetNumaProcessorNodeEx)(PPROCESSOR_NUMBER, PUSHORT);
typedef BOOL(__stdcall *PGetNumaProcessorNode)(UCHAR, PUCHAR);
typedef BOOL(WINAPI *PGetProcessMemoryInfo)(HANDLE, PPROCESS_MEMORY_COUNTERS, DWORD);
typedef LONG(NTAPI *PBCryptGenRandom)(HANDLE, PUCHAR, ULONG, ULONG);
typedef BOOL(WINAPI *PGetPhysicallyInstalledSystemMemory)(PULONGLONG);
static PVirtualAlloc2 pVirtualAlloc2;
static PNtAllocateVirtualMemoryEx pNtEx;
static PGetNumaProcessorNodeEx pNodeEx;
static PGetNumaNodeProcessorMaskEx pMask;
static PGetNumaProcessorNode pNode;
static PBCryptGenRandom pRand;
static PGetProcessMemoryInfo pMem;
static DWORD fls_key = FLS_OUT_OF_INDEXES;
static volatile LONG done_count;
static void NTAPI fls_done(PVOID v)
{
    if (v)
        InterlockedIncrement(&done_count);
}
static bool enable_large(size_t *size)
{
    unsigned long err = 0;
    HANDLE token = NULL;
    bool ok = false;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token)) {
        TOKEN_PRIVILEGES tp;
        ok = LookupPrivilegeValue(NULL, TEXT("SeLockMemoryPrivilege"), &tp.Privileges[0].Luid) != 0;
        if (ok) {
            tp.PrivilegeCount = 1;
            tp.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
            ok = AdjustTokenPrivileges(token, FALSE, &tp, 0, (PTOKEN_PRIVILEGES)NULL, 0) != 0;
            if (ok) {
                err = GetLastError();
                ok = err == ERROR_SUCCESS;
                if (ok)
                    *size = GetLargePageMinimum();
            }
        }
        CloseHandle(token);
    }
    return ok;
}
static void *alloc_aligned(size_t size, size_t align, DWORD flags)
{
    if (pVirtualAlloc2) {
        MEM_ADDRESS_REQUIREMENTS reqs;
        MEM_EXTENDED_PARAMETER param = {{0, 0}, {0}};
        memset(&reqs, 0, sizeof reqs);
        reqs.Alignment = align;
        param.Type = MemExtendedParameterAddressRequirements;
        param.Pointer = &reqs;
        void *p =
            (*pVirtualAlloc2)(GetCurrentProcess(), NULL, size, flags, PAGE_READWRITE, &param, 1);
        if (p)
            return p;
    }
    return VirtualAlloc(NULL, size, flags, PAGE_READWRITE);
}
static void *alloc_node(size_t size, int node)
{
    MEM_EXTENDED_PARAMETER param = {{0}};
    SIZE_T psize = size;
    void *base = NULL;
    param.Type = MemExtendedParameterNumaNode;
    param.ULong = node;
    if (!pNtEx || (*pNtEx)(GetCurrentProcess(), &base, &psize, MEM_RESERVE | MEM_COMMIT,
                           PAGE_READWRITE, &param, 1) != 0)
        return NULL;
    return base;
}
static void out_stderr(const char *msg)
{
    static HANDLE hcon = INVALID_HANDLE_VALUE;
    static bool is_con;
    if (hcon == INVALID_HANDLE_VALUE) {
        CONSOLE_SCREEN_BUFFER_INFO sbi;
        hcon = GetStdHandle(STD_ERROR_HANDLE);
        is_con = hcon != INVALID_HANDLE_VALUE && GetConsoleScreenBufferInfo(hcon, &sbi);
    }
    DWORD w = 0;
    size_t len = strlen(msg);
    if (is_con)
        WriteConsoleA(hcon, msg, (DWORD)len, &w, NULL);
    else if (hcon != NULL && hcon != INVALID_HANDLE_VALUE)
        WriteFile(hcon, msg, (DWORD)len, &w, NULL);
    else
        fputs(msg, stderr);
}
static bool getenv_(const char *name, char *result, size_t n)
{
    result[0] = 0;
    size_t len = GetEnvironmentVariableA(name, result, (DWORD)n);
    return len > 0 && len < n;
}
static DWORD WINAPI worker(LPVOID a)
{
    FlsSetValue(fls_key, a);
    return 7;
}
#ifdef _MSC_VER
#pragma section(".CRT$XLB", read)
#endif
#if defined(__GNUC__)
static void NTAPI on_tls(PVOID m, DWORD reason, LPVOID r)
{
    (void)m;
    (void)reason;
    (void)r;
}
PIMAGE_TLS_CALLBACK tls_cb[] __attribute__((section(".CRT$XLB"), used)) = {&on_tls};
#endif
static void find_calls(void)
{
    HINSTANCE dll = LoadLibrary(TEXT("kernelbase.dll"));
    if (dll) {
        pVirtualAlloc2 =
            (PVirtualAlloc2)(void (*)(void))GetProcAddress(dll, "VirtualAlloc2FromApp");
        if (!pVirtualAlloc2)
            pVirtualAlloc2 = (PVirtualAlloc2)(void (*)(void))GetProcAddress(dll, "VirtualAlloc2");
        FreeLibrary(dll);
    }
    dll = LoadLibraryA("ntdll.dll");
    if (dll) {
        pNtEx = (PNtAllocateVirtualMemoryEx)(void (*)(void))GetProcAddress(
            dll, "NtAllocateVirtualMemoryEx");
        FreeLibrary(dll);
    }
    dll = LoadLibraryExA("kernel32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!dll)
        dll = LoadLibraryA("kernel32.dll");
    pNodeEx =
        (PGetNumaProcessorNodeEx)(void (*)(void))GetProcAddress(dll, "GetNumaProcessorNodeEx");
    pMask = (PGetNumaNodeProcessorMaskEx)(void (*)(void))GetProcAddress(
        dll, "GetNumaNodeProcessorMaskEx");
    pNode = (PGetNumaProcessorNode)(void (*)(void))GetProcAddress(dll, "GetNumaProcessorNode");
    PGetPhysicallyInstalledSystemMemory pInst = (PGetPhysicallyInstalledSystemMemory)(void (*)(
        void))GetProcAddress(dll, "GetPhysicallyInstalledSystemMemory");
    ULONGLONG kib = 0;
    bool inst = pInst && pInst(&kib) && kib > 0;
    dll = LoadLibraryA("psapi.dll");
    pMem = dll ? (PGetProcessMemoryInfo)(void (*)(void))GetProcAddress(dll, "GetProcessMemoryInfo")
               : NULL;
    dll = LoadLibraryA("bcrypt.dll");
    pRand = dll ? (PBCryptGenRandom)(void (*)(void))GetProcAddress(dll, "BCryptGenRandom") : NULL;
    printf("names %d %d %d %d %d %d %d inst %d\n", !!pVirtualAlloc2, !!pNtEx, !!pNodeEx, !!pMask,
           !!pNode, !!pMem, !!pRand, inst);
}
static void show_nodes(void)
{
    ULONG hi;
    GROUP_AFFINITY ga;
    USHORT numa = 9;
    PROCESSOR_NUMBER pn;
    GetNumaHighestNodeNumber(&hi);
    GetCurrentProcessorNumberEx(&pn);
    if (pNodeEx)
        (*pNodeEx)(&pn, &numa);
    memset(&ga, 0, sizeof ga);
    BOOL mk = pMask ? (*pMask)(0, &ga) : FALSE;
    printf("numa %d mask %d hi %lu\n", (int)numa, mk && ga.Mask != 0, (unsigned long)hi);
}
static void show_random(void)
{
    unsigned char r[16];
    printf("random %d\n",
           pRand ? (int)(*pRand)(NULL, r, sizeof r, BCRYPT_USE_SYSTEM_PREFERRED_RNG) : -1);
}
static void show_memory(void)
{
    size_t large = 0;
    enable_large(&large);
    void *p = alloc_aligned(1 << 20, 4 << 20, MEM_RESERVE | MEM_COMMIT);
    printf("aligned %d\n", p && ((uintptr_t)p & ((4 << 20) - 1)) == 0);
    printf("reset %d\n", VirtualAlloc(p, 65536, MEM_RESET, PAGE_READWRITE) == p);
    VirtualUnlock(p, 65536);
    printf("free %d\n", VirtualFree(p, 0, MEM_RELEASE));
    p = alloc_node(65536, 0);
    printf("node %d\n", p != NULL);
    if (p)
        VirtualFree(p, 0, MEM_RELEASE);
}
static void show_threads(void)
{
    fls_key = FlsAlloc(&fls_done);
    HANDLE t = CreateThread(NULL, 0, worker, &fls_key, 0, NULL);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf("fls %ld\n", (long)done_count);
    FlsFree(fls_key);
}
static void show_process(void)
{
    LARGE_INTEGER f;
    LARGE_INTEGER c;
    FILETIME ct, et, kt, ut;
    IO_COUNTERS io;
    PROCESS_MEMORY_COUNTERS pmc;
    QueryPerformanceFrequency(&f);
    QueryPerformanceCounter(&c);
    printf("clock %d\n", f.QuadPart > 0LL && c.QuadPart > 0);
    GetProcessTimes(GetCurrentProcess(), &ct, &et, &kt, &ut);
    memset(&pmc, 0, sizeof pmc);
    if (pMem)
        (*pMem)(GetCurrentProcess(), &pmc, sizeof pmc);
    ULARGE_INTEGER u;
    u.LowPart = ut.dwLowDateTime;
    u.HighPart = ut.dwHighDateTime;
    (void)u;
    printf("rss %d\n", pmc.PeakWorkingSetSize > 0 && pmc.PagefileUsage > 0);
    printf("io %d\n", GetProcessIoCounters(GetCurrentProcess(), &io));
}
static void show_environment(void)
{
    char buf[64];
    SetEnvironmentVariableA("BACK_END_OPT", "17");
    printf("env %d %s\n", getenv_("BACK_END_OPT", buf, sizeof buf), buf);
    printf("long %d\n", getenv_("BACK_END_OPT", buf, 2));
}
static void show_bits(void)
{
    unsigned long ix = 99;
    unsigned char nz = _BitScanReverse64(&ix, 0x10000000000ull);
    printf("bsr %d %lu\n", nz, ix);
#ifdef _WIN64
    __declspec(align(16)) LONG64 dest[2] = {1, 2};
    LONG64 cmp[2] = {1, 2};
    unsigned char ex = _InterlockedCompareExchange128(dest, 4, 3, cmp);
    printf("cas16 %d %lld %lld\n", ex, (long long)dest[0], (long long)dest[1]);
#endif
}
static void show_words(void)
{
#ifdef _WIN64
    uint64_t h;
    uint64_t l = _umul128(~0ull, 3, &h);
    printf("umul %llu %llu pop %d\n", (unsigned long long)l, (unsigned long long)h,
           (int)__popcnt64(255));
#endif
    printf("rot %x %llx\n", _rotl(0x80000001u, 1), (unsigned long long)_rotr64(1, 1));
}
int main(void)
{
    SYSTEM_INFO si;
    GetSystemInfo(&si);
    find_calls();
    show_nodes();
    show_random();
    show_memory();
    show_threads();
    show_process();
    show_environment();
    show_bits();
    out_stderr("warn\n");
    OutputDebugStringA("dbg\n");
    _ReadWriteBarrier();
    YieldProcessor();
    MemoryBarrier();
    show_words();
    fflush(stdout);
    return 0;
}
#endif
