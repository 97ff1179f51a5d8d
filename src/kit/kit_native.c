/* What the native calls have in common.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include "kit/kit_native.h"

#include <time.h>

#include "base/arith.h"
#include "kit/kit_lock.h"
#include "kit/kit_wait.h"

#define TICKS INT64_C(10000000) /* of 100 ns in a second */
#define NS_PER_TICK 100
#define NS_PER_MS UINT64_C(1000000)
#define SECONDS_1601_TO_1970 INT64_C(11644473600)

static const struct {
    DWORD error;
    NTSTATUS status;
} statuses[] = {
    {ERROR_ACCESS_DENIED, STATUS_ACCESS_DENIED},
    {ERROR_INVALID_HANDLE, STATUS_INVALID_HANDLE},
    {ERROR_NOT_ENOUGH_MEMORY, STATUS_NO_MEMORY},
    {ERROR_NO_SYSTEM_RESOURCES, STATUS_INSUFFICIENT_RESOURCES},
    {ERROR_INVALID_PARAMETER, STATUS_INVALID_PARAMETER},
    {ERROR_NOT_SUPPORTED, STATUS_NOT_SUPPORTED},
    {ERROR_NOACCESS, STATUS_ACCESS_VIOLATION},
    {ERROR_TIMEOUT, STATUS_TIMEOUT},
    {ERROR_INSUFFICIENT_BUFFER, STATUS_BUFFER_TOO_SMALL},
    {ERROR_BAD_LENGTH, STATUS_INFO_LENGTH_MISMATCH},
    {ERROR_PRIVILEGE_NOT_HELD, STATUS_PRIVILEGE_NOT_HELD},
    {ERROR_NO_TOKEN, STATUS_NO_TOKEN},
    {ERROR_NOT_OWNER, STATUS_MUTANT_NOT_OWNED},
    {ERROR_TOO_MANY_POSTS, STATUS_SEMAPHORE_LIMIT_EXCEEDED},
    {ERROR_GEN_FAILURE, STATUS_UNSUCCESSFUL},
    {ERROR_SIGNAL_REFUSED, STATUS_SUSPEND_COUNT_EXCEEDED},
};

NTSTATUS wvm_kit_native_failed(DWORD before)
{
    DWORD error = GetLastError();
    bool other_kind = wvm_kit_other_kind;
    wvm_kit_other_kind = false;
    SetLastError(before);
    if (error == ERROR_INVALID_HANDLE && other_kind)
        return STATUS_OBJECT_TYPE_MISMATCH;
    for (size_t i = 0; i < WVM_ARRAY_LEN(statuses); i++)
        if (statuses[i].error == error)
            return statuses[i].status;
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS wvm_kit_native_handle(HANDLE h, PHANDLE out, DWORD before)
{
    if (!h)
        return wvm_kit_native_failed(before);
    SetLastError(before);
    *out = h;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_native_waited(DWORD result, DWORD before)
{
    switch (result) {
    case WAIT_FAILED:
        return wvm_kit_native_failed(before);
    case WAIT_TIMEOUT:
        return STATUS_TIMEOUT;
    case WAIT_IO_COMPLETION:
        return STATUS_USER_APC;
    default: /* WAIT_OBJECT_0 and WAIT_ABANDONED_0 are the statuses */
        return (NTSTATUS)result;
    }
}

bool wvm_kit_native_named(const OBJECT_ATTRIBUTES *attributes)
{
    return attributes && attributes->ObjectName && attributes->ObjectName->Length != 0;
}

uint64_t wvm_kit_native_deadline(const LARGE_INTEGER *timeout)
{
    uint64_t end;
    if (!timeout || timeout->QuadPart == INT64_MIN)
        return WVM_KIT_NEVER;
    int64_t span = -timeout->QuadPart;
    if (timeout->QuadPart >= 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        span = timeout->QuadPart - ((now.tv_sec + SECONDS_1601_TO_1970) * TICKS +
                                    now.tv_nsec / NS_PER_TICK);
    }
    if (span <= 0)
        return wvm_kit_now();
    if (__builtin_mul_overflow((uint64_t)span, (uint64_t)NS_PER_TICK, &end) ||
        __builtin_add_overflow(end, wvm_kit_now(), &end))
        return WVM_KIT_NEVER;
    return end;
}

DWORD wvm_kit_native_ms(const LARGE_INTEGER *timeout)
{
    uint64_t end = wvm_kit_native_deadline(timeout), now = wvm_kit_now();
    uint64_t left = now < end ? end - now : 0;
    left = left / NS_PER_MS + (left % NS_PER_MS != 0);
    return end == WVM_KIT_NEVER ? INFINITE : left < INFINITE ? (DWORD)left : INFINITE - 1;
}
