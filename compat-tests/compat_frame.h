/* Frames of handlers: one function call below a handler that is bound to the stack frame.
 *
 * Owns    the frame and its answer.
 * Use     in_frame(answer, body): body runs; an exception in it that no vectored handler takes is
 *         given to answer, which continues it or passes it on. COMPAT_FRAMES is 0 where the headers
 *         of the build have no such thing.
 * Locking: for the main thread. */
#ifndef COMPAT_FRAME_H
#define COMPAT_FRAME_H

#include "compat_cpu.h"

static LONG (*frame_answer)(EXCEPTION_POINTERS *);

#ifdef _WIN32
#define COMPAT_FRAMES 1

/* The function that the unwind data of compat_framed, or the record on its stack, names. */
EXCEPTION_DISPOSITION compat_frame_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                           void *dispatcher) __asm__("compat_frame_handler");
EXCEPTION_DISPOSITION __attribute__((used))
compat_frame_handler(EXCEPTION_RECORD *record, void *frame, CONTEXT *context, void *dispatcher)
{
    EXCEPTION_POINTERS info = {record, context};

    (void)frame;
    (void)dispatcher;
    if (record->ExceptionFlags & 0x66) /* an unwind */
        return ExceptionContinueSearch;
    return frame_answer(&info) == EXCEPTION_CONTINUE_EXECUTION ? ExceptionContinueExecution
                                                               : ExceptionContinueSearch;
}

#ifdef _WIN64
__asm__(".text\n"
        ".def compat_framed; .scl 3; .type 32; .endef\n"
        ".seh_proc compat_framed\n"
        "compat_framed:\n"
        " subq $40, %rsp\n"
        " .seh_stackalloc 40\n"
        " .seh_endprologue\n"
        " .seh_handler compat_frame_handler, @except\n"
        " call *%rcx\n"
        " nop\n"
        " addq $40, %rsp\n"
        " ret\n"
        " .seh_endproc\n");
#else
__asm__(".text\n"
        "compat_framed:\n"
        " push $compat_frame_handler\n"
        " push %fs:0\n"
        " mov %esp, %fs:0\n"
        " call *" LEAF_ARGUMENT "\n"
        " pop %fs:0\n"
        " pop %ecx\n"
        " ret\n");
#endif
LEAF void compat_framed(void (*body)(void)) __asm__("compat_framed");
#elif defined(WINVM_TRY)
#define COMPAT_FRAMES 1
static void compat_framed(void (*body)(void))
{
    WINVM_TRY
    {
        body();
    }
    WINVM_EXCEPT(frame_answer(GetExceptionInformation()))
    {
    }
    WINVM_END
}
#else
#define COMPAT_FRAMES 0
static void compat_framed(void (*body)(void))
{
    body();
}
#endif

static inline void in_frame(LONG (*answer)(EXCEPTION_POINTERS *), void (*body)(void))
{
    frame_answer = answer;
    compat_framed(body);
}
#endif
