/* Memory that one part of a program gives to another to free (CoTaskMemAlloc): blocks of the
 * process's heap.
 *
 * Locking, failure, signal safety: as kit_heap.c. */
#include "kit/kit.h"

LPVOID wvm_kit_CoTaskMemAlloc(SIZE_T size)
{
    DWORD error = GetLastError();
    LPVOID block = wvm_kit_HeapAlloc(wvm_kit_GetProcessHeap(), 0, size);
    SetLastError(error);
    return block;
}

/* A size of 0 frees the block, if there is one. */
LPVOID wvm_kit_CoTaskMemRealloc(LPVOID block, SIZE_T size)
{
    if (!block)
        return wvm_kit_CoTaskMemAlloc(size);
    if (size == 0) {
        wvm_kit_CoTaskMemFree(block);
        return NULL;
    }
    DWORD error = GetLastError();
    LPVOID moved = wvm_kit_HeapReAlloc(wvm_kit_GetProcessHeap(), 0, block, size);
    SetLastError(error);
    return moved;
}

VOID wvm_kit_CoTaskMemFree(LPVOID block)
{
    if (block)
        wvm_kit_HeapFree(wvm_kit_GetProcessHeap(), 0, block);
}

#define WVM_KIT_TASK
#define WVM_KIT_IN WINVM_IN_OLE32
#include "kit/kit_entry.h"
