/* winvm/ntsecapi.h: random bytes (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOLEAN BOOL PVOID ULONG SIZE_T. */
#ifndef WINVM_NTSECAPI_H
#define WINVM_NTSECAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* Fills a buffer of RandomBufferLength bytes from the host's source. FALSE: the host has none. */
WINVM_DECLARE(BOOLEAN, SystemFunction036, (PVOID RandomBuffer, ULONG RandomBufferLength));
/* The same, of bcryptprimitives. */
WINVM_DECLARE(BOOL, ProcessPrng, (unsigned char *pbData, SIZE_T cbData));

#ifndef WINVM_NO_TYPES
#define RtlGenRandom SystemFunction036
#endif

WINVM_END_DECLS

#endif
