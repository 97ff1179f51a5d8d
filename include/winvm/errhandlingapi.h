/* winvm/errhandlingapi.h: the last error of the calling thread, and exceptions.
 *
 * WINVM_NO_TYPES needs: DWORD ULONG ULONG_PTR. */
#ifndef WINVM_ERRHANDLINGAPI_H
#define WINVM_ERRHANDLINGAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef LONG(WINAPI *PTOP_LEVEL_EXCEPTION_FILTER)(struct _EXCEPTION_POINTERS *ExceptionInfo);
typedef PTOP_LEVEL_EXCEPTION_FILTER LPTOP_LEVEL_EXCEPTION_FILTER;
#endif

/* PVECTORED_EXCEPTION_HANDLER and PTOP_LEVEL_EXCEPTION_FILTER, in either mode. */
struct _EXCEPTION_POINTERS;
typedef int(WINVM_CALL *winvm_exception_handler)(struct _EXCEPTION_POINTERS *ExceptionInfo);

WINVM_BEGIN_DECLS

/* One value per thread (VA-129); a call that succeeds leaves it alone (VA-128). */
WINVM_DECLARE(DWORD, GetLastError, (void));
WINVM_DECLARE(void, SetLastError, (DWORD dwErrCode));

/* A handler hears of every exception of every thread before anybody else: FirstHandler not 0 before
 * all others, 0 after them (VEH-001, 002). It answers EXCEPTION_CONTINUE_EXECUTION, and no other is
 * asked, or EXCEPTION_CONTINUE_SEARCH. Continue handlers are called when the former was answered.
 * The handle is for the removing function of the same list; that answers 0 for any other. */
WINVM_DECLARE(void *, AddVectoredExceptionHandler,
              (ULONG FirstHandler, winvm_exception_handler Handler));
WINVM_DECLARE(ULONG, RemoveVectoredExceptionHandler, (void *Handle));
WINVM_DECLARE(void *, AddVectoredContinueHandler,
              (ULONG FirstHandler, winvm_exception_handler Handler));
WINVM_DECLARE(ULONG, RemoveVectoredContinueHandler, (void *Handle));

/* The filter is asked last. Answers the one before it, NULL: none. */
WINVM_DECLARE(winvm_exception_handler, SetUnhandledExceptionFilter,
              (winvm_exception_handler lpTopLevelExceptionFilter));
/* The filter's answer; EXCEPTION_EXECUTE_HANDLER without one. */
WINVM_DECLARE(int, UnhandledExceptionFilter, (struct _EXCEPTION_POINTERS *ExceptionInfo));

/* Raises an exception in the calling thread. Returns when a handler continues; not with
 * EXCEPTION_NONCONTINUABLE. At most EXCEPTION_MAXIMUM_PARAMETERS arguments are taken. */
WINVM_DECLARE(void, RaiseException,
              (DWORD dwExceptionCode, DWORD dwExceptionFlags, DWORD nNumberOfArguments,
               const ULONG_PTR *lpArguments));

/* A value that is kept. */
WINVM_DECLARE(unsigned, SetErrorMode, (unsigned uMode));
WINVM_DECLARE(unsigned, GetErrorMode, (void));

WINVM_END_DECLS

#endif
