/* winvm/excpt.h: structured exception handling for C, and the answers of filters and handlers.
 *
 *     WINVM_TRY { body } WINVM_EXCEPT(filter) { handler } WINVM_END
 *     WINVM_TRY { body } WINVM_FINALLY { block } WINVM_END
 *
 * An exception in the body, or in anything the body calls, evaluates `filter` while the place of
 * the exception is still as it was, in the scope of the function that holds the try. Its value:
 *     EXCEPTION_EXECUTE_HANDLER     the functions in between are left, their FINALLY blocks run,
 *                                   and the handler
 *     EXCEPTION_CONTINUE_SEARCH     the next try outwards is asked
 *     EXCEPTION_CONTINUE_EXECUTION  the interrupted code goes on
 * GetExceptionCode() may be used in filter and handler, GetExceptionInformation() in the filter,
 * AbnormalTermination() in the FINALLY block.
 *
 *  - break and continue in a body leave the try, as WINVM_LEAVE does; inside a loop or switch of
 *    the body they belong to that.
 *  - return and goto out of a body are allowed, but OUT OF A FINALLY BODY THEY SKIP THE BLOCK.
 *  - As with setjmp, a local variable that the body changes and filter, handler or block read is to
 *    be volatile.
 *  - C++: no object with a destructor may live in the functions in between.
 *  - In a program whose frames lie on several stacks (coroutines), an exception must not look for a
 *    try across two stacks.
 * For x86-64. The names __try, __except, __finally and __leave are in compat/excpt.h.
 *
 * WINVM_NO_TYPES needs: nothing. */
#ifndef WINVM_EXCPT_H
#define WINVM_EXCPT_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

/* What a filter answers; a vectored handler knows the last two. */
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

struct _EXCEPTION_RECORD;
struct _CONTEXT;
typedef EXCEPTION_DISPOSITION NTAPI EXCEPTION_ROUTINE(struct _EXCEPTION_RECORD *ExceptionRecord,
                                                      PVOID EstablisherFrame,
                                                      struct _CONTEXT *ContextRecord,
                                                      PVOID DispatcherContext);
typedef EXCEPTION_ROUTINE *PEXCEPTION_ROUTINE;
#endif

#if defined(__x86_64__) || defined(__i386__)
#include "excpt_try.h"
#endif

#endif
