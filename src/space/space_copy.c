/* Copies between a caller's buffer and an address that may be anything: they end, not fault.
 * Locking: none; a page that changes meanwhile is copied as the host finds it.
 * Failure: PARTIAL_COPY with the bytes done. Signal safety: safe. */
#include "space/space_internal.h"

static wvm_status result(ssize_t got, size_t len, size_t *done)
{
    *done = got < 0 ? 0 : (size_t)got;
    return *done == len ? STATUS_SUCCESS : STATUS_PARTIAL_COPY;
}

wvm_status wvm_space_read(struct wvm_space *sp, uintptr_t remote, void *local, size_t len,
                          size_t *done)
{
    wvm_space_watch_expect(sp, (uintptr_t)local, len);
    return result(len ? wvm_host_read(0, local, remote, len) : 0, len, done);
}

wvm_status wvm_space_write(struct wvm_space *sp, uintptr_t remote, const void *local, size_t len,
                           size_t *done)
{
    wvm_space_watch_expect(sp, remote, len);
    return result(len ? wvm_host_write(0, local, remote, len) : 0, len, done);
}
