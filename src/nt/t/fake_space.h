/* A space that does nothing but remember what it was asked: for tests of the rules above it. */
#ifndef WVM_NT_T_FAKE_SPACE_H
#define WVM_NT_T_FAKE_SPACE_H

#include "space/space_view.h"

/* The top of the layout, an address that no program has, and a size that no space has. */
#ifdef __LP64__
#define FAKE_TOP 0x7fffffff0000ull
#define FAKE_KERNEL 0xffff800000000000ull
#define FAKE_TOO_LONG 2147483647000000ull
#else
#define FAKE_TOP 0xffff0000ull
#define FAKE_KERNEL 0xffffe000ull
#define FAKE_TOO_LONG 0xffff1000ull
#endif

/* Where every window lies. */
#define FAKE_WINDOW_BASE (sizeof(void *) == 8 ? (uintptr_t)((uint64_t)7 << 32) : 0x70000000)

enum fake_op {
    FAKE_NONE,
    FAKE_RESERVE,
    FAKE_COMMIT,
    FAKE_DECOMMIT,
    FAKE_RELEASE,
    FAKE_PRESERVE,
    FAKE_COALESCE,
    FAKE_PROTECT,
    FAKE_RESET,
    FAKE_RESET_UNDO,
    FAKE_LOCK,
    FAKE_UNLOCK,
    FAKE_TRIM,
    FAKE_TRIM_ALL,
    FAKE_READ,
    FAKE_WRITE,
    FAKE_FIXED_PAGE,
    FAKE_FIXED_PAGES_MOVE,
    FAKE_WATCH,
    FAKE_MAP,
    FAKE_UNMAP,
    FAKE_REVERT,
    FAKE_WS_LIMITS
};

/* The commit charge is so many bytes more than what the host counts. */
#define FAKE_COMMIT_MORE 0x5000

struct fake_space {
    /* What the last changing call was asked. */
    enum fake_op op;
    unsigned n_calls;
    uintptr_t start, end;
    uintptr_t from; /* fixed pages */
    uint8_t attr;
    unsigned kinds; /* of locks */
    struct wvm_ws_limits ws;
    struct wvm_request req;
    struct wvm_view_request view;  /* as asked; its parts: */
    struct wvm_view_part part[128];
    bool keep;                     /* unmap */
    pid_t other; /* whose memory the last query of another process was about */
    /* What it answers. */
    wvm_status result;
    wvm_status first_result;       /* of the first call instead, when not 0 */
    uint64_t section_charge;       /* pages of sections */
    struct wvm_backing *backing;   /* view_at inside the region; NULL: no view */
    uint16_t working[16];          /* what is known of a page, by the last digit of its number */
    unsigned n_working;            /* questions for them */
    bool any_left;
    uintptr_t out_end; /* decommit and release */
    uint8_t old_attr;
    size_t done; /* read and write */
    uintptr_t top; /* first address past user space; 0: that of 64-bit programs */
    unsigned n_windows, n_closings; /* open now; tried to close */
    uint64_t window_top;            /* of the last one */
    wvm_status window_result, close_result;
    struct wvm_region
        region; /* query inside [alloc_start, alloc_end); elsewhere: foreign RW pages */
};
extern struct fake_space fake;

/* Nothing asked, success, no region. */
void fake_reset(void);

#endif
