/* The fake of fake_frames.h. */
#include "fake_frames.h"

#include <stdlib.h>
#include <string.h>

#include <winvm/ntstatus.h>

#include "base/arith.h"

struct fake_frames fake_frames;
static uintptr_t next_frame;

void fake_frames_reset(void)
{
    memset(&fake_frames, 0, sizeof fake_frames);
    next_frame = FAKE_FIRST_FRAME;
}

wvm_status wvm_space_frames_take(struct wvm_space *sp, uint64_t want, uint32_t node,
                                 struct wvm_frame_run *out)
{
    struct fake_frames *f = &fake_frames;
    (void)sp;
    f->n_calls++;
    f->wanted = want;
    f->node = node;
    if (f->take_result && f->n_takes == f->takes)
        return f->take_result;
    f->n_takes++;
    out->first = next_frame;
    out->n = f->each ? wvm_min(want, f->each) : want;
    next_frame += (uintptr_t)out->n + 16;
    return STATUS_SUCCESS;
}

wvm_status wvm_space_frames_free(struct wvm_space *sp, const uintptr_t *number, uint64_t n,
                                 uint64_t *done)
{
    struct fake_frames *f = &fake_frames;
    (void)sp;
    f->n_calls++;
    f->n_frees++;
    for (*done = 0; *done < n; ++*done, f->n_freed++)
        if (f->not_owned && number[*done] == f->not_owned)
            return STATUS_INVALID_PARAMETER_3;
    return STATUS_SUCCESS;
}

wvm_status wvm_space_frames_map(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct fake_frames *f = &fake_frames;
    (void)sp;
    f->n_calls++;
    f->n_maps++;
    f->map = *m;
    for (uint64_t i = 0; i < m->n && i < FAKE_ENTRIES; i++) {
        f->at[i] = m->at ? m->at[i] : 0;
        f->number[i] = m->number ? m->number[i] : 0;
    }
    return f->map_result;
}

wvm_status wvm_space_frames_range(struct wvm_space *sp, uintptr_t start, uint64_t n)
{
    (void)sp, (void)start, (void)n;
    fake_frames.n_calls++;
    fake_frames.n_ranges++;
    return fake_frames.range_result;
}

uint64_t wvm_space_frames_owned(const struct wvm_space *sp)
{
    (void)sp;
    return fake_frames.owned;
}

void *wvm_space_scratch(size_t len)
{
    if (fake_frames.no_scratch)
        return NULL;
    fake_frames.n_scratch++;
    return malloc(len);
}

void wvm_space_scratch_end(void *mem, size_t len)
{
    (void)len;
    fake_frames.n_scratch--;
    free(mem);
}
