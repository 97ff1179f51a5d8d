/* winvm/io.h: handles of descriptors, as Windows' C library has them.
 *
 * Here a descriptor is the host's, as open(2) gives it. */
#ifndef WINVM_IO_H
#define WINVM_IO_H

#include <stdint.h>

#include "abi.h"

#ifndef WINVM_NO_TYPES
/* _open_osfhandle: the other flags of Windows change nothing. */
#define _O_RDONLY 0x0000
#define _O_APPEND 0x0008
#define _O_TEXT 0x4000
#define _O_BINARY 0x8000
#define _O_NOINHERIT 0x0080
#endif

WINVM_BEGIN_DECLS

/* The handle of a descriptor, the same each time, with the rights that the descriptor was opened
 * with, and with its position. It needs no CloseHandle: it is good until close(fd). -1 and errno
 * EBADF (no descriptor) or EMFILE. */
WINVM_DECLARE(intptr_t, _get_osfhandle, (int fd));
/* A descriptor for a handle of CreateFile, which belongs to it from now on: close(fd) ends both.
 * _O_NOINHERIT: close-on-exec. -1 and errno EBADF or EMFILE. */
WINVM_DECLARE(int, _open_osfhandle, (intptr_t osfhandle, int flags));

WINVM_END_DECLS

#endif
