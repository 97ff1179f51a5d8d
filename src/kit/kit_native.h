/* What the native calls have in common: statuses for errors, times in units of 100 ns. */
#ifndef WVM_KIT_KIT_NATIVE_H
#define WVM_KIT_KIT_NATIVE_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* The status that stands for the last error of one of the kit's own calls; sets the last error back
 * to `before`, as native calls leave it alone. */
NTSTATUS wvm_kit_native_failed(DWORD before);

/* A new handle, written to *out, or the failure that NULL stands for; `before` as above. */
NTSTATUS wvm_kit_native_handle(HANDLE h, PHANDLE out, DWORD before);
/* The status that stands for what a wait of kernel32 returned; `before` as above. */
NTSTATUS wvm_kit_native_waited(DWORD result, DWORD before);
/* The attributes give the object a name. */
bool wvm_kit_native_named(const OBJECT_ATTRIBUTES *attributes);

/* The moment of the monotonic clock (kit_lock.h) that a timeout means: NULL, or the least value:
 * never; below 0: from now on; else a moment of the system's time. */
uint64_t wvm_kit_native_deadline(const LARGE_INTEGER *timeout);
/* The milliseconds until then, rounded up; INFINITE: never, 0xfffffffe: that or more. */
DWORD wvm_kit_native_ms(const LARGE_INTEGER *timeout);

#pragma GCC visibility pop

#endif
