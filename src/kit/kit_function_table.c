/* Tables of the functions of code that a program makes, and the calls on the stack.
 *
 * Terms   table = an array of entries, sorted by address, that the program keeps; dynamic = one
 *         that may get more entries; asked = entries that a function of the program finds.
 * I1      Tables are looked at in the order of their last registration, the newest first.
 * I2      A function of the program is called without the lock.
 * Nothing in winvm unwinds by these: they are kept for who looks them up.
 * Locking: a lock of its own.   Failure: nothing changed.   Signal safety: none. */
#include <stdlib.h>

#if defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif
#endif

#include "kit/kit.h"
#include "kit/kit_lock.h"

#define MOST_FRAMES 1024u
#define OF_CALLBACK 3u /* bits of the number of a table that has a function */

typedef PIMAGE_RUNTIME_FUNCTION_ENTRY(WVM_OWN_CALL *own_find_fn)(DWORD64, PVOID);
typedef PIMAGE_RUNTIME_FUNCTION_ENTRY(WVM_WINDOWS_CALL *ms_find_fn)(DWORD64, PVOID);

struct table {
    struct table *next;
    DWORD64 id, base, end; /* end: the first address that is not of it; 0: of its last entry */
    PIMAGE_RUNTIME_FUNCTION_ENTRY entries;
    DWORD n;
    own_find_fn own;
    ms_find_fn ms;
    PVOID context;
};

static struct wvm_kit_lock tables_lock;
static struct table *tables;

static struct table *register_table(const struct table *like)
{
    struct table *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    *t = *like;
    wvm_kit_lock(&tables_lock);
    t->next = tables;
    tables = t;
    wvm_kit_unlock(&tables_lock);
    return t;
}

static bool forget(DWORD64 id)
{
    struct table *found = NULL;
    wvm_kit_lock(&tables_lock);
    for (struct table **at = &tables; *at && !found; at = &(*at)->next) {
        if ((*at)->id != id)
            continue;
        found = *at;
        *at = found->next;
        break;
    }
    wvm_kit_unlock(&tables_lock);
    free(found);
    return found != NULL;
}

BOOLEAN wvm_kit_RtlAddFunctionTable(PIMAGE_RUNTIME_FUNCTION_ENTRY entries, DWORD n, DWORD64 base)
{
    struct table t = {.id = (uintptr_t)entries, .base = base, .entries = entries, .n = n};
    return entries && register_table(&t);
}

BOOLEAN wvm_kit_RtlDeleteFunctionTable(PIMAGE_RUNTIME_FUNCTION_ENTRY entries)
{
    return entries && forget((uintptr_t)entries);
}

static BOOLEAN install(DWORD64 id, DWORD64 base, DWORD size, struct table *t)
{
    if ((id & OF_CALLBACK) != OF_CALLBACK || (!t->own && !t->ms))
        return FALSE;
    t->id = id;
    t->base = base;
    t->end = base + size;
    return register_table(t) != NULL;
}

BOOLEAN wvm_kit_RtlInstallFunctionTableCallback(DWORD64 id, DWORD64 base, DWORD size,
                                                FARPROC find,
                                                PVOID context, PCWSTR helper)
{
    struct table t = {.own = (own_find_fn)(uintptr_t)find, .context = context};
    UNREFERENCED_PARAMETER(helper);
    return install(id, base, size, &t);
}

BOOLEAN wvm_kit_RtlInstallFunctionTableCallback_ms(DWORD64 id, DWORD64 base, DWORD size,
                                                   FARPROC find,
                                                   PVOID context, PCWSTR helper)
{
    struct table t = {.ms = (ms_find_fn)(uintptr_t)find, .context = context};
    UNREFERENCED_PARAMETER(helper);
    return install(id, base, size, &t);
}

NTSTATUS wvm_kit_RtlAddGrowableFunctionTable(PVOID *out, PIMAGE_RUNTIME_FUNCTION_ENTRY entries,
                                             DWORD n, DWORD most, ULONG_PTR base, ULONG_PTR end)
{
    struct table t = {.base = base, .end = end, .entries = entries, .n = n};
    if (!out || !entries || n > most || end < base)
        return STATUS_INVALID_PARAMETER;
    struct table *made = register_table(&t);
    if (!made)
        return STATUS_NO_MEMORY;
    made->id = (uintptr_t)made; /* nobody knows it yet */
    *out = made;
    return STATUS_SUCCESS;
}

VOID wvm_kit_RtlGrowFunctionTable(PVOID table, DWORD n)
{
    wvm_kit_lock(&tables_lock);
    ((struct table *)table)->n = n;
    wvm_kit_unlock(&tables_lock);
}

VOID wvm_kit_RtlDeleteGrowableFunctionTable(PVOID table)
{
    forget((uintptr_t)table);
}

/* ---- Looking up ---- */

static PIMAGE_RUNTIME_FUNCTION_ENTRY find_entry(const struct table *t, DWORD64 pc)
{
    DWORD low = 0, high = t->n;
    DWORD64 at = pc - t->base;
    while (low < high) {
        DWORD middle = low + (high - low) / 2;
        if (at < t->entries[middle].BeginAddress)
            high = middle;
        else if (at >= t->entries[middle].EndAddress)
            low = middle + 1;
        else
            return &t->entries[middle];
    }
    return NULL;
}

/* The table that has the address, copied; its entry when it has a table of entries. */
static bool find_table(DWORD64 pc, struct table *out, PIMAGE_RUNTIME_FUNCTION_ENTRY *entry)
{
    bool found = false;
    *entry = NULL;
    wvm_kit_lock(&tables_lock);
    for (const struct table *t = tables; t && !found; t = t->next) {
        if (pc < t->base || (t->end != 0 && pc >= t->end))
            continue;
        *entry = t->entries ? find_entry(t, pc) : NULL;
        found = *entry || !t->entries;
        *out = *t;
    }
    wvm_kit_unlock(&tables_lock);
    return found;
}

PIMAGE_RUNTIME_FUNCTION_ENTRY wvm_kit_RtlLookupFunctionEntry(DWORD64 pc, PDWORD64 base,
                                                             PVOID history)
{
    struct table t;
    PIMAGE_RUNTIME_FUNCTION_ENTRY entry;
    UNREFERENCED_PARAMETER(history);
    if (!find_table(pc, &t, &entry))
        return NULL;
    if (!entry && t.own)
        entry = t.own(pc, t.context);
    else if (!entry)
        entry = t.ms(pc, t.context);
    if (entry && base)
        *base = t.base;
    return entry;
}

/* ---- The stack ---- */

/* From the frame on that `caller` is of. */
static USHORT capture(DWORD skip, DWORD n, PVOID *out, PDWORD hash, void *caller)
{
    USHORT made = 0;
    DWORD sum = 0;
#if defined(HAS_BACKTRACE)
    void *frames[MOST_FRAMES];
    int got = backtrace(frames, MOST_FRAMES), first = 0;
    while (first < got && frames[first] != caller)
        first++;
    for (int i = first; i < got && made < n; i++) {
        if ((DWORD)(i - first) < skip)
            continue;
        out[made++] = frames[i];
        sum += (DWORD)(uintptr_t)frames[i];
    }
#else
    if (skip == 0 && n > 0) { /* the C library knows no more */
        out[made++] = caller;
        sum = (DWORD)(uintptr_t)caller;
    }
#endif
    if (hash && made > 0)
        *hash = sum;
    return made;
}

WVM_NOINLINE USHORT wvm_kit_RtlCaptureStackBackTrace(DWORD skip, DWORD n, PVOID *out, PDWORD hash)
{
    return capture(skip, n, out, hash, __builtin_return_address(0));
}

WVM_HIDDEN WVM_WINDOWS_CALL USHORT wvm_kit_ms_RtlCaptureStackBackTrace(DWORD skip, DWORD n,
                                                                       PVOID *out, PDWORD hash);
__attribute__((used, noinline)) WVM_WINDOWS_CALL WVM_ANY_STACK USHORT
wvm_kit_ms_RtlCaptureStackBackTrace(DWORD skip, DWORD n, PVOID *out, PDWORD hash)
{
    return capture(skip, n, out, hash, __builtin_return_address(0));
}

#define WVM_KIT_FUNCTION_TABLE
#define WVM_KIT_IN (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE | WINVM_IN_NTDLL)
#include "kit/kit_entry.h"
