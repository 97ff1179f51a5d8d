/* What the system tells about itself: its addresses, processors and memory. */
#ifndef WVM_NT_NT_SYSTEM_H
#define WVM_NT_NT_SYSTEM_H

#include "base/arith.h"
#include "host/host_system.h"
#include "nt/nt.h"

/* How a program sees the system. */
enum wvm_nt_view_of_system {
    WVM_SYSTEM_SEEN,   /* as its own layout has it */
    WVM_SYSTEM_NATIVE, /* of a 32-bit layout on a 64-bit system: as the system is, but with the
                        * addresses that a 32-bit program can have at most (W32-002) */
    WVM_SYSTEM_64,     /* as a 64-bit program sees it (W32-003) */
};

struct wvm_nt_system {
    uint16_t architecture;   /* PROCESSOR_ARCHITECTURE_* */
    uint32_t processor_type; /* PROCESSOR_* */
    uint64_t lowest, highest; /* usable bytes of user space */
    uint32_t n_processors;
    uint64_t processors;     /* mask of the first 64, of the first 32 for a 32-bit program */
    struct wvm_host_processor processor;
};
void wvm_nt_system_describe(enum wvm_nt_view_of_system view, struct wvm_nt_system *out);

/* Model and stepping as wProcessorRevision has them. */
static inline uint16_t wvm_nt_processor_revision(const struct wvm_host_processor *p)
{
    return (uint16_t)(p->model << 8 | p->stepping);
}

static inline uint32_t wvm_nt_pages(uint64_t bytes)
{
    return (uint32_t)wvm_min(bytes >> WVM_PAGE_SHIFT, UINT32_MAX);
}

/* SystemPerformanceInformation, SystemFileCacheInformation. */
void wvm_nt_system_performance(SYSTEM_PERFORMANCE_INFORMATION *out);
void wvm_nt_system_cache(SYSTEM_CACHE_INFORMATION *out);
/* SystemProcessorPerformanceInformation. *returned as below. */
wvm_status wvm_nt_system_processors(void *at, uint32_t len, uint32_t *returned);
/* SystemPoolTagInformation. *returned, NULL or writable, receives the length wanted. */
wvm_status wvm_nt_system_pool_tags(void *at, uint32_t len, uint32_t *returned);

/* The program is told that it is a 32-bit one on a 64-bit system. */
bool wvm_nt_is_wow64(void);
/* IMAGE_FILE_MACHINE_* of the system. */
uint16_t wvm_nt_native_machine(void);

/* GlobalMemoryStatusEx: bytes. */
struct wvm_nt_memory {
    uint64_t ram, ram_left;
    uint64_t commit, commit_left;
    uint64_t space, space_left;
};
void wvm_nt_memory_now(struct wvm_nt_memory *out);

/* Bytes of kernel memory: the host's own and those that this process's pools took. */
struct wvm_nt_kernel {
    uint64_t paged, non_paged;
};
void wvm_nt_kernel_now(const struct wvm_host_memory *memory, struct wvm_nt_kernel *out);

#endif
