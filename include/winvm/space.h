/* winvm/space.h: based spaces, address spaces of up to 4 GB inside this process. As winvm's other
 * own calls these are SysV whatever convention the Windows names have, set no last error, and may
 * be called from any thread; errno tells why one failed.
 *
 * Terms   space = addresses 0x10000 .. limit with allocations of their own, as a 32-bit Windows
 *         process has them; base = where its address 0 lies in this process, a multiple of 4 GiB;
 *         ptr32 = an address of a space in 32 bits: base + ptr32 is the pointer; 0 is its null.
 * A space's handle is a process handle: VirtualAllocEx, VirtualFreeEx, VirtualProtectEx,
 * VirtualQueryEx, MapViewOfFile2 and 3, ReadProcessMemory and the Nt calls with it take and give
 * the space's own addresses. By pointers (base + ptr32) a space is ordinary memory of this process.
 * The space ends when its last handle is closed (CloseHandle), or with winvm_space_destroy.
 *
 * Nothing else is ever allocated within 2 GiB + 64 KiB below a base and 6 GiB above a window's end:
 * base + unsigned 32-bit index + signed 32-bit displacement meets the space or faults. Spaces need
 * 64-bit pointers; for a 32-bit program winvm_space_create fails with ENOMEM. */
#ifndef WINVM_SPACE_H
#define WINVM_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

WINVM_BEGIN_DECLS

/* The page that Windows shares with every process, at 0x7FFE0000: the system's version, the
 * processor and clocks. Needs a space of 2048 MB at least. */
#define WINVM_SPACE_SHARED_DATA 0x1u

struct winvm_space_options {
    uint32_t size;      /* sizeof(struct winvm_space_options) */
    uint32_t flags;     /* WINVM_SPACE_*, 0 */
    uint32_t megabytes; /* 1 .. 4096: addresses end 64 KiB below that; 0: 4096. 2048 is a 32-bit
                         * process of Windows, 2048 .. 3072 are the values of increaseuserva, 4096
                         * is large-address-aware under WOW64 (W32 section 1) */
    uint32_t reserved;  /* 0 */
};

/* A new space, empty but for what the flags ask for. options NULL: 4096 MB, no flags. Returns a
 * handle with all rights, NULL and errno: EINVAL (size, flags, megabytes), EFAULT (options cannot
 * be read), EMFILE (no more handles), ENOMEM (no more room for spaces), EDEADLK (a signal handler
 * that interrupted a call on memory). Makes no mapping and takes no memory of its own. */
WINVM_SYSV void *winvm_space_create(const struct winvm_space_options *options);

/* Ends the space and closes this handle of it, which must grant PROCESS_TERMINATE. Everything in
 * the space is released, before the call returns unless another thread is in a call on this space:
 * then when that ends. (By a signal handler that interrupted a call on memory: when the next space
 * is made or ended.) Calls with other handles of it answer STATUS_PROCESS_IS_TERMINATING
 * (ERROR_ACCESS_DENIED) from now on; these are still to be closed. Returns 0, or -1 and errno:
 * EBADF (no handle of a space), EACCES, EPERM (HANDLE_FLAG_PROTECT_FROM_CLOSE), ESRCH (it was ended
 * before: the handle stays open). */
WINVM_SYSV int winvm_space_destroy(void *space);

/* The base, constant as long as the space lives. NULL and errno: EBADF, ESRCH (it has ended). */
WINVM_SYSV char *winvm_space_base(void *space);

struct winvm_space_info {
    uint32_t size;      /* in: sizeof(struct winvm_space_info) */
    uint32_t flags;     /* as created */
    char *base;
    uint64_t limit;     /* first address past the usable ones: 0x7FFF0000, 0xFFFF0000, .. */
    uint64_t committed; /* bytes committed in it now, in private memory and views */
};
/* The function has the name of the structure, which g++ -Wshadow remarks on. */
#if defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
/* Describes a space; its handle must grant PROCESS_QUERY_LIMITED_INFORMATION. Returns 0, or -1 and
 * errno: EBADF, EACCES, ESRCH (it has ended), EINVAL (info->size), EFAULT (info cannot be written);
 * nothing is written then. */
WINVM_SYSV int winvm_space_info(void *space, struct winvm_space_info *info);
#if defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

/* The base of the space in whose 4 GiB the address lies, mapped or not; NULL: in none. May be
 * called by a handler of signals or exceptions, as to find what a fault belongs to; an answer about
 * a space that another thread is ending may be out of date. */
WINVM_SYSV char *winvm_space_of(const void *address);

WINVM_END_DECLS

/* Conversions between pointers and 32 bits. */
#include "space_ptr32.h"

#endif
