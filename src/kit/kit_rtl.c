/* Small calls of ntdll.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <sched.h>
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

NTSTATUS wvm_kit_NtYieldExecution(VOID)
{
    sched_yield();
    return STATUS_SUCCESS;
}

#define WVM_KIT_RTL
#include "kit/kit_entry.h"
