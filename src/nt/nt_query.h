/* NtQueryVirtualMemory's classes. */
#ifndef WVM_NT_NT_QUERY_H
#define WVM_NT_NT_QUERY_H

#include "nt/nt.h"

/* The basic class for this process; the fast path of VirtualQuery. `at` is the caller's pointer. */
wvm_status wvm_nt_query_basic(uintptr_t addr, void *at, size_t len) WVM_MUST_CHECK;

/* The other classes, called by wvm_nt_query; addr is in user space. pid 0: this process. */
wvm_status wvm_nt_query_region(pid_t pid, uintptr_t addr,
                               struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
wvm_status wvm_nt_query_image(pid_t pid, uintptr_t addr, struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
wvm_status wvm_nt_query_filename(pid_t pid, uintptr_t addr,
                                 struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
/* What lies at addr in process pid, 0: this one. */
wvm_status wvm_nt_region_in(pid_t pid, uintptr_t addr, struct wvm_region *out) WVM_MUST_CHECK;
/* UTF-8 to UTF-16, NUL-terminated; returns the units without the NUL. out holds strlen(text)+1. */
size_t wvm_nt_utf16(const char *text, uint16_t *out);

#endif
