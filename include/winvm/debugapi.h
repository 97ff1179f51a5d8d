/* winvm/debugapi.h: debuggers of the host (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL LPCSTR LPCWSTR. */
#ifndef WINVM_DEBUGAPI_H
#define WINVM_DEBUGAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* TRUE while the process is traced. */
WINVM_DECLARE(BOOL, IsDebuggerPresent, (void));
/* The same of a process. Errors: 87 no pbDebuggerPresent, 6, 5. */
WINVM_DECLARE(BOOL, CheckRemoteDebuggerPresent, (HANDLE hProcess, BOOL *pbDebuggerPresent));
/* The exception STATUS_BREAKPOINT. */
WINVM_DECLARE(void, DebugBreak, (void));
/* To standard error, while a debugger is present or when the environment has WINVM_DEBUG_STRINGS;
 * else nobody hears it. */
WINVM_DECLARE(void, OutputDebugStringA, (LPCSTR lpOutputString));
WINVM_DECLARE(void, OutputDebugStringW, (LPCWSTR lpOutputString));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define OutputDebugString OutputDebugStringW
#else
#define OutputDebugString OutputDebugStringA
#endif
#endif

WINVM_END_DECLS

#endif
