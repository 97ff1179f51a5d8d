/* MEM_EXTENDED_PARAMETER arrays, for VirtualAlloc2 and MapViewOfFile3 alike. */
#ifndef WVM_NT_NT_EXTENDED_H
#define WVM_NT_NT_EXTENDED_H

#include "nt/nt.h"

/* What the array asks for; absent parameters are zero. */
struct wvm_nt_extended {
    uintptr_t low;       /* lowest base, 0: none */
    uintptr_t limit;     /* first address past the highest byte allowed, 0: none */
    uintptr_t align;     /* 0, or a power of two of at least a granule */
    uint64_t attributes; /* MEM_EXTENDED_PARAMETER_* flags */
    bool has_machine;
    uint32_t machine;
    uint32_t node_and_1; /* the preferred memory node and 1, 0: none */
};
/* Reads (without trusting the pointers) and checks the array: types, duplicates, reserved bits,
 * address requirements against `top` (the first address past the target's user space), NUMA node,
 * partition. base: the caller's; with one, address requirements must be all zero (PH-014..016).
 * view: alignment is refused (PH-101), ImageMachine accepted.
 * INVALID_PARAMETER, NOT_SUPPORTED, ACCESS_VIOLATION. */
wvm_status wvm_nt_extended(const struct wvm_nt_params *params, uintptr_t base, bool view,
                           uintptr_t top, struct wvm_nt_extended *out) WVM_MUST_CHECK;

#endif
