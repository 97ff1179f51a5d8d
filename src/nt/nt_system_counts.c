/* NtQuerySystemInformation: what the system has counted; memory of the kernel.
 *
 * I1  What the host does not tell is 0. Counters have 32 bits and wrap.
 * I2  The commit charge is this process's own, as GlobalMemoryStatusEx has it.
 * I3  A processor is told of when this process may run on it; there are as many entries as
 *     SystemBasicInformation tells processors.
 * Locking: none.   Failure: nothing written but the length wanted.   Signal safety: yes. */
#include <string.h>

#include "base/arith.h"
#include "base/assert.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"
#include "pool/pool.h"

#define NS_PER_UNIT 100
#define KIB 1024

WVM_STATIC(sizeof(SYSTEM_PERFORMANCE_INFORMATION) == 312, "public form");
WVM_STATIC(sizeof(SYSTEM_CACHE_INFORMATION) == (sizeof(void *) == 8 ? 64 : 36), "public form");
WVM_STATIC(sizeof(SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION) == 48, "public form");

void wvm_nt_kernel_now(const struct wvm_host_memory *memory, struct wvm_nt_kernel *out)
{
    struct wvm_pool_usage pools;
    out->paged = memory->kernel_paged;
    out->non_paged = memory->kernel_kept;
    if (!wvm_pool_started())
        return;
    wvm_pool_usage(&pools);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        *(kind == WVM_POOL_PAGED ? &out->paged : &out->non_paged) += pools.committed[kind];
}

void wvm_nt_system_performance(SYSTEM_PERFORMANCE_INFORMATION *out)
{
    struct wvm_host_memory memory;
    struct wvm_host_counts counts;
    struct wvm_commit_info commit;
    struct wvm_nt_kernel kernel;
    wvm_host_memory_now(&memory);
    wvm_host_counts(&counts);
    wvm_nt_commit_info(&commit);
    wvm_nt_kernel_now(&memory, &kernel);
    memset(out, 0, sizeof *out);
    out->IdleTime.QuadPart = wvm_host_idle_time() / NS_PER_UNIT;
    out->ReadTransferCount.QuadPart = (LONGLONG)(counts.kib_read * KIB);
    out->WriteTransferCount.QuadPart = (LONGLONG)(counts.kib_written * KIB);
    out->AvailablePages = wvm_nt_pages(memory.ram_left);
    out->TotalCommittedPages = wvm_nt_pages(commit.committed);
    out->TotalCommitLimit = wvm_nt_pages(commit.limit);
    out->PeakCommitment = wvm_nt_pages(commit.peak);
    out->PageFaults = (ULONG)counts.faults;
    out->PagesRead = (ULONG)(counts.kib_read * KIB / WVM_PAGE_SIZE);
    out->PageReadIos = (ULONG)counts.reads;
    out->PagefilePagesWritten = (ULONG)counts.swapped_out;
    out->PagedPoolUsage = wvm_nt_pages(kernel.paged);
    out->NonPagedPoolUsage = wvm_nt_pages(kernel.non_paged);
    out->MmSystemCachePage = wvm_nt_pages(memory.cache);
    out->ContextSwitches = (ULONG)counts.switches;
}

void wvm_nt_system_cache(SYSTEM_CACHE_INFORMATION *out)
{
    struct wvm_host_memory memory;
    struct wvm_host_counts counts;
    wvm_host_memory_now(&memory);
    wvm_host_counts(&counts);
    memset(out, 0, sizeof *out);
    out->CurrentSize = out->PeakSize = (SIZE_T)wvm_min(memory.cache, SIZE_MAX);
    out->PageFaultCount = (ULONG)counts.faults;
    out->MaximumWorkingSet = wvm_nt_pages(memory.ram);
    out->CurrentSizeIncludingTransitionInPages = wvm_nt_pages(memory.cache);
    out->PeakSizeIncludingTransitionInPages = wvm_nt_pages(memory.cache);
}

/* ---- processors ---- */

struct rows {
    SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION *at; /* the caller's, proven writable */
    uint32_t n, cap;
    uint64_t mask; /* of the first 64 processors */
};

static LONGLONG units(uint64_t ns)
{
    return (LONGLONG)(ns / NS_PER_UNIT);
}

static void put_row(const struct wvm_host_cpu_times *t, void *ctx)
{
    struct rows *rows = ctx;
    SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION row;
    if (rows->n == rows->cap || (t->number < 64 && !(rows->mask >> t->number & 1)))
        return;
    memset(&row, 0, sizeof row);
    row.IdleTime.QuadPart = units(t->idle);
    row.KernelTime.QuadPart = units(t->idle + t->system + t->irq + t->deferred);
    row.UserTime.QuadPart = units(t->user);
    row.Reserved1[0].QuadPart = units(t->deferred);
    row.Reserved1[1].QuadPart = units(t->irq);
    wvm_user_store(&rows->at[rows->n++], &row, sizeof row);
}

wvm_status wvm_nt_system_processors(void *at, uint32_t len, uint32_t *returned)
{
    static const SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION nothing;
    struct wvm_nt_system system;
    wvm_nt_system_describe(WVM_SYSTEM_SEEN, &system);
    struct rows rows = {.at = at, .mask = system.processors};
    uint32_t whole = system.n_processors * (uint32_t)sizeof nothing;
    rows.cap = wvm_min(len, whole) / (uint32_t)sizeof nothing;
    uint32_t used = rows.cap * (uint32_t)sizeof nothing;
    wvm_user_store_if(returned, used ? &used : &whole, sizeof *returned);
    if (used == 0)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!wvm_user_writable(at, used))
        return STATUS_ACCESS_VIOLATION;
    wvm_host_each_cpu(put_row, &rows);
    while (rows.n < rows.cap)
        wvm_user_store(&rows.at[rows.n++], &nothing, sizeof nothing);
    return STATUS_SUCCESS;
}
