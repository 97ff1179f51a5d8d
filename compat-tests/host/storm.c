/* Arguments without sense: every exported call with wild pointers, kernel addresses, odd sizes and
 * random flags. No call crashes, the tracker stays whole, and afterwards nothing is left over.
 *
 * Terms   arena = allocations of the test's own, which the calls may hit; wild = an address that is
 *         in no memory of the process, in the kernel's half, or misaligned.
 * I1      Addresses are wild or in the arena, never in memory that the program itself lives in: a
 *         call that may write anywhere would be right to do it.
 * I2      The seed is printed; the same seed gives the same calls. */
#include "env.h"

#include <winvm/winternl.h>

enum { N_CALLS = 200000, N_ARENA = 16, ARENA_LEN = 8 * GRAN };

static uint64_t state;
static char *arena[N_ARENA];

static uint64_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t one_of(const uint64_t *list, unsigned n)
{
    return list[any() % n];
}
#define ONE_OF(list) one_of(list, sizeof(list) / sizeof((list)[0]))

static void *any_pointer(void)
{
    static const uint64_t wild[] = {
        0, 1, 0xFFF, 0x1000, 0x10000, 0x10001, 0xFFFFFFFF, 0x7FFE0000, 0x7FFFFFFEFFFF,
        0x7FFFFFFF0000, 0x7FFFFFFFFFFF, 0x800000000000, 0x8000000000000000, 0xFFFF800000000000,
        0xFFFFFFFF80000000, 0xFFFFFFFFFF600000, 0xFFFFFFFFFFFFF000, 0xFFFFFFFFFFFFFFFF,
    };
    switch (any() % 4) {
    case 0:
        return (void *)ONE_OF(wild);
    case 1:
        return (void *)(0x300000000000 + any() % 64 * 0x10000 + any() % 3);
    default:
        return arena[any() % N_ARENA] +
               any() % ARENA_LEN / (any() % 2 ? 1 : PAGE) * (any() % 2 ? 1 : PAGE) % ARENA_LEN;
    }
}

static SIZE_T any_size(void)
{
    static const uint64_t odd[] = {
        0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 0x7FFFFFFF, 0xFFFFFFFF, 0x100000000,
        0x7FFFFFFEFFFF, 0x800000000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
        0xFFFFFFFFFFFF0000, 0xFFFFFFFFFFFFF000, 0xFFFFFFFFFFFFF001, 0xFFFFFFFFFFFFFFFF,
    };
    return any() % 2 ? ONE_OF(odd) : any() % (2 * ARENA_LEN);
}

static DWORD any_type(void)
{
    static const uint64_t types[] = {
        MEM_RESERVE, MEM_COMMIT, MEM_RESERVE | MEM_COMMIT, MEM_RESERVE | MEM_TOP_DOWN, MEM_RESET,
        MEM_RESET_UNDO, MEM_DECOMMIT, MEM_RELEASE, MEM_COMMIT | MEM_TOP_DOWN,
    };
    return any() % 4 ? (DWORD)ONE_OF(types) : any() % 2 ? (DWORD)any() : 1u << any() % 32;
}

static DWORD any_protection(void)
{
    return any() % 4 ? 1u << any() % 8 : any() % 2 ? (DWORD)any() & 0x7FF : (DWORD)any();
}

/* A variable of the caller's: good, or anything. */
static void *any_out(void *good)
{
    return any() % 2 ? good : any_pointer();
}

static HANDLE any_handle(void)
{
    static const uint64_t handles[] = {
        0, 1, 4, 0x7FFFFFFC, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0x123456789ABCDEF0};
    return any() % 3 ? GetCurrentProcess() : (HANDLE)ONE_OF(handles);
}

/* What a call reserved on its own is given back at once, so that the storm does not fill the
 * space. */
static void give_back(void *at)
{
    uintptr_t a = (uintptr_t)at;
    for (unsigned i = 0; i < N_ARENA; i++)
        if (a >= (uintptr_t)arena[i] && a < (uintptr_t)arena[i] + ARENA_LEN)
            return;
    VirtualFree(at, 0, MEM_RELEASE);
}

static void call_alloc(void)
{
    void *at = any_pointer(), *got;
    switch (any() % 3) {
    case 0:
        got = VirtualAlloc(at, any_size(), any_type(), any_protection());
        break;
    case 1:
        got = VirtualAllocExNuma(any_handle(), at, any_size(), any_type(), any_protection(),
                                 (DWORD)any() % 4);
        break;
    default:
        got = VirtualAllocFromApp(at, any_size(), any_type(), any_protection());
    }
    if (got)
        give_back(got);
}

static void call_free(void)
{
    if (any() % 2)
        VirtualFree(any_pointer(), any_size(), any_type());
    else
        VirtualFreeEx(any_handle(), any_pointer(), any_size(), any_type());
}

static void call_protect(void)
{
    DWORD old;
    void *out = any_out(&old);
    if (any() % 2)
        VirtualProtect(any_pointer(), any_size(), any_protection(), out);
    else
        VirtualProtectEx(any_handle(), any_pointer(), any_size(), any_protection(), out);
}

static void call_query(void)
{
    MEMORY_BASIC_INFORMATION m;
    union { MEMORY_BASIC_INFORMATION m; char bytes[1024]; } any_class;
    SIZE_T got;
    switch (any() % 3) {
    case 0:
        VirtualQuery(any_pointer(), any_out(&m), any() % 2 ? sizeof(m) : any() % (sizeof(m) + 1));
        break;
    case 1:
        VirtualQueryEx(any_handle(), any_pointer(), any_out(&m),
                       any() % 2 ? sizeof(m) : any() % (sizeof(m) + 1));
        break;
    default:
        NtQueryVirtualMemory(any_handle(), any_pointer(), (MEMORY_INFORMATION_CLASS)(any() % 16),
                             any_out(&any_class), any() % (sizeof(any_class) + 1), any_out(&got));
    }
}

static void call_lock(void)
{
    SIZE_T size = any_size() % (4 * GRAN);
    if (any() % 2)
        VirtualLock(any_pointer(), size);
    else
        VirtualUnlock(any_pointer(), any_size());
}

static void call_copy(void)
{
    static char own[4 * PAGE];
    SIZE_T done, len = any_size();
    void *out = any_out(&done);
    if (any() % 2)
        ReadProcessMemory(any_handle(), any_pointer(), own, len % sizeof(own), out);
    else
        WriteProcessMemory(any_handle(), any_pointer(), own, len % sizeof(own), out);
}

static void call_native(void)
{
    PVOID base = any_pointer();
    SIZE_T size = any_size();
    ULONG old;
    PVOID *b = any_out(&base);
    SIZE_T *s = any_out(&size);
    switch (any() % 6) {
    case 0:
        if (NtAllocateVirtualMemory(any_handle(), b, any() % 2 ? 0 : any(), s, any_type(),
                                    any_protection()) >= 0 &&
            b == &base)
            give_back(base);
        break;
    case 1:
        NtFreeVirtualMemory(any_handle(), b, s, any_type());
        break;
    case 2:
        NtProtectVirtualMemory(any_handle(), b, s, any_protection(), any_out(&old));
        break;
    case 3:
        size %= 4 * GRAN;
        NtLockVirtualMemory(any_handle(), b, &size, (ULONG)any() % 4);
        break;
    case 4:
        NtUnlockVirtualMemory(any_handle(), b, s, (ULONG)any() % 4);
        break;
    default:
        NtFlushVirtualMemory(any_handle(), b, s, any_out(&old));
    }
}

static void call_others(void)
{
    SYSTEM_INFO info;
    switch (any() % 9) {
    case 0:
        IsBadReadPtr(any_pointer(), any_size() % (4 * GRAN));
        break;
    case 1:
        IsBadWritePtr(any_pointer(), any_size() % (4 * GRAN));
        break;
    case 2:
        IsBadCodePtr((FARPROC)any_pointer());
        break;
    case 3:
        IsBadStringPtrA(any_pointer(), any_size());
        break;
    case 4:
        FlushInstructionCache(any_handle(), any_pointer(), any_size());
        break;
    case 5:
        CloseHandle((HANDLE)(any() % 64 * 4 + 0x7000000));
        break;
    case 6:
        GetProcAddress((HMODULE)any_pointer(), "VirtualAlloc");
        break;
    case 7:
        RtlNtStatusToDosError((NTSTATUS)any());
        break;
    default:
        GetSystemInfo(&info);
    }
}

static void make_arena(unsigned i)
{
    VirtualFree(arena[i], 0, MEM_RELEASE);
    arena[i] = VirtualAlloc((void *)(0x310000000000 + (uintptr_t)i * 2 * ARENA_LEN), ARENA_LEN,
                            MEM_RESERVE | (i % 2 ? MEM_COMMIT : 0),
                            i % 4 == 3 ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE);
}

/* Releases everything of winvm's in the process; foreign memory is refused. */
static void sweep(void)
{
    MEMORY_BASIC_INFORMATION m;
    for (char *p = NULL; VirtualQuery(p, &m, sizeof(m)) == sizeof(m);
         p = (char *)m.BaseAddress + m.RegionSize)
        if (m.State != MEM_FREE && m.Type == MEM_PRIVATE && m.AllocationBase == m.BaseAddress)
            VirtualFree(m.AllocationBase, 0, MEM_RELEASE);
}

static uint64_t count_allocations(void)
{
    MEMORY_BASIC_INFORMATION m;
    uint64_t n = 0;
    for (char *p = NULL; VirtualQuery(p, &m, sizeof(m)) == sizeof(m);
         p = (char *)m.BaseAddress + m.RegionSize)
        n += m.State != MEM_FREE && m.AllocationBase == m.BaseAddress;
    return n;
}

/* Half of the calls, then everything is given back. Returns how often the audit failed. */
static unsigned storm(void)
{
    static void (*const call[])(void) = {call_alloc, call_free, call_protect, call_query,
                                         call_lock, call_copy, call_native, call_others};
    unsigned audits = 0;
    for (unsigned i = 0; i < N_ARENA; i++)
        make_arena(i);
    for (unsigned i = 0; i < N_CALLS / 2; i++) {
        call[any() % 8]();
        if (i % 64 == 0)
            make_arena((unsigned)any() % N_ARENA);
        if (i % 2000 == 0)
            audits += winvm_audit() != 0;
    }
    sweep();
    VirtualUnlock((void *)0x7FFE0000, PAGE); /* the one page of winvm's that cannot be released */
    return audits;
}

/* The first half leaves winvm's own tables and closed pages that still are mappings of their own;
 * the second half finds them and adds nothing. */
int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20011025, before;
    env_start();
    printf("# seed %llu\n", (unsigned long long)seed);
    state = seed * 2 + 1;
    env_tour();
    before = committed_now();
    unsigned audits = storm(), maps = env_map_count();
    uint64_t allocations = count_allocations();
    audits += storm();
    ok(true, "%d calls, no crash", N_CALLS);
    ok(audits == 0, "the tracker is whole after every 2,000 calls (%u were not)", audits);
    ok(committed_now() == before, "commit charge is back: %llu, %llu before",
       (unsigned long long)committed_now(), (unsigned long long)before);
    uint64_t now = count_allocations();
    ok(now <= allocations + 8, "%llu allocations, %llu before", (unsigned long long)now,
       (unsigned long long)allocations);
    ok(env_map_count() <= maps + 48, "%u mappings, %u before", env_map_count(), maps);
    ok(env_status_kb("VmLck") == 0, "nothing stays locked: %ld kB", env_status_kb("VmLck"));
    expect_tour();
    return env_end();
}
