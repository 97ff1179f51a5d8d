/* The heap's memory, and the mark stack's.
 *
 * Which pages were written is told by the system where it can watch a reservation, else by
 * faults in pages that can only be read. Whether it can is tried, with a reservation that is
 * not committed: a system may know the call but not the flag. The mark stack has a guard page
 * at its end. */
#include <windows.h>
#include <string.h>
#include "gc.h"

enum { BATCH = 256, STEP = 4 * PAGE };
typedef UINT(WINAPI *watch_fn)(DWORD, PVOID, SIZE_T, PVOID *, ULONG_PTR *, ULONG *);

struct dirty heap;
struct grown marks;
static watch_fn get_write_watch;

/* ---- Faults ---- */

static LONG write_fault(char *at)
{
    size_t page = (size_t)(at - heap.base) / PAGE;
    DWORD old;
    if (!VirtualProtect(heap.base + page * PAGE, PAGE, PAGE_READWRITE, &old))
        return EXCEPTION_CONTINUE_SEARCH;
    heap.written[page] = 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* The system has taken the guard off the page that was touched. */
static LONG grow_marks(void)
{
    char *next = marks.top + PAGE;
    if ((size_t)(next - marks.base) + STEP + PAGE > marks.size
        || !VirtualAlloc(next, STEP, MEM_COMMIT, PAGE_READWRITE)
        || !VirtualAlloc(next + STEP, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD))
        return EXCEPTION_CONTINUE_SEARCH;
    marks.top = next + STEP;
    marks.n_grown += STEP / PAGE + 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG WINAPI on_fault(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *record = info->ExceptionRecord;
    char *at;
    if (record->NumberParameters < 2)
        return EXCEPTION_CONTINUE_SEARCH;
    at = (char *)record->ExceptionInformation[1];
    if (record->ExceptionCode == STATUS_GUARD_PAGE_VIOLATION && at >= marks.top
        && at < marks.top + PAGE)
        return grow_marks();
    if (record->ExceptionCode == STATUS_ACCESS_VIOLATION && heap.way == GC_PROTECT
        && record->ExceptionInformation[0] == 1 && at >= heap.base
        && at < heap.base + heap.n_pages * PAGE)
        return write_fault(at);
    return EXCEPTION_CONTINUE_SEARCH;
}

/* ---- The heap ---- */

static int can_watch(void)
{
    HMODULE kernel = GetModuleHandle(TEXT("kernel32.dll"));
    ULONG_PTR n = BATCH;
    PVOID written[BATCH];
    ULONG page_size;
    int can;
    char *try;
    get_write_watch = (watch_fn)(void *)GetProcAddress(kernel, "GetWriteWatch");
    try = VirtualAlloc(NULL, 1 << 16, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);
    if (!get_write_watch || !try)
        return 0;
    can = get_write_watch(0, try, 1 << 16, written, &n, &page_size) == 0 && n == 0
          && page_size == PAGE;
    VirtualFree(try, 0, MEM_RELEASE);
    return can;
}

int heap_start(enum gc_way way, size_t n_pages)
{
    DWORD watch = way == GC_WATCH ? MEM_WRITE_WATCH : 0;
    if (way == GC_WATCH && !can_watch())
        return 0;
    heap.way = way;
    heap.n_pages = n_pages;
    heap.written = VirtualAlloc(NULL, n_pages, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    heap.base = VirtualAlloc(NULL, n_pages * PAGE, MEM_RESERVE | watch, PAGE_READWRITE);
    return heap.written && heap.base && AddVectoredExceptionHandler(1, on_fault) != NULL;
}

int heap_commit(size_t page, size_t n)
{
    memset(heap.written + page, 1, n);
    return VirtualAlloc(heap.base + page * PAGE, n * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

void heap_decommit(size_t page, size_t n)
{
    VirtualFree(heap.base + page * PAGE, n * PAGE, MEM_DECOMMIT);
}

static void take_watched(size_t n)
{
    PVOID written[BATCH];
    char *from = heap.base, *end = heap.base + n * PAGE;
    memset(heap.written, 0, n);
    while (from < end) {
        ULONG_PTR n_written = BATCH, i;
        ULONG page_size;
        if (get_write_watch(WRITE_WATCH_FLAG_RESET, from, (SIZE_T)(end - from), written,
                            &n_written, &page_size) != 0) {
            memset(heap.written, 1, n);
            return;
        }
        for (i = 0; i < n_written; i++)
            heap.written[((char *)written[i] - heap.base) / PAGE] = 1;
        if (n_written < BATCH)
            return;
        from = (char *)written[BATCH - 1] + PAGE;
    }
}

/* Pages that were decommitted since are not protected, and need not be. */
static void take_protected(size_t n)
{
    size_t page;
    DWORD old;
    for (page = 0; page < n; page++) {
        if (heap.written[page])
            VirtualProtect(heap.base + page * PAGE, PAGE, PAGE_READONLY, &old);
    }
}

void dirty_take(size_t n)
{
    if (heap.way == GC_WATCH)
        take_watched(n);
    else if (heap.way == GC_PROTECT)
        take_protected(n);
    else
        memset(heap.written, 1, n);
}

void dirty_done(size_t n)
{
    memset(heap.written, 0, n);
}

int marks_start(size_t size)
{
    marks.size = size;
    marks.base = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS);
    if (!marks.base || !VirtualAlloc(marks.base, PAGE, MEM_COMMIT, PAGE_READWRITE))
        return 0;
    marks.top = marks.base + PAGE;
    return VirtualAlloc(marks.top, PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD) != NULL;
}
