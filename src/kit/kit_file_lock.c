/* Locked ranges of files.
 *
 * Terms   lock = a range of bytes [first, last] of a file that was locked through a handle.
 * I1  Two locks of a file that share a byte are both shared, or the later is shared and of the same
 *     handle as the earlier.
 * I2  The list has the locks of this process; a lock whose handle is closed counts no more, and is
 *     taken out by whoever comes by it.
 * I3  For other processes the host has a lock (F_OFD_SETLK) of the same range, as far as ranges go
 *     there: below 2^63 bytes, of at least one, and exclusive only through a handle that may write.
 *     It belongs to the handle's open file, so the last handle's end gives it back.
 * Locking: `lock` for the list; nothing is waited for under it.   Failure: nothing changed.
 * Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_lock.h"

#define POLL_MS 10

struct range_lock {
    struct range_lock *next;
    HANDLE handle;
    uint64_t dev, ino, first, last;
    bool exclusive, empty; /* empty: of 0 bytes; it keeps nobody out */
};

static struct wvm_kit_lock lock;
static struct range_lock *locks;

/* ---- The host ---- */

static int host_lock(int fd, const struct range_lock *l, short type)
{
    struct flock how = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)l->first};
    if (l->empty || l->first > INT64_MAX)
        return 0;
    how.l_len = l->last >= INT64_MAX ? 0 : (off_t)(l->last - l->first + 1);
    if (fcntl(fd, F_OFD_SETLK, &how) == 0)
        return 0;
    if (errno == EBADF && type == F_WRLCK) /* a handle that only reads */
        return host_lock(fd, l, F_RDLCK);
    return errno == EACCES ? EAGAIN : errno == EBADF ? 0 : errno;
}

static bool share_bytes(const struct range_lock *a, const struct range_lock *b)
{
    return !a->empty && !b->empty && a->dev == b->dev && a->ino == b->ino &&
           a->first <= b->last && b->first <= a->last;
}

/* The host's locks of what the handle still has in the range of l, exclusive ones last. */
static void host_lock_rest(int fd, const struct range_lock *l)
{
    for (int exclusive = 0; exclusive < 2; exclusive++)
        for (const struct range_lock *o = locks; o; o = o->next)
            if (o->exclusive == exclusive && o->handle == l->handle && share_bytes(o, l))
                host_lock(fd, o, exclusive ? F_WRLCK : F_RDLCK);
}

/* ---- The list ---- */

/* I2. Under `lock`. */
static void drop_closed(void)
{
    DWORD flags;
    for (struct range_lock **link = &locks, *l; (l = *link);) {
        if (GetHandleInformation(l->handle, &flags)) {
            link = &l->next;
        } else {
            *link = l->next;
            free(l);
        }
    }
}

/* I1. Under `lock`. */
static bool is_kept_out(const struct range_lock *l)
{
    for (const struct range_lock *o = locks; o; o = o->next)
        if (share_bytes(o, l) && (l->exclusive || (o->exclusive && o->handle != l->handle)))
            return true;
    return false;
}

/* 0, EAGAIN, or another errno; with 0 the list has l. */
static int try_lock(int fd, struct range_lock *l)
{
    DWORD error = GetLastError();
    wvm_kit_lock(&lock);
    drop_closed();
    int result = is_kept_out(l) ? EAGAIN : host_lock(fd, l, l->exclusive ? F_WRLCK : F_RDLCK);
    if (result == 0) {
        host_lock_rest(fd, l);
        l->next = locks;
        locks = l;
    }
    wvm_kit_unlock(&lock);
    SetLastError(error);
    return result;
}

/* A lock of the range, not in the list; NULL and the last error. *fd is open then. */
static struct range_lock *new_lock(HANDLE h, uint64_t first, uint64_t length, int *fd)
{
    struct wvm_kit_file f;
    struct range_lock *l = NULL;
    if (length && first + (length - 1) < first) {
        wvm_kit_fail(ERROR_INVALID_LOCK_RANGE);
        return NULL;
    }
    *fd = winvm_file_to_fd(h, FILE_READ_DATA);
    if (*fd < 0 && errno == EACCES)
        *fd = winvm_file_to_fd(h, FILE_WRITE_DATA);
    int error = *fd < 0 ? errno : wvm_kit_file_of(*fd, NULL, false, &f);
    if (!error && (f.mode & 0170000) != 0100000)
        error = ENOTTY;
    if (!error && !(l = malloc(sizeof *l)))
        error = ENOMEM;
    if (error) {
        wvm_kit_file_fail(error, NULL);
        if (*fd >= 0)
            close(*fd);
        return NULL;
    }
    *l = (struct range_lock){.handle = h, .dev = f.dev, .ino = f.ino, .first = first,
                             .last = length ? first + (length - 1) : first, .empty = length == 0};
    return l;
}

static BOOL lock_range(HANDLE h, uint64_t first, uint64_t length, DWORD flags)
{
    int fd, error;
    struct range_lock *l = new_lock(h, first, length, &fd);
    if (!l)
        return FALSE;
    l->exclusive = flags & LOCKFILE_EXCLUSIVE_LOCK;
    while ((error = try_lock(fd, l)) == EAGAIN && !(flags & LOCKFILE_FAIL_IMMEDIATELY))
        wvm_kit_Sleep(POLL_MS);
    close(fd);
    if (!error)
        return TRUE;
    free(l);
    return wvm_kit_file_fail(error, NULL);
}

/* Is it the lock that is to be given back? Of a range locked both ways, the exclusive one goes
 * first. */
static struct range_lock **find(const struct range_lock *l)
{
    struct range_lock **found = NULL;
    for (struct range_lock **link = &locks, *o; (o = *link); link = &o->next)
        if (o->handle == l->handle && o->dev == l->dev && o->ino == l->ino &&
            o->first == l->first && o->last == l->last && o->empty == l->empty &&
            (!found || o->exclusive))
            found = link;
    return found;
}

static BOOL unlock_range(HANDLE h, uint64_t first, uint64_t length)
{
    int fd;
    struct range_lock *l = new_lock(h, first, length, &fd), *gone = NULL;
    if (!l)
        return FALSE;
    wvm_kit_lock(&lock);
    struct range_lock **link = find(l);
    if (link) {
        gone = *link;
        *link = gone->next;
        host_lock(fd, gone, F_UNLCK);
        host_lock_rest(fd, gone);
    }
    wvm_kit_unlock(&lock);
    close(fd);
    free(gone);
    free(l);
    return gone || wvm_kit_fail(ERROR_NOT_LOCKED);
}

/* ---- The calls ---- */

static uint64_t whole(DWORD low, DWORD high)
{
    return (uint64_t)high << 32 | low;
}

BOOL wvm_kit_LockFile(HANDLE h, DWORD low, DWORD high, DWORD n_low, DWORD n_high)
{
    return lock_range(h, whole(low, high), whole(n_low, n_high),
                      LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY);
}

BOOL wvm_kit_UnlockFile(HANDLE h, DWORD low, DWORD high, DWORD n_low, DWORD n_high)
{
    return unlock_range(h, whole(low, high), whole(n_low, n_high));
}

BOOL wvm_kit_LockFileEx(HANDLE h, DWORD flags, DWORD reserved, DWORD n_low, DWORD n_high,
                        LPOVERLAPPED ov)
{
    if (!ov || reserved || (flags & ~3u))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!lock_range(h, whole(ov->Offset, ov->OffsetHigh), whole(n_low, n_high), flags))
        return FALSE;
    wvm_kit_overlapped_done(ov);
    return TRUE;
}

BOOL wvm_kit_UnlockFileEx(HANDLE h, DWORD reserved, DWORD n_low, DWORD n_high, LPOVERLAPPED ov)
{
    if (!ov || reserved)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return unlock_range(h, whole(ov->Offset, ov->OffsetHigh), whole(n_low, n_high));
}

#define WVM_KIT_FILE_LOCK
#include "kit/kit_entry.h"
