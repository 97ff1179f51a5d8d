/* VirtualUnlockEx; the counters of a process, and limits and counters of another one
 * (PMI-001..007). */
#include "../compat_other.h"
#include "../compat_section.h"

/* ---- VirtualUnlockEx ---- */

typedef BOOL(WINAPI *unlock_ex_call)(HANDLE, void *, SIZE_T);

CASE(PMI, 001, "VirtualUnlockEx", "as VirtualUnlock; NULL handle: FALSE, 6")
{
    unlock_ex_call unlock = (unlock_ex_call)find_call("VirtualUnlockEx");
    BYTE *a = obtain(0x4000, MEM_COMMIT, RWR);

    need_call(unlock, "VirtualUnlockEx");
    memset(a, 0x3d, 0x4000);
    expect_success(VirtualLock(a, 0x4000));
    expect_error(unlock(NULL, a, PG), ERROR_INVALID_HANDLE);
    expect_success(unlock(GetCurrentProcess(), a, 0x2000));
    expect_error(unlock(GetCurrentProcess(), a, PG), ERROR_NOT_LOCKED);
    expect_success(VirtualUnlock(a + 0x2000, 0x2000));
    expect_eq(a[0x1234], 0x3d);
}

/* ---- counters ---- */

struct counters { /* the EX2 form */
    DWORD cb, faults;
    SIZE_T peak, working, peak_paged, paged, peak_nonpaged, nonpaged, pagefile, peak_pagefile;
    SIZE_T private_usage; /* EX */
    SIZE_T private_working;
    uint64_t shared_commit;
};
enum { FORM_EX2 = sizeof(struct counters) };
#define FORM_PLAIN ((DWORD)offsetof(struct counters, private_usage))
#define FORM_EX ((DWORD)offsetof(struct counters, private_working))
typedef BOOL(WINAPI *counters_call)(HANDLE, void *, DWORD);

static counters_call find_counters(void)
{
    return (counters_call)find_call("K32GetProcessMemoryInfo");
}

static struct counters count(void)
{
    struct counters c;

    memset(&c, 0, sizeof(c));
    expect_success(find_counters()(GetCurrentProcess(), &c, FORM_EX));
    return c;
}

CASE(PMI, 002, "GetProcessMemoryInfo, the plain and the EX form", "TRUE; cb is the form's size")
{
    counters_call call = find_counters();
    struct counters c, ex;
    SIZE_T word;

    need_call(call, "K32GetProcessMemoryInfo");
    memset(&c, 0xcc, sizeof(c));
    memset(&word, 0xcc, sizeof(word));
    expect_success(call(GetCurrentProcess(), &c, FORM_PLAIN));
    expect_eq(c.cb, FORM_PLAIN);
    expect_eq(c.private_usage, word);
    ok(c.peak >= c.working && c.working > PG, "the working set");
    todo_wine("faults are not counted")
        ok(c.faults > 0, "faults");
    ok(c.peak_pagefile >= c.pagefile && c.pagefile > PG, "the page file");
    ok(c.peak_paged >= c.paged && c.peak_nonpaged >= c.nonpaged, "the pools");
    memset(&ex, 0xcc, sizeof(ex));
    expect_success(call(GetCurrentProcess(), &ex, FORM_EX));
    todo_wine("the plain form alone") {
        expect_eq(ex.cb, FORM_EX);
        expect_eq(ex.private_usage, ex.pagefile);
    }
    expect_eq(ex.private_working, word);
}

CASE(PMI, 003, "the EX2 form", "TRUE; of the working set a part is private")
{
    counters_call call = find_counters();
    struct counters c;

    need_call(call, "K32GetProcessMemoryInfo");
    memset(&c, 0xcc, sizeof(c));
    expect_success(call(GetCurrentProcess(), &c, FORM_EX2));
    skip_if(!is_native() && c.cb < FORM_EX2, "a release without this form");
    expect_eq(c.cb, FORM_EX2);
    ok(c.private_working > 0 && c.private_working <= c.working, "private: %llu of %llu",
       (unsigned long long)c.private_working, (unsigned long long)c.working);
}

CASE(PMI, 004, "too short a buffer; NULL handle; NULL buffer", "FALSE, 122; 6; 998")
{
    counters_call call = find_counters();
    struct counters c;
    unsigned char before[sizeof(c)];

    need_call(call, "K32GetProcessMemoryInfo");
    memset(&c, 0xcc, sizeof(c));
    memset(before, 0xcc, sizeof(before));
    expect_error(call(GetCurrentProcess(), &c, 0), ERROR_INSUFFICIENT_BUFFER);
    expect_error(call(GetCurrentProcess(), &c, FORM_PLAIN - 1), ERROR_INSUFFICIENT_BUFFER);
    expect_error(call(NULL, &c, FORM_PLAIN), ERROR_INVALID_HANDLE);
    expect_error(call(NULL, &c, FORM_EX), ERROR_INVALID_HANDLE);
    expect_eq(memcmp(&c, before, sizeof(c)), 0);
#ifndef _WIN32
    expect_error(call(GetCurrentProcess(), NULL, FORM_PLAIN), ERROR_NOACCESS);
#endif
}

CASE(PMI, 005, "touch 16 MiB", "as many faults; the working set holds them")
{
    enum { MUCH = 16 << 20 };
    struct counters before, after;

    need_call(find_counters(), "K32GetProcessMemoryInfo");
    BYTE *a = obtain(MUCH, MEM_COMMIT, RWR);
    before = count();
    for (SIZE_T i = 0; i < MUCH; i += PG)
        a[i] = 1;
    after = count();
    todo_wine("faults are not counted")
        ok(after.faults > before.faults, "%lu faults, before %lu", (unsigned long)after.faults,
           (unsigned long)before.faults);
    ok(after.working >= MUCH, "the working set is %llu", (unsigned long long)after.working);
    ok(after.peak >= after.working, "its peak %llu", (unsigned long long)after.peak);
}

CASE(PMI, 006, "commit 64 MiB, release it", "PrivateUsage and PagefileUsage follow, the peak stays")
{
    enum { MUCH = 64 << 20, LITTLE = 1 << 20 };
    struct counters before, during, after;
    BYTE *a;

    need_call(find_counters(), "K32GetProcessMemoryInfo");
    a = obtain(MUCH, MEM_RESERVE, RWR);
    before = count();
    place(a, MUCH, MEM_COMMIT, RWR);
    during = count();
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    after = count();
    todo_wine("what is resident is told") {
        ok(during.private_usage - before.private_usage - MUCH < LITTLE, "%llu more",
           (unsigned long long)(during.private_usage - before.private_usage));
        expect_eq(during.pagefile, during.private_usage);
        ok(during.private_usage - after.private_usage - MUCH + LITTLE < 2 * LITTLE,
           "%llu less", (unsigned long long)(during.private_usage - after.private_usage));
        ok(after.peak_pagefile >= during.pagefile, "the peak is %llu",
           (unsigned long long)after.peak_pagefile);
    }
}

/* ---- another process ---- */

/* The error of a handle with those rights; 0: none. */
static DWORD count_with(const struct other *other, DWORD rights, struct counters *c)
{
    HANDLE weak = OpenProcess(rights, FALSE, other->id);
    BOOL told = find_counters()(weak, c, FORM_EX);
    DWORD error = GetLastError();

    CloseHandle(weak);
    return told ? 0 : error;
}

CASE(PMI, 007, "limits and counters of another process", "its own; right errors 5")
{
    struct other other;
    struct counters c;
    SIZE_T min = 0, max = 0;

    need_call(find_counters(), "K32GetProcessMemoryInfo");
    skip_if(!other_start(&other), "no second process here");
    memset(&c, 0, sizeof(c));
    expect_success(find_counters()(other.process, &c, FORM_EX));
    ok(c.working > 0 && c.peak >= c.working && c.pagefile > 0, "counters");
    expect_eq(count_with(&other, PROCESS_VM_READ, &c), ERROR_ACCESS_DENIED);
    expect_success(SetProcessWorkingSetSize(other.process, 30 * PG, 60 * PG));
    expect_success(GetProcessWorkingSetSize(other.process, &min, &max));
    todo_wine("always 32 MiB") {
        expect_eq(min, 30 * PG);
        expect_eq(max, 60 * PG);
    }
    expect_success(GetProcessWorkingSetSize(GetCurrentProcess(), &min, &max));
    ok(max != 60 * PG, "this process's maximum is %llu", (unsigned long long)max);
    other_end(&other);
}
