/* The page at 0x7FFE0000 that Windows shares with every process, and the clock in it. */
#ifndef WVM_NT_NT_SHARED_DATA_H
#define WVM_NT_NT_SHARED_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "space/space.h"

/* Its address, in the terms of every address space. */
#define WVM_SHARED_DATA 0x7FFE0000u

/* Where the fields are. */
enum wvm_shared_field {
#define WVM_FIELD(id, offset, size, member) WVM_SD_##id = offset,
#include "nt/nt_shared_data.def"
#undef WVM_FIELD
};
enum wvm_shared_size {
#define WVM_FIELD(id, offset, size, member) WVM_SD_SIZE_##id = size,
#include "nt/nt_shared_data.def"
#undef WVM_FIELD
};

/* Stores the value of the field id, size bytes of it. For fields that nobody reads meanwhile. */
#define WVM_SD_PUT(page, id, value) \
    wvm_shared_data_put((page), WVM_SD_##id, WVM_SD_SIZE_##id, (uint64_t)(value))
void wvm_shared_data_put(void *page, unsigned offset, unsigned size, uint64_t value);

/* Once, at start: the page, with its clocks as they are now. Where the address is taken or the host
 * refuses there is none. */
void wvm_nt_shared_data_init(struct wvm_space *sp);
/* The page is seen at base + WVM_SHARED_DATA too, in a window whose base that is; from then on the
 * clock is wanted, unless the option clock is 0, and runs when this returns. NO_MEMORY,
 * CONFLICTING_ADDRESSES. The window's end is the page's. */
wvm_status wvm_nt_shared_data_show(struct wvm_space *sp, struct wvm_window *window,
                                   uintptr_t base) WVM_MUST_CHECK;

/* ---- nt_features.c ---- */

enum { WVM_N_PROCESSOR_FEATURES = 64 };
/* present[PF_...] = 1 for what this processor has and the host lets programs use, else 0. */
void wvm_nt_processor_features(uint8_t present[WVM_N_PROCESSOR_FEATURES]);
/* XState: what xsave keeps. */
void wvm_nt_describe_xstate(void *page);

/* ---- nt_clock.c ---- */

/* Times in units of 100 ns. */
struct wvm_clock_times {
    uint64_t system;    /* since 1601, UTC */
    uint64_t interrupt; /* since the host's start, sleep included */
    uint64_t asleep;    /* of that; WVM_ASLEEP_UNKNOWN: leave the field as it is */
};
#define WVM_ASLEEP_UNKNOWN UINT64_MAX
#define WVM_TICK_100NS 156250u /* a 64th of a second */

void wvm_clock_read(struct wvm_clock_times *t);
/* Any thread may read the page meanwhile; one thread writes it. */
void wvm_clock_write(void *page, const struct wvm_clock_times *t);
/* One KSYSTEM_TIME: High2Time, LowPart, High1Time in this order. */
void wvm_clock_store(void *time, uint64_t value);

/* At start: the page to be kept up to date, and where it is seen read-only: another one in a fork
 * child. */
void wvm_nt_clock_init(struct wvm_space *sp, void *page, uintptr_t *shown);
/* The thread is to run, and does not yet: wvm_nt_clock_start() is to be called when a thread may be
 * made. */
bool wvm_nt_clock_is_due(void);
void wvm_nt_clock_want(void); /* unless the option clock is 0 */
/* Programs of this layout, or the user, rely on it from the start. */
bool wvm_nt_clock_is_usual(void);
/* Makes the thread, if it is due. In a fork child the page becomes its own before. */
void wvm_nt_clock_start(void);
void wvm_nt_clock_after_fork_child(void);

#endif
