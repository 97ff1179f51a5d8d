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
    /* On x86-64 a function of the Windows convention may use the 32 bytes above its return address,
     * one of the other may change rdi, rsi and every xmm register: be such a function. */
#if defined(__x86_64__) && !defined(LAYER_WINDOWS)
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

LAYER_CALL HANDLE CreateFileA(const char *name, DWORD access, DWORD share, void *security,
                              DWORD disposition, DWORD flags, HANDLE template)
{
    (void)share, (void)security;
    return strcmp(name, "C:\\layer") == 0 && access == 1 && disposition == 3 && flags == 5 &&
                   template == LAYER_OTHER
               ? LAYER_HANDLE
               : NULL;
}

LAYER_CALL HANDLE CreateFileMappingA(HANDLE file, void *security, DWORD protect, DWORD high,
                                     DWORD low, const char *name)
{
    (void)security, (void)protect, (void)high, (void)low, (void)name;
    return file == LAYER_HANDLE ? LAYER_MAPPING : NULL;
}

LAYER_CALL void *MapViewOfFile(HANDLE mapping, DWORD access, DWORD high, DWORD low, size_t len)
{
    (void)access, (void)high, (void)low, (void)len;
    return mapping == LAYER_MAPPING ? LAYER_VIEW : NULL;
}

LAYER_CALL BOOL UnmapViewOfFile(const void *view)
{
    return view == LAYER_VIEW ? 4545 : 0;
}

/* A function of the layer's module that is no symbol. */
static LAYER_CALL DWORD get_file_size(HANDLE file, DWORD *high)
{
    (void)high;
    return file == LAYER_HANDLE ? 4646 : 0;
}

LAYER_CALL void *GetProcAddress(HANDLE module, const char *name)
{
    if (module == LAYER_KERNEL && strcmp(name, "CreateThread") == 0)
        return (void *)0x1111;
    if (module == LAYER_KERNEL && strcmp(name, "GetFileSize") == 0)
        return (void *)get_file_size;
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
