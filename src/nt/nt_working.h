/* The working set of a process: NtQueryVirtualMemory's classes about it, and emptying it. */
#ifndef WVM_NT_NT_WORKING_H
#define WVM_NT_NT_WORKING_H

#include "nt/nt.h"
#include "space/space_working.h"

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

/* From now on the process's own pages that come into the working set are noted. ACCESS_DENIED: it
 * is another process. */
wvm_status wvm_nt_watch_working(HANDLE process) WVM_MUST_CHECK;
/* Those since the last success, as PSAPI_WS_WATCH_INFORMATION (size bytes of the _EX one) at the
 * caller's `at`, an entry of zeros behind the last. *bytes: in: room; out: without that entry.
 * UNSUCCESSFUL: not noted; NO_MORE_ENTRIES; BUFFER_TOO_SMALL: nothing was told. */
wvm_status wvm_nt_working_changes(HANDLE process, void *at, size_t size,
                                  size_t *bytes) WVM_MUST_CHECK;

/* Calls pages() for all pages that are in memory, in rising order, and some that are not. It
 * answers SUCCESS to go on; at is in the target's terms. */
typedef wvm_status wvm_working_pages(void *ctx, uintptr_t at, uint16_t *code, size_t n);
wvm_status wvm_nt_walk_working(const struct wvm_target *t, wvm_working_pages *pages,
                               void *ctx) WVM_MUST_CHECK;

/* code[i], enum wvm_working, for each of n pages from start, WVM_WORKING_PAGES at most, in the
 * target's terms and below wvm_nt_working_end(). */
wvm_status wvm_nt_working_at(const struct wvm_target *t, uintptr_t start, size_t n,
                             uint16_t *code) WVM_MUST_CHECK;
/* First address that nothing can be at. */
uintptr_t wvm_nt_working_end(const struct wvm_target *t);

static inline unsigned wvm_nt_share_count(uint16_t code)
{
    return !(code & WVM_WORKING_SHARED) ? 0 : code & WVM_WORKING_SEVERAL ? 2 : 1;
}

/* The caller's array [at, at + len) can be written; as wvm_user_writable, quicker for long ones. */
bool wvm_nt_array_writable(const void *at, size_t len);

#endif
