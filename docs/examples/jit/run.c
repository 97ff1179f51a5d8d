/* Running generated code: a fault in it ends the call, with the exception as its result.
 *
 * The gate, which is generated code too, tells the address of its frame before it calls. Functions
 * change no register that a caller keeps, so a handler that lets the gate go on with its frame has
 * left all of them. Each thread has the frame of its innermost call. */
#include <windows.h>
#include "jit.h"

struct frame {
    void *top;                              /* of the gate */
    DWORD error;
};
typedef word(JIT_CALL *gate_fn)(const BYTE *code, const word *args, void **top);

static gate_fn gate;
static const BYTE *gate_leaves;
static DWORD slot;
static PVOID handler;

static LONG WINAPI on_fault(EXCEPTION_POINTERS *info)
{
    CONTEXT *context = info->ContextRecord;
    struct frame *frame = TlsGetValue(slot);
#if defined(_WIN64)
    if (!frame || !code_is((const void *)(ULONG_PTR)context->Rip))
        return EXCEPTION_CONTINUE_SEARCH;
    context->Rbp = (ULONG_PTR)frame->top;
    context->Rip = (ULONG_PTR)gate_leaves;
#else
    if (!frame || !code_is((const void *)(ULONG_PTR)context->Eip))
        return EXCEPTION_CONTINUE_SEARCH;
    context->Ebp = (ULONG_PTR)frame->top;
    context->Eip = (ULONG_PTR)gate_leaves;
#endif
    frame->error = info->ExceptionRecord->ExceptionCode;
    return EXCEPTION_CONTINUE_EXECUTION;
}

int run_start(void)
{
    struct emit e = {code_open(64), 0};
    BYTE *start = e.at, *leaves;
    if (!start)
        return 0;
    leaves = emit_gate(&e);
    code_close((size_t)(e.at - start));
    gate = (gate_fn)(ULONG_PTR)code_runs_at(start);
    gate_leaves = code_runs_at(leaves);
    slot = TlsAlloc();
    handler = AddVectoredExceptionHandler(1, on_fault);
    return handler != NULL;
}

void run_end(void)
{
    RemoveVectoredExceptionHandler(handler);
    TlsFree(slot);
}

struct jit_result run_code(const BYTE *code, const word args[MOST_PARAMS])
{
    struct frame frame = {NULL, 0};
    struct frame *outer = TlsGetValue(slot);
    struct jit_result result;
    TlsSetValue(slot, &frame);
    result.value = gate(code, args, &frame.top);
    TlsSetValue(slot, outer);
    result.error = frame.error;
    if (result.error != 0)
        result.value = 0;
    return result;
}
