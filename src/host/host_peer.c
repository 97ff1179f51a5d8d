/* Descriptors of other processes of the same user.
 *
 * I1  What is opened is the file that was asked for, whatever the other process does meanwhile: its
 *     inode is pinned (O_PATH) and examined before it is opened. Pinning has no effect on devices
 *     and pipes, which may stand at the number by then.
 * I2  A descriptor that was opened for reading alone never leads to one for writing.
 * Locking  none.   Failure: -errno, nothing kept.   Signal safety: all functions. */
#include "host/host_peer.h"

#include <sys/stat.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_private.h"

enum { PATH_CAP = 128 };

static void name_link(const struct wvm_host_peer_fd *peer, char path[PATH_CAP])
{
    struct wvm_buf b;
    wvm_buf_init(&b, path, PATH_CAP);
    wvm_buf_printf(&b, "%s/%d/fd/%d", wvm_host_proc_root, (int)peer->pid, peer->fd);
}

static bool is_file(const struct wvm_host_peer_fd *peer, const struct stat *st)
{
    return st->st_dev == peer->dev && st->st_ino == peer->ino;
}

int wvm_host_peer_fd_is(const struct wvm_host_peer_fd *peer)
{
    char path[PATH_CAP];
    struct stat st;
    long err;
    if (peer->pid == getpid()) {
        err = WVM_SYS(fstat(peer->fd, &st));
    } else {
        name_link(peer, path);
        err = WVM_SYS(stat(path, &st));
    }
    if (err == -EBADF || err == -ENOENT || err == -ESRCH)
        return 0;
    return err < 0 ? (int)err : is_file(peer, &st);
}

int wvm_host_peer_fd_open(const struct wvm_host_peer_fd *peer, bool *writable)
{
    char path[PATH_CAP];
    struct stat link, st;
    name_link(peer, path);
    int err = (int)WVM_SYS(lstat(path, &link)); /* its mode is that of the descriptor */
    if (err < 0)
        return err;
    int pinned = wvm_sys_open_at(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
    if (pinned < 0)
        return pinned;
    int fd = (int)WVM_SYS(fstat(pinned, &st));
    if (fd == 0 && !is_file(peer, &st))
        fd = -ENOENT;
    *writable = (link.st_mode & S_IWUSR) != 0;
    if (fd == 0)
        fd = wvm_host_fd_reopen(getpid(), pinned, *writable);
    wvm_sys_close(pinned);
    return fd;
}

uint64_t wvm_host_pid_space(void)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    struct stat st;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/self/ns/pid", wvm_host_proc_root);
    return WVM_SYS(stat(path, &st)) == 0 ? st.st_ino : 0;
}
