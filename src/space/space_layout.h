/* Which addresses the program's own space has: decided once, from the options, before anything
 * else of this room starts.
 *
 * Terms   native = the 64-bit layout; identity mode = the space ends at or below 4 GiB and its
 *         addresses are the real ones (docs/ARCHITECTURE.md section 15). */
#ifndef WVM_SPACE_SPACE_LAYOUT_H
#define WVM_SPACE_SPACE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

struct wvm_layout {
    uint64_t top;        /* first address past user space, a granule multiple: 0x7FFF0000,
                          * 0xFFFF0000, 0x7FFFFFFF0000 ... (W32 section 1) */
    uint64_t host_top;   /* first address past what the host maps for this process: code, stacks,
                          * heap, and with them callers' buffers */
    uint64_t native_top; /* the same as top for 64-bit programs of this system (W32-003) */
    uint64_t emulated_top; /* for 32-bit programs that are large-address-aware (W32-002) */
    uint64_t gap;        /* low: bytes left to the host in each place where it wants low addresses,
                          * a granule multiple: space_range.c */
    bool low;            /* identity mode: the whole range was taken from the host at start */
    bool wow64;          /* the program is told that it is a 32-bit one on a 64-bit Windows */
};

/* Constant after wvm_layout_init(), which reads the options. */
extern struct wvm_layout wvm_layout;
void wvm_layout_init(void);

#endif
