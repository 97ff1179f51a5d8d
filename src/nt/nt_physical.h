/* Frames of physical memory (AWE) on plain values; pointers are the caller's. */
#ifndef WVM_NT_NT_PHYSICAL_H
#define WVM_NT_NT_PHYSICAL_H

#include "nt/nt.h"

/* *count frames, fewer when memory is short, near memory node `node` (NUMA_NO_PREFERRED_NODE: any).
 * INVALID_HANDLE, ACCESS_DENIED, ACCESS_VIOLATION, PRIVILEGE_NOT_HELD, INSUFFICIENT_RESOURCES,
 * COMMITMENT_LIMIT, NO_MEMORY. */
wvm_status wvm_nt_frames_take(HANDLE process, ULONG_PTR *count, ULONG_PTR *array,
                              uint32_t node) WVM_MUST_CHECK;
/* The same with parameters, of which the node counts. INVALID_PARAMETER, NOT_SUPPORTED. */
wvm_status wvm_nt_frames_take_ex(HANDLE process, ULONG_PTR *count, ULONG_PTR *array,
                                 const struct wvm_nt_params *params) WVM_MUST_CHECK;
/* *count: frames given back, also on failure. INVALID_PARAMETER_3. */
wvm_status wvm_nt_frames_free(HANDLE process, ULONG_PTR *count, ULONG_PTR *array) WVM_MUST_CHECK;
/* n pages from `start`, or (at) of an array of addresses; array NULL unmaps.
 * INVALID_PARAMETER_1..3, ACCESS_VIOLATION, NO_MEMORY. */
wvm_status wvm_nt_frames_map(void *start, ULONG_PTR n, ULONG_PTR *array) WVM_MUST_CHECK;
wvm_status wvm_nt_frames_scatter(void **at, ULONG_PTR n, ULONG_PTR *array) WVM_MUST_CHECK;

#endif
