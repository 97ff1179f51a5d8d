/* Memory, threads and bytes of an inline hook.
 *
 * A near block holds the relay, a jump to the replacement wherever that is, and the trampoline; the
 * function's first bytes become a jump to the relay, which must lie within 2 GB. So free memory is
 * looked for around the function by VirtualQuery, region by region, upwards and downwards.
 * I1  Bytes of a function change only while the threads that the caller names are suspended, and
 *     none of them then stands inside these bytes: a thread that did is moved to where it would be
 *     otherwise.
 * I2  Nothing is allocated and nothing printed while threads are suspended: one of them may hold
 *     the lock of the heap. */
#include "hook.h"

#include <string.h>

#define REACH ((LONGLONG)0x7ff00000)

enum { RELAY_SIZE = 16 };

static SIZE_T granularity(void)
{
    SYSTEM_INFO si;

    GetSystemInfo(&si);
    return si.dwAllocationGranularity;
}

static int reaches(ULONG_PTR from, ULONG_PTR to)
{
    LONGLONG d = (LONGLONG)(to - from);

    return d > -REACH && d < REACH;
}

static BYTE *take(ULONG_PTR at, SIZE_T size, ULONG_PTR target)
{
    if (!reaches(target, at) || !reaches(target, at + size))
        return NULL;
    return (BYTE *)VirtualAlloc((void *)at, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static BYTE *allocate_above(ULONG_PTR target, SIZE_T size)
{
    SIZE_T unit = granularity();
    MEMORY_BASIC_INFORMATION m;
    ULONG_PTR p = target;
    BYTE *got = NULL;

    while (!got && reaches(target, p) && VirtualQuery((void *)p, &m, sizeof(m))) {
        ULONG_PTR end = (ULONG_PTR)m.BaseAddress + m.RegionSize;
        ULONG_PTR at = ((ULONG_PTR)m.BaseAddress + unit - 1) & ~(ULONG_PTR)(unit - 1);

        if (m.State == MEM_FREE && at < end && end - at >= size)
            got = take(at, size, target);
        p = end;
    }
    return got;
}

static BYTE *allocate_below(ULONG_PTR target, SIZE_T size)
{
    SIZE_T unit = granularity();
    MEMORY_BASIC_INFORMATION m;
    ULONG_PTR p = target & ~(ULONG_PTR)(unit - 1);
    BYTE *got = NULL;

    while (!got && p > unit && reaches(target, p) && VirtualQuery((void *)p, &m, sizeof(m))) {
        ULONG_PTR end = (ULONG_PTR)m.BaseAddress + m.RegionSize;

        if (m.State == MEM_FREE && end - p >= size)
            got = take(p, size, target);
        if (m.State != MEM_FREE)    /* past the whole allocation at once */
            p = (ULONG_PTR)m.AllocationBase & ~(ULONG_PTR)(unit - 1);
        p -= unit;
    }
    return got;
}

BYTE *allocate_near(const BYTE *target, SIZE_T size, int above_first)
{
    ULONG_PTR at = (ULONG_PTR)target;
    BYTE *got = above_first ? allocate_above(at, size) : allocate_below(at, size);

    if (got == NULL)
        got = above_first ? allocate_below(at, size) : allocate_above(at, size);
    return got;
}

/* ---- the other threads ---- */

/* The first n of them go on. */
static void thaw(const struct hook_threads *others, unsigned n)
{
    while (n > 0)
        ResumeThread(others->handles[--n]);
}

/* 1: all of them stand still. 0: one could not be suspended; all run. */
static int freeze(const struct hook_threads *others)
{
    for (unsigned i = 0; i < others->n; i++)
        if (SuspendThread(others->handles[i]) == (DWORD)-1) {
            thaw(others, i);
            return 0;
        }
    return 1;
}

/* Where a thread at p goes on: in the trampoline when its bytes change, else where it is. */
static ULONG_PTR moved(const struct hook *h, ULONG_PTR p, int set)
{
    ULONG_PTR target = (ULONG_PTR)h->target, trampoline = (ULONG_PTR)h->trampoline;

    for (unsigned i = 0; i < h->n_instructions; i++) {
        if (set && i > 0 && p == target + h->from[i])
            return trampoline + h->to[i];
        if (!set && p == trampoline + h->to[i])
            return target + h->from[i];
    }
    return p;
}

static int move_threads(const struct hook *h, const struct hook_threads *others, int set)
{
    for (unsigned i = 0; i < others->n; i++) {
        CONTEXT context;
        ULONG_PTR p;

        memset(&context, 0, sizeof(context));
        context.ContextFlags = CONTEXT_CONTROL;
        if (!GetThreadContext(others->handles[i], &context))
            return 0;
        p = moved(h, (ULONG_PTR)context.Rip, set);
        if (p == (ULONG_PTR)context.Rip)
            continue;
        context.Rip = p;
        if (!SetThreadContext(others->handles[i], &context))
            return 0;
    }
    return 1;
}

/* ---- the hook ---- */

static int write_code(BYTE *at, const BYTE *bytes, unsigned size)
{
    DWORD old, now;

    if (!VirtualProtect(at, size, PAGE_EXECUTE_READWRITE, &old))
        return 0;
    memcpy(at, bytes, size);
    return VirtualProtect(at, size, old, &now) &&
           FlushInstructionCache(GetCurrentProcess(), at, size);
}

static int change(struct hook *h, const BYTE *bytes, int set, const struct hook_threads *others)
{
    int done;

    if (h->is_set == set || !freeze(others))
        return 0;
    done = move_threads(h, others, set) && write_code(h->target, bytes, h->stolen);
    thaw(others, others->n);
    if (done)
        h->is_set = set;
    return done;
}

int hook_set(struct hook *h, const struct hook_threads *others)
{
    BYTE bytes[MOST_STOLEN];
    LONG distance = (LONG)(h->near_block - (h->target + JUMP_SIZE));

    bytes[0] = 0xe9;
    memcpy(bytes + 1, &distance, 4);
    memset(bytes + JUMP_SIZE, 0xcc, sizeof(bytes) - JUMP_SIZE); /* never reached */
    return change(h, bytes, 1, others);
}

int hook_remove(struct hook *h, const struct hook_threads *others)
{
    return change(h, h->saved, 0, others);
}

int hook_free(struct hook *h)
{
    return !h->is_set && VirtualFree(h->near_block, 0, MEM_RELEASE);
}

/* The bytes of code from p on that may be read. */
static unsigned readable(const BYTE *p)
{
    MEMORY_BASIC_INFORMATION m;
    SIZE_T left;

    if (!VirtualQuery(p, &m, sizeof(m)) || m.State != MEM_COMMIT)
        return 0;
    left = (SIZE_T)((BYTE *)m.BaseAddress + m.RegionSize - p);
    return left < 64 ? (unsigned)left : 64;
}

enum hook_result hook_new(struct hook *h, hook_function f, hook_function replacement)
{
    static const BYTE jump[6] = {0xff, 0x25};   /* jmp [rip]; the address follows */
    static int above_first;
    enum hook_result result;
    DWORD old;

    memset(h, 0, sizeof(*h));
    h->target = code_of(f);
    h->near_block = allocate_near(h->target, RELAY_SIZE + MOST_MOVED, above_first);
    if (h->near_block == NULL)
        return HOOK_NO_MEMORY;
    above_first = !above_first;
    memcpy(h->near_block, jump, sizeof(jump));
    memcpy(h->near_block + sizeof(jump), &replacement, sizeof(replacement));
    h->trampoline = h->near_block + RELAY_SIZE;
    result = move_instructions(h, readable(h->target));
    if (result == HOOK_DONE &&
        (!VirtualProtect(h->near_block, RELAY_SIZE + MOST_MOVED, PAGE_EXECUTE_READ, &old) ||
         !FlushInstructionCache(GetCurrentProcess(), h->near_block, RELAY_SIZE + MOST_MOVED)))
        result = HOOK_FAILED;
    if (result != HOOK_DONE)
        VirtualFree(h->near_block, 0, MEM_RELEASE);
    return result;
}
