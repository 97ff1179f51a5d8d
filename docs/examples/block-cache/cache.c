/* cache.c: see cache.h.
 *
 * Locks: QueueLock (spin lock) guards Queue and Statistics; Mutex guards the hash table, the blocks
 * and their contents, all of it paged pool. Mutex is acquired before QueueLock. */
#include "cache.h"
#include "port.h"

typedef struct _REQUEST {
    LIST_ENTRY Link; /* in Queue */
    CACHE_COMPLETION Completion;
    PVOID Context;
    ULONG Block;
    BOOLEAN IsWrite;
    UCHAR Data[BLOCK_SIZE];
} REQUEST, *PREQUEST;

typedef struct _BLOCK {
    LIST_ENTRY HashLink;
    LIST_ENTRY AgeLink; /* the block that was used last is the first */
    ULONG Number;
    BOOLEAN IsDirty;
    PUCHAR Data;
} BLOCK, *PBLOCK;

/* Non-paged: touched at DISPATCH_LEVEL. */
struct _CACHE {
    NPAGED_LOOKASIDE_LIST Requests;
    KSPIN_LOCK QueueLock;
    LIST_ENTRY Queue;
    CACHE_STATISTICS Statistics;
    DISK Disk;
    FAST_MUTEX Mutex;
    PAGED_LOOKASIDE_LIST Blocks;
    PLIST_ENTRY Buckets;
    ULONG BucketCount;
    LIST_ENTRY Ages;
    ULONG BlockCount;
    ULONG Capacity;
};

/* ---- Creation -------------------------------------------------------------------------------- */

static NTSTATUS CreateBuckets(PCACHE Cache)
{
    ULONG i;

    Cache->BucketCount = Cache->Capacity;
    Cache->Buckets = ExAllocatePool2(POOL_FLAG_PAGED, Cache->BucketCount * sizeof(LIST_ENTRY),
                                     TAG_HASH);
    if (Cache->Buckets == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (i = 0; i < Cache->BucketCount; i++)
        InitializeListHead(&Cache->Buckets[i]);
    return STATUS_SUCCESS;
}

NTSTATUS CacheCreate(const DISK *Disk, ULONG Capacity, PCACHE *Result)
{
    PCACHE Cache;
    NTSTATUS Status;

    PAGED_CODE();
    *Result = NULL;
    if (Capacity == 0 || Disk->BlockCount == 0)
        return STATUS_INVALID_PARAMETER;
    Cache = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, sizeof(*Cache),
                            TAG_DEVICE);
    if (Cache == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Cache->Disk = *Disk;
    Cache->Capacity = Capacity;
    Status = CreateBuckets(Cache);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Cache, TAG_DEVICE);
        return Status;
    }
    KeInitializeSpinLock(&Cache->QueueLock);
    InitializeListHead(&Cache->Queue);
    ExInitializeFastMutex(&Cache->Mutex);
    InitializeListHead(&Cache->Ages);
    ExInitializeNPagedLookasideList(&Cache->Requests, NULL, NULL, POOL_NX_ALLOCATION,
                                    sizeof(REQUEST), TAG_REQUEST, 0);
    ExInitializePagedLookasideList(&Cache->Blocks, NULL, NULL, 0, sizeof(BLOCK), TAG_BLOCK, 0);
    *Result = Cache;
    return STATUS_SUCCESS;
}

VOID CacheDelete(PCACHE Cache)
{
    PBLOCK Block;

    PAGED_CODE();
    while (!IsListEmpty(&Cache->Ages)) {
        Block = CONTAINING_RECORD(RemoveHeadList(&Cache->Ages), BLOCK, AgeLink);
        ExFreePoolWithTag(Block->Data, TAG_DATA);
        ExFreeToPagedLookasideList(&Cache->Blocks, Block);
    }
    ExDeletePagedLookasideList(&Cache->Blocks);
    ExDeleteNPagedLookasideList(&Cache->Requests);
    ExFreePoolWithTag(Cache->Buckets, TAG_HASH);
    ExFreePoolWithTag(Cache, TAG_DEVICE);
}

/* ---- The queue: at any level up to DISPATCH_LEVEL -------------------------------------------- */

static VOID Count(PCACHE Cache, PULONG Counter)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&Cache->QueueLock, &OldIrql);
    *Counter += 1;
    KeReleaseSpinLock(&Cache->QueueLock, OldIrql);
}

NTSTATUS CacheSubmit(PCACHE Cache, ULONG Block, const VOID *Data, CACHE_COMPLETION Completion,
                     PVOID Context)
{
    PREQUEST Request;
    KIRQL OldIrql;

    if (Block >= Cache->Disk.BlockCount)
        return STATUS_INVALID_PARAMETER;
    Request = ExAllocateFromNPagedLookasideList(&Cache->Requests);
    if (Request == NULL) {
        Count(Cache, &Cache->Statistics.Failures);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Request->Completion = Completion;
    Request->Context = Context;
    Request->Block = Block;
    Request->IsWrite = Data != NULL;
    if (Data != NULL)
        RtlCopyMemory(Request->Data, Data, BLOCK_SIZE);
    KeAcquireSpinLock(&Cache->QueueLock, &OldIrql);
    InsertTailList(&Cache->Queue, &Request->Link);
    KeReleaseSpinLock(&Cache->QueueLock, OldIrql);
    Cache->Disk.QueueWork(Cache->Disk.Context);
    return STATUS_PENDING;
}

static PREQUEST NextRequest(PCACHE Cache)
{
    PREQUEST Request = NULL;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Cache->QueueLock, &OldIrql);
    if (!IsListEmpty(&Cache->Queue))
        Request = CONTAINING_RECORD(RemoveHeadList(&Cache->Queue), REQUEST, Link);
    KeReleaseSpinLock(&Cache->QueueLock, OldIrql);
    return Request;
}

/* Tells the submitter, as a completed transfer does, at DISPATCH_LEVEL. */
static VOID CompleteRequest(PCACHE Cache, PREQUEST Request, NTSTATUS Status)
{
    BOOLEAN HasData = !Request->IsWrite && NT_SUCCESS(Status);
    KIRQL OldIrql;

    Count(Cache, &Cache->Statistics.Requests);
    if (!NT_SUCCESS(Status))
        Count(Cache, &Cache->Statistics.Failures);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    Request->Completion(Request->Context, Status, HasData ? Request->Data : NULL);
    ExFreeToNPagedLookasideList(&Cache->Requests, Request);
    KeLowerIrql(OldIrql);
}

VOID CacheQuery(PCACHE Cache, PCACHE_STATISTICS Statistics)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&Cache->QueueLock, &OldIrql);
    *Statistics = Cache->Statistics;
    KeReleaseSpinLock(&Cache->QueueLock, OldIrql);
}

/* ---- Blocks: with Mutex held, below DISPATCH_LEVEL ------------------------------------------- */

static PLIST_ENTRY BucketOf(PCACHE Cache, ULONG Number)
{
    return &Cache->Buckets[Number % Cache->BucketCount];
}

static PBLOCK FindBlock(PCACHE Cache, ULONG Number)
{
    PLIST_ENTRY Bucket = BucketOf(Cache, Number), Link;

    for (Link = Bucket->Flink; Link != Bucket; Link = Link->Flink) {
        PBLOCK Block = CONTAINING_RECORD(Link, BLOCK, HashLink);
        if (Block->Number == Number)
            return Block;
    }
    return NULL;
}

static VOID FreeBlock(PCACHE Cache, PBLOCK Block)
{
    if (Block->Data != NULL)
        ExFreePoolWithTag(Block->Data, TAG_DATA);
    ExFreeToPagedLookasideList(&Cache->Blocks, Block);
}

static NTSTATUS WriteBack(PCACHE Cache, PBLOCK Block)
{
    NTSTATUS Status;

    if (!Block->IsDirty)
        return STATUS_SUCCESS;
    Status = Cache->Disk.WriteBlock(Cache->Disk.Context, Block->Number, Block->Data);
    if (NT_SUCCESS(Status)) {
        Block->IsDirty = FALSE;
        Count(Cache, &Cache->Statistics.WriteBacks);
    }
    return Status;
}

/* Takes the block that was not used for longest out of the cache, written back. */
static NTSTATUS EvictBlock(PCACHE Cache, PBLOCK *Evicted)
{
    PBLOCK Block;
    NTSTATUS Status;

    *Evicted = NULL;
    if (IsListEmpty(&Cache->Ages))
        return STATUS_INSUFFICIENT_RESOURCES;
    Block = CONTAINING_RECORD(Cache->Ages.Blink, BLOCK, AgeLink);
    Status = WriteBack(Cache, Block);
    if (!NT_SUCCESS(Status))
        return Status;
    RemoveEntryList(&Block->HashLink);
    RemoveEntryList(&Block->AgeLink);
    Cache->BlockCount--;
    Count(Cache, &Cache->Statistics.Evictions);
    *Evicted = Block;
    return STATUS_SUCCESS;
}

static PBLOCK AllocateBlock(PCACHE Cache)
{
    PBLOCK Block = ExAllocateFromPagedLookasideList(&Cache->Blocks);

    if (Block == NULL)
        return NULL;
    RtlZeroMemory(Block, sizeof(*Block));
    Block->Data = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, BLOCK_SIZE, TAG_DATA);
    if (Block->Data == NULL) {
        FreeBlock(Cache, Block);
        return NULL;
    }
    return Block;
}

/* A block that belongs to no list: a new one while there may be more and there is memory, else the
 * oldest. */
static NTSTATUS NewBlock(PCACHE Cache, PBLOCK *Block)
{
    *Block = NULL;
    if (Cache->BlockCount < Cache->Capacity)
        *Block = AllocateBlock(Cache);
    return *Block != NULL ? STATUS_SUCCESS : EvictBlock(Cache, Block);
}

static VOID InsertBlock(PCACHE Cache, PBLOCK Block, ULONG Number)
{
    Block->Number = Number;
    Block->IsDirty = FALSE;
    InsertHeadList(BucketOf(Cache, Number), &Block->HashLink);
    InsertHeadList(&Cache->Ages, &Block->AgeLink);
    Cache->BlockCount++;
}

/* The block, with its contents unless they are about to be written over. */
static NTSTATUS GetBlock(PCACHE Cache, ULONG Number, BOOLEAN IsWrite, PBLOCK *Block)
{
    NTSTATUS Status;

    *Block = FindBlock(Cache, Number);
    if (*Block != NULL) {
        Count(Cache, &Cache->Statistics.Hits);
        RemoveEntryList(&(*Block)->AgeLink);
        InsertHeadList(&Cache->Ages, &(*Block)->AgeLink);
        return STATUS_SUCCESS;
    }
    Count(Cache, &Cache->Statistics.Misses);
    Status = NewBlock(Cache, Block);
    if (NT_SUCCESS(Status) && !IsWrite)
        Status = Cache->Disk.ReadBlock(Cache->Disk.Context, Number, (*Block)->Data);
    if (NT_SUCCESS(Status))
        InsertBlock(Cache, *Block, Number);
    else if (*Block != NULL)
        FreeBlock(Cache, *Block);
    return Status;
}

/* ---- Work: PASSIVE_LEVEL --------------------------------------------------------------------- */

BOOLEAN CacheWork(PCACHE Cache)
{
    PREQUEST Request = NextRequest(Cache);
    PBLOCK Block;
    NTSTATUS Status;

    PAGED_CODE();
    if (Request == NULL)
        return FALSE;
    ExAcquireFastMutex(&Cache->Mutex);
    Status = GetBlock(Cache, Request->Block, Request->IsWrite, &Block);
    if (NT_SUCCESS(Status) && Request->IsWrite) {
        RtlCopyMemory(Block->Data, Request->Data, BLOCK_SIZE);
        Block->IsDirty = TRUE;
    } else if (NT_SUCCESS(Status)) {
        RtlCopyMemory(Request->Data, Block->Data, BLOCK_SIZE);
    }
    ExReleaseFastMutex(&Cache->Mutex);
    CompleteRequest(Cache, Request, Status);
    return TRUE;
}

NTSTATUS CacheFlush(PCACHE Cache)
{
    PLIST_ENTRY Link;
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();
    ExAcquireFastMutex(&Cache->Mutex);
    for (Link = Cache->Ages.Flink; Link != &Cache->Ages; Link = Link->Flink) {
        NTSTATUS One = WriteBack(Cache, CONTAINING_RECORD(Link, BLOCK, AgeLink));
        if (NT_SUCCESS(Status))
            Status = One;
    }
    ExReleaseFastMutex(&Cache->Mutex);
    return Status;
}
