/* Handles: typed, checked by generation, each naming an object that it holds. */
#ifndef WVM_NT_NT_HANDLE_H
#define WVM_NT_NT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nt/nt.h"
#include "nt/nt_pin.h"

/* GetCurrentProcess(). */
#define WVM_OWN_PROCESS ((HANDLE)(intptr_t)-1)
/* GetCurrentThread(). */
#define WVM_OWN_THREAD ((HANDLE)(intptr_t)-2)

enum wvm_object_type {
    WVM_OBJECT_NONE,
    WVM_OBJECT_PROCESS,
    WVM_OBJECT_SECTION, /* struct wvm_section: section/section.h */
    WVM_OBJECT_FILE,    /* struct wvm_file: nt/nt_file.h */
    WVM_OBJECT_NOTICE,  /* nt/nt_notice.h */
    WVM_N_OBJECT_TYPES, /* from here on: nt/nt_foreign.h */
    WVM_MAX_OBJECT_TYPES = 16,
};
/* What the table must be able to do with an object. Memory of objects is type-stable: a reader that
 * lost a race against the last close may look at a dead one. One constant per type. */
struct wvm_object_ops {
    const char *name;               /* "Section" */
    uint32_t generic[4];            /* what GENERIC_READ, WRITE, EXECUTE and ALL mean */
    bool (*try_hold)(void *object); /* false: it is dead */
    void (*drop)(void *object);
    bool (*opened)(void *object);   /* a handle more; false: the last one is closed */
    void (*closed)(void *object);   /* a handle less */
    /* Rights that a handle to it can have at most. */
    uint32_t (*permitted)(const void *object);
    /* Handles, and references of any kind. */
    void (*counts)(const void *object, uint32_t *handles, uint32_t *refs);
    /* Its name in UTF-16 without a NUL: up to cap characters to out; their number altogether, 0:
     * it has none. NULL: the type has no names. */
    size_t (*object_name)(void *object, uint16_t *out, size_t cap);
    /* Two objects for one thing; one of them may be NULL: this process. NULL: never. */
    bool (*same)(const void *a, const void *b);
};
/* Makes a type known, before the first handle of it. Any number of times; the types of files and
 * processes are known from the start. */
void wvm_object_register(enum wvm_object_type type, const struct wvm_object_ops *ops);
const struct wvm_object_ops *wvm_object_ops(enum wvm_object_type type);
extern const struct wvm_object_ops wvm_process_ops, wvm_file_ops;
/* Generic rights and MAXIMUM_ALLOWED turned into the specific ones, with what these imply; `most`:
 * what is the maximum. */
uint32_t wvm_object_access(enum wvm_object_type type, uint32_t access, uint32_t most);

/* A new handle. Takes over the caller's reference and (section_create) its count as a handle.
 * INSUFFICIENT_RESOURCES: nothing taken over. */
wvm_status wvm_handle_insert(enum wvm_object_type type, void *object, uint32_t access,
                             HANDLE *out) WVM_MUST_CHECK;
/* The object of a handle that must grant every right of `need`, held for the caller
 * (wvm_object_drop). granted: may be NULL. INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED. */
wvm_status wvm_handle_get(HANDLE h, enum wvm_object_type type, uint32_t need, void **object,
                          uint32_t *granted) WVM_MUST_CHECK;
void wvm_object_drop(enum wvm_object_type type, void *object);
/* The same for a thread with a free pin: the object is pinned instead of held. False: look again
 * with wvm_handle_get; when the pin was set meanwhile it still is. */
bool wvm_handle_pin(HANDLE h, enum wvm_object_type type, uint32_t need,
                    struct wvm_pin *pin) WVM_MUST_CHECK;
/* A place in the table of handles; the tag tells the generation, type, flags and state. All (a). */
struct wvm_handle_slot {
    uint32_t tag;
    uint32_t access;
    void *object;
};
/* The first of them all. */
const struct wvm_handle_slot *wvm_handle_slots(void);
/* HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE in a tag: they change while it lives. */
#define WVM_HANDLE_SLOT_FLAGS 0xcu
/* wvm_handle_pin for the handle that this thread pinned last. False: nothing is known, or as
 * there. */
WVM_MUST_CHECK static inline bool wvm_handle_pin_again(HANDLE h, uint32_t need,
                                                       struct wvm_pin *pin)
{
    const struct wvm_handle_slot *s = pin->last.slot;
    if (pin->last.handle != h || !s)
        return false;
    void *object = __atomic_load_n(&s->object, __ATOMIC_ACQUIRE);
    uint32_t access = __atomic_load_n(&s->access, __ATOMIC_ACQUIRE);
    uint32_t tag = __atomic_load_n(&s->tag, __ATOMIC_ACQUIRE);
    if (((tag ^ pin->last.tag) & ~WVM_HANDLE_SLOT_FLAGS) || (access & need) != need)
        return false;
    wvm_pin_set(pin, object);
    return __atomic_load_n(&s->tag, __ATOMIC_ACQUIRE) == tag;
}

/* A handle looked at as such, of whatever type. The object is held for the caller. */
struct wvm_handle_info {
    enum wvm_object_type type;
    void *object;
    uint32_t access;
    uint32_t flags; /* HANDLE_FLAG_* */
};
/* INVALID_HANDLE; also for the pseudo handles, which name no object of ours. */
wvm_status wvm_handle_look(HANDLE h, struct wvm_handle_info *out) WVM_MUST_CHECK;
/* Handles that are open now. */
uint32_t wvm_handle_count(void);
/* Changes the HANDLE_FLAG_* of mask. INVALID_HANDLE. */
wvm_status wvm_handle_set_flags(HANDLE h, uint32_t mask, uint32_t flags) WVM_MUST_CHECK;

/* Resolves a handle that must grant every right of `need`. *pid 0: this process.
 * INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED, PROCESS_IS_TERMINATING. */
wvm_status wvm_handle_resolve(HANDLE h, uint32_t need, pid_t *pid) WVM_MUST_CHECK;

/* Which process a handle stands for: its number and its start; it may have ended meanwhile, see
 * wvm_process_has_ended. INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED. */
wvm_status wvm_handle_process(HANDLE h, uint32_t need, pid_t *pid, uint64_t *start) WVM_MUST_CHECK;
bool wvm_process_has_ended(pid_t pid, uint64_t start);

static inline wvm_status wvm_handle_target(HANDLE h, uint32_t need, pid_t *pid)
{
    if (WVM_LIKELY(h == WVM_OWN_PROCESS)) {
        *pid = 0;
        return 0;
    }
    return wvm_handle_resolve(h, need, pid);
}

/* For calls that winvm carries out in this process only: another one answers ACCESS_DENIED. */
static inline wvm_status wvm_handle_own(HANDLE h, uint32_t need)
{
    if (WVM_LIKELY(h == WVM_OWN_PROCESS))
        return 0;
    pid_t pid;
    wvm_status status = wvm_handle_resolve(h, need, &pid);
    if (status < 0)
        return status;
    return pid == 0 ? 0 : (wvm_status)STATUS_ACCESS_DENIED;
}

/* A program's own layer may have another pseudo handle for this process: asked about handles that
 * are not known here. Set once at start, NULL otherwise. */
extern HANDLE (*wvm_handle_other_self)(void);

/* Opens a process. INVALID_PARAMETER (no such process), ACCESS_DENIED, INSUFFICIENT_RESOURCES. */
wvm_status wvm_handle_open(pid_t pid, uint32_t access, HANDLE *out) WVM_MUST_CHECK;
/* The same for the process or thread that a pseudo handle means. INVALID_HANDLE: it means none. */
wvm_status wvm_handle_open_pseudo(HANDLE pseudo, uint32_t access, HANDLE *out) WVM_MUST_CHECK;
/* INVALID_HANDLE, HANDLE_NOT_CLOSABLE. Pseudo handles: nothing to do. */
wvm_status wvm_handle_close(HANDLE h) WVM_MUST_CHECK;
/* True for a handle of any type that nobody closed. Pseudo handles are not ours. */
bool wvm_handle_is_ours(HANDLE h);

#endif
