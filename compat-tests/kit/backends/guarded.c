/* Guarded memory of a crypto library, and random bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#include <bcrypt.h>
#else
#error "for Windows"
#endif
#pragma comment(lib, "bcrypt.lib")

static size_t page_size = 4096;
static unsigned char canary[16];

_Must_inspect_result_ _Ret_maybenull_ void *guarded_alloc(_In_ const size_t size)
{
    const size_t inner = (sizeof(canary) + size + page_size - 1) & ~(page_size - 1);
    unsigned char *base, *user;
    DWORD old;
    if (size >= (size_t)SIZE_MAX - page_size * 4) return NULL;
    base = (unsigned char *)VirtualAlloc(NULL, inner + 2 * page_size, MEM_COMMIT | MEM_RESERVE,
                                         PAGE_READWRITE);
    if (base == NULL) return NULL;
    VirtualProtect(base, page_size, PAGE_NOACCESS, &old);
    VirtualProtect(base + page_size + inner, page_size, PAGE_READWRITE | PAGE_GUARD, &old);
    VirtualLock(base + page_size, inner);
    if (!BCRYPT_SUCCESS(BCryptGenRandom(NULL, canary, sizeof(canary),
                                        BCRYPT_USE_SYSTEM_PREFERRED_RNG)))
        abort();
    user = base + page_size + inner - size;
    memcpy(user - sizeof(canary), canary, sizeof(canary));
    return user;
}

void guarded_free(_Inout_opt_ void *p, _In_ size_t size)
{
    const size_t inner = (sizeof(canary) + size + page_size - 1) & ~(page_size - 1);
    unsigned char *base = (unsigned char *)p + size - inner - page_size;
    if (memcmp((unsigned char *)p - sizeof(canary), canary, sizeof(canary)) != 0) {
        OutputDebugStringA("canary");
        TerminateProcess(GetCurrentProcess(), 3);
    }
    SecureZeroMemory(base + page_size, inner);
    VirtualUnlock(base + page_size, inner);
    VirtualFree(base, 0, MEM_RELEASE);
}
