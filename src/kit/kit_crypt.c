/* Random bytes through the providers of bcrypt and of the older CryptoAPI; there is nothing else in
 * them.
 *
 * Terms   provider = what a handle stands for: an algorithm of bcrypt, or a context of CryptoAPI.
 * I1      A provider that is not in use has magic 0, and stays readable for ever (kit_store.h).
 * Locking: the store's.   Failure: nothing changed.   Signal safety: none. */
#include "base/arith.h"
#include "kit/kit_random.h"
#include "kit/kit_store.h"

#define RNG_MAGIC 0x474e5242u
#define CONTEXT_MAGIC 0x58544e43u
#define RNG_PSEUDO_HANDLE ((BCRYPT_ALG_HANDLE)(uintptr_t)0x81)

struct provider {
    void *free; /* the store's */
    uint32_t magic;
};
static struct wvm_kit_store providers = {.size = sizeof(struct provider)};

static struct provider *open_provider(uint32_t magic)
{
    struct provider *p = wvm_kit_take(&providers);
    if (p)
        __atomic_store_n(&p->magic, magic, __ATOMIC_RELEASE);
    return p;
}

static bool is_open(struct provider *p, uint32_t magic)
{
    return p && p != RNG_PSEUDO_HANDLE &&
           __atomic_load_n(&p->magic, __ATOMIC_ACQUIRE) == magic;
}

static bool close_provider(struct provider *p, uint32_t magic)
{
    if (!p || !__atomic_compare_exchange_n(&p->magic, &magic, 0, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED))
        return false;
    wvm_kit_put(&providers, p);
    return true;
}

static bool is_same(LPCWSTR a, LPCWSTR b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* ---- bcrypt ---- */

NTSTATUS wvm_kit_BCryptOpenAlgorithmProvider(BCRYPT_ALG_HANDLE *out, LPCWSTR algorithm,
                                             LPCWSTR implementation, ULONG flags)
{
    UNREFERENCED_PARAMETER(implementation);
    if (!out || !algorithm || flags != 0)
        return STATUS_INVALID_PARAMETER;
    if (!is_same(algorithm, BCRYPT_RNG_ALGORITHM))
        return STATUS_NOT_FOUND;
    struct provider *p = open_provider(RNG_MAGIC);
    if (!p)
        return STATUS_NO_MEMORY;
    *out = p;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_BCryptCloseAlgorithmProvider(BCRYPT_ALG_HANDLE handle, ULONG flags)
{
    UNREFERENCED_PARAMETER(flags);
    if (handle == RNG_PSEUDO_HANDLE || !close_provider(handle, RNG_MAGIC))
        return STATUS_INVALID_HANDLE;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_BCryptGenRandom(BCRYPT_ALG_HANDLE handle, PUCHAR out, ULONG size, ULONG flags)
{
    bool system = flags & BCRYPT_USE_SYSTEM_PREFERRED_RNG;
    if (handle ? system : !system)
        return handle ? STATUS_INVALID_PARAMETER : STATUS_INVALID_HANDLE;
    if (handle && handle != RNG_PSEUDO_HANDLE && !is_open(handle, RNG_MAGIC))
        return STATUS_INVALID_HANDLE;
    if (!out && size > 0)
        return STATUS_INVALID_PARAMETER;
    return wvm_kit_random(out, size) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* ---- CryptoAPI ---- */

static BOOL acquire(HCRYPTPROV *out, DWORD flags)
{
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (flags & ~(DWORD)(CRYPT_VERIFYCONTEXT | CRYPT_NEWKEYSET | CRYPT_MACHINE_KEYSET |
                         CRYPT_SILENT))
        return wvm_kit_fail((DWORD)NTE_BAD_FLAGS);
    if (!(flags & CRYPT_VERIFYCONTEXT)) /* there are no keys to be kept */
        return wvm_kit_fail((DWORD)NTE_KEYSET_NOT_DEF);
    struct provider *p = open_provider(CONTEXT_MAGIC);
    if (!p)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    *out = (HCRYPTPROV)p;
    return TRUE;
}

BOOL wvm_kit_CryptAcquireContextA(HCRYPTPROV *out, LPCSTR container, LPCSTR provider, DWORD type,
                                  DWORD flags)
{
    UNREFERENCED_PARAMETER(container);
    UNREFERENCED_PARAMETER(provider);
    return type == 0 ? wvm_kit_fail((DWORD)NTE_BAD_PROV_TYPE) : acquire(out, flags);
}

BOOL wvm_kit_CryptAcquireContextW(HCRYPTPROV *out, LPCWSTR container, LPCWSTR provider, DWORD type,
                                  DWORD flags)
{
    UNREFERENCED_PARAMETER(container);
    UNREFERENCED_PARAMETER(provider);
    return type == 0 ? wvm_kit_fail((DWORD)NTE_BAD_PROV_TYPE) : acquire(out, flags);
}

BOOL wvm_kit_CryptGenRandom(HCRYPTPROV handle, DWORD size, BYTE *out)
{
    if (!is_open((struct provider *)handle, CONTEXT_MAGIC) || (!out && size > 0))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return wvm_kit_random(out, size) || wvm_kit_fail((DWORD)NTE_FAIL);
}

BOOL wvm_kit_CryptReleaseContext(HCRYPTPROV handle, DWORD flags)
{
    if (flags != 0)
        return wvm_kit_fail((DWORD)NTE_BAD_FLAGS);
    return close_provider((struct provider *)handle, CONTEXT_MAGIC) ||
           wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

#define WVM_KIT_CRYPT
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_BCRYPT)
#include "kit/kit_entry.h"
