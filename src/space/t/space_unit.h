/* What the tests of this room share: the real host, one space, an audit after each step, and the
 * machine with capabilities taken away. */
#ifndef WVM_SPACE_T_SPACE_UNIT_H
#define WVM_SPACE_T_SPACE_UNIT_H

#include <stdio.h>

#include "base/t/unit.h"
#include "space/space_internal.h"

#define SP (&wvm_space_native)

enum { PG = 4096 };

/* Free at start, and outside the slabs. */
#ifdef __LP64__
#define UNIT_FREE ((uintptr_t)0x200000000000)
#else
#define UNIT_FREE ((uintptr_t)0x40000000)
#endif

/* Which capabilities are switched off: a loop test's number. */
enum unit_caps {
    CAPS_ALL, CAPS_NO_GUARD, CAPS_NO_QUERY, CAPS_NO_SCAN, CAPS_NO_POPULATE, CAPS_NO_NOREPLACE,
    CAPS_NO_FREE, CAPS_NO_WATCH, CAPS_NONE, N_CAPS
};

static inline void unit_set_up(int caps)
{
    wvm_host_init();
    wvm_host_caps.guard &= caps != CAPS_NO_GUARD && caps != CAPS_NONE;
    wvm_host_caps.procmap_query &= caps != CAPS_NO_QUERY && caps != CAPS_NONE;
    wvm_host_caps.pagemap_scan &= caps != CAPS_NO_SCAN && caps != CAPS_NONE;
    wvm_host_caps.watch &= caps != CAPS_NO_WATCH && wvm_host_caps.pagemap_scan;
    wvm_host_caps.populate_write &= caps != CAPS_NO_POPULATE && caps != CAPS_NONE;
    wvm_host_caps.fixed_noreplace &= caps != CAPS_NO_NOREPLACE && caps != CAPS_NONE;
    wvm_host_caps.madv_free &= caps != CAPS_NO_FREE && caps != CAPS_NONE;
    ck_assert_int_eq(wvm_space_init(SP), STATUS_SUCCESS);
}

static inline void unit_audit(void)
{
    const char *bad = wvm_space_audit(SP);
    ck_assert_msg(bad == NULL, "%s", bad);
}

/* The call answers this, and all invariants hold afterwards. */
#define ANSWERS(call, status)                                          \
    do {                                                               \
        ck_assert_uint_eq((uint32_t)(call), (uint32_t)(status));       \
        unit_audit();                                                  \
    } while (0)

#define WORKS(call) ANSWERS(call, STATUS_SUCCESS)

/* The memory at addr through the kernel: false instead of a fault. */
static inline bool unit_read(uintptr_t addr, uint64_t *word)
{
    return wvm_host_read(0, word, addr, sizeof *word) == (ssize_t)sizeof *word;
}

static inline bool unit_write(uintptr_t addr, uint64_t word)
{
    return wvm_host_write(0, &word, addr, sizeof word) == (ssize_t)sizeof word;
}

#endif
