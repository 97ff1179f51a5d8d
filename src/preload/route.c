/* Names that a program's own platform layer may define too, in the preload objects.
 *
 * A preload object comes first in symbol resolution, so its CloseHandle captures the calls meant
 * for the CloseHandle of a program's own library (a weak symbol would capture them as well).
 * Which one is meant is decided at each call by what the call is about: a handle or module of
 * winvm's stays here, anything else goes to the next definition in load order, when there is one.
 * Terms   own = our entry; next = the definition that the program would have got without us;
 *         either = a call that a function of either calling convention understands.
 * I1  To next goes a tail jump with all argument registers and the stack as the caller left
 *     them: its convention and its prototype need not be known.
 * I2  A definition in the executable itself is never captured: it precedes us.
 * I3  Another copy of winvm (libwinvm.so) is never next.
 * I4  winvm itself calls its hidden functions only, so nothing here can capture its own calls.
 * I5  A failure of winvm's reaches the program's SetLastError, wherever that is, and never the
 *     other way round; the thread's value inside winvm is kept as well.
 * The choice per name:
 *   GetLastError SetLastError GetCurrentProcess GetCurrentProcessId   next
 *   GetErrorMode SetErrorMode    next
 *   RaiseException RtlRaiseException SetUnhandledExceptionFilter UnhandledExceptionFilter
 *   RtlCaptureContext RtlRestoreContext NtContinue
 *                                next: a layer that raises exceptions has handlers of its own
 *   CloseHandle NtClose GetHandleInformation SetHandleInformation NtQueryObject
 *                                own for handles that were made here
 *   DuplicateHandle NtDuplicateObject    own when the source is such a handle
 *   CompareObjectHandles NtCompareObjects    own when one of the two is
 *   ReadFile WriteFile SetFilePointer SetFilePointerEx SetEndOfFile GetFileSize GetFileSizeEx
 *   GetFileType FlushFileBuffers _open_osfhandle
 *                                own for handles that were made here
 *   CreateFile DeleteFile GetTempPath GetTempFileName _get_osfhandle
 *                                next: its files are for its other calls
 *   OpenProcess                  own when only rights to memory and queries are asked for
 *   GetModuleHandle LoadLibrary  winvm's module names: the handle of next's module, which then
 *                                stands for ours too, or our own handle when next has none;
 *                                others: next
 *   GetProcAddress               own for names that winvm exports from such a module, else next
 *   FreeLibrary                  own for our own handles
 *   RtlNtStatusToDosError        own for statuses that winvm knows
 * Symbols are looked up once, by the constructor or by the first call before it; a layer that is
 * loaded later by dlopen is not seen.
 * Locking: none here; the loader's own during the look-up.   Failure: without next, own answers.
 * Signal safety: yes after the look-up, as far as next is. */
#include "preload/route.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/entry.h"
#include "api/last_error.h"
#include "api/module.h"
#include "api/status_map.h"
#include "nt/nt_handle.h"

/* The caller's registers, as the thunk below stores them. */
struct route_regs {
    uint64_t rdi, rsi, rdx, rcx, r8, r9, rax, r10;
};

struct wvm_route;
typedef void *route_choice(const struct wvm_route *route, struct route_regs *regs);

struct wvm_route {
    const char *name;
    void *own;
    route_choice *choose;
    void *next;         /* NULL: none */
};

#ifdef WVM_PLAIN_MS
#define OWN_ENTRY(name) wvm_ms_##name
#define ARG(regs, n) \
    ((n) == 0 ? (regs)->rcx : (n) == 1 ? (regs)->rdx : (n) == 2 ? (regs)->r8 : (regs)->r9)
#else
#define OWN_ENTRY(name) wvm_sysv_##name
#define ARG(regs, n) \
    ((n) == 0 ? (regs)->rdi : (n) == 1 ? (regs)->rsi : (n) == 2 ? (regs)->rdx : (regs)->rcx)
#endif

/* Calls fn with one argument in the places of both conventions: rdi and rcx, with the 32 bytes of
 * stack that a ms_abi function may use. Everything that either convention may change is
 * clobbered. */
uint64_t wvm_route_either(void *fn, uint64_t arg) WVM_HIDDEN;
__asm__(".text\n"
        ".p2align 4\n"
        ".globl wvm_route_either\n"
        ".hidden wvm_route_either\n"
        ".type wvm_route_either, @function\n"
        "wvm_route_either:\n\t"
        ".cfi_startproc\n\t"
        "endbr64\n\t"
        "subq $40, %rsp\n\t"
        ".cfi_adjust_cfa_offset 40\n\t"
        "movq %rdi, %rax\n\t"
        "movq %rsi, %rdi\n\t"
        "movq %rsi, %rcx\n\t"
        "call *%rax\n\t"
        "addq $40, %rsp\n\t"
        ".cfi_adjust_cfa_offset -40\n\t"
        "ret\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_route_either, .-wvm_route_either\n");

/* Returns to the caller of a routed name with the value that a choice left in regs->rax. */
void wvm_route_return(void) WVM_HIDDEN;
/* r11 = the route. Saves what may hold an argument (and xmm6-15, which ms_abi callers keep there),
 * asks route_target, and jumps to its answer. */
__asm__(".p2align 4\n"
        ".type wvm_route_thunk, @function\n"
        "wvm_route_thunk:\n\t"
        ".cfi_startproc\n\t"
        "pushq %rbp\n\t"
        ".cfi_def_cfa_offset 16\n\t"
        ".cfi_offset %rbp, -16\n\t"
        "movq %rsp, %rbp\n\t"
        ".cfi_def_cfa_register %rbp\n\t"
        "subq $320, %rsp\n\t"
        "movq %rdi, (%rsp)\n\t"
        "movq %rsi, 8(%rsp)\n\t"
        "movq %rdx, 16(%rsp)\n\t"
        "movq %rcx, 24(%rsp)\n\t"
        "movq %r8, 32(%rsp)\n\t"
        "movq %r9, 40(%rsp)\n\t"
        "movq %rax, 48(%rsp)\n\t"
        "movq %r10, 56(%rsp)\n\t"
        ".set n, 0\n\t"
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
        "movups %xmm\\r, 64+16*\\r(%rsp)\n\t"
        ".endr\n\t"
        "movq %r11, %rdi\n\t"
        "movq %rsp, %rsi\n\t"
        "call wvm_route_target\n\t"
        "movq %rax, %r11\n\t"
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
        "movups 64+16*\\r(%rsp), %xmm\\r\n\t"
        ".endr\n\t"
        "movq (%rsp), %rdi\n\t"
        "movq 8(%rsp), %rsi\n\t"
        "movq 16(%rsp), %rdx\n\t"
        "movq 24(%rsp), %rcx\n\t"
        "movq 32(%rsp), %r8\n\t"
        "movq 40(%rsp), %r9\n\t"
        "movq 48(%rsp), %rax\n\t"
        "movq 56(%rsp), %r10\n\t"
        "leave\n\t"
        ".cfi_def_cfa %rsp, 8\n\t"
        "jmp *%r11\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_route_thunk, .-wvm_route_thunk\n"
        ".p2align 4\n"
        ".globl wvm_route_return\n"
        ".hidden wvm_route_return\n"
        ".type wvm_route_return, @function\n"
        "wvm_route_return:\n\t"
        "ret\n\t"
        ".size wvm_route_return, .-wvm_route_return\n");

static void *next_or_own(const struct wvm_route *route)
{
    return route->next != NULL ? route->next : route->own;
}

static void *choose_next(const struct wvm_route *route, struct route_regs *regs)
{
    (void)regs;
    return next_or_own(route);
}

static void *choose_by_handle(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 0)) ? route->own : next_or_own(route);
}

static void *choose_by_second(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 1)) ? route->own : next_or_own(route);
}

/* One of ours and one that is not are two objects: ours to say. */
static void *choose_by_either(const struct wvm_route *route, struct route_regs *regs)
{
    return wvm_handle_is_ours((HANDLE)ARG(regs, 1)) ? route->own : choose_by_handle(route, regs);
}

static void *choose_by_access(const struct wvm_route *route, struct route_regs *regs)
{
    const uint32_t memory = PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE;
    const uint32_t query = PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION;
    uint32_t access = (uint32_t)ARG(regs, 0);
    return (access & memory) != 0 && (access & ~(memory | query)) == 0 ? route->own
                                                                      : next_or_own(route);
}

/* Our module's name: next is asked for its module, which stands for ours from then on. */
static void *choose_module(const struct wvm_route *route, struct route_regs *regs, HMODULE ours)
{
    if (ours == NULL || route->next == NULL)
        return ours != NULL ? route->own : next_or_own(route);
    HMODULE theirs = (HMODULE)(uintptr_t)wvm_route_either(route->next, ARG(regs, 0));
    if (theirs == NULL || !wvm_module_adopt(theirs, ours))
        return route->own;
    regs->rax = (uintptr_t)theirs;
    return (void *)wvm_route_return;
}

static void *choose_module_a(const struct wvm_route *route, struct route_regs *regs)
{
    return choose_module(route, regs, wvm_module_find_a((LPCSTR)ARG(regs, 0)));
}

static void *choose_module_w(const struct wvm_route *route, struct route_regs *regs)
{
    return choose_module(route, regs, wvm_module_find_w((LPCWSTR)ARG(regs, 0)));
}

static void *choose_function(const struct wvm_route *route, struct route_regs *regs)
{
    HMODULE module = (HMODULE)ARG(regs, 0);
    bool stays = wvm_module_is_adopted(module) ? wvm_module_exports(module, (LPCSTR)ARG(regs, 1))
                                               : wvm_module_is_ours(module);
    return stays ? route->own : next_or_own(route);
}

static void *choose_free(const struct wvm_route *route, struct route_regs *regs)
{
    HMODULE module = (HMODULE)ARG(regs, 0);
    return wvm_module_is_ours(module) && !wvm_module_is_adopted(module) ? route->own
                                                                       : next_or_own(route);
}

static void *choose_by_status(const struct wvm_route *route, struct route_regs *regs)
{
    uint32_t status = (uint32_t)ARG(regs, 0);
    return wvm_status_to_error(status) != ERROR_MR_MID_NOT_FOUND ? route->own : next_or_own(route);
}

#define CHOICE_GetLastError choose_next
#define CHOICE_SetLastError choose_next
#define CHOICE_GetCurrentProcess choose_next
#define CHOICE_GetCurrentProcessId choose_next
#define CHOICE_GetErrorMode choose_next
#define CHOICE_SetErrorMode choose_next
#define CHOICE_RaiseException choose_next
#define CHOICE_RtlRaiseException choose_next
#define CHOICE_SetUnhandledExceptionFilter choose_next
#define CHOICE_UnhandledExceptionFilter choose_next
#define CHOICE_RtlCaptureContext choose_next
#define CHOICE_RtlRestoreContext choose_next
#define CHOICE_NtContinue choose_next
#define CHOICE_OpenProcess choose_by_access
#define CHOICE_CloseHandle choose_by_handle
#define CHOICE_NtClose choose_by_handle
#define CHOICE_DuplicateHandle choose_by_second
#define CHOICE_NtDuplicateObject choose_by_second
#define CHOICE_GetHandleInformation choose_by_handle
#define CHOICE_SetHandleInformation choose_by_handle
#define CHOICE_NtQueryObject choose_by_handle
#define CHOICE_CompareObjectHandles choose_by_either
#define CHOICE_NtCompareObjects choose_by_either
#define CHOICE_CreateFileA choose_next
#define CHOICE_CreateFileW choose_next
#define CHOICE_ReadFile choose_by_handle
#define CHOICE_WriteFile choose_by_handle
#define CHOICE_SetFilePointer choose_by_handle
#define CHOICE_SetFilePointerEx choose_by_handle
#define CHOICE_SetEndOfFile choose_by_handle
#define CHOICE_GetFileSize choose_by_handle
#define CHOICE_GetFileSizeEx choose_by_handle
#define CHOICE_GetFileType choose_by_handle
#define CHOICE_FlushFileBuffers choose_by_handle
#define CHOICE_DeleteFileA choose_next
#define CHOICE_DeleteFileW choose_next
#define CHOICE_GetTempPathA choose_next
#define CHOICE_GetTempPathW choose_next
#define CHOICE_GetTempFileNameA choose_next
#define CHOICE_GetTempFileNameW choose_next
#define CHOICE__get_osfhandle choose_next
#define CHOICE__open_osfhandle choose_by_handle
#define CHOICE_GetModuleHandleA choose_module_a
#define CHOICE_GetModuleHandleW choose_module_w
#define CHOICE_LoadLibraryA choose_module_a
#define CHOICE_LoadLibraryW choose_module_w
#define CHOICE_GetProcAddress choose_function
#define CHOICE_FreeLibrary choose_free
#define CHOICE_RtlNtStatusToDosError choose_by_status

/* The routes, and for each the exported name: it loads the route and goes to the thunk. */
#define ROUTED_SYMBOL(name)                                                                       \
    ".globl " #name "\n\t.type " #name ", @function\n" #name ":\n\t"

#define WVM_API(ret, name, params, args, trace)
#define WVM_API_ALIAS(alias, name)
#define WVM_API_SHARED(ret, name, params, args, trace)                                            \
    extern void OWN_ENTRY(name)(void) WVM_HIDDEN;                                                 \
    extern struct wvm_route wvm_route_##name WVM_HIDDEN;                                          \
    __attribute__((used)) struct wvm_route wvm_route_##name = {                                   \
        #name, (void *)OWN_ENTRY(name), CHOICE_##name, NULL};                                     \
    __asm__(".text\n\t.p2align 4\n\t.hidden wvm_routed_" #name "\n\t"                             \
            ROUTED_SYMBOL(name) ROUTED_SYMBOL(wvm_routed_##name)                                  \
            "endbr64\n\t"                                                                         \
            "leaq wvm_route_" #name "(%rip), %r11\n\t"                                            \
            "jmp wvm_route_thunk\n\t"                                                             \
            ".size " #name ", .-" #name "\n");
#define WVM_API_REGS WVM_API_SHARED
#include "api/api_list.h"
#undef WVM_API_SHARED

/* The Zw names of routed calls. */
#define ROUTED_ALIAS(alias, name) \
    __asm__(".globl " #alias "\n\t.type " #alias ", @function\n\t.set " #alias ", " #name "\n")
ROUTED_ALIAS(ZwClose, NtClose);
ROUTED_ALIAS(ZwCompareObjects, NtCompareObjects);
ROUTED_ALIAS(ZwDuplicateObject, NtDuplicateObject);
ROUTED_ALIAS(ZwQueryObject, NtQueryObject);

#define WVM_API_SHARED(ret, name, params, args, trace) &wvm_route_##name,
static struct wvm_route *const routes[] = {
#include "api/api_list.h"
};
#undef WVM_API
#undef WVM_API_ALIAS
#undef WVM_API_SHARED
#undef WVM_API_REGS

static void *program_set_last_error;
static void *program_current_process;
static bool looked_up;

static void *base_of(void *symbol)
{
    Dl_info info;
    return symbol != NULL && dladdr(symbol, &info) != 0 ? info.dli_fbase : NULL;
}

/* Drops a definition that lies in this object or in another copy of winvm. */
static void *unless_winvm(void *symbol)
{
    void *base = base_of(symbol);
    if (base == NULL || base == base_of((void *)wvm_route_return) ||
        base == base_of(dlsym(RTLD_NEXT, "winvm_version")))
        return NULL;
    return symbol;
}

/* The definition that the program's own calls reach: the executable's, else the next one. */
static void *program_definition(const struct wvm_route *route)
{
    void *first = unless_winvm(dlsym(RTLD_DEFAULT, route->name));
    return first != NULL ? first : route->next;
}

static void tell_program(DWORD error)
{
    int saved = errno;
    wvm_route_either(program_set_last_error, error);
    errno = saved;
}

/* The program's own pseudo handle for this process, when it has one. */
static HANDLE program_self(void)
{
    return (HANDLE)(uintptr_t)wvm_route_either(program_current_process, 0);
}

void wvm_route_init(void)
{
    if (__atomic_load_n(&looked_up, __ATOMIC_ACQUIRE))
        return;
    int saved = errno;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        void *next = unless_winvm(dlsym(RTLD_NEXT, routes[i]->name));
        __atomic_store_n(&routes[i]->next, next, __ATOMIC_RELAXED);
    }
    program_set_last_error = program_definition(&wvm_route_SetLastError);
    if (program_set_last_error != NULL)
        __atomic_store_n(&wvm_last_error_hook, tell_program, __ATOMIC_RELEASE);
    program_current_process = program_definition(&wvm_route_GetCurrentProcess);
    if (program_current_process != NULL)
        __atomic_store_n(&wvm_handle_other_self, program_self, __ATOMIC_RELEASE);
    dlerror();
    errno = saved;
    __atomic_store_n(&looked_up, true, __ATOMIC_RELEASE);
}

/* Where a call of a routed name goes; called by the thunk. */
__attribute__((used)) WVM_HIDDEN void *wvm_route_target(const struct wvm_route *route,
                                                        struct route_regs *regs);
void *wvm_route_target(const struct wvm_route *route, struct route_regs *regs)
{
    int saved = errno;
    wvm_route_init();
    void *target = route->choose(route, regs);
    errno = saved;
    return target;
}
