/* The caller's own variables: read and written without trusting the pointer. */
#ifndef WVM_NT_NT_USER_H
#define WVM_NT_NT_USER_H

#include <stdbool.h>
#include <stddef.h>

#include "nt/nt.h"

/* True when [at, at+len) may be written now. len is not 0. A guard page in it may not, and is
 * disarmed. */
bool wvm_user_writable(const void *at, size_t len);
/* Copies len bytes of the caller's, not 0. False: some of them cannot be read; *to is not to be
 * used. A guard page loses its guard by it. */
bool wvm_user_fetch(void *to, const void *from, size_t len);
/* Writes a result; dropped in silence when the place is not writable any more, as Windows does when
 * the change just made took the caller's own variable away. */
void wvm_user_store(void *at, const void *value, size_t len);
/* The same for an optional pointer. */
static inline void wvm_user_store_if(void *at, const void *value, size_t len)
{
    if (at)
        wvm_user_store(at, value, len);
}
/* Forgets what was proven about memory that is not winvm's: after a change to its protection. */
void wvm_user_forget(void);

/* What every native call on a range begins with: the handle (as wvm_handle_target), then the
 * caller's variables. ACCESS_VIOLATION when a pointer is NULL or wild. */
wvm_status wvm_user_fetch_range(HANDLE process, PVOID *base, PSIZE_T size,
                                struct wvm_nt_range *out) WVM_MUST_CHECK;
void wvm_user_store_range(PVOID *base, PSIZE_T size, const struct wvm_nt_range *range);

#endif
