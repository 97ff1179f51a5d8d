/* The layer between 32-bit addresses and memory: POINTER(address) and four calls.
 *
 * In an address space of 32 bits an address is a pointer. With TAGGED_SPACE defined, addresses are
 * those of a based space of winvm's: a pointer is its base plus the address. TAGGED_MEGABYTES in
 * the environment says how large that is (4096). */
#ifndef TAGGED_MEMORY_H
#define TAGGED_MEMORY_H

#ifdef TAGGED_SPACE

#include <stdlib.h>

#include <winvm/space.h>

extern HANDLE MemorySpace;
extern char *MemoryBase;

#define POINTER(address) winvm_ptr32_to_ptr(MemoryBase, address)

static inline BOOL MemoryInit(VOID)
{
    const char *Megabytes = getenv("TAGGED_MEGABYTES");
    struct winvm_space_options Options = {sizeof(Options), 0, 0, 0};
    Options.megabytes = Megabytes ? (uint32_t)strtoul(Megabytes, NULL, 10) : 0;
    MemorySpace = winvm_space_create(&Options);
    MemoryBase = MemorySpace ? winvm_space_base(MemorySpace) : NULL;
    return MemoryBase != NULL;
}

static inline DWORD MemoryReserve(SIZE_T Size, ULONGLONG *High)
{
    *High = 0;
    return (DWORD)(ULONG_PTR)VirtualAllocEx(MemorySpace, NULL, Size, MEM_RESERVE, PAGE_READWRITE);
}

static inline BOOL MemoryCommit(DWORD Address, SIZE_T Size)
{
    return VirtualAllocEx(MemorySpace, (LPVOID)(ULONG_PTR)Address, Size, MEM_COMMIT,
                          PAGE_READWRITE) != NULL;
}

static inline VOID MemoryRelease(DWORD Address)
{
    VirtualFreeEx(MemorySpace, (LPVOID)(ULONG_PTR)Address, 0, MEM_RELEASE);
}

#else

#define POINTER(address) ((LPVOID)(ULONG_PTR)(address))

static inline BOOL MemoryInit(VOID)
{
    return TRUE;
}

/* The address of Size reserved bytes, or 0. *High receives what does not fit 32 bits. */
static inline DWORD MemoryReserve(SIZE_T Size, ULONGLONG *High)
{
    LPVOID Base = VirtualAlloc(NULL, Size, MEM_RESERVE, PAGE_READWRITE);
    *High = (ULONGLONG)((ULONG_PTR)Base + (Base ? Size - 1 : 0)) >> 32;
    if (*High)
        VirtualFree(Base, 0, MEM_RELEASE);
    return *High ? 0 : (DWORD)(ULONG_PTR)Base;
}

static inline BOOL MemoryCommit(DWORD Address, SIZE_T Size)
{
    return VirtualAlloc(POINTER(Address), Size, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

static inline VOID MemoryRelease(DWORD Address)
{
    VirtualFree(POINTER(Address), 0, MEM_RELEASE);
}

#endif

#endif
