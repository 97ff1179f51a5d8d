/* Modules: found by an address, loaded with flags; where they would be looked for.
 *
 * Terms   module = one that libwinvm plays, or a program or library of the host, by the address at
 *         which it begins.
 * I1      No module is ever loaded from a file or unloaded: counts of references mean nothing, no
 *         module is told of threads, and the folder of SetDllDirectory is kept for
 *         GetDllDirectory alone.
 * Locking: a lock for the folder; the dynamic linker's.   Failure: nothing changed but *module,
 * which is NULL.   Signal safety: none. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"
#include "kit/kit_text.h"

#define SEARCH_FLAGS                                                                       \
    (LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_APPLICATION_DIR |              \
     LOAD_LIBRARY_SEARCH_USER_DIRS | LOAD_LIBRARY_SEARCH_SYSTEM32 |                        \
     LOAD_LIBRARY_SEARCH_DEFAULT_DIRS | LOAD_LIBRARY_SAFE_CURRENT_DIRS)
#define DATA_FLAGS                                                                         \
    (LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE |                           \
     LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE)
#define CODE_FLAGS                                                                         \
    (DONT_RESOLVE_DLL_REFERENCES | LOAD_WITH_ALTERED_SEARCH_PATH |                         \
     LOAD_IGNORE_CODE_AUTHZ_LEVEL | LOAD_LIBRARY_REQUIRE_SIGNED_TARGET)

static struct wvm_kit_lock folder_lock;
static char *folder; /* folder_lock */

/* ---- By an address ---- */

static HMODULE module_at(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0 ? (HMODULE)info.dli_fbase : NULL;
}

PVOID wvm_kit_RtlPcToFileHeader(PVOID pc, PVOID *base)
{
    *base = (PVOID)module_at(pc);
    return *base;
}

static BOOL check_get(DWORD flags, HMODULE *out)
{
    const DWORD both = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *out = NULL;
    return ((flags & both) != both &&
            (flags & ~(both | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS)) == 0) ||
           wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

static BOOL get_at(const void *address, HMODULE *out)
{
    *out = module_at(address);
    return *out != NULL || wvm_kit_fail(ERROR_MOD_NOT_FOUND);
}

BOOL wvm_kit_GetModuleHandleExA(DWORD flags, LPCSTR name, HMODULE *out)
{
    if (!check_get(flags, out))
        return FALSE;
    if (name && (flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS))
        return get_at(name, out);
    *out = GetModuleHandleA(name);
    return *out != NULL;
}

BOOL wvm_kit_GetModuleHandleExW(DWORD flags, LPCWSTR name, HMODULE *out)
{
    if (!check_get(flags, out))
        return FALSE;
    if (name && (flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS))
        return get_at(name, out);
    *out = GetModuleHandleW(name);
    return *out != NULL;
}

/* ---- Loading ---- */

static bool is_full(const char *path)
{
    return strchr(path, '/') || strchr(path, '\\');
}

static BOOL check_load(const char *name, HANDLE file, DWORD flags)
{
    const DWORD exclusive = LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE;
    bool known = (flags & ~(SEARCH_FLAGS | DATA_FLAGS | CODE_FLAGS)) == 0;
    if (!name || !name[0] || file || !known || (flags & exclusive) == exclusive ||
        ((flags & LOAD_WITH_ALTERED_SEARCH_PATH) && (flags & SEARCH_FLAGS)) ||
        ((flags & LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR) && !is_full(name)))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return (flags & (DATA_FLAGS | LOAD_LIBRARY_REQUIRE_SIGNED_TARGET)) == 0 ||
           wvm_kit_fail(ERROR_NOT_SUPPORTED);
}

HMODULE wvm_kit_LoadLibraryExA(LPCSTR name, HANDLE file, DWORD flags)
{
    return check_load(name, file, flags) ? LoadLibraryA(name) : NULL;
}

HMODULE wvm_kit_LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
    char *narrow = name ? wvm_kit_new_utf8(name) : NULL;
    if (name && !narrow)
        return NULL;
    HMODULE module = wvm_kit_LoadLibraryExA(narrow, file, flags);
    free(narrow);
    return module;
}

VOID wvm_kit_FreeLibraryAndExitThread(HMODULE module, DWORD code)
{
    FreeLibrary(module);
    wvm_kit_ExitThread(code);
}

/* FreeLibrary takes the modules of libwinvm and the program; others begin where they are found. */
BOOL wvm_kit_DisableThreadLibraryCalls(HMODULE module)
{
    DWORD error = GetLastError();
    if (!module || (module_at((const void *)module) != module && !FreeLibrary(module)))
        return wvm_kit_fail(ERROR_MOD_NOT_FOUND);
    SetLastError(error);
    return TRUE;
}

/* ---- Where modules would be looked for ---- */

static BOOL set_folder(const char *path)
{
    char *copy = path ? strdup(path) : NULL;
    if (path && !copy)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (path && strchr(path, ';')) {
        free(copy);
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    }
    wvm_kit_lock(&folder_lock);
    char *before = folder;
    folder = copy;
    wvm_kit_unlock(&folder_lock);
    free(before);
    return TRUE;
}

/* A copy, to be freed. */
static char *copy_folder(void)
{
    wvm_kit_lock(&folder_lock);
    char *copy = strdup(folder ? folder : "");
    wvm_kit_unlock(&folder_lock);
    if (!copy)
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return copy;
}

BOOL wvm_kit_SetDllDirectoryA(LPCSTR path)
{
    return set_folder(path);
}

BOOL wvm_kit_SetDllDirectoryW(LPCWSTR path)
{
    char *narrow = path ? wvm_kit_new_utf8(path) : NULL;
    BOOL done = (narrow || !path) && set_folder(narrow);
    free(narrow);
    return done;
}

DWORD wvm_kit_GetDllDirectoryA(DWORD cap, LPSTR out)
{
    return wvm_kit_hand_a(out, cap, copy_folder());
}

DWORD wvm_kit_GetDllDirectoryW(DWORD cap, LPWSTR out)
{
    return wvm_kit_hand_w(out, cap, copy_folder());
}

BOOL wvm_kit_SetDefaultDllDirectories(DWORD flags)
{
    const DWORD may = LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_USER_DIRS |
                      LOAD_LIBRARY_SEARCH_SYSTEM32 | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
    return (flags != 0 && (flags & ~may) == 0) || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

#define WVM_KIT_LOADER
#include "kit/kit_entry.h"
