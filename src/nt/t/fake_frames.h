/* Frames that do nothing but remember what was asked of them: for tests of the rules above. */
#ifndef WVM_NT_T_FAKE_FRAMES_H
#define WVM_NT_T_FAKE_FRAMES_H

#include "space/space_physical.h"

enum { FAKE_ENTRIES = 8 };
#define FAKE_FIRST_FRAME 0x1000u

struct fake_frames {
    /* What the calls were asked. */
    unsigned n_calls, n_takes, n_frees, n_maps, n_ranges;
    uint64_t wanted;   /* by the last take */
    uint32_t node;
    uint64_t n_freed;
    struct wvm_frames_map map;
    uintptr_t at[FAKE_ENTRIES], number[FAKE_ENTRIES]; /* copies of the first entries */
    unsigned n_scratch; /* pieces of memory that were not given back */
    /* What they answer. */
    uint64_t each;     /* frames for one take at most; 0: all. The next take's follow 16 later */
    unsigned takes;    /* that work; 0: all */
    wvm_status take_result, range_result, map_result; /* take: of those that do not work */
    uintptr_t not_owned; /* a number that is no frame; 0: all are */
    uint64_t owned;
    bool no_scratch;
};
extern struct fake_frames fake_frames;

/* Nothing asked, success. */
void fake_frames_reset(void);

#endif
