/* What files are: attributes, times and sizes by their paths.
 *
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

DWORD wvm_kit_GetFileAttributesA(LPCSTR path)
{
    struct wvm_kit_file f;
    if (!wvm_kit_file_named(path))
        return INVALID_FILE_ATTRIBUTES;
    int error = wvm_kit_file_of(-1, path, true, &f);
    if (!error)
        return wvm_kit_file_attributes(&f);
    wvm_kit_file_fail(error, path);
    return INVALID_FILE_ATTRIBUTES;
}

DWORD wvm_kit_GetFileAttributesW(LPCWSTR path)
{
    char *narrow = wvm_kit_file_path(path);
    DWORD found = narrow ? wvm_kit_GetFileAttributesA(narrow) : INVALID_FILE_ATTRIBUTES;
    free(narrow);
    return found;
}

BOOL wvm_kit_SetFileAttributesA(LPCSTR path, DWORD attributes)
{
    struct wvm_kit_file f;
    if (!wvm_kit_file_named(path))
        return FALSE;
    int error = wvm_kit_file_of(-1, path, true, &f);
    if (error)
        return wvm_kit_file_fail(error, path);
    if (S_ISDIR(f.mode))
        return TRUE; /* READONLY means nothing for a folder */
    if (attributes & FILE_ATTRIBUTE_DIRECTORY)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return chmod(path, wvm_kit_file_permissions(&f, attributes)) == 0 ||
           wvm_kit_file_fail(errno, path);
}

BOOL wvm_kit_SetFileAttributesW(LPCWSTR path, DWORD attributes)
{
    char *narrow = wvm_kit_file_path(path);
    BOOL done = narrow && wvm_kit_SetFileAttributesA(narrow, attributes);
    free(narrow);
    return done;
}

BOOL wvm_kit_GetFileAttributesExA(LPCSTR path, GET_FILEEX_INFO_LEVELS level, LPVOID out)
{
    struct wvm_kit_file f;
    if (level != GetFileExInfoStandard || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!wvm_kit_file_named(path))
        return FALSE;
    int error = wvm_kit_file_of(-1, path, true, &f);
    if (error)
        return wvm_kit_file_fail(error, path);
    uint64_t size = S_ISDIR(f.mode) ? 0 : f.size;
    *(WIN32_FILE_ATTRIBUTE_DATA *)out = (WIN32_FILE_ATTRIBUTE_DATA){
        .dwFileAttributes = wvm_kit_file_attributes(&f),
        .ftCreationTime = f.created,
        .ftLastAccessTime = f.accessed,
        .ftLastWriteTime = f.written,
        .nFileSizeHigh = (DWORD)(size >> 32),
        .nFileSizeLow = (DWORD)size,
    };
    return TRUE;
}

BOOL wvm_kit_GetFileAttributesExW(LPCWSTR path, GET_FILEEX_INFO_LEVELS level, LPVOID out)
{
    char *narrow = wvm_kit_file_path(path);
    BOOL done = narrow && wvm_kit_GetFileAttributesExA(narrow, level, out);
    free(narrow);
    return done;
}

#define WVM_KIT_ATTRIBUTES
#include "kit/kit_entry.h"
