/* The Win32 calls of compat_based.h, and the names under which cases make all of them. */
#ifndef COMPAT_BASED_WIN32_H
#define COMPAT_BASED_WIN32_H

#define BASED_SELF ((HANDLE)(LONG_PTR)-1)

static inline PVOID based_VirtualAllocEx(HANDLE h, PVOID at, SIZE_T size, DWORD type, DWORD protect)
{
    return based_result(
        h, VirtualAllocEx(based_process(h), based_in(h, at), size, type, protect));
}
static inline PVOID based_VirtualAlloc(PVOID at, SIZE_T size, DWORD type, DWORD protect)
{
    return based_VirtualAllocEx(BASED_SELF, at, size, type, protect);
}
static inline PVOID based_VirtualAllocExNuma(HANDLE h, PVOID at, SIZE_T size, DWORD type,
                                             DWORD protect, DWORD node)
{
    return based_result(
        h, VirtualAllocExNuma(based_process(h), based_in(h, at), size, type, protect, node));
}
static inline PVOID based_VirtualAlloc2(HANDLE h, PVOID at, SIZE_T size, ULONG type, ULONG protect,
                                        MEM_EXTENDED_PARAMETER *p, ULONG n)
{
    h = h ? h : BASED_SELF;
    return based_result(
        h, VirtualAlloc2(based_process(h), based_in(h, at), size, type, protect, p, n));
}
static inline PVOID based_VirtualAlloc2FromApp(HANDLE h, PVOID at, SIZE_T size, ULONG type,
                                               ULONG protect, MEM_EXTENDED_PARAMETER *p, ULONG n)
{
    h = h ? h : BASED_SELF;
    return based_result(
        h, VirtualAlloc2FromApp(based_process(h), based_in(h, at), size, type, protect, p, n));
}
static inline BOOL based_VirtualFreeEx(HANDLE h, PVOID at, SIZE_T size, DWORD type)
{
    return VirtualFreeEx(based_process(h), based_in(h, at), size, type);
}
static inline BOOL based_VirtualFree(PVOID at, SIZE_T size, DWORD type)
{
    return based_VirtualFreeEx(BASED_SELF, at, size, type);
}
static inline BOOL based_VirtualProtectEx(HANDLE h, PVOID at, SIZE_T size, DWORD protect,
                                          DWORD *old)
{
    return VirtualProtectEx(based_process(h), based_in(h, at), size, protect, old);
}
static inline BOOL based_VirtualProtect(PVOID at, SIZE_T size, DWORD protect, DWORD *old)
{
    return based_VirtualProtectEx(BASED_SELF, at, size, protect, old);
}
static inline SIZE_T based_VirtualQueryEx(HANDLE h, LPCVOID at, MEMORY_BASIC_INFORMATION *out,
                                          SIZE_T size)
{
    SIZE_T done = VirtualQueryEx(based_process(h), based_in(h, at), out, size);

    if (done)
        based_answer(h, 0, out);
    return done;
}
static inline SIZE_T based_VirtualQuery(LPCVOID at, MEMORY_BASIC_INFORMATION *out, SIZE_T size)
{
    return based_VirtualQueryEx(BASED_SELF, at, out, size);
}
static inline BOOL based_ReadProcessMemory(HANDLE h, LPCVOID at, PVOID to, SIZE_T n, SIZE_T *done)
{
    return ReadProcessMemory(based_process(h), based_in(h, at), to, n, done);
}
static inline BOOL based_WriteProcessMemory(HANDLE h, PVOID at, LPCVOID from, SIZE_T n,
                                            SIZE_T *done)
{
    return WriteProcessMemory(based_process(h), based_in(h, at), from, n, done);
}
static inline BOOL based_FlushInstructionCache(HANDLE h, LPCVOID at, SIZE_T size)
{
    return FlushInstructionCache(based_process(h), based_in(h, at), size);
}

/* ---- views ---- */

/* What MapViewOfFile makes of its access (SEC-140..147). */
static inline ULONG based_protection(DWORD access)
{
    DWORD rights = access & (FILE_MAP_COPY | FILE_MAP_WRITE | FILE_MAP_READ);
    ULONG protect = PAGE_NOACCESS;

    if (rights & FILE_MAP_WRITE)
        protect = PAGE_READWRITE;
    else if (rights & FILE_MAP_READ)
        protect = PAGE_READONLY;
    else if (rights && !(access & ~(DWORD)(FILE_MAP_COPY | FILE_MAP_EXECUTE | FILE_MAP_RESERVE |
                                           FILE_MAP_TARGETS_INVALID | FILE_MAP_LARGE_PAGES)))
        protect = PAGE_WRITECOPY;
    if (protect == PAGE_NOACCESS)
        return protect;
    return (access & FILE_MAP_EXECUTE ? protect << 4 : protect) |
           (access & FILE_MAP_TARGETS_INVALID);
}

static inline PVOID based_map(HANDLE section, DWORD access, ULONG64 offset, SIZE_T size, PVOID at)
{
    ULONG type = (access & FILE_MAP_RESERVE ? MEM_RESERVE : 0) |
                 (access & FILE_MAP_LARGE_PAGES ? MEM_LARGE_PAGES : 0);
    LARGE_INTEGER from;
    PVOID base = based_in(BASED_SELF, at);
    NTSTATUS status;

    from.QuadPart = (LONGLONG)offset;
    status = NtMapViewOfSection(section, based_space, &base, 0, 0, &from, &size, ViewShare, type,
                                based_protection(access));
    if (status >= 0)
        return based_out(BASED_SELF, base);
    if (status == (NTSTATUS)0xC000004E) /* SECTION_PROTECTION is ACCESS_DENIED here */
        status = (NTSTATUS)0xC0000022;
    SetLastError(RtlNtStatusToDosError(status));
    return NULL;
}
static inline PVOID based_MapViewOfFile(HANDLE section, DWORD access, DWORD high, DWORD low,
                                        SIZE_T size)
{
    return based_map(section, access, (ULONG64)high << 32 | low, size, NULL);
}
static inline PVOID based_MapViewOfFileEx(HANDLE section, DWORD access, DWORD high, DWORD low,
                                          SIZE_T size, PVOID at)
{
    return based_map(section, access, (ULONG64)high << 32 | low, size, at);
}
static inline PVOID based_MapViewOfFileFromApp(HANDLE section, ULONG access, ULONG64 offset,
                                               SIZE_T size)
{
    return based_map(section, access, offset, size, NULL);
}
static inline PVOID based_MapViewOfFile3(HANDLE section, HANDLE h, PVOID at, ULONG64 offset,
                                         SIZE_T size, ULONG type, ULONG protect,
                                         MEM_EXTENDED_PARAMETER *p, ULONG n)
{
    h = h ? h : BASED_SELF;
    return based_result(h, MapViewOfFile3(section, based_process(h), based_in(h, at), offset, size,
                                          type, protect, p, n));
}
static inline PVOID based_MapViewOfFile2(HANDLE section, HANDLE h, ULONG64 offset, PVOID at,
                                         SIZE_T size, ULONG type, ULONG protect)
{
    return based_result(h, MapViewOfFile2(section, based_process(h), offset, based_in(h, at), size,
                                          type, protect));
}
static inline BOOL based_UnmapViewOfFile2(HANDLE h, PVOID at, ULONG flags)
{
    return UnmapViewOfFile2(based_process(h), based_in(h, at), flags);
}
static inline BOOL based_UnmapViewOfFile(LPCVOID at)
{
    return based_UnmapViewOfFile2(BASED_SELF, (PVOID)(ULONG_PTR)at, 0);
}
static inline BOOL based_UnmapViewOfFileEx(PVOID at, ULONG flags)
{
    return based_UnmapViewOfFile2(BASED_SELF, at, flags);
}

/* ---- the space about itself ---- */

static inline VOID based_GetSystemInfo(SYSTEM_INFO *out)
{
    GetSystemInfo(out);
    out->lpMinimumApplicationAddress = based_out(BASED_SELF, (PVOID)0x10000);
    out->lpMaximumApplicationAddress = based_out(BASED_SELF, (PVOID)(based_info.limit - 1));
}
static inline BOOL based_IsWow64Process(HANDLE h, BOOL *out)
{
    return IsWow64Process(based_process(h), out);
}

#define NtAllocateVirtualMemory based_NtAllocateVirtualMemory
#define NtAllocateVirtualMemoryEx based_NtAllocateVirtualMemoryEx
#define NtFreeVirtualMemory based_NtFreeVirtualMemory
#define NtProtectVirtualMemory based_NtProtectVirtualMemory
#define NtLockVirtualMemory based_NtLockVirtualMemory
#define NtUnlockVirtualMemory based_NtUnlockVirtualMemory
#define NtFlushVirtualMemory based_NtFlushVirtualMemory
#define NtMapViewOfSection based_NtMapViewOfSection
#define NtMapViewOfSectionEx based_NtMapViewOfSectionEx
#define NtUnmapViewOfSection based_NtUnmapViewOfSection
#define NtUnmapViewOfSectionEx based_NtUnmapViewOfSectionEx
#define NtReadVirtualMemory based_NtReadVirtualMemory
#define NtWriteVirtualMemory based_NtWriteVirtualMemory
#define NtQueryVirtualMemory based_NtQueryVirtualMemory
#define NtGetWriteWatch based_NtGetWriteWatch
#define NtResetWriteWatch based_NtResetWriteWatch
#define VirtualAlloc based_VirtualAlloc
#define VirtualAllocEx based_VirtualAllocEx
#define VirtualAllocExNuma based_VirtualAllocExNuma
#define VirtualFree based_VirtualFree
#define VirtualFreeEx based_VirtualFreeEx
#define VirtualProtect based_VirtualProtect
#define VirtualProtectEx based_VirtualProtectEx
#define VirtualQuery based_VirtualQuery
#define VirtualQueryEx based_VirtualQueryEx
#define ReadProcessMemory based_ReadProcessMemory
#define WriteProcessMemory based_WriteProcessMemory
#define FlushInstructionCache based_FlushInstructionCache
#define MapViewOfFile based_MapViewOfFile
#define MapViewOfFileEx based_MapViewOfFileEx
#define UnmapViewOfFile based_UnmapViewOfFile
#define GetSystemInfo based_GetSystemInfo

/* ---- cases that ask about more than memory of a space ---- */

static inline const char *based_not_run(const char *id)
{
    static const char program[] = "the image and the stack of the program are not in the space";
    static const char stacks[] = "RtlCreateUserStack is for the whole process";
    static const char process[] = "the system tells about the whole process";
    static const char wide[] = "addresses of 64 bits are not the space's";
    static const struct {
        const char *first, *last, *why;
    } cases[] = {
        {"GS-014", "GS-018", stacks},   {"VA-085", "VA-086", "VirtualAllocFromApp has no process"},
        {"VA-100", "VA-100", program},  {"VQ-008", "VQ-012", program},
        {"VQ-030", "VQ-030", stacks},   {"VQ-037", "VQ-037", program},
        {"VQ-039", "VQ-044", program},  {"VQ-046", "VQ-046", program},
        {"W32-001", "W32-005", process}, {"W32-007", "W32-011", process},
        {"W32-038", "W32-039", stacks}, {"W32-050", "W32-060", wide},
        {"WS-047", "WS-048", program},
        {"WS-052", "WS-052", "entries have the process's addresses"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(id, cases[i].first) >= 0 && strcmp(id, cases[i].last) <= 0)
            return cases[i].why;
    return NULL;
}

/* Calls that cases look up by name. */
static inline FARPROC based_GetProcAddress(HMODULE module, const char *name)
{
    static const struct {
        const char *name;
        void *call;
    } calls[] = {
        {"NtAllocateVirtualMemoryEx", (void *)based_NtAllocateVirtualMemoryEx},
        {"NtMapViewOfSectionEx", (void *)based_NtMapViewOfSectionEx},
        {"NtUnmapViewOfSectionEx", (void *)based_NtUnmapViewOfSectionEx},
        {"VirtualAlloc2", (void *)based_VirtualAlloc2},
        {"VirtualAlloc2FromApp", (void *)based_VirtualAlloc2FromApp},
        {"MapViewOfFile2", (void *)based_MapViewOfFile2},
        {"MapViewOfFile3", (void *)based_MapViewOfFile3},
        {"MapViewOfFileFromApp", (void *)based_MapViewOfFileFromApp},
        {"UnmapViewOfFile2", (void *)based_UnmapViewOfFile2},
        {"UnmapViewOfFileEx", (void *)based_UnmapViewOfFileEx},
        {"IsWow64Process", (void *)based_IsWow64Process},
    };

    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (!strcmp(calls[i].name, name))
            return (FARPROC)(ULONG_PTR)calls[i].call;
    return GetProcAddress(module, name);
}
#define GetProcAddress based_GetProcAddress
#endif
