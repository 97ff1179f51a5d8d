/* Pure rules of the native calls: protections, type flags, ZeroBits, rounding.
 *
 * Terms   attribute = enum wvm_attr, what space/ stores; protection = a PAGE_* value of the caller.
 * I1  Nothing here reads or changes any state.
 * I2  wvm_nt_prot_of(wvm_nt_attr_of(p, true)) == p for every legal p without a PAGE_TARGETS bit.
 * I3  After these checks no MEM_* or PAGE_* word goes further down: several of them share values.
 *
 * The numbered statuses name the position of the bad argument in the native call. Newer builds of
 * Windows answer the plain INVALID_PARAMETER instead; the Win32 error is 87 either way.
 * Locking: none.   Signal safety: all of it. */
#include "nt/nt_rules.h"

#include "base/arith.h"
#include "base/assert.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_target.h"
#include "space/space_layout.h"

#define PROT_ACCESS 0xffu
#define PROT_MODIFIERS (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)
#define PROT_EXEC                                                                                  \
    (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define PROT_TARGETS                                                                               \
    0x40000000u /* PAGE_TARGETS_INVALID, PAGE_TARGETS_NO_UPDATE: accepted, not kept */

/* A mask with this bit bounds nothing. */
#define MASK_ALL_BIT (sizeof(uintptr_t) == 8 ? 47u : 31u)

#define TYPE_PLACEHOLDER (MEM_RESERVE_PLACEHOLDER | MEM_REPLACE_PLACEHOLDER)
#define TYPE_RESET_UNDO 0x01000000u
#define TYPE_ORDINARY                                                                              \
    (MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES)

const uint8_t wvm_nt_prot_of_access[16] = {
    [WVM_ATTR_NA] = PAGE_NOACCESS,
    [WVM_ATTR_RO] = PAGE_READONLY,
    [WVM_ATTR_RW] = PAGE_READWRITE,
    [WVM_ATTR_WC] = PAGE_WRITECOPY,
    [WVM_ATTR_X] = PAGE_EXECUTE,
    [WVM_ATTR_XR] = PAGE_EXECUTE_READ,
    [WVM_ATTR_XRW] = PAGE_EXECUTE_READWRITE,
    [WVM_ATTR_XWC] = PAGE_EXECUTE_WRITECOPY,
    [WVM_ATTR_OFFERED] = PAGE_READWRITE,
};

/* The eight accesses are single bits 0..7 in this order. */
static const uint8_t access_of_bit[8] = {
    WVM_ATTR_NA, WVM_ATTR_RO, WVM_ATTR_RW,  WVM_ATTR_WC,
    WVM_ATTR_X,  WVM_ATTR_XR, WVM_ATTR_XRW, WVM_ATTR_XWC,
};
WVM_STATIC(PAGE_NOACCESS == 1 << 0 && PAGE_READONLY == 1 << 1 && PAGE_READWRITE == 1 << 2 &&
               PAGE_WRITECOPY == 1 << 3 && PAGE_EXECUTE == 1 << 4 && PAGE_EXECUTE_READ == 1 << 5 &&
               PAGE_EXECUTE_READWRITE == 1 << 6 && PAGE_EXECUTE_WRITECOPY == 1 << 7,
           "access_of_bit follows the bit numbers");

static bool one_bit(uint32_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

uint8_t wvm_nt_attr_of(uint32_t prot, bool write_copy)
{
    if (WVM_LIKELY(prot == PAGE_READWRITE))
        return WVM_ATTR_RW;
    if ((prot & PROT_TARGETS) && (prot & PROT_EXEC))
        prot &= ~PROT_TARGETS;
    uint32_t access = prot & PROT_ACCESS;
    uint32_t modifier = prot & ~PROT_ACCESS;
    if (!one_bit(access) || (modifier & ~PROT_MODIFIERS))
        return 0;
    if (modifier && (!one_bit(modifier) || access == PAGE_NOACCESS))
        return 0;
    if (!write_copy && (access & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY)))
        return 0;
    return access_of_bit[__builtin_ctz(access)] | (uint8_t)(modifier >> WVM_MODIFIER_SHIFT);
}

wvm_status wvm_nt_check_alloc_type(uint32_t type)
{
    if (type == MEM_RESERVE || type == MEM_COMMIT || type == (MEM_RESERVE | MEM_COMMIT) ||
        type == MEM_RESET || type == TYPE_RESET_UNDO)
        return STATUS_SUCCESS;
    if (!(type & (MEM_COMMIT | MEM_RESERVE)) || (type & ~(TYPE_ORDINARY | TYPE_PLACEHOLDER)))
        return STATUS_INVALID_PARAMETER_5;
    /* Placeholders exist in the Ex form only (VA-045). */
    if (type & TYPE_PLACEHOLDER)
        return STATUS_INVALID_PARAMETER;
    if ((type & MEM_WRITE_WATCH) &&
        (!(type & MEM_RESERVE) || (type & (MEM_PHYSICAL | MEM_LARGE_PAGES))))
        return STATUS_INVALID_PARAMETER_5;
    if ((type & MEM_PHYSICAL) && type != (MEM_RESERVE | MEM_PHYSICAL))
        return STATUS_INVALID_PARAMETER_5;
    if ((type & MEM_LARGE_PAGES) &&
        (type & (MEM_RESERVE | MEM_COMMIT)) != (MEM_RESERVE | MEM_COMMIT))
        return STATUS_INVALID_PARAMETER_5;
    return STATUS_SUCCESS;
}

/* PH-041, PH-049, PH-050. */
wvm_status wvm_nt_check_alloc_type_ex(uint32_t type, uint32_t prot, uintptr_t base)
{
    const uint32_t with_new = MEM_TOP_DOWN, with_old = MEM_TOP_DOWN | MEM_COMMIT | MEM_WRITE_WATCH;
    if (!(type & TYPE_PLACEHOLDER))
        return wvm_nt_check_alloc_type(type);
    if ((type & ~with_new) == (MEM_RESERVE | MEM_RESERVE_PLACEHOLDER) && prot == PAGE_NOACCESS)
        return STATUS_SUCCESS;
    if ((type & ~with_old) == (MEM_RESERVE | MEM_REPLACE_PLACEHOLDER) && base)
        return STATUS_SUCCESS;
    return STATUS_INVALID_PARAMETER;
}

wvm_status wvm_nt_check_free_type(uint32_t type, uintptr_t size)
{
    const uint32_t placeholder = MEM_COALESCE_PLACEHOLDERS | MEM_PRESERVE_PLACEHOLDER;
    if (type == MEM_DECOMMIT || type == MEM_RELEASE)
        return STATUS_SUCCESS;
    if ((type & ~placeholder) != MEM_RELEASE || !one_bit(type & placeholder))
        return STATUS_INVALID_PARAMETER_4;
    return size == 0 ? STATUS_INVALID_PARAMETER_3 : STATUS_SUCCESS;
}

wvm_status wvm_nt_zero_bits_limit(uintptr_t zero_bits, uintptr_t *limit)
{
    if (zero_bits < 32) {
        if (zero_bits > 21)
            return STATUS_INVALID_PARAMETER_3;
        *limit = (uintptr_t)1 << (32 - zero_bits);
        return STATUS_SUCCESS;
    }
    /* A mask: only its highest set bit counts (W32 section 2). 32-bit systems know none. */
    if (sizeof zero_bits == 4 && !wvm_layout.wow64)
        return STATUS_INVALID_PARAMETER_3;
    unsigned top_bit = 63u - (unsigned)__builtin_clzll(zero_bits);
    if (top_bit < WVM_GRANULE_SHIFT)
        return STATUS_INVALID_PARAMETER_3;
    *limit = top_bit >= MASK_ALL_BIT ? 0 : (uintptr_t)2 << top_bit;
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_page_span(const struct wvm_target *t, const struct wvm_nt_range *range,
                            uintptr_t *start, uintptr_t *end)
{
    uintptr_t top = wvm_nt_end_for(t, range->base);
    if (range->base >= top)
        return STATUS_INVALID_PARAMETER_2;
    if (range->size == 0 || range->size > top - range->base)
        return STATUS_INVALID_PARAMETER_3;
    *start = t->base + wvm_align_down(range->base, WVM_PAGE_SIZE);
    *end = t->base + wvm_align_up(range->base + range->size, WVM_PAGE_SIZE);
    return STATUS_SUCCESS;
}
