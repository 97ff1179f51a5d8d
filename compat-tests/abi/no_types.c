/* WINVM_NO_TYPES: the prototypes in terms of the program's own types. Compiled as C and C++ with
 * OWN_TYPES (a code base with its own DWORD), with OWN_WIDE_DWORD (the same, with a DWORD of 64
 * bits: must be refused), and without either after Wine's headers. */
#include <stddef.h>
#include <stdint.h>

#if defined(OWN_TYPES)
/* All that the prototypes of every header need. */
#ifdef OWN_WIDE_DWORD
typedef uint64_t DWORD;
#else
typedef unsigned int DWORD;
#endif
typedef int BOOL;
typedef unsigned int UINT;
typedef unsigned int ULONG;
typedef int NTSTATUS;
typedef size_t SIZE_T;
typedef uintptr_t UINT_PTR;
typedef unsigned long long ULONG64;
typedef uintptr_t ULONG_PTR;
typedef void *HANDLE;
typedef void *HMODULE;
typedef const uint16_t *LPCWSTR;
typedef uint16_t *LPWSTR;
typedef void (*FARPROC)(void);
typedef struct {
    void *BaseAddress, *AllocationBase;
    DWORD AllocationProtect;
    SIZE_T RegionSize;
    DWORD State, Protect, Type;
} MEMORY_BASIC_INFORMATION;
typedef struct {
    unsigned short wProcessorArchitecture, wReserved;
    DWORD dwPageSize;
    void *lpMinimumApplicationAddress, *lpMaximumApplicationAddress;
    SIZE_T dwActiveProcessorMask;
    DWORD dwNumberOfProcessors, dwProcessorType, dwAllocationGranularity;
    unsigned short wProcessorLevel, wProcessorRevision;
} SYSTEM_INFO;
typedef enum { own_basic_class } MEMORY_INFORMATION_CLASS;
typedef enum { own_low } MEMORY_RESOURCE_NOTIFICATION_TYPE;
typedef enum { own_object_class } OBJECT_INFORMATION_CLASS;
typedef enum { own_section_class } SECTION_INFORMATION_CLASS;
typedef enum { own_share = 1 } SECTION_INHERIT;
typedef enum { own_process_class } PROCESSINFOCLASS;
typedef enum { own_system_class } SYSTEM_INFORMATION_CLASS;
typedef enum { own_vm_class } VIRTUAL_MEMORY_INFORMATION_CLASS;
typedef struct {
    DWORD dwLength, dwMemoryLoad;
    SIZE_T dwTotalPhys, dwAvailPhys, dwTotalPageFile, dwAvailPageFile, dwTotalVirtual;
    SIZE_T dwAvailVirtual;
} MEMORYSTATUS;
typedef struct {
    DWORD dwLength, dwMemoryLoad;
    uint64_t ullTotalPhys, ullAvailPhys, ullTotalPageFile, ullAvailPageFile, ullTotalVirtual;
    uint64_t ullAvailVirtual, ullAvailExtendedVirtual;
} MEMORYSTATUSEX;
#define WINVM_NO_TYPES
#else
#define WIN32_NO_STATUS
#include <windows.h>
#include <winternl.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#endif

#include <winvm/winvm.h>

#ifdef OWN_TYPES
#if defined(PAGE_READWRITE) || defined(STATUS_NO_MEMORY) || defined(ERROR_SUCCESS) || \
    defined(WINAPI) || defined(TRUE) || defined(ZeroMemory) || defined(TEXT)
#error "WINVM_NO_TYPES must leave the names to the program"
#endif
/* Names that no winvm header may have taken. */
typedef float LPVOID, WORD, BYTE, WCHAR, LONG, PVOID, UNICODE_STRING, LARGE_INTEGER;
#elif !defined(WINVM_NO_TYPES) || WINVM_ABI != 2
#error "Wine's headers must be recognised"
#endif

#ifdef __cplusplus
extern "C"
#endif
void *no_types(HANDLE process);

void *no_types(HANDLE process)
{
    MEMORY_BASIC_INFORMATION mbi;
    SYSTEM_INFO si;
    SIZE_T size = 1;
    void *base = NULL;
    struct winvm_commit_info info;
    winvm_commit_info(&info);
    GetSystemInfo(&si);
    if (NtAllocateVirtualMemory(process, &base, 0, &size, 0x3000, 4) || IsBadCodePtr((FARPROC)0))
        SetLastError(GetLastError());
    if (!VirtualQuery(base, &mbi, sizeof(mbi)) || info.committed == 0)
        return NULL;
    return VirtualAlloc(base, size, 0x3000, 4);
}
