/* wordindex: the most frequent words of a set of text files.
 *
 *     wordindex [-n COUNT] FILE... | @LIST...      (a LIST file holds one file name per line)
 *
 * All memory of the index is one reservation of 64 GiB, cut into zones that are committed as they
 * grow: the words, the postings (one per occurrence: file and offset), the hash tables, and scratch
 * space for sorting. When the last file is read the index becomes read-only, the state of every
 * page is checked, the answers are compared with a second count that uses no index, the postings
 * are decommitted and the reservation is released. Exit status: 0 when everything agrees, 1 when
 * something does not, 2 when the work could not be done. */
#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESERVE_SIZE ((SIZE_T)64 << 30)
#define COMMIT_STEP ((SIZE_T)1 << 20)
#define NAMES_SIZE ((SIZE_T)256 << 20)
#define READ_SIZE 65536
#define MAX_WORD 63
#define MAX_TOP 100
#define FIRST_TABLE 4096

typedef struct _ZONE {
    LPBYTE Base;
    SIZE_T Size;
    SIZE_T Used;
    SIZE_T Committed;
} ZONE, *PZONE;

typedef struct _POSTING {
    DWORD File;
    DWORD Offset;
    ULONGLONG Next; /* number of the next posting plus one, or 0 */
} POSTING, *PPOSTING;

typedef struct _WORD_ENTRY {
    ULONGLONG Count;
    ULONGLONG First; /* number of the newest posting plus one */
    DWORD Hash;
    DWORD Length;
    CHAR Text[1]; /* Length characters and a NUL */
} WORD_ENTRY, *PWORD_ENTRY;

/* What the index and the plain count must agree on. */
typedef struct _TOTALS {
    ULONGLONG Files;
    ULONGLONG Skipped;
    ULONGLONG Bytes;
    ULONGLONG Words;
    ULONGLONG HashSum;
} TOTALS, *PTOTALS;

enum { ZONE_WORDS, ZONE_POSTINGS, ZONE_TABLES, ZONE_SCRATCH, ZONE_COUNT };

typedef struct _INDEX {
    LPBYTE Base;
    ZONE Zone[ZONE_COUNT];
    PWORD_ENTRY *Table;
    SIZE_T TableSize; /* a power of two */
    SIZE_T WordCount;
    ULONGLONG PostingCount;
} INDEX, *PINDEX;

typedef VOID (*WORD_HANDLER)(PVOID Context, LPCSTR Text, DWORD Length, DWORD Offset);

typedef struct _TOP_COUNT {
    PWORD_ENTRY Word;
    ULONGLONG Seen;
} TOP_COUNT;

typedef struct _PLAIN_COUNT {
    TOTALS Totals;
    TOP_COUNT Top[MAX_TOP];
    DWORD TopCount;
} PLAIN_COUNT, *PPLAIN_COUNT;

typedef struct _INDEXING {
    PINDEX Index;
    DWORD File;
} INDEXING, *PINDEXING;

static SYSTEM_INFO SystemInfo;
static ZONE Names;       /* NUL-terminated file names, one after the other */
static DWORD NameCount;
static DWORD TopWanted = 20;
static DWORD Disagreements;

/* ---- Errors ---------------------------------------------------------------------------------- */

static LPCSTR ErrorText(DWORD Error)
{
    switch (Error) {
    case ERROR_SUCCESS: return "no error";
    case ERROR_ACCESS_DENIED: return "access is denied";
    case ERROR_NOT_ENOUGH_MEMORY: return "not enough memory";
    case ERROR_INVALID_PARAMETER: return "the parameter is incorrect";
    case ERROR_INVALID_ADDRESS: return "attempt to access invalid address";
    case ERROR_COMMITMENT_LIMIT: return "the paging file is too small";
    default: return "unexpected error";
    }
}

static VOID FailWithLastError(LPCSTR What)
{
    DWORD Error = GetLastError();
    fprintf(stderr, "wordindex: %s: %s (%u)\n", What, ErrorText(Error), (unsigned)Error);
    exit(2);
}

static VOID Expect(BOOL Condition, LPCSTR What)
{
    if (!Condition) {
        printf("DISAGREES: %s\n", What);
        Disagreements++;
    }
}

/* ---- Zones: memory that is committed as it grows --------------------------------------------- */

static SIZE_T RoundUp(SIZE_T Value, SIZE_T Unit)
{
    return (Value + Unit - 1) / Unit * Unit;
}

static VOID ZoneInit(PZONE Zone, LPBYTE Base, SIZE_T Size)
{
    Zone->Base = Base;
    Zone->Size = Size;
    Zone->Used = 0;
    Zone->Committed = 0;
}

/* Size bytes at the end of the zone, aligned to 8; their contents are zero. */
static LPVOID ZoneAlloc(PZONE Zone, SIZE_T Size)
{
    LPBYTE Result = Zone->Base + Zone->Used;
    SIZE_T Needed = Zone->Used + RoundUp(Size, 8);

    if (Needed > Zone->Committed) {
        SIZE_T Committed = RoundUp(Needed, COMMIT_STEP);
        if (Committed > Zone->Size) {
            SetLastError(ERROR_NOT_ENOUGH_MEMORY);
            FailWithLastError("a zone of the index is full");
        }
        if (!VirtualAlloc(Zone->Base + Zone->Committed, Committed - Zone->Committed, MEM_COMMIT,
                          PAGE_READWRITE))
            FailWithLastError("VirtualAlloc(MEM_COMMIT)");
        Zone->Committed = Committed;
    }
    Zone->Used = Needed;
    return Result;
}

static VOID ZoneProtect(PZONE Zone, DWORD Protect)
{
    DWORD Old = 0;
    if (Zone->Committed == 0)
        return;
    if (!VirtualProtect(Zone->Base, Zone->Committed, Protect, &Old))
        FailWithLastError("VirtualProtect");
    Expect(Old == PAGE_READWRITE, "the protection before VirtualProtect");
}

/* ---- Reading words --------------------------------------------------------------------------- */

static BOOL IsWordByte(int Byte)
{
    return (Byte >= 'a' && Byte <= 'z') || (Byte >= 'A' && Byte <= 'Z') ||
           (Byte >= '0' && Byte <= '9') || Byte == '_' || Byte >= 0x80;
}

static DWORD HashWord(LPCSTR Text, DWORD Length)
{
    DWORD Hash = 2166136261u, i;
    for (i = 0; i < Length; i++)
        Hash = (Hash ^ (BYTE)Text[i]) * 16777619u;
    return Hash;
}

/* Calls Handler for each word of the file, in lower case, cut to MAX_WORD bytes. A file that holds
 * a NUL byte in its first READ_SIZE bytes is not text: FALSE, as for one that cannot be opened. */
static BOOL ReadWords(LPCSTR Name, WORD_HANDLER Handler, PVOID Context, ULONGLONG *Bytes)
{
    static BYTE Buffer[READ_SIZE];
    CHAR Word[MAX_WORD + 1];
    DWORD Length = 0, Start = 0, Offset = 0;
    BOOL Inside = FALSE;
    SIZE_T Got, i;
    FILE *File = fopen(Name, "rb");

    if (!File)
        return FALSE;
    while ((Got = fread(Buffer, 1, sizeof(Buffer), File)) > 0) {
        if (Offset == 0 && memchr(Buffer, 0, Got)) {
            fclose(File);
            return FALSE;
        }
        for (i = 0; i < Got; i++, Offset++) {
            int Byte = Buffer[i];
            if (IsWordByte(Byte)) {
                if (!Inside)
                    Start = Offset;
                Inside = TRUE;
                if (Length < MAX_WORD)
                    Word[Length++] = (CHAR)(Byte >= 'A' && Byte <= 'Z' ? Byte + 32 : Byte);
            } else if (Inside) {
                Word[Length] = 0;
                Handler(Context, Word, Length, Start);
                Inside = FALSE;
                Length = 0;
            }
        }
    }
    if (Inside) {
        Word[Length] = 0;
        Handler(Context, Word, Length, Start);
    }
    fclose(File);
    *Bytes += Offset;
    return TRUE;
}

/* ---- The list of files: an allocation of its own that lives until the process ends ----------- */

static VOID AddName(LPCSTR Name, SIZE_T Length)
{
    LPSTR Copy;
    if (Length == 0)
        return;
    Copy = ZoneAlloc(&Names, Length + 1);
    memcpy(Copy, Name, Length);
    Copy[Length] = 0;
    NameCount++;
}

static LPCSTR NextName(LPCSTR Name)
{
    return Name + RoundUp(strlen(Name) + 1, 8);
}

static VOID AddList(LPCSTR ListName)
{
    CHAR Line[4096];
    FILE *File = fopen(ListName, "r");

    if (!File) {
        fprintf(stderr, "wordindex: cannot open the list %s\n", ListName);
        exit(2);
    }
    while (fgets(Line, sizeof(Line), File))
        AddName(Line, strcspn(Line, "\r\n"));
    fclose(File);
}

static VOID ReadArguments(int argc, char **argv)
{
    LPBYTE Base = VirtualAlloc(NULL, NAMES_SIZE, MEM_RESERVE, PAGE_READWRITE);
    int i;

    if (!Base)
        FailWithLastError("VirtualAlloc(MEM_RESERVE) for the names");
    ZoneInit(&Names, Base, NAMES_SIZE);
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
            TopWanted = (DWORD)strtoul(argv[++i], NULL, 10);
        else if (argv[i][0] == '@')
            AddList(argv[i] + 1);
        else
            AddName(argv[i], strlen(argv[i]));
    }
    if (TopWanted > MAX_TOP)
        TopWanted = MAX_TOP;
    if (NameCount == 0) {
        fprintf(stderr, "usage: wordindex [-n COUNT] FILE... | @LIST...\n");
        exit(2);
    }
    ZoneProtect(&Names, PAGE_READONLY);
}

/* ---- The index ------------------------------------------------------------------------------- */

static VOID NewTable(PINDEX Index, SIZE_T Size)
{
    PZONE Zone = &Index->Zone[ZONE_TABLES];
    /* Every table begins on a page of its own, so that it can be decommitted alone. */
    Zone->Used = RoundUp(Zone->Used, SystemInfo.dwPageSize);
    Index->Table = ZoneAlloc(Zone, Size * sizeof(PWORD_ENTRY));
    Index->TableSize = Size;
}

static VOID IndexInit(PINDEX Index)
{
    SIZE_T Part = RESERVE_SIZE / ZONE_COUNT;
    int i;

    Index->Base = VirtualAlloc(NULL, RESERVE_SIZE, MEM_RESERVE, PAGE_READWRITE);
    if (!Index->Base)
        FailWithLastError("VirtualAlloc(MEM_RESERVE) of 64 GiB");
    Expect((ULONG_PTR)Index->Base % SystemInfo.dwAllocationGranularity == 0,
           "a reservation begins on the allocation granularity");
    for (i = 0; i < ZONE_COUNT; i++)
        ZoneInit(&Index->Zone[i], Index->Base + i * Part, Part);
    Index->WordCount = 0;
    Index->PostingCount = 0;
    NewTable(Index, FIRST_TABLE);
}

static PWORD_ENTRY *FindSlot(PINDEX Index, LPCSTR Text, DWORD Length, DWORD Hash)
{
    SIZE_T Mask = Index->TableSize - 1, i = Hash & Mask;
    PWORD_ENTRY Entry;

    while ((Entry = Index->Table[i]) != NULL) {
        if (Entry->Hash == Hash && Entry->Length == Length && !memcmp(Entry->Text, Text, Length))
            break;
        i = (i + 1) & Mask;
    }
    return &Index->Table[i];
}

/* Twice the slots at fresh addresses; the old table's memory goes back, its addresses stay. */
static VOID GrowTable(PINDEX Index)
{
    PWORD_ENTRY *Old = Index->Table;
    SIZE_T OldSize = Index->TableSize, i;
    SIZE_T OldBytes = RoundUp(OldSize * sizeof(PWORD_ENTRY), SystemInfo.dwPageSize);

    NewTable(Index, OldSize * 2);
    for (i = 0; i < OldSize; i++)
        if (Old[i])
            *FindSlot(Index, Old[i]->Text, Old[i]->Length, Old[i]->Hash) = Old[i];
    if (!VirtualFree(Old, OldBytes, MEM_DECOMMIT))
        FailWithLastError("VirtualFree(MEM_DECOMMIT) of a hash table");
}

static VOID IndexWord(PVOID Context, LPCSTR Text, DWORD Length, DWORD Offset)
{
    PINDEXING Indexing = Context;
    PINDEX Index = Indexing->Index;
    DWORD Hash = HashWord(Text, Length);
    PWORD_ENTRY *Slot = FindSlot(Index, Text, Length, Hash);
    PPOSTING Posting;

    if (!*Slot) {
        PWORD_ENTRY Entry = ZoneAlloc(&Index->Zone[ZONE_WORDS], sizeof(WORD_ENTRY) + Length);
        Entry->Hash = Hash;
        Entry->Length = Length;
        memcpy(Entry->Text, Text, Length);
        *Slot = Entry;
        if (++Index->WordCount * 4 > Index->TableSize * 3) {
            GrowTable(Index);
            Slot = FindSlot(Index, Text, Length, Hash);
        }
    }
    Posting = ZoneAlloc(&Index->Zone[ZONE_POSTINGS], sizeof(POSTING));
    Posting->File = Indexing->File;
    Posting->Offset = Offset;
    Posting->Next = (*Slot)->First;
    (*Slot)->First = ++Index->PostingCount;
    (*Slot)->Count++;
}

static VOID BuildIndex(PINDEX Index, PTOTALS Totals)
{
    INDEXING Indexing;
    LPCSTR Name = (LPCSTR)Names.Base;

    Indexing.Index = Index;
    for (Indexing.File = 0; Indexing.File < NameCount; Indexing.File++, Name = NextName(Name)) {
        if (ReadWords(Name, IndexWord, &Indexing, &Totals->Bytes))
            Totals->Files++;
        else
            Totals->Skipped++;
    }
}

/* Adds up what the index holds; every posting is visited. */
static VOID SumIndex(PINDEX Index, PTOTALS Totals)
{
    PPOSTING Postings = (PPOSTING)Index->Zone[ZONE_POSTINGS].Base;
    SIZE_T i;

    for (i = 0; i < Index->TableSize; i++) {
        PWORD_ENTRY Entry = Index->Table[i];
        ULONGLONG Number, Length = 0;
        if (!Entry)
            continue;
        for (Number = Entry->First; Number; Number = Postings[Number - 1].Next)
            Length++;
        Expect(Length == Entry->Count, "a word's count and its number of postings");
        Totals->Words += Length;
        Totals->HashSum += Length * Entry->Hash;
    }
}

/* ---- Page states ----------------------------------------------------------------------------- */

/* Walks the reservation with VirtualQuery. Every page must be reserved, or committed with Protect;
 * returns the bytes that are committed. */
static SIZE_T WalkRange(LPBYTE Base, SIZE_T Size, DWORD Protect)
{
    MEMORY_BASIC_INFORMATION Info;
    LPBYTE At = Base;
    SIZE_T Committed = 0;

    while (At < Base + Size) {
        if (VirtualQuery(At, &Info, sizeof(Info)) != sizeof(Info))
            FailWithLastError("VirtualQuery");
        Expect(Info.BaseAddress == At, "a region begins where the last one ended");
        Expect(Info.AllocationBase == Base, "every region belongs to the reservation");
        Expect(Info.AllocationProtect == PAGE_READWRITE, "the protection given to VirtualAlloc");
        Expect(Info.Type == MEM_PRIVATE, "the memory is private");
        if (Info.State == MEM_COMMIT) {
            Expect(Info.Protect == Protect, "the protection of committed pages");
            Committed += Info.RegionSize;
        } else {
            Expect(Info.State == MEM_RESERVE && Info.Protect == 0, "the other pages are reserved");
        }
        At += Info.RegionSize;
    }
    Expect(At == Base + Size, "the last region ends with the reservation");
    return Committed;
}

/* Outgrown hash tables are reserved again; all else that was committed is read-only. */
static VOID CheckReadOnly(PINDEX Index)
{
    LPBYTE Tables = Index->Zone[ZONE_TABLES].Base;
    SIZE_T Dropped = (SIZE_T)((LPBYTE)Index->Table - Tables), Expected = 0;
    int i;

    for (i = 0; i < ZONE_COUNT; i++)
        Expected += Index->Zone[i].Committed;
    Expect(WalkRange(Index->Base, RESERVE_SIZE, PAGE_READONLY) == Expected - Dropped,
           "the committed bytes of the index");
}

static VOID MakeReadOnly(PINDEX Index)
{
    PZONE Tables = &Index->Zone[ZONE_TABLES];
    ZONE Live;

    ZoneInit(&Live, (LPBYTE)Index->Table, 0);
    Live.Committed = (SIZE_T)(Tables->Base + Tables->Committed - (LPBYTE)Index->Table);
    ZoneProtect(&Live, PAGE_READONLY);
    ZoneProtect(&Index->Zone[ZONE_WORDS], PAGE_READONLY);
    ZoneProtect(&Index->Zone[ZONE_POSTINGS], PAGE_READONLY);
    CheckReadOnly(Index);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static int __cdecl CompareWords(const void *Left, const void *Right)
{
    const WORD_ENTRY *a = *(const PWORD_ENTRY *)Left, *b = *(const PWORD_ENTRY *)Right;
    if (a->Count != b->Count)
        return a->Count < b->Count ? 1 : -1;
    return strcmp(a->Text, b->Text);
}

static DWORD FilesWithWord(PINDEX Index, PWORD_ENTRY Entry)
{
    PPOSTING Postings = (PPOSTING)Index->Zone[ZONE_POSTINGS].Base;
    ULONGLONG Number;
    DWORD Files = 0, Last = MAXDWORD;

    for (Number = Entry->First; Number; Number = Postings[Number - 1].Next) {
        if (Postings[Number - 1].File != Last)
            Files++;
        Last = Postings[Number - 1].File;
    }
    return Files;
}

/* Sorts the words in scratch memory, prints the first ones and notes them for the plain count. */
static VOID PrintTop(PINDEX Index, PPLAIN_COUNT Plain)
{
    PZONE Scratch = &Index->Zone[ZONE_SCRATCH];
    PWORD_ENTRY *Sorted = ZoneAlloc(Scratch, Index->WordCount * sizeof(PWORD_ENTRY));
    SIZE_T i, n = 0;

    for (i = 0; i < Index->TableSize; i++)
        if (Index->Table[i])
            Sorted[n++] = Index->Table[i];
    Expect(n == Index->WordCount, "the number of different words");
    qsort(Sorted, n, sizeof(*Sorted), CompareWords);
    Plain->TopCount = n < TopWanted ? (DWORD)n : TopWanted;
    printf("%10s %7s  %s\n", "count", "files", "word");
    for (i = 0; i < Plain->TopCount; i++) {
        Plain->Top[i].Word = Sorted[i];
        printf("%10" PRIu64 " %7u  %s\n", (uint64_t)Sorted[i]->Count,
               (unsigned)FilesWithWord(Index, Sorted[i]), Sorted[i]->Text);
    }
    if (Scratch->Committed && !VirtualFree(Scratch->Base, Scratch->Committed, MEM_DECOMMIT))
        FailWithLastError("VirtualFree(MEM_DECOMMIT) of the scratch space");
    ZoneInit(Scratch, Scratch->Base, Scratch->Size);
}

/* ---- The second count: no index, only the files ---------------------------------------------- */

static VOID CountWord(PVOID Context, LPCSTR Text, DWORD Length, DWORD Offset)
{
    PPLAIN_COUNT Plain = Context;
    DWORD i;

    (VOID)Offset;
    Plain->Totals.Words++;
    Plain->Totals.HashSum += HashWord(Text, Length);
    for (i = 0; i < Plain->TopCount; i++)
        if (strcmp(Plain->Top[i].Word->Text, Text) == 0)
            Plain->Top[i].Seen++;
}

static VOID CompareWithPlainCount(PPLAIN_COUNT Plain, const TOTALS *Totals)
{
    LPCSTR Name = (LPCSTR)Names.Base;
    DWORD i;

    for (i = 0; i < NameCount; i++, Name = NextName(Name)) {
        if (ReadWords(Name, CountWord, Plain, &Plain->Totals.Bytes))
            Plain->Totals.Files++;
        else
            Plain->Totals.Skipped++;
    }
    Expect(Plain->Totals.Files == Totals->Files, "files of index and plain count");
    Expect(Plain->Totals.Skipped == Totals->Skipped, "skipped files of index and plain count");
    Expect(Plain->Totals.Bytes == Totals->Bytes, "bytes of index and plain count");
    Expect(Plain->Totals.Words == Totals->Words, "words of index and plain count");
    Expect(Plain->Totals.HashSum == Totals->HashSum, "checksums of index and plain count");
    for (i = 0; i < Plain->TopCount; i++)
        Expect(Plain->Top[i].Seen == Plain->Top[i].Word->Count, Plain->Top[i].Word->Text);
}

/* ---- The end --------------------------------------------------------------------------------- */

static VOID TrimAndFree(PINDEX Index)
{
    PZONE Postings = &Index->Zone[ZONE_POSTINGS];
    SIZE_T Before = WalkRange(Index->Base, RESERVE_SIZE, PAGE_READONLY);
    MEMORY_BASIC_INFORMATION Info;

    if (Postings->Committed && !VirtualFree(Postings->Base, Postings->Committed, MEM_DECOMMIT))
        FailWithLastError("VirtualFree(MEM_DECOMMIT) of the postings");
    Expect(WalkRange(Index->Base, RESERVE_SIZE, PAGE_READONLY) == Before - Postings->Committed,
           "the committed bytes after MEM_DECOMMIT");
    if (!VirtualFree(Index->Base, 0, MEM_RELEASE))
        FailWithLastError("VirtualFree(MEM_RELEASE)");
    if (VirtualQuery(Index->Base, &Info, sizeof(Info)) != sizeof(Info))
        FailWithLastError("VirtualQuery");
    Expect(Info.State == MEM_FREE, "the reservation is free after MEM_RELEASE");
}

int __cdecl main(int argc, char **argv)
{
    static INDEX Index;
    static PLAIN_COUNT Plain;
    TOTALS Totals = {0, 0, 0, 0, 0};

    GetSystemInfo(&SystemInfo);
    ReadArguments(argc, argv);
    IndexInit(&Index);
    BuildIndex(&Index, &Totals);
    MakeReadOnly(&Index);
    SumIndex(&Index, &Totals);
    PrintTop(&Index, &Plain);
    CheckReadOnly(&Index);
    CompareWithPlainCount(&Plain, &Totals);
    printf("%" PRIu64 " files (%" PRIu64 " not text), %" PRIu64 " bytes, %" PRIu64
           " words, %" PRIu64 " different\n",
           (uint64_t)Totals.Files, (uint64_t)Totals.Skipped, (uint64_t)Totals.Bytes,
           (uint64_t)Totals.Words, (uint64_t)Index.WordCount);
    TrimAndFree(&Index);
    printf(Disagreements ? "index and plain count DISAGREE\n" : "index and plain count agree\n");
    fflush(stdout);
    return Disagreements ? 1 : 0;
}
