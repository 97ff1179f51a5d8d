/* winvm/psapi.h: the files that memory is mapped from.
 *
 * WINVM_NO_TYPES needs: DWORD HANDLE LPWSTR. */
#ifndef WINVM_PSAPI_H
#define WINVM_PSAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* The path of the file that the page at lpv is mapped from: the host's path, NUL-terminated, in a
 * buffer of nSize characters. Returns its length without the NUL, or 0. hProcess: this process.
 * Errors: 6 ERROR_INVALID_HANDLE, 5 ERROR_ACCESS_DENIED, 59 ERROR_UNEXP_NET_ERR for memory that no
 * file is mapped to (VQ-044), 1006 ERROR_FILE_INVALID for views of the page file,
 * 122 ERROR_INSUFFICIENT_BUFFER, 998 ERROR_NOACCESS. */
WINVM_DECLARE(DWORD, K32GetMappedFileNameA,
              (HANDLE hProcess, void *lpv, char *lpFilename, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetMappedFileNameW,
              (HANDLE hProcess, void *lpv, LPWSTR lpFilename, DWORD nSize));
/* The older names; newer headers make them macros. */
#ifndef GetMappedFileNameA
WINVM_DECLARE(DWORD, GetMappedFileNameA,
              (HANDLE hProcess, void *lpv, char *lpFilename, DWORD nSize));
#endif
#ifndef GetMappedFileNameW
WINVM_DECLARE(DWORD, GetMappedFileNameW,
              (HANDLE hProcess, void *lpv, LPWSTR lpFilename, DWORD nSize));
#endif

WINVM_END_DECLS

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetMappedFileName GetMappedFileNameW
#else
#define GetMappedFileName GetMappedFileNameA
#endif
#endif

#endif
