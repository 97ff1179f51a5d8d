/* winvm/utilapiset.h: pointers that are kept in a form that is no pointer (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: PVOID. */
#ifndef WINVM_UTILAPISET_H
#define WINVM_UTILAPISET_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* By a number of this process; Decode gives back what Encode was given. NULL is encoded too. */
WINVM_DECLARE(PVOID, EncodePointer, (PVOID Ptr));
WINVM_DECLARE(PVOID, DecodePointer, (PVOID Ptr));
/* By a number of the host's, the same in all processes. */
WINVM_DECLARE(PVOID, EncodeSystemPointer, (PVOID Ptr));
WINVM_DECLARE(PVOID, DecodeSystemPointer, (PVOID Ptr));

WINVM_END_DECLS

#endif
