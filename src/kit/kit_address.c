/* WaitOnAddress and the calls that wake from it: the lot itself.
 *
 * Locking, failure, signal safety: as kit_lot.c. */
#include <limits.h>

#include "kit/kit.h"
#include "kit/kit_lot.h"

BOOL wvm_kit_WaitOnAddress(volatile VOID *address, PVOID with, SIZE_T size, DWORD ms)
{
    struct wvm_kit_compared c = {with, size};
    struct wvm_kit_sleep sleep = {wvm_kit_lot_equal, NULL, &c};
    if (!address || !wvm_kit_lot_size(size))
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
