/* The handle table: fixed, typed, checked by generation.
 *
 * A handle is 32 bits: six magic bits (the first keeps it positive), nine bits of generation,
 * fifteen of slot, two zero bits as Windows has them:
 *     31     26 25          17 16           2 1 0
 *     010101     generation      slot         0 0
 * A value is taken for ours when its slot is in use with that very generation: with n open handles
 * that is true of n values of the 2^32 (of the 2^64 that a pointer can be). They lie between
 * 0x54000000 and 0x57ffffff, where neither small integers nor the addresses of a program, its heap
 * or its stack are; memory that was asked for below 4 GiB may be.
 * Terms   live = open; stale = a value whose generation has passed.
 * I1  tag = generation, type, HANDLE_FLAG_* and state in one word. The other fields change in state
 *     FILLING only, where the one thread that set it owns the slot, by release stores; a reader
 *     that finds the same live tag (but for the flags) before and after has read one handle's.
 * I2  Closing raises the generation, and slots are given out in turn: a stale value is refused
 *     until 512 further uses of its slot, so of 16 million handles in a quiet table.
 * I3  A live handle holds its object. Who finds one holds the object, then looks at the tag again:
 *     the last close may have come between, and the memory may be another object by now. It is an
 *     object of the same type, and is dropped.
 * I4  Checks in the order of Windows: the value, the type, the rights.
 * Locking: none, compare and swap.   Failure: the table is unchanged.   fork: the child's copies
 * mean the same objects.   Signal safety: yes, but for what an object does with its last handle. */
#include "nt/nt_handle.h"

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_pin.h"

#define N_SLOTS 32768u
#define GENERATIONS 512u
#define SLOT_SHIFT 2
#define GENERATION_SHIFT 17
#define MAGIC_SHIFT 26
#define MAGIC 0x15u

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_LIVE };
#define STATE_MASK 3u
#define FLAG_SHIFT 2
#define FLAG_MASK WVM_HANDLE_SLOT_FLAGS
#define TYPE_SHIFT 4
#define TYPE_MASK (15u << TYPE_SHIFT)
#define TAG_GENERATION_SHIFT 8

static struct wvm_handle_slot slots[N_SLOTS];
static uint32_t next_slot;

static const struct wvm_object_ops *all_ops[WVM_MAX_OBJECT_TYPES] = {
    [WVM_OBJECT_PROCESS] = &wvm_process_ops,
    [WVM_OBJECT_FILE] = &wvm_file_ops,
};

void wvm_object_register(enum wvm_object_type type, const struct wvm_object_ops *ops)
{
    __atomic_store_n(&all_ops[type], ops, __ATOMIC_RELEASE);
}

const struct wvm_object_ops *wvm_object_ops(enum wvm_object_type type)
{
    return __atomic_load_n(&all_ops[type], __ATOMIC_ACQUIRE);
}

void wvm_object_drop(enum wvm_object_type type, void *object)
{
    wvm_object_ops(type)->drop(object);
}

uint32_t wvm_object_access(enum wvm_object_type type, uint32_t access, uint32_t most)
{
    static const uint32_t generic[4] = {GENERIC_READ, GENERIC_WRITE, GENERIC_EXECUTE, GENERIC_ALL};
    const struct wvm_object_ops *ops = wvm_object_ops(type);
    uint32_t specific = access & ~(uint32_t)(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE |
                                             GENERIC_ALL | MAXIMUM_ALLOWED);
    for (unsigned i = 0; i < 4; i++)
        if (access & generic[i])
            specific |= ops->generic[i];
    if (type == WVM_OBJECT_PROCESS && specific & PROCESS_QUERY_INFORMATION)
        specific |= PROCESS_QUERY_LIMITED_INFORMATION;
    return access & MAXIMUM_ALLOWED ? specific | most : specific;
}

/* As <winvm/control.h> describes a struct winvm_place. */
_Static_assert(N_SLOTS == 32768 && GENERATIONS == 512 && SLOT_SHIFT == 2 &&
                   GENERATION_SHIFT == 17 && MAGIC << MAGIC_SHIFT == 0x54000000 &&
                   SLOT_LIVE == 2 && STATE_MASK == 3 && FLAG_MASK == 0xc && TYPE_SHIFT == 4 &&
                   TYPE_MASK == 0xf0 && TAG_GENERATION_SHIFT == 8,
               "places are described");
_Static_assert(sizeof(struct winvm_place) == sizeof(struct wvm_handle_slot) &&
                   offsetof(struct winvm_place, object) ==
                       offsetof(struct wvm_handle_slot, object) &&
                   WINVM_PLACE_FIRST_TYPE == WVM_N_OBJECT_TYPES,
               "places are slots");

const struct wvm_handle_slot *wvm_handle_slots(void)
{
    return slots;
}

static uint32_t load_tag(const struct wvm_handle_slot *s)
{
    return __atomic_load_n(&s->tag, __ATOMIC_ACQUIRE);
}

static enum wvm_object_type type_of(uint32_t tag)
{
    return (enum wvm_object_type)((tag & TYPE_MASK) >> TYPE_SHIFT);
}

/* The slot that a value names while it is live, or NULL; *tag: what it shows. */
static struct wvm_handle_slot *live_slot(HANDLE h, uint32_t *tag)
{
    uintptr_t value = (uintptr_t)h;
    if (value >> MAGIC_SHIFT != MAGIC || (value & 3))
        return NULL;
    struct wvm_handle_slot *s = &slots[(value >> SLOT_SHIFT) % N_SLOTS];
    *tag = load_tag(s);
    bool same = (*tag >> TAG_GENERATION_SHIFT) == (value >> GENERATION_SHIFT) % GENERATIONS;
    return same && (*tag & STATE_MASK) == SLOT_LIVE ? s : NULL;
}

static bool is_still(const struct wvm_handle_slot *s, uint32_t tag)
{
    return ((load_tag(s) ^ tag) & ~FLAG_MASK) == 0;
}

static HANDLE handle_of(const struct wvm_handle_slot *s, uint32_t tag)
{
    uintptr_t generation = tag >> TAG_GENERATION_SHIFT;
    return (HANDLE)((uintptr_t)MAGIC << MAGIC_SHIFT | generation << GENERATION_SHIFT |
                    (uintptr_t)(s - slots) << SLOT_SHIFT);
}

bool wvm_handle_is_ours(HANDLE h)
{
    uint32_t tag;
    return live_slot(h, &tag) != NULL;
}

/* What the pseudo handles answer where an object is wanted. */
static wvm_status pseudo_status(HANDLE h)
{
    return h == WVM_OWN_PROCESS || h == WVM_OWN_THREAD ? STATUS_OBJECT_TYPE_MISMATCH
                                                  : STATUS_INVALID_HANDLE;
}

/* Holds the object of a live slot. */
static wvm_status hold(struct wvm_handle_slot *s, uint32_t tag, struct wvm_handle_info *out)
{
    const struct wvm_object_ops *ops = wvm_object_ops(type_of(tag));
    out->type = type_of(tag);
    out->flags = (tag & FLAG_MASK) >> FLAG_SHIFT;
    out->access = __atomic_load_n(&s->access, __ATOMIC_ACQUIRE);
    out->object = __atomic_load_n(&s->object, __ATOMIC_ACQUIRE);
    if (!is_still(s, tag) || !ops->try_hold(out->object))
        return STATUS_INVALID_HANDLE;
    if (is_still(s, tag))
        return STATUS_SUCCESS;
    ops->drop(out->object);
    return STATUS_INVALID_HANDLE;
}

wvm_status wvm_handle_look(HANDLE h, struct wvm_handle_info *out)
{
    uint32_t tag;
    struct wvm_handle_slot *s = live_slot(h, &tag);
    return s ? hold(s, tag, out) : (wvm_status)STATUS_INVALID_HANDLE;
}

wvm_status wvm_handle_get(HANDLE h, enum wvm_object_type type, uint32_t need, void **object,
                          uint32_t *granted)
{
    struct wvm_handle_info info;
    uint32_t tag;
    struct wvm_handle_slot *s = live_slot(h, &tag);
    if (!s)
        return pseudo_status(h);
    if (type_of(tag) != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    wvm_status status = hold(s, tag, &info);
    if (status < 0)
        return status;
    if ((info.access & need) != need) {
        wvm_object_drop(type, info.object);
        return STATUS_ACCESS_DENIED;
    }
    *object = info.object;
    if (granted)
        *granted = info.access;
    return STATUS_SUCCESS;
}

bool wvm_handle_pin(HANDLE h, enum wvm_object_type type, uint32_t need, struct wvm_pin *pin)
{
    uint32_t tag;
    struct wvm_handle_slot *s = live_slot(h, &tag);
    if (!s || type_of(tag) != type ||
        (__atomic_load_n(&s->access, __ATOMIC_ACQUIRE) & need) != need)
        return false;
    void *object = __atomic_load_n(&s->object, __ATOMIC_ACQUIRE);
    if (!is_still(s, tag))
        return false;
    wvm_pin_set(pin, object);
    pin->last = (struct wvm_pin_last){.handle = h, .slot = s, .tag = tag};
    return is_still(s, tag);
}

/* Takes a free slot into state FILLING; NULL when all are live. */
static struct wvm_handle_slot *claim_slot(uint32_t *tag)
{
    uint32_t first = __atomic_fetch_add(&next_slot, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < N_SLOTS; i++) {
        struct wvm_handle_slot *s = &slots[(first + i) % N_SLOTS];
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

wvm_status wvm_handle_insert(enum wvm_object_type type, void *object, uint32_t access, HANDLE *out)
{
    uint32_t tag;
    struct wvm_handle_slot *s = claim_slot(&tag);
    if (!s)
        return STATUS_INSUFFICIENT_RESOURCES;
    __atomic_store_n(&s->access, access, __ATOMIC_RELEASE);
    __atomic_store_n(&s->object, object, __ATOMIC_RELEASE);
    tag = (tag & ~STATE_MASK) | (uint32_t)type << TYPE_SHIFT | SLOT_LIVE;
    __atomic_store_n(&s->tag, tag, __ATOMIC_RELEASE);
    *out = handle_of(s, tag);
    return STATUS_SUCCESS;
}

uint32_t wvm_handle_count(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < N_SLOTS; i++)
        n += (load_tag(&slots[i]) & STATE_MASK) == SLOT_LIVE;
    return n;
}

wvm_status wvm_handle_set_flags(HANDLE h, uint32_t mask, uint32_t flags)
{
    uint32_t tag, next;
    struct wvm_handle_slot *s = live_slot(h, &tag);
    if (!s)
        return STATUS_INVALID_HANDLE;
    mask = mask << FLAG_SHIFT & FLAG_MASK;
    uint32_t seen = tag;
    do {
        if ((seen ^ tag) & ~FLAG_MASK)
            return STATUS_INVALID_HANDLE;
        next = (seen & ~mask) | (flags << FLAG_SHIFT & mask);
    } while (!__atomic_compare_exchange_n(&s->tag, &seen, next, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    return STATUS_SUCCESS;
}

/* Makes the slot free for its next generation. True: this call did it, *object is its object. */
static bool vacate(struct wvm_handle_slot *s, uint32_t tag, void **object)
{
    uint32_t generation = (tag >> TAG_GENERATION_SHIFT) + 1;
    uint32_t next = generation % GENERATIONS << TAG_GENERATION_SHIFT | SLOT_FREE;
    *object = __atomic_load_n(&s->object, __ATOMIC_ACQUIRE);
    return __atomic_compare_exchange_n(&s->tag, &tag, next, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

wvm_status wvm_handle_close(HANDLE h)
{
    uint32_t tag;
    void *object;
    struct wvm_handle_slot *s;
    /* Closing a pseudo handle has no effect and is no error. */
    if (h == WVM_OWN_PROCESS || h == WVM_OWN_THREAD)
        return STATUS_SUCCESS;
    do {
        s = live_slot(h, &tag);
        if (!s)
            return STATUS_INVALID_HANDLE;
        if (tag >> FLAG_SHIFT & HANDLE_FLAG_PROTECT_FROM_CLOSE)
            return STATUS_HANDLE_NOT_CLOSABLE;
    } while (!vacate(s, tag, &object));
    const struct wvm_object_ops *ops = wvm_object_ops(type_of(tag));
    ops->closed(object);
    ops->drop(object);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_NtClose(HANDLE h)
{
    return wvm_handle_close(h);
}
