/* WVM_IO(result, name, parameters, arguments, ready): the functions of the C library whose buffers
 * are made ready before the kernel sees them. `ready` is made of the words of io.h; when it is
 * false the call fails with EFAULT. Included several times, each time with another WVM_IO.
 *
 * FILL: the kernel writes there. TAKE: it reads there. File positions of the plain names are long,
 * and states and times have the sizes of io.h. */

/* ---- files and pipes ---- */
WVM_IO(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), FILL(buf, n))
WVM_IO(ssize_t, pread, (int fd, void *buf, size_t n, long at), (fd, buf, n, at), FILL(buf, n))
WVM_IO(ssize_t, pread64, (int fd, void *buf, size_t n, off64_t at), (fd, buf, n, at), FILL(buf, n))
WVM_IO(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), TAKE(buf, n))
WVM_IO(ssize_t, pwrite, (int fd, const void *buf, size_t n, long at), (fd, buf, n, at),
       TAKE(buf, n))
WVM_IO(ssize_t, pwrite64, (int fd, const void *buf, size_t n, off64_t at), (fd, buf, n, at),
       TAKE(buf, n))
WVM_IO(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n), FILL_V(v, n))
WVM_IO(ssize_t, preadv, (int fd, const struct iovec *v, int n, long at), (fd, v, n, at),
       FILL_V(v, n))
WVM_IO(ssize_t, preadv64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at),
       FILL_V(v, n))
WVM_IO(ssize_t, preadv2, (int fd, const struct iovec *v, int n, long at, int flags),
       (fd, v, n, at, flags), FILL_V(v, n))
WVM_IO(ssize_t, preadv64v2, (int fd, const struct iovec *v, int n, off64_t at, int flags),
       (fd, v, n, at, flags), FILL_V(v, n))
WVM_IO(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), TAKE_V(v, n))
WVM_IO(ssize_t, pwritev, (int fd, const struct iovec *v, int n, long at), (fd, v, n, at),
       TAKE_V(v, n))
WVM_IO(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at),
       TAKE_V(v, n))
WVM_IO(ssize_t, pwritev2, (int fd, const struct iovec *v, int n, long at, int flags),
       (fd, v, n, at, flags), TAKE_V(v, n))
WVM_IO(ssize_t, pwritev64v2, (int fd, const struct iovec *v, int n, off64_t at, int flags),
       (fd, v, n, at, flags), TAKE_V(v, n))
WVM_IO(ssize_t, vmsplice, (int fd, const struct iovec *v, size_t n, unsigned flags),
       (fd, v, n, flags), wvm_io_splice(fd, v, n))
WVM_IO(ssize_t, copy_file_range,
       (int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags),
       (in, in_at, out, out_at, n, flags), FILL_ONE(in_at) && FILL_ONE(out_at))
WVM_IO(ssize_t, getdents64, (int fd, void *buf, size_t n), (fd, buf, n), FILL(buf, n))

/* ---- sockets ---- */
WVM_IO(ssize_t, recv, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags), FILL(buf, n))
WVM_IO(ssize_t, recvfrom,
       (int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *len),
       (fd, buf, n, flags, from, len), FILL(buf, n) && FILL_ADDR(from, len))
WVM_IO(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags), FILL_MSG(msg))
WVM_IO(int, recvmmsg,
       (int fd, struct mmsghdr *msgs, unsigned n, int flags, void *timeout),
       (fd, msgs, n, flags, timeout), FILL_MSGS(msgs, n) && FILL(timeout, WVM_TIMESPEC_LEN))
WVM_IO(ssize_t, send, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags),
       TAKE(buf, n))
WVM_IO(ssize_t, sendto,
       (int fd, const void *buf, size_t n, int flags, const struct sockaddr *to, socklen_t len),
       (fd, buf, n, flags, to, len), TAKE(buf, n) && TAKE(to, len))
WVM_IO(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
       TAKE_MSG(msg))
WVM_IO(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned n, int flags), (fd, msgs, n, flags),
       TAKE_MSGS(msgs, n))
WVM_IO(int, accept, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len),
       FILL_ADDR(from, len))
WVM_IO(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
       (fd, from, len, flags), FILL_ADDR(from, len))
WVM_IO(int, getsockname, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len),
       FILL_ADDR(from, len))
WVM_IO(int, getpeername, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len),
       FILL_ADDR(from, len))

/* ---- waiting ---- */
WVM_IO(int, poll, (struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout), FILL_N(fds, n))
WVM_IO(int, ppoll,
       (struct pollfd *fds, nfds_t n, const void *timeout, const sigset_t *mask),
       (fds, n, timeout, WITH_MASK(mask)), FILL_N(fds, n) && TAKE(timeout, WVM_TIMESPEC_LEN))
WVM_IO(int, select, (int n, fd_set *in, fd_set *out, fd_set *err, void *timeout),
       (n, in, out, err, timeout), FILL_FDS(n, in, out, err) && FILL(timeout, WVM_TIMEVAL_LEN))
WVM_IO(int, pselect,
       (int n, fd_set *in, fd_set *out, fd_set *err, const void *timeout,
        const sigset_t *mask),
       (n, in, out, err, timeout, WITH_MASK(mask)),
       FILL_FDS(n, in, out, err) && TAKE(timeout, WVM_TIMESPEC_LEN))
WVM_IO(int, epoll_wait, (int fd, struct epoll_event *events, int n, int timeout),
       (fd, events, n, timeout), FILL_N(events, n))
WVM_IO(int, epoll_pwait,
       (int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask),
       (fd, events, n, timeout, WITH_MASK(mask)), FILL_N(events, n))
WVM_IO(int, epoll_pwait2,
       (int fd, struct epoll_event *events, int n, const void *timeout,
        const sigset_t *mask),
       (fd, events, n, timeout, WITH_MASK(mask)),
       FILL_N(events, n) && TAKE(timeout, WVM_TIMESPEC_LEN))

/* ---- names and states of files ---- */
WVM_IO(ssize_t, readlink, (const char *path, char *buf, size_t n), (path, buf, n), FILL(buf, n))
WVM_IO(ssize_t, readlinkat, (int dir, const char *path, char *buf, size_t n), (dir, path, buf, n),
       FILL(buf, n))
WVM_IO(char *, getcwd, (char *buf, size_t n), (buf, n), FILL(buf, n))
WVM_IO(int, stat, (const char *path, void *st), (path, st), FILL(st, WVM_STAT_LEN))
WVM_IO(int, stat64, (const char *path, void *st), (path, st), FILL(st, WVM_STAT64_LEN))
WVM_IO(int, lstat, (const char *path, void *st), (path, st), FILL(st, WVM_STAT_LEN))
WVM_IO(int, lstat64, (const char *path, void *st), (path, st), FILL(st, WVM_STAT64_LEN))
WVM_IO(int, fstat, (int fd, void *st), (fd, st), FILL(st, WVM_STAT_LEN))
WVM_IO(int, fstat64, (int fd, void *st), (fd, st), FILL(st, WVM_STAT64_LEN))
WVM_IO(int, fstatat, (int dir, const char *path, struct stat *st, int flags),
       (dir, path, st, flags), FILL(st, WVM_STAT_LEN))
WVM_IO(int, fstatat64, (int dir, const char *path, struct stat64 *st, int flags),
       (dir, path, st, flags), FILL(st, WVM_STAT64_LEN))
WVM_IO(int, statx, (int dir, const char *path, int flags, unsigned mask, struct statx *st),
       (dir, path, flags, mask, st), FILL_ONE(st))

/* ---- others ---- */
WVM_IO(ssize_t, getrandom, (void *buf, size_t n, unsigned flags), (buf, n, flags), FILL(buf, n))
WVM_IO(int, getentropy, (void *buf, size_t n), (buf, n), FILL(buf, n))
WVM_IO(ssize_t, process_vm_readv,
       (pid_t pid, const struct iovec *v, unsigned long n, const struct iovec *remote,
        unsigned long n_remote, unsigned long flags),
       (pid, v, n, remote, n_remote, flags), FILL_V(v, n))
WVM_IO(ssize_t, process_vm_writev,
       (pid_t pid, const struct iovec *v, unsigned long n, const struct iovec *remote,
        unsigned long n_remote, unsigned long flags),
       (pid, v, n, remote, n_remote, flags), TAKE_V(v, n))

/* ---- the names that programs compiled with _FORTIFY_SOURCE call ---- */
WVM_IO(ssize_t, __read_chk, (int fd, void *buf, size_t n, size_t cap), (fd, buf, n, cap),
       FILL(buf, n))
WVM_IO(ssize_t, __pread_chk, (int fd, void *buf, size_t n, long at, size_t cap),
       (fd, buf, n, at, cap), FILL(buf, n))
WVM_IO(ssize_t, __pread64_chk, (int fd, void *buf, size_t n, off64_t at, size_t cap),
       (fd, buf, n, at, cap), FILL(buf, n))
WVM_IO(ssize_t, __recv_chk, (int fd, void *buf, size_t n, size_t cap, int flags),
       (fd, buf, n, cap, flags), FILL(buf, n))
WVM_IO(ssize_t, __recvfrom_chk,
       (int fd, void *buf, size_t n, size_t cap, int flags, struct sockaddr *from, socklen_t *len),
       (fd, buf, n, cap, flags, from, len), FILL(buf, n) && FILL_ADDR(from, len))
WVM_IO(int, __poll_chk, (struct pollfd *fds, nfds_t n, int timeout, size_t cap),
       (fds, n, timeout, cap), FILL_N(fds, n))
WVM_IO(int, __ppoll_chk,
       (struct pollfd *fds, nfds_t n, const void *timeout, const sigset_t *mask,
        size_t cap),
       (fds, n, timeout, WITH_MASK(mask), cap), FILL_N(fds, n) && TAKE(timeout, WVM_TIMESPEC_LEN))
WVM_IO(ssize_t, __readlink_chk, (const char *path, char *buf, size_t n, size_t cap),
       (path, buf, n, cap), FILL(buf, n))
WVM_IO(ssize_t, __readlinkat_chk, (int dir, const char *path, char *buf, size_t n, size_t cap),
       (dir, path, buf, n, cap), FILL(buf, n))
WVM_IO(char *, __getcwd_chk, (char *buf, size_t n, size_t cap), (buf, n, cap), FILL(buf, n))

/* ---- i386: the names that programs with 64-bit times call ---- */
#if defined(__i386__)
WVM_IO(ssize_t, __recvmsg64, (int fd, struct msghdr *msg, int flags), (fd, msg, flags),
       FILL_MSG(msg))
WVM_IO(ssize_t, __sendmsg64, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
       TAKE_MSG(msg))
WVM_IO(int, __recvmmsg64, (int fd, struct mmsghdr *msgs, unsigned n, int flags, void *timeout),
       (fd, msgs, n, flags, timeout), FILL_MSGS(msgs, n) && FILL(timeout, WVM_TIME64_LEN))
WVM_IO(int, __sendmmsg64, (int fd, struct mmsghdr *msgs, unsigned n, int flags),
       (fd, msgs, n, flags), TAKE_MSGS(msgs, n))
WVM_IO(int, __ppoll64,
       (struct pollfd *fds, nfds_t n, const void *timeout, const sigset_t *mask),
       (fds, n, timeout, WITH_MASK(mask)), FILL_N(fds, n) && TAKE(timeout, WVM_TIME64_LEN))
WVM_IO(int, __select64, (int n, fd_set *in, fd_set *out, fd_set *err, void *timeout),
       (n, in, out, err, timeout), FILL_FDS(n, in, out, err) && FILL(timeout, WVM_TIME64_LEN))
WVM_IO(int, __pselect64,
       (int n, fd_set *in, fd_set *out, fd_set *err, const void *timeout, const sigset_t *mask),
       (n, in, out, err, timeout, WITH_MASK(mask)),
       FILL_FDS(n, in, out, err) && TAKE(timeout, WVM_TIME64_LEN))
WVM_IO(int, __epoll_pwait2_time64,
       (int fd, struct epoll_event *events, int n, const void *timeout, const sigset_t *mask),
       (fd, events, n, timeout, WITH_MASK(mask)),
       FILL_N(events, n) && TAKE(timeout, WVM_TIME64_LEN))
WVM_IO(int, __stat64_time64, (const char *path, void *st), (path, st), FILL(st, WVM_STATTIME_LEN))
WVM_IO(int, __lstat64_time64, (const char *path, void *st), (path, st), FILL(st, WVM_STATTIME_LEN))
WVM_IO(int, __fstat64_time64, (int fd, void *st), (fd, st), FILL(st, WVM_STATTIME_LEN))
WVM_IO(int, __fstatat64_time64, (int dir, const char *path, void *st, int flags),
       (dir, path, st, flags), FILL(st, WVM_STATTIME_LEN))
#endif
