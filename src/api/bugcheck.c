/* The callback for bug checks (winvm/pool.h).
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <winvm/pool.h>

#include "api/api.h"
#include "nt/nt_bugcheck.h"

WVM_EXPORT void winvm_set_bug_check_callback(winvm_bug_check_callback callback, void *arg)
{
    wvm_bug_check_set_callback((wvm_bug_check_callback *)callback, arg);
}
