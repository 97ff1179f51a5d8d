/* The last changes that each thread made, kept in memory for debuggers and core files.
 *
 * In gdb:   p *wvm_rings            the ring of one thread; ->next leads to the others
 *           p wvm_api_names[wvm_rings->entries[0].op]
 * Entry number n of a ring is entries[n % 64]; the newest is number count - 1. tid 0 marks a
 * ring whose thread has ended: its entries are the thread's last ones until another thread takes
 * the ring over.
 * Changes only: queries are not noted. Entries carry no time; the order between threads is not
 * known. */
#ifndef WVM_API_RING_H
#define WVM_API_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

#define WVM_RING_ENTRIES 64u

struct wvm_ring_entry {
    wvm_word64 addr;    /* base, as given; native calls: as returned */
    wvm_word64 size;    /* bytes, likewise; 0 when it was not known */
    wvm_word64 result;  /* what the call returned: pointer, BOOL or NTSTATUS */
    uint32_t type;      /* MEM_ bits of an allocation or a release; map type of a native lock */
    uint32_t prot;      /* PAGE_ bits */
    uint32_t op;        /* enum wvm_api_id */
    uint32_t number;    /* low half of the entry's number */
};

/* One thread's ring. Written by its thread alone (the overflow ring: by several, entries may
 * then be mixed); fields are stored relaxed, so that another thread or a debugger may look at
 * any time. */
struct wvm_ring {
    struct wvm_ring *next;      /* constant once listed */
    wvm_word64 count;           /* entries ever noted */
    int32_t tid;                /* owner, 0: free to take */
    uint32_t pad;
    struct wvm_ring_entry entries[WVM_RING_ENTRIES];
};

/* All rings ever made, newest first. */
extern struct wvm_ring *wvm_rings;
/* The calling thread's ring, NULL before its first change. */
extern WVM_THREAD_LOCAL struct wvm_ring *wvm_ring_mine;

/* Gives the calling thread a ring. Never NULL; the library must have been started. */
struct wvm_ring *wvm_ring_attach(void);
/* Once, at start. */
void wvm_ring_init(void);

static inline void wvm_ring_put(struct wvm_ring_entry what)
{
    struct wvm_ring *ring = wvm_ring_mine;
    if (WVM_UNLIKELY(ring == NULL))
        ring = wvm_ring_attach();
    uint64_t number = __atomic_load_n(&ring->count, __ATOMIC_RELAXED);
    struct wvm_ring_entry *to = &ring->entries[number % WVM_RING_ENTRIES];
    __atomic_store_n(&to->addr, what.addr, __ATOMIC_RELAXED);
    __atomic_store_n(&to->size, what.size, __ATOMIC_RELAXED);
    __atomic_store_n(&to->result, what.result, __ATOMIC_RELAXED);
    __atomic_store_n(&to->type, what.type, __ATOMIC_RELAXED);
    __atomic_store_n(&to->prot, what.prot, __ATOMIC_RELAXED);
    __atomic_store_n(&to->op, what.op, __ATOMIC_RELAXED);
    __atomic_store_n(&to->number, (uint32_t)number, __ATOMIC_RELAXED);
    __atomic_store_n(&ring->count, number + 1, __ATOMIC_RELAXED);
}

/* The value of a native call's in/out variable after success, when it is a local variable of the
 * caller (the usual case). Elsewhere it is not read: the call itself may have taken its page
 * away. */
static inline uint64_t wvm_ring_after(int32_t status, const void *var)
{
    uintptr_t above = (uintptr_t)var - (uintptr_t)__builtin_frame_address(0);
    return status >= 0 && above < 65536 ? *(const uintptr_t *)var : 0;
}

/* WVM_NOTE(name, result), inside an entry of that name: notes the call when it is one that changes
 * memory, and sees to it that the thread can handle faults; else nothing. The lines below say where
 * such a call has its base, size, type and protection; a to f are the entry's parameters. */
#define WVM_NOTE(name, result) WVM_SECOND(WVM_CHANGE_##name, WVM_NO_NOTE, ~)(name, result)
#define WVM_NO_NOTE(name, res)
#define WVM_PUT(name, res, base, len, kind, access)                                                \
    wvm_fault_thread_touch();                                                                      \
    wvm_ring_put((struct wvm_ring_entry){                                                          \
        .addr = (uintptr_t)(base), .size = (len), .result = (uint64_t)(uintptr_t)(res),            \
        .type = (kind), .prot = (access), .op = WVM_ID_##name});

#define WVM_NOTE_ALLOC(name, res) WVM_PUT(name, res, a, b, c, d)
#define WVM_NOTE_ALLOC_EX(name, res) WVM_PUT(name, res, b, c, d, e)
#define WVM_NOTE_FREE(name, res) WVM_PUT(name, res, a, b, c, 0)
#define WVM_NOTE_FREE_EX(name, res) WVM_PUT(name, res, b, c, d, 0)
#define WVM_NOTE_PROTECT(name, res) WVM_PUT(name, res, a, b, 0, c)
#define WVM_NOTE_PROTECT_EX(name, res) WVM_PUT(name, res, b, c, 0, d)
#define WVM_NOTE_LOCK(name, res) WVM_PUT(name, res, a, b, 0, 0)
#define WVM_NOTE_NT_ALLOC(name, res) \
    WVM_PUT(name, res, wvm_ring_after(res, b), wvm_ring_after(res, d), e, f)
#define WVM_NOTE_NT_TYPE(name, res) \
    WVM_PUT(name, res, wvm_ring_after(res, b), wvm_ring_after(res, c), d, 0)
#define WVM_NOTE_NT_PROTECT(name, res) \
    WVM_PUT(name, res, wvm_ring_after(res, b), wvm_ring_after(res, c), 0, d)
/* Views. The access of the older calls, FILE_MAP_*, stands where a protection does. */
#define WVM_NOTE_VIEW(name, res) WVM_PUT(name, res, res, e, 0, b)
#define WVM_NOTE_VIEW_APP(name, res) WVM_PUT(name, res, res, d, 0, b)
#define WVM_NOTE_VIEW_EX(name, res) WVM_PUT(name, res, res, e, f, g)
#define WVM_NOTE_UNMAP(name, res) WVM_PUT(name, res, a, 0, 0, 0)
#define WVM_NOTE_UNMAP_EX(name, res) WVM_PUT(name, res, b, 0, 0, 0)
#define WVM_NOTE_NT_VIEW(name, res) \
    WVM_PUT(name, res, wvm_ring_after(res, c), wvm_ring_after(res, g), i, j)
#define WVM_NOTE_NT_VIEW_EX(name, res) \
    WVM_PUT(name, res, wvm_ring_after(res, c), wvm_ring_after(res, e), f, g)

#define WVM_CHANGE_VirtualAlloc ~, WVM_NOTE_ALLOC
#define WVM_CHANGE_VirtualAllocFromApp ~, WVM_NOTE_ALLOC
#define WVM_CHANGE_VirtualAllocEx ~, WVM_NOTE_ALLOC_EX
#define WVM_CHANGE_VirtualAllocExNuma ~, WVM_NOTE_ALLOC_EX
#define WVM_CHANGE_VirtualFree ~, WVM_NOTE_FREE
#define WVM_CHANGE_VirtualFreeEx ~, WVM_NOTE_FREE_EX
#define WVM_CHANGE_VirtualProtect ~, WVM_NOTE_PROTECT
#define WVM_CHANGE_VirtualProtectFromApp ~, WVM_NOTE_PROTECT
#define WVM_CHANGE_VirtualProtectEx ~, WVM_NOTE_PROTECT_EX
#define WVM_CHANGE_VirtualLock ~, WVM_NOTE_LOCK
#define WVM_CHANGE_VirtualUnlock ~, WVM_NOTE_LOCK
#define WVM_CHANGE_MapViewOfFile ~, WVM_NOTE_VIEW
#define WVM_CHANGE_MapViewOfFileEx ~, WVM_NOTE_VIEW
#define WVM_CHANGE_MapViewOfFileExNuma ~, WVM_NOTE_VIEW
#define WVM_CHANGE_MapViewOfFileFromApp ~, WVM_NOTE_VIEW_APP
#define WVM_CHANGE_MapViewOfFile2 ~, WVM_NOTE_VIEW_EX
#define WVM_CHANGE_MapViewOfFileNuma2 ~, WVM_NOTE_VIEW_EX
#define WVM_CHANGE_MapViewOfFile3 ~, WVM_NOTE_VIEW_EX
#define WVM_CHANGE_MapViewOfFile3FromApp ~, WVM_NOTE_VIEW_EX
#define WVM_CHANGE_UnmapViewOfFile ~, WVM_NOTE_UNMAP
#define WVM_CHANGE_UnmapViewOfFileEx ~, WVM_NOTE_UNMAP
#define WVM_CHANGE_UnmapViewOfFile2 ~, WVM_NOTE_UNMAP_EX
#define WVM_CHANGE_NtMapViewOfSection ~, WVM_NOTE_NT_VIEW
#define WVM_CHANGE_NtMapViewOfSectionEx ~, WVM_NOTE_NT_VIEW_EX
#define WVM_CHANGE_NtUnmapViewOfSection ~, WVM_NOTE_UNMAP_EX
#define WVM_CHANGE_NtUnmapViewOfSectionEx ~, WVM_NOTE_UNMAP_EX
#define WVM_CHANGE_NtAllocateVirtualMemory ~, WVM_NOTE_NT_ALLOC
#define WVM_CHANGE_NtFreeVirtualMemory ~, WVM_NOTE_NT_TYPE
#define WVM_CHANGE_NtProtectVirtualMemory ~, WVM_NOTE_NT_PROTECT
#define WVM_CHANGE_NtLockVirtualMemory ~, WVM_NOTE_NT_TYPE
#define WVM_CHANGE_NtUnlockVirtualMemory ~, WVM_NOTE_NT_TYPE

#endif
