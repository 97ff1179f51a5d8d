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
 * The choice per name: route_choose.h.
 * Symbols are looked up once, by the constructor or by the first call before it; a layer that is
 * loaded later by dlopen is not seen.
 * Locking: none here; the loader's own during the look-up.   Failure: without next, own answers.
 * Signal safety: yes after the look-up, as far as next is. */
#include "preload/route.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "api/entry.h"
#include "api/last_error.h"
#include "nt/nt_handle.h"
#include "preload/kit_route.h"
#include "preload/next.h"
#include "preload/route_choose.h"

#ifdef WVM_PLAIN_MS
#define OWN_ENTRY(name) wvm_ms_##name
#define RETURN_BYTES "$4" /* i386: stdcall takes its arguments off */
#define RETURN_BYTES_2 "$8"
#else
#define OWN_ENTRY(name) wvm_sysv_##name
#define RETURN_BYTES ""
#define RETURN_BYTES_2 ""
#endif

#if defined(__x86_64__)
/* The arguments in the places of both conventions: rdi, rsi and rcx, rdx, with the 32 bytes of
 * stack that a ms_abi function may use. Everything that either convention may change is
 * clobbered. */
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
        "movq %rdx, %rsi\n\t"
        "call *%rax\n\t"
        "addq $40, %rsp\n\t"
        ".cfi_adjust_cfa_offset -40\n\t"
        "ret\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_route_either, .-wvm_route_either\n");

/* r11 = the route. Saves what may hold an argument (and xmm6-15, which ms_abi callers keep there),
 * asks route_target, and jumps to its answer. */
__asm__(".p2align 4\n"
        ".globl wvm_route_thunk\n"
        ".hidden wvm_route_thunk\n"
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
        ".size wvm_route_return, .-wvm_route_return\n"
        ".globl wvm_route_return_2\n"
        ".hidden wvm_route_return_2\n"
        ".set wvm_route_return_2, wvm_route_return\n");

#define LOAD_ROUTE(name) "endbr64\n\tleaq wvm_route_" #name "(%rip), %r11\n\t"
#else
/* Both arguments on the stack; whoever takes them off, the stack is as it was behind the call. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl wvm_route_either\n"
        ".hidden wvm_route_either\n"
        ".type wvm_route_either, @function\n"
        "wvm_route_either:\n\t"
        ".cfi_startproc\n\t"
        "pushl %ebp\n\t"
        ".cfi_def_cfa_offset 8\n\t"
        ".cfi_offset %ebp, -8\n\t"
        "movl %esp, %ebp\n\t"
        ".cfi_def_cfa_register %ebp\n\t"
        "subl $8, %esp\n\t"
        "andl $-16, %esp\n\t"
        "subl $8, %esp\n\t"
        "pushl 16(%ebp)\n\t"
        "pushl 12(%ebp)\n\t"
        "call *8(%ebp)\n\t"
        "leave\n\t"
        ".cfi_def_cfa %esp, 4\n\t"
        "ret\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_route_either, .-wvm_route_either\n");

/* eax = the route. Asks route_target and jumps to its answer: at the start of a function of either
 * convention the three registers that are changed hold nothing. */
__asm__(".p2align 4\n"
        ".globl wvm_route_thunk\n"
        ".hidden wvm_route_thunk\n"
        ".type wvm_route_thunk, @function\n"
        "wvm_route_thunk:\n\t"
        ".cfi_startproc\n\t"
        "pushl %ebp\n\t"
        ".cfi_def_cfa_offset 8\n\t"
        ".cfi_offset %ebp, -8\n\t"
        "movl %esp, %ebp\n\t"
        ".cfi_def_cfa_register %ebp\n\t"
        "leal 8(%ebp), %ecx\n\t"
        "pushl %ecx\n\t" /* regs.args */
        "pushl %eax\n\t" /* regs.result */
        "movl %esp, %edx\n\t"
        "andl $-16, %esp\n\t"
        "subl $8, %esp\n\t"
        "pushl %edx\n\t"
        "pushl %eax\n\t"
        "call wvm_route_target\n\t"
        "movl %eax, %ecx\n\t"
        "movl -8(%ebp), %eax\n\t"
        "leave\n\t"
        ".cfi_def_cfa %esp, 4\n\t"
        "jmp *%ecx\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_route_thunk, .-wvm_route_thunk\n"
        ".p2align 4\n"
        ".globl wvm_route_return\n"
        ".hidden wvm_route_return\n"
        ".type wvm_route_return, @function\n"
        "wvm_route_return:\n\t"
        "ret " RETURN_BYTES "\n\t"
        ".size wvm_route_return, .-wvm_route_return\n"
        ".p2align 4\n"
        ".globl wvm_route_return_2\n"
        ".hidden wvm_route_return_2\n"
        ".type wvm_route_return_2, @function\n"
        "wvm_route_return_2:\n\t"
        "ret " RETURN_BYTES_2 "\n\t"
        ".size wvm_route_return_2, .-wvm_route_return_2\n");

#define LOAD_ROUTE(name) \
    "call 1f\n1:\tpopl %eax\n\tleal wvm_route_" #name " - 1b(%eax), %eax\n\t"
#endif

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
            LOAD_ROUTE(name)                                                                      \
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
#undef WVM_API_SHARED

#define WVM_API_SHARED(ret, name, params, args, trace) #name "\0"
static const char route_names[] =
#include "api/api_list.h"
    ;
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

struct wvm_route *wvm_route_of(const char *name)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i]->name, name) == 0)
            return routes[i];
    return NULL;
}

void wvm_route_learn(struct wvm_route *route, void *theirs)
{
    void *none = NULL;
    theirs = unless_winvm(theirs);
    if (theirs != NULL)
        __atomic_compare_exchange_n(&route->next, &none, theirs, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED);
}

static void tell_program(DWORD error)
{
    int saved = errno;
    wvm_route_either(program_set_last_error, error, 0);
    errno = saved;
}

/* The program's own pseudo handle for this process, when it has one. */
static HANDLE program_self(void)
{
    return (HANDLE)(uintptr_t)wvm_route_either(program_current_process, 0, 0);
}

void wvm_route_init(void)
{
    if (__atomic_load_n(&looked_up, __ATOMIC_ACQUIRE))
        return;
    int saved = errno;
    void *next[sizeof routes / sizeof routes[0]] = {NULL};
    wvm_kit_route_init();
    wvm_next_find(route_names, sizeof routes / sizeof routes[0], next);
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        __atomic_store_n(&routes[i]->next, next[i], __ATOMIC_RELAXED);
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

/* Where a call of a routed name goes, or of a name of the kit by its slot; called by the thunk. */
__attribute__((used)) WVM_HIDDEN void *wvm_route_target(const struct wvm_route *route,
                                                        struct route_regs *regs);
void *wvm_route_target(const struct wvm_route *route, struct route_regs *regs)
{
    int saved = errno;
    wvm_route_init();
    void *target = wvm_kit_route_is(route) ? wvm_kit_route_target(route, regs)
                                           : route->choose(route, regs);
    errno = saved;
    return target;
}
