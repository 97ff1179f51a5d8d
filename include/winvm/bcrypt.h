/* winvm/bcrypt.h: the random number generator of bcrypt (libwinvm-kit); nothing else of it.
 *
 * WINVM_NO_TYPES needs: NTSTATUS ULONG LPCWSTR PUCHAR BCRYPT_ALG_HANDLE. */
#ifndef WINVM_BCRYPT_H
#define WINVM_BCRYPT_H

#include "ntdef.h"

#ifndef WINVM_NO_TYPES
typedef PVOID BCRYPT_HANDLE;
typedef PVOID BCRYPT_ALG_HANDLE;
#define BCRYPT_RNG_USE_ENTROPY_IN_BUFFER 0x00000001
#define BCRYPT_USE_SYSTEM_PREFERRED_RNG 0x00000002
#define BCRYPT_RNG_ALGORITHM WINVM_WIDE_("RNG")
#define BCRYPT_RNG_ALG_HANDLE ((BCRYPT_ALG_HANDLE)0x00000081)
#ifndef BCRYPT_SUCCESS
#define BCRYPT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)
#endif
#endif

WINVM_BEGIN_DECLS

/* Only BCRYPT_RNG_ALGORITHM; any other one: STATUS_NOT_FOUND. dwFlags 0. */
WINVM_DECLARE(NTSTATUS, BCryptOpenAlgorithmProvider,
              (BCRYPT_ALG_HANDLE * phAlgorithm, LPCWSTR pszAlgId, LPCWSTR pszImplementation,
               ULONG dwFlags));
WINVM_DECLARE(NTSTATUS, BCryptCloseAlgorithmProvider,
              (BCRYPT_ALG_HANDLE hAlgorithm, ULONG dwFlags));
/* hAlgorithm NULL with BCRYPT_USE_SYSTEM_PREFERRED_RNG, or a handle without it.
 * STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL: the host gives none. */
WINVM_DECLARE(NTSTATUS, BCryptGenRandom,
              (BCRYPT_ALG_HANDLE hAlgorithm, unsigned char *pbBuffer, ULONG cbBuffer,
               ULONG dwFlags));

WINVM_END_DECLS

#endif
