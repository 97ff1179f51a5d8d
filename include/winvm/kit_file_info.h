/* winvm/kit_file_info.h: what files are and do by their handles, of fileapi.h, ioapiset.h and
 * winbase.h (libwinvm-kit). Every call: 6 no handle of a file, 5 a handle without the right.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPSTR LPWSTR LPVOID LONGLONG, FILE_INFO_BY_HANDLE_CLASS;
 * structures are named by their tags. */
#ifndef WINVM_KIT_FILE_INFO_H
#define WINVM_KIT_FILE_INFO_H

#include "fileapi.h" /* its DeleteFile is a macro, and the name of a member here */
#include "minwinbase.h"

#ifndef WINVM_NO_TYPES
#define LOCKFILE_FAIL_IMMEDIATELY 0x00000001
#define LOCKFILE_EXCLUSIVE_LOCK 0x00000002
#define FILE_NAME_NORMALIZED 0x0
#define FILE_NAME_OPENED 0x8
#define VOLUME_NAME_DOS 0x0
#define VOLUME_NAME_GUID 0x1
#define VOLUME_NAME_NT 0x2
#define VOLUME_NAME_NONE 0x4
#define COMPRESSION_FORMAT_NONE 0x0000
#define COMPRESSION_FORMAT_DEFAULT 0x0001

typedef struct _BY_HANDLE_FILE_INFORMATION {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD dwVolumeSerialNumber;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    DWORD nNumberOfLinks;
    DWORD nFileIndexHigh;
    DWORD nFileIndexLow;
} BY_HANDLE_FILE_INFORMATION, *PBY_HANDLE_FILE_INFORMATION, *LPBY_HANDLE_FILE_INFORMATION;

/* FILE_INFO_BY_HANDLE_CLASS is of minwinbase.h. */
typedef struct _FILE_BASIC_INFO {
    LARGE_INTEGER CreationTime; /* setting: a time of 0 or -1 and attributes of 0 stay */
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    DWORD FileAttributes;
} FILE_BASIC_INFO, *PFILE_BASIC_INFO;
typedef struct _FILE_STANDARD_INFO {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    DWORD NumberOfLinks;
    BOOLEAN DeletePending; /* always FALSE */
    BOOLEAN Directory;
} FILE_STANDARD_INFO, *PFILE_STANDARD_INFO;
typedef struct _FILE_NAME_INFO {
    DWORD FileNameLength; /* bytes, without a NUL */
    WCHAR FileName[1];
} FILE_NAME_INFO, *PFILE_NAME_INFO;
typedef struct _FILE_RENAME_INFO {
    __extension__ union {
        BOOLEAN ReplaceIfExists;
        DWORD Flags;
    } DUMMYUNIONNAME;
    HANDLE RootDirectory; /* NULL */
    DWORD FileNameLength;
    WCHAR FileName[1];
} FILE_RENAME_INFO, *PFILE_RENAME_INFO;
typedef struct _FILE_DISPOSITION_INFO {
    BOOLEAN DeleteFile;
} FILE_DISPOSITION_INFO, *PFILE_DISPOSITION_INFO;
typedef struct _FILE_ALLOCATION_INFO {
    LARGE_INTEGER AllocationSize;
} FILE_ALLOCATION_INFO, *PFILE_ALLOCATION_INFO;
typedef struct _FILE_END_OF_FILE_INFO {
    LARGE_INTEGER EndOfFile;
} FILE_END_OF_FILE_INFO, *PFILE_END_OF_FILE_INFO;
typedef struct _FILE_ATTRIBUTE_TAG_INFO {
    DWORD FileAttributes;
    DWORD ReparseTag;
} FILE_ATTRIBUTE_TAG_INFO, *PFILE_ATTRIBUTE_TAG_INFO;
typedef struct _FILE_ID_128 {
    BYTE Identifier[16];
} FILE_ID_128, *PFILE_ID_128;
typedef struct _FILE_ID_INFO {
    ULONGLONG VolumeSerialNumber;
    FILE_ID_128 FileId;
} FILE_ID_INFO, *PFILE_ID_INFO;
#endif

struct _BY_HANDLE_FILE_INFORMATION;

WINVM_BEGIN_DECLS

/* Of files and folders; others: 1. */
WINVM_DECLARE(BOOL, GetFileInformationByHandle,
              (HANDLE hFile, struct _BY_HANDLE_FILE_INFORMATION *lpFileInformation));
/* FileBasicInfo, FileStandardInfo, FileNameInfo (the host's path; 234 and its beginning when it is
 * longer), FileIdInfo, FileAttributeTagInfo. Errors: 24 the buffer is small, 87 another class. */
WINVM_DECLARE(BOOL, GetFileInformationByHandleEx,
              (HANDLE hFile, FILE_INFO_BY_HANDLE_CLASS FileInformationClass,
               LPVOID lpFileInformation, DWORD dwBufferSize));
/* FileBasicInfo (the time of creation stays as the host has it), FileRenameInfo as MoveFileEx,
 * FileDispositionInfo (deletion with the last handle of the opening; 145 a folder that is not
 * empty, 5 a read-only file), FileEndOfFileInfo, FileAllocationInfo (less than the size: the file
 * ends there). Errors: 24, 87; 1224 views of this process need the pages, 112. */
WINVM_DECLARE(BOOL, SetFileInformationByHandle,
              (HANDLE hFile, FILE_INFO_BY_HANDLE_CLASS FileInformationClass,
               LPVOID lpFileInformation, DWORD dwBufferSize));
/* The host's path, whatever volume name is asked for but a GUID (3). The length, or the size needed
 * with the NUL; 0: 2 the file has no name any more, 87. */
WINVM_DECLARE(DWORD, GetFinalPathNameByHandleA,
              (HANDLE hFile, LPSTR lpszFilePath, DWORD cchFilePath, DWORD dwFlags));
WINVM_DECLARE(DWORD, GetFinalPathNameByHandleW,
              (HANDLE hFile, LPWSTR lpszFilePath, DWORD cchFilePath, DWORD dwFlags));
/* Each may be NULL. Setting: the time of creation stays as the host has it. */
WINVM_DECLARE(BOOL, GetFileTime,
              (HANDLE hFile, struct _FILETIME *lpCreationTime, struct _FILETIME *lpLastAccessTime,
               struct _FILETIME *lpLastWriteTime));
WINVM_DECLARE(BOOL, SetFileTime,
              (HANDLE hFile, const struct _FILETIME *lpCreationTime,
               const struct _FILETIME *lpLastAccessTime,
               const struct _FILETIME *lpLastWriteTime));
/* The host has all bytes up to the end of a file as valid: nothing to do. Errors: 87 not within the
 * file. */
WINVM_DECLARE(BOOL, SetFileValidData, (HANDLE hFile, LONGLONG ValidDataLength));

/* Ranges of a file that only this opening may use (exclusive), or that nobody may have exclusively.
 * They hold among the handles of this process, and for other processes as open file description
 * locks of fcntl(2), of ranges below 2^63 bytes; reading and writing ask nobody. They end with
 * UnlockFile of the same range through the same handle, or with it. Waiting asks each 10 ms.
 * Errors: 33 another lock is there, 307 the range goes past 2^64, 87 no OVERLAPPED, 158 no such
 * lock. */
WINVM_DECLARE(BOOL, LockFile,
              (HANDLE hFile, DWORD dwFileOffsetLow, DWORD dwFileOffsetHigh,
               DWORD nNumberOfBytesToLockLow, DWORD nNumberOfBytesToLockHigh));
WINVM_DECLARE(BOOL, LockFileEx,
              (HANDLE hFile, DWORD dwFlags, DWORD dwReserved, DWORD nNumberOfBytesToLockLow,
               DWORD nNumberOfBytesToLockHigh, struct _OVERLAPPED *lpOverlapped));
WINVM_DECLARE(BOOL, UnlockFile,
              (HANDLE hFile, DWORD dwFileOffsetLow, DWORD dwFileOffsetHigh,
               DWORD nNumberOfBytesToUnlockLow, DWORD nNumberOfBytesToUnlockHigh));
WINVM_DECLARE(BOOL, UnlockFileEx,
              (HANDLE hFile, DWORD dwReserved, DWORD nNumberOfBytesToUnlockLow,
               DWORD nNumberOfBytesToUnlockHigh, struct _OVERLAPPED *lpOverlapped));

WINVM_END_DECLS

#if !defined(WINVM_NO_TYPES)
#ifdef UNICODE
#define GetFinalPathNameByHandle GetFinalPathNameByHandleW
#else
#define GetFinalPathNameByHandle GetFinalPathNameByHandleA
#endif
#endif

#endif
