/* How an exported name is made from a line of api_list.h.
 *
 * Each name has up to four functions, all thin:
 *   wvm_Foo        the meaning (nt/, api/)
 *   wvm_slow_Foo   the same behind the gate: starts the library, traces (entry_slow.c)
 *   wvm_sysv_Foo   entry in the compiler's convention (entry_sysv.c): System V, on i386 cdecl
 *   wvm_ms_Foo     entry in the Windows convention (entry_ms.c): ms_abi, on i386 stdcall
 * On x86-64 Foo is the first and winvm_ms_Foo the second, on i386 Foo is the second and
 * winvm_cdecl_Foo the first. The C names are hidden; the exported ones are assembler aliases, so
 * that no call inside the library can be captured by a program's function of the same name.
 *
 * The objects differ in what they export; on i386 read cdecl for ms, with the parts exchanged:
 *   libwinvm             Foo = wvm_sysv_Foo, all names
 *   libwinvm-ms          Foo = wvm_ms_Foo, all names
 *   libwinvm-preload     Foo = wvm_sysv_Foo, but a shared name goes through preload/route.c
 *   libwinvm-preload-ms  Foo = wvm_ms_Foo, likewise
 * Every object exports winvm_ms_Foo (winvm_cdecl_Foo). WVM_PLAIN_SYSV and WVM_PLAIN_MS say which
 * entries take the plain names, WVM_ROUTED that shared names are left to route.c. */
#ifndef WVM_API_ENTRY_H
#define WVM_API_ENTRY_H

#include <winvm/wdm.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#include "base/site.h"

/* What an entry touches lies in its own object: no detour through the global offset table. */
#pragma GCC visibility push(hidden)
#include "api/api.h"
#include "api/ring.h"
#include "api/trace.h"
#include "fault/fault.h"
#include "nt/nt_pool_first.h"

/* One identity per function, in the order of api_list.h; aliases share it. */
enum wvm_api_id {
#define WVM_API(ret, name, params, args, trace) WVM_ID_##name,
#define WVM_API_SHARED(ret, name, params, args, trace) WVM_ID_##name,
#define WVM_API_REGS(ret, name, params, args, trace) WVM_ID_##name,
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
    WVM_N_APIS
};

typedef void (*wvm_export_fn)(void);

/* What GetProcAddress hands out, by enum wvm_api_id, one table per convention. */
extern const wvm_export_fn wvm_exports_sysv[WVM_N_APIS];
extern const wvm_export_fn wvm_exports_ms[WVM_N_APIS];

/* Functions that hand out or take functions: for a caller of the Windows convention they are
 * wvm_NAME_ms (entry_ms.c). X(ret, name, params, args). */
#define WVM_API_MS(X)                                                                             \
    X(FARPROC, GetProcAddress, (HMODULE a, LPCSTR b), (a, b))                                     \
    X(PVOID, AddVectoredExceptionHandler, (ULONG a, PVECTORED_EXCEPTION_HANDLER b), (a, b))       \
    X(PVOID, AddVectoredContinueHandler, (ULONG a, PVECTORED_EXCEPTION_HANDLER b), (a, b))        \
    X(LPTOP_LEVEL_EXCEPTION_FILTER, SetUnhandledExceptionFilter,                                  \
      (LPTOP_LEVEL_EXCEPTION_FILTER a), (a))                                                      \
    X(NTSTATUS, ExInitializeLookasideListEx,                                                      \
      (PLOOKASIDE_LIST_EX a, PALLOCATE_FUNCTION_EX b, PFREE_FUNCTION_EX c, POOL_TYPE d, ULONG e,  \
       SIZE_T f, ULONG g, USHORT h), (a, b, c, d, e, f, g, h))                                    \
    X(VOID, ExInitializeNPagedLookasideList,                                                      \
      (PNPAGED_LOOKASIDE_LIST a, PALLOCATE_FUNCTION b, PFREE_FUNCTION c, ULONG d, SIZE_T e,       \
       ULONG f, USHORT g), (a, b, c, d, e, f, g))                                                 \
    X(VOID, ExInitializePagedLookasideList,                                                       \
      (PPAGED_LOOKASIDE_LIST a, PALLOCATE_FUNCTION b, PFREE_FUNCTION c, ULONG d, SIZE_T e,        \
       ULONG f, USHORT g), (a, b, c, d, e, f, g))
#define WVM_DECLARE_MS(ret, name, params, args) \
    ret wvm_##name##_ms params;                 \
    ret wvm_slow_##name##_ms params;
WVM_API_MS(WVM_DECLARE_MS)

#define WVM_API(ret, name, params, args, trace) ret wvm_slow_##name params;
#define WVM_API_SHARED(ret, name, params, args, trace) ret wvm_slow_##name params;
#define WVM_API_REGS(ret, name, params, args, trace)
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

/* Picks one of two words by whether a function returns a value. */
#define WVM_PICK_VOID(v, n) v
#define WVM_PICK_BOOL(v, n) n
#define WVM_PICK_BOOLEAN(v, n) n
#define WVM_PICK_PHYSICAL_ADDRESS(v, n) n
#define WVM_PICK_UINT(v, n) n
#define WVM_PICK_DWORD(v, n) n
#define WVM_PICK_ULONG(v, n) n
#define WVM_PICK_KIRQL(v, n) n
#define WVM_PICK_LONG(v, n) n
#define WVM_PICK_SIZE_T(v, n) n
#define WVM_PICK_NTSTATUS(v, n) n
#define WVM_PICK_LPVOID(v, n) n
#define WVM_PICK_PVOID(v, n) n
#define WVM_PICK_HANDLE(v, n) n
#define WVM_PICK_INT_PTR(v, n) n
#define WVM_PICK_int(v, n) n
#define WVM_PICK_HMODULE(v, n) n
#define WVM_PICK_HRESULT(v, n) n
#define WVM_PICK_FARPROC(v, n) n
#define WVM_PICK_LPTOP_LEVEL_EXCEPTION_FILTER(v, n) n

/* WVM_FIRST(name), at the beginning of an entry: the busiest calls are served before the gate is
 * looked at; what closes the gate closes the pools' fast way too (wvm_pool_close). */
#define WVM_FIRST(name) WVM_SECOND(WVM_FIRST_##name, WVM_NO_FIRST, ~)()
#define WVM_NO_FIRST()
#define WVM_FIRST_ExAllocatePoolWithTag ~, WVM_FIRST_ALLOC
#define WVM_FIRST_ExAllocatePool2 ~, WVM_FIRST_ALLOC2
#define WVM_FIRST_ExFreePoolWithTag ~, WVM_FIRST_FREE
#define WVM_FIRST_ExFreePool ~, WVM_FIRST_FREE_ANY
#define WVM_FIRST_ALLOC()                        \
    void *p;                                     \
    if (wvm_nt_pool_first_alloc(a, b, c, &p))    \
        return p;
#define WVM_FIRST_ALLOC2()                       \
    void *p;                                     \
    if (wvm_nt_pool_first_alloc2(a, b, c, &p))   \
        return p;
#define WVM_FIRST_FREE()                         \
    if (wvm_nt_pool_first_free(a, b))            \
        return;
#define WVM_FIRST_FREE_ANY()                     \
    if (wvm_nt_pool_first_free_any(a))           \
        return;

/* The body of an entry: past the gate, call, note the change. */
#define WVM_ENTRY_VALUE(name, type, args)            \
    {                                                \
        WVM_FIRST(name)                              \
        if (WVM_UNLIKELY(wvm_gate_bits() != 0)) {    \
            wvm_site = __builtin_return_address(0);  \
            return wvm_slow_##name args;             \
        }                                            \
        type result = wvm_##name args;               \
        WVM_NOTE(name, result)                       \
        return result;                               \
    }
#define WVM_ENTRY_VOID(name, type, args)             \
    {                                                \
        WVM_FIRST(name)                              \
        if (WVM_UNLIKELY(wvm_gate_bits() != 0)) {    \
            wvm_site = __builtin_return_address(0);  \
            wvm_slow_##name args;                    \
        } else {                                     \
            wvm_##name args;                         \
        }                                            \
    }

/* An entry that takes its caller's registers: pushes the function it stands for, nothing changed,
 * and goes to the part of fault_capture.c for its convention. On i386 it also pushes the bytes of
 * its arguments. */
#if defined(__x86_64__)
#define WVM_REGS_ENTRY(entry, name, enter)                                                        \
    __asm__(".text\n\t.p2align 4\n\t"                                                            \
            ".globl " #entry "\n\t.hidden " #entry "\n\t.type " #entry ", @function\n"            \
            #entry ":\n\t"                                                                        \
            ".cfi_startproc\n\t"                                                                  \
            "endbr64\n\t"                                                                         \
            "leaq -8(%rsp), %rsp\n\t"                                                             \
            ".cfi_adjust_cfa_offset 8\n\t"                                                        \
            "pushq %rax\n\t"                                                                      \
            ".cfi_adjust_cfa_offset 8\n\t"                                                        \
            "leaq wvm_regs_" #name "(%rip), %rax\n\t"                                             \
            "movq %rax, 8(%rsp)\n\t"                                                              \
            "popq %rax\n\t"                                                                       \
            ".cfi_adjust_cfa_offset -8\n\t"                                                       \
            "jmp " #enter "\n\t"                                                                  \
            ".cfi_endproc\n\t"                                                                    \
            ".size " #entry ", .-" #entry "\n");

#else
#define WVM_REGS_ENTRY(entry, name, enter)                                                        \
    WVM_REGS_ENTRY_OF_BYTES(entry, name, enter, WVM_REGS_BYTES_##name)
#define WVM_REGS_ENTRY_OF_BYTES(entry, name, enter, bytes) \
    WVM_REGS_ENTRY_(entry, name, enter, bytes)
#define WVM_REGS_ENTRY_(entry, name, enter, bytes)                                                \
    __asm__(".text\n\t.p2align 4\n\t"                                                            \
            ".globl " #entry "\n\t.hidden " #entry "\n\t.type " #entry ", @function\n"            \
            #entry ":\n\t"                                                                        \
            ".cfi_startproc\n\t"                                                                  \
            "leal -4(%esp), %esp\n\t"                                                             \
            ".cfi_adjust_cfa_offset 4\n\t"                                                        \
            "pushl %eax\n\t"                                                                      \
            ".cfi_adjust_cfa_offset 4\n\t"                                                        \
            "call 1f\n1:\n\t"                                                                     \
            ".cfi_adjust_cfa_offset 4\n\t"                                                        \
            "popl %eax\n\t"                                                                       \
            ".cfi_adjust_cfa_offset -4\n\t"                                                       \
            "leal wvm_regs_" #name " - 1b(%eax), %eax\n\t"                                        \
            "movl %eax, 4(%esp)\n\t"                                                              \
            "popl %eax\n\t"                                                                       \
            ".cfi_adjust_cfa_offset -4\n\t"                                                       \
            "pushl $" #bytes "\n\t"                                                               \
            ".cfi_adjust_cfa_offset 4\n\t"                                                        \
            "jmp " #enter "\n\t"                                                                  \
            ".cfi_endproc\n\t"                                                                    \
            ".size " #entry ", .-" #entry "\n");
#define WVM_REGS_BYTES_RaiseException 16
#define WVM_REGS_BYTES_NtContinue 8
#define WVM_REGS_BYTES_RtlRaiseException 4
#define WVM_REGS_BYTES_RtlCaptureContext 4
#define WVM_REGS_BYTES_RtlRestoreContext 8
#endif

/* The second of the words that the arguments expand to. */
#define WVM_SECOND(...) WVM_SECOND_(__VA_ARGS__)
#define WVM_SECOND_(a, b, ...) b

/* A second symbol for a function of this file; the weak form gives way to a program's own
 * function in a static link. */
#define WVM_ALIAS(alias, target) WVM_ALIAS_AS(".globl ", alias, target)
#define WVM_WEAK_ALIAS(alias, target) WVM_ALIAS_AS(".weak ", alias, target)
#define WVM_ALIAS_AS(kind, alias, target)            \
    __asm__(kind #alias "\n\t"                       \
            ".type " #alias ", @function\n\t"        \
            ".set " #alias ", " #target);

/* WVM_UNLESS_ROUTED(name)(alias, target): an alias, but nothing where route.c defines it. Shared
 * names that have an alias are named here. */
#ifdef WVM_ROUTED
#define WVM_ROUTED_NtClose ~, WVM_NO_ALIAS
#define WVM_ROUTED_NtCompareObjects ~, WVM_NO_ALIAS
#define WVM_ROUTED_NtDuplicateObject ~, WVM_NO_ALIAS
#define WVM_ROUTED_NtQueryObject ~, WVM_NO_ALIAS
#endif
#define WVM_NO_ALIAS(alias, target)
#define WVM_UNLESS_ROUTED(name) WVM_SECOND(WVM_ROUTED_##name, WVM_ALIAS, ~)

#pragma GCC visibility pop

#endif
