/* The names of kit_psapi.c that psapi itself has.
 *
 * Locking, failure, signal safety: as there. */
#include "kit/kit.h"

BOOL wvm_kit_EnumProcessModules(HANDLE process, HMODULE *out, DWORD bytes, LPDWORD needed)
{
    return wvm_kit_K32EnumProcessModules(process, out, bytes, needed);
}

BOOL wvm_kit_EnumProcessModulesEx(HANDLE process, HMODULE *out, DWORD bytes, LPDWORD needed,
                                  DWORD filter)
{
    return wvm_kit_K32EnumProcessModulesEx(process, out, bytes, needed, filter);
}

BOOL wvm_kit_GetModuleInformation(HANDLE process, HMODULE module, LPMODULEINFO out, DWORD bytes)
{
    return wvm_kit_K32GetModuleInformation(process, module, out, bytes);
}

DWORD wvm_kit_GetModuleBaseNameA(HANDLE process, HMODULE module, LPSTR out, DWORD cap)
{
    return wvm_kit_K32GetModuleBaseNameA(process, module, out, cap);
}

DWORD wvm_kit_GetModuleBaseNameW(HANDLE process, HMODULE module, LPWSTR out, DWORD cap)
{
    return wvm_kit_K32GetModuleBaseNameW(process, module, out, cap);
}

DWORD wvm_kit_GetModuleFileNameExA(HANDLE process, HMODULE module, LPSTR out, DWORD cap)
{
    return wvm_kit_K32GetModuleFileNameExA(process, module, out, cap);
}

DWORD wvm_kit_GetModuleFileNameExW(HANDLE process, HMODULE module, LPWSTR out, DWORD cap)
{
    return wvm_kit_K32GetModuleFileNameExW(process, module, out, cap);
}

#define WVM_KIT_PSAPI_OLD
#define WVM_KIT_IN WINVM_IN_PSAPI
#include "kit/kit_entry.h"
