/* winvm/fibersapi.h: slots of each thread with a callback, and fibers (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD LPVOID PVOID SIZE_T PFLS_CALLBACK_FUNCTION
 * LPFIBER_START_ROUTINE. */
#ifndef WINVM_FIBERSAPI_H
#define WINVM_FIBERSAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef void(WINAPI *PFLS_CALLBACK_FUNCTION)(PVOID lpFlsData);
#define FLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
#define FLS_MAXIMUM_AVAILABLE 128
typedef void(WINAPI *PFIBER_START_ROUTINE)(LPVOID lpFiberParameter);
typedef PFIBER_START_ROUTINE LPFIBER_START_ROUTINE;
#define FIBER_FLAG_FLOAT_SWITCH 1
#endif

WINVM_BEGIN_DECLS

/* An index of a slot that each thread has, NULL at first. lpCallback, which may be NULL, is called
 * with each value that is not NULL: when its thread ends, by that thread; when the index is freed;
 * when the process exits, for the thread that ends it. FLS_OUT_OF_INDEXES: 259. */
WINVM_DECLARE(DWORD, FlsAlloc, (PFLS_CALLBACK_FUNCTION lpCallback));
/* Errors: 87. */
WINVM_DECLARE(BOOL, FlsFree, (DWORD dwFlsIndex));
/* Sets the last error also when it succeeds, to 0. NULL: 87. */
WINVM_DECLARE(PVOID, FlsGetValue, (DWORD dwFlsIndex));
/* Errors: 87, 8. */
WINVM_DECLARE(BOOL, FlsSetValue, (DWORD dwFlsIndex, PVOID lpFlsData));

/* Fibers: stacks that a thread changes between by itself. GetFiberData is what was handed over, and
 * the slots of FlsAlloc and the tries are the fiber's own.
 *
 * The calling thread becomes one, with its stack. NULL: 1280 it is one already, 87 an unknown flag,
 * 8. Flags: FIBER_FLAG_FLOAT_SWITCH, which is always so. */
WINVM_DECLARE(LPVOID, ConvertThreadToFiber, (LPVOID lpParameter));
WINVM_DECLARE(LPVOID, ConvertThreadToFiberEx, (LPVOID lpParameter, DWORD dwFlags));
/* What it needed to be one is given back. FALSE: 1281 it is none. */
WINVM_DECLARE(BOOL, ConvertFiberToThread, (void));
/* A stack of the greater of the sizes, in bytes (0: 1 MiB; at least 128 KiB, rounded up to 64 KiB),
 * committed but for its lowest page, on which the function begins when it is first switched to. The
 * thread ends when it returns. NULL: 87 an unknown flag, 8. */
WINVM_DECLARE(LPVOID, CreateFiber,
              (SIZE_T dwStackSize, LPFIBER_START_ROUTINE lpStartAddress, LPVOID lpParameter));
WINVM_DECLARE(LPVOID, CreateFiberEx,
              (SIZE_T dwStackCommitSize, SIZE_T dwStackReserveSize, DWORD dwFlags,
               LPFIBER_START_ROUTINE lpStartAddress, LPVOID lpParameter));
/* The calling fiber rests until it is switched to again, by any thread. The caller is a fiber, and
 * the other one does not run. */
WINVM_DECLARE(void, SwitchToFiber, (LPVOID lpFiber));
/* Values of its slots go to their callbacks. The thread ends if it is its own fiber. */
WINVM_DECLARE(void, DeleteFiber, (LPVOID lpFiber));
WINVM_DECLARE(BOOL, IsThreadAFiber, (void));

WINVM_END_DECLS

#endif
