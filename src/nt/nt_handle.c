/* Process handles: a fixed table of opened processes, and the pseudo handles.
 *
 * A handle is 32 bits: seven magic bits that no pointer, small integer or other library's handle is
 * likely to have, ten bits of generation, twelve of slot, two zero bits as Windows has them:
 *     31       24 23          14 13           2 1 0
 *     0 1010111   generation     slot          0 0
 * Terms   live = opened and not closed; stale = a value whose generation has passed.
 * I1  tag = generation << 2 | state. The other fields change in state FILLING only, where the one
 *     thread that set it owns the slot, by release stores; a reader that finds the same live tag
 *     before and after reading has read one handle's fields.
 * I2  Closing raises the generation: a stale value is refused until 1,024 further uses of its slot.
 * I3  A process is its number and its start time: a recycled number is refused, not hit. No
 *     descriptor is kept, so nothing breaks in a program that closes every descriptor.
 * Locking: none, compare and swap.   Failure: the table is unchanged.   fork: the child's copies
 * still mean the parent's processes.   Signal safety: yes. */
#include "nt/nt_handle.h"

#include <errno.h>
#include <unistd.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_process.h"

#define N_SLOTS 4096u
#define MAGIC 0x57u
#define GENERATIONS 1024u

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_LIVE };
#define STATE_MASK 3u

struct slot {
    uint32_t tag;    /* (a) */
    uint32_t access; /* (a) */
    int32_t pid;     /* (a) */
    uint64_t start;  /* (a) ticks since boot; 0: this process itself */
};
static struct slot slots[N_SLOTS];
static uint32_t next_slot;

static uint32_t load_tag(const struct slot *s)
{
    return __atomic_load_n(&s->tag, __ATOMIC_ACQUIRE);
}

/* The slot a value names, or NULL when no handle of ours looks like it. *tag: the live tag
 * expected. */
static struct slot *slot_of(HANDLE h, uint32_t *tag)
{
    uintptr_t value = (uintptr_t)h;
    if (value >> 24 != MAGIC || (value & 3))
        return NULL;
    *tag = ((uint32_t)(value >> 14) % GENERATIONS) << 2 | SLOT_LIVE;
    return &slots[(value >> 2) % N_SLOTS];
}

static HANDLE handle_of(const struct slot *s, uint32_t tag)
{
    uintptr_t generation = tag >> 2;
    return (HANDLE)((uintptr_t)MAGIC << 24 | generation << 14 | (uintptr_t)(s - slots) << 2);
}

bool wvm_handle_is_ours(HANDLE h)
{
    uint32_t tag;
    struct slot *s = slot_of(h, &tag);
    return s && load_tag(s) == tag;
}

/* What the pseudo handles answer where a process is wanted. */
static wvm_status pseudo_status(HANDLE h)
{
    return (intptr_t)h == -2 ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_INVALID_HANDLE;
}

static wvm_status check_alive(pid_t pid, uint64_t start)
{
    uint64_t now;
    int error = wvm_host_process_start(pid, &now);
    if (error == -EPERM)
        return STATUS_ACCESS_DENIED;
    if (error < 0 || now != start)
        return STATUS_PROCESS_IS_TERMINATING;
    return STATUS_SUCCESS;
}

HANDLE (*wvm_handle_other_self)(void);

static bool is_other_self(HANDLE h)
{
    HANDLE (*ask)(void) = __atomic_load_n(&wvm_handle_other_self, __ATOMIC_ACQUIRE);
    return ask && h && ask() == h;
}

wvm_status wvm_handle_resolve(HANDLE h, uint32_t need, pid_t *pid)
{
    uint32_t tag;
    if (h == WVM_OWN_PROCESS) {
        *pid = 0;
        return STATUS_SUCCESS;
    }
    struct slot *s = slot_of(h, &tag);
    if (!s || load_tag(s) != tag) {
        if (!is_other_self(h))
            return pseudo_status(h);
        *pid = 0;
        return STATUS_SUCCESS;
    }
    uint32_t access = __atomic_load_n(&s->access, __ATOMIC_ACQUIRE);
    pid_t target = __atomic_load_n(&s->pid, __ATOMIC_ACQUIRE);
    uint64_t start = __atomic_load_n(&s->start, __ATOMIC_ACQUIRE);
    if (load_tag(s) != tag)
        return STATUS_INVALID_HANDLE;
    if ((access & need) != need)
        return STATUS_ACCESS_DENIED;
    if (target == getpid()) {
        *pid = 0;
        return STATUS_SUCCESS;
    }
    wvm_status status = check_alive(target, start);
    if (status >= 0)
        *pid = target;
    return status;
}

/* Generic rights to process rights, and the right that another one includes. */
static uint32_t map_access(uint32_t access)
{
    if (access & (GENERIC_ALL | MAXIMUM_ALLOWED))
        access |= PROCESS_ALL_ACCESS;
    if (access & GENERIC_READ)
        access |= PROCESS_VM_READ | PROCESS_QUERY_INFORMATION;
    if (access & GENERIC_WRITE)
        access |= PROCESS_VM_WRITE | PROCESS_VM_OPERATION;
    if (access & PROCESS_QUERY_INFORMATION)
        access |= PROCESS_QUERY_LIMITED_INFORMATION;
    return access;
}

/* Takes a free slot into state FILLING; NULL when all are live. */
static struct slot *claim_slot(uint32_t *tag)
{
    uint32_t first = __atomic_fetch_add(&next_slot, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < N_SLOTS; i++) {
        struct slot *s = &slots[(first + i) % N_SLOTS];
        uint32_t seen = load_tag(s);
        if ((seen & STATE_MASK) != SLOT_FREE)
            continue;
        *tag = seen | SLOT_FILLING;
        if (__atomic_compare_exchange_n(&s->tag, &seen, *tag, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return s;
    }
    return NULL;
}

wvm_status wvm_handle_open(pid_t pid, uint32_t access, HANDLE *out)
{
    uint64_t start = 0;
    uint32_t tag;
    if (pid <= 0)
        return STATUS_INVALID_PARAMETER;
    int error = wvm_host_process_start(pid, &start);
    if (error == -EPERM)
        return STATUS_ACCESS_DENIED;
    if (error < 0)
        return STATUS_INVALID_PARAMETER;
    struct slot *s = claim_slot(&tag);
    if (!s)
        return STATUS_INSUFFICIENT_RESOURCES;
    __atomic_store_n(&s->access, map_access(access), __ATOMIC_RELEASE);
    __atomic_store_n(&s->pid, pid, __ATOMIC_RELEASE);
    __atomic_store_n(&s->start, start, __ATOMIC_RELEASE);
    tag = (tag & ~STATE_MASK) | SLOT_LIVE;
    __atomic_store_n(&s->tag, tag, __ATOMIC_RELEASE);
    *out = handle_of(s, tag);
    return STATUS_SUCCESS;
}

wvm_status wvm_handle_close(HANDLE h)
{
    uint32_t tag;
    /* Closing a pseudo handle has no effect and is no error. */
    if (h == WVM_OWN_PROCESS || (intptr_t)h == -2)
        return STATUS_SUCCESS;
    struct slot *s = slot_of(h, &tag);
    if (!s)
        return STATUS_INVALID_HANDLE;
    uint32_t next = (((tag >> 2) + 1) % GENERATIONS) << 2 | SLOT_FREE;
    if (!__atomic_compare_exchange_n(&s->tag, &tag, next, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return STATUS_INVALID_HANDLE;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_NtClose(HANDLE h)
{
    return wvm_handle_close(h);
}
