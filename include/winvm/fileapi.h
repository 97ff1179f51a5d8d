/* winvm/fileapi.h: files, as far as a program that maps them needs.
 *
 * Paths are the host's: no drive letters, and a backslash is a character like any other. The W
 * forms take UTF-16, the A forms bytes. Share modes hold among the handles of this process; other
 * processes are not asked, and descriptors of the C library neither.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD UINT HANDLE LPCWSTR LPWSTR; LARGE_INTEGER, OVERLAPPED and
 * SECURITY_ATTRIBUTES are named by their tags. */
#ifndef WINVM_FILEAPI_H
#define WINVM_FILEAPI_H

#include "minwinbase.h"

#ifndef WINVM_NO_TYPES

/* CreateFile: dwCreationDisposition. */
#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define TRUNCATE_EXISTING 5

#define INVALID_FILE_SIZE ((DWORD)0xFFFFFFFF)
#define INVALID_SET_FILE_POINTER ((DWORD)-1)

#ifdef UNICODE
#define CreateFile CreateFileW
#define DeleteFile DeleteFileW
#define GetTempFileName GetTempFileNameW
#define GetTempPath GetTempPathW
#else
#define CreateFile CreateFileA
#define DeleteFile DeleteFileA
#define GetTempFileName GetTempFileNameA
#define GetTempPath GetTempPathA
#endif
#endif

union _LARGE_INTEGER;
struct _OVERLAPPED;
struct _SECURITY_ATTRIBUTES;

WINVM_BEGIN_DECLS

/* Opens or creates a file. Rights: generic or FILE_*; share: FILE_SHARE_*; flags: WRITE_THROUGH,
 * OVERLAPPED (calls complete at once, and must bring an OVERLAPPED), DELETE_ON_CLOSE,
 * BACKUP_SEMANTICS (folders), OPEN_REPARSE_POINT (no symbolic link), FILE_ATTRIBUTE_READONLY for a
 * new file; other hints are accepted. On success the last error is 183 ERROR_ALREADY_EXISTS when
 * CREATE_ALWAYS or OPEN_ALWAYS found the file, else 0. INVALID_HANDLE_VALUE and: 2, 3 no such file
 * or folder; 5 the host's permissions, or a folder; 19 read-only file system; 32 sharing; 80
 * CREATE_NEW found it; 87 parameters; 112; 123 half a surrogate pair; 206 path too long; 998
 * lpFileName; 1224 it would be emptied under a view; 4, 1450. */
WINVM_DECLARE(HANDLE, CreateFileA,
              (const char *lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
               struct _SECURITY_ATTRIBUTES *lpSecurityAttributes, DWORD dwCreationDisposition,
               DWORD dwFlagsAndAttributes, HANDLE hTemplateFile));
WINVM_DECLARE(HANDLE, CreateFileW,
              (LPCWSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
               struct _SECURITY_ATTRIBUTES *lpSecurityAttributes, DWORD dwCreationDisposition,
               DWORD dwFlagsAndAttributes, HANDLE hTemplateFile));

/* Bytes at the file's position, or at the OVERLAPPED's offset; the call is complete when it
 * returns, and the OVERLAPPED's event, reset before, is set when it has succeeded. The count may be
 * NULL. The end of a file: TRUE and 0 bytes; with an OVERLAPPED FALSE and 38. Errors: 998 the
 * buffer or the count (nothing is moved), 5, 6, 87, 109, 112. Offset 0xFFFFFFFF, 0xFFFFFFFF of a
 * write: the end of the file. */
WINVM_DECLARE(BOOL, ReadFile,
              (HANDLE hFile, void *lpBuffer, DWORD nNumberOfBytesToRead,
               DWORD *lpNumberOfBytesRead, struct _OVERLAPPED *lpOverlapped));
WINVM_DECLARE(BOOL, WriteFile,
              (HANDLE hFile, const void *lpBuffer, DWORD nNumberOfBytesToWrite,
               DWORD *lpNumberOfBytesWritten, struct _OVERLAPPED *lpOverlapped));

/* Moves the position by bytes from FILE_BEGIN, FILE_CURRENT or FILE_END. INVALID_SET_FILE_POINTER
 * is an error when the last error is not 0: 131 before the beginning, 87 the method, or a position
 * of more than 32 bits without lpDistanceToMoveHigh, 1 not a regular file, 6, 998. */
WINVM_DECLARE(DWORD, SetFilePointer,
              (HANDLE hFile, int lDistanceToMove, int *lpDistanceToMoveHigh, DWORD dwMoveMethod));
WINVM_DECLARE(BOOL, SetFilePointerEx,
              (HANDLE hFile, union _LARGE_INTEGER liDistanceToMove,
               union _LARGE_INTEGER *lpNewFilePointer, DWORD dwMoveMethod));
/* The file ends at its position. 1224: views of this process need the pages behind. */
WINVM_DECLARE(BOOL, SetEndOfFile, (HANDLE hFile));
/* Bytes. INVALID_FILE_SIZE is an error when the last error is not 0. */
WINVM_DECLARE(DWORD, GetFileSize, (HANDLE hFile, DWORD *lpFileSizeHigh));
WINVM_DECLARE(BOOL, GetFileSizeEx, (HANDLE hFile, union _LARGE_INTEGER *lpFileSize));
/* FILE_TYPE_*. */
WINVM_DECLARE(DWORD, GetFileType, (HANDLE hFile));
/* Needs the right to write. Returns when the data is on the disk. */
WINVM_DECLARE(BOOL, FlushFileBuffers, (HANDLE hFile));
/* Removes the name; open handles stay good. 32: a handle of this process does not share that. */
WINVM_DECLARE(BOOL, DeleteFileA, (const char *lpFileName));
WINVM_DECLARE(BOOL, DeleteFileW, (LPCWSTR lpFileName));
/* The folder that TMPDIR, TMP or TEMP name, else /tmp, with a slash at the end. The length without
 * the NUL; with it, and nothing written, when the buffer is too small. */
WINVM_DECLARE(DWORD, GetTempPathA, (DWORD nBufferLength, char *lpBuffer));
WINVM_DECLARE(DWORD, GetTempPathW, (DWORD nBufferLength, LPWSTR lpBuffer));
/* A name in the folder: three characters of the prefix, uUnique in hexadecimal, ".tmp". uUnique 0:
 * a number that no file has, and the file is created. lpTempFileName has MAX_PATH characters. The
 * number, or 0: 267 no such folder, 111 the path is too long, and CreateFile's errors. */
WINVM_DECLARE(UINT, GetTempFileNameA,
              (const char *lpPathName, const char *lpPrefixString, UINT uUnique,
               char *lpTempFileName));
WINVM_DECLARE(UINT, GetTempFileNameW,
              (LPCWSTR lpPathName, LPCWSTR lpPrefixString, UINT uUnique,
               LPWSTR lpTempFileName));

WINVM_END_DECLS

#endif
