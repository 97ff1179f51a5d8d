/* The kit's plain names in a preload object, and who answers when the program has them too.
 *
 * A name that a library behind this object defines is that library's, wherever it is called from:
 * a platform layer of the program's keeps every function it has. A call about a handle of winvm's
 * stays here all the same, since no other could serve it.
 * Terms   own = the kit's function; next = the program's; see route.c.
 *         slot = where calls of a name go; NULL: to be decided by route_target.
 * I1  A process that calls no name of the kit pays nothing: the slots are untouched zeros, and the
 *     tables hold distances, which need no relocation.
 * I2  The first call of any of the names looks all of them up, without malloc (next.c); it never
 *     changes after that. A layer that is loaded later by dlopen is not seen.
 * I3  The slot of a name whose calls are chosen one by one stays NULL.
 * I4  A definition in the executable itself is never captured: it precedes us.
 * Locking: none; two threads that look up at once store the same.   Failure: none.
 * Signal safety: yes after the look-up. */
#include "preload/kit_route.h"

#include <stdint.h>
#include <string.h>

#include "base/annotate.h"
#include "base/arith.h"
#include "api/module.h"
#include "kit/kit_exports.h"
#include "nt/nt_handle.h"
#include "preload/io.h"
#include "preload/next.h"

#define WVM_KIT_ALL
#define X(ret, name, params, args) #name "\0"
#define F X
static const char names[] =
#include "kit/kit_list.h"
    ;
#undef X

#define X(ret, name, params, args) WVM_KIT_ID_##name,
enum {
#include "kit/kit_list.h"
    N_NAMES
};
#undef X

void *wvm_kit_slots[N_NAMES] WVM_HIDDEN;
static void *nexts[N_NAMES];
static bool looked_up;

/* Of each name: the distances to the kit's function and to the exported one. */
struct places {
    int32_t own;
    int32_t routed;
};
extern const struct places wvm_kit_places[N_NAMES] WVM_HIDDEN;

#ifdef WVM_PLAIN_MS
#define OWN_NAME(name) "wvm_kit_ms_" #name
#else
#define OWN_NAME(name) "wvm_kit_" #name
#endif

/* The exported functions. i386: what registers they change hold nothing at a function's start. */
#if defined(__x86_64__)
#define GO_BY_SLOT                                          \
    "endbr64\n\t"                                           \
    "movq wvm_kit_slots + 8*wvm_kit_nr(%rip), %r11\n\t"     \
    "testq %r11, %r11\n\t"                                  \
    "jz 1f\n\t"                                             \
    "jmp *%r11\n"                                           \
    "1:\tleaq wvm_kit_slots + 8*wvm_kit_nr(%rip), %r11\n\t"
#else
#define GO_BY_SLOT                                           \
    "call 1f\n1:\tpopl %eax\n\t"                             \
    "leal wvm_kit_slots + 4*wvm_kit_nr - 1b(%eax), %eax\n\t" \
    "movl (%eax), %ecx\n\t"                                  \
    "testl %ecx, %ecx\n\t"                                   \
    "jz 1f\n\t"                                              \
    "jmp *%ecx\n"                                            \
    "1:\t"
#endif
#define SYMBOL(kind, symbol) kind " " symbol "\n\t.type " symbol ", @function\n" symbol ":\n\t"

#define X(ret, name, params, args)                                               \
    ".p2align 4\n\t.hidden wvm_kit_routed_" #name "\n\t"                         \
    SYMBOL(".globl", #name) SYMBOL(".globl", "wvm_kit_routed_" #name)            \
    GO_BY_SLOT "jmp wvm_route_thunk\n\t"                                         \
    ".size " #name ", .-" #name "\n\t"                                           \
    ".pushsection .rodata.wvm_kit_places, \"a\", @progbits\n\t"                  \
    ".long " OWN_NAME(name) " - .\n\t.long wvm_kit_routed_" #name " - .\n\t"     \
    ".popsection\n\t"                                                            \
    ".set wvm_kit_nr, wvm_kit_nr + 1\n\t"
__asm__(".pushsection .rodata.wvm_kit_places, \"a\", @progbits\n\t"
        ".balign 4\n\t.globl wvm_kit_places\n\t.hidden wvm_kit_places\n"
        "wvm_kit_places:\n\t"
        ".popsection\n\t"
        ".text\n\t.set wvm_kit_nr, 0\n\t"
#include "kit/kit_list.h"
);
#undef X
#undef F

/* Calls that are about a handle, by their first argument; of several, by the first of them. */
static const char by_handle[] =
    "WaitForSingleObject\0" "WaitForSingleObjectEx\0" "SignalObjectAndWait\0" "SetEvent\0"
    "ResetEvent\0" "PulseEvent\0" "ReleaseMutex\0" "ReleaseSemaphore\0" "GetExitCodeThread\0"
    "GetExitCodeProcess\0"
    "GetThreadId\0" "ResumeThread\0" "SuspendThread\0" "TerminateThread\0" "GetThreadContext\0"
    "SetThreadContext\0" "GetThreadPriority\0" "SetThreadPriority\0" "AdjustTokenPrivileges\0"
    "GetFileInformationByHandle\0" "GetFileInformationByHandleEx\0"
    "SetFileInformationByHandle\0" "GetFinalPathNameByHandleA\0" "GetFinalPathNameByHandleW\0"
    "GetFileTime\0" "SetFileTime\0" "SetFileValidData\0" "LockFile\0" "LockFileEx\0"
    "UnlockFile\0" "UnlockFileEx\0" "GetOverlappedResult\0" "GetOverlappedResultEx\0"
    "CancelIo\0" "CancelIoEx\0" "DeviceIoControl\0" "PeekNamedPipe\0";
static const char by_handles[] = "WaitForMultipleObjects\0" "WaitForMultipleObjectsEx\0";

static const char *name_of(size_t i)
{
    const char *name = names;
    while (i-- > 0)
        name += strlen(name) + 1;
    return name;
}

static bool is_in(const char *list, const char *name)
{
    for (; *list != '\0'; list += strlen(list) + 1)
        if (strcmp(list, name) == 0)
            return true;
    return false;
}

static void *own_of(size_t i)
{
    return (char *)(uintptr_t)&wvm_kit_places[i].own + wvm_kit_places[i].own;
}

static void look_up(void)
{
    void *found[N_NAMES] = {NULL};
    if (__atomic_load_n(&looked_up, __ATOMIC_ACQUIRE))
        return;
    wvm_next_find(names, N_NAMES, found);
    const char *name = names;
    for (size_t i = 0; i < N_NAMES; i++, name += strlen(name) + 1) {
        __atomic_store_n(&nexts[i], found[i], __ATOMIC_RELAXED);
        bool chosen = found[i] != NULL && (is_in(by_handle, name) || is_in(by_handles, name));
        void *target = found[i] != NULL ? found[i] : own_of(i);
        __atomic_store_n(&wvm_kit_slots[i], chosen ? NULL : target, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&looked_up, true, __ATOMIC_RELEASE);
}

void wvm_kit_route_init(void)
{
    wvm_exports_own(WVM_KIT_EXPORTS, WVM_KIT_EXPORTS_END);
}

bool wvm_kit_route_is(const void *slot)
{
    return (uintptr_t)slot - (uintptr_t)wvm_kit_slots < sizeof wvm_kit_slots;
}

void *wvm_kit_route_target(const void *slot, struct route_regs *regs)
{
    size_t i = (size_t)((void *const *)slot - wvm_kit_slots);
    HANDLE handle = (HANDLE)(uintptr_t)ARG(regs, 0);
    look_up();
    void *next = __atomic_load_n(&nexts[i], __ATOMIC_RELAXED);
    if (next == NULL)
        return own_of(i);
    const char *name = name_of(i);
    if (is_in(by_handles, name) && !wvm_io_peek(&handle, (void *)(uintptr_t)ARG(regs, 1),
                                                sizeof handle))
        return next;
    if (!is_in(by_handles, name) && !is_in(by_handle, name))
        return next;
    return wvm_handle_is_ours(handle) ? own_of(i) : next;
}

void *wvm_kit_route_exported(const char *name, bool *is_shared)
{
    const char *known = names;
    look_up();
    for (size_t i = 0; i < N_NAMES; i++, known += strlen(known) + 1) {
        if (strcmp(known, name) != 0)
            continue;
        *is_shared = nexts[i] != NULL;
        return (char *)(uintptr_t)&wvm_kit_places[i].routed + wvm_kit_places[i].routed;
    }
    return NULL;
}
