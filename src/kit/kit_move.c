/* Other names for files and folders.
 *
 * I1  Both names are taken as for deletion first (wvm_kit_file_take): a handle of this process that
 *     does not share deletion keeps its name.
 * I2  Without MOVEFILE_REPLACE_EXISTING nothing is replaced, whatever others do at the same time,
 *     where the file system can tell (RENAME_NOREPLACE).
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

#define NO_REPLACE 1 /* RENAME_NOREPLACE */
#define KNOWN_FLAGS                                                                            \
    (MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED | MOVEFILE_WRITE_THROUGH |              \
     MOVEFILE_FAIL_IF_NOT_TRACKABLE)

/* A move that is asked for. */
struct move {
    const char *from, *to;
    struct wvm_kit_file source;
    bool replace, copy;
};

/* May what `to` is, a file of some kind, be replaced by the source? */
static BOOL may_replace(const struct move *m)
{
    struct wvm_kit_file there;
    if (wvm_kit_file_of(-1, m->to, false, &there) != 0)
        return TRUE;
    if (there.dev == m->source.dev && there.ino == m->source.ino)
        return TRUE;
    if (!m->replace)
        return wvm_kit_fail(ERROR_ALREADY_EXISTS);
    if (S_ISDIR(there.mode) || S_ISDIR(m->source.mode) ||
        (wvm_kit_file_attributes(&there) & FILE_ATTRIBUTE_READONLY))
        return wvm_kit_fail(ERROR_ACCESS_DENIED);
    HANDLE h = wvm_kit_file_take(m->to);
    if (h == INVALID_HANDLE_VALUE)
        return wvm_kit_fail(ERROR_ACCESS_DENIED);
    CloseHandle(h);
    return TRUE;
}

/* 0, or an errno. */
static int rename_new(const struct move *m)
{
    struct wvm_kit_file there;
    if (syscall(SYS_renameat2, AT_FDCWD, m->from, AT_FDCWD, m->to, NO_REPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EEXIST)
        return errno;
    if (wvm_kit_file_of(-1, m->to, false, &there) == 0 &&
        (there.dev != m->source.dev || there.ino != m->source.ino))
        return EEXIST;
    return rename(m->from, m->to) == 0 ? 0 : errno;
}

static BOOL copy_over(const struct move *m)
{
    if (S_ISDIR(m->source.mode) || !m->copy)
        return wvm_kit_fail(ERROR_NOT_SAME_DEVICE);
    if (!wvm_kit_CopyFileA(m->from, m->to, !m->replace))
        return FALSE;
    if (unlink(m->from) == 0)
        return TRUE;
    int error = errno;
    unlink(m->to);
    return wvm_kit_file_fail(error, m->from);
}

static BOOL move_taken(const struct move *m)
{
    if (!may_replace(m))
        return FALSE;
    int error = !m->replace                  ? rename_new(m)
                : rename(m->from, m->to) == 0 ? 0
                                              : errno;
    switch (error) {
    case 0:
        return TRUE;
    case EXDEV:
        return copy_over(m);
    case ENOENT: /* of the two, the source is there */
        return wvm_kit_fail(ERROR_PATH_NOT_FOUND);
    case EINVAL: /* a folder to within itself */
        return wvm_kit_fail(ERROR_SHARING_VIOLATION);
    default:
        return wvm_kit_file_fail(error, m->to);
    }
}

BOOL wvm_kit_MoveFileExA(LPCSTR from, LPCSTR to, DWORD flags)
{
    return wvm_kit_file_move(from, to, flags, false);
}

BOOL wvm_kit_file_move(const char *from, const char *to, DWORD flags, bool taken)
{
    struct move m = {.from = from, .to = to, .replace = flags & MOVEFILE_REPLACE_EXISTING,
                     .copy = flags & MOVEFILE_COPY_ALLOWED};
    if (flags & (MOVEFILE_DELAY_UNTIL_REBOOT | MOVEFILE_CREATE_HARDLINK))
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    if (flags & ~(DWORD)KNOWN_FLAGS)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!wvm_kit_file_named(from) || !wvm_kit_file_named(to))
        return FALSE;
    int error = wvm_kit_file_of(-1, from, false, &m.source);
    if (error)
        return wvm_kit_file_fail(error, from);
    HANDLE h = taken ? NULL : wvm_kit_file_take(from);
    if (h == INVALID_HANDLE_VALUE)
        return FALSE;
    BOOL done = move_taken(&m);
    if (h)
        CloseHandle(h);
    return done;
}

BOOL wvm_kit_MoveFileExW(LPCWSTR from, LPCWSTR to, DWORD flags)
{
    char *a = wvm_kit_file_path(from), *b = a ? wvm_kit_file_path(to) : NULL;
    BOOL done = b && wvm_kit_MoveFileExA(a, b, flags);
    free(b);
    free(a);
    return done;
}

BOOL wvm_kit_MoveFileA(LPCSTR from, LPCSTR to)
{
    return wvm_kit_MoveFileExA(from, to, MOVEFILE_COPY_ALLOWED);
}

BOOL wvm_kit_MoveFileW(LPCWSTR from, LPCWSTR to)
{
    return wvm_kit_MoveFileExW(from, to, MOVEFILE_COPY_ALLOWED);
}

#define WVM_KIT_MOVE
#include "kit/kit_entry.h"
