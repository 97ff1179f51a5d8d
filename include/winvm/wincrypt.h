/* winvm/wincrypt.h: random bytes of CryptoAPI, and secrets in memory (dpapi.h); nothing else of
 * them (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD BYTE LPVOID LPCSTR LPCWSTR HCRYPTPROV. */
#ifndef WINVM_WINCRYPT_H
#define WINVM_WINCRYPT_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef ULONG_PTR HCRYPTPROV;
#define PROV_RSA_FULL 1
#define PROV_RSA_AES 24
#define CRYPT_VERIFYCONTEXT 0xF0000000
#define CRYPT_NEWKEYSET 0x00000008
#define CRYPT_DELETEKEYSET 0x00000010
#define CRYPT_MACHINE_KEYSET 0x00000020
#define CRYPT_SILENT 0x00000040
#define NTE_BAD_FLAGS ((LONG)0x80090009)
#define NTE_BAD_PROV_TYPE ((LONG)0x80090014)
#define NTE_KEYSET_NOT_DEF ((LONG)0x80090019)
#define NTE_FAIL ((LONG)0x80090020)
#define CRYPTPROTECTMEMORY_BLOCK_SIZE 16
#define CRYPTPROTECTMEMORY_SAME_PROCESS 0x00
#define CRYPTPROTECTMEMORY_CROSS_PROCESS 0x01
#define CRYPTPROTECTMEMORY_SAME_LOGON 0x02
#endif

WINVM_BEGIN_DECLS

/* dwFlags must have CRYPT_VERIFYCONTEXT: there are no containers of keys. Any provider is taken,
 * and can only give random bytes. Errors: 87 phProv, NTE_BAD_PROV_TYPE no type, NTE_BAD_FLAGS,
 * NTE_KEYSET_NOT_DEF, 8. */
WINVM_DECLARE(BOOL, CryptAcquireContextA,
              (HCRYPTPROV * phProv, LPCSTR szContainer, LPCSTR szProvider, DWORD dwProvType,
               DWORD dwFlags));
WINVM_DECLARE(BOOL, CryptAcquireContextW,
              (HCRYPTPROV * phProv, LPCWSTR szContainer, LPCWSTR szProvider, DWORD dwProvType,
               DWORD dwFlags));
/* Errors: 87 no such provider, NTE_FAIL the host gives none. */
WINVM_DECLARE(BOOL, CryptGenRandom, (HCRYPTPROV hProv, DWORD dwLen, BYTE *pbBuffer));
/* dwFlags 0. Errors: 87 no such provider, NTE_BAD_FLAGS. */
WINVM_DECLARE(BOOL, CryptReleaseContext, (HCRYPTPROV hProv, DWORD dwFlags));
/* Enciphers a multiple of 16 bytes in place, for this process only. Errors: 87 pDataIn or the size,
 * 50 ERROR_NOT_SUPPORTED for other processes (dwFlags), 31 the host gives no key. */
WINVM_DECLARE(BOOL, CryptProtectMemory, (LPVOID pDataIn, DWORD cbDataIn, DWORD dwFlags));
WINVM_DECLARE(BOOL, CryptUnprotectMemory, (LPVOID pDataIn, DWORD cbDataIn, DWORD dwFlags));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define CryptAcquireContext CryptAcquireContextW
#else
#define CryptAcquireContext CryptAcquireContextA
#endif
#endif

WINVM_END_DECLS

#endif
