/* Large pages and nonpaged memory: who may have them, and in which sizes. */
#ifndef WVM_NT_NT_LARGE_H
#define WVM_NT_NT_LARGE_H

#include "nt/nt.h"

#define WVM_LARGE_PAGE ((uintptr_t)2 << 20)

/* The size of a large page in bytes; 0: there are none here. */
size_t wvm_nt_large_minimum(void);
/* May this process have large pages, or memory that always stays? PRIVILEGE_NOT_HELD. */
wvm_status wvm_nt_may_have_large(void) WVM_MUST_CHECK;
wvm_status wvm_nt_may_stay(void) WVM_MUST_CHECK;

/* A legal AllocationType with MEM_LARGE_PAGES, or MEM_EXTENDED_PARAMETER_NONPAGED attributes. */
struct wvm_nt_staying {
    uint32_t type;
    uint64_t attributes;
    uint8_t attr;    /* of the protection */
    uint16_t flags;  /* out: enum wvm_alloc_flag */
    uintptr_t align; /* out: of base and size, bytes */
};
/* INVALID_PARAMETER(_2, _4, _5), INVALID_PAGE_PROTECTION, PRIVILEGE_NOT_HELD. */
wvm_status wvm_nt_check_staying(struct wvm_nt_staying *s,
                                const struct wvm_nt_range *range) WVM_MUST_CHECK;

#endif
