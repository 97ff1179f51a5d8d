/* The names of the modules that winvm plays, and which of them has a function by the form of its
 * name.
 *
 * kernel32, kernelbase, ntdll, psapi and ntoskrnl are always there; others while some library has
 * functions in them (exports.c). The sets of functions, api-ms-win-core-memory-* and its kin, are
 * the module that has them on Windows. A name may have any case, a path in front and ".dll" or, as
 * ntoskrnl has, ".exe" behind.
 * Locking: none.   Failure: NULL.   Signal safety: yes. */
#include <string.h>

#include "api/module.h"
#include "base/arith.h"

#define IN_KERNEL (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE)

static const struct wvm_module modules[] = {
    {"kernel32", WINVM_IN_KERNEL32},
    {"kernelbase", WINVM_IN_KERNELBASE},
    {"ntdll", WINVM_IN_NTDLL},
    {"psapi", WINVM_IN_PSAPI},
    {"ntoskrnl", WINVM_IN_NTOSKRNL},
    {"advapi32", WINVM_IN_ADVAPI32},
    {"user32", WINVM_IN_USER32},
    {"msvcrt", WINVM_IN_MSVCRT},
    {"ucrtbase", WINVM_IN_UCRTBASE},
    {"winmm", WINVM_IN_WINMM},
    {"bcrypt", WINVM_IN_BCRYPT},
    {"version", WINVM_IN_VERSION},
    {"dbghelp", WINVM_IN_DBGHELP},
    {"shell32", WINVM_IN_SHELL32},
    {"shlwapi", WINVM_IN_SHLWAPI},
    {"ole32", WINVM_IN_OLE32},
    {"bcryptprimitives", WINVM_IN_BCRYPTPRIMITIVES},
    {"crypt32", WINVM_IN_CRYPT32},
    {"dpapi", WINVM_IN_CRYPT32},
};
#define ALWAYS_THERE                                                                               \
    (IN_KERNEL | WINVM_IN_NTDLL | WINVM_IN_PSAPI | WINVM_IN_NTOSKRNL)

/* Sets of functions: their names up to the level, and the module that a set is. */
static const struct api_set {
    const char *name;
    unsigned home;
    bool is_extra; /* only when other libraries have functions in that module */
} api_sets[] = {
    {"api-ms-win-core-memory", WINVM_IN_KERNELBASE, false},
    {"api-ms-win-core-psapi", WINVM_IN_KERNELBASE, false},
    {"api-ms-win-core-psapi-ansi", WINVM_IN_KERNELBASE, false},
    {"api-ms-win-core-sysinfo", WINVM_IN_KERNELBASE, false},
    {"api-ms-win-core-systemtopology", WINVM_IN_KERNELBASE, false},
    {"api-ms-win-core-console", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-datetime", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-debug", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-errorhandling", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-fibers", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-handle", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-heap", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-heap-obsolete", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-libraryloader", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-localization", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-processenvironment", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-processthreads", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-processtopology", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-profile", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-string", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-synch", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-threadpool", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-core-timezone", WINVM_IN_KERNELBASE, true},
    {"api-ms-win-security-base", WINVM_IN_ADVAPI32, true},
    {"api-ms-win-crt-environment", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-heap", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-runtime", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-stdio", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-string", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-time", WINVM_IN_UCRTBASE, true},
    {"api-ms-win-crt-utility", WINVM_IN_UCRTBASE, true},
};

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

/* The module that a set's name means; 0: it is no set that is known. */
static unsigned home_of_set(const char *bare)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(api_sets); i++) {
        const struct api_set *set = &api_sets[i];
        size_t len = strlen(set->name);
        if (strncmp(bare, set->name, len) == 0 && strncmp(bare + len, "-l", 2) == 0)
            return !set->is_extra || wvm_exports_find(NULL, set->home, NULL) ? set->home : 0;
    }
    return 0;
}

static bool is_there(const struct wvm_module *module)
{
    return (module->home & ALWAYS_THERE) != 0 || wvm_exports_find(NULL, module->home, NULL);
}

const struct wvm_module *wvm_module_called(char *text)
{
    const char *bare = bare_name(text);
    unsigned set = home_of_set(bare);
    for (size_t i = 0; i < WVM_ARRAY_LEN(modules); i++) {
        if (modules[i].home == set ||
            (strcmp(bare, modules[i].name) == 0 && is_there(&modules[i])))
            return &modules[i];
    }
    return NULL;
}

const struct wvm_module *wvm_module_at(uintptr_t addr)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(modules); i++) {
        if (addr == (uintptr_t)&modules[i])
            return &modules[i];
    }
    return NULL;
}

/* The calls of drivers: Ex, Mm, Probe, and Ke or Kf with a capital letter behind. */
static bool is_kernel_name(const char *name)
{
    bool begins = memcmp(name, "Ex", 2) == 0 || memcmp(name, "Mm", 2) == 0 ||
                  memcmp(name, "Ke", 2) == 0 || memcmp(name, "Kf", 2) == 0;
    return (begins && name[2] >= 'A' && name[2] <= 'Z') || memcmp(name, "Probe", 5) == 0;
}

/* Functions of ntdll that kernel32 has too. */
static bool is_passed_on(const char *name)
{
    static const char *const names[] = {
        "RtlAddFunctionTable", "RtlCaptureContext", "RtlCaptureStackBackTrace", "RtlCompareMemory",
        "RtlCopyMemory", "RtlDeleteFunctionTable", "RtlFillMemory",
        "RtlInstallFunctionTableCallback", "RtlLookupFunctionEntry", "RtlMoveMemory",
        "RtlPcToFileHeader", "RtlRaiseException",
        "RtlRestoreContext", "RtlUnwind", "RtlUnwindEx", "RtlVirtualUnwind", "RtlZeroMemory"};
    for (size_t i = 0; i < WVM_ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* What begins so is in these modules. */
static const struct {
    const char *with;
    unsigned homes;
} forms[] = {
    {"Nt", WINVM_IN_NTDLL},           {"Zw", WINVM_IN_NTDLL},
    {"Rtl", WINVM_IN_NTDLL},          {"Ldr", WINVM_IN_NTDLL},
    {"BCrypt", WINVM_IN_BCRYPT},      {"ProcessPrng", WINVM_IN_BCRYPTPRIMITIVES},
    {"Crypt", WINVM_IN_ADVAPI32},     {"SystemFunction", WINVM_IN_ADVAPI32},
    {"timeBegin", WINVM_IN_WINMM},    {"timeEnd", WINVM_IN_WINMM},
    {"timeGet", WINVM_IN_WINMM},      {"GetFileVersion", WINVM_IN_VERSION},
    {"VerQueryValue", WINVM_IN_VERSION},
};

/* Where Windows has a function: the native calls in ntdll, the *FromApp ones in kernelbase only, a
 * few of the Rtl ones in kernel32 too, the calls of drivers in ntoskrnl, those of the C runtime,
 * which begin with '_' or a small letter, there. */
unsigned wvm_module_homes(const char *name)
{
    size_t len = strlen(name);
    if (is_passed_on(name))
        return IN_KERNEL | WINVM_IN_NTDLL;
    for (size_t i = 0; i < WVM_ARRAY_LEN(forms); i++)
        if (begins(name, forms[i].with))
            return forms[i].homes;
    if (len >= 5 && is_kernel_name(name))
        return WINVM_IN_NTOSKRNL;
    if (name[0] == '_' || (name[0] >= 'a' && name[0] <= 'z'))
        return WINVM_IN_MSVCRT | WINVM_IN_UCRTBASE;
    if (len > 7 && strcmp(name + len - 7, "FromApp") == 0)
        return WINVM_IN_KERNELBASE;
    return IN_KERNEL;
}
