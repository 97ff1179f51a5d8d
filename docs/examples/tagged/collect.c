/* The collector: marks what the roots reach, and frees the rest. Nothing moves.
 *
 * Terms   task = an object some of whose slots are still to be marked, or a pair's cdr.
 * I1  A pair is marked in its segment's bits, an object in its header.
 * I2  No mark is set outside of Collect.
 * I3  When the list of tasks is full, tasks are dropped: everything marked is looked at again until
 *     a round drops none.
 * Failure: none; all memory that it needs is committed at start. */
#include "tagged.h"

#include <stdio.h>
#include <string.h>

typedef struct _TASK {
    VALUE Value;
    DWORD Next; /* of an object: first slot not yet marked */
} TASK, *PTASK;

#define MAX_TASKS 32768

static PTASK Tasks;
static DWORD TaskCount;
static BOOL TasksDropped;

/* ---- Marks ----------------------------------------------------------------------------------- */

static PSEGMENT SegmentOfPair(VALUE Pair)
{
    return &Heap.Segment[Heap.SegmentOf[Pair >> GRANULE_SHIFT] - 1];
}

/* TRUE: it was not marked before. */
static BOOL MarkPair(VALUE Pair)
{
    PSEGMENT Segment = SegmentOfPair(Pair);
    DWORD Number = (Pair - Segment->Base) / sizeof(PAIR);
    DWORD *Word = (DWORD *)POINTER(Segment->Base) + Number / 32;
    DWORD Bit = (DWORD)1 << Number % 32;
    if (*Word & Bit)
        return FALSE;
    *Word |= Bit;
    return TRUE;
}

static BOOL MarkObject(VALUE Value)
{
    POBJECT Object = OBJECT_OF(Value);
    if (Object->Kind & MARKED)
        return FALSE;
    Object->Kind |= MARKED;
    return TRUE;
}

/* Marks the value. TRUE: it was not marked, and has values in it. */
static BOOL MarkOne(VALUE Value)
{
    if (IS_PAIR(Value))
        return MarkPair(Value);
    return IS_OBJECT(Value) && MarkObject(Value) && KIND_OF(Value) != KIND_STRING;
}

static VOID AddTask(VALUE Value, DWORD Next)
{
    if (TaskCount == MAX_TASKS) {
        TasksDropped = TRUE;
        return;
    }
    Tasks[TaskCount].Value = Value;
    Tasks[TaskCount++].Next = Next;
}

/* The first slot from Next on whose value was not marked, and has values in it, is marked now. What
 * is left of the object becomes a task. NIL: there is none. */
static VALUE NextOfObject(VALUE Value, DWORD Next)
{
    POBJECT Object = OBJECT_OF(Value);
    for (; Next < Object->Length; Next++)
        if (IS_ADDRESS(Object->Slot[Next]) && MarkOne(Object->Slot[Next])) {
            if (Next + 1 < Object->Length)
                AddTask(Value, Next + 1);
            return Object->Slot[Next];
        }
    return NIL;
}

/* Its car's or its cdr's value, marked now; NIL: neither has values that were not marked. */
static VALUE NextOfPair(VALUE Value)
{
    VALUE Car = CAR(Value), Cdr = CDR(Value);
    if (!MarkOne(Car))
        return MarkOne(Cdr) ? Cdr : NIL;
    if (MarkOne(Cdr))
        AddTask(Cdr, 0);
    return Car;
}

/* Everything that a value, marked itself, reaches. */
static VOID MarkFrom(VALUE Value)
{
    DWORD Next = 0;
    for (;;) {
        Value = IS_PAIR(Value) ? NextOfPair(Value) : NextOfObject(Value, Next);
        Next = 0;
        if (Value != NIL)
            continue;
        if (TaskCount == 0)
            return;
        Value = Tasks[--TaskCount].Value;
        Next = Tasks[TaskCount].Next;
    }
}

static VOID MarkRoot(VALUE Value)
{
    if (MarkOne(Value))
        MarkFrom(Value);
}

/* ---- When tasks were dropped ----------------------------------------------------------------- */

static VOID RemarkPairs(PSEGMENT Segment)
{
    const DWORD *Marks = POINTER(Segment->Base);
    DWORD Number;
    for (Number = MARK_BYTES / sizeof(PAIR); Number < Segment->Used / sizeof(PAIR); Number++)
        if (Marks[Number / 32] >> Number % 32 & 1)
            MarkFrom(Segment->Base + Number * sizeof(PAIR));
}

static VOID RemarkObject(VALUE Value)
{
    if (OBJECT_OF(Value)->Kind & MARKED && KIND_OF(Value) != KIND_STRING)
        MarkFrom(Value);
}

static VOID RemarkAll(VOID)
{
    DWORD i, At;
    for (i = 0; i < MAX_SEGMENTS; i++) {
        PSEGMENT Segment = &Heap.Segment[i];
        if (Segment->Base && Segment->Pairs)
            RemarkPairs(Segment);
        for (At = 0; Segment->Base && !Segment->Pairs && At < Segment->Used;
             At += BlockSize(POINTER(Segment->Base + At)))
            RemarkObject(Segment->Base + At + TAG_OBJECT);
    }
    for (i = 0; i < Heap.LargeCount; i++)
        RemarkObject(Heap.Large[i]);
}

static VOID MarkAll(VOID)
{
    DWORD i;
    TasksDropped = FALSE;
    MarkRoot(OutOfMemory);
    for (i = 0; i < SYMBOL_BUCKETS; i++)
        MarkRoot(Buckets[i]);
    for (i = 0; i < StackTop; i++)
        MarkRoot(Stack[i]);
    while (TasksDropped) {
        TasksDropped = FALSE;
        RemarkAll();
    }
}

/* ---- Sweeping -------------------------------------------------------------------------------- */

/* The pairs of a segment without a mark are free. The number of the others. */
static DWORD SweepPairs(PSEGMENT Segment)
{
    DWORD *Marks = POINTER(Segment->Base);
    DWORD Live = 0, Number = MARK_BYTES / sizeof(PAIR), End = Segment->Used / sizeof(PAIR);
    VALUE Before = Heap.FreePairs;
    for (; Number < End; Number++) {
        if (Number % 32 == 0 && Marks[Number / 32] == 0xffffffffu && End - Number >= 32) {
            Number += 31;
            Live += 32;
        } else if (Marks[Number / 32] >> Number % 32 & 1) {
            Live++;
        } else {
            VALUE Pair = Segment->Base + Number * sizeof(PAIR);
            CAR(Pair) = NIL;
            CDR(Pair) = Heap.FreePairs;
            Heap.FreePairs = Pair;
        }
    }
    memset(Marks, 0, MARK_BYTES);
    if (Live == 0) {
        Heap.FreePairs = Before;
        ReleaseSegment(Segment);
    }
    return Live * sizeof(PAIR);
}

/* Neighbours without a mark become one free block. Bytes of the others. */
static DWORD SweepObjects(PSEGMENT Segment)
{
    DWORD Live = 0, At = 0, Size, Before = Heap.FreeObjects;
    POBJECT Free = NULL;
    for (; At < Segment->Used; At += Size) {
        POBJECT Object = POINTER(Segment->Base + At);
        Size = BlockSize(Object);
        if (Object->Kind & MARKED) {
            Object->Kind &= ~MARKED;
            Live += Size;
            Free = NULL;
        } else if (Free) {
            Free->Length += Size;
        } else {
            Free = Object;
            Free->Kind = KIND_FREE;
            Free->Length = Size;
            Free->Slot[0] = Heap.FreeObjects;
            Heap.FreeObjects = Segment->Base + At;
        }
    }
    if (Live == 0) {
        Heap.FreeObjects = Before;
        ReleaseSegment(Segment);
    }
    return Live;
}

static VOID SweepAll(VOID)
{
    DWORD i;
    Heap.FreePairs = NIL;
    Heap.FreeObjects = 0;
    Heap.Live = 0;
    for (i = 0; i < MAX_SEGMENTS; i++) {
        PSEGMENT Segment = &Heap.Segment[i];
        if (Segment->Base)
            Heap.Live += Segment->Pairs ? SweepPairs(Segment) : SweepObjects(Segment);
    }
    for (i = Heap.LargeCount; i-- > 0;) {
        POBJECT Object = OBJECT_OF(Heap.Large[i]);
        if (Object->Kind & MARKED) {
            Object->Kind &= ~MARKED;
            Heap.Live += BlockSize(Object);
        } else {
            ReleaseLarge(i);
        }
    }
}

VOID Collect(VOID)
{
    Heap.Collections++;
    MarkAll();
    SweepAll();
}

BOOL CollectInit(VOID)
{
    ULONGLONG High;
    DWORD Base = MemoryReserve(MAX_TASKS * sizeof(TASK), &High);
    if (!Base || !MemoryCommit(Base, MAX_TASKS * sizeof(TASK))) {
        fprintf(stderr, "tagged: no memory for the collector: error %u\n",
                (unsigned)GetLastError());
        return FALSE;
    }
    Tasks = POINTER(Base);
    return TRUE;
}
