/* winvm/processenv.h: the environment and the command line (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD LPSTR LPCSTR LPWSTR LPCWSTR. */
#ifndef WINVM_PROCESSENV_H
#define WINVM_PROCESSENV_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* The value's length when it fits into the nSize characters with its NUL, else the size needed,
 * with the NUL. The environment is the C library's; a name is looked for as it is, then in any
 * case. 0: 203 ERROR_ENVVAR_NOT_FOUND, or the value is empty (last error 0). */
WINVM_DECLARE(DWORD, GetEnvironmentVariableA, (LPCSTR lpName, LPSTR lpBuffer, DWORD nSize));
WINVM_DECLARE(DWORD, GetEnvironmentVariableW, (LPCWSTR lpName, LPWSTR lpBuffer, DWORD nSize));
/* lpValue NULL removes it. Errors: 87 no name, or one with '='; 203 nothing to remove. */
WINVM_DECLARE(BOOL, SetEnvironmentVariableA, (LPCSTR lpName, LPCSTR lpValue));
WINVM_DECLARE(BOOL, SetEnvironmentVariableW, (LPCWSTR lpName, LPCWSTR lpValue));
/* The arguments, quoted where they need it. The text stays. */
WINVM_DECLARE(LPSTR, GetCommandLineA, (void));
WINVM_DECLARE(LPWSTR, GetCommandLineW, (void));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetEnvironmentVariable GetEnvironmentVariableW
#define SetEnvironmentVariable SetEnvironmentVariableW
#define GetCommandLine GetCommandLineW
#else
#define GetEnvironmentVariable GetEnvironmentVariableA
#define SetEnvironmentVariable SetEnvironmentVariableA
#define GetCommandLine GetCommandLineA
#endif
#endif

WINVM_END_DECLS

#endif
