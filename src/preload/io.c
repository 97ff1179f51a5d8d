/* The interposed system calls: each function of io_list.h looks at its buffers and goes on to the
 * real one.
 *
 * I1       The real function is called with the program's own arguments, at most once, by a tail
 *          jump where it has no signal mask: errno, restarts and cancellation are its own.
 * I2       A call whose buffer met a guard page fails with EFAULT and has done nothing else.
 * stdio, and whatever else the C library calls inside itself, does not come here.
 * Locking: none.   Failure: I2.   Signal safety: that of the real function. */
#include "preload/io.h"

#include <errno.h>
#include <stdint.h>

#include "preload/real.h"
#include "preload/signals.h"

static WVM_COLD intptr_t fail_with(intptr_t value)
{
    errno = EFAULT;
    return value;
}

#define FAILED(ret) ((ret)fail_with(__builtin_types_compatible_p(ret, char *) ? 0 : -1))
#define WITH_MASK(mask) wvm_signals_open_mask(mask, &(sigset_t){{0}})

#define WVM_IO(ret, name, params, args, ready) \
    WVM_DEFINE(ret, name, params)              \
    {                                          \
        if (WVM_UNLIKELY(!(ready)))            \
            return FAILED(ret);                \
        return WVM_REAL_OF(name) args;         \
    }
#include "preload/io_list.h"
