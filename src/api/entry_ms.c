/* The entries in the Windows convention of the machine: ms_abi, on i386 stdcall.
 *
 * Owns    wvm_ms_NAME for every line of api_list.h, exported as winvm_ms_NAME (on i386 only under
 *         the plain names), and the table that GetProcAddress hands out to callers of this
 *         convention.
 * I1  An entry adds one test of the gate word and, for calls that change memory, one ring entry.
 * I2  The plain names exist only with WVM_PLAIN_MS; shared names then only without WVM_ROUTED.
 * I3  GetProcAddress answers with entries of this file; handlers and filters that are registered
 *     through this file have the Windows convention.
 * The compiler saves what the two conventions treat differently (rdi, rsi, xmm6-15) around each
 * call, and aligns the stack on i386.
 * Locking: none.   Failure and signal safety: those of the function called. */
#define WVM_ENTRY(name) wvm_ms_##name
#define WVM_ENTRY_ABI WVM_WINDOWS_CALL WVM_ANY_STACK
#define WVM_ENTRY_REGS wvm_enter_ms
#define WVM_ENTRY_TABLE wvm_exports_ms
#ifdef WVM_PLAIN_MS
#define WVM_ENTRY_PLAIN
#endif

#include "api/entry.h"
#define wvm_GetProcAddress wvm_GetProcAddress_ms
#define wvm_slow_GetProcAddress wvm_slow_GetProcAddress_ms
#define wvm_AddVectoredExceptionHandler wvm_AddVectoredExceptionHandler_ms
#define wvm_slow_AddVectoredExceptionHandler wvm_slow_AddVectoredExceptionHandler_ms
#define wvm_AddVectoredContinueHandler wvm_AddVectoredContinueHandler_ms
#define wvm_slow_AddVectoredContinueHandler wvm_slow_AddVectoredContinueHandler_ms
#define wvm_SetUnhandledExceptionFilter wvm_SetUnhandledExceptionFilter_ms
#define wvm_slow_SetUnhandledExceptionFilter wvm_slow_SetUnhandledExceptionFilter_ms
#define wvm_ExInitializeLookasideListEx wvm_ExInitializeLookasideListEx_ms
#define wvm_slow_ExInitializeLookasideListEx wvm_slow_ExInitializeLookasideListEx_ms
#define wvm_ExInitializeNPagedLookasideList wvm_ExInitializeNPagedLookasideList_ms
#define wvm_slow_ExInitializeNPagedLookasideList wvm_slow_ExInitializeNPagedLookasideList_ms
#define wvm_ExInitializePagedLookasideList wvm_ExInitializePagedLookasideList_ms
#define wvm_slow_ExInitializePagedLookasideList wvm_slow_ExInitializePagedLookasideList_ms

#include "api/entry_make.h"

#if defined(__x86_64__)
#define WVM_API(ret, name, params, args, trace) WVM_ALIAS(winvm_ms_##name, wvm_ms_##name)
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS WVM_API
#define WVM_API_ALIAS(alias, name) WVM_ALIAS(winvm_ms_##alias, wvm_ms_##name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
#endif
