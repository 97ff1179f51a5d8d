/* winvm/kit_winbase.h: what winbase.h has of libwinvm-kit.
 *
 * WINVM_NO_TYPES needs: BOOL UINT SIZE_T LPVOID LPCVOID HLOCAL HGLOBAL. */
#ifndef WINVM_KIT_WINBASE_H
#define WINVM_KIT_WINBASE_H

#include <stdarg.h>

#include "winbase.h"

#ifndef WINVM_NO_TYPES
/* LocalAlloc, LocalReAlloc, LocalFlags; GlobalAlloc and its kin have the same ones. */
#define LMEM_FIXED 0x0000
#define LMEM_MOVEABLE 0x0002
#define LMEM_NOCOMPACT 0x0010
#define LMEM_NODISCARD 0x0020
#define LMEM_ZEROINIT 0x0040
#define LMEM_MODIFY 0x0080
#define LMEM_DISCARDABLE 0x0f00
#define LMEM_VALID_FLAGS 0x0f72
#define LMEM_INVALID_HANDLE 0x8000
#define LHND (LMEM_MOVEABLE | LMEM_ZEROINIT)
#define LPTR (LMEM_FIXED | LMEM_ZEROINIT)
#define NONZEROLHND LMEM_MOVEABLE
#define NONZEROLPTR LMEM_FIXED
#define LMEM_DISCARDED 0x4000
#define LMEM_LOCKCOUNT 0x00ff
#define GMEM_FIXED 0x0000
#define GMEM_MOVEABLE 0x0002
#define GMEM_NOCOMPACT 0x0010
#define GMEM_NODISCARD 0x0020
#define GMEM_ZEROINIT 0x0040
#define GMEM_MODIFY 0x0080
#define GMEM_DISCARDABLE 0x0100
#define GMEM_NOT_BANKED 0x1000
#define GMEM_SHARE 0x2000
#define GMEM_DDESHARE 0x2000
#define GMEM_NOTIFY 0x4000
#define GMEM_VALID_FLAGS 0x7f72
#define GMEM_INVALID_HANDLE 0x8000
#define GHND (GMEM_MOVEABLE | GMEM_ZEROINIT)
#define GPTR (GMEM_FIXED | GMEM_ZEROINIT)
#define GMEM_DISCARDED 0x4000
#define GMEM_LOCKCOUNT 0x00ff

/* FormatMessage. */
#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x00000200
#define FORMAT_MESSAGE_FROM_STRING 0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE 0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM 0x00001000
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x00002000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x000000ff
#endif

/* A list of arguments in the convention of the function that takes it. */
#if WINVM_ABI == 2 && defined(__x86_64__)
#define WINVM_VA_LIST_ __builtin_ms_va_list
#else
#define WINVM_VA_LIST_ va_list
#endif

WINVM_BEGIN_DECLS

/* Memory of the process's heap. Fixed: the handle is the address. LMEM_MOVEABLE: the address is
 * told by LocalLock; 0 bytes: a handle without memory. NULL and 8: no memory. */
WINVM_DECLARE(HLOCAL, LocalAlloc, (UINT uFlags, SIZE_T uBytes));
/* Another size; what is added is 0 with LMEM_ZEROINIT. Fixed memory, and moveable memory that is
 * locked, moves only with LMEM_MOVEABLE. LMEM_MODIFY: only the flags change; with LMEM_MOVEABLE
 * fixed memory becomes moveable. 0 bytes of unlocked moveable memory: it is discarded. NULL and
 * nothing changed: 8, 6 no such handle. */
WINVM_DECLARE(HLOCAL, LocalReAlloc, (HLOCAL hMem, SIZE_T uBytes, UINT uFlags));
/* NULL: it is freed, locked or not; hMem and 6: no such handle. */
WINVM_DECLARE(HLOCAL, LocalFree, (HLOCAL hMem));
/* Bytes; 0 and 6: no such handle. */
WINVM_DECLARE(SIZE_T, LocalSize, (HLOCAL hMem));
/* The locks in the low byte, LMEM_DISCARDED, LMEM_DISCARDABLE. LMEM_INVALID_HANDLE and 6. */
WINVM_DECLARE(UINT, LocalFlags, (HLOCAL hMem));
/* The address; moveable memory stays there until the last unlock. NULL: 6, 157 it is discarded. */
WINVM_DECLARE(LPVOID, LocalLock, (HLOCAL hMem));
/* TRUE: it is still locked. FALSE: no longer (last error 0), or it was not (158), or 6. */
WINVM_DECLARE(BOOL, LocalUnlock, (HLOCAL hMem));
/* The handle of memory by its address. NULL and 6. */
WINVM_DECLARE(HLOCAL, LocalHandle, (LPCVOID pMem));
/* The same. GlobalUnlock of fixed memory is TRUE. */
WINVM_DECLARE(HGLOBAL, GlobalAlloc, (UINT uFlags, SIZE_T dwBytes));
WINVM_DECLARE(HGLOBAL, GlobalReAlloc, (HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags));
WINVM_DECLARE(HGLOBAL, GlobalFree, (HGLOBAL hMem));
WINVM_DECLARE(SIZE_T, GlobalSize, (HGLOBAL hMem));
WINVM_DECLARE(UINT, GlobalFlags, (HGLOBAL hMem));
WINVM_DECLARE(LPVOID, GlobalLock, (HGLOBAL hMem));
WINVM_DECLARE(BOOL, GlobalUnlock, (HGLOBAL hMem));
WINVM_DECLARE(HGLOBAL, GlobalHandle, (LPCVOID pMem));

/* The English text of an error, or of an HRESULT that is one, with "\r\n" at its end, or the text
 * lpSource with its inserts. The width in dwFlags is 0, or 255 for no line breaks of the text's
 * own. FORMAT_MESSAGE_ALLOCATE_BUFFER: lpBuffer is the place of a pointer, to be freed by
 * LocalFree. Returns the number of characters;
 * 0: 317 ERROR_MR_MID_NOT_FOUND, 122 the buffer, 87, 8. */
WINVM_DECLARE(DWORD, FormatMessageA,
              (DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
               LPSTR lpBuffer, DWORD nSize, WINVM_VA_LIST_ *Arguments));
WINVM_DECLARE(DWORD, FormatMessageW,
              (DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
               LPWSTR lpBuffer, DWORD nSize, WINVM_VA_LIST_ *Arguments));
#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define FormatMessage FormatMessageW
#else
#define FormatMessage FormatMessageA
#endif
#endif

/* Kept for the thread, and shown to nobody: SEM_* but SEM_NOALIGNMENTFAULTEXCEPT. lpOldMode may be
 * NULL. Errors: 87, 8. */
WINVM_DECLARE(DWORD, GetThreadErrorMode, (void));
WINVM_DECLARE(BOOL, SetThreadErrorMode, (DWORD dwNewMode, DWORD *lpOldMode));

WINVM_END_DECLS

#endif
