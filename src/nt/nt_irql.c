/* Interrupt request levels: KeGetCurrentIrql, KeRaiseIrql, KeLowerIrql and their kin.
 *
 * I1  The level of a thread changes by its own calls only; a new thread begins at PASSIVE_LEVEL.
 * I2  A call that names a wrong level changes nothing but for the bug check.
 * It is a number that the rules of the pools consult: nothing is masked and nobody waits.
 * Locking: none.   Failure: bug checks 9 and 0xA.   Signal safety: yes, but for the bug check. */
#include "nt/nt_irql.h"

#include <winvm/wdm.h>

#include "api/api.h"
#include "base/assert.h"
#include "nt/nt_bugcheck.h"
#include "pool/pool.h"

WVM_THREAD_LOCAL uint8_t wvm_irql;

WVM_STATIC(WVM_IRQL_HIGH == HIGH_LEVEL && WVM_IRQL_DISPATCH == DISPATCH_LEVEL, "levels");

static void set_level(KIRQL level)
{
    bool raised = level >= WVM_IRQL_DISPATCH;
    if (raised != (wvm_irql >= WVM_IRQL_DISPATCH))
        wvm_pool_set_raised(raised);
    wvm_irql = level;
}

KIRQL wvm_KeGetCurrentIrql(VOID)
{
    return wvm_irql;
}

KIRQL wvm_KfRaiseIrql(KIRQL level)
{
    KIRQL old = wvm_irql;
    if (level < old || level > WVM_IRQL_HIGH)
        wvm_bug_check(IRQL_NOT_GREATER_OR_EQUAL, level, old, 0, 0);
    else
        set_level(level);
    return old;
}

VOID wvm_KeRaiseIrql(KIRQL level, PKIRQL old)
{
    *old = wvm_KfRaiseIrql(level);
}

KIRQL wvm_KeRaiseIrqlToDpcLevel(VOID)
{
    return wvm_KfRaiseIrql(DISPATCH_LEVEL);
}

KIRQL wvm_KeRaiseIrqlToSynchLevel(VOID)
{
    return wvm_KfRaiseIrql(SYNCH_LEVEL);
}

VOID wvm_KeLowerIrql(KIRQL level)
{
    if (level > wvm_irql)
        wvm_bug_check(IRQL_NOT_LESS_OR_EQUAL, level, wvm_irql, 0, 0);
    else
        set_level(level);
}
