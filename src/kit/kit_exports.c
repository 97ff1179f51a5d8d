/* Lets GetProcAddress find the names of the kit that this object has.
 *
 * Terms   the table = the section winvm_exports of this object, put together by the linker of what
 *         kit_entry.h writes for each family: families that were not linked in are not in it.
 * I1      The table is known from before the program's own constructors until behind its
 *         destructors; and of a library that is unloaded, no longer than its code is there.
 * I2      Inside a preload object nothing is done here: that one hands the table over itself.
 * Locking: none.   Failure: with too many tables, GetProcAddress finds none of this object's names.
 * Signal safety: none needed. */
#include "kit/kit_exports.h"

#include <winvm/control.h>

#if !defined(WVM_KIT_INSIDE)
static void __attribute__((constructor(101))) add_exports(void)
{
    (void)winvm_exports_add(WVM_KIT_EXPORTS, WVM_KIT_EXPORTS_END);
}

static void __attribute__((destructor(101))) remove_exports(void)
{
    winvm_exports_remove(WVM_KIT_EXPORTS);
}
#endif

/* What each family refers to, so that this member is linked with it. */
const char wvm_kit_exports = 0;
