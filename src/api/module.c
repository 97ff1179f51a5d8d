/* The modules that winvm plays, and the functions in them.
 *
 * Programs look optional functions up by name: GetProcAddress(GetModuleHandle("kernel32"), ...).
 * The modules of module_names.c answer for what winvm exports and, behind that, for the functions
 * that other libraries hand over (exports.c).
 * Terms   adopted = a module handle of the program's own platform layer that stands for one of ours
 *         as well (preload/route.c).
 * I1  A handle of ours is the address of a constant object of module_names.c: unique in the
 *     process, multiple of 16, never NULL, inside our own image.
 * I2  GetProcAddress answers only with functions that exist, in the convention of its caller.
 * I3  Names are read by a copy that cannot fault.
 * I4  adopted[] only grows; an entry is published by its handle, after its module.
 * The program's own module (NULL) exports nothing here. Nothing is ever loaded or unloaded.
 * Locking: none.   Failure: NULL or FALSE and 126, 127 or 998.   Signal safety: yes. */
#include "api/module.h"

#include <string.h>
#include <sys/auxv.h>

#include "api/entry.h"
#include "api/last_error.h"
#include "base/arith.h"
#include "base/assert.h"
#include "host/host.h"

#define NAME_CAP WVM_NAME_CAP
#define MAX_ADOPTED 16
#define IN_KERNEL (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE)

static struct {
    HMODULE theirs;     /* atomic */
    HMODULE ours;
} adopted[MAX_ADOPTED];

struct export {
    const char *name;
    uint8_t len;
    uint8_t id;         /* enum wvm_api_id */
};

#define WVM_API(ret, name, params, args, trace) {#name, sizeof #name - 1, WVM_ID_##name},
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS WVM_API
#define WVM_API_ALIAS(alias, name) {#alias, sizeof #alias - 1, WVM_ID_##name},
static const struct export exports[] = {
#include "api/api_list.h"
};
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

WVM_STATIC(WVM_N_APIS <= 255, "an identity fits a byte");

/* Copies a NUL-terminated text of 1- or 2-byte characters as bytes; what is not ASCII becomes 0x7f.
 * 0, or the Win32 error: NOACCESS, or MOD_NOT_FOUND for what is too long to be a name of ours. */
static DWORD copy_name(char out[NAME_CAP], const void *from, size_t unit)
{
    for (size_t n = 0; n < NAME_CAP;) {
        uint8_t part[64];
        ssize_t got = wvm_host_read(0, part, (uintptr_t)from + n * unit, sizeof part);
        if (got < (ssize_t)unit)
            return ERROR_NOACCESS;
        for (size_t i = 0; i + unit <= (size_t)got && n < NAME_CAP; i += unit, n++) {
            unsigned c = unit == 2 ? part[i] | part[i + 1] << 8 : part[i];
            out[n] = c < 0x80 ? (char)c : 0x7f;
            if (c == 0)
                return 0;
        }
    }
    return ERROR_MOD_NOT_FOUND;
}

static DWORD find_module(const void *name, size_t unit, HMODULE *out)
{
    char text[NAME_CAP];
    DWORD error = copy_name(text, name, unit);
    if (error != 0)
        return error;
    const struct wvm_module *found = wvm_module_called(text);
    *out = (HMODULE)(uintptr_t)found;
    return found != NULL ? 0 : ERROR_MOD_NOT_FOUND;
}

HMODULE wvm_module_find_a(LPCSTR name)
{
    HMODULE module = NULL;
    return name != NULL && find_module(name, 1, &module) == 0 ? module : NULL;
}

HMODULE wvm_module_find_w(LPCWSTR name)
{
    HMODULE module = NULL;
    return name != NULL && find_module(name, 2, &module) == 0 ? module : NULL;
}

bool wvm_module_adopt(HMODULE theirs, HMODULE ours)
{
    for (size_t i = 0; i < MAX_ADOPTED; i++) {
        HMODULE known = __atomic_load_n(&adopted[i].theirs, __ATOMIC_ACQUIRE);
        if (known == theirs)
            return true;
        HMODULE nobody = NULL;
        if (known == NULL && __atomic_compare_exchange_n(&adopted[i].ours, &nobody, ours, false,
                                                         __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            __atomic_store_n(&adopted[i].theirs, theirs, __ATOMIC_RELEASE);
            return true;
        }
    }
    return false;
}

static HMODULE adopted_for(HMODULE theirs)
{
    for (size_t i = 0; i < MAX_ADOPTED && theirs != NULL; i++) {
        if (__atomic_load_n(&adopted[i].theirs, __ATOMIC_ACQUIRE) == theirs)
            return __atomic_load_n(&adopted[i].ours, __ATOMIC_RELAXED);
    }
    return NULL;
}

static const struct wvm_module *module_of(HMODULE handle)
{
    HMODULE stands_for = adopted_for(handle);
    return wvm_module_at((uintptr_t)(stands_for != NULL ? stands_for : handle));
}

bool wvm_module_is_ours(HMODULE module)
{
    return module_of(module) != NULL;
}

bool wvm_module_is_adopted(HMODULE module)
{
    return adopted_for(module) != NULL;
}

static HMODULE program_module(void)
{
    uintptr_t start, end;
    return wvm_host_module(getauxval(AT_ENTRY), &start, &end) ? (HMODULE)start : NULL;
}

/* The older name of a function of kernel32 that begins with K32. */
static bool is_psapi_name(const struct export *ex)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(exports) && memcmp(ex->name, "K32", 3) != 0; i++)
        if (exports[i].id == ex->id && memcmp(exports[i].name, "K32", 3) == 0)
            return true;
    return false;
}

/* Of winvm's own functions; those of psapi are in kernel32 under their K32 names. */
static unsigned homes_of(const struct export *ex)
{
    unsigned homes = wvm_module_homes(ex->name);
    return homes == IN_KERNEL && is_psapi_name(ex) ? WINVM_IN_PSAPI : homes;
}

/* Copies the name of a function. False: it is an ordinal, and we have none, or no name. */
static bool function_name(char out[NAME_CAP], LPCSTR name)
{
    return (uintptr_t)name >= 0x10000 && copy_name(out, name, 1) == 0;
}

/* An exported name of winvm's own, or NULL. */
static const struct export *find_export(const struct wvm_module *module, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < WVM_ARRAY_LEN(exports); i++) {
        if (exports[i].len == len && memcmp(exports[i].name, name, len) == 0)
            return homes_of(&exports[i]) & module->home ? &exports[i] : NULL;
    }
    return NULL;
}

const char *wvm_module_exported(HMODULE handle, LPCSTR name)
{
    char text[NAME_CAP];
    const struct wvm_module *module = module_of(handle);
    const struct export *found =
        module != NULL && function_name(text, name) ? find_export(module, text) : NULL;
    return found != NULL ? found->name : NULL;
}

bool wvm_module_extra(HMODULE handle, LPCSTR name, char out[NAME_CAP])
{
    const struct wvm_module *module = module_of(handle);
    return module != NULL && function_name(out, name) && find_export(module, out) == NULL &&
           wvm_exports_find(out, module->home, NULL);
}

static HMODULE get_module(const void *name, size_t unit)
{
    HMODULE module = NULL;
    DWORD error = find_module(name, unit, &module);
    if (error != 0)
        wvm_set_last_error(error);
    return module;
}

HMODULE wvm_GetModuleHandleA(LPCSTR name)
{
    return name == NULL ? program_module() : get_module(name, 1);
}

HMODULE wvm_GetModuleHandleW(LPCWSTR name)
{
    return name == NULL ? program_module() : get_module(name, 2);
}

HMODULE wvm_LoadLibraryA(LPCSTR name)
{
    return get_module(name, 1);
}

HMODULE wvm_LoadLibraryW(LPCWSTR name)
{
    return get_module(name, 2);
}

BOOL wvm_FreeLibrary(HMODULE handle)
{
    if (handle != NULL && (module_of(handle) != NULL || handle == program_module()))
        return TRUE;
    wvm_set_last_error(ERROR_MOD_NOT_FOUND);
    return FALSE;
}

/* A function that a module has, in the convention of its caller; NULL: it has none of that name. */
static FARPROC find_function(const struct wvm_module *module, LPCSTR name, bool windows)
{
    char text[NAME_CAP];
    struct wvm_export_found extra;
    if (!function_name(text, name))
        return NULL;
    const struct export *found = find_export(module, text);
    if (found != NULL)
        return (FARPROC)(windows ? wvm_exports_ms : wvm_exports_sysv)[found->id];
    if (wvm_exports_find(text, module->home, &extra))
        return windows ? extra.windows : extra.own;
    return NULL;
}

static FARPROC get_function(HMODULE handle, LPCSTR name, bool windows)
{
    const struct wvm_module *module = module_of(handle);
    FARPROC found = module != NULL ? find_function(module, name, windows) : NULL;
    if (found != NULL)
        return found;
    bool known = module != NULL || handle == NULL || handle == program_module();
    wvm_set_last_error(known ? ERROR_PROC_NOT_FOUND : ERROR_MOD_NOT_FOUND);
    return NULL;
}

FARPROC wvm_GetProcAddress(HMODULE module, LPCSTR name)
{
    return get_function(module, name, false);
}

FARPROC wvm_GetProcAddress_ms(HMODULE module, LPCSTR name)
{
    return get_function(module, name, true);
}
