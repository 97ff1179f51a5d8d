/* The modules that winvm plays, and the functions in them.
 *
 * Programs look optional functions up by name: GetProcAddress(GetModuleHandle("kernel32"), ...).
 * The modules kernel32, kernelbase, ntdll, psapi and ntoskrnl answer for what winvm exports; the
 * sets of memory calls, api-ms-win-core-memory-* and its kin, are kernelbase. A name may have any
 * case, a path in front and ".dll" or, as ntoskrnl has, ".exe" behind.
 * Terms   adopted = a module handle of the program's own platform layer that stands for one of ours
 *         as well (preload/route.c).
 * I1  A handle of ours is the address of a constant object of this file: unique in the process,
 *     multiple of 16, never NULL, inside our own image.
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

#define NAME_CAP 320
#define MAX_ADOPTED 16

enum home { IN_KERNEL32 = 1, IN_KERNELBASE = 2, IN_NTDLL = 4, IN_PSAPI = 8, IN_NTOSKRNL = 16 };

struct module {
    const char *name;
    enum home home;
} __attribute__((aligned(16)));

static const struct module modules[] = {
    {"kernel32", IN_KERNEL32},
    {"kernelbase", IN_KERNELBASE},
    {"ntdll", IN_NTDLL},
    {"psapi", IN_PSAPI},
    {"ntoskrnl", IN_NTOSKRNL},
};
#define API_SET "api-ms-win-core-"
/* What API_SET goes on with, up to the level. */
static const char *const api_sets[] = {"memory", "psapi", "psapi-ansi", "sysinfo",
                                       "systemtopology"};

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

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Cuts the path and ".dll" or ".exe" (or a closing dot) off, in lower case. */
static char *bare_name(char *text)
{
    char *start = text;
    for (char *p = text; *p != '\0'; p++) {
        *p = lower(*p);
        if (*p == '\\' || *p == '/')
            start = p + 1;
    }
    size_t len = strlen(start);
    if (len > 4 && (memcmp(start + len - 4, ".dll", 4) == 0 ||
                    strcmp(start, "ntoskrnl.exe") == 0))
        start[len - 4] = '\0';
    else if (len > 1 && start[len - 1] == '.')
        start[len - 1] = '\0';
    return start;
}

static bool is_api_set(const char *bare)
{
    if (strncmp(bare, API_SET, sizeof API_SET - 1) != 0)
        return false;
    const char *set = bare + sizeof API_SET - 1;
    for (size_t i = 0; i < WVM_ARRAY_LEN(api_sets); i++) {
        size_t len = strlen(api_sets[i]);
        if (strncmp(set, api_sets[i], len) == 0 && strncmp(set + len, "-l", 2) == 0)
            return true;
    }
    return false;
}

static DWORD find_module(const void *name, size_t unit, HMODULE *out)
{
    char text[NAME_CAP];
    DWORD error = copy_name(text, name, unit);
    if (error != 0)
        return error;
    const char *bare = bare_name(text);
    for (size_t i = 0; i < WVM_ARRAY_LEN(modules); i++) {
        if (strcmp(bare, modules[i].name) == 0 ||
            (modules[i].home == IN_KERNELBASE && is_api_set(bare))) {
            *out = (HMODULE)(uintptr_t)&modules[i];
            return 0;
        }
    }
    return ERROR_MOD_NOT_FOUND;
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

static const struct module *module_of(HMODULE handle)
{
    HMODULE stands_for = adopted_for(handle);
    uintptr_t at = (uintptr_t)(stands_for != NULL ? stands_for : handle);
    for (size_t i = 0; i < WVM_ARRAY_LEN(modules); i++) {
        if (at == (uintptr_t)&modules[i])
            return &modules[i];
    }
    return NULL;
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

/* The calls of drivers: Ex, Mm, Probe, and Ke or Kf with a capital letter behind. */
static bool is_kernel_name(const char *name)
{
    bool begins = memcmp(name, "Ex", 2) == 0 || memcmp(name, "Mm", 2) == 0 ||
                  memcmp(name, "Ke", 2) == 0 || memcmp(name, "Kf", 2) == 0;
    return (begins && name[2] >= 'A' && name[2] <= 'Z') || memcmp(name, "Probe", 5) == 0;
}

/* The older name of a function of kernel32 that begins with K32. */
static bool is_psapi_name(const struct export *ex)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(exports) && memcmp(ex->name, "K32", 3) != 0; i++)
        if (exports[i].id == ex->id && memcmp(exports[i].name, "K32", 3) == 0)
            return true;
    return false;
}

/* Where Windows has a function: the native calls in ntdll, the *FromApp ones in kernelbase only, a
 * few of the Rtl ones in kernel32 too, the calls of drivers in ntoskrnl, those of psapi under their
 * K32 names in kernel32. */
static unsigned homes_of(const struct export *ex)
{
    if (ex->id == WVM_ID_RtlCaptureContext || ex->id == WVM_ID_RtlRestoreContext ||
        ex->id == WVM_ID_RtlRaiseException)
        return IN_KERNEL32 | IN_KERNELBASE | IN_NTDLL;
    if (memcmp(ex->name, "Nt", 2) == 0 || memcmp(ex->name, "Zw", 2) == 0 ||
        memcmp(ex->name, "Rtl", 3) == 0)
        return IN_NTDLL;
    if (is_kernel_name(ex->name))
        return IN_NTOSKRNL;
    if (ex->name[0] == '_')
        return 0; /* of the C runtime */
    if (is_psapi_name(ex))
        return IN_PSAPI;
    if (ex->len > 7 && memcmp(ex->name + ex->len - 7, "FromApp", 7) == 0)
        return IN_KERNELBASE;
    return IN_KERNEL32 | IN_KERNELBASE;
}

/* An exported name, or NULL. */
static const struct export *find_export(const struct module *module, LPCSTR name)
{
    char text[NAME_CAP];
    if ((uintptr_t)name < 0x10000 || copy_name(text, name, 1) != 0)   /* an ordinal; we have none */
        return NULL;
    size_t len = strlen(text);
    for (size_t i = 0; i < WVM_ARRAY_LEN(exports); i++) {
        if (exports[i].len == len && memcmp(exports[i].name, text, len) == 0)
            return homes_of(&exports[i]) & module->home ? &exports[i] : NULL;
    }
    return NULL;
}

const char *wvm_module_exported(HMODULE handle, LPCSTR name)
{
    const struct module *module = module_of(handle);
    const struct export *found = module != NULL ? find_export(module, name) : NULL;
    return found != NULL ? found->name : NULL;
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

static FARPROC get_function(HMODULE handle, LPCSTR name, const wvm_export_fn table[])
{
    const struct module *module = module_of(handle);
    const struct export *found = module != NULL ? find_export(module, name) : NULL;
    if (found != NULL)
        return (FARPROC)table[found->id];
    bool known = module != NULL || handle == NULL || handle == program_module();
    wvm_set_last_error(known ? ERROR_PROC_NOT_FOUND : ERROR_MOD_NOT_FOUND);
    return NULL;
}

FARPROC wvm_GetProcAddress(HMODULE module, LPCSTR name)
{
    return get_function(module, name, wvm_exports_sysv);
}

FARPROC wvm_GetProcAddress_ms(HMODULE module, LPCSTR name)
{
    return get_function(module, name, wvm_exports_ms);
}
