/* A program's own platform layer that has a part of the kit's names, with handles of its own.
 * LAYER_CALL is its calling convention. */
#ifndef KIT_LAYER_H
#define KIT_LAYER_H

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

/* The layer's. */
LAYER_CALL HANDLE CreateEventA(void *security, BOOL manual, BOOL set, const char *name);
LAYER_CALL BOOL SetEvent(HANDLE event);
LAYER_CALL DWORD WaitForSingleObject(HANDLE object, DWORD ms);
LAYER_CALL DWORD WaitForMultipleObjects(DWORD n, const HANDLE *objects, BOOL all, DWORD ms);
LAYER_CALL void EnterCriticalSection(void *section);
LAYER_CALL void LeaveCriticalSection(void *section);
LAYER_CALL BOOL CloseHandle(HANDLE handle);
LAYER_CALL DWORD GetLastError(void);
LAYER_CALL void SetLastError(DWORD error);
/* Calls the layer's own functions by their names, from inside the layer. */
int layer_calls_itself(void);
int layer_waits(void);
int layer_errors_set(void);

/* The kit's. */
LAYER_CALL HANDLE CreateThread(void *security, size_t stack, LAYER_CALL DWORD (*start)(void *),
                               void *arg, DWORD flags, DWORD *id);
LAYER_CALL HANDLE CreateMutexA(void *security, BOOL owned, const char *name);
LAYER_CALL BOOL ReleaseMutex(HANDLE mutex);
LAYER_CALL void *TlsGetValue(DWORD slot);
LAYER_CALL void Sleep(DWORD ms);
LAYER_CALL HANDLE GetModuleHandleA(const char *name);
LAYER_CALL void *GetProcAddress(HANDLE module, const char *name);

#define LAYER_EVENT ((HANDLE)(size_t)0x5151)

#endif
