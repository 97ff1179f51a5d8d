/* winvm/crt_io.h: what Windows' io.h, fcntl.h and direct.h have, over libc. Descriptors are the
 * host's and know no text mode; the flags of _open are those of open. */
#ifndef WINVM_CRT_IO_H
#define WINVM_CRT_IO_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "crt_files.h"
#include "crt_find.h"
#include "crt_types.h"
#include "io.h"

#undef _O_RDONLY
#undef _O_APPEND
#undef _O_TEXT
#undef _O_BINARY
#undef _O_NOINHERIT
#define _O_RDONLY O_RDONLY
#define _O_WRONLY O_WRONLY
#define _O_RDWR O_RDWR
#define _O_APPEND O_APPEND
#define _O_CREAT O_CREAT
#define _O_TRUNC O_TRUNC
#define _O_EXCL O_EXCL
#define _O_NOINHERIT 02000000 /* O_CLOEXEC */
#define _O_TEXT 0
#define _O_BINARY 0
#define _O_RAW 0
#define _O_SEQUENTIAL 0
#define _O_RANDOM 0
#define _O_SHORT_LIVED 0
#ifndef O_BINARY
#define O_BINARY 0
#define O_TEXT 0
#endif
#ifndef O_NOINHERIT
#define O_NOINHERIT _O_NOINHERIT
#endif
/* Its flag is 0x0080 in the object file. */
#define _open_osfhandle(handle, flags) \
    (_open_osfhandle)((handle), ((flags) & _O_NOINHERIT) ? 0x0080 : 0)

/* Strict ISO C hides two of libc's. */
#if defined(__STRICT_ANSI__) && !defined(__cplusplus)
extern int ftruncate(int, off_t);
extern int fsync(int);
#endif

WINVM_CRT_ int winvm_read_(int fd, void *to, unsigned n) { return (int)read(fd, to, n); }
WINVM_CRT_ int winvm_write_(int fd, const void *from, unsigned n)
{
    return (int)write(fd, from, n);
}
WINVM_CRT_ int winvm_lseek_(int fd, int to, int from) { return (int)lseek(fd, to, from); }
WINVM_CRT_ int64_t winvm_lseeki64_(int fd, int64_t to, int from)
{
    return (int64_t)lseek(fd, (off_t)to, from);
}

#define _open open
#define _creat creat
#define _close close
#define _read winvm_read_
#define _write winvm_write_
#define _lseek winvm_lseek_
#define _lseeki64 winvm_lseeki64_
#define _tell(fd) winvm_lseek_((fd), 0, SEEK_CUR)
#define _telli64(fd) winvm_lseeki64_((fd), 0, SEEK_CUR)
#define _dup dup
#define _dup2(fd, to) (dup2((fd), (to)) < 0 ? -1 : 0)
#define _isatty isatty
#define _access access
#define _access_s(path, mode) (access((path), (mode)) ? errno : 0)
#define _unlink unlink
#define _commit fsync
#define _chsize(fd, size) ftruncate((fd), (size))
#define _chsize_s(fd, size) (ftruncate((fd), (size)) ? errno : 0)
#define _setmode(fd, mode) ((void)(fd), (void)(mode), _O_BINARY)
#define _umask umask
#define _chmod chmod
#define _pipe(fds, size, flags) ((void)(size), (void)(flags), pipe(fds))
WINVM_CRT_ int64_t _filelengthi64(int fd)
{
    struct stat is;
    return fstat(fd, &is) ? -1 : (int64_t)is.st_size;
}
#define _filelength(fd) ((int)_filelengthi64(fd))

/* sys/stat.h. */
#define _S_IFMT 0170000
#define _S_IFDIR 0040000
#define _S_IFREG 0100000
#define _S_IREAD 0400
#define _S_IWRITE 0200
#define _S_IEXEC 0100
#define _stat stat
#define _fstat fstat
#define _stati64 stat
#define _fstati64 fstat
#if !defined(__USE_LARGEFILE64) || defined(__LP64__)
#define _stat64 stat
#define _fstat64 fstat
#endif

/* direct.h. */
#define _mkdir(path) mkdir((path), 0777)
#define _rmdir rmdir
#define _chdir chdir
#define _getcwd getcwd

#endif
