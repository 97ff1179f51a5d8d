/* Vectored handlers, the unhandled exception filter, raised exceptions and contexts: the public
 * calls over fault/.
 *
 * Terms   caller = the registers of the thread that called one of the REGS entries (api_list.h), as
 *         they are behind the call.
 * I1  A handler or filter is called in the convention of the entry it was registered through; an
 *     old filter is handed out as a function of its receiver's convention.
 * I2  A REGS function never returns: it resumes a context.
 * I3  What a handler does to the context holds for the thread that goes on.
 * Locking: none.
 * Failure: an exception that nobody handles ends the process: one line, and abort.
 * Signal safety: registering and capturing; raising runs the program's code. */
#include <stdlib.h>
#include <string.h>

#include "api/entry.h"
#include "api/last_error.h"
#include "fault/fault_entry.h"
#include "fault/fault_machine.h"
#include "host/host.h"

static UINT error_mode;     /* atomic */

static PVOID add(enum wvm_vectored_list list, ULONG first, void *handler, bool ms)
{
    if (handler == NULL) {
        wvm_set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    void *handle = wvm_vectored_add(list, first != 0, handler, ms);
    if (handle == NULL)
        wvm_set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return handle;
}

PVOID wvm_AddVectoredExceptionHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler)
{
    return add(WVM_VECTORED_EXCEPTION, first, (void *)handler, false);
}

PVOID wvm_AddVectoredExceptionHandler_ms(ULONG first, PVECTORED_EXCEPTION_HANDLER handler)
{
    return add(WVM_VECTORED_EXCEPTION, first, (void *)handler, true);
}

PVOID wvm_AddVectoredContinueHandler(ULONG first, PVECTORED_EXCEPTION_HANDLER handler)
{
    return add(WVM_VECTORED_CONTINUE, first, (void *)handler, false);
}

PVOID wvm_AddVectoredContinueHandler_ms(ULONG first, PVECTORED_EXCEPTION_HANDLER handler)
{
    return add(WVM_VECTORED_CONTINUE, first, (void *)handler, true);
}

ULONG wvm_RemoveVectoredExceptionHandler(PVOID handle)
{
    return wvm_vectored_remove(WVM_VECTORED_EXCEPTION, handle);
}

ULONG wvm_RemoveVectoredContinueHandler(PVOID handle)
{
    return wvm_vectored_remove(WVM_VECTORED_CONTINUE, handle);
}

static LPTOP_LEVEL_EXCEPTION_FILTER set_filter(void *filter, bool ms)
{
    bool old_ms;
    void *old = wvm_unhandled_filter_set(filter, ms, &old_ms);
    if (old != NULL && old_ms != ms)
        old = wvm_filter_bridge(old, ms);
    return (LPTOP_LEVEL_EXCEPTION_FILTER)old;
}

LPTOP_LEVEL_EXCEPTION_FILTER wvm_SetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    return set_filter((void *)filter, false);
}

LPTOP_LEVEL_EXCEPTION_FILTER
wvm_SetUnhandledExceptionFilter_ms(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    return set_filter((void *)filter, true);
}

LONG wvm_UnhandledExceptionFilter(PEXCEPTION_POINTERS pointers)
{
    LONG answer;
    return wvm_filter_call(pointers, &answer) ? answer : EXCEPTION_EXECUTE_HANDLER;
}

/* SEM_NOALIGNMENTFAULTEXCEPT stays once it is set. */
UINT wvm_SetErrorMode(UINT mode)
{
    UINT old = __atomic_load_n(&error_mode, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&error_mode, &old,
                                        mode | (old & SEM_NOALIGNMENTFAULTEXCEPT), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    return old;
}

UINT wvm_GetErrorMode(VOID)
{
    return __atomic_load_n(&error_mode, __ATOMIC_RELAXED);
}

/* ---- REGS entries ---- */

#define REGS __attribute__((used)) WVM_HIDDEN _Noreturn void
REGS wvm_regs_RaiseException(CONTEXT *caller, DWORD code, DWORD flags, DWORD count,
                             const ULONG_PTR *arguments);
REGS wvm_regs_RtlRaiseException(CONTEXT *caller, EXCEPTION_RECORD *record);
REGS wvm_regs_RtlCaptureContext(CONTEXT *caller, CONTEXT *out);
REGS wvm_regs_RtlRestoreContext(CONTEXT *caller, CONTEXT *context, EXCEPTION_RECORD *record);
REGS wvm_regs_NtContinue(CONTEXT *caller, CONTEXT *context, BOOLEAN alert);

/* The gate of these calls. The trace shows them before they happen: few come back. */
static void pass_gate(struct wvm_trace_call call)
{
    unsigned bits = wvm_gate_bits();
    if (WVM_LIKELY(bits == 0))
        return;
    if (bits & WVM_GATE_INIT)
        wvm_init();
    if (wvm_gate_bits() & WVM_GATE_TRACE) {
        wvm_trace_begin(&call);
        wvm_trace_end(&call, 0);
    }
}

static _Noreturn void raise_record(EXCEPTION_RECORD *record, CONTEXT *caller)
{
    if (wvm_dispatch(record, caller, true) == WVM_DISPATCH_CONTINUE)
        wvm_context_resume(caller);
    wvm_host_log("unhandled exception 0x%x raised at %p", record->ExceptionCode,
                 record->ExceptionAddress);
    abort();
}

void wvm_regs_RaiseException(CONTEXT *caller, DWORD code, DWORD flags, DWORD count,
                             const ULONG_PTR *arguments)
{
    pass_gate((struct wvm_trace_call){.id = WVM_ID_RaiseException,
                                      .arg = {code, flags, count, (uintptr_t)arguments}});
    EXCEPTION_RECORD record;
    memset(&record, 0, sizeof record);
    record.ExceptionCode = code;
    record.ExceptionFlags = flags & EXCEPTION_NONCONTINUABLE;
    record.ExceptionAddress = (PVOID)(uintptr_t)WVM_CONTEXT_IP(caller);
    if (arguments != NULL) {
        record.NumberParameters = count < EXCEPTION_MAXIMUM_PARAMETERS
                                      ? count
                                      : EXCEPTION_MAXIMUM_PARAMETERS;
        memcpy(record.ExceptionInformation, arguments,
               record.NumberParameters * sizeof arguments[0]);
    }
    raise_record(&record, caller);
}

extern WVM_HIDDEN void wvm_sysv_RaiseException(void);

/* The registers are those of this function: the exception's address is one of the library, as that
 * of ExRaiseStatus is one of the system. */
void wvm_raise_status(uint32_t status)
{
    void (*raise)(DWORD, DWORD, DWORD, const ULONG_PTR *) =
        (void (*)(DWORD, DWORD, DWORD, const ULONG_PTR *))wvm_sysv_RaiseException;
    raise(status, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

void wvm_regs_RtlRaiseException(CONTEXT *caller, EXCEPTION_RECORD *record)
{
    pass_gate((struct wvm_trace_call){.id = WVM_ID_RtlRaiseException,
                                      .arg = {(uintptr_t)record}});
    record->ExceptionAddress = (PVOID)(uintptr_t)WVM_CONTEXT_IP(caller);
    raise_record(record, caller);
}

/* Left alone are the debug registers and what lies behind the floating-point area; on i386 all of
 * floating point, as on Windows. */
void wvm_regs_RtlCaptureContext(CONTEXT *caller, CONTEXT *out)
{
    pass_gate((struct wvm_trace_call){.id = WVM_ID_RtlCaptureContext, .arg = {(uintptr_t)out}});
#if defined(__x86_64__)
    memcpy(&out->ContextFlags, &caller->ContextFlags,
           offsetof(CONTEXT, Dr0) - offsetof(CONTEXT, ContextFlags));
    memcpy(&out->Rax, &caller->Rax, offsetof(CONTEXT, VectorRegister) - offsetof(CONTEXT, Rax));
#else
    out->ContextFlags = CONTEXT_FULL;
    memcpy(&out->SegGs, &caller->SegGs,
           offsetof(CONTEXT, ExtendedRegisters) - offsetof(CONTEXT, SegGs));
#endif
    wvm_context_resume(caller);
}

static _Noreturn void continue_with(CONTEXT *caller, const CONTEXT *context)
{
    wvm_context_overlay(caller, context);
    wvm_context_resume(caller);
}

/* The record's business is unwinding C++ and longjmp on Windows; there is nothing of it here. */
void wvm_regs_RtlRestoreContext(CONTEXT *caller, CONTEXT *context, EXCEPTION_RECORD *record)
{
    pass_gate((struct wvm_trace_call){.id = WVM_ID_RtlRestoreContext,
                                      .arg = {(uintptr_t)context, (uintptr_t)record}});
    continue_with(caller, context);
}

void wvm_regs_NtContinue(CONTEXT *caller, CONTEXT *context, BOOLEAN alert)
{
    pass_gate((struct wvm_trace_call){.id = WVM_ID_NtContinue,
                                      .arg = {(uintptr_t)context, alert}});
    if (context != NULL)
        continue_with(caller, context);
#if defined(__x86_64__)
    caller->Rax = (DWORD)STATUS_ACCESS_VIOLATION;
#else
    caller->Eax = (DWORD)STATUS_ACCESS_VIOLATION;
#endif
    wvm_context_resume(caller);
}
