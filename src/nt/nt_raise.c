/* Exceptions that kernel-style calls raise in their caller.
 *
 * The machinery, which takes the registers of the thread and offers the exception to handlers and
 * frames, is of the rooms above.
 * Locking: none.   Failure: none.   Signal safety: runs the program's code. */
#include "nt/nt_raise.h"

#include <stddef.h>

void (*wvm_nt_raise_hook)(uint32_t status);

void wvm_nt_raise(uint32_t status)
{
    if (wvm_nt_raise_hook != NULL)
        wvm_nt_raise_hook(status);
}
