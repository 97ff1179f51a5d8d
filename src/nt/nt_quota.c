/* Process objects and their quotas.
 *
 * Owns    the objects: the program's own, the system's, and those of winvm_process_create().
 * Terms   life = references in the low half (the creator, and one for each block that is charged),
 *         attached threads in the high half; 0: the object is free.
 * I1  used is the sum of what was charged and not returned yet; it exceeds the limit only where the
 *     limit was lowered below it.
 * I2  An object is taken for a new process only while its life is 0, and no block names it then.
 * I3  The system's object is never charged; it and the program's own never end.
 * Objects are type-stable: a stale pointer reads an object, maybe another one's.
 * Locking: none; words are atomic.   Failure: no object free: NULL.   Signal safety: yes. */
#include "nt/nt_quota.h"

#include "base/arith.h"
#include "host/host_process.h"

#define MAX_OBJECTS 256
#define NO_LIMIT UINT64_MAX
#define ONE_THREAD ((uint64_t)1 << 32)
#define BUSY ((uint64_t)UINT32_MAX) /* life of an object that is being made */

struct winvm_process {
    wvm_word64 life;     /* (a) */
    wvm_word64 used[2];  /* (a) bytes: [1] paged */
    wvm_word64 peak[2];  /* (a) */
    wvm_word64 limit[2]; /* (a) */
    bool open;           /* (a) the creator's reference is there */
};

static struct winvm_process objects[MAX_OBJECTS] = {
    [WVM_PROCESS_INITIAL] = {.life = 1, .limit = {NO_LIMIT, NO_LIMIT}},
    [WVM_PROCESS_SYSTEM] = {.life = 1, .limit = {NO_LIMIT, NO_LIMIT}},
};
static WVM_THREAD_LOCAL struct winvm_process *current; /* NULL: the program's own */
static uintptr_t secret;                               /* (a) 0: not chosen yet */

struct winvm_process *wvm_process_object(unsigned which)
{
    return &objects[which];
}

static uint64_t life_of(const struct winvm_process *p)
{
    return __atomic_load_n(&p->life, __ATOMIC_ACQUIRE);
}

static bool is_object(const struct winvm_process *p)
{
    uintptr_t at = (uintptr_t)p - (uintptr_t)objects;
    return at < sizeof objects && at % sizeof objects[0] == 0 && life_of(p) != 0 &&
           life_of(p) != BUSY;
}

struct winvm_process *wvm_process_object_create(void)
{
    for (size_t i = WVM_PROCESS_SYSTEM + 1; i < MAX_OBJECTS; i++) {
        struct winvm_process *p = &objects[i];
        uint64_t nobody = 0;
        if (!__atomic_compare_exchange_n(&p->life, &nobody, BUSY, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        for (int paged = 0; paged < 2; paged++) {
            p->peak[paged] = 0;
            p->limit[paged] = NO_LIMIT;
        }
        p->open = true;
        __atomic_store_n(&p->life, 1, __ATOMIC_RELEASE);
        return p;
    }
    return NULL;
}

void wvm_process_object_close(struct winvm_process *p)
{
    if (is_object(p) && __atomic_exchange_n(&p->open, false, __ATOMIC_ACQ_REL))
        __atomic_fetch_sub(&p->life, 1, __ATOMIC_RELEASE);
}

struct winvm_process *wvm_process_object_attach(struct winvm_process *p)
{
    struct winvm_process *old = current != NULL ? current : &objects[WVM_PROCESS_INITIAL];
    if (p == NULL)
        return old;
    if (!is_object(p))
        return NULL;
    __atomic_fetch_add(&p->life, ONE_THREAD, __ATOMIC_ACQ_REL);
    if (current != NULL)
        __atomic_fetch_sub(&current->life, ONE_THREAD, __ATOMIC_RELEASE);
    current = p;
    return old;
}

bool wvm_process_object_query(const struct winvm_process *p, struct winvm_process_quota *out)
{
    if (!is_object(p))
        return false;
    for (int paged = 0; paged < 2; paged++) {
        out->used[paged] = __atomic_load_n(&p->used[paged], __ATOMIC_RELAXED);
        out->peak[paged] = __atomic_load_n(&p->peak[paged], __ATOMIC_RELAXED);
        out->limit[paged] = __atomic_load_n(&p->limit[paged], __ATOMIC_RELAXED);
    }
    out->references = (uint32_t)life_of(p);
    return true;
}

bool wvm_process_object_limit(struct winvm_process *p, bool paged, uint64_t limit)
{
    if (!is_object(p))
        return false;
    __atomic_store_n(&p->limit[paged], limit, __ATOMIC_RELAXED);
    return true;
}

struct winvm_process *wvm_quota_payer(void)
{
    struct winvm_process *p = current != NULL ? current : &objects[WVM_PROCESS_INITIAL];
    return p == &objects[WVM_PROCESS_SYSTEM] ? NULL : p;
}

static void raise_peak(wvm_word64 *peak, uint64_t used)
{
    uint64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);
    while (seen < used && !__atomic_compare_exchange_n(peak, &seen, used, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED))
        continue;
}

bool wvm_quota_charge(struct winvm_process *p, bool paged, size_t bytes)
{
    uint64_t limit = __atomic_load_n(&p->limit[paged], __ATOMIC_RELAXED);
    uint64_t used = __atomic_load_n(&p->used[paged], __ATOMIC_RELAXED);
    do {
        if (used > limit || bytes > limit - used)
            return false;
    } while (!__atomic_compare_exchange_n(&p->used[paged], &used, used + bytes, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    __atomic_fetch_add(&p->life, 1, __ATOMIC_ACQ_REL);
    raise_peak(&p->peak[paged], used + bytes);
    return true;
}

void wvm_quota_return(struct winvm_process *p, bool paged, size_t bytes)
{
    __atomic_fetch_sub(&p->used[paged], bytes, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&p->life, 1, __ATOMIC_RELEASE);
}

/* A word that a program's own data is not. */
static uintptr_t secret_word(void)
{
    uintptr_t word = __atomic_load_n(&secret, __ATOMIC_RELAXED);
    if (word != 0)
        return word;
    uintptr_t fresh = (uintptr_t)((uint64_t)wvm_host_random() << 32 | wvm_host_random()) | 1;
    return __atomic_compare_exchange_n(&secret, &word, fresh, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED)
               ? fresh
               : word;
}

uintptr_t wvm_quota_word(const void *block, const struct winvm_process *p)
{
    return (uintptr_t)p ^ (uintptr_t)block ^ secret_word();
}

bool wvm_quota_read(const void *block, uintptr_t word, struct winvm_process **out)
{
    *out = (struct winvm_process *)(word ^ (uintptr_t)block ^ secret_word());
    return is_object(*out);
}
