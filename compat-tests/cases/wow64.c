/* The calls that 32-bit programs have for addresses of 64 bits (W32-050..061): NtWow64* under
 * WOW64. */
#include "../compat_section.h"

typedef NTSTATUS(NTAPI *alloc_call)(HANDLE, ULONG64 *, ULONG64, ULONG64 *, ULONG, ULONG);
typedef NTSTATUS(NTAPI *copy_call)(HANDLE, ULONG64, void *, ULONG64, ULONG64 *);
typedef NTSTATUS(NTAPI *query_call)(HANDLE, ULONG64, int, void *, ULONG64, ULONG64 *);

static struct {
    alloc_call alloc;
    copy_call read, write;
    query_call query;
    HANDLE self; /* a real handle */
} wow64;

static void find_wow64(void)
{
    wow64.alloc = (alloc_call)find_call("NtWow64AllocateVirtualMemory64");
    wow64.read = (copy_call)find_call("NtWow64ReadVirtualMemory64");
    wow64.write = (copy_call)find_call("NtWow64WriteVirtualMemory64");
    wow64.query = (query_call)find_call("NtWow64QueryVirtualMemory64");
    wow64.self = keep(OpenProcess(0x1FFFFF, FALSE, GetCurrentProcessId()));
}

#define need_wow64(member, name)                                                                   \
    do {                                                                                           \
        skip_if(!is_wow64(), "WOW64 only");                                                        \
        find_wow64();                                                                              \
        need_call(wow64.member, name);                                                             \
        ok(wow64.self != NULL, "OpenProcess: last error %lu", (unsigned long)GetLastError());      \
    } while (0)
#define need_wow64_alloc() need_wow64(alloc, "NtWow64AllocateVirtualMemory64")

struct wide_out {
    ULONG status;
    ULONG64 base, size;
};

static struct wide_out wide_alloc(ULONG64 at, ULONG64 bits, ULONG64 size, ULONG protect)
{
    struct wide_out out = {0, at, size};

    out.status =
        (ULONG)wow64.alloc(wow64.self, &out.base, bits, &out.size, RSV | COM, protect);
    if (out.status < 0x80000000u && (ULONG_PTR)out.base == out.base)
        compat_claim((ULONG_PTR)out.base, (SIZE_T)out.size);
    return out;
}

static void refuse_wide(ULONG64 at, ULONG64 bits, ULONG64 size, ULONG status, ULONG other)
{
    struct wide_out out = wide_alloc(at, bits, size, RWR);

    expect_status(out.status, status, other);
    expect_eq(out.base, at);
    expect_eq(out.size, size);
}

CASE(W32, 050, "NtWow64AllocateVirtualMemory64 of 0x2345 bytes", "success, size 0x3000")
{
    struct wide_out out;

    need_wow64_alloc();
    out = wide_alloc(0, 0, 0x2345, RWR);
    expect_status(out.status, ST_SUCCESS);
    expect_eq(out.size, 0x3000);
    ok(out.base && !(out.base & (GR - 1)), "got 0x%llx", (unsigned long long)out.base);
}

CASE(W32, 051, "the same at its second page", "CONFLICTING_ADDRESSES")
{
    struct wide_out out;

    need_wow64_alloc();
    out = wide_alloc(0, 0, 0x2345, RWR);
    refuse_wide(out.base + PG, 0, 0x2345, ST_CONFLICTING_ADDRESSES, ST_CONFLICTING_ADDRESSES);
}

CASE(W32, 052, "NtWow64AllocateVirtualMemory64 of 0 bytes", "INVALID_PARAMETER or _4")
{
    need_wow64_alloc();
    refuse_wide(0, 0, 0, ST_INVALID_PARAMETER, ST_PARAMETER(4));
}

CASE(W32, 053, "NtWow64AllocateVirtualMemory64, ZeroBits 22 and 33", "INVALID_PARAMETER or _3")
{
    need_wow64_alloc();
    refuse_wide(0, 22, PG, ST_INVALID_PARAMETER, ST_PARAMETER(3));
    refuse_wide(0, 33, PG, ST_INVALID_PARAMETER, ST_PARAMETER(3));
}

CASE(W32, 054, "NtWow64AllocateVirtualMemory64, ZeroBits 0x3FFFFFFF", "below 0x40000000")
{
    struct wide_out out;

    need_wow64_alloc();
    out = wide_alloc(0, 0x3FFFFFFF, PG, RWR);
    expect_status(out.status, ST_SUCCESS);
    if (!out.status)
        ok(out.base && out.base < 0x40000000, "got 0x%llx", (unsigned long long)out.base);
}

CASE(W32, 055, "NtWow64AllocateVirtualMemory64 at 0x9876543210, RO",
     "0x9876540000, or CONFLICTING_ADDRESSES")
{
    struct wide_out out;

    need_wow64_alloc();
    out = wide_alloc(0x9876543210, 0, PG, RO);
    todo_wine("addresses above 4 GB are refused") {
        expect_status(out.status, ST_SUCCESS, ST_CONFLICTING_ADDRESSES);
        if (!out.status)
            ok(out.base == 0x9876540000 || broken(out.base == 0x76540000), "got 0x%llx",
               (unsigned long long)out.base);
    }
}

CASE(W32, 056, "NtWow64AllocateVirtualMemory64 by the pseudo handle", "success or INVALID_HANDLE")
{
    ULONG64 base = 0, size = PG;

    need_wow64_alloc();
    expect_status(wow64.alloc(GetCurrentProcess(), &base, 0, &size, RSV | COM, RWR), ST_SUCCESS,
                  ST_INVALID_HANDLE);
    if (base)
        compat_claim((ULONG_PTR)base, (SIZE_T)size);
}

CASE(W32, 057, "NtWow64WriteVirtualMemory64 to RW memory", "success, the whole count")
{
    BYTE *a, from[300];
    ULONG64 done = 77;

    need_wow64(write, "NtWow64WriteVirtualMemory64");
    a = obtain(2 * PG, RSV | COM, RWR);
    memset(from, 0x3d, sizeof(from));
    expect_status(wow64.write(wow64.self, (ULONG_PTR)a + PG - 100, from, sizeof(from), &done),
                  ST_SUCCESS);
    expect_eq(done, sizeof(from));
    expect_eq(memcmp(a + PG - 100, from, sizeof(from)), 0);
}

CASE(W32, 058, "NtWow64WriteVirtualMemory64 to RO memory", "PARTIAL_COPY, count 0")
{
    BYTE *a, from[300] = {1};
    ULONG64 done = 77;
    ULONG status;

    need_wow64(write, "NtWow64WriteVirtualMemory64");
    a = obtain(PG, RSV | COM, RO);
    status = (ULONG)wow64.write(wow64.self, (ULONG_PTR)a, from, sizeof(from), &done);
    todo_wine("another status, or it writes") {
        if (!broken(status == ST_ACCESS_VIOLATION))
            expect_status(status, ST_PARTIAL_COPY);
        expect_eq(done, 0);
        expect_eq(a[0], 0);
    }
}

CASE(W32, 059, "NtWow64ReadVirtualMemory64", "success, the whole count")
{
    BYTE *a, to[300];
    ULONG64 done = 77;

    need_wow64(read, "NtWow64ReadVirtualMemory64");
    a = obtain(2 * PG, RSV | COM, RWR);
    memset(a, 0x4e, 2 * PG);
    memset(to, 0, sizeof(to));
    expect_status(wow64.read(wow64.self, (ULONG_PTR)a + PG - 100, to, sizeof(to), &done),
                  ST_SUCCESS);
    expect_eq(done, sizeof(to));
    expect_eq(memcmp(a + PG - 100, to, sizeof(to)), 0);
}

/* MEMORY_BASIC_INFORMATION64 (W32 section 3): 48 bytes. */
struct wide_info {
    ULONG64 base, allocation;
    ULONG allocation_protect, alignment;
    ULONG64 size;
    ULONG state, protect, type, alignment2;
} __attribute__((aligned(16)));

CASE(W32, 060, "NtWow64QueryVirtualMemory64", "MEMORY_BASIC_INFORMATION64; lengths as native")
{
    struct wide_info info;
    ULONG64 length = 0;
    BYTE *a;

    skip_if(!is_native(), "unverified: no test or page says what Windows does");
    need_wow64(query, "NtWow64QueryVirtualMemory64");
    a = obtain(3 * PG, RSV, RWR);
    place(a, PG, COM, RO);
    memset(&info, 0xcc, sizeof(info));
    expect_status(wow64.query(wow64.self, (ULONG_PTR)a + PG, QUERY_BASIC, &info, sizeof(info),
                              &length),
                  ST_SUCCESS);
    expect_eq(length, 48);
    expect_eq(info.base, (ULONG_PTR)a + PG);
    expect_eq(info.allocation, (ULONG_PTR)a);
    expect_eq(info.allocation_protect, RWR);
    expect_eq(info.size, 2 * PG);
    expect_eq(info.state, RSV);
    expect_eq(info.protect, 0);
    expect_eq(info.type, MEM_PRIVATE);
    expect_status(wow64.query(wow64.self, (ULONG_PTR)a, QUERY_BASIC, &info, 47, &length),
                  ST_INFO_LENGTH_MISMATCH);
}

CASE(W32, 061, "QueryWorkingSetEx of a 32-bit process",
     "entries of two words; the length counts whole entries")
{
    struct {
        void *address;
        ULONG_PTR block;
    } entries[3];
    BYTE *a = obtain(2 * PG, RSV | COM, RWR);
    SIZE_T length = 77;

    skip_if(sizeof(void *) == 8, "32-bit programs only");
    a[0] = 1;
    memset(entries, 0, sizeof(entries));
    for (unsigned i = 0; i < 3; i++)
        entries[i].address = a + (i & 1) * PG;
    expect_eq(sizeof(entries[0]), 8);
    expect_status(nt_query(GetCurrentProcess(), NULL, 4, entries, sizeof(entries) - 1, &length),
                  ST_SUCCESS);
    expect_eq(length, 2 * sizeof(entries[0]));
    expect_eq(entries[0].block & 1, 1);
    expect_eq(entries[2].block, 0);
}
