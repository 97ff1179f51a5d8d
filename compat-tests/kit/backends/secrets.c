/* Random bytes, locks, and what an error of the system means: the Windows part of a helper for
 * secrets. */
#include <windows.h>
#include <wincrypt.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define RtlGenRandom SystemFunction036
#if defined(__cplusplus)
extern "C"
#endif
    BOOLEAN NTAPI
    RtlGenRandom(PVOID RandomBuffer, ULONG RandomBufferLength);
#pragma comment(lib, "advapi32.lib")

static CRITICAL_SECTION _lock;
static volatile LONG _status;

int secrets_enter(void)
{
    while (InterlockedCompareExchange(&_status, 1L, 0L) == 1L) Sleep(0);
    if (_status == 1L) {
        InitializeCriticalSection(&_lock);
        InterlockedExchange(&_status, 2L);
    }
    EnterCriticalSection(&_lock);
    return 0;
}

int secrets_random(void *buf, size_t size)
{
    HCRYPTPROV provider = 0;
    BOOL ok;
    if (size <= 0x7fffffffUL && RtlGenRandom(buf, (ULONG)size)) return 0;
    ok = CryptAcquireContext(&provider, NULL, NULL, PROV_RSA_FULL,
                             CRYPT_VERIFYCONTEXT | CRYPT_SILENT) &&
         CryptGenRandom(provider, (DWORD)size, (BYTE *)buf);
    CryptReleaseContext(provider, 0);
    return -(ok == 0);
}

BOOL out_of_memory(DWORD err)
{
    switch (err) {
    case ERROR_COMMITMENT_MINIMUM:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_PAGEFILE_QUOTA:
    case ERROR_NOT_ENOUGH_MEMORY: return TRUE;
    default: return FALSE;
    }
}
