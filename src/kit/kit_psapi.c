/* What psapi tells of a process's modules.
 *
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_modules.h"
#include "kit/kit_text.h"

#define RIGHTS (PROCESS_QUERY_INFORMATION | PROCESS_VM_READ)

static bool open_list(HANDLE process, struct wvm_kit_modules *list)
{
    struct winvm_awaited what;
    int error = winvm_awaited_get(process, RIGHTS, &what);
    if (error == 0 && what.kind != WINVM_AWAITED_PROCESS)
        error = EINVAL;
    if (error != 0)
        return wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
    if (winvm_awaited_is_over(&what))
        return wvm_kit_fail(ERROR_PARTIAL_COPY);
    return wvm_kit_modules_read(what.number, list);
}

BOOL wvm_kit_K32EnumProcessModulesEx(HANDLE process, HMODULE *out, DWORD bytes, LPDWORD needed,
                                     DWORD filter)
{
    struct wvm_kit_modules list;
    if (filter > LIST_MODULES_ALL)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!needed || (bytes > 0 && !out))
        return wvm_kit_fail(ERROR_NOACCESS);
    if (!open_list(process, &list))
        return FALSE;
    bool none = sizeof(void *) == 8 && filter == LIST_MODULES_32BIT;
    uint32_t n = none ? 0 : list.n;
    for (uint32_t i = 0; i < n && i < bytes / sizeof *out; i++)
        out[i] = (HMODULE)list.all[i].base;
    *needed = (DWORD)(n * sizeof *out);
    wvm_kit_modules_free(&list);
    return TRUE;
}

BOOL wvm_kit_K32EnumProcessModules(HANDLE process, HMODULE *out, DWORD bytes, LPDWORD needed)
{
    return wvm_kit_K32EnumProcessModulesEx(process, out, bytes, needed, LIST_MODULES_DEFAULT);
}

/* Where its file's header says that it begins; NULL: nowhere. */
static LPVOID entry_of(HANDLE process, uintptr_t base)
{
    ElfW(Ehdr) header;
    if (!ReadProcessMemory(process, (LPCVOID)base, &header, sizeof header, NULL) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_entry == 0)
        return NULL;
    return (LPVOID)((header.e_type == ET_EXEC ? 0 : base) + (uintptr_t)header.e_entry);
}

BOOL wvm_kit_K32GetModuleInformation(HANDLE process, HMODULE module, LPMODULEINFO out, DWORD bytes)
{
    struct wvm_kit_modules list;
    if (bytes < sizeof *out)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    if (!open_list(process, &list))
        return FALSE;
    const struct wvm_kit_module *m = wvm_kit_module_at(&list, module);
    if (m) {
        DWORD error = GetLastError();
        out->lpBaseOfDll = (LPVOID)m->base;
        out->SizeOfImage = (DWORD)(m->end - m->base);
        out->EntryPoint = entry_of(process, m->base);
        SetLastError(error);
    }
    wvm_kit_modules_free(&list);
    return m != NULL || wvm_kit_fail(ERROR_INVALID_HANDLE);
}

/* ---- names ---- */

static bool find_name(HANDLE process, HMODULE module, bool whole, char name[PATH_MAX])
{
    struct wvm_kit_modules list;
    if (!open_list(process, &list))
        return false;
    const struct wvm_kit_module *m = wvm_kit_module_at(&list, module);
    if (m) {
        const char *from = whole ? m->path : wvm_kit_base_name(m->path);
        memcpy(name, from, strnlen(from, PATH_MAX - 1) + 1);
        name[PATH_MAX - 1] = '\0';
    }
    wvm_kit_modules_free(&list);
    return m != NULL || wvm_kit_fail(ERROR_INVALID_HANDLE);
}

/* n units of which `cap` - 1 and a NUL fit. */
static DWORD give(LPVOID out, DWORD cap, const void *text, size_t n, size_t unit)
{
    size_t copied = n < cap ? n : cap - 1;
    if (cap == 0)
        return (DWORD)wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    memcpy(out, text, copied * unit);
    memset((char *)out + copied * unit, 0, unit);
    if (n < cap)
        return (DWORD)n;
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return cap;
}

static DWORD give_a(HANDLE process, HMODULE module, bool whole, LPSTR out, DWORD cap)
{
    char name[PATH_MAX];
    return find_name(process, module, whole, name) ? give(out, cap, name, strlen(name), 1) : 0;
}

static DWORD give_w(HANDLE process, HMODULE module, bool whole, LPWSTR out, DWORD cap)
{
    char name[PATH_MAX];
    WCHAR wide[PATH_MAX];
    if (!find_name(process, module, whole, name))
        return 0;
    size_t n = wvm_kit_to_utf16(wide, PATH_MAX, name, WVM_KIT_TO_NUL);
    return give(out, cap, wide, n, sizeof *wide);
}

DWORD wvm_kit_K32GetModuleBaseNameA(HANDLE process, HMODULE module, LPSTR out, DWORD cap)
{
    return give_a(process, module, false, out, cap);
}

DWORD wvm_kit_K32GetModuleBaseNameW(HANDLE process, HMODULE module, LPWSTR out, DWORD cap)
{
    return give_w(process, module, false, out, cap);
}

DWORD wvm_kit_K32GetModuleFileNameExA(HANDLE process, HMODULE module, LPSTR out, DWORD cap)
{
    return give_a(process, module, true, out, cap);
}

DWORD wvm_kit_K32GetModuleFileNameExW(HANDLE process, HMODULE module, LPWSTR out, DWORD cap)
{
    return give_w(process, module, true, out, cap);
}

#define WVM_KIT_PSAPI
#include "kit/kit_entry.h"
