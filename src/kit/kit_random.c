/* Random bytes without a provider: what RtlGenRandom is named in advapi32, and ProcessPrng.
 *
 * Locking: none.   Failure: FALSE.   Signal safety: yes. */
#include "kit/kit_random.h"

#include <errno.h>
#include <sys/random.h>

bool wvm_kit_random(void *out, size_t size)
{
    char *to = out;
    while (size > 0) {
        ssize_t n = getrandom(to, size, 0);
        if (n < 0 && errno != EINTR)
            return false;
        to += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

BOOLEAN wvm_kit_SystemFunction036(PVOID out, ULONG size)
{
    return wvm_kit_random(out, size);
}

BOOL wvm_kit_ProcessPrng(PBYTE out, SIZE_T size)
{
    return wvm_kit_random(out, size);
}

#define WVM_KIT_RANDOM
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_BCRYPT | WINVM_IN_BCRYPTPRIMITIVES)
#include "kit/kit_entry.h"
