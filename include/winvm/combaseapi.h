/* winvm/combaseapi.h: memory that one part of a program gives to another to free (libwinvm-kit).
 *
 * Blocks of the process's heap. NULL: no memory; the last error stays.
 * WINVM_NO_TYPES needs: PVOID SIZE_T. */
#ifndef WINVM_COMBASEAPI_H
#define WINVM_COMBASEAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

WINVM_DECLARE(PVOID, CoTaskMemAlloc, (SIZE_T cb));
/* pv NULL: a new block; cb 0: pv is freed, and the result NULL. */
WINVM_DECLARE(PVOID, CoTaskMemRealloc, (PVOID pv, SIZE_T cb));
WINVM_DECLARE(void, CoTaskMemFree, (PVOID pv));

WINVM_END_DECLS

#endif
