/* Alerts: one for each thread, given by its number; and WaitOnAddress as ntdll has it.
 *
 * I1  `alerted` of a thread's record is 1 from an alert to the end of the wait that takes it; a
 *     second alert before that changes nothing.
 * Locking: none of its own.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit_lot.h"
#include "kit/kit_native.h"
#include "kit/kit_self.h"

NTSTATUS wvm_kit_NtWaitForAlertByThreadId(PVOID address, const LARGE_INTEGER *timeout)
{
    uint64_t deadline = wvm_kit_native_deadline(timeout);
    struct wvm_kit_thread *self = wvm_kit_self();
    UNREFERENCED_PARAMETER(address); /* says to debuggers what is waited for */
    if (!self)
        return STATUS_NO_MEMORY;
    while (!__atomic_exchange_n(&self->alerted, 0, __ATOMIC_ACQUIRE))
        if (!wvm_kit_park(&self->alerted, 0, deadline))
            return __atomic_exchange_n(&self->alerted, 0, __ATOMIC_ACQUIRE) ? STATUS_ALERTED
                                                                            : STATUS_TIMEOUT;
    return STATUS_ALERTED;
}

/* A thread of this process that the kit has not seen yet gets a record. Held; NULL and why. */
static struct wvm_kit_thread *introduce(uint32_t tid, NTSTATUS *status)
{
    int saved = errno;
    bool valid = tid != 0 && tid <= INT_MAX;
    bool ours = valid && syscall(SYS_tgkill, getpid(), tid, 0) == 0;
    bool exists = ours || (valid && (kill((pid_t)tid, 0) == 0 || errno == EPERM));
    errno = saved;
    *status = ours ? STATUS_NO_MEMORY : exists ? STATUS_ACCESS_DENIED : STATUS_INVALID_CID;
    return ours ? wvm_kit_thread_give(tid) : NULL;
}

NTSTATUS wvm_kit_NtAlertThreadByThreadId(HANDLE number)
{
    NTSTATUS status = STATUS_INVALID_CID;
    uint32_t tid = (uintptr_t)number <= INT_MAX ? (uint32_t)(uintptr_t)number : 0;
    struct wvm_kit_thread *t = wvm_kit_thread_find(tid);
    if (!t)
        t = introduce(tid, &status);
    if (!t)
        return status;
    __atomic_store_n(&t->alerted, 1, __ATOMIC_RELEASE);
    wvm_kit_unpark(&t->alerted, 1);
    wvm_kit_drop(&t->object);
    return STATUS_SUCCESS;
}

/* ---- For an address ---- */

NTSTATUS wvm_kit_RtlWaitOnAddress(volatile const VOID *address, PVOID with, SIZE_T size,
                                  const LARGE_INTEGER *timeout)
{
    struct wvm_kit_compared c = {with, size};
    struct wvm_kit_sleep sleep = {wvm_kit_lot_equal, NULL, &c};
    if (!address || !wvm_kit_lot_size(size))
        return STATUS_INVALID_PARAMETER;
    return wvm_kit_lot_sleep((const void *)(uintptr_t)address, &sleep,
                             wvm_kit_native_deadline(timeout))
               ? STATUS_SUCCESS
               : STATUS_TIMEOUT;
}

VOID wvm_kit_RtlWakeAddressSingle(PVOID address)
{
    wvm_kit_lot_wake(address, 1);
}

VOID wvm_kit_RtlWakeAddressAll(PVOID address)
{
    wvm_kit_lot_wake(address, UINT_MAX);
}

#define WVM_KIT_ALERT
#include "kit/kit_entry.h"
