/* winvm/kit_files.h: files and folders by their paths, of fileapi.h, processenv.h and winbase.h
 * (libwinvm-kit).
 *
 * Paths are the host's, as in fileapi.h: no drives, "/" between names, upper and lower case differ.
 * A path that is NULL or empty: 3 ERROR_PATH_NOT_FOUND. What is missing: 2, or 3 when the folder is
 * that it would be in. 5: the host does not permit it.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD UINT HANDLE LPSTR LPCSTR LPWSTR LPCWSTR LPVOID; structures are
 * named by their tags; GET_FILEEX_INFO_LEVELS, FINDEX_INFO_LEVELS, FINDEX_SEARCH_OPS. */
#ifndef WINVM_KIT_FILES_H
#define WINVM_KIT_FILES_H

#include "fileapi.h"
#include "minwinbase.h"

#ifndef WINVM_NO_TYPES
#define MOVEFILE_REPLACE_EXISTING 0x00000001
#define MOVEFILE_COPY_ALLOWED 0x00000002
#define MOVEFILE_DELAY_UNTIL_REBOOT 0x00000004
#define MOVEFILE_WRITE_THROUGH 0x00000008
#define MOVEFILE_CREATE_HARDLINK 0x00000010
#define MOVEFILE_FAIL_IF_NOT_TRACKABLE 0x00000020

#define DRIVE_UNKNOWN 0
#define DRIVE_NO_ROOT_DIR 1
#define DRIVE_REMOVABLE 2
#define DRIVE_FIXED 3
#define DRIVE_REMOTE 4
#define DRIVE_CDROM 5
#define DRIVE_RAMDISK 6

typedef struct _WIN32_FILE_ATTRIBUTE_DATA {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
} WIN32_FILE_ATTRIBUTE_DATA, *LPWIN32_FILE_ATTRIBUTE_DATA;
#endif

struct _WIN32_FIND_DATAA;
struct _WIN32_FIND_DATAW;
union _ULARGE_INTEGER;

WINVM_BEGIN_DECLS

/* A folder that the umask lets everybody use. Errors: 183 there is one, 3 in no folder. */
WINVM_DECLARE(BOOL, CreateDirectoryA,
              (LPCSTR lpPathName, struct _SECURITY_ATTRIBUTES *lpSecurityAttributes));
WINVM_DECLARE(BOOL, CreateDirectoryW,
              (LPCWSTR lpPathName, struct _SECURITY_ATTRIBUTES *lpSecurityAttributes));
/* Errors: 145 it is not empty, 267 it is no folder, 32 a handle does not share that. */
WINVM_DECLARE(BOOL, RemoveDirectoryA, (LPCSTR lpPathName));
WINVM_DECLARE(BOOL, RemoveDirectoryW, (LPCWSTR lpPathName));

/* Another name for a file or folder. Errors: 183 there is one, 32 a handle of this process does not
 * share deletion, or a folder would be within itself, 17 another file system (MoveFile and
 * MOVEFILE_COPY_ALLOWED copy a file then; a folder never). MOVEFILE_REPLACE_EXISTING: a file there
 * goes; 5: it is a folder, read-only, or open without FILE_SHARE_DELETE. 50:
 * MOVEFILE_DELAY_UNTIL_REBOOT, MOVEFILE_CREATE_HARDLINK. */
WINVM_DECLARE(BOOL, MoveFileA, (LPCSTR lpExistingFileName, LPCSTR lpNewFileName));
WINVM_DECLARE(BOOL, MoveFileW, (LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName));
WINVM_DECLARE(BOOL, MoveFileExA,
              (LPCSTR lpExistingFileName, LPCSTR lpNewFileName, DWORD dwFlags));
WINVM_DECLARE(BOOL, MoveFileExW,
              (LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, DWORD dwFlags));
/* The contents with their holes, the permissions and the time of the last write. Errors: 80 there
 * is one (bFailIfExists), 5 it is a folder or read-only, 32 it is open, or the same file, 112. */
WINVM_DECLARE(BOOL, CopyFileA,
              (LPCSTR lpExistingFileName, LPCSTR lpNewFileName, BOOL bFailIfExists));
WINVM_DECLARE(BOOL, CopyFileW,
              (LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, BOOL bFailIfExists));

/* READONLY takes the right to write from everybody, its absence gives it to the owner; folders
 * ignore it, and what else Windows knows is accepted. Errors: 87 DIRECTORY for a file. */
WINVM_DECLARE(BOOL, SetFileAttributesA, (LPCSTR lpFileName, DWORD dwFileAttributes));
WINVM_DECLARE(BOOL, SetFileAttributesW, (LPCWSTR lpFileName, DWORD dwFileAttributes));
/* As GetFileAttributes, and times and size. The time of creation is that of the last write where
 * the host does not know it. */
WINVM_DECLARE(BOOL, GetFileAttributesExA,
              (LPCSTR lpFileName, GET_FILEEX_INFO_LEVELS fInfoLevelId, LPVOID lpFileInformation));
WINVM_DECLARE(BOOL, GetFileAttributesExW,
              (LPCWSTR lpFileName, GET_FILEEX_INFO_LEVELS fInfoLevelId, LPVOID lpFileInformation));

/* The names in a folder, in alphabetical order, that match the last part of the path: "*" any
 * characters, "?" one, or none before a dot and at the end; ".*" also matches nothing at the end,
 * "*." a name without dots. Letters match in either case, with FIND_FIRST_EX_CASE_SENSITIVE in
 * their own. Folders but the root have "." and "..". A symbolic link has the attributes of what it
 * leads to, and REPARSE_POINT. INVALID_HANDLE_VALUE: 2 no such name, 3 no such folder, 267 it is
 * none, 87. */
WINVM_DECLARE(HANDLE, FindFirstFileA,
              (LPCSTR lpFileName, struct _WIN32_FIND_DATAA *lpFindFileData));
WINVM_DECLARE(HANDLE, FindFirstFileW,
              (LPCWSTR lpFileName, struct _WIN32_FIND_DATAW *lpFindFileData));
WINVM_DECLARE(HANDLE, FindFirstFileExA,
              (LPCSTR lpFileName, FINDEX_INFO_LEVELS fInfoLevelId, LPVOID lpFindFileData,
               FINDEX_SEARCH_OPS fSearchOp, LPVOID lpSearchFilter, DWORD dwAdditionalFlags));
WINVM_DECLARE(HANDLE, FindFirstFileExW,
              (LPCWSTR lpFileName, FINDEX_INFO_LEVELS fInfoLevelId, LPVOID lpFindFileData,
               FINDEX_SEARCH_OPS fSearchOp, LPVOID lpSearchFilter, DWORD dwAdditionalFlags));
/* FALSE: 18 there are no more, 6. */
WINVM_DECLARE(BOOL, FindNextFileA, (HANDLE hFindFile, struct _WIN32_FIND_DATAA *lpFindFileData));
WINVM_DECLARE(BOOL, FindNextFileW, (HANDLE hFindFile, struct _WIN32_FIND_DATAW *lpFindFileData));
WINVM_DECLARE(BOOL, FindClose, (HANDLE hFindFile));

/* Of the file system that a folder is on; NULL: that of the current folder. A sector is 512 bytes;
 * what is more than 32 bits is 0xFFFFFFFF. Errors: 2, 3, 267 it is no folder. */
WINVM_DECLARE(BOOL, GetDiskFreeSpaceA,
              (LPCSTR lpRootPathName, DWORD *lpSectorsPerCluster, DWORD *lpBytesPerSector,
               DWORD *lpNumberOfFreeClusters, DWORD *lpTotalNumberOfClusters));
WINVM_DECLARE(BOOL, GetDiskFreeSpaceW,
              (LPCWSTR lpRootPathName, DWORD *lpSectorsPerCluster, DWORD *lpBytesPerSector,
               DWORD *lpNumberOfFreeClusters, DWORD *lpTotalNumberOfClusters));
/* Bytes; each may be NULL. */
WINVM_DECLARE(BOOL, GetDiskFreeSpaceExA,
              (LPCSTR lpDirectoryName, union _ULARGE_INTEGER *lpFreeBytesAvailableToCaller,
               union _ULARGE_INTEGER *lpTotalNumberOfBytes,
               union _ULARGE_INTEGER *lpTotalNumberOfFreeBytes));
WINVM_DECLARE(BOOL, GetDiskFreeSpaceExW,
              (LPCWSTR lpDirectoryName, union _ULARGE_INTEGER *lpFreeBytesAvailableToCaller,
               union _ULARGE_INTEGER *lpTotalNumberOfBytes,
               union _ULARGE_INTEGER *lpTotalNumberOfFreeBytes));
/* DRIVE_NO_ROOT_DIR: no such folder; DRIVE_RAMDISK: tmpfs. */
WINVM_DECLARE(UINT, GetDriveTypeA, (LPCSTR lpRootPathName));
WINVM_DECLARE(UINT, GetDriveTypeW, (LPCWSTR lpRootPathName));
/* There are no drives: 0, and the last error 0. */
WINVM_DECLARE(DWORD, GetLogicalDrives, (void));
/* The label is empty; the file system has the host's name for it. Errors: 24 a text is too long for
 * its buffer; as GetDiskFreeSpace. */
WINVM_DECLARE(BOOL, GetVolumeInformationA,
              (LPCSTR lpRootPathName, LPSTR lpVolumeNameBuffer, DWORD nVolumeNameSize,
               DWORD *lpVolumeSerialNumber, DWORD *lpMaximumComponentLength,
               DWORD *lpFileSystemFlags, LPSTR lpFileSystemNameBuffer, DWORD nFileSystemNameSize));
WINVM_DECLARE(BOOL, GetVolumeInformationW,
              (LPCWSTR lpRootPathName, LPWSTR lpVolumeNameBuffer, DWORD nVolumeNameSize,
               DWORD *lpVolumeSerialNumber, DWORD *lpMaximumComponentLength,
               DWORD *lpFileSystemFlags, LPWSTR lpFileSystemNameBuffer,
               DWORD nFileSystemNameSize));

/* The host has no short names: the path itself, of something that exists. The length, or the size
 * needed, as GetFullPathName; 0: 2, 3. */
WINVM_DECLARE(DWORD, GetLongPathNameA, (LPCSTR lpszShortPath, LPSTR lpszLongPath, DWORD cchBuffer));
WINVM_DECLARE(DWORD, GetLongPathNameW,
              (LPCWSTR lpszShortPath, LPWSTR lpszLongPath, DWORD cchBuffer));
WINVM_DECLARE(DWORD, GetShortPathNameA,
              (LPCSTR lpszLongPath, LPSTR lpszShortPath, DWORD cchBuffer));
WINVM_DECLARE(DWORD, GetShortPathNameW,
              (LPCWSTR lpszLongPath, LPWSTR lpszShortPath, DWORD cchBuffer));
/* The full path of a file, looked for in the folders of lpPath, with ";" or ":" between them; NULL:
 * in the program's folder, the current one and those of PATH. lpExtension is added to a name that
 * has none. A name with "/" at its beginning is not looked for elsewhere. 0: 2, 87 no name. */
WINVM_DECLARE(DWORD, SearchPathA,
              (LPCSTR lpPath, LPCSTR lpFileName, LPCSTR lpExtension, DWORD nBufferLength,
               LPSTR lpBuffer, LPSTR *lpFilePart));
WINVM_DECLARE(DWORD, SearchPathW,
              (LPCWSTR lpPath, LPCWSTR lpFileName, LPCWSTR lpExtension, DWORD nBufferLength,
               LPWSTR lpBuffer, LPWSTR *lpFilePart));

WINVM_END_DECLS

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define CopyFile CopyFileW
#define CreateDirectory CreateDirectoryW
#define FindFirstFile FindFirstFileW
#define FindFirstFileEx FindFirstFileExW
#define FindNextFile FindNextFileW
#define GetDiskFreeSpace GetDiskFreeSpaceW
#define GetDiskFreeSpaceEx GetDiskFreeSpaceExW
#define GetDriveType GetDriveTypeW
#define GetFileAttributesEx GetFileAttributesExW
#define GetLongPathName GetLongPathNameW
#define GetShortPathName GetShortPathNameW
#define GetVolumeInformation GetVolumeInformationW
#define MoveFile MoveFileW
#define MoveFileEx MoveFileExW
#define RemoveDirectory RemoveDirectoryW
#define SearchPath SearchPathW
#define SetFileAttributes SetFileAttributesW
#else
#define CopyFile CopyFileA
#define CreateDirectory CreateDirectoryA
#define FindFirstFile FindFirstFileA
#define FindFirstFileEx FindFirstFileExA
#define FindNextFile FindNextFileA
#define GetDiskFreeSpace GetDiskFreeSpaceA
#define GetDiskFreeSpaceEx GetDiskFreeSpaceExA
#define GetDriveType GetDriveTypeA
#define GetFileAttributesEx GetFileAttributesExA
#define GetLongPathName GetLongPathNameA
#define GetShortPathName GetShortPathNameA
#define GetVolumeInformation GetVolumeInformationA
#define MoveFile MoveFileA
#define MoveFileEx MoveFileExA
#define RemoveDirectory RemoveDirectoryA
#define SearchPath SearchPathA
#define SetFileAttributes SetFileAttributesA
#endif
#endif

#endif
