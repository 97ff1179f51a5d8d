/* The files of modules.
 *
 * A module handle is an address in the module, as on Windows its first one. Paths are the host's.
 * Locking: the dynamic linker's.   Failure: nothing written.   Signal safety: none. */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

/* The path of the module's file; false and the last error: no such module. */
static bool find_path(HMODULE module, char path[PATH_MAX])
{
    Dl_info info;
    if (module && module != GetModuleHandleA(NULL)) {
        if (dladdr((const void *)module, &info) == 0 || !realpath(info.dli_fname, path))
            return wvm_kit_fail(ERROR_MOD_NOT_FOUND);
        return true;
    }
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (n <= 0)
        return wvm_kit_fail(ERROR_MOD_NOT_FOUND);
    path[n] = '\0';
    return true;
}

/* What the caller gets: n units of which `cap` - 1 and a NUL fit. */
static DWORD answer(size_t n, DWORD cap)
{
    if (n < cap)
        return (DWORD)n;
    wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    return cap;
}

DWORD wvm_kit_GetModuleFileNameA(HMODULE module, LPSTR out, DWORD cap)
{
    char path[PATH_MAX];
    if (!find_path(module, path))
        return 0;
    size_t n = strlen(path), copied = n < cap ? n : cap - 1;
    if (cap > 0) {
        memcpy(out, path, copied);
        out[copied] = '\0';
    }
    return answer(n, cap);
}

DWORD wvm_kit_GetModuleFileNameW(HMODULE module, LPWSTR out, DWORD cap)
{
    char path[PATH_MAX];
    WCHAR wide[PATH_MAX];
    if (!find_path(module, path))
        return 0;
    size_t n = wvm_kit_to_utf16(wide, PATH_MAX, path, WVM_KIT_TO_NUL);
    size_t copied = n < cap ? n : cap - 1;
    if (cap > 0) {
        memcpy(out, wide, copied * sizeof *out);
        out[copied] = 0;
    }
    return answer(n, cap);
}

#define WVM_KIT_MODULE
#include "kit/kit_entry.h"
