/* Descriptors of other processes of the same user.
 *
 * I1  What is opened is the file that was asked for, whatever the other process does meanwhile: its
 *     inode is pinned (O_PATH) and examined before it is opened. Pinning has no effect on devices
 *     and pipes, which may stand at the number by then.
 * I2  A process whose first thread has ended is seen through another one.
 * I3  A descriptor that was opened for reading alone never leads to one for writing.
 * Locking  none.   Failure: -errno, nothing kept.   Signal safety: all functions. */
#include "host/host_peer.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_private.h"

enum { PATH_CAP = 128 };

/* A thread of the process other than the first, which may have ended; 0: there is none. */
static pid_t another_thread(pid_t pid)
{
    char path[PATH_CAP];
    char list[512] __attribute__((aligned(8)));
    struct wvm_buf b;
    uint64_t tid = 0;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/%d/task", wvm_host_proc_root, (int)pid);
    int dir = wvm_sys_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (dir < 0)
        return 0;
    long n = WVM_SYS(syscall(SYS_getdents64, dir, list, sizeof(list)));
    wvm_sys_close(dir);
    for (long at = 0; at < n;) {
        const struct dirent64 *entry = (const void *)(list + at);
        const char *name = entry->d_name;
        if (wvm_host_parse_dec(&name, &tid) && (pid_t)tid != pid)
            return (pid_t)tid;
        at += entry->d_reclen;
    }
    return 0;
}

/* The link to the descriptor, by which it can be examined without being opened. link: what lstat
 * says of it. 0 or -errno. */
static int find_link(const struct wvm_host_peer_fd *peer, char path[PATH_CAP], struct stat *link)
{
    struct wvm_buf b;
    wvm_buf_init(&b, path, PATH_CAP);
    wvm_buf_printf(&b, "%s/%d/fd/%d", wvm_host_proc_root, (int)peer->pid, peer->fd);
    int err = (int)WVM_SYS(lstat(path, link));
    pid_t tid = err == -ENOENT ? another_thread(peer->pid) : 0;
    if (tid == 0)
        return err;
    wvm_buf_init(&b, path, PATH_CAP);
    wvm_buf_printf(&b, "%s/%d/task/%d/fd/%d", wvm_host_proc_root, (int)peer->pid, (int)tid,
                   peer->fd);
    return (int)WVM_SYS(lstat(path, link));
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
        err = find_link(peer, path, &st);
        err = err < 0 ? err : WVM_SYS(stat(path, &st));
    }
    if (err == -EBADF || err == -ENOENT || err == -ESRCH)
        return 0;
    return err < 0 ? (int)err : is_file(peer, &st);
}

int wvm_host_peer_fd_open(const struct wvm_host_peer_fd *peer, bool *writable)
{
    char path[PATH_CAP];
    struct stat link, st;
    int err = find_link(peer, path, &link); /* its mode is that of the descriptor */
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
        fd = wvm_host_fd_reopen(0, pinned, *writable);
    wvm_sys_close(pinned);
    return fd;
}

uint64_t wvm_host_pid_space(void)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    struct stat st;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/thread-self/ns/pid", wvm_host_proc_root);
    return WVM_SYS(stat(path, &st)) == 0 ? st.st_ino : 0;
}
