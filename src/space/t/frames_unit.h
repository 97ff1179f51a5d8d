/* Two windows and the frames that tests show in them: every frame has a word of its own, by which a
 * page tells which one it shows. */
#ifndef WVM_SPACE_T_FRAMES_UNIT_H
#define WVM_SPACE_T_FRAMES_UNIT_H

#include "space/space_physical.h"
#include "space/t/space_unit.h"

enum {
    W = 16,      /* pages of a window */
    N = 2 * W,   /* pages of both; numbers of pages go on from the first window to the second */
    N_FRAMES = 24,
    CLOSED = -1, /* what a page shows that shows nothing, */
    WRONG = -2,  /* and what no frame has */
};

static uintptr_t window[2];
static uintptr_t frame[N_FRAMES];

static inline uintptr_t addr(unsigned page)
{
    return window[page / W] + (uintptr_t)(page % W) * PG;
}

static inline wvm_status make_window(unsigned i)
{
    struct wvm_request req = {.len = W * PG, .attr = WVM_ATTR_RW, .flags = WVM_ALLOC_PHYSICAL};
    wvm_status status = wvm_space_reserve(SP, &req);
    window[i] = req.start;
    return status;
}

/* The pages from `page` on show frames that follow each other, from number `first` on; 0: none. */
static inline wvm_status map_run(unsigned page, unsigned n, uintptr_t first)
{
    const struct wvm_frames_map m = {.start = addr(page), .first = first, .n = n};
    return wvm_space_frames_map(SP, &m);
}

static inline wvm_status map_numbers(unsigned page, unsigned n, const uintptr_t *number)
{
    const struct wvm_frames_map m = {.start = addr(page), .number = number, .n = n};
    return wvm_space_frames_map(SP, &m);
}

static inline wvm_status scatter(const uintptr_t *at, unsigned n, const uintptr_t *number)
{
    const struct wvm_frames_map m = {.at = at, .number = number, .n = n};
    return wvm_space_frames_map(SP, &m);
}

/* Which of frame[] the page shows. */
static inline int shown(unsigned page)
{
    uint64_t word;
    if (!window[page / W] || !unit_read(addr(page), &word))
        return CLOSED;
    return word >= 1000 && word < 1000 + N_FRAMES ? (int)(word - 1000) : WRONG;
}

/* In pages. */
static inline uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed / PG;
}

/* Both windows, showing nothing, and all frames with their words. */
static inline void frames_set_up(int caps)
{
    struct wvm_frame_run run;
    unit_set_up(caps);
    WORKS(make_window(0));
    WORKS(make_window(1));
    for (unsigned i = 0; i < N_FRAMES; i += (unsigned)run.n) {
        WORKS(wvm_space_frames_take(SP, N_FRAMES - i, WVM_FRAMES_ANY_NODE, &run));
        for (unsigned k = 0; k < run.n; k++)
            frame[i + k] = run.first + k;
    }
    for (unsigned i = 0; i < N_FRAMES; i++) {
        ck_assert_int_eq(map_run(0, 1, frame[i]), STATUS_SUCCESS);
        ck_assert(unit_write(addr(0), 1000 + i));
    }
    WORKS(map_run(0, W, 0));
}

#endif
