/* The end of a program that found itself broken.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <signal.h>
#include <stdlib.h>

#include "kit/kit.h"

/* Neither handlers of exceptions nor of the host's signals run. */
VOID wvm_kit_RaiseFailFastException(PEXCEPTION_RECORD record, PCONTEXT context, DWORD flags)
{
    UNREFERENCED_PARAMETER(record);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    signal(SIGABRT, SIG_DFL);
    abort();
}

#define WVM_KIT_FAIL_FAST
#include "kit/kit_entry.h"
