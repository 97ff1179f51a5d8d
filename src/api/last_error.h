/* The thread's last error. */
#ifndef WVM_API_LAST_ERROR_H
#define WVM_API_LAST_ERROR_H

#include <winvm/winvm.h>

/* Called with every error that winvm itself reports, besides the thread's own cell: lets a program
 * that brings its own SetLastError see it. Set once at start, NULL otherwise. */
extern void (*wvm_last_error_hook)(DWORD error);

/* Reports a failure of a Win32 call. Successful calls must not come here (VA-128). */
void wvm_set_last_error(DWORD error);
/* The same from a native status. Returns TRUE when status is a success, else sets and returns
 * FALSE. */
BOOL wvm_win32_result(NTSTATUS status);

#endif
