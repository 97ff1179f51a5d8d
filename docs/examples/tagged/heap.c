/* Pairs and objects in memory of VirtualAlloc's.
 *
 * Pairs fill segments of pairs, small objects fill segments of objects; what a collection found
 * free is used first. An object of more than LARGE_SIZE bytes has a reservation of its own, whose
 * fresh pages are not touched but for the header.
 * I1  Every address of the heap fits 32 bits.
 * I2  Heap.SegmentOf tells the segment of each pair and small object, and nothing of large ones.
 * I3  A collection happens only inside an allocation or Collect: what a function holds across one
 *     must be reachable from a root. The values given to Cons are kept by it.
 * Failure: one more collection, then the error "out of memory" is raised; nothing has changed. */
#include "tagged.h"

#include <stdio.h>
#include <string.h>

#define LARGE_SIZE ((DWORD)256 << 10)
#define COMMIT_STEP ((DWORD)256 << 10)
#define LEAST_GARBAGE ((DWORD)16 << 20)

HEAP Heap;
#ifdef TAGGED_SPACE
HANDLE MemorySpace;
char *MemoryBase;
#endif

/* ---- Segments -------------------------------------------------------------------------------- */

/* Reserves, or 0. Addresses beyond 32 bits count as none: the program cannot name them. */
static DWORD Reserve(SIZE_T Size)
{
    ULONGLONG High;
    DWORD Base = MemoryReserve(Size, &High);
    if (Base && Base + (DWORD)Size - 1 >= Heap.Highest)
        Heap.Highest = Base + (DWORD)Size - 1;
    return Base;
}

static VOID NoteSegment(PSEGMENT Segment, WORD Number)
{
    DWORD i;
    for (i = 0; i < SEGMENT_SIZE >> GRANULE_SHIFT; i++)
        Heap.SegmentOf[(Segment->Base >> GRANULE_SHIFT) + i] = Number;
}

/* A segment without contents, or NULL. */
static PSEGMENT NewSegment(BOOL Pairs)
{
    PSEGMENT Segment = Heap.Segment;
    while (Segment < Heap.Segment + MAX_SEGMENTS && Segment->Base)
        Segment++;
    if (Segment == Heap.Segment + MAX_SEGMENTS || !(Segment->Base = Reserve(SEGMENT_SIZE)))
        return NULL;
    Segment->Pairs = Pairs;
    Segment->Used = Pairs ? MARK_BYTES : 0;
    Segment->Committed = COMMIT_STEP;
    if (!MemoryCommit(Segment->Base, COMMIT_STEP)) {
        MemoryRelease(Segment->Base);
        Segment->Base = 0;
        return NULL;
    }
    NoteSegment(Segment, (WORD)(Segment - Heap.Segment + 1));
    return Segment;
}

VOID ReleaseSegment(PSEGMENT Segment)
{
    NoteSegment(Segment, 0);
    MemoryRelease(Segment->Base);
    Segment->Base = 0;
}

/* Size bytes at the end of what the segment holds: their address, or 0. */
static DWORD Extend(PSEGMENT Segment, DWORD Size)
{
    DWORD Used = Segment->Used;
    if (Size > SEGMENT_SIZE - Used)
        return 0;
    while (Used + Size > Segment->Committed) {
        if (!MemoryCommit(Segment->Base + Segment->Committed, COMMIT_STEP))
            return 0;
        Segment->Committed += COMMIT_STEP;
    }
    Segment->Used += Size;
    return Segment->Base + Used;
}

/* Fresh memory from the segment that grew last, or from a new one; 0: there is none. */
static DWORD Grow(BOOL Pairs, DWORD Size)
{
    static PSEGMENT Last[2];
    PSEGMENT Segment = Last[Pairs];
    DWORD Address = 0;
    if (Segment && Segment->Base && Segment->Pairs == Pairs)
        Address = Extend(Segment, Size);
    if (!Address && (Segment = NewSegment(Pairs)) != NULL) {
        Last[Pairs] = Segment;
        Address = Extend(Segment, Size);
    }
    return Address;
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

static VALUE TryPair(VOID)
{
    VALUE Pair = Heap.FreePairs;
    if (Pair) {
        Heap.FreePairs = CDR(Pair);
        return Pair;
    }
    return Grow(TRUE, sizeof(PAIR));
}

/* The next collection is due when as much as is live now, but at least LEAST_GARBAGE bytes, was
 * allocated. */
static VOID CollectAndPlan(VOID)
{
    Collect();
    Heap.CollectAt = Heap.Live + (Heap.Live > LEAST_GARBAGE ? Heap.Live : LEAST_GARBAGE);
}

VALUE Cons(VALUE Car, VALUE Cdr)
{
    VALUE Pair = 0;
    if (Heap.Live < Heap.CollectAt)
        Pair = TryPair();
    if (!Pair) {
        Push(Car);
        Push(Cdr);
        CollectAndPlan();
        StackTop -= 2;
        if (!(Pair = TryPair()))
            Raise(OutOfMemory);
    }
    CAR(Pair) = Car;
    CDR(Pair) = Cdr;
    Heap.Live += sizeof(PAIR);
    return Pair;
}

/* ---- Objects --------------------------------------------------------------------------------- */

DWORD ObjectSize(DWORD Kind, DWORD Length)
{
    ULONGLONG Size = HEADER_SIZE + (ULONGLONG)Length * (Kind == KIND_STRING ? 1 : sizeof(VALUE));
    Size = (Size + 15) & ~(ULONGLONG)15; /* 16: a free block has room for its link */
    return Size > 0xfffe0000u ? 0 : (DWORD)Size;
}

DWORD BlockSize(POBJECT Object)
{
    DWORD Kind = Object->Kind & KIND_MASK;
    return Kind == KIND_FREE ? Object->Length : ObjectSize(Kind, Object->Length);
}

/* The first free block that is large enough; what is left of it stays free. */
static DWORD TakeFree(DWORD Size)
{
    DWORD *Link = &Heap.FreeObjects;
    while (*Link) {
        DWORD Address = *Link;
        POBJECT Block = POINTER(Address);
        if (Block->Length == Size) {
            *Link = Block->Slot[0];
            return Address;
        }
        if (Block->Length > Size) {
            Block->Length -= Size;
            return Address + Block->Length;
        }
        Link = &Block->Slot[0];
    }
    return 0;
}

static DWORD TryLarge(DWORD Size)
{
    DWORD Address;
    if (Heap.LargeCount == MAX_LARGE || !(Address = Reserve(Size)))
        return 0;
    if (!MemoryCommit(Address, Size)) {
        MemoryRelease(Address);
        return 0;
    }
    Heap.Large[Heap.LargeCount++] = Address + TAG_OBJECT;
    return Address;
}

VOID ReleaseLarge(DWORD Index)
{
    MemoryRelease(Heap.Large[Index] - TAG_OBJECT);
    Heap.Large[Index] = Heap.Large[--Heap.LargeCount];
}

static DWORD TryObject(DWORD Size)
{
    DWORD Address;
    if (Size > LARGE_SIZE)
        return TryLarge(Size);
    Address = TakeFree(Size);
    if (!Address)
        Address = Grow(FALSE, Size);
    if (Address)
        memset(POINTER(Address), 0, Size);
    return Address;
}

VALUE NewObject(DWORD Kind, DWORD Length)
{
    DWORD Size = ObjectSize(Kind, Length), Address = 0;
    POBJECT Object;
    if (!Size)
        Raise(OutOfMemory);
    if (Heap.Live + Size < Heap.CollectAt)
        Address = TryObject(Size);
    if (!Address) {
        CollectAndPlan();
        if (!(Address = TryObject(Size)))
            Raise(OutOfMemory);
    }
    Object = POINTER(Address);
    Object->Kind = Kind;
    Object->Length = Length;
    Heap.Live += Size;
    return Address + TAG_OBJECT;
}

VALUE NewString(LPCSTR Bytes, DWORD Length)
{
    VALUE String = NewObject(KIND_STRING, Length);
    memcpy(BYTES_OF(String), Bytes, Length);
    return String;
}

/* ---- Start ----------------------------------------------------------------------------------- */

BOOL HeapInit(VOID)
{
    ULONGLONG High = 0;
    DWORD Probe = MemoryInit() ? MemoryReserve(SEGMENT_SIZE, &High) : 0;
    if (High)
        fprintf(stderr, "tagged: VirtualAlloc gives addresses above 4 GiB, and this program's "
                        "pointers have 32 bits; it needs a 32-bit address space\n");
    else if (!Probe)
        fprintf(stderr, "tagged: no memory: error %u\n", (unsigned)GetLastError());
    if (!Probe)
        return FALSE;
    MemoryRelease(Probe);
    Heap.CollectAt = LEAST_GARBAGE;
    return CollectInit();
}
