/* main.c: the test of the driver in cache.c, in user mode.
 *
 *     block-cache [REQUESTS]
 *
 * Clients read and write the blocks of a file through a cache, half of the time at DISPATCH_LEVEL;
 * workers stand for the system's worker threads. Then the file must hold what was written, the
 * counters of the cache must agree, and by the counters of the tags nothing may be left in the
 * pools. Exit status: 0 all of that; 3 the same, but some call was refused for want of memory, as
 * it should be when an allocation fails; 1 something is wrong. */
#include "cache.h"

#include <winternl.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS 240
#define CAPACITY 32
#define CLIENTS 3
#define WORKERS 2
#define BATCH 4

static DISK Disk;
static PCACHE Cache;
static int File;
static sem_t Work;
static volatile LONG Stopping;
static LONG Wrong, Refused;
static ULONG Version[BLOCKS]; /* what was written last; each belongs to one client */
static ULONG RequestCount = 3000;

static VOID Expect(BOOLEAN Condition, const char *What)
{
    if (!Condition && __atomic_fetch_add(&Wrong, 1, __ATOMIC_RELAXED) < 10)
        printf("wrong: %s\n", What);
}

/* A refusal is right when the status says so. */
static VOID NoteRefusal(NTSTATUS Status)
{
    Expect(Status == STATUS_INSUFFICIENT_RESOURCES, "another status than no memory");
    __atomic_fetch_add(&Refused, 1, __ATOMIC_RELAXED);
}

/* ---- The disk: a file ------------------------------------------------------------------------ */

static VOID FillBlock(PULONG Data, ULONG Block, ULONG BlockVersion)
{
    ULONG i;

    for (i = 0; i < BLOCK_SIZE / sizeof(ULONG); i++)
        Data[i] = (Block * 2654435761u) ^ (BlockVersion * 40503u + i);
}

static NTSTATUS ReadBlock(PVOID Context, ULONG Block, PVOID Data)
{
    UNREFERENCED_PARAMETER(Context);
    Expect(KeGetCurrentIrql() < DISPATCH_LEVEL, "a read at DISPATCH_LEVEL");
    return pread(File, Data, BLOCK_SIZE, (off_t)Block * BLOCK_SIZE) == BLOCK_SIZE
               ? STATUS_SUCCESS
               : STATUS_IO_DEVICE_ERROR;
}

static NTSTATUS WriteBlock(PVOID Context, ULONG Block, const VOID *Data)
{
    UNREFERENCED_PARAMETER(Context);
    Expect(KeGetCurrentIrql() < DISPATCH_LEVEL, "a write at DISPATCH_LEVEL");
    return pwrite(File, Data, BLOCK_SIZE, (off_t)Block * BLOCK_SIZE) == BLOCK_SIZE
               ? STATUS_SUCCESS
               : STATUS_IO_DEVICE_ERROR;
}

static VOID QueueWork(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    sem_post(&Work);
}

static BOOLEAN MakeDisk(VOID)
{
    char Name[] = "/tmp/block-cache.XXXXXX";
    ULONG Data[BLOCK_SIZE / sizeof(ULONG)], i;

    File = mkstemp(Name);
    if (File < 0)
        return FALSE;
    unlink(Name);
    for (i = 0; i < BLOCKS; i++) {
        FillBlock(Data, i, 0);
        if (!NT_SUCCESS(WriteBlock(NULL, i, Data)))
            return FALSE;
    }
    Disk.BlockCount = BLOCKS;
    Disk.ReadBlock = ReadBlock;
    Disk.WriteBlock = WriteBlock;
    Disk.QueueWork = QueueWork;
    return TRUE;
}

static VOID CheckDisk(VOID)
{
    ULONG Data[BLOCK_SIZE / sizeof(ULONG)], Right[BLOCK_SIZE / sizeof(ULONG)], i;

    for (i = 0; i < BLOCKS; i++) {
        FillBlock(Right, i, Version[i]);
        Expect(NT_SUCCESS(ReadBlock(NULL, i, Data)) && memcmp(Data, Right, BLOCK_SIZE) == 0,
               "a block of the file is not as written");
    }
}

/* ---- Workers and clients --------------------------------------------------------------------- */

static void *RunWorker(void *Argument)
{
    UNREFERENCED_PARAMETER(Argument);
    for (;;) {
        while (sem_wait(&Work) != 0)
            continue;
        if (Stopping)
            return NULL;
        Expect(CacheWork(Cache), "no request for a worker that was asked for");
    }
}

typedef struct _TRANSFER {
    sem_t *Done;
    ULONG Block;
    BOOLEAN IsWrite;
    NTSTATUS Status;
} TRANSFER, *PTRANSFER;

static VOID OnComplete(PVOID Context, NTSTATUS Status, const VOID *Data)
{
    PTRANSFER Transfer = Context;
    ULONG Right[BLOCK_SIZE / sizeof(ULONG)];

    Expect(KeGetCurrentIrql() == DISPATCH_LEVEL, "completed at another level");
    Transfer->Status = Status;
    Expect((Data != NULL) == (!Transfer->IsWrite && NT_SUCCESS(Status)), "data or none");
    if (Data != NULL) {
        FillBlock(Right, Transfer->Block, Version[Transfer->Block]);
        Expect(memcmp(Data, Right, BLOCK_SIZE) == 0, "a block is not as written");
    }
    sem_post(Transfer->Done);
}

/* Some callers are interrupts of other devices. */
static NTSTATUS Submit(PTRANSFER Transfer, BOOLEAN AtDispatch)
{
    ULONG Data[BLOCK_SIZE / sizeof(ULONG)];
    NTSTATUS Status;
    KIRQL OldIrql;

    if (Transfer->IsWrite)
        FillBlock(Data, Transfer->Block, Version[Transfer->Block] + 1);
    KeRaiseIrql(AtDispatch ? DISPATCH_LEVEL : PASSIVE_LEVEL, &OldIrql);
    Status = CacheSubmit(Cache, Transfer->Block, Transfer->IsWrite ? Data : NULL, OnComplete,
                         Transfer);
    KeLowerIrql(OldIrql);
    return Status;
}

static VOID FinishTransfer(PTRANSFER Transfer)
{
    if (!NT_SUCCESS(Transfer->Status))
        NoteRefusal(Transfer->Status);
    else if (Transfer->IsWrite)
        Version[Transfer->Block]++;
}

static void *RunClient(void *Argument)
{
    ULONG Client = (ULONG)(ULONG_PTR)Argument, Random = Client * 7919 + 1, n, i, Queued;
    TRANSFER Transfers[BATCH];
    NTSTATUS Status;
    sem_t Done;

    sem_init(&Done, 0, 0);
    for (n = 0; n < RequestCount; n += BATCH) {
        for (i = Queued = 0; i < BATCH; i++) {
            PTRANSFER Transfer = &Transfers[i];
            Random = Random * 1103515245 + 12345;
            /* Blocks of this client, another one for each of the batch, some more often. */
            Transfer->Block = ((Random >> 8) % (Random & 0x40 ? 4 : BLOCKS / CLIENTS / BATCH) *
                                   BATCH + i) * CLIENTS + Client;
            Transfer->IsWrite = (Random >> 28) & 1;
            Transfer->Done = &Done;
            Status = Submit(Transfer, (Random >> 27) & 1);
            if (Status == STATUS_PENDING)
                Queued++;
            else
                Transfer->Status = Status;
        }
        while (Queued > 0)
            if (sem_wait(&Done) == 0)
                Queued--;
        for (i = 0; i < BATCH; i++)
            FinishTransfer(&Transfers[i]);
    }
    sem_destroy(&Done);
    return NULL;
}

static VOID RunThreads(VOID)
{
    pthread_t Clients[CLIENTS], Workers[WORKERS];
    ULONG_PTR i;

    for (i = 0; i < WORKERS; i++)
        pthread_create(&Workers[i], NULL, RunWorker, NULL);
    for (i = 0; i < CLIENTS; i++)
        pthread_create(&Clients[i], NULL, RunClient, (void *)i);
    for (i = 0; i < CLIENTS; i++)
        pthread_join(Clients[i], NULL);
    Stopping = 1;
    for (i = 0; i < WORKERS; i++)
        sem_post(&Work);
    for (i = 0; i < WORKERS; i++)
        pthread_join(Workers[i], NULL);
}

/* ---- What is left ---------------------------------------------------------------------------- */

static const ULONG Tags[] = {TAG_DEVICE, TAG_REQUEST, TAG_HASH, TAG_BLOCK, TAG_DATA};

/* The counters of a tag; all zero: it was never used. */
static SYSTEM_POOLTAG CountersOf(ULONG Tag)
{
    static struct {
        ULONG Count;
        SYSTEM_POOLTAG Tags[1024];
    } Table;
    SYSTEM_POOLTAG None = {0};
    ULONG i;

    Expect(NT_SUCCESS(NtQuerySystemInformation(SystemPoolTagInformation, &Table, sizeof(Table),
                                               NULL)),
           "the counters of the tags");
    for (i = 0; i < Table.Count; i++)
        if (Table.Tags[i].TagUlong == Tag)
            return Table.Tags[i];
    return None;
}

static VOID CheckPools(VOID)
{
    ULONG i, Allocations = 0;

    for (i = 0; i < ARRAYSIZE(Tags); i++) {
        SYSTEM_POOLTAG Row = CountersOf(Tags[i]);
        Allocations += Row.PagedAllocs + Row.NonPagedAllocs;
        if (Row.PagedAllocs != Row.PagedFrees || Row.NonPagedAllocs != Row.NonPagedFrees ||
            Row.PagedUsed != 0 || Row.NonPagedUsed != 0) {
            printf("%.4s: %llu bytes left\n", (const char *)&Tags[i],
                   (unsigned long long)(Row.PagedUsed + Row.NonPagedUsed));
            Expect(FALSE, "something is left in the pools");
        }
    }
    printf("%u allocations\n", (unsigned)Allocations);
}

static VOID CheckStatistics(VOID)
{
    CACHE_STATISTICS Counts;

    CacheQuery(Cache, &Counts);
    printf("%u requests: %u hits, %u misses, %u evictions, %u write-backs, %u refused\n",
           (unsigned)Counts.Requests, (unsigned)Counts.Hits, (unsigned)Counts.Misses,
           (unsigned)Counts.Evictions, (unsigned)Counts.WriteBacks, (unsigned)Counts.Failures);
    Expect(Counts.Hits + Counts.Misses == Counts.Requests, "hits and misses of all requests");
    Expect(Counts.Failures == (ULONG)Refused, "refusals");
    Expect(Refused != 0 || Counts.Misses - Counts.Evictions == CAPACITY, "blocks in the cache");
}

int main(int argc, char **argv)
{
    NTSTATUS Status;

    if (argc > 1)
        RequestCount = (ULONG)strtoul(argv[1], NULL, 10);
    sem_init(&Work, 0, 0);
    if (!MakeDisk()) {
        perror("block-cache: no file");
        return 1;
    }
    Status = CacheCreate(&Disk, CAPACITY, &Cache);
    if (NT_SUCCESS(Status)) {
        RunThreads();
        Expect(NT_SUCCESS(CacheFlush(Cache)), "the flush");
        CheckStatistics();
        CacheDelete(Cache);
    } else {
        printf("no cache: status 0x%08X\n", (unsigned)Status);
        NoteRefusal(Status);
    }
    CheckDisk();
    CheckPools();
    printf("%s, %d refused\n", Wrong ? "wrong" : "all as written, nothing left", (int)Refused);
    return Wrong ? 1 : Refused ? 3 : 0;
}
