/* winvm/rtlsupportapi.h: tables of functions of code that a program makes, and the calls on the
 * stack; memory compared (libwinvm-kit). Nothing in winvm unwinds by these tables: they are kept
 * for who looks them up.
 *
 * WINVM_NO_TYPES needs: BOOLEAN DWORD DWORD64 NTSTATUS PVOID SIZE_T ULONG_PTR USHORT PCWSTR
 * PRUNTIME_FUNCTION PGET_RUNTIME_FUNCTION_CALLBACK. */
#ifndef WINVM_RTLSUPPORTAPI_H
#define WINVM_RTLSUPPORTAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

#if WINVM_64
/* The table is sorted by address, has offsets from BaseAddress, and stays the program's. FALSE:
 * NULL, or no memory. */
WINVM_DECLARE(BOOLEAN, RtlAddFunctionTable,
              (PRUNTIME_FUNCTION FunctionTable, DWORD EntryCount, DWORD64 BaseAddress));
/* FALSE: it was not added. */
WINVM_DECLARE(BOOLEAN, RtlDeleteFunctionTable, (PRUNTIME_FUNCTION FunctionTable));
/* Callback tells the entry of an address of the Length bytes at BaseAddress. TableIdentifier, by
 * which it is deleted, has its two low bits set. OutOfProcessCallbackDll is not looked at. */
WINVM_DECLARE(BOOLEAN, RtlInstallFunctionTableCallback,
              (DWORD64 TableIdentifier, DWORD64 BaseAddress, DWORD Length,
               PGET_RUNTIME_FUNCTION_CALLBACK Callback, PVOID Context,
               PCWSTR OutOfProcessCallbackDll));
/* A table that will get more entries, up to MaximumEntryCount. A status: STATUS_NO_MEMORY,
 * STATUS_INVALID_PARAMETER. */
WINVM_DECLARE(DWORD, RtlAddGrowableFunctionTable,
              (PVOID * DynamicTable, PRUNTIME_FUNCTION FunctionTable, DWORD EntryCount,
               DWORD MaximumEntryCount, ULONG_PTR RangeBase, ULONG_PTR RangeEnd));
WINVM_DECLARE(void, RtlGrowFunctionTable, (PVOID DynamicTable, DWORD NewEntryCount));
WINVM_DECLARE(void, RtlDeleteGrowableFunctionTable, (PVOID DynamicTable));
/* The entry of an address, and what its offsets are from; NULL: no such table. The host's own code
 * has none. HistoryTable is not looked at. */
WINVM_DECLARE(PRUNTIME_FUNCTION, RtlLookupFunctionEntry,
              (DWORD64 ControlPc, DWORD64 *ImageBase, void *HistoryTable));
#endif
/* Return addresses, from the caller's one on but for FramesToSkip; how many. *BackTraceHash,
 * which may be NULL: their sum. Where the C library has no backtrace, the first one only. */
WINVM_DECLARE(USHORT, RtlCaptureStackBackTrace,
              (DWORD FramesToSkip, DWORD FramesToCapture, PVOID *BackTrace,
               DWORD *BackTraceHash));

/* How many bytes from the start on are equal. */
WINVM_DECLARE(SIZE_T, RtlCompareMemory,
              (const void *Source1, const void *Source2, SIZE_T Length));

#ifndef WINVM_NO_TYPES
#define CaptureStackBackTrace RtlCaptureStackBackTrace
#endif

WINVM_END_DECLS

#endif
