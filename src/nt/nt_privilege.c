/* The privileges of the process.
 *
 * Owns     the set of those that were disabled.
 * Terms    held = given to the process by its user's rights: a setting here; enabled = in force.
 * I1       A privilege that is not held is never in force, whatever was enabled.
 * Locking: none; the set is one atomic word.   Failure: none.   Signal safety: yes. A child of
 * fork() has what its parent had. */
#include "nt/nt_privilege.h"

#include <stdint.h>

#include "base/annotate.h"
#include "base/options.h"

static wvm_word64 disabled; /* (a) by number */

static bool is_held(enum wvm_privilege p)
{
    return p != WVM_SE_LOCK_MEMORY || wvm_option(WVM_OPTION_LOCK_MEMORY) != 0;
}

bool wvm_nt_holds(enum wvm_privilege p)
{
    return is_held(p) && !(__atomic_load_n(&disabled, __ATOMIC_ACQUIRE) >> p & 1);
}

int wvm_nt_privilege_state(uint32_t number)
{
    switch (number) {
    case WVM_SE_LOCK_MEMORY:
    case WVM_SE_INCREASE_QUOTA:
    case WVM_SE_PROFILE_SINGLE_PROCESS:
    case WVM_SE_INCREASE_BASE_PRIORITY:
    case WVM_SE_INCREASE_WORKING_SET:
        return is_held((enum wvm_privilege)number) + wvm_nt_holds((enum wvm_privilege)number);
    default:
        return -1;
    }
}

void wvm_nt_privilege_enable(enum wvm_privilege p, bool on)
{
    uint64_t bit = (uint64_t)1 << p;
    if (on)
        __atomic_fetch_and(&disabled, ~bit, __ATOMIC_ACQ_REL);
    else
        __atomic_fetch_or(&disabled, bit, __ATOMIC_ACQ_REL);
}
