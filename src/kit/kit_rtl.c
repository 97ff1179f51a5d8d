/* Small calls of ntdll.
 *
 * Locking: none.   Failure: none.   Signal safety: yes, but for raising. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

/* Whole words while they are equal, then bytes. */
SIZE_T wvm_kit_RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T size)
{
    const unsigned char *x = a, *y = b;
    SIZE_T n = 0;
    for (uint64_t p, q; n + sizeof p <= size; n += sizeof p) {
        memcpy(&p, x + n, sizeof p);
        memcpy(&q, y + n, sizeof q);
        if (p != q)
            break;
    }
    while (n < size && x[n] == y[n])
        n++;
    return n;
}

/* Bytes that are equal to the pattern, in whole words. */
SIZE_T wvm_kit_RtlCompareMemoryUlong(PVOID at, SIZE_T size, ULONG pattern)
{
    const unsigned char *x = at;
    SIZE_T n = 0;
    for (ULONG word; n + sizeof word <= size; n += sizeof word) {
        memcpy(&word, x + n, sizeof word);
        if (word != pattern)
            break;
    }
    return n;
}

VOID wvm_kit_RtlFillMemoryUlong(PVOID at, SIZE_T size, ULONG pattern)
{
    unsigned char *x = at;
    for (SIZE_T n = 0; n + sizeof pattern <= size; n += sizeof pattern)
        memcpy(x + n, &pattern, sizeof pattern);
}

/* The reflected polynomial 0xEDB88320, a bit at a time. */
ULONG wvm_kit_RtlComputeCrc32(ULONG seed, const VOID *at, ULONG size)
{
    const unsigned char *x = at;
    uint32_t crc = ~seed;
    for (ULONG i = 0; i < size; i++) {
        crc ^= x[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

BOOLEAN wvm_kit_RtlIsProcessorFeaturePresent(ULONG feature)
{
    return wvm_kit_IsProcessorFeaturePresent(feature) != FALSE;
}

VOID wvm_kit_RtlRaiseStatus(NTSTATUS status)
{
    EXCEPTION_RECORD record = {.ExceptionCode = (DWORD)status,
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE};
    record.ExceptionAddress = __builtin_return_address(0);
    RtlRaiseException(&record);
    abort(); /* nobody handles it and the process is still there */
}

NTSTATUS wvm_kit_NtFlushProcessWriteBuffers(VOID)
{
    FlushProcessWriteBuffers();
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtYieldExecution(VOID)
{
    sched_yield();
    return STATUS_SUCCESS;
}

#define WVM_KIT_RTL
#include "kit/kit_entry.h"
