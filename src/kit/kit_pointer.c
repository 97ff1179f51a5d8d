/* Pointers that are kept in a form that is no pointer.
 *
 * I1  A key is found once and never changes: what was encoded can be decoded as long as the process
 *     lives, by its children of fork() too. The key of the system is the same in all processes
 *     until the host is started again.
 * I2  Encoding is x -> rotate(x ^ key) by bits of the key, so NULL is encoded to no NULL.
 * Locking: none, compare and swap.   Failure: none.   Signal safety: yes. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_random.h"

#define BITS (8 * sizeof(uintptr_t))

static uintptr_t own_key, system_key; /* (a) 0: not found yet */

static uintptr_t random_key(void)
{
    uintptr_t key;
    if (!wvm_kit_random(&key, sizeof key))
        key = getauxval(AT_RANDOM) * (uintptr_t)0x9e3779b97f4a7c15u;
    return key | 1;
}

/* Of the number that the host has since it was started (FNV-1a). */
static uintptr_t boot_key(void)
{
    char id[40];
    uint64_t key = 0xcbf29ce484222325u;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, id, sizeof id) : 0;
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < n; i++)
        key = (key ^ (unsigned char)id[i]) * 0x100000001b3u;
    return (uintptr_t)(key ^ key >> 32) | 1;
}

static uintptr_t key_of(uintptr_t *place, uintptr_t (*find)(void))
{
    uintptr_t key = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (key != 0)
        return key;
    uintptr_t found = find();
    return __atomic_compare_exchange_n(place, &key, found, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED)
               ? found
               : key;
}

static uintptr_t rotate(uintptr_t x, unsigned by)
{
    return x << (by % BITS) | x >> ((BITS - by % BITS) % BITS);
}

static PVOID encode(PVOID p, uintptr_t key)
{
    return (PVOID)rotate((uintptr_t)p ^ key, key >> 1 & (BITS - 1));
}

static PVOID decode(PVOID p, uintptr_t key)
{
    return (PVOID)(rotate((uintptr_t)p, BITS - (key >> 1 & (BITS - 1))) ^ key);
}

PVOID wvm_kit_EncodePointer(PVOID p)
{
    return encode(p, key_of(&own_key, random_key));
}

PVOID wvm_kit_DecodePointer(PVOID p)
{
    return decode(p, key_of(&own_key, random_key));
}

PVOID wvm_kit_EncodeSystemPointer(PVOID p)
{
    return encode(p, key_of(&system_key, boot_key));
}

PVOID wvm_kit_DecodeSystemPointer(PVOID p)
{
    return decode(p, key_of(&system_key, boot_key));
}

PVOID wvm_kit_RtlEncodePointer(PVOID p)
{
    return wvm_kit_EncodePointer(p);
}

PVOID wvm_kit_RtlDecodePointer(PVOID p)
{
    return wvm_kit_DecodePointer(p);
}

#define WVM_KIT_POINTER
#include "kit/kit_entry.h"
