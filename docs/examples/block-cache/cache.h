/* cache.h: a block cache as a disk filter driver would have one.
 *
 * The cache keeps the blocks of a disk that were used last. A request is submitted at any level up
 * to DISPATCH_LEVEL, waits in a queue in non-paged pool, and is worked off at PASSIVE_LEVEL, where
 * the descriptors and the contents of the blocks, paged pool, may be touched. */
#ifndef CACHE_H
#define CACHE_H

#include <ntddk.h>

#define BLOCK_SIZE 1024

/* Tags, written reversed: "BcDv" and so on in the tools. */
#define TAG_DEVICE 'vDcB'
#define TAG_REQUEST 'qRcB'
#define TAG_HASH 'hHcB'
#define TAG_BLOCK 'kBcB'
#define TAG_DATA 'aDcB'

typedef struct _CACHE CACHE, *PCACHE;

/* The disk below, and how the cache asks for a thread at PASSIVE_LEVEL. */
typedef struct _DISK {
    PVOID Context;
    ULONG BlockCount;
    NTSTATUS (*ReadBlock)(PVOID Context, ULONG Block, PVOID Data);
    NTSTATUS (*WriteBlock)(PVOID Context, ULONG Block, const VOID *Data);
    VOID (*QueueWork)(PVOID Context); /* CacheWork is to be called once more; any level */
} DISK, *PDISK;

/* Called at DISPATCH_LEVEL. Data: the BLOCK_SIZE bytes that were read, NULL after a write or a
 * failure; the caller's until the routine returns. */
typedef VOID (*CACHE_COMPLETION)(PVOID Context, NTSTATUS Status, const VOID *Data);

typedef struct _CACHE_STATISTICS {
    ULONG Requests, Hits, Misses, Evictions, WriteBacks, Failures;
} CACHE_STATISTICS, *PCACHE_STATISTICS;

/* PASSIVE_LEVEL. At most Capacity blocks are kept. */
NTSTATUS CacheCreate(const DISK *Disk, ULONG Capacity, PCACHE *Cache);
/* Nothing may be queued. What was not written back is lost: see CacheFlush. */
VOID CacheDelete(PCACHE Cache);

/* <= DISPATCH_LEVEL. Data: what is to be written, copied at once; NULL: a read. Any other status
 * than STATUS_PENDING: Completion is not called. */
NTSTATUS CacheSubmit(PCACHE Cache, ULONG Block, const VOID *Data, CACHE_COMPLETION Completion,
                     PVOID Context);
/* PASSIVE_LEVEL: works off one request. FALSE: there was none. */
BOOLEAN CacheWork(PCACHE Cache);
/* PASSIVE_LEVEL: the first error of a write-back; the block stays to be tried again. */
NTSTATUS CacheFlush(PCACHE Cache);
VOID CacheQuery(PCACHE Cache, PCACHE_STATISTICS Statistics);

#endif
