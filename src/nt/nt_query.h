/* NtQueryVirtualMemory's classes. */
#ifndef WVM_NT_NT_QUERY_H
#define WVM_NT_NT_QUERY_H

#include "nt/nt.h"

/* The basic class for this process; the fast path of VirtualQuery. `at` is the caller's pointer. */
wvm_status wvm_nt_query_basic(uintptr_t addr, void *at, size_t len) WVM_MUST_CHECK;
/* The same for what a handle stands for; that of VirtualQueryEx. */
wvm_status wvm_nt_query_basic_of(HANDLE process, uintptr_t addr, void *at,
                                 size_t len) WVM_MUST_CHECK;

/* The other classes, called by wvm_nt_query; addr is in the target's user space. */
struct wvm_target;
/* wvm_nt_query with a target that grants it. */
wvm_status wvm_nt_query_in(const struct wvm_target *t, uintptr_t addr, int info_class,
                           struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
wvm_status wvm_nt_query_region(const struct wvm_target *t, uintptr_t addr,
                               struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
wvm_status wvm_nt_query_image(const struct wvm_target *t, uintptr_t addr,
                              struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
wvm_status wvm_nt_query_filename(const struct wvm_target *t, uintptr_t addr,
                                 struct wvm_nt_buffer *buf) WVM_MUST_CHECK;
/* What lies at addr, all in the target's terms. */
wvm_status wvm_nt_region_in(const struct wvm_target *t, uintptr_t addr,
                            struct wvm_region *out) WVM_MUST_CHECK;
/* UTF-8 to UTF-16, NUL-terminated; returns the units without the NUL. out holds strlen(text)+1. */
size_t wvm_nt_utf16(const char *text, uint16_t *out);

#endif
