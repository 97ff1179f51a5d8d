/* winvm/fibersapi.h: slots of each thread with a callback (libwinvm-kit). There are no fibers.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD PVOID PFLS_CALLBACK_FUNCTION. */
#ifndef WINVM_FIBERSAPI_H
#define WINVM_FIBERSAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef void(WINAPI *PFLS_CALLBACK_FUNCTION)(PVOID lpFlsData);
#define FLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
#define FLS_MAXIMUM_AVAILABLE 128
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

WINVM_END_DECLS

#endif
