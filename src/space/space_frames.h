/* Which frames exist, whose they are and where they are mapped: tables only, no host calls but for
 * the memory of the tables. Part of the room space; outside it only space_state.h.
 *
 * Terms   frame = one page of the store, shared memory that no name leads to; its index is the page
 *         of the store that it is, its number (what programs see) is index + WVM_FRAME_BASE;
 *         window = an allocation with WVM_ALLOC_PHYSICAL; translation = which frame a page of a
 *         window shows; border = two neighbouring pages that show frames which are not neighbours,
 *         and so need a mapping each. */
#ifndef WVM_SPACE_SPACE_FRAMES_H
#define WVM_SPACE_SPACE_FRAMES_H

#include "region/region.h"

struct wvm_space;

#define WVM_FRAME_BASE 0x100u
#define WVM_FRAMES_MAX 0x40000000u /* indices, of which 0 is never a frame: 4 TiB */
#define WVM_FRAME_SEGMENTS 19      /* segment 0 has the first 4096 indices, each next one doubles */

#define WVM_FRAME_LEAF_BITS 10
#ifdef __LP64__
#define WVM_FRAME_MID_BITS 12
#else
#define WVM_FRAME_MID_BITS 10
#endif
#define WVM_FRAME_TOPS (WVM_N_PAGES >> (WVM_FRAME_LEAF_BITS + WVM_FRAME_MID_BITS))

/* What the word of a frame says: one of these, or the page that shows it. MARK besides: the call
 * that is under way is to map it. */
#define WVM_FRAME_NONE ((uintptr_t)0) /* nobody's, or on its way to somebody */
#define WVM_FRAME_IDLE ((uintptr_t)1) /* owned, mapped nowhere */
#define WVM_FRAME_MARK (~(~(uintptr_t)0 >> 1))
#define WVM_SLOT_MARK 0x80000000u

struct wvm_frame_leaf {
    uint32_t frame[1u << WVM_FRAME_LEAF_BITS]; /* index; 0: none */
};
struct wvm_frame_mid {
    struct {
        struct wvm_frame_leaf *leaf; /* NULL: no page of it shows a frame */
        uint32_t used;
    } part[1u << WVM_FRAME_MID_BITS];
};

/* (s) but where (a) is said. */
struct wvm_frames {
    int fd;            /* the store, while `made` */
    bool made;
    uint64_t dev, ino; /* its identity */
    uint32_t round;    /* (a) changes in a fork child */
    uint32_t n;        /* indices below it were frames or are in `free`; 0: none ever was */
    uint32_t n_gaps;   /* nodes in `free` */
    struct wvm_gaps free;
    uint64_t charged;  /* frames that are owned or on their way */
    wvm_word64 owned;  /* (a) */
    uint64_t mapped;
    wvm_word64 budget; /* (a) frames to be had before the host is asked for what it has left */
    uintptr_t *word[WVM_FRAME_SEGMENTS];
    struct wvm_frame_mid *mid[WVM_FRAME_TOPS];
    struct wvm_frame_leaf *spare; /* list of empty leaves, by their first words */
    uint64_t near;                /* page >> LEAF_BITS whose leaf near_leaf is, */
    struct wvm_frame_leaf *near_leaf; /* unless NULL */
};

/* ---- frames ---- */

static inline unsigned wvm_frame_segment(uint32_t index)
{
    return index >> 12 ? 20u - (unsigned)__builtin_clz(index) : 0;
}

/* index < n. */
static inline uintptr_t *wvm_frame_word(const struct wvm_frames *f, uint32_t index)
{
    unsigned k = wvm_frame_segment(index);
    return &f->word[k][k ? index - (2048u << k) : index];
}

/* The index of a frame that the program owns, by its number; 0: it owns none such. */
static inline uint32_t wvm_frame_index(const struct wvm_frames *f, uintptr_t number)
{
    uintptr_t index = number - WVM_FRAME_BASE;
    if (index - 1 >= (uintptr_t)(f->n ? f->n - 1 : 0) ||
        *wvm_frame_word(f, (uint32_t)index) == WVM_FRAME_NONE)
        return 0;
    return (uint32_t)index;
}

/* A run of at most n free indices, taken out of `free`; prefers all n together, then as few pieces
 * as it can have. 0: no memory for tables. */
uint32_t wvm_frames_place(struct wvm_space *sp, uint64_t n, uint64_t *got);
/* Indices [first, first + n) are free again. */
void wvm_frames_give(struct wvm_space *sp, uint32_t first, uint64_t n);

/* ---- translations ---- */

/* The frame that a page shows, with its mark; 0: none. */
static inline uint32_t wvm_frame_at(struct wvm_frames *f, uint64_t page)
{
    uint64_t block = page >> WVM_FRAME_LEAF_BITS;
    if (block != f->near || !f->near_leaf) {
        const struct wvm_frame_mid *mid = f->mid[block >> WVM_FRAME_MID_BITS];
        f->near = block;
        f->near_leaf = mid ? mid->part[block & ((1u << WVM_FRAME_MID_BITS) - 1)].leaf : NULL;
    }
    return f->near_leaf ? f->near_leaf->frame[page & ((1u << WVM_FRAME_LEAF_BITS) - 1)] : 0;
}

/* Pages [lo, hi) can be given translations. */
bool wvm_frames_stock(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
/* All of them can already: they are in the leaf that was used last. */
static inline bool wvm_frames_stocked(const struct wvm_frames *f, uint64_t lo, uint64_t hi)
{
    return f->near_leaf && lo >> WVM_FRAME_LEAF_BITS == f->near &&
           (hi - 1) >> WVM_FRAME_LEAF_BITS == f->near;
}
/* The place of a page's translation, which was stocked. */
static inline uint32_t *wvm_frame_slot(struct wvm_frames *f, uint64_t page)
{
    (void)wvm_frame_at(f, page);
    return &f->near_leaf->frame[page & ((1u << WVM_FRAME_LEAF_BITS) - 1)];
}
/* Of the pages of one leaf around `page` n more (less) show frames. */
void wvm_frames_count(struct wvm_frames *f, uint64_t page, int n);
/* The first page >= page, below end, that shows a frame; end: none. */
uint64_t wvm_frames_next(struct wvm_frames *f, uint64_t page, uint64_t end);

static inline int wvm_frames_border(uint32_t left, uint32_t right)
{
    return left && right && right != left + 1;
}

/* In a fork child, when no page shows a frame: nobody owns one. */
void wvm_frames_forget(struct wvm_space *sp);
/* NULL, or the first broken invariant. */
const char *wvm_frames_check(struct wvm_space *sp);

#endif
