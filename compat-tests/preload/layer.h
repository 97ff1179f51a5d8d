/* A program's own platform layer, as portable Windows code bases have one: some functions under
 * Windows' names, with handles and errors of its own. LAYER_CALL is its calling convention. */
#ifndef LAYER_H
#define LAYER_H

#include <stddef.h>

#if defined(LAYER_WINDOWS) && defined(__i386__)
#define LAYER_CALL __attribute__((stdcall))
#elif defined(LAYER_WINDOWS)
#define LAYER_CALL __attribute__((ms_abi))
#else
#define LAYER_CALL
#endif

typedef void *HANDLE;
typedef unsigned DWORD;
typedef int BOOL;

LAYER_CALL DWORD GetLastError(void);
LAYER_CALL void SetLastError(DWORD error);
LAYER_CALL HANDLE GetCurrentProcess(void);
LAYER_CALL HANDLE OpenProcess(DWORD access, BOOL inherit, DWORD pid);
LAYER_CALL BOOL CloseHandle(HANDLE h);
LAYER_CALL HANDLE GetModuleHandleA(const char *name);
LAYER_CALL HANDLE LoadLibraryA(const char *name);
LAYER_CALL void *GetProcAddress(HANDLE module, const char *name);
LAYER_CALL BOOL FreeLibrary(HANDLE module);
LAYER_CALL unsigned RtlNtStatusToDosError(int status);
LAYER_CALL HANDLE CreateFileA(const char *name, DWORD access, DWORD share, void *security,
                              DWORD disposition, DWORD flags, HANDLE template);
LAYER_CALL HANDLE CreateFileMappingA(HANDLE file, void *security, DWORD protect, DWORD high,
                                     DWORD low, const char *name);
LAYER_CALL void *MapViewOfFile(HANDLE mapping, DWORD access, DWORD high, DWORD low, size_t len);
LAYER_CALL BOOL UnmapViewOfFile(const void *view);

/* winvm's. */
LAYER_CALL void *VirtualAlloc(void *at, size_t len, DWORD type, DWORD prot);
LAYER_CALL void *VirtualAllocEx(HANDLE process, void *at, size_t len, DWORD type, DWORD prot);
LAYER_CALL BOOL VirtualFree(void *at, size_t len, DWORD type);
LAYER_CALL BOOL ReadProcessMemory(HANDLE process, const void *from, void *to, size_t len,
                                  size_t *done);
LAYER_CALL HANDLE GetModuleHandleW(const unsigned short *name);

/* The layer's marks. */
#define LAYER_SELF ((HANDLE)(size_t)0xffffff01)
#define LAYER_HANDLE ((HANDLE)(size_t)0x4242)
#define LAYER_KERNEL ((HANDLE)(size_t)0x10000)
#define LAYER_OTHER ((HANDLE)(size_t)0x20000)
#define LAYER_MAPPING ((HANDLE)(size_t)0x4343)
#define LAYER_VIEW ((void *)(size_t)0x30000)
extern int layer_errors_set;

#endif
