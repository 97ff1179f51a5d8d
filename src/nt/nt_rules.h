/* Pure rules of the native calls: which values are legal, and what they mean to space/. */
#ifndef WVM_NT_NT_RULES_H
#define WVM_NT_NT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"
#include "nt/nt.h"

/* PAGE_* of private memory to enum wvm_attr; 0 when illegal. Write-copy values answer their
 * attribute only when write_copy is set. */
uint8_t wvm_nt_attr_of(uint32_t prot, bool write_copy);
/* PAGE_GUARD, PAGE_NOCACHE, PAGE_WRITECOMBINE are their attributes shifted. */
#define WVM_MODIFIER_SHIFT 4
#define WVM_ATTR_MODIFIERS (WVM_ATTR_GUARD | WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)
WVM_STATIC(WVM_ATTR_GUARD << WVM_MODIFIER_SHIFT == PAGE_GUARD &&
               WVM_ATTR_NOCACHE << WVM_MODIFIER_SHIFT == PAGE_NOCACHE &&
               WVM_ATTR_WRITECOMBINE << WVM_MODIFIER_SHIFT == PAGE_WRITECOMBINE,
           "modifiers are shifted");

extern const uint8_t wvm_nt_prot_of_access[16];

/* The PAGE_* value that reports attr; 0 for a reserved page. */
static inline uint32_t wvm_nt_prot_of(uint8_t attr)
{
    uint32_t access = wvm_nt_prot_of_access[attr & WVM_ATTR_ACCESS];
    return access ? access | (uint32_t)(attr & WVM_ATTR_MODIFIERS) << WVM_MODIFIER_SHIFT : 0;
}

/* SUCCESS, or why this AllocationType is refused. */
wvm_status wvm_nt_check_alloc_type(uint32_t type);
/* The same for the Ex form, which knows placeholders: they have a protection, and replacing one
 * needs a base. */
wvm_status wvm_nt_check_alloc_type_ex(uint32_t type, uint32_t prot, uintptr_t base);
/* SUCCESS, or why this FreeType is refused. */
wvm_status wvm_nt_check_free_type(uint32_t type, uintptr_t size);
/* Bound of ZeroBits: *limit = first address past what is allowed, 0 for no bound.
 * INVALID_PARAMETER_3. */
wvm_status wvm_nt_zero_bits_limit(uintptr_t zero_bits, uintptr_t *limit);
static inline wvm_status wvm_nt_zero_bits(uintptr_t zero_bits, uintptr_t *limit)
{
    *limit = 0;
    return WVM_LIKELY(zero_bits == 0) ? STATUS_SUCCESS : wvm_nt_zero_bits_limit(zero_bits, limit);
}

/* Rounds [base, base+size) of the target out to pages, whose addresses in this process are
 * [*start, *end). INVALID_PARAMETER_2 when base is not in user space, INVALID_PARAMETER_3 when size
 * is 0 or the end leaves it. */
struct wvm_target;
wvm_status wvm_nt_page_span(const struct wvm_target *t, const struct wvm_nt_range *range,
                            uintptr_t *start, uintptr_t *end);

#endif
