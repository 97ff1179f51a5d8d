/* WaitOnAddress and the calls that wake from it: the lot itself.
 *
 * Locking, failure, signal safety: as kit_lot.c. */
#include <limits.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_lot.h"

struct compared {
    const void *with;
    SIZE_T size;
};

static uint64_t load(const volatile void *at, SIZE_T size)
{
    switch (size) {
    case 1:
        return __atomic_load_n((const volatile uint8_t *)at, __ATOMIC_SEQ_CST);
    case 2:
        return __atomic_load_n((const volatile uint16_t *)at, __ATOMIC_SEQ_CST);
    case 4:
        return __atomic_load_n((const volatile uint32_t *)at, __ATOMIC_SEQ_CST);
    default:
        return __atomic_load_n((const volatile wvm_word64 *)at, __ATOMIC_SEQ_CST);
    }
}

static bool is_same(const void *address, const void *arg)
{
    const struct compared *c = arg;
    uint64_t with = 0;
    memcpy(&with, c->with, c->size);
    return load(address, c->size) == with;
}

BOOL wvm_kit_WaitOnAddress(volatile VOID *address, PVOID with, SIZE_T size, DWORD ms)
{
    struct compared c = {with, size};
    struct wvm_kit_sleep sleep = {is_same, NULL, &c};
    if (!address || (size != 1 && size != 2 && size != 4 && size != 8))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (wvm_kit_lot_sleep((const void *)(uintptr_t)address, &sleep, wvm_kit_deadline(ms)))
        return TRUE;
    return wvm_kit_fail(ERROR_TIMEOUT);
}

VOID wvm_kit_WakeByAddressSingle(PVOID address)
{
    wvm_kit_lot_wake(address, 1);
}

VOID wvm_kit_WakeByAddressAll(PVOID address)
{
    wvm_kit_lot_wake(address, UINT_MAX);
}

#define WVM_KIT_ADDRESS
#define WVM_KIT_IN WINVM_IN_KERNELBASE
#include "kit/kit_entry.h"
