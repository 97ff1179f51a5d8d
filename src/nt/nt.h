/* The native calls' inner form: arguments as values, checked here, carried out by space/.
 *
 * Each function checks everything in the order handle, then the numbered parameters, before it
 * changes anything; on failure *range and every other output keep their values. `process` is a
 * HANDLE of the caller. Sizes and addresses come in as the caller gave them and go out rounded. The
 * public Nt* entry points are thin: they fetch the caller's variables (nt_user.h), call these,
 * store back. */
#ifndef WVM_NT_NT_H
#define WVM_NT_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winvm/winvm.h>

#include "base/annotate.h"
#include "space/space.h"

/* A caller's *BaseAddress and *RegionSize. */
struct wvm_nt_range {
    uintptr_t base;
    uintptr_t size;
};

wvm_status wvm_nt_allocate(HANDLE process, struct wvm_nt_range *range, uintptr_t zero_bits,
                           uint32_t type, uint32_t prot) WVM_MUST_CHECK;
/* The Ex form: a caller's array of extended parameters, not looked at yet. */
struct wvm_nt_params {
    const MEM_EXTENDED_PARAMETER *at;
    uint32_t count;
};
wvm_status wvm_nt_allocate_ex(HANDLE process, struct wvm_nt_range *range, uint32_t type,
                              uint32_t prot, const struct wvm_nt_params *params) WVM_MUST_CHECK;
/* The same with parameters that were read and checked; t is no other process. */
struct wvm_nt_extended;
struct wvm_target;
wvm_status wvm_nt_allocate_in(const struct wvm_target *t, struct wvm_nt_range *range,
                              uintptr_t zero_bits, uint32_t type, uint32_t prot) WVM_MUST_CHECK;
wvm_status wvm_nt_allocate_within(const struct wvm_target *t, struct wvm_nt_range *range,
                                  uint32_t type, uint32_t prot,
                                  const struct wvm_nt_extended *e) WVM_MUST_CHECK;
wvm_status wvm_nt_free(HANDLE process, struct wvm_nt_range *range, uint32_t type) WVM_MUST_CHECK;
wvm_status wvm_nt_protect(HANDLE process, struct wvm_nt_range *range, uint32_t prot,
                          uint32_t *old) WVM_MUST_CHECK;
/* Does the caller's *OldProtect get *old? After success, and as 0 where a view refuses the
 * protection (SEC-163). */
static inline bool wvm_nt_tells_old(wvm_status status)
{
    return status >= 0 || status == (wvm_status)STATUS_SECTION_PROTECTION;
}
wvm_status wvm_nt_lock(HANDLE process, struct wvm_nt_range *range,
                       uint32_t map_type) WVM_MUST_CHECK;
wvm_status wvm_nt_unlock(HANDLE process, struct wvm_nt_range *range,
                         uint32_t map_type) WVM_MUST_CHECK;

/* Where the caller wants the answer of a write watch. All are proven before anything changes. */
struct wvm_nt_watch {
    void **addresses;
    ULONG_PTR *count; /* in: room, out: pages */
    ULONG *granularity;
};
wvm_status wvm_nt_watch_get(HANDLE process, const struct wvm_nt_range *range, uint32_t flags,
                            const struct wvm_nt_watch *out) WVM_MUST_CHECK;
wvm_status wvm_nt_watch_reset(HANDLE process, const struct wvm_nt_range *range) WVM_MUST_CHECK;

/* A caller's buffer for a query: written only when the call succeeds, except *needed, which also
 * tells the size wanted when the buffer was too small. */
struct wvm_nt_buffer {
    void *at;
    size_t len;
    size_t needed; /* out: bytes of the answer; 0: not known */
};
wvm_status wvm_nt_query(HANDLE process, uintptr_t addr, int info_class,
                        struct wvm_nt_buffer *buf) WVM_MUST_CHECK;

/* One copy between this process and `process`. *done = bytes copied, also on failure. */
struct wvm_nt_copy {
    uintptr_t remote;
    uintptr_t local;
    size_t len;
};
wvm_status wvm_nt_read(HANDLE process, const struct wvm_nt_copy *copy, size_t *done) WVM_MUST_CHECK;
wvm_status wvm_nt_write(HANDLE process, const struct wvm_nt_copy *copy,
                        size_t *done) WVM_MUST_CHECK;
/* The same with a target that grants it. *done is 0 before. */
wvm_status wvm_nt_copy_in(const struct wvm_target *t, const struct wvm_nt_copy *copy, bool write,
                          size_t *done) WVM_MUST_CHECK;

/* What WriteProcessMemory does beyond NtWriteVirtualMemory (RW-006, RW-008): an executable,
 * read-only run of this process is made writable for the copy. *counted: whether the caller's count
 * variable is to be written. */
wvm_status wvm_nt_patch(HANDLE process, const struct wvm_nt_copy *copy, size_t *done,
                        bool *counted) WVM_MUST_CHECK;

/* True when [addr, addr+len) can be read (or written) without a fault; changes nothing, takes no
 * guard page, waits for nothing. len 0: true. */
bool wvm_nt_accessible(uintptr_t addr, size_t len, bool write);

/* For the control calls: the space's own answers about this process. */
wvm_status wvm_nt_region_at(uintptr_t addr, struct wvm_region *out) WVM_MUST_CHECK;
/* First address past user space (of API calls), and past all memory the host gives (of buffers). */
uintptr_t wvm_nt_top(void);
uintptr_t wvm_nt_host_top(void);
uint64_t wvm_nt_committed(const struct wvm_region *r);
void wvm_nt_commit_info(struct wvm_commit_info *out);
const char *wvm_nt_audit(void);

static inline bool wvm_nt_success(wvm_status status)
{
    return status >= 0;
}

#endif
