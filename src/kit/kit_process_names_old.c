/* The names of kit_process_names.c that psapi itself has.
 *
 * Locking, failure, signal safety: as there. */
#include "kit/kit.h"

BOOL wvm_kit_EnumProcesses(DWORD *out, DWORD bytes, LPDWORD used)
{
    return wvm_kit_K32EnumProcesses(out, bytes, used);
}

DWORD wvm_kit_GetProcessImageFileNameA(HANDLE process, LPSTR out, DWORD cap)
{
    return wvm_kit_K32GetProcessImageFileNameA(process, out, cap);
}

DWORD wvm_kit_GetProcessImageFileNameW(HANDLE process, LPWSTR out, DWORD cap)
{
    return wvm_kit_K32GetProcessImageFileNameW(process, out, cap);
}

#define WVM_KIT_PROCESS_NAMES_OLD
#define WVM_KIT_IN WINVM_IN_PSAPI
#include "kit/kit_entry.h"
