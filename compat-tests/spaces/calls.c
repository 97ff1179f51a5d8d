/* Every call that takes a process handle, with a space's: addresses are the space's, and what it
 * did is seen by pointers too. Views, guard pages and write watches in spaces, threads, fork. */
#include "spaces.h"

static HANDLE space;
static char *base;

/* ---- private memory ---- */

static void allocate(void)
{
    DWORD old;
    uint64_t a = reserve_in(space, 0, 4 * GRAN), b = reserve_in(space, 0x40000000, GRAN);
    ok(a >= GRAN && a < WINDOW && b == 0x40000000, "VirtualAllocEx: anywhere and at an address");
    ok(reserve_in(space, 0x40000000, GRAN) == 0 && GetLastError() == ERROR_INVALID_ADDRESS,
       "an address that is taken");
    ok(offset_of(VirtualAllocEx(space, at_offset(a + PAGE), PAGE, MEM_COMMIT, PAGE_READWRITE)) ==
               a + PAGE && can_write(base + a + PAGE) && !can_read(base + a),
       "commit");
    memset(base + a + PAGE, 0x5A, PAGE);
    ok(VirtualProtectEx(space, at_offset(a + PAGE), PAGE, PAGE_READONLY, &old) &&
           old == PAGE_READWRITE && !can_write(base + a + PAGE) && base[a + PAGE] == 0x5A,
       "VirtualProtectEx");
    MEMORY_BASIC_INFORMATION m = look_in(space, at_offset(a + PAGE));
    MEMORY_BASIC_INFORMATION real = look_at(base + a + PAGE);
    ok(offset_of(m.BaseAddress) == a + PAGE && offset_of(m.AllocationBase) == a &&
           m.RegionSize == PAGE && m.State == MEM_COMMIT && m.Protect == PAGE_READONLY &&
           m.Type == MEM_PRIVATE,
       "VirtualQueryEx");
    ok((char *)real.BaseAddress == base + a + PAGE && (char *)real.AllocationBase == base + a &&
           real.State == MEM_COMMIT && real.Protect == PAGE_READONLY,
       "VirtualQuery of the pointer");
    ok(VirtualFreeEx(space, at_offset(a + PAGE), PAGE, MEM_DECOMMIT) && !can_read(base + a + PAGE),
       "decommit");
    ok(VirtualFree(base + a, 0, MEM_RELEASE) && look_in(space, at_offset(a)).State == MEM_FREE,
       "VirtualFree of a pointer into the space");
    ok(VirtualFreeEx(space, at_offset(b), 0, MEM_RELEASE), "release");
    ok(!VirtualFreeEx(space, at_offset(b), 0, MEM_RELEASE), "twice");
}

/* A walk from 0 by RegionSize ends at the limit (W32-018). */
static void walk(void)
{
    MEMORY_BASIC_INFORMATION m;
    uint64_t at = 0, limit = info_of(space).limit;
    bool good = true;
    uint64_t one = commit_in(space, 0x123450000, GRAN), two = commit_in(space, 0x80000000, GRAN);
    ok(one == 0 && two == 0x80000000, "an address past 4 GiB is none of the space's");
    while (good && VirtualQueryEx(space, at_offset(at), &m, sizeof m) == sizeof m) {
        good = offset_of(m.BaseAddress) == at && m.RegionSize && at + m.RegionSize <= limit;
        at += m.RegionSize;
    }
    ok(good && at == limit && GetLastError() == ERROR_INVALID_PARAMETER,
       "a walk ends at the limit: 0x%llx", (unsigned long long)at);
    ok(look_in(space, NULL).State == MEM_FREE && !reserve_in(space, 1, PAGE) &&
           GetLastError() == ERROR_INVALID_PARAMETER && !reserve_in(space, 0xFFFF, PAGE) &&
           GetLastError() == ERROR_INVALID_PARAMETER,
       "the lowest 64 KiB are never allocated");
    VirtualFreeEx(space, at_offset(two), 0, MEM_RELEASE);
}

static void at_the_limit(void)
{
    HANDLE small = new_space(2048, 0);
    ok(reserve_in(small, 0x7FFE0000, GRAN) == 0x7FFE0000, "the last granule of 2 GB");
    ok(!reserve_in(small, 0x7FFF0000, GRAN) && GetLastError() == ERROR_INVALID_PARAMETER &&
           !reserve_in(small, 0x80000000, GRAN) && GetLastError() == ERROR_INVALID_PARAMETER &&
           !reserve_in(small, 0x7FFD0000, 0x30000) && GetLastError() == ERROR_INVALID_PARAMETER,
       "past the end of 2 GB (W32-014..016)");
    ok(offset_of(VirtualAllocEx(small, NULL, GRAN, MEM_RESERVE | MEM_TOP_DOWN, PAGE_NOACCESS)) ==
           0x7FFD0000,
       "MEM_TOP_DOWN: the highest free granule (W32-012)");
    MEMORY_BASIC_INFORMATION m;
    ok(VirtualQueryEx(small, at_offset(0x7FFEFFFF), &m, sizeof m) == sizeof m &&
           VirtualQueryEx(small, at_offset(0x7FFF0000), &m, sizeof m) == 0 &&
           GetLastError() == ERROR_INVALID_PARAMETER,
       "VirtualQueryEx ends at HighestUserAddress (W32-017)");
    ok(winvm_space_destroy(small) == 0, "destroyed");
}

static void allocate_bounded(void)
{
    MEM_ADDRESS_REQUIREMENTS need = {at_offset(0x20000000), at_offset(0x2FFFFFFF), 0x1000000};
    MEM_EXTENDED_PARAMETER p;
    memset(&p, 0, sizeof p);
    p.Type = MemExtendedParameterAddressRequirements;
    p.Pointer = &need;
    uint64_t a = offset_of(VirtualAlloc2(space, NULL, GRAN, MEM_RESERVE | MEM_COMMIT,
                                         PAGE_READWRITE, &p, 1));
    ok(a >= 0x20000000 && a < 0x30000000 && a % 0x1000000 == 0 && can_write(base + a),
       "VirtualAlloc2: bounds and alignment are those of the space");
    ok(VirtualFreeEx(space, at_offset(a), 0, MEM_RELEASE), "released");
    need.HighestEndingAddress = at_offset(0x1FFFFFFFF);
    ok(!VirtualAlloc2(space, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE, &p, 1) &&
           GetLastError() == ERROR_INVALID_PARAMETER,
       "bounds past the space's end");
    uint64_t hole = offset_of(VirtualAlloc2(space, NULL, 4 * GRAN,
                                            MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS,
                                            NULL, 0));
    ok(hole &&
           VirtualFreeEx(space, at_offset(hole), GRAN, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER) &&
           offset_of(VirtualAlloc2(space, at_offset(hole), GRAN,
                                   MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                                   PAGE_READWRITE, NULL, 0)) == hole &&
           can_write(base + hole),
       "a placeholder in a space, split and replaced");
    ok(VirtualFreeEx(space, at_offset(hole), 0, MEM_RELEASE) &&
           VirtualFreeEx(space, at_offset(hole + GRAN), 0, MEM_RELEASE),
       "and released");
}

static void use_native(void)
{
    PVOID at = NULL;
    SIZE_T size = 3 * PAGE - 1;
    ULONG old, n = 0;
    ok(NtAllocateVirtualMemory(space, &at, 4, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) ==
               STATUS_SUCCESS && size == 3 * PAGE && offset_of(at) < 0x10000000,
       "NtAllocateVirtualMemory: ZeroBits bound the space's addresses");
    char *real = base + offset_of(at);
    PVOID lock_at = at;
    SIZE_T lock_size = PAGE, copied = 0;
    ok(NtLockVirtualMemory(space, &lock_at, &lock_size, 1) == STATUS_SUCCESS && lock_at == at &&
           NtUnlockVirtualMemory(space, &lock_at, &lock_size, 1) == STATUS_SUCCESS,
       "NtLockVirtualMemory, NtUnlockVirtualMemory");
    ok(NtWriteVirtualMemory(space, (char *)at + 5, "hello", 6, &copied) == STATUS_SUCCESS &&
           copied == 6 && strcmp(real + 5, "hello") == 0,
       "NtWriteVirtualMemory");
    char got[8] = "";
    ok(ReadProcessMemory(space, (char *)at + 5, got, 6, &copied) && copied == 6 &&
           strcmp(got, "hello") == 0 && WriteProcessMemory(space, at, "x", 1, &copied) &&
           real[0] == 'x',
       "ReadProcessMemory, WriteProcessMemory");
    ok(!ReadProcessMemory(space, (char *)at + 2 * PAGE, base + 1, PAGE, NULL) &&
           !ReadProcessMemory(space, at_offset(0xFFFFFFFFF), got, 1, NULL),
       "a wild buffer and a wild address");
    SIZE_T prot_size = PAGE;
    PVOID prot_at = at;
    ok(NtProtectVirtualMemory(space, &prot_at, &prot_size, PAGE_READONLY, &old) ==
               STATUS_SUCCESS && prot_at == at && old == PAGE_READWRITE && !can_write(real),
       "NtProtectVirtualMemory");
    ok(FlushInstructionCache(space, at, PAGE), "FlushInstructionCache");
    MEMORY_BASIC_INFORMATION m;
    ok(NtQueryVirtualMemory(space, at, MemoryBasicInformation, &m, sizeof m, NULL) ==
               STATUS_SUCCESS && m.Protect == PAGE_READONLY && m.BaseAddress == at,
       "NtQueryVirtualMemory");
    size = 0;
    ok(NtFreeVirtualMemory(space, &at, &size, MEM_RELEASE) == STATUS_SUCCESS &&
           size == 3 * PAGE && !can_read(real),
       "NtFreeVirtualMemory");
    (void)n;
}

/* To calls that are not about its memory. */
static void describe(void)
{
    union {
        UNICODE_STRING text;
        char room[256];
    } type;
    HANDLE copy = NULL, section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
                                                      0, GRAN, NULL);
    DWORD flags = 5;
    ok(NtQueryObject(space, ObjectTypeInformation, &type, sizeof type, NULL) == STATUS_SUCCESS &&
           type.text.Length == 14 && type.text.Buffer[0] == 'P' && type.text.Buffer[6] == 's',
       "NtQueryObject: a process");
    ok(GetHandleInformation(space, &flags) && flags == 0, "GetHandleInformation");
    ok(DuplicateHandle(space, section, space, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) &&
           CloseHandle(copy) && CloseHandle(section),
       "its handles are this process's");
}

/* ---- views ---- */

static void map(void)
{
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRAN,
                                        NULL);
    char *outside = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    uint64_t a = offset_of(MapViewOfFile2(section, space, GRAN, NULL, GRAN, 0, PAGE_READWRITE));
    uint64_t b = offset_of(MapViewOfFile3(section, space, at_offset(0x50000000), 0, 0, 0,
                                          PAGE_READONLY, NULL, 0));
    ok(outside && a && a < WINDOW && b == 0x50000000, "MapViewOfFile2 and 3 into a space");
    outside[GRAN] = 42;
    ok(base[a] == 42 && base[b + GRAN] == 42 && !can_write(base + b), "one memory");
    MEMORY_BASIC_INFORMATION m = look_in(space, at_offset(b + PAGE));
    ok(m.Type == MEM_MAPPED && offset_of(m.AllocationBase) == b && m.Protect == PAGE_READONLY,
       "VirtualQueryEx of a view");
    ok(!MapViewOfFile3(section, space, at_offset(0x50000000), 0, 0, 0, PAGE_READONLY, NULL, 0) &&
           GetLastError() == ERROR_INVALID_ADDRESS,
       "at an address that is taken");
    PVOID at = NULL;
    SIZE_T size = 0;
    ok(NtMapViewOfSection(section, space, &at, 0, 0, NULL, &size, ViewShare, 0, PAGE_READWRITE) ==
               STATUS_SUCCESS && offset_of(at) < WINDOW && size == 4 * GRAN &&
           base[offset_of(at) + GRAN] == 42,
       "NtMapViewOfSection");
    ok(NtUnmapViewOfSection(space, at) == STATUS_SUCCESS, "NtUnmapViewOfSection");
    ok(UnmapViewOfFile2(space, at_offset(a), 0) && !can_read(base + a), "UnmapViewOfFile2");
    ok(UnmapViewOfFile(base + b) && look_in(space, at_offset(b)).State == MEM_FREE,
       "UnmapViewOfFile of a pointer into the space");
    ok(!UnmapViewOfFile2(space, outside, 0), "a view that lies elsewhere is not the space's");
    ok(UnmapViewOfFile(outside) && CloseHandle(section), "closed");
}

/* ---- faults ---- */

static char *guarded;
static volatile unsigned n_guards, n_wild;

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *e)
{
    EXCEPTION_RECORD *r = e->ExceptionRecord;
    char *at = (char *)r->ExceptionInformation[1];
    DWORD old;
    if (r->ExceptionCode == (DWORD)STATUS_GUARD_PAGE_VIOLATION && at == guarded) {
        n_guards++;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (r->ExceptionCode != (DWORD)STATUS_ACCESS_VIOLATION || winvm_space_of(at) != base)
        return EXCEPTION_CONTINUE_SEARCH;
    /* What a program does for its guest: the missing page, by the space's address. */
    n_wild++;
    void *page = at_offset(winvm_ptr_to_ptr32(base, at) & ~(uint32_t)(PAGE - 1));
    if (VirtualAllocEx(space, page, PAGE, MEM_COMMIT, PAGE_READWRITE) ||
        VirtualProtectEx(space, page, PAGE, PAGE_READWRITE, &old))
        return EXCEPTION_CONTINUE_EXECUTION;
    return EXCEPTION_CONTINUE_SEARCH;
}

static void fault(void)
{
    DWORD old;
    void *handler = AddVectoredExceptionHandler(1, on_exception);
    uint64_t a = commit_in(space, 0, GRAN), b = reserve_in(space, 0, GRAN);
    volatile char *p = guarded = base + a + PAGE + 8;
    ok(VirtualProtectEx(space, at_offset(a + PAGE), PAGE, PAGE_READWRITE | PAGE_GUARD, &old),
       "PAGE_GUARD in a space");
    *p = 1;
    *p = 2;
    ok(n_guards == 1 && *p == 2 &&
           look_in(space, at_offset(a + PAGE)).Protect == PAGE_READWRITE,
       "a guard page fires once, at the pointer's address");
    p = base + b + 3 * PAGE;
    *p = 7;
    ok(n_wild == 1 && *p == 7 && info_of(space).committed == GRAN + PAGE,
       "a handler commits the missing page by the space's address");
    RemoveVectoredExceptionHandler(handler);
    VirtualFreeEx(space, at_offset(a), 0, MEM_RELEASE);
    VirtualFreeEx(space, at_offset(b), 0, MEM_RELEASE);
}

static void watch(void)
{
    void *got[8];
    ULONG_PTR n = 8;
    ULONG granularity = 0;
    uint64_t a = offset_of(VirtualAllocEx(space, NULL, GRAN,
                                          MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                          PAGE_READWRITE));
    base[a + 2 * PAGE] = base[a + 5 * PAGE + 7] = 1;
    ok(NtGetWriteWatch(space, WRITE_WATCH_FLAG_RESET, at_offset(a), GRAN, got, &n, &granularity) ==
               STATUS_SUCCESS && n == 2 && offset_of(got[0]) == a + 2 * PAGE &&
           offset_of(got[1]) == a + 5 * PAGE && granularity == PAGE,
       "NtGetWriteWatch answers the space's addresses");
    n = 8;
    ok(GetWriteWatch(0, base + a, GRAN, got, &n, &granularity) == 0 && n == 0,
       "GetWriteWatch of the pointer: reset");
    base[a] = 2;
    n = 8;
    ok(GetWriteWatch(0, base + a, GRAN, got, &n, &granularity) == 0 && n == 1 &&
           (char *)got[0] == base + a,
       "and written again");
    ok(NtResetWriteWatch(space, at_offset(a), GRAN) == STATUS_SUCCESS, "NtResetWriteWatch");
    n = 8;
    ok(NtGetWriteWatch(space, 0, at_offset(a), GRAN, got, &n, &granularity) == STATUS_SUCCESS &&
           n == 0,
       "reset");
    VirtualFreeEx(space, at_offset(a), 0, MEM_RELEASE);
}

/* ---- threads and fork ---- */

/* Each thread in a space of its own, at the same addresses. */
static void *work(void *arg)
{
    HANDLE mine = new_space(1024, 0);
    char *at0 = winvm_space_base(mine);
    uintptr_t good = at0 != NULL;
    unsigned char number = (unsigned char)(uintptr_t)arg;
    for (unsigned i = 0; good && i < 2000; i++) {
        uint64_t a = 0x10000 + (uint64_t)(i % 100) * 0x20000;
        good = commit_in(mine, a, GRAN) == a && all_bytes(at0 + a, GRAN, 0);
        memset(at0 + a, number, GRAN);
        good = good && all_bytes(at0 + a, GRAN, number) &&
               look_in(mine, at_offset(a)).RegionSize == GRAN;
        if (i % 100 == 99)
            for (unsigned j = 0; good && j < 100; j++)
                good = VirtualFreeEx(mine, at_offset(0x10000 + (uint64_t)j * 0x20000), 0,
                                     MEM_RELEASE);
    }
    return (void *)(uintptr_t)(good && winvm_space_destroy(mine) == 0);
}

static void run_threads(void)
{
    pthread_t thread[2];
    void *good[2] = {NULL, NULL};
    for (uintptr_t i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], &good[i]);
    ok(good[0] && good[1], "two threads, each in a space of its own");
}

static void use_inherited(void *arg)
{
    uint64_t a = *(uint64_t *)arg;
    ok(winvm_space_base(space) == base && base[a] == 'p', "the contents are the parent's");
    base[a] = 'c';
    uint64_t b = commit_in(space, 0x60000000, GRAN);
    ok(b == 0x60000000 && can_write(base + b), "the space can be used");
    HANDLE other = new_space(2048, 0);
    ok(other && !meets_fenced(base, winvm_space_base(other), WINDOW), "and others be made");
    ok(winvm_space_destroy(other) == 0 && winvm_space_destroy(space) == 0 && !can_read(base + a),
       "and destroyed");
    ok(winvm_audit() == 0, "the audit finds nothing in the child");
}

static void inherit(void)
{
    uint64_t a = commit_in(space, 0, GRAN);
    base[a] = 'p';
    ok(in_child(use_inherited, &a), "a fork child uses the space");
    ok(base[a] == 'p' && look_in(space, at_offset(0x60000000)).State == MEM_FREE,
       "which changes nothing here");
    VirtualFreeEx(space, at_offset(a), 0, MEM_RELEASE);
}

static void share_data(void)
{
    HANDLE with = new_space(2048, WINVM_SPACE_SHARED_DATA);
    const char *page = with ? winvm_space_base(with) + 0x7FFE0000 : NULL;
    MEMORY_BASIC_INFORMATION m = look_in(with, at_offset(0x7FFE0000));
    DWORD old;
    if (!ok(page && can_read(page) && !can_write((char *)page) && m.Protect == PAGE_READONLY &&
                m.Type == MEM_PRIVATE && m.RegionSize == PAGE && m.State == MEM_COMMIT,
            "WINVM_SPACE_SHARED_DATA (W32-019)"))
        return;
    ok(memcmp(page + 0x260, (const char *)(uintptr_t)0x7FFE0000 + 0x260, 16) == 0,
       "the same version as at 0x7FFE0000");
    uint64_t ticks = *(const volatile uint64_t *)(page + 0x320);
    for (int i = 0; i < 100 && *(const volatile uint64_t *)(page + 0x320) == ticks; i++)
        usleep(20000);
    ok(*(const volatile uint64_t *)(page + 0x320) > ticks, "its clock runs");
    ok(!VirtualFreeEx(with, at_offset(0x7FFE0000), 0, MEM_RELEASE) &&
           !VirtualProtectEx(with, at_offset(0x7FFE0000), PAGE, PAGE_READWRITE, &old) &&
           !reserve_in(with, 0x7FFE0000, PAGE),
       "which the space's program cannot change");
    ok(info_of(with).committed == 0 && info_of(with).flags == WINVM_SPACE_SHARED_DATA,
       "it charges nothing");
    ok(look_in(space, at_offset(0x7FFE0000)).State == MEM_FREE, "a space without it has none");
    ok(winvm_space_destroy(with) == 0 && !can_read(page), "and it goes with the space");
    ok(can_read((const char *)(uintptr_t)0x7FFE0000), "this process's own page does not");
}

int main(void)
{
    env_start();
    if (!have_spaces("calls on spaces"))
        return env_end();
    uint64_t before = committed_now();
    space = new_space(4096, 0);
    base = winvm_space_base(space);
    if (ok(base != NULL, "a space of 4 GB")) {
        allocate();
        walk();
        at_the_limit();
        allocate_bounded();
        use_native();
        describe();
        map();
        fault();
        watch();
        run_threads();
        inherit();
        share_data();
        ok(info_of(space).committed == 0, "nothing is left in the space");
        ok(winvm_space_destroy(space) == 0 && committed_now() == before, "destroyed");
        ok(winvm_audit() == 0, "the audit finds nothing");
    }
    return env_end();
}
