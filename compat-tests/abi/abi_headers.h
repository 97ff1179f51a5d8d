/* The header set under test: winvm's own, mingw-w64's (ABI_MINGW) or Wine's (ABI_WINE), and the way
 * a value gets from the compiler into the test: as a comment in the assembler output, so that
 * nothing has to be linked or run. */
#ifndef ABI_HEADERS_H
#define ABI_HEADERS_H

#include <stddef.h>

#if defined(ABI_MINGW) || defined(ABI_WINE)
#ifndef ABI_WINNT_STATUS
#define WIN32_NO_STATUS
#endif
#include <windows.h>
#include <dbghelp.h>
#include <psapi.h>
#include <winioctl.h>
#include <winternl.h>
#ifndef ABI_WINNT_STATUS
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#endif
#elif defined(ABI_WINNT_STATUS)
#define WINVM_WIN32_ONLY
#include <winvm/winvm.h>
#include <winvm/winternl.h>
#else
#include <winvm/winvm.h>
#endif

/* Puts "@ABI text=value" into the assembler output. */
#define ABI_PRINT(text, value) __asm__ volatile("\n# @ABI " text "=%c0\n" : : "i"(value))

#endif
