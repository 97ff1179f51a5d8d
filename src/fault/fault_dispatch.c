/* The order in which an exception is offered: vectored handlers, frames, unhandled filter.
 *
 * I1  An exception that must not be continued and is continued all the same becomes
 *     STATUS_NONCONTINUABLE_EXCEPTION, offered in the same way; when that is continued too, nobody
 *     handles it.
 * I2  Continue handlers run exactly when an exception is continued, whoever asked for it.
 * I3  Nothing is held while handlers and filters run: they may leave by longjmp.
 * Locking: none.   Failure: none.   Signal safety: wvm_dispatch_wanted() only; the rest runs the
 * program's code. */
#include <string.h>

#include "fault/fault_entry.h"
#include "fault/fault_machine.h"
#include "fault/fault_private.h"

#define NONCONTINUABLE 0xC0000025u

bool wvm_dispatch_wanted(void)
{
    return wvm_frames_any() || wvm_vectored_any() || wvm_filter_any();
}

/* True: somebody answered EXCEPTION_CONTINUE_EXECUTION. */
static bool offer(EXCEPTION_POINTERS *pointers, bool last)
{
    struct wvm_frames asking;
    LONG answer;
    wvm_frames_begin(&asking, WVM_CONTEXT_SP(pointers->ContextRecord));
    bool continued = wvm_vectored_call(WVM_VECTORED_EXCEPTION, pointers) ||
                     wvm_frames_ask(&asking, pointers) ||
                     (last && wvm_filter_call(pointers, &answer) &&
                      answer == EXCEPTION_CONTINUE_EXECUTION);
    wvm_frames_end(&asking);
    return continued;
}

enum wvm_dispatch_answer wvm_dispatch(EXCEPTION_RECORD *record, CONTEXT *context, bool last)
{
    EXCEPTION_POINTERS pointers = {record, context};
    if (!offer(&pointers, last))
        return WVM_DISPATCH_UNHANDLED;
    if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE) {
        EXCEPTION_RECORD second;
        memset(&second, 0, sizeof second);
        second.ExceptionCode = NONCONTINUABLE;
        second.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
        second.ExceptionRecord = record;
        second.ExceptionAddress = (void *)(uintptr_t)WVM_CONTEXT_IP(context);
        pointers.ExceptionRecord = &second;
        offer(&pointers, last);
        return WVM_DISPATCH_UNHANDLED;
    }
    wvm_vectored_call(WVM_VECTORED_CONTINUE, &pointers);
    return WVM_DISPATCH_CONTINUE;
}
