/* Mapping frames into windows: what a call may do, and doing all of it or nothing.
 *
 * Terms   run = entries of a call whose pages follow each other, or whose frames do too.
 * I1  A call decides everything from the tables, marks what it will use, and makes the host calls
 *     while the tables still say how it was: what the host refuses is undone from them.
 * I2  A frame that is mapped already may be among those of a call whose pages include the one that
 *     shows it: what is replaced is not mapped any more.
 * Locking: the space lock, taken here.   Failure: nothing changed.
 * Signal safety: not for handlers. */
#include "space/space_physical_parts.h"

/* ---- the arguments of a call ---- */

static uint64_t page_at(const struct wvm_frames_map *m, uint64_t i)
{
    return m->at ? wvm_page_of(m->at[i]) : wvm_page_of(m->start) + i;
}

static uintptr_t number_at(const struct wvm_frames_map *m, uint64_t i)
{
    return m->number ? m->number[i] : m->first + (uintptr_t)i;
}

static wvm_status no_window(uintptr_t at)
{
    return wvm_space_fail(STATUS_INVALID_PARAMETER_1, "not reserved with MEM_PHYSICAL, at", at);
}

static wvm_status leaves_window(uint64_t end)
{
    return wvm_space_fail(STATUS_INVALID_PARAMETER_2, "the range ends past the window, at",
                          wvm_addr_of(end));
}

static wvm_status check_pages(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    const struct wvm_alloc *a = NULL;
    if (!m->at) {
        a = wvm_window_of(sp, wvm_page_of(m->start));
        if (!a)
            return no_window(m->start);
        return m->n > a->end - wvm_page_of(m->start) ? leaves_window(a->end)
                                                     : (wvm_status)STATUS_SUCCESS;
    }
    for (uint64_t i = 0; i < m->n; i++) {
        uint64_t page = wvm_page_of(m->at[i]);
        if (a && page >= a->start && page < a->end)
            continue;
        a = wvm_window_of(sp, page);
        if (!a)
            return no_window(m->at[i]);
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_space_frames_range(struct wvm_space *sp, uintptr_t start, uint64_t n)
{
    struct wvm_found f;
    if (wvm_page_of(start) >= sp->host_top || !wvm_space_look(sp, wvm_page_of(start), &f) ||
        !(f.flags & WVM_ALLOC_PHYSICAL))
        return no_window(start);
    return n > f.end - wvm_page_of(start) ? leaves_window(f.end) : (wvm_status)STATUS_SUCCESS;
}

/* ---- marks ---- */

static void unmark_frames(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        *wvm_frame_word(&sp->frames, (uint32_t)(number_at(m, i) - WVM_FRAME_BASE)) &=
            ~WVM_FRAME_MARK;
}

static void unmark_pages(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t n)
{
    for (uint64_t i = 0; m->at && i < n; i++)
        *wvm_frame_slot(&sp->frames, page_at(m, i)) &= ~WVM_SLOT_MARK;
}

/* Pages that are named one by one are marked, each once; all can have translations. */
static wvm_status mark_pages(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct wvm_frames *f = &sp->frames;
    if (!m->at)
        return wvm_frames_stock(sp, page_at(m, 0), page_at(m, 0) + m->n)
                   ? (wvm_status)STATUS_SUCCESS
                   : (wvm_status)STATUS_NO_MEMORY;
    for (uint64_t i = 0; i < m->n; i++) {
        uint64_t page = page_at(m, i);
        wvm_status status = STATUS_SUCCESS;
        if (!wvm_frames_stock(sp, page, page + 1))
            status = STATUS_NO_MEMORY;
        else if (*wvm_frame_slot(f, page) & WVM_SLOT_MARK)
            status = wvm_space_fail(STATUS_INVALID_PARAMETER_2, "named twice: the page at",
                                    m->at[i]);
        if (status) {
            unmark_pages(sp, m, i);
            return status;
        }
        *wvm_frame_slot(f, page) |= WVM_SLOT_MARK;
    }
    return STATUS_SUCCESS;
}

/* The page, which shows a frame, is one of the call's. */
static bool is_named(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t page)
{
    if (!m->at)
        return page - page_at(m, 0) < m->n;
    return wvm_frame_at(&sp->frames, page) & WVM_SLOT_MARK;
}

/* The frames that are to be mapped are marked. *runs: host calls that it takes. */
static wvm_status mark_frames(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t *runs)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t next_page = UINT64_MAX;
    uint32_t next_index = 0;
    *runs = 0;
    for (uint64_t i = 0; i < m->n; i++) {
        uint32_t index = wvm_frame_index(f, number_at(m, i));
        uintptr_t *word = index ? wvm_frame_word(f, index) : NULL;
        if (WVM_UNLIKELY(!word || *word & WVM_FRAME_MARK ||
                         (*word != WVM_FRAME_IDLE && !is_named(sp, m, *word)))) {
            unmark_frames(sp, m, i);
            return wvm_space_fail(STATUS_INVALID_PARAMETER_3,
                                  !word ? "not a frame of this process: number"
                                        : "mapped elsewhere or named twice: frame number",
                                  number_at(m, i));
        }
        *word |= WVM_FRAME_MARK;
        *runs += index != next_index || page_at(m, i) != next_page;
        next_index = index + 1;
        next_page = page_at(m, i) + 1;
    }
    return STATUS_SUCCESS;
}

/* ---- mapping ---- */

/* First entry behind i that does not go on where the one before it ends: pages, and frames too. */
static uint64_t next_run(const struct wvm_frames_map *m, uint64_t i, bool frames)
{
    uint64_t j = i + 1;
    while (j < m->n && (!m->at || page_at(m, j) == page_at(m, j - 1) + 1) &&
           (!frames || number_at(m, j) == number_at(m, j - 1) + 1))
        j++;
    return j;
}

/* The same, of pages of one window; *a is that. */
static uint64_t next_pages(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t i,
                           struct wvm_alloc **a)
{
    *a = wvm_window_of(sp, page_at(m, i));
    uint64_t end = m->at ? next_run(m, i, false) : m->n;
    return wvm_min(end, i + ((*a)->end - page_at(m, i)));
}

/* Borders may be as many as there are runs; those that are there already go. */
static wvm_status check_maps(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t runs)
{
    struct wvm_alloc *a;
    int64_t more = (int64_t)runs + 1;
    if (WVM_LIKELY(sp->n_edges + more < sp->calm_below))
        return STATUS_SUCCESS;
    for (uint64_t i = 0, end; i < m->n; i = end) {
        end = next_pages(sp, m, i, &a);
        more -= wvm_window_edges(sp, page_at(m, i), page_at(m, i) + (end - i));
    }
    if (more <= 0 || wvm_space_maps_allow_more(sp, (uint64_t)more))
        return STATUS_SUCCESS;
    return wvm_space_fail(STATUS_NO_MEMORY, "each run of neighbouring frames is a mapping, and the "
                          "host's vm.max_map_count is nearly reached; raise it with sysctl", 0);
}

/* *tried: entries whose pages the host may have changed. */
static int show_all(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t *tried)
{
    int err = 0;
    for (uint64_t i = 0; !err && i < m->n; i = *tried) {
        *tried = next_run(m, i, true);
        err = wvm_window_show(sp, page_at(m, i), *tried - i,
                              (uint32_t)(number_at(m, i) - WVM_FRAME_BASE));
    }
    return err;
}

/* Entries [0, tried) are for the host what they are for the tables, which have no marks. */
static void put_back(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t tried)
{
    struct wvm_alloc *a;
    for (uint64_t i = 0, end; i < tried; i = end) {
        end = wvm_min(next_pages(sp, m, i, &a), tried);
        wvm_window_put_back(sp, page_at(m, i), page_at(m, i) + (end - i));
    }
}

/* Entries [i, end), pages of one run, get their translations. The words of the frames that they
 * show now are marked still. */
static void translate(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t i,
                      uint64_t end)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t page = page_at(m, i);
    uint32_t was = wvm_window_shown(sp, page - 1), is = was;
    int edges = 0;
    for (; i < end; i++, page++) {
        uint32_t *slot = wvm_frame_slot(f, page);
        uint32_t old = *slot & ~WVM_SLOT_MARK, index = (uint32_t)(number_at(m, i) - WVM_FRAME_BASE);
        edges += wvm_frames_border(is, index) - wvm_frames_border(was, old);
        *slot = index;
        if (!old)
            wvm_frames_count(f, page, 1);
        else if (!(*wvm_frame_word(f, old) & WVM_FRAME_MARK))
            *wvm_frame_word(f, old) = WVM_FRAME_IDLE;
        was = old;
        is = index;
    }
    uint32_t right = wvm_window_shown(sp, page);
    sp->n_edges += edges + wvm_frames_border(is, right) - wvm_frames_border(was, right);
}

/* The host has mapped everything. */
static void enter_all(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct wvm_alloc *a;
    for (uint64_t i = 0, end; i < m->n; i = end) {
        end = next_pages(sp, m, i, &a);
        translate(sp, m, i, end);
        wvm_window_enter(sp, a, page_at(m, i), page_at(m, i) + (end - i));
    }
    for (uint64_t i = 0; i < m->n; i++)
        *wvm_frame_word(&sp->frames, (uint32_t)(number_at(m, i) - WVM_FRAME_BASE)) =
            (uintptr_t)page_at(m, i);
}

/* Page states, host states and marks change run by run of the pages. */
static bool stock(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    uint64_t runs = 0;
    for (uint64_t i = 0; m->at && i < m->n; runs++)
        i = next_run(m, i, false);
    return wvm_space_stock(sp, 4 * runs, 4 * 64 * runs);
}

/* *tried: as of show_all, where it fails. */
static wvm_status map_marked(struct wvm_space *sp, const struct wvm_frames_map *m, uint64_t *tried)
{
    uint64_t runs;
    wvm_status status = mark_frames(sp, m, &runs);
    if (status)
        return status;
    status = check_maps(sp, m, runs);
    int err = status ? 0 : show_all(sp, m, tried);
    if (err)
        status = wvm_space_host_fail(err, m->n << WVM_PAGE_SHIFT);
    if (status)
        unmark_frames(sp, m, m->n);
    else
        enter_all(sp, m);
    return status;
}

static wvm_status map_locked(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    uint64_t tried = 0;
    wvm_status status = check_pages(sp, m);
    if (status)
        return status;
    if (!stock(sp, m))
        return STATUS_NO_MEMORY;
    status = mark_pages(sp, m);
    if (status)
        return status;
    status = map_marked(sp, m, &tried);
    if (WVM_UNLIKELY(status)) {
        unmark_pages(sp, m, m->n);
        put_back(sp, m, tried);
    }
    return status;
}

/* Page states change from run to run of those that they have. */
static bool stock_unmap(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct wvm_alloc *a;
    uint64_t runs = 0;
    for (uint64_t i = 0, end; i < m->n; i = end) {
        end = next_pages(sp, m, i, &a);
        uint64_t lo = page_at(m, i) - a->origin, hi = lo + (end - i);
        runs += wvm_pages_count_runs(&sp->store, &a->pages, lo, hi, UINT64_MAX);
    }
    return wvm_space_stock_close(sp, 4 * runs, 4 * 64 * runs);
}

/* All runs are hidden before one is forgotten: what the host refuses is undone (a page may be named
 * twice). */
static wvm_status unmap_locked(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct wvm_alloc *a;
    uint64_t done = 0;
    wvm_status status = check_pages(sp, m);
    if (status)
        return status;
    if (!stock_unmap(sp, m))
        return STATUS_NO_MEMORY;
    for (uint64_t i = 0; !status && i < m->n; i = done) {
        done = next_pages(sp, m, i, &a);
        status = wvm_window_hide(sp, a, page_at(m, i), page_at(m, i) + (done - i));
    }
    for (uint64_t i = 0, end; i < done; i = end) {
        end = next_pages(sp, m, i, &a);
        uint64_t lo = page_at(m, i);
        if (status)
            wvm_window_unhide(sp, a, lo, lo + (end - i));
        else
            wvm_window_forget(sp, lo, lo + (end - i));
    }
    return status;
}

wvm_status wvm_space_frames_map(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    if (WVM_LIKELY(m->first && !m->at && wvm_window_map_run(sp, m)))
        status = STATUS_SUCCESS;
    else
        status = m->number || m->first ? map_locked(sp, m) : unmap_locked(sp, m);
    wvm_space_leave(sp);
    return status;
}
