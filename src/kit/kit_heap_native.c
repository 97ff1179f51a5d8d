/* Heaps as ntdll has them: the same heaps, without the last error.
 *
 * I1  The last error is what it was before the call.
 * Locking, failure, signal safety: as kit_heap.c. */
#include "kit/kit.h"
#include "kit/kit_native.h"

PVOID wvm_kit_RtlAllocateHeap(PVOID heap, ULONG flags, SIZE_T size)
{
    DWORD error = GetLastError();
    PVOID block = wvm_kit_HeapAlloc(heap, flags, size);
    if (!block)
        SetLastError(error);
    return block;
}

PVOID wvm_kit_RtlReAllocateHeap(PVOID heap, ULONG flags, PVOID block, SIZE_T size)
{
    DWORD error = GetLastError();
    PVOID moved = block ? wvm_kit_HeapReAlloc(heap, flags, block, size) : NULL;
    if (!moved)
        SetLastError(error);
    return moved;
}

BOOLEAN wvm_kit_RtlFreeHeap(PVOID heap, ULONG flags, PVOID block)
{
    DWORD error = GetLastError();
    BOOL done = wvm_kit_HeapFree(heap, flags, block);
    if (!done)
        SetLastError(error);
    return done != FALSE;
}

SIZE_T wvm_kit_RtlSizeHeap(PVOID heap, ULONG flags, PVOID block)
{
    DWORD error = GetLastError();
    SIZE_T size = wvm_kit_HeapSize(heap, flags, block);
    SetLastError(error);
    return size;
}

BOOLEAN wvm_kit_RtlValidateHeap(PVOID heap, ULONG flags, PVOID block)
{
    return wvm_kit_HeapValidate(heap, flags, block) != FALSE;
}

/* A heap that does not grow has room for what it reserves. */
PVOID wvm_kit_RtlCreateHeap(ULONG flags, PVOID base, SIZE_T reserve, SIZE_T commit, PVOID lock,
                            PVOID parameters)
{
    DWORD error = GetLastError();
    UNREFERENCED_PARAMETER(parameters);
    if (base || lock) /* memory and locks of the caller's are not taken */
        return NULL;
    SIZE_T most = flags & HEAP_GROWABLE ? 0 : reserve ? reserve : commit ? commit : 0x10000;
    PVOID heap = wvm_kit_HeapCreate(flags & ~(ULONG)HEAP_GROWABLE, commit, most);
    if (!heap)
        SetLastError(error);
    return heap;
}

PVOID wvm_kit_RtlDestroyHeap(PVOID heap)
{
    DWORD error = GetLastError();
    BOOL done = wvm_kit_HeapDestroy(heap);
    SetLastError(error);
    return done ? NULL : heap;
}

ULONG wvm_kit_RtlGetProcessHeaps(ULONG room, PVOID *out)
{
    return wvm_kit_GetProcessHeaps(room, out);
}

BOOLEAN wvm_kit_RtlLockHeap(PVOID heap)
{
    DWORD error = GetLastError();
    BOOL done = wvm_kit_HeapLock(heap);
    SetLastError(error);
    return done != FALSE;
}

BOOLEAN wvm_kit_RtlUnlockHeap(PVOID heap)
{
    DWORD error = GetLastError();
    BOOL done = wvm_kit_HeapUnlock(heap);
    SetLastError(error);
    return done != FALSE;
}

SIZE_T wvm_kit_RtlCompactHeap(PVOID heap, ULONG flags)
{
    DWORD error = GetLastError();
    SIZE_T largest = wvm_kit_HeapCompact(heap, flags);
    SetLastError(error);
    return largest;
}

NTSTATUS wvm_kit_RtlSetHeapInformation(PVOID heap, HEAP_INFORMATION_CLASS what, PVOID in,
                                       SIZE_T size)
{
    DWORD error = GetLastError();
    return wvm_kit_HeapSetInformation(heap, what, in, size) ? STATUS_SUCCESS
                                                            : wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_RtlQueryHeapInformation(PVOID heap, HEAP_INFORMATION_CLASS what, PVOID out,
                                         SIZE_T size, PSIZE_T needed)
{
    DWORD error = GetLastError();
    return wvm_kit_HeapQueryInformation(heap, what, out, size, needed)
               ? STATUS_SUCCESS
               : wvm_kit_native_failed(error);
}

#define WVM_KIT_HEAP_NATIVE
#include "kit/kit_entry.h"
