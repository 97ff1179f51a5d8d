/* The working set of a process: NtQueryVirtualMemory's classes about it, and emptying it. */
#ifndef WVM_NT_NT_WORKING_H
#define WVM_NT_NT_WORKING_H

#include "nt/nt.h"

struct wvm_target;

/* MemoryWorkingSetInformation: buf->at is the caller's. */
wvm_status wvm_nt_query_working(const struct wvm_target *t,
                                struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
/* MemoryWorkingSetExInformation. */
wvm_status wvm_nt_query_working_ex(const struct wvm_target *t,
                                   struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
/* All pages that can leave the working set do. ACCESS_DENIED: of a process that does not let itself
 * be told. */
wvm_status wvm_nt_empty_working(const struct wvm_target *t) WVM_MUST_CHECK;

/* The caller's array [at, at + len) can be written; as wvm_user_writable, quicker for long ones. */
bool wvm_nt_array_writable(const void *at, size_t len);

#endif
