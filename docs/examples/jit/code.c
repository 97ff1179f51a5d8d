/* Code memory: never writable and executable at one address.
 *
 * CODE_FLIP: a reservation whose pages are committed when they are needed, and whose protection
 * is changed around each write; no other thread runs this code meanwhile. CODE_TWICE: a section
 * that is mapped twice, once to write and once to run. */
#include <windows.h>
#include "jit.h"

enum { ROOM = 1 << 18, PAGE = 4096 };
typedef BOOL(WINAPI *targets_fn)(HANDLE, PVOID, SIZE_T, ULONG, CFG_CALL_TARGET_INFO *);
typedef BYTE(WINAPI *table_fn)(PVOID, DWORD, ULONG_PTR);
struct table_entry {                        /* RUNTIME_FUNCTION */
    DWORD begin, end, unwind;
};

static enum code_way way;
static HANDLE section;
static BYTE *written, *runs;                /* two addresses of the same memory, or the same one */
static size_t n_used, n_committed, n_open;
static targets_fn set_targets;
static table_fn add_table;
static struct table_entry entries[MOST_FUNCTIONS * 4];
static int n_entries;

/* How the frame of every function is made: push rbp; mov rbp, rsp. At the start of the memory. */
static const BYTE unwind_info[] = {1, 4, 2, 5, 4, 3, 1, 0x50};

static int map_twice(void)
{
    section = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE, 0, ROOM, NULL);
    if (!section)
        return 0;
    written = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    runs = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0, 0);
    n_committed = ROOM;
    return written && runs;
}

int code_start(enum code_way wanted)
{
    HMODULE kernel = GetModuleHandle(TEXT("kernelbase.dll")), nt = GetModuleHandle(TEXT("ntdll"));
    BYTE *start;
    size_t i;
    way = wanted;
    n_used = n_committed = 0;
    n_entries = 0;
    set_targets = (targets_fn)(void *)GetProcAddress(kernel, "SetProcessValidCallTargets");
    add_table = (table_fn)(void *)GetProcAddress(nt, "RtlAddFunctionTable");
    if (way == CODE_TWICE && !map_twice())
        return 0;
    if (way == CODE_FLIP)
        written = runs = VirtualAlloc(NULL, ROOM, MEM_RESERVE, PAGE_NOACCESS);
    start = code_open(sizeof unwind_info);
    for (i = 0; start && i < sizeof unwind_info; i++)
        start[i] = unwind_info[i];
    code_close(start ? 16 : 0);
    return start != NULL;
}

void code_end(void)
{
    if (way == CODE_FLIP) {
        VirtualFree(runs, 0, MEM_RELEASE);
        return;
    }
    UnmapViewOfFile(written);
    UnmapViewOfFile(runs);
    CloseHandle(section);
}

static int protect(const BYTE *at, size_t size, DWORD protection)
{
    DWORD old;
    return way == CODE_TWICE || VirtualProtect((void *)at, size, protection, &old);
}

BYTE *code_open(size_t size)
{
    size_t end = n_used + size, more = (end + PAGE - 1) / PAGE * PAGE;
    if (end > ROOM)
        return NULL;
    if (more > n_committed) {
        if (!VirtualAlloc(runs + n_committed, more - n_committed, MEM_COMMIT, PAGE_READWRITE))
            return NULL;
        n_committed = more;
    }
    n_open = size;
    return protect(runs + n_used, size, PAGE_READWRITE) ? written + n_used : NULL;
}

/* The call targets are those that control flow guard lets pass; a process without it refuses. */
static void allow_calls(size_t at, size_t size)
{
    CFG_CALL_TARGET_INFO target;
    target.Offset = at;
    target.Flags = CFG_CALL_TARGET_VALID;
    if (set_targets && size > 0)
        set_targets(GetCurrentProcess(), runs, ROOM, 1, &target);
}

void code_close(size_t used)
{
    size_t start = n_used;
    protect(runs + start, n_open, PAGE_EXECUTE_READ);
    FlushInstructionCache(GetCurrentProcess(), runs + start, used);
    allow_calls(start, used);
    n_used = (start + used + 15) / 16 * 16;
}

BYTE *code_reopen(const BYTE *at)
{
    return protect(at, GOTO_SIZE, PAGE_READWRITE) ? written + (at - runs) : NULL;
}

void code_patched(const BYTE *at, size_t size)
{
    protect(at, size, PAGE_EXECUTE_READ);
    FlushInstructionCache(GetCurrentProcess(), at, size);
}

BYTE *code_runs_at(const BYTE *at)
{
    return runs + (at - written);
}

int code_is(const void *at)
{
    return (const BYTE *)at >= runs && (const BYTE *)at < runs + ROOM;
}

int code_can_write(const void *at)
{
    MEMORY_BASIC_INFORMATION region;
    return VirtualQuery(at, &region, sizeof region) == sizeof region
           && region.State == MEM_COMMIT && region.Protect != PAGE_EXECUTE_READ;
}

void code_register(const BYTE *at, size_t size)
{
    struct table_entry *entry = &entries[n_entries];
    if (!add_table || n_entries == (int)(sizeof entries / sizeof entries[0]))
        return;
    entry->begin = (DWORD)(at - runs);
    entry->end = (DWORD)(at - runs + (ptrdiff_t)size);
    entry->unwind = 0;
    n_entries += add_table(entry, 1, (ULONG_PTR)runs) != 0;
}
