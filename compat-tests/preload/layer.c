/* The layer: see layer.h. Errors are kept in one variable, counted when set. */
#include "layer.h"

#include <string.h>

static __thread DWORD layer_error;
int layer_errors_set;

LAYER_CALL DWORD GetLastError(void)
{
    return layer_error;
}

LAYER_CALL void SetLastError(DWORD error)
{
    /* A function of the Windows convention may use the 32 bytes above its return address, one of
     * the other may change rdi, rsi and every xmm register: be such a function. */
#ifndef LAYER_MS
    __asm__ volatile("xorl %%edi, %%edi\n\txorl %%esi, %%esi" ::: "rdi", "rsi", "xmm6", "xmm15");
#else
    volatile DWORD spill = error;
    error = spill;
#endif
    layer_error = error;
    layer_errors_set++;
}

LAYER_CALL HANDLE GetCurrentProcess(void)
{
    return LAYER_SELF;
}

LAYER_CALL HANDLE OpenProcess(DWORD access, BOOL inherit, DWORD pid)
{
    return access == 0x1fffff && inherit == 1 && pid == 77 ? LAYER_HANDLE : NULL;
}

LAYER_CALL BOOL CloseHandle(HANDLE h)
{
    return h == LAYER_HANDLE ? 4242 : 0;
}

LAYER_CALL HANDLE GetModuleHandleA(const char *name)
{
    if (name != NULL && strcmp(name, "kernel32") == 0)
        return LAYER_KERNEL;
    return name != NULL && strcmp(name, "mine") == 0 ? LAYER_OTHER : NULL;
}

LAYER_CALL HANDLE LoadLibraryA(const char *name)
{
    return GetModuleHandleA(name);
}

LAYER_CALL void *GetProcAddress(HANDLE module, const char *name)
{
    if (module == LAYER_KERNEL && strcmp(name, "CreateFileA") == 0)
        return (void *)0x1111;
    return module == LAYER_OTHER && strcmp(name, "Mine") == 0 ? (void *)0x2222 : NULL;
}

LAYER_CALL BOOL FreeLibrary(HANDLE module)
{
    return module == LAYER_KERNEL || module == LAYER_OTHER ? 4343 : 0;
}

LAYER_CALL unsigned RtlNtStatusToDosError(int status)
{
    return (unsigned)status == 0xE0001234u ? 4444 : 5555;
}
