/* Fibers: stacks that a thread changes between by itself.
 *
 * Owns    the fibers and their stacks.
 * Terms   fiber = what CreateFiber makes, or what a thread has become; its address is what the
 *         program has. Parked = not the current fiber of any thread.
 * I1      The first word of a fiber is its argument: GetFiberData reads it.
 * I2      What belongs to a fiber is in the thread while it runs and in the fiber while it is
 *         parked: slots of FlsAlloc, tries, bounds of the stack in the thread's block.
 * I3      A stack is committed but for its lowest page, which nobody can use.
 * I4      A fiber is in the ring from its making to its end, so that FlsFree finds its values.
 * Locking: that of the list of threads, for the ring and the slots of parked fibers.
 * Failure: no fiber.   Signal safety: none. */
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_fiber.h"
#include "kit/kit_self.h"

#define PAGE ((SIZE_T)4096)
#define GRANULE ((SIZE_T)0x10000)
#define USUAL_STACK ((SIZE_T)1 << 20)
#define LEAST_STACK ((SIZE_T)128 << 10)

typedef void(WVM_OWN_CALL *own_fn)(LPVOID);
typedef void(WVM_WINDOWS_CALL *ms_fn)(LPVOID);

struct fiber {
    PVOID data;       /* first */
    void *sp;         /* while it is parked */
    PVOID base, limit, low; /* of the stack, as the thread's block has them */
    bool is_thread;   /* stands on the thread's own stack */
    own_fn own;       /* one of the two, unless is_thread */
    ms_fn ms;
    void *tries[2];
    struct wvm_kit_links all;
    void *fls[WVM_KIT_N_FLS];
};

static struct wvm_kit_store fibers = {.size = sizeof(struct fiber)};
static struct wvm_kit_links ring = {&ring, &ring}; /* wvm_kit_threads_lock */
static WVM_THREAD_LOCAL struct fiber *current;

/* ---- The slots of parked fibers ---- */

static PVOID take_fls(DWORD i)
{
    for (struct wvm_kit_links *l = ring.next; l != &ring; l = l->next) {
        struct fiber *f = WVM_KIT_CONTAINER(l, struct fiber, all);
        PVOID value = f->fls[i];
        f->fls[i] = NULL;
        if (value)
            return value;
    }
    return NULL;
}

static void list(struct fiber *f)
{
    wvm_kit_lock(&wvm_kit_threads_lock);
    wvm_kit_link(&ring, &f->all);
    wvm_kit_fiber_fls = take_fls;
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

static void unlist(struct fiber *f)
{
    wvm_kit_lock(&wvm_kit_threads_lock);
    wvm_kit_unlink(&f->all);
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

static void change_fls(struct wvm_kit_thread *self, struct fiber *from, struct fiber *to)
{
    if (!__atomic_load_n(&wvm_kit_end_fls, __ATOMIC_ACQUIRE))
        return;
    wvm_kit_lock(&wvm_kit_threads_lock);
    memcpy(from->fls, self->fls, sizeof from->fls);
    memcpy(self->fls, to->fls, sizeof to->fls);
    memset(to->fls, 0, sizeof to->fls);
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

/* ---- Changing the stack ---- */

static void change_to(struct fiber *to)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    struct fiber *from = current;
    PTEB teb = &self->teb;
    if (from == to)
        return;
    change_fls(self, from, to);
    winvm_tries_exchange(from->tries);
    winvm_tries_exchange(to->tries);
    from->limit = teb->StackLimit;
    teb->StackBase = to->base;
    teb->StackLimit = to->limit;
    teb->DeallocationStack = to->low;
    teb->NtTib.FiberData = to;
    current = to;
    wvm_kit_fiber_change(&from->sp, to->sp);
}

/* The first function on a new stack. */
void wvm_kit_fiber_begin(void)
{
    struct fiber *f = current;
    if (f->ms)
        f->ms(f->data);
    else
        f->own(f->data);
    wvm_kit_ExitThread(0);
}

/* ---- The calls ---- */

static struct fiber *make(PVOID data)
{
    struct fiber *f = wvm_kit_take(&fibers);
    if (!f) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    memset(f, 0, sizeof *f);
    f->data = data;
    return f;
}

LPVOID wvm_kit_ConvertThreadToFiberEx(LPVOID data, DWORD flags)
{
    PTEB teb = flags & ~(DWORD)FIBER_FLAG_FLOAT_SWITCH ? NULL : wvm_kit_NtCurrentTeb();
    if (flags & ~(DWORD)FIBER_FLAG_FLOAT_SWITCH) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (current) {
        wvm_kit_fail(ERROR_ALREADY_FIBER);
        return NULL;
    }
    struct fiber *f = teb ? make(data) : NULL;
    if (!f)
        return NULL;
    f->is_thread = true;
    f->base = teb->StackBase;
    f->limit = teb->StackLimit;
    f->low = teb->DeallocationStack;
    list(f);
    teb->NtTib.FiberData = f;
    return current = f;
}

LPVOID wvm_kit_ConvertThreadToFiber(LPVOID data)
{
    return wvm_kit_ConvertThreadToFiberEx(data, 0);
}

BOOL wvm_kit_ConvertFiberToThread(VOID)
{
    struct fiber *f = current;
    if (!f)
        return wvm_kit_fail(ERROR_ALREADY_THREAD);
    current = NULL;
    wvm_kit_self_known->teb.NtTib.FiberData = NULL;
    unlist(f);
    if (f->is_thread)
        wvm_kit_put(&fibers, f);
    return TRUE;
}

static bool make_stack(struct fiber *f, SIZE_T reserve)
{
    SIZE_T size = reserve == 0 ? USUAL_STACK : reserve < LEAST_STACK ? LEAST_STACK : reserve;
    char *low = NULL;
    if (size <= SIZE_MAX / 2) {
        size = (size + GRANULE - 1) & ~(GRANULE - 1);
        low = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    }
    if (low && !VirtualAlloc(low + PAGE, size - PAGE, MEM_COMMIT, PAGE_READWRITE)) {
        VirtualFree(low, 0, MEM_RELEASE);
        low = NULL;
    }
    if (!low)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    f->low = low;
    f->limit = low + PAGE;
    f->base = low + size;
    f->sp = wvm_kit_fiber_first(f->base);
    return true;
}

static LPVOID create(SIZE_T commit, SIZE_T reserve, DWORD flags, own_fn own, ms_fn ms, LPVOID data)
{
    if (flags & ~(DWORD)FIBER_FLAG_FLOAT_SWITCH) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    struct fiber *f = make(data);
    if (f && !make_stack(f, reserve > commit ? reserve : commit)) {
        wvm_kit_put(&fibers, f);
        f = NULL;
    }
    if (!f)
        return NULL;
    f->own = own;
    f->ms = ms;
    list(f);
    return f;
}

LPVOID wvm_kit_CreateFiberEx(SIZE_T commit, SIZE_T reserve, DWORD flags,
                             LPFIBER_START_ROUTINE start, LPVOID data)
{
    return create(commit, reserve, flags, (own_fn)start, NULL, data);
}

LPVOID wvm_kit_CreateFiberEx_ms(SIZE_T commit, SIZE_T reserve, DWORD flags,
                                LPFIBER_START_ROUTINE start, LPVOID data)
{
    return create(commit, reserve, flags, NULL, (ms_fn)(uintptr_t)start, data);
}

LPVOID wvm_kit_CreateFiber(SIZE_T stack, LPFIBER_START_ROUTINE start, LPVOID data)
{
    return create(0, stack, 0, (own_fn)start, NULL, data);
}

LPVOID wvm_kit_CreateFiber_ms(SIZE_T stack, LPFIBER_START_ROUTINE start, LPVOID data)
{
    return create(0, stack, 0, NULL, (ms_fn)(uintptr_t)start, data);
}

VOID wvm_kit_SwitchToFiber(LPVOID fiber)
{
    if (current && fiber)
        change_to(fiber);
}

/* Its values go to their callbacks in this thread, in place of the caller's own meanwhile. */
static void end_values(struct fiber *f)
{
    struct wvm_kit_thread *self = wvm_kit_self();
    void (*end)(struct wvm_kit_thread *) = __atomic_load_n(&wvm_kit_end_fls, __ATOMIC_ACQUIRE);
    struct fiber *kept = self && end ? make(NULL) : NULL;
    if (!kept)
        return;
    list(kept);
    change_fls(self, kept, f);
    end(self);
    change_fls(self, f, kept);
    unlist(kept);
    wvm_kit_put(&fibers, kept);
}

VOID wvm_kit_DeleteFiber(LPVOID fiber)
{
    struct fiber *f = fiber;
    if (!f)
        return;
    if (f == current)
        wvm_kit_ExitThread(1);
    end_values(f);
    unlist(f);
    winvm_tries_drop(f->tries);
    if (!f->is_thread)
        VirtualFree(f->low, 0, MEM_RELEASE);
    wvm_kit_put(&fibers, f);
}

BOOL wvm_kit_IsThreadAFiber(VOID)
{
    return current != NULL;
}

#define WVM_KIT_FIBER
#include "kit/kit_entry.h"
