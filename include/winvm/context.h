/* winvm/context.h: the registers of a thread, and what happened to it: CONTEXT, EXCEPTION_RECORD,
 * EXCEPTION_POINTERS, as winnt.h of the SDK has them. winnt.h includes this header.
 *
 * CONTEXT is that of the host's processor in the Windows layout; WOW64_CONTEXT is the 32-bit x86
 * one on every host. ContextFlags tells which parts of a context mean something: a function that
 * reads a context leaves the registers of the other parts alone.
 *
 * WINVM_NO_TYPES needs: DWORD. */
#ifndef WINVM_CONTEXT_H
#define WINVM_CONTEXT_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

#define CONTEXT_i386 0x00010000
#define CONTEXT_i486 0x00010000
#define CONTEXT_AMD64 0x00100000
#define CONTEXT_EXCEPTION_ACTIVE 0x08000000
#define CONTEXT_SERVICE_ACTIVE 0x10000000
#define CONTEXT_EXCEPTION_REQUEST 0x40000000
#define CONTEXT_EXCEPTION_REPORTING 0x80000000

/* ---- 32-bit x86 ---- */

#define WOW64_CONTEXT_i386 0x00010000
#define WOW64_CONTEXT_i486 0x00010000
#define WOW64_CONTEXT_CONTROL (WOW64_CONTEXT_i386 | 0x00000001)
#define WOW64_CONTEXT_INTEGER (WOW64_CONTEXT_i386 | 0x00000002)
#define WOW64_CONTEXT_SEGMENTS (WOW64_CONTEXT_i386 | 0x00000004)
#define WOW64_CONTEXT_FLOATING_POINT (WOW64_CONTEXT_i386 | 0x00000008)
#define WOW64_CONTEXT_DEBUG_REGISTERS (WOW64_CONTEXT_i386 | 0x00000010)
#define WOW64_CONTEXT_EXTENDED_REGISTERS (WOW64_CONTEXT_i386 | 0x00000020)
#define WOW64_CONTEXT_XSTATE (WOW64_CONTEXT_i386 | 0x00000040)
#define WOW64_CONTEXT_FULL \
    (WOW64_CONTEXT_CONTROL | WOW64_CONTEXT_INTEGER | WOW64_CONTEXT_SEGMENTS)
#define WOW64_CONTEXT_ALL                                                             \
    (WOW64_CONTEXT_FULL | WOW64_CONTEXT_FLOATING_POINT | WOW64_CONTEXT_DEBUG_REGISTERS | \
     WOW64_CONTEXT_EXTENDED_REGISTERS)
#define WOW64_SIZE_OF_80387_REGISTERS 80
#define WOW64_MAXIMUM_SUPPORTED_EXTENSION 512

typedef struct _WOW64_FLOATING_SAVE_AREA {
    DWORD ControlWord;
    DWORD StatusWord;
    DWORD TagWord;
    DWORD ErrorOffset;
    DWORD ErrorSelector;
    DWORD DataOffset;
    DWORD DataSelector;
    BYTE RegisterArea[WOW64_SIZE_OF_80387_REGISTERS];
    DWORD Cr0NpxState;
} WOW64_FLOATING_SAVE_AREA, *PWOW64_FLOATING_SAVE_AREA;

#define WINVM_CONTEXT_386_(save_area)                           \
    DWORD ContextFlags;                                         \
    DWORD Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;                         \
    save_area FloatSave;                                        \
    DWORD SegGs, SegFs, SegEs, SegDs;                           \
    DWORD Edi, Esi, Ebx, Edx, Ecx, Eax;                         \
    DWORD Ebp, Eip, SegCs, EFlags, Esp, SegSs;                  \
    BYTE ExtendedRegisters[WOW64_MAXIMUM_SUPPORTED_EXTENSION];

typedef struct _WOW64_CONTEXT {
    WINVM_CONTEXT_386_(WOW64_FLOATING_SAVE_AREA)
} WOW64_CONTEXT, *PWOW64_CONTEXT;

/* ---- 64-bit x86 ---- */

__extension__ typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

/* What fxsave writes. */
typedef struct DECLSPEC_ALIGN(16) _XMM_SAVE_AREA32 {
    WORD ControlWord;
    WORD StatusWord;
    BYTE TagWord;
    BYTE Reserved1;
    WORD ErrorOpcode;
    DWORD ErrorOffset;
    WORD ErrorSelector;
    WORD Reserved2;
    DWORD DataOffset;
    WORD DataSelector;
    WORD Reserved3;
    DWORD MxCsr;
    DWORD MxCsr_Mask;
    M128A FloatRegisters[8];
    M128A XmmRegisters[16];
    BYTE Reserved4[96];
} XMM_SAVE_AREA32, *PXMM_SAVE_AREA32;
typedef XMM_SAVE_AREA32 XSAVE_FORMAT, *PXSAVE_FORMAT;

/* ---- The host's ---- */

#if defined(__x86_64__)
#define CONTEXT_CONTROL (CONTEXT_AMD64 | 0x00000001)
#define CONTEXT_INTEGER (CONTEXT_AMD64 | 0x00000002)
#define CONTEXT_SEGMENTS (CONTEXT_AMD64 | 0x00000004)
#define CONTEXT_FLOATING_POINT (CONTEXT_AMD64 | 0x00000008)
#define CONTEXT_DEBUG_REGISTERS (CONTEXT_AMD64 | 0x00000010)
#define CONTEXT_XSTATE (CONTEXT_AMD64 | 0x00000040)
#define CONTEXT_FULL (CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT)
#define CONTEXT_ALL (CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS)

typedef XMM_SAVE_AREA32 FLOATING_SAVE_AREA, *PFLOATING_SAVE_AREA;

typedef struct DECLSPEC_ALIGN(16) _CONTEXT {
    ULONGLONG P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
    DWORD ContextFlags;
    DWORD MxCsr;
    WORD SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
    DWORD EFlags;
    ULONGLONG Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
    ULONGLONG Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi;
    ULONGLONG R8, R9, R10, R11, R12, R13, R14, R15;
    ULONGLONG Rip;
    __extension__ union {
        XMM_SAVE_AREA32 FltSave;
        XMM_SAVE_AREA32 FloatSave;
        __extension__ struct {
            M128A Header[2];
            M128A Legacy[8];
            M128A Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5, Xmm6, Xmm7;
            M128A Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    M128A VectorRegister[26];
    ULONGLONG VectorControl;
    ULONGLONG DebugControl;
    ULONGLONG LastBranchToRip;
    ULONGLONG LastBranchFromRip;
    ULONGLONG LastExceptionToRip;
    ULONGLONG LastExceptionFromRip;
} CONTEXT, *PCONTEXT, *LPCONTEXT;
#elif defined(__i386__)
#define CONTEXT_CONTROL WOW64_CONTEXT_CONTROL
#define CONTEXT_INTEGER WOW64_CONTEXT_INTEGER
#define CONTEXT_SEGMENTS WOW64_CONTEXT_SEGMENTS
#define CONTEXT_FLOATING_POINT WOW64_CONTEXT_FLOATING_POINT
#define CONTEXT_DEBUG_REGISTERS WOW64_CONTEXT_DEBUG_REGISTERS
#define CONTEXT_EXTENDED_REGISTERS WOW64_CONTEXT_EXTENDED_REGISTERS
#define CONTEXT_XSTATE WOW64_CONTEXT_XSTATE
#define CONTEXT_FULL WOW64_CONTEXT_FULL
#define CONTEXT_ALL WOW64_CONTEXT_ALL
#define SIZE_OF_80387_REGISTERS WOW64_SIZE_OF_80387_REGISTERS
#define MAXIMUM_SUPPORTED_EXTENSION WOW64_MAXIMUM_SUPPORTED_EXTENSION

typedef WOW64_FLOATING_SAVE_AREA FLOATING_SAVE_AREA, *PFLOATING_SAVE_AREA;

typedef struct _CONTEXT {
    WINVM_CONTEXT_386_(FLOATING_SAVE_AREA)
} CONTEXT, *PCONTEXT, *LPCONTEXT;
#else
typedef struct _CONTEXT CONTEXT, *PCONTEXT;
#endif

/* ---- Exceptions ---- */

#define EXCEPTION_CONTINUABLE 0
#define EXCEPTION_NONCONTINUABLE 0x1
#define EXCEPTION_UNWINDING 0x2
#define EXCEPTION_EXIT_UNWIND 0x4
#define EXCEPTION_STACK_INVALID 0x8
#define EXCEPTION_NESTED_CALL 0x10
#define EXCEPTION_TARGET_UNWIND 0x20
#define EXCEPTION_COLLIDED_UNWIND 0x40
#define EXCEPTION_UNWIND 0x66
#define EXCEPTION_MAXIMUM_PARAMETERS 15
/* ExceptionInformation[0] of an access violation. */
#define EXCEPTION_READ_FAULT 0
#define EXCEPTION_WRITE_FAULT 1
#define EXCEPTION_EXECUTE_FAULT 8

typedef struct _EXCEPTION_RECORD {
    DWORD ExceptionCode;
    DWORD ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    DWORD NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

typedef struct _EXCEPTION_RECORD32 {
    DWORD ExceptionCode;
    DWORD ExceptionFlags;
    DWORD ExceptionRecord;
    DWORD ExceptionAddress;
    DWORD NumberParameters;
    DWORD ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD32, *PEXCEPTION_RECORD32;

typedef struct _EXCEPTION_RECORD64 {
    DWORD ExceptionCode;
    DWORD ExceptionFlags;
    ULONGLONG ExceptionRecord;
    ULONGLONG ExceptionAddress;
    DWORD NumberParameters;
    DWORD __unusedAlignment;
    ULONGLONG ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD64, *PEXCEPTION_RECORD64;

typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS, *LPEXCEPTION_POINTERS;

typedef LONG(NTAPI *PVECTORED_EXCEPTION_HANDLER)(struct _EXCEPTION_POINTERS *ExceptionInfo);

WINVM_STATIC_ASSERT(sizeof(WOW64_CONTEXT) == 716, "WOW64_CONTEXT");
WINVM_STATIC_ASSERT(sizeof(WOW64_FLOATING_SAVE_AREA) == 112, "WOW64_FLOATING_SAVE_AREA");
WINVM_STATIC_ASSERT(sizeof(M128A) == 16 && __alignof__(M128A) == 16, "M128A");
WINVM_STATIC_ASSERT(sizeof(XMM_SAVE_AREA32) == 512, "XMM_SAVE_AREA32");
WINVM_STATIC_ASSERT(sizeof(EXCEPTION_RECORD32) == 80, "EXCEPTION_RECORD32");
WINVM_STATIC_ASSERT(sizeof(EXCEPTION_RECORD64) == 152, "EXCEPTION_RECORD64");
WINVM_STATIC_ASSERT(sizeof(EXCEPTION_RECORD) == (WINVM_64 ? 152 : 80), "EXCEPTION_RECORD");
WINVM_STATIC_ASSERT(sizeof(EXCEPTION_POINTERS) == 2 * sizeof(void *), "EXCEPTION_POINTERS");
#if defined(__x86_64__)
WINVM_STATIC_ASSERT(sizeof(CONTEXT) == 1232 && __alignof__(CONTEXT) == 16, "CONTEXT");
#elif defined(__i386__)
WINVM_STATIC_ASSERT(sizeof(CONTEXT) == 716, "CONTEXT");
#endif
#endif

/* Wine's headers have the structure under another tag. */
#ifdef WINVM_UNDER_WINE
typedef CONTEXT winvm_thread_context;
#else
typedef struct _CONTEXT winvm_thread_context;
#endif
struct _EXCEPTION_RECORD;

WINVM_BEGIN_DECLS

/* The caller's registers as they are behind the call: CONTEXT_FULL | CONTEXT_SEGMENTS. */
WINVM_DECLARE(void, RtlCaptureContext, (winvm_thread_context *ContextRecord));
/* Goes on with the registers that ContextFlags names; the others stay. The record is not used. */
WINVM_DECLARE(void, RtlRestoreContext,
              (winvm_thread_context *ContextRecord, struct _EXCEPTION_RECORD *ExceptionRecord));
/* RaiseException with a record of the caller's; sets its ExceptionAddress. */
WINVM_DECLARE(void, RtlRaiseException, (struct _EXCEPTION_RECORD *ExceptionRecord));

WINVM_END_DECLS

#endif
