/* The working set as it is told against what the kernel says: random accesses to private memory and
 * views, checked page by page with /proc/self/pagemap; pages that left and came back, with a model;
 * the same after setuid, and from another process. */
#include "env.h"

#include <grp.h>
#include <winvm/psapi.h>

enum { N_PAGES = 3000, N_ROUNDS = 6, N_TOUCHES = 400, NOBODY = 65534 };

static unsigned seed = 20261121;
static bool model[N_PAGES];
static PSAPI_WORKING_SET_EX_INFORMATION entry[N_PAGES];

static unsigned next_random(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void ask(HANDLE process, const char *base)
{
    for (unsigned i = 0; i < N_PAGES; i++)
        entry[i].VirtualAddress = (char *)base + i * PAGE;
    for (unsigned i = N_PAGES - 1; i > 0; i--) {
        unsigned k = next_random(i + 1);
        void *other = entry[k].VirtualAddress;
        entry[k].VirtualAddress = entry[i].VirtualAddress;
        entry[i].VirtualAddress = other;
    }
    ok(QueryWorkingSetEx(process, entry, sizeof entry), "QueryWorkingSetEx: error %u",
       (unsigned)GetLastError());
}

static bool is_present(int pagemap, const void *at)
{
    uint64_t word = 0;
    return pread(pagemap, &word, sizeof word, (off_t)((uintptr_t)at / PAGE * sizeof word)) ==
               sizeof word && word >> 63;
}

/* Pages whose answer is not the model's. */
static unsigned count_wrong(const char *base, unsigned protection, unsigned shared)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < N_PAGES; i++) {
        size_t page = (size_t)((char *)entry[i].VirtualAddress - base) / PAGE;
        PSAPI_WORKING_SET_EX_BLOCK b = entry[i].VirtualAttributes;
        wrong += model[page] ? !b.Valid || b.Win32Protection != protection || b.Shared != shared
                             : b.Flags != shared << 15;
    }
    return wrong;
}

static void touch_some(volatile char *base, bool write)
{
    for (unsigned i = 0; i < N_TOUCHES; i++) {
        unsigned page = next_random(N_PAGES);
        if (write || next_random(2))
            base[page * PAGE]++;
        else
            (void)base[page * PAGE];
        model[page] = true;
    }
}

static void check_pagemap(char *base, unsigned shared, const char *what)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    unsigned other = 0;
    memset(model, 0, sizeof model);
    for (unsigned round = 0; round < N_ROUNDS; round++)
        touch_some(base, shared);
    ask(GetCurrentProcess(), base);
    for (unsigned i = 0; i < N_PAGES; i++)
        other += is_present(pagemap, entry[i].VirtualAddress) != entry[i].VirtualAttributes.Valid;
    ok(other == 0, "%s: %u pages are not as in pagemap", what, other);
    if (!shared)
        ok(count_wrong(base, PAGE_READWRITE, 0) == 0, "%s: as touched", what);
    close(pagemap);
}

/* Each round all leave, by one call or the other, and some are touched. */
static void check_leaving(char *base)
{
    bool kept = true;
    for (unsigned i = 0; i < N_PAGES; i++)
        base[i * PAGE + 8] = (char)i;
    for (unsigned round = 0; round < N_ROUNDS; round++) {
        ok(round % 2 ? EmptyWorkingSet(GetCurrentProcess())
                     : !VirtualUnlock(base, N_PAGES * PAGE) && GetLastError() == ERROR_NOT_LOCKED,
           "all leave");
        memset(model, 0, sizeof model);
        if (round)
            touch_some(base, false);
        ask(GetCurrentProcess(), base);
        unsigned wrong = count_wrong(base, PAGE_READWRITE, 0);
        ok(wrong == 0, "round %u: %u pages are wrong", round, wrong);
    }
    for (unsigned i = 0; i < N_PAGES; i++)
        kept &= base[i * PAGE + 8] == (char)i;
    ok(kept, "contents are kept");
}

static void check_list(void)
{
    static union {
        ULONG_PTR word[65536]; /* the number, then blocks */
        PSAPI_WORKING_SET_INFORMATION head;
    } list;
    char *a = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    unsigned found = 0;
    memset(a, 1, 3 * PAGE);
    ok(!QueryWorkingSet(GetCurrentProcess(), &list, 64) && GetLastError() == ERROR_BAD_LENGTH &&
           list.head.NumberOfEntries > 8, "a short buffer: error %u", (unsigned)GetLastError());
    ok(QueryWorkingSet(GetCurrentProcess(), &list, sizeof list), "QueryWorkingSet");
    for (size_t i = 1; i <= list.word[0] && i < 65536; i++)
        found += list.word[i] / PAGE - (uintptr_t)a / PAGE < 16 && (list.word[i] & 31) == 4;
    ok(found == 3, "%u of its pages are listed, 3 were touched", found);
    VirtualFree(a, 0, MEM_RELEASE);
}

static void check_bad(void)
{
    PSAPI_WORKING_SET_EX_INFORMATION one = {.VirtualAddress = &one};
    HANDLE self = GetCurrentProcess();
    SIZE_T done = 1;
    ok(!QueryWorkingSetEx(self, NULL, sizeof one) && GetLastError() == ERROR_NOACCESS, "NULL");
    ok(!QueryWorkingSetEx(self, NULL, 0) && GetLastError() == ERROR_BAD_LENGTH, "NULL and 0");
    ok(!QueryWorkingSetEx(self, &one, sizeof one - 1) && GetLastError() == ERROR_BAD_LENGTH,
       "one byte less than an entry");
    ok(!QueryWorkingSet(self, NULL, 4096) && GetLastError() == ERROR_NOACCESS, "no list");
    SIZE_T much = sizeof(SIZE_T) == 8 ? (SIZE_T)((uint64_t)1 << 40) : (SIZE_T)1 << 31;
    ok(NtQueryVirtualMemory(self, NULL, MemoryWorkingSetExInformation, &one, much, &done) ==
               (NTSTATUS)STATUS_ACCESS_VIOLATION && done == 1, "2^40");
    ok(QueryWorkingSetEx(self, &one, sizeof one + 7) && one.VirtualAttributes.Valid, "odd size");
}

static void check_other(void *base)
{
    HANDLE parent = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, (DWORD)getppid());
    ok(parent != NULL, "OpenProcess");
    ask(parent, base);
    ok(count_wrong(base, PAGE_READWRITE, 0) == 0, "the parent's pages");
    CloseHandle(parent);
}

/* Whether the others left may not be told here. */
static unsigned count_denied(const char *base)
{
    unsigned denied = 0;
    for (unsigned i = 0; i < N_PAGES; i++)
        denied += model[((char *)entry[i].VirtualAddress - base) / PAGE] &&
                  !entry[i].VirtualAttributes.Valid;
    return denied;
}

static void check_nobody(void *unused)
{
    (void)unused;
    ok(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "setuid");
    char *a = VirtualAlloc(NULL, N_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(model, 0, sizeof model);
    touch_some(a, true);
    ask(GetCurrentProcess(), a);
    ok(count_wrong(a, PAGE_READWRITE, 0) == 0, "as touched");
    memset(a, 0x33, N_PAGES * PAGE);
    ok(EmptyWorkingSet(GetCurrentProcess()), "EmptyWorkingSet");
    memset(model, 0, sizeof model);
    touch_some(a, false);
    ask(GetCurrentProcess(), a);
    ok(count_denied(a) == 0, "%u pages that are in use are denied", count_denied(a));
    bool kept = true;
    for (size_t i = 1; i < N_PAGES * PAGE; i += 0xfff)
        kept &= i % PAGE == 0 || a[i] == 0x33;
    ok(kept, "contents are kept");
}

int main(void)
{
    env_start();
    char *base = VirtualAlloc(NULL, N_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                        N_PAGES * PAGE, NULL);
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    check_pagemap(base, 0, "private memory");
    ok(in_child(check_other, base), "from another process");
    check_pagemap(view, 1, "a view");
    check_leaving(base);
    check_list();
    check_bad();
    if (getuid() == 0)
        ok(in_child(check_nobody, NULL), "after setuid");
    return env_end();
}
