/* The loader by the names of ntdll: modules, their functions, the loader's lock and the block's.
 *
 * I1  Modules are those of kernel32's calls; none is loaded from a file, and counts of references
 *     mean nothing (kit_loader.c).
 * I2  Either lock is a thread's, any number of times over. The dynamic linker does not take them:
 *     they keep out who asks for them, nobody else.
 * I3  The last error is what it was before the call.
 * Locking: the two locks.   Failure: a status, nothing written but where it is said.
 * Signal safety: none. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_ldr.h"

#define GET_FLAGS (LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT | LDR_GET_DLL_HANDLE_EX_PIN)
#define LOCK_FLAGS \
    (LDR_LOCK_LOADER_LOCK_FLAG_RAISE_ON_ERRORS | LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY)

static pthread_mutex_t loader_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t block_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* What the cookie of a lock taken is; on Windows too it tells the thread. */
static ULONG_PTR cookie_of_self(void)
{
    return (ULONG_PTR)wvm_kit_GetCurrentThreadId() << 4 | 1;
}

/* ---- Modules ---- */

typedef HMODULE(find_fn)(LPCWSTR name);

static NTSTATUS find(find_fn *by, const UNICODE_STRING *name, PVOID *out)
{
    DWORD error = GetLastError();
    if (!name || !out)
        return STATUS_INVALID_PARAMETER;
    WCHAR *text = malloc((size_t)name->Length + sizeof *text);
    if (!text)
        return STATUS_NO_MEMORY;
    memcpy(text, name->Buffer, name->Length);
    text[name->Length / sizeof *text] = 0;
    HMODULE module = text[0] ? by(text) : NULL;
    free(text);
    SetLastError(error);
    *out = (PVOID)module;
    return module ? STATUS_SUCCESS : STATUS_DLL_NOT_FOUND;
}

/* GetModuleHandleW and LoadLibraryW in the compiler's convention, whatever it is of theirs. */
static HMODULE known(LPCWSTR name)
{
    return GetModuleHandleW(name);
}

static HMODULE loaded(LPCWSTR name)
{
    return LoadLibraryW(name);
}

NTSTATUS wvm_kit_LdrGetDllHandle(PWSTR path, PULONG characteristics, PCUNICODE_STRING name,
                                 PVOID *out)
{
    UNREFERENCED_PARAMETER(path);
    UNREFERENCED_PARAMETER(characteristics);
    return find(known, name, out);
}

NTSTATUS wvm_kit_LdrGetDllHandleEx(ULONG flags, PWSTR path, PULONG characteristics,
                                   PCUNICODE_STRING name, PVOID *out)
{
    UNREFERENCED_PARAMETER(path);
    UNREFERENCED_PARAMETER(characteristics);
    if ((flags & ~(ULONG)GET_FLAGS) != 0 || flags == GET_FLAGS)
        return STATUS_INVALID_PARAMETER;
    return find(known, name, out);
}

NTSTATUS wvm_kit_LdrLoadDll(PWSTR path, PULONG characteristics, PCUNICODE_STRING name, PVOID *out)
{
    UNREFERENCED_PARAMETER(path);
    UNREFERENCED_PARAMETER(characteristics);
    return find(loaded, name, out);
}

static NTSTATUS check_module(PVOID module)
{
    DWORD error = GetLastError();
    BOOL is_one = wvm_kit_DisableThreadLibraryCalls((HMODULE)module);
    SetLastError(error);
    return is_one ? STATUS_SUCCESS : STATUS_DLL_NOT_FOUND;
}

NTSTATUS wvm_kit_LdrUnloadDll(PVOID module)
{
    return check_module(module);
}

NTSTATUS wvm_kit_LdrAddRefDll(ULONG flags, PVOID module)
{
    if ((flags & ~(ULONG)LDR_ADDREF_DLL_PIN) != 0)
        return STATUS_INVALID_PARAMETER;
    return check_module(module);
}

NTSTATUS wvm_kit_LdrDisableThreadCalloutsForDll(PVOID module)
{
    return check_module(module);
}

NTSTATUS wvm_kit_LdrFindEntryForAddress(PVOID address, PLDR_DATA_TABLE_ENTRY *out)
{
    const LIST_ENTRY *head = &wvm_kit_ldr()->InLoadOrderModuleList;
    for (LIST_ENTRY *l = head->Flink; l != head; l = l->Flink) {
        LDR_DATA_TABLE_ENTRY *e = CONTAINING_RECORD(l, LDR_DATA_TABLE_ENTRY, InLoadOrderLinks);
        if ((uintptr_t)address - (uintptr_t)e->DllBase < e->SizeOfImage) {
            *out = e;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NO_MORE_ENTRIES;
}

/* ---- Functions of modules ---- */

#if defined(WVM_KIT_INSIDE)
WVM_WINDOWS_CALL FARPROC find_for_windows(HMODULE module, LPCSTR name) __asm__(
    "wvm_ms_GetProcAddress") WVM_HIDDEN;
#elif defined(__x86_64__)
WVM_WINDOWS_CALL FARPROC find_for_windows(HMODULE module, LPCSTR name) __asm__(
    "winvm_ms_GetProcAddress");
#else
WVM_WINDOWS_CALL FARPROC find_for_windows(HMODULE module, LPCSTR name) __asm__("GetProcAddress");
#endif

static NTSTATUS find_function(PVOID module, const ANSI_STRING *name, ULONG ordinal, PVOID *out,
                              bool windows)
{
    char text[256];
    DWORD error = GetLastError();
    if (!out || (name && name->Length >= sizeof text) || (!name && ordinal > 0xffff))
        return STATUS_INVALID_PARAMETER;
    if (name) {
        memcpy(text, name->Buffer, name->Length);
        text[name->Length] = '\0';
    }
    LPCSTR wanted = name ? text : (LPCSTR)(uintptr_t)ordinal;
    FARPROC found = windows ? find_for_windows((HMODULE)module, wanted)
                            : GetProcAddress((HMODULE)module, wanted);
    DWORD why = GetLastError();
    SetLastError(error);
    *out = (PVOID)(uintptr_t)found;
    if (!found && why != ERROR_PROC_NOT_FOUND)
        return STATUS_DLL_NOT_FOUND;
    return found ? STATUS_SUCCESS : name ? STATUS_ENTRYPOINT_NOT_FOUND : STATUS_ORDINAL_NOT_FOUND;
}

NTSTATUS wvm_kit_LdrGetProcedureAddress(PVOID module, const ANSI_STRING *name, ULONG ordinal,
                                        PVOID *out)
{
    return find_function(module, name, ordinal, out, false);
}

NTSTATUS wvm_kit_LdrGetProcedureAddress_ms(PVOID module, const ANSI_STRING *name, ULONG ordinal,
                                           PVOID *out)
{
    return find_function(module, name, ordinal, out, true);
}

/* ---- Locks ---- */

static NTSTATUS check_lock(ULONG flags, const ULONG *state, const ULONG_PTR *cookie)
{
    if ((flags & ~(ULONG)LOCK_FLAGS) != 0)
        return STATUS_INVALID_PARAMETER_1;
    if (!cookie)
        return STATUS_INVALID_PARAMETER_3;
    return (flags & LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY) && !state ? STATUS_INVALID_PARAMETER_2
                                                                  : STATUS_SUCCESS;
}

static NTSTATUS answer(ULONG flags, NTSTATUS status)
{
    if (status != STATUS_SUCCESS && (flags & LDR_LOCK_LOADER_LOCK_FLAG_RAISE_ON_ERRORS))
        wvm_kit_RtlRaiseStatus(status);
    return status;
}

NTSTATUS wvm_kit_LdrLockLoaderLock(ULONG flags, PULONG state, PULONG_PTR cookie)
{
    NTSTATUS status = check_lock(flags, state, cookie);
    if (cookie)
        *cookie = 0;
    if (state)
        *state = LDR_LOCK_LOADER_LOCK_DISPOSITION_INVALID;
    if (status != STATUS_SUCCESS)
        return answer(flags, status);
    bool taken = !(flags & LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY)
                     ? pthread_mutex_lock(&loader_lock) == 0
                     : pthread_mutex_trylock(&loader_lock) == 0;
    if (state)
        *state = taken ? LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_ACQUIRED
                       : LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_NOT_ACQUIRED;
    if (taken)
        *cookie = cookie_of_self();
    return STATUS_SUCCESS;
}

/* Without a cookie there is nothing to give back. */
NTSTATUS wvm_kit_LdrUnlockLoaderLock(ULONG flags, ULONG_PTR cookie)
{
    if ((flags & ~(ULONG)LDR_LOCK_LOADER_LOCK_FLAG_RAISE_ON_ERRORS) != 0)
        return answer(flags, STATUS_INVALID_PARAMETER_1);
    if (cookie == 0)
        return STATUS_SUCCESS;
    if (cookie != cookie_of_self() || pthread_mutex_unlock(&loader_lock) != 0)
        return answer(flags, STATUS_INVALID_PARAMETER_2);
    return STATUS_SUCCESS;
}

VOID wvm_kit_RtlAcquirePebLock(VOID)
{
    pthread_mutex_lock(&block_lock);
}

VOID wvm_kit_RtlReleasePebLock(VOID)
{
    pthread_mutex_unlock(&block_lock);
}

#define WVM_KIT_LDR_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
