/* Pages that came into the working set: InitializeProcessForWsWatch and GetWsChanges.
 *
 * Windows notes page faults. The host tells nobody of them, but which pages are there: what is in
 * the working set now and was not at the last look came by a fault.
 * I1  A page is told once until it leaves and is seen outside.
 * I2  A failing look takes note of nothing.
 * I3  Which instruction and which thread it was is not known. The page's address stands for the
 *     instruction's, as NULL ends the list; the thread is 0.
 * Locking: the space's, for parts of the walk.   Failure: the array may be partly written.
 * Signal safety: none. */
#include <string.h>

#include <winvm/psapi.h>

#include "base/arith.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "nt/nt_working.h"
#include "space/space_working.h"

static bool watching; /* (a) from the first call on */

struct look {
    char *at;      /* the caller's; NULL: only counted, or noted */
    size_t size;   /* of an entry */
    size_t room;   /* entries, without the last one, which ends the list */
    size_t n;      /* pages found */
    bool note;
};

static wvm_status put_entry(const struct look *l, size_t i, uintptr_t page)
{
    PSAPI_WS_WATCH_INFORMATION_EX e;
    memset(&e, 0, sizeof e);
    e.BasicInfo.FaultingPc = e.BasicInfo.FaultingVa = (PVOID)page;
    if (!wvm_user_writable(l->at + i * l->size, l->size))
        return STATUS_ACCESS_VIOLATION;
    memcpy(l->at + i * l->size, &e, l->size);
    return STATUS_SUCCESS;
}

static wvm_status take_pages(void *ctx, uintptr_t at, uint16_t *code, size_t n)
{
    struct look *l = ctx;
    wvm_status status = wvm_space_take_new(&wvm_space_native, at, n, code, l->note);
    for (size_t i = 0; status >= 0 && i < n; i++) {
        if (!(code[i] & WVM_WORKING_VALID))
            continue;
        if (l->at && l->n < l->room)
            status = put_entry(l, l->n, at + i * WVM_PAGE_SIZE);
        l->n++;
    }
    return status;
}

/* The program's own process alone. */
static wvm_status find_own(HANDLE process, uint32_t need, struct wvm_target *t)
{
    wvm_status status = wvm_target_of(process, need, t);
    if (status >= 0 && (t->pid || t->window)) {
        wvm_target_drop(t);
        status = STATUS_ACCESS_DENIED;
    }
    return status;
}

wvm_status wvm_nt_watch_working(HANDLE process)
{
    struct look l = {.note = true};
    struct wvm_target t;
    wvm_status status = find_own(process, PROCESS_SET_INFORMATION, &t);
    if (status < 0)
        return status;
    if (!__atomic_exchange_n(&watching, true, __ATOMIC_ACQ_REL)) {
        wvm_space_forget_seen(&wvm_space_native);
        status = wvm_nt_walk_working(&t, take_pages, &l);
    }
    wvm_target_drop(&t);
    return status;
}

static wvm_status tell_changes(const struct wvm_target *t, struct look *l)
{
    struct look count = {.at = NULL};
    wvm_status status = wvm_nt_walk_working(t, take_pages, &count);
    if (status < 0)
        return status;
    if (count.n == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (count.n > l->room)
        return STATUS_BUFFER_TOO_SMALL;
    if (!wvm_nt_array_writable(l->at, (count.n + 1) * l->size))
        return STATUS_ACCESS_VIOLATION;
    l->note = true;
    status = wvm_nt_walk_working(t, take_pages, l);
    return status < 0 ? status : put_entry(l, l->n < l->room ? l->n : l->room, 0);
}

wvm_status wvm_nt_working_changes(HANDLE process, void *at, size_t size, size_t *bytes)
{
    struct wvm_target t;
    struct look l = {.at = at, .size = size, .room = *bytes / size};
    wvm_status status = find_own(process, PROCESS_QUERY_INFORMATION, &t);
    if (status < 0)
        return status;
    if (!__atomic_load_n(&watching, __ATOMIC_ACQUIRE))
        status = STATUS_UNSUCCESSFUL;
    else if (l.room == 0)
        status = STATUS_BUFFER_TOO_SMALL;
    else if (!at)
        status = STATUS_ACCESS_VIOLATION;
    wvm_target_drop(&t);
    if (status < 0)
        return status;
    l.room--;
    status = tell_changes(&t, &l);
    if (status >= 0)
        *bytes = (l.n < l.room ? l.n : l.room) * size;
    return status;
}
