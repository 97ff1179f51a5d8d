/* Making and removing folders.
 *
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

BOOL wvm_kit_CreateDirectoryA(LPCSTR path, LPSECURITY_ATTRIBUTES security)
{
    (void)security; /* the umask says who may use it */
    if (!wvm_kit_file_named(path))
        return FALSE;
    if (mkdir(path, 0777) == 0)
        return TRUE;
    return errno == ENOENT ? wvm_kit_fail(ERROR_PATH_NOT_FOUND) : wvm_kit_file_fail(errno, path);
}

BOOL wvm_kit_CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security)
{
    char *narrow = wvm_kit_file_path(path);
    BOOL done = narrow && wvm_kit_CreateDirectoryA(narrow, security);
    free(narrow);
    return done;
}

BOOL wvm_kit_RemoveDirectoryA(LPCSTR path)
{
    struct wvm_kit_file f;
    if (!wvm_kit_file_named(path))
        return FALSE;
    int error = wvm_kit_file_of(-1, path, false, &f);
    if (error)
        return wvm_kit_file_fail(error, path);
    if (!S_ISDIR(f.mode))
        return wvm_kit_fail(ERROR_DIRECTORY);
    HANDLE h = wvm_kit_file_take(path);
    if (h == INVALID_HANDLE_VALUE)
        return FALSE;
    bool done = rmdir(path) == 0;
    error = errno;
    CloseHandle(h);
    return done || wvm_kit_file_fail(error, path);
}

BOOL wvm_kit_RemoveDirectoryW(LPCWSTR path)
{
    char *narrow = wvm_kit_file_path(path);
    BOOL done = narrow && wvm_kit_RemoveDirectoryA(narrow);
    free(narrow);
    return done;
}

#define WVM_KIT_FOLDER
#include "kit/kit_entry.h"
