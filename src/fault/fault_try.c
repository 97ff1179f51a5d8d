/* Frames: the tries (WINVM_TRY) that a thread is in, and how an exception goes through them.
 *
 * Owns    a list for each thread that ever opened a try, and what winvm/excpt_try.h calls.
 * Terms   entry = a frame's address and the stack pointer of its try; barrier = an entry that
 *         stands for an asking of frames under way: what is opened behind it belongs to filters and
 *         handlers, and of what lies before it only the entries below `limit` are seen.
 * I1  Entries are in the order of opening. A try that is opened inside another has a lower stack
 *     pointer, always (each lowers it by its array). An entry not above the stack pointer of a new
 *     try or of an exception was left by a longjmp: it is dropped, and its frame is never read. An
 *     entry above it is left as well when frame and array do not name each other any more.
 * I2  The first entry is a sentinel above every stack pointer.
 * I3  An entry is written before `top` counts it, and checked afterwards: a signal handler in
 *     between opens and closes its own tries in the same place.
 * I4  A frame is entered in one of three states: FILTER below the asker's stack, with the frame
 *     still listed; UNWIND and HANDLER on the try's own stack, with the frame and all behind it
 *     off the list.
 * I5  The registers that the Windows convention preserves beyond those of ours (rdi, rsi, xmm6-15)
 *     need no place in a frame: to its caller winvm_try_mark is a function that changes them.
 * A list is never unmapped; it goes to the next thread when its thread ends, or the fiber that has
 * one of its own (winvm_tries_exchange).
 * Locking: none; lists are taken by compare-and-swap.
 * Failure: no memory for a list, or 65,000 tries in each other: a message and abort.
 * Signal safety: closing and asking; opening after the thread's first try. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/annotate.h"
#include "base/assert.h"
#include "fault/fault_private.h"
#include "fault/fault_try.h"
#include "host/host.h"
#include "host/host_kernel.h"

#define LIST_BYTES ((size_t)1 << 20)
#define BARRIER ((uintptr_t)1)
#define ROOM_MOST 65536    /* of the arguments that a function passes on the stack */
#define N_ENTRIES (LIST_BYTES / sizeof(struct wvm_try_entry) - 1)

struct wvm_try_entry {
    uintptr_t frame;    /* struct winvm_try; or BARRIER | the limit of a barrier, an entry */
    uintptr_t rsp;
};

/* One thread's entries; a multiple of the page size. */
struct try_list {
    struct try_list *next;      /* constant once listed */
    int taken;
    struct wvm_try_entry entries[N_ENTRIES];
};
WVM_STATIC(sizeof(struct try_list) == LIST_BYTES, "a list fills its memory");

WVM_HIDDEN WVM_THREAD_LOCAL struct wvm_try_thread wvm_try_thread;

static struct try_list *all_lists;
static pthread_key_t at_exit;
static pthread_once_t started = PTHREAD_ONCE_INIT;

static struct winvm_try *frame_of(const struct wvm_try_entry *entry)
{
    return (struct winvm_try *)entry->frame;
}

static bool is_sentinel(const struct wvm_try_entry *entry)
{
    return entry->rsp == UINTPTR_MAX;
}

static _Noreturn void die(const char *why)
{
    wvm_host_log("%s", why);
    abort();
}

static void give_back(void *list)
{
    wvm_try_thread = (struct wvm_try_thread){NULL, NULL};
    __atomic_store_n(&((struct try_list *)list)->taken, 0, __ATOMIC_RELEASE);
}

static void start(void)
{
    if (pthread_key_create(&at_exit, give_back) != 0)
        die("no key for the thread's frames");
}

static struct try_list *take_list(void)
{
    struct try_list *list = __atomic_load_n(&all_lists, __ATOMIC_ACQUIRE);
    for (; list != NULL; list = list->next) {
        int taken = 0;
        if (__atomic_compare_exchange_n(&list->taken, &taken, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return list;
    }
    intptr_t memory = wvm_sys_mmap(0, LIST_BYTES, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    if (wvm_sys_failed(memory))
        die("no memory for the thread's frames");
    list = (struct try_list *)memory;
    list->taken = 1;
    list->next = __atomic_load_n(&all_lists, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&all_lists, &list->next, list, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        continue;
    return list;
}

/* The thread's first try. */
static WVM_COLD void attach(void)
{
    pthread_once(&started, start);
    struct try_list *list = take_list();
    list->entries[0] = (struct wvm_try_entry){0, UINTPTR_MAX};
    wvm_try_thread = (struct wvm_try_thread){&list->entries[1], &list->entries[N_ENTRIES]};
    pthread_setspecific(at_exit, list);
    wvm_fault_install_all();
    wvm_fault_thread_attach();
}

static struct try_list *list_of(const struct wvm_try_entry *end)
{
    return end ? (struct try_list *)((uintptr_t)end - LIST_BYTES) : NULL;
}

WVM_EXPORT void winvm_tries_exchange(void *room[2])
{
    struct wvm_try_thread mine = wvm_try_thread;
    if (!mine.top && !room[0])
        return;
    wvm_try_thread = (struct wvm_try_thread){room[0], room[1]};
    room[0] = mine.top;
    room[1] = mine.end;
    pthread_setspecific(at_exit, list_of(wvm_try_thread.end));
}

WVM_EXPORT void winvm_tries_drop(void *room[2])
{
    struct try_list *list = list_of(room[1]);
    if (list)
        __atomic_store_n(&list->taken, 0, __ATOMIC_RELEASE);
    room[0] = room[1] = NULL;
}

/* Drops what lies below sp. */
static void drop_stale(uintptr_t sp)
{
    struct wvm_try_entry *top = wvm_try_thread.top;
    while (top[-1].rsp < sp)
        top--;
    wvm_try_thread.top = top;
}

static struct wvm_try_entry *append(uintptr_t frame, uintptr_t rsp)
{
    struct wvm_try_entry *entry = wvm_try_thread.top;
    if (entry == wvm_try_thread.end)
        die("too many tries in each other");
    do {
        *(volatile uintptr_t *)&entry->frame = frame;
        *(volatile uintptr_t *)&entry->rsp = rsp;
        __atomic_store_n(&wvm_try_thread.top, entry + 1, __ATOMIC_RELAXED);
    } while (*(volatile uintptr_t *)&entry->frame != frame);
    return entry;
}

WINVM_TRY_CALL_ void wvm_try_open(struct winvm_try *frame)
{
    if (wvm_try_thread.top == NULL)
        attach();
    uintptr_t rsp = (uintptr_t)frame->regs[6];
    drop_stale(rsp + 1);
    frame->entry = append((uintptr_t)frame, rsp);
}

/* Ends a try whose body has ended or is left. Off the list already: nothing to do. */
WVM_EXPORT WINVM_TRY_CALL_ void winvm_try_leave(struct winvm_try *frame)
{
    struct wvm_try_entry *entry = frame->entry;
    if (entry < wvm_try_thread.top && entry->frame == (uintptr_t)frame)
        wvm_try_thread.top = entry;
}

/* A try was gone through in the state FILTER: it has neither filter nor block, or a longjmp of the
 * filter went back into the body. In the latter case the asker's stack is above us no longer. */
WVM_EXPORT WINVM_TRY_CALL_ int winvm_try_unanswered(struct winvm_try *frame)
{
    if ((uintptr_t)__builtin_frame_address(0) < frame->asker)
        winvm_try_answer(frame, EXCEPTION_CONTINUE_SEARCH);
    winvm_try_leave(frame);
    frame->state = WINVM_TRY_END;
    return 1;
}

/* ---- Asking ---- */

bool wvm_frames_any(void)
{
    struct wvm_try_entry *top = wvm_try_thread.top;
    return top != NULL && !is_sentinel(top - 1);
}

void wvm_frames_begin(struct wvm_frames *asking, uintptr_t sp)
{
    asking->barrier = NULL;
    if (wvm_try_thread.top == NULL)
        return;
    drop_stale(sp);
    uintptr_t all = (uintptr_t)wvm_try_thread.top;
    asking->barrier = append(all | BARRIER, (uintptr_t)asking);
}

void wvm_frames_end(struct wvm_frames *asking)
{
    if (asking->barrier != NULL)
        wvm_try_thread.top = asking->barrier;
}

/* The frame is still what it was when its try was opened. */
static bool is_whole(const struct wvm_try_entry *entry)
{
    const struct winvm_try *frame = frame_of(entry);
    uintptr_t room = (uintptr_t)frame->room;
    if (frame->entry != entry || frame->regs[6] != entry->rsp || room < entry->rsp ||
        room - entry->rsp > ROOM_MOST)
        return false;
    for (int i = 0; i < WINVM_TRY_ROOM_; i++) {
        if (frame->room[i] != frame)
            return false;
    }
    return true;
}

/* The next frame outwards, NULL: none. */
static struct wvm_try_entry *outer(struct wvm_try_entry *entry)
{
    for (;;) {
        entry--;
        if (is_sentinel(entry))
            return NULL;
        if (entry->frame & BARRIER)
            entry = (struct wvm_try_entry *)(entry->frame & ~BARRIER);
        else if (is_whole(entry))
            return entry;
    }
}

/* Runs the blocks between the top of the list and the target, then the target's handler. */
static _Noreturn void unwind(struct wvm_try_entry *target, unsigned code)
{
    for (struct wvm_try_entry *entry = wvm_try_thread.top - 1;; entry--) {
        if ((entry->frame & BARRIER) || !is_whole(entry))
            continue;
        struct winvm_try *frame = frame_of(entry);
        wvm_try_thread.top = entry;
        frame->state = entry == target ? WINVM_TRY_HANDLER : WINVM_TRY_UNWIND;
        frame->code = code;
        frame->pointers = NULL;
        frame->target = target;
        wvm_try_enter(frame, (uintptr_t)frame->regs[6]);
    }
}

/* A block has ended that ran because an exception passes. */
WVM_EXPORT WINVM_TRY_CALL_ _Noreturn void winvm_try_resume(struct winvm_try *frame)
{
    wvm_try_thread.top = frame->entry;
    unwind(frame->target, frame->code);
}

static int ask(struct winvm_try *frame, EXCEPTION_POINTERS *pointers)
{
    frame->state = WINVM_TRY_FILTER;
    frame->code = pointers->ExceptionRecord->ExceptionCode;
    frame->pointers = pointers;
    int answer = wvm_try_filter(frame, (uintptr_t)frame->room - frame->regs[6]);
    frame->state = WINVM_TRY_BODY;
    return answer;
}

bool wvm_frames_ask(struct wvm_frames *asking, EXCEPTION_POINTERS *pointers)
{
    struct wvm_try_entry *barrier = asking->barrier;
    if (barrier == NULL)
        return false;
    for (struct wvm_try_entry *e = outer(barrier); e != NULL; e = outer(e)) {
        barrier->frame = (uintptr_t)e | BARRIER;
        wvm_try_thread.top = barrier + 1;
        int answer = ask(frame_of(e), pointers);
        if (answer < 0)     /* as the SDK's compiler has it */
            return true;
        if (answer > 0) {
            wvm_try_thread.top = barrier;
            unwind(e, pointers->ExceptionRecord->ExceptionCode);
        }
    }
    return false;
}
