/* Placeholders for conformance cases.
 *
 * Terms   three pieces = a placeholder of 64 KiB split into 0x4000, 0x4000 and 0x8000. */
#ifndef COMPAT_PLACEHOLDER_H
#define COMPAT_PLACEHOLDER_H

#include "compat_extended.h"

#define HOLD (RSV | VM_RESERVE_PLACEHOLDER)
#define REPLACE VM_REPLACE_PLACEHOLDER
#define KEEP VM_PRESERVE_PLACEHOLDER
#define JOIN VM_COALESCE_PLACEHOLDERS

/* Ends the case where there are no placeholders: skipped there, but not natively. */
#define need_placeholders()                                                                        \
    do {                                                                                           \
        need_extended();                                                                           \
        skip_if(!is_native() && !have_placeholders(), "no placeholders here");                     \
    } while (0)

static inline int have_placeholders(void)
{
    struct nt_out out = alloc_ex(NULL, GR, HOLD, NA, NULL, 0);

    return out.status == ST_SUCCESS;
}

static inline void expect_placeholder(const BYTE *at, SIZE_T size)
{
    expect_query(at, at, at, NA, size, RSV, 0, MEM_PRIVATE);
}

static inline BYTE *placeholder(SIZE_T size)
{
    struct nt_out out = alloc_ex(NULL, size, HOLD, NA, NULL, 0);

    if (out.status)
        compat_give_up("NtAllocateVirtualMemoryEx of a placeholder");
    return out.base;
}

/* A placeholder of 64 KiB split into 0x4000, 0x4000 and 0x8000. */
static inline BYTE *three_pieces(void)
{
    BYTE *a = placeholder(GR);

    expect_range(nt_free(a, 0x4000, MEM_RELEASE | KEEP), a, 0x4000);
    expect_range(nt_free(a + 0x4000, 0x4000, MEM_RELEASE | KEEP), a + 0x4000, 0x4000);
    return a;
}

static inline void expect_three_pieces(const BYTE *a)
{
    expect_placeholder(a, 0x4000);
    expect_placeholder(a + 0x4000, 0x4000);
    expect_placeholder(a + 0x8000, 0x8000);
}

/* A call that fails and changes nothing in [a, a + GR). */
#define expect_kept(a, call, at, size, ...)                                                        \
    do {                                                                                           \
        struct snapshot kept_before = look(a, GR);                                                 \
        expect_refused(call, at, size, __VA_ARGS__);                                               \
        expect_unchanged(&kept_before);                                                            \
    } while (0)

/* A placeholder replaced by committed RW memory. */
static inline BYTE *replaced(void)
{
    BYTE *a = placeholder(GR);

    expect_range(alloc_ex(a, GR, RSV | COM | REPLACE, RWR, NULL, 0), a, GR);
    return a;
}
#endif
