/* An image becomes a module: imports, exports, exception tables, TLS callbacks, DllMain.
 *
 * Imports are looked up by LoadLibrary and GetProcAddress, which answer in the calling convention
 * of code for Windows wherever this source is compiled so that WINAPI is that; those of the C run
 * time are offered by crt.c first.
 * I1  A module whose imports are not all found never runs: module_load gives its memory back. */
#include "image.h"

#include <stdio.h>
#include <string.h>

#define MOST_FORWARDS 4
#define RUN_TIME "msvcrt.dll"

typedef BOOL(WINAPI *dll_main_function)(HINSTANCE, DWORD, LPVOID);
typedef void(WINAPI *tls_function)(PVOID, DWORD, PVOID);
typedef BOOLEAN(WINAPI *add_table_function)(PVOID table, DWORD count, ULONGLONG base);
typedef BOOLEAN(WINAPI *delete_table_function)(PVOID table);

/* ---- imports ---- */

static int is_run_time(const char *dll)
{
    const char *own = RUN_TIME;

    for (; *own != '\0' && (*dll == *own || *dll + ('a' - 'A') == *own); own++)
        dll++;
    return *own == '\0' && *dll == '\0';
}

/* A function by name or, below 0x10000, by ordinal. */
static any_function import(HMODULE dll, int run_time, const char *name)
{
    any_function f = run_time && (ULONG_PTR)name >= 0x10000 ? crt_function(name) : NULL;

    return f != NULL || dll == NULL ? f : (any_function)(void *)GetProcAddress(dll, name);
}

/* Fills the address table of one imported module. */
static int link_module(struct image *image, const IMAGE_IMPORT_DESCRIPTOR *d)
{
    const char *name = (const char *)image->base + d->Name;
    DWORD names = d->OriginalFirstThunk != 0 ? d->OriginalFirstThunk : d->FirstThunk;
    const IMAGE_THUNK_DATA64 *from = (const IMAGE_THUNK_DATA64 *)(void *)(image->base + names);
    any_function *to = (any_function *)(void *)(image->base + d->FirstThunk);
    HMODULE dll = LoadLibraryA(name);

    for (; from->u1.AddressOfData != 0; from++, to++) {
        const char *wanted;
        any_function f;

        if (IMAGE_SNAP_BY_ORDINAL64(from->u1.Ordinal))
            wanted = (const char *)(ULONG_PTR)IMAGE_ORDINAL64(from->u1.Ordinal);
        else
            wanted = (const char *)image->base + from->u1.AddressOfData +
                     FIELD_OFFSET(IMAGE_IMPORT_BY_NAME, Name);
        f = import(dll, is_run_time(name), wanted);
        if (f == NULL) {
            strncpy(image->missing, (ULONG_PTR)wanted >= 0x10000 ? wanted : name,
                    sizeof(image->missing) - 1);
            return 0;
        }
        memcpy(to, &f, sizeof(f));
    }
    return 1;
}

static int link_imports(struct image *image)
{
    DWORD size;
    BYTE *p = image_directory(image, IMAGE_DIRECTORY_ENTRY_IMPORT, &size);
    const IMAGE_IMPORT_DESCRIPTOR *d = (const IMAGE_IMPORT_DESCRIPTOR *)(void *)p;

    for (; d != NULL && d->Name != 0; d++)
        if (!link_module(image, d))
            return 0;
    return 1;
}

/* ---- exports ---- */

/* "MODULE.Function" or "MODULE.#Number", of a module of the system. */
static any_function follow(const char *forwarder)
{
    const char *dot = strrchr(forwarder, '.');
    char dll[64];
    const char *name;
    size_t n = dot != NULL ? (size_t)(dot - forwarder) : 0;

    if (n == 0 || n > sizeof(dll) - 5)
        return NULL;
    memcpy(dll, forwarder, n);
    memcpy(dll + n, ".dll", 5);
    name = dot + 1;
    if (*name == '#') {
        ULONG_PTR ordinal = 0;

        while (*++name >= '0' && *name <= '9')
            ordinal = ordinal * 10 + (ULONG_PTR)(*name - '0');
        name = (const char *)(ordinal & 0xffff);
    }
    return import(LoadLibraryA(dll), 0, name);
}

/* The place of a name in the table of addresses; the number of functions: it is not there. Names
 * are sorted. */
static DWORD index_of(const struct image *image, const IMAGE_EXPORT_DIRECTORY *e, const char *name)
{
    const DWORD *names = (const DWORD *)(void *)(image->base + e->AddressOfNames);
    const WORD *places = (const WORD *)(void *)(image->base + e->AddressOfNameOrdinals);
    DWORD low = 0, high = e->NumberOfNames;

    while (low < high) {
        DWORD middle = (low + high) / 2;
        int order = strcmp(name, (const char *)image->base + names[middle]);

        if (order == 0)
            return places[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return e->NumberOfFunctions;
}

any_function module_function(const struct image *image, const char *name)
{
    DWORD size, i, rva;
    BYTE *start = image_directory(image, IMAGE_DIRECTORY_ENTRY_EXPORT, &size), *at;
    const IMAGE_EXPORT_DIRECTORY *e = (const IMAGE_EXPORT_DIRECTORY *)(void *)start;
    any_function f;

    if (e == NULL)
        return NULL;
    i = (ULONG_PTR)name < 0x10000 ? (DWORD)(ULONG_PTR)name - e->Base : index_of(image, e, name);
    if (i >= e->NumberOfFunctions)
        return NULL;
    rva = ((const DWORD *)(void *)(image->base + e->AddressOfFunctions))[i];
    at = image->base + rva;
    if (rva == 0 || rva >= image->size)
        return NULL;
    if (at >= start && at < start + size)
        return follow((const char *)at);
    memcpy(&f, &at, sizeof(f));
    return f;
}

/* ---- what runs ---- */

static any_function system_function(const char *name)
{
    return (any_function)(void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), name);
}

/* Tables of functions, by which a system unwinds through the module's frames; not every system has
 * the call, and modules that throw nothing do without. */
static void register_frames(struct image *image)
{
    add_table_function add = (add_table_function)system_function("RtlAddFunctionTable");
    DWORD size;
    BYTE *table = image_directory(image, IMAGE_DIRECTORY_ENTRY_EXCEPTION, &size);

    if (add != NULL && table != NULL && add(table, size / 12, (ULONGLONG)(ULONG_PTR)image->base))
        image->function_table = table;
}

static void unregister_frames(struct image *image)
{
    delete_table_function remove =
        (delete_table_function)system_function("RtlDeleteFunctionTable");

    if (image->function_table != NULL && remove != NULL)
        remove(image->function_table);
    image->function_table = NULL;
}

/* 0: the module has variables of threads, which only the system's own loader can give it. What a C
 * run time has there is no more than the marks of both ends. */
static int check_tls(const struct image *image)
{
    DWORD size;
    BYTE *p = image_directory(image, IMAGE_DIRECTORY_ENTRY_TLS, &size);
    const IMAGE_TLS_DIRECTORY64 *tls = (const IMAGE_TLS_DIRECTORY64 *)(void *)p;

    return tls == NULL ||
           tls->EndAddressOfRawData - tls->StartAddressOfRawData + tls->SizeOfZeroFill <=
               2 * sizeof(void *);
}

static void call_tls(const struct image *image, DWORD reason)
{
    DWORD size;
    BYTE *p = image_directory(image, IMAGE_DIRECTORY_ENTRY_TLS, &size);
    const IMAGE_TLS_DIRECTORY64 *tls = (const IMAGE_TLS_DIRECTORY64 *)(void *)p;
    const tls_function *f;

    if (tls == NULL || tls->AddressOfCallBacks == 0)
        return;
    for (f = (const tls_function *)(ULONG_PTR)tls->AddressOfCallBacks; *f != NULL; f++)
        (*f)(image->base, reason, NULL);
}

static BOOL call_main(const struct image *image, DWORD reason)
{
    DWORD entry = image_headers(image)->OptionalHeader.AddressOfEntryPoint;
    BYTE *at = image->base + entry;
    dll_main_function dll_main;

    if (entry == 0)
        return TRUE;
    memcpy(&dll_main, &at, sizeof(dll_main));
    return dll_main((HINSTANCE)(void *)image->base, reason, NULL);
}

int module_load(struct image *image, const char *path, enum way way)
{
    if (!image_open(image, path, way))
        return 0;
    if (image_writable(image) && image_relocate(image) && check_tls(image) &&
        link_imports(image) && image_protect(image) && teb_watch(image)) {
        register_frames(image);
        call_tls(image, DLL_PROCESS_ATTACH);
        image->is_attached = call_main(image, DLL_PROCESS_ATTACH);
        if (image->is_attached)
            return 1;
        unregister_frames(image);
    }
    teb_unwatch(image);
    image_close(image);
    return 0;
}

int module_unload(struct image *image)
{
    if (image->is_attached) {
        call_main(image, DLL_PROCESS_DETACH);
        call_tls(image, DLL_PROCESS_DETACH);
        unregister_frames(image);
    }
    teb_unwatch(image);
    image->is_attached = 0;
    return image_close(image);
}
