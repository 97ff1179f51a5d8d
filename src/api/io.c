/* Descriptors and handles: winvm_handle_from_fd, winvm_file_to_fd and what else libraries do with
 * files by their handles, and the C runtime's _get_osfhandle and _open_osfhandle.
 *
 * I1  These tell failures by errno, as their callers expect, and leave the last error alone.
 * Locking: none.   Failure: nothing changed.   Signal safety: as nt_file_fd.c. */
#include <errno.h>

#include <winvm/control.h>

#include "api/api.h"
#include "api/control.h"
#include "nt/nt_file.h"

static int error_of(wvm_status status)
{
    switch ((uint32_t)status) {
    case (uint32_t)STATUS_ACCESS_DENIED:
        return EACCES;
    case (uint32_t)STATUS_TOO_MANY_OPENED_FILES:
    case (uint32_t)STATUS_INSUFFICIENT_RESOURCES:
        return EMFILE;
    default:
        return EBADF;
    }
}

WVM_EXPORT void *winvm_handle_from_fd(int fd, uint32_t access)
{
    HANDLE h;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_file_from_fd(fd, access, &h);
    if (status >= 0)
        return h;
    errno = error_of(status);
    return NULL;
}

WVM_EXPORT int winvm_file_to_fd(void *file, uint32_t rights)
{
    int fd = -1;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_file_duplicate(file, rights, &fd);
    return status < 0 ? wvm_control_refuse(status) : fd;
}

WVM_EXPORT int winvm_file_resize(void *file, uint64_t size)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_file_set_size(file, size);
    return status < 0 ? wvm_control_refuse(status) : 0;
}

WVM_EXPORT int winvm_file_delete(void *file, int deleted)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_file_set_deleted(file, deleted != 0);
    return status < 0 ? wvm_control_refuse(status) : 0;
}

INT_PTR wvm__get_osfhandle(int fd)
{
    HANDLE h;
    wvm_status status = wvm_file_of_fd(fd, &h);
    if (status >= 0)
        return (INT_PTR)h;
    errno = error_of(status);
    return -1;
}

int wvm__open_osfhandle(INT_PTR h, int flags)
{
    int fd;
    wvm_status status = wvm_file_to_fd((HANDLE)h, !(flags & _O_NOINHERIT), &fd);
    if (status >= 0)
        return fd;
    errno = error_of(status);
    return -1;
}
