/* Sleep.
 *
 * Locking: none.   Failure: none.   Signal safety: a handler runs, and the sleep goes on. */
#include <sched.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"
#include "kit/kit_wait.h"

DWORD wvm_kit_SleepEx(DWORD ms, BOOL alertable)
{
    uint32_t word = 0;
    if (alertable) {
        DWORD ended = wvm_kit_sleep_alertable(ms);
        if (ended != 0 || ms != 0)
            return ended;
    }
    if (ms == 0) {
        sched_yield();
        return 0;
    }
    uint64_t deadline = wvm_kit_deadline(ms);
    while (wvm_kit_park(&word, 0, deadline))
        ;
    return 0;
}

VOID wvm_kit_Sleep(DWORD ms)
{
    wvm_kit_SleepEx(ms, FALSE);
}

#define WVM_KIT_SLEEP
#include "kit/kit_entry.h"
