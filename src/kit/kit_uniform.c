/* Random numbers from a seed of the caller's: RtlUniform, RtlRandom, RtlRandomEx.
 *
 * I1  A linear congruence modulo 2^31 - 1 steps the seed; RtlRandom mixes what it gives.
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include "kit/kit.h"

#define MODULUS 0x7fffffffu
#define FACTOR 0x7fffffedu
#define STEP 0x7fffffc3u

ULONG wvm_kit_RtlUniform(ULONG *seed)
{
    *seed = (ULONG)(((uint64_t)*seed * FACTOR + STEP) % MODULUS);
    return *seed;
}

ULONG wvm_kit_RtlRandom(ULONG *seed)
{
    uint64_t x = wvm_kit_RtlUniform(seed) + UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (ULONG)((x ^ x >> 31) % MODULUS);
}

ULONG wvm_kit_RtlRandomEx(ULONG *seed)
{
    return wvm_kit_RtlRandom(seed);
}

#define WVM_KIT_UNIFORM
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
