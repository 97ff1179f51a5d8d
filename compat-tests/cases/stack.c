/* Stacks: of threads, of RtlCreateUserStack, and home-made ones (GS-001..020, VQ-030). */
#include "../compat.h"
#include "../compat_hear.h"
#include "../compat_stack.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define RWR PAGE_READWRITE
#define GUARDED (PAGE_READWRITE | PAGE_GUARD)
#define NO_THREADS "CreateThread: threads of the host have stacks of the host"

/* Touches the pages below a stack's committed part, downwards. */
struct descent {
    BYTE *from;
    unsigned pages;
    ULONG code[64]; /* of the fault at each page; 0 none */
};

static void descend(void *arg)
{
    struct descent *d = (struct descent *)arg;

    for (unsigned i = 0; i < d->pages; i++)
        d->code[i] = touch_write(d->from - (SIZE_T)i * PG).code;
}

/* ---- stacks of threads ---- */

#ifdef _WIN32
struct facts {
    struct stack fresh, grown;
    MEMORY_BASIC_INFORMATION low, guard, limit;
    void (*more)(struct facts *);
    struct nt_out out;
};

static void look_at_stack(struct facts *f)
{
    f->grown = stack_bounds();
    f->low = query(f->grown.low);
    f->guard = query(f->grown.limit - PG);
    f->limit = query(f->grown.limit);
}

static DWORD WINAPI stack_thread(LPVOID arg)
{
    struct facts *f = (struct facts *)arg;

    f->fresh = stack_bounds();
    look_at_stack(f);
    if (f->more)
        f->more(f);
    return 0;
}

static struct facts on_thread(SIZE_T size, ULONG flags, void (*more)(struct facts *))
{
    struct facts f = {.more = more};
    HANDLE thread = CreateThread(NULL, size, stack_thread, &f, flags, NULL);

    ok(thread != NULL, "no thread");
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return f;
}

static IMAGE_OPTIONAL_HEADER *image_header(void)
{
    BYTE *image = (BYTE *)GetModuleHandleA(NULL);
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)(void *)image;

    return &((IMAGE_NT_HEADERS *)(void *)(image + dos->e_lfanew))->OptionalHeader;
}

/* Until 0x9000 bytes are committed. */
static void grow_to_9000(struct facts *f)
{
    struct stack now = stack_bounds();

    for (BYTE *p = now.limit - PG; p >= now.base - 0x9000; p -= PG)
        touch_write(p);
    look_at_stack(f);
}

static void guard_inside(struct facts *f)
{
    grow_to_9000(f);
    f->out = nt_alloc(f->grown.limit + 0x2000, 0, PG, COM, GUARDED);
    look_at_stack(f);
}

static void protect_inside(struct facts *f)
{
    grow_to_9000(f);
    f->out = nt_protect(f->grown.limit + 0x2000, PG, GUARDED);
    look_at_stack(f);
}

static void protect_back(struct facts *f)
{
    BYTE *page;

    grow_to_9000(f);
    page = f->grown.limit + 0x2000;
    nt_protect(page, PG, GUARDED);
    f->out = nt_protect(page, PG, RWR);
    look_at_stack(f);
}

static SIZE_T committed_of(const struct stack *s)
{
    return (SIZE_T)(s->base - s->limit);
}
#endif

CASE(GS, 001, "CreateThread(0x3F00)", "committed 0x4000, reserve as the image says")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, NULL);

    todo_wine("the whole stack is committed")
        if (!broken(committed_of(&f.fresh) == PG))
            expect_eq(committed_of(&f.fresh), 0x4000);
    expect_eq(f.fresh.base - f.fresh.low, image_header()->SizeOfStackReserve);
#else
    skip_if(1, NO_THREADS);
#endif
}

CASE(GS, 002, "CreateThread(0x3FF000, STACK_SIZE_PARAM_IS_A_RESERVATION)",
     "reserve 0x400000, committed as the image says, not below 0x2000")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3FF000, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    SIZE_T commit = image_header()->SizeOfStackCommit;

    expect_eq(f.fresh.base - f.fresh.low, 0x400000);
    todo_wine("the whole stack is committed")
        expect_eq(committed_of(&f.fresh), commit < 0x2000 ? 0x2000 : commit);
#else
    skip_if(1, NO_THREADS);
#endif
}

/* The three parts of a stack, from its allocation's base up. */
static void check_parts(const struct stack *s, ULONG guard_most)
{
    MEMORY_BASIC_INFORMATION guard = query(s->limit - PG), limit = query(s->limit);
    BYTE *guard_base = (BYTE *)guard.BaseAddress;

    expect_query(s->low, s->low, s->low, RWR, (SIZE_T)(guard_base - s->low), RSV, 0, MEM_PRIVATE);
    ok(guard.State == COM && guard.Protect == GUARDED && guard.RegionSize <= guard_most,
       "guard: got state 0x%lx protect 0x%lx, %llu bytes", (unsigned long)guard.State,
       (unsigned long)guard.Protect, (unsigned long long)guard.RegionSize);
    expect_ptr(guard_base + guard.RegionSize, s->limit);
    ok(limit.State == COM && limit.Protect == RWR, "limit: got state 0x%lx protect 0x%lx",
       (unsigned long)limit.State, (unsigned long)limit.Protect);
    expect_eq(limit.RegionSize, s->base - s->limit);
    expect_ptr(limit.AllocationBase, s->low);
}

CASE(GS, 003, "query of DeallocationStack", "RESERVE, Protect 0, AllocationProtect RW")
{
    struct stack s = make_stack(0x40000, 0x3000);

    check_parts(&s, PG);
#ifdef _WIN32
    struct facts f = on_thread(0, 0, NULL);

    todo_wine("stacks are committed") {
        expect_eq(f.low.State, RSV);
        expect_eq(f.low.Protect, 0);
    }
    expect_eq(f.low.AllocationProtect, RWR);
    expect_ptr(f.low.AllocationBase, f.fresh.low);
    expect_ptr(f.low.BaseAddress, f.fresh.low);
#endif
}

CASE(VQ, 030, "query of the bottom of a fresh stack", "RESERVE, Protect 0, RW, PRIVATE")
{
#ifdef _WIN32
    struct facts f = on_thread(0, 0, NULL);

    expect_eq(f.low.Type, MEM_PRIVATE);
    expect_eq(f.low.AllocationProtect, RWR);
    todo_wine("stacks are committed") {
        expect_eq(f.low.State, RSV);
        expect_eq(f.low.Protect, 0);
    }
#else
    INITIAL_TEB made = {0};

    expect_status(RtlCreateUserStack(0, 0, 0, 1, 1, &made), ST_SUCCESS);
    MEMORY_BASIC_INFORMATION low = query(made.DeallocationStack);
    expect_eq(low.State, RSV);
    expect_eq(low.Protect, 0);
    expect_eq(low.AllocationProtect, RWR);
    expect_eq(low.Type, MEM_PRIVATE);
    RtlFreeUserStack(made.DeallocationStack);
#endif
}

CASE(GS, 004, "touch of a thread's stack, 0x9000 bytes deep",
     "committed 0x9000, the guard below it")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, grow_to_9000);

    todo_wine("the whole stack is committed") {
        expect_eq(committed_of(&f.grown), 0x9000);
        expect_eq(f.low.State, RSV);
        expect_eq((BYTE *)f.guard.BaseAddress - (BYTE *)f.low.BaseAddress, f.low.RegionSize);
        expect_eq(f.guard.Protect, GUARDED);
        ok(f.guard.RegionSize >= PG && f.guard.RegionSize <= 0x3000, "guard: %llu bytes",
           (unsigned long long)f.guard.RegionSize);
    }
#else
    skip_if(1, NO_THREADS);
#endif
}

CASE(GS, 005, "query of the guard region", "COMMIT, 0x104")
{
    struct stack s = make_stack(0x40000, 0x3000);
    struct descent d = {.from = s.limit - PG, .pages = 3};

    on_stack(&s, descend, &d);
    s.limit = s.base - 0x6000;
    check_parts(&s, 0x3000);
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, grow_to_9000);

    expect_eq(f.guard.State, COM);
    expect_eq(f.guard.Protect, GUARDED);
#endif
}

CASE(GS, 006, "query of StackLimit", "RW, RegionSize as committed")
{
    struct stack s = make_stack(0x40000, 0x4000);

    check_parts(&s, PG);
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, NULL);

    expect_eq(f.limit.RegionSize, committed_of(&f.fresh));
    expect_eq(f.limit.Protect, RWR);
#endif
}

CASE(GS, 007, "Nt(StackLimit+0x2000, COMMIT, RW+GUARD), 0x9000 committed",
     "StackLimit moves up: 0x6000; the pages below stay RW")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, guard_inside);
    BYTE *page = f.out.base;

    expect_status(f.out.status, ST_SUCCESS);
    todo_wine("StackLimit stays, the whole stack being committed") {
        expect_eq(committed_of(&f.grown), 0x6000);
        expect_eq(f.fresh.base - page, 0x7000);
    }
#else
    skip_if(1, NO_THREADS);
#endif
}

CASE(GS, 008, "NtProtect(StackLimit+0x2000, RW+GUARD), 0x9000 committed",
     "StackLimit moves up: 0x6000; old RW")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, protect_inside);

    expect_status(f.out.status, ST_SUCCESS);
    expect_eq(f.out.old, RWR);
    todo_wine("StackLimit stays")
        expect_eq(committed_of(&f.grown), 0x6000);
#else
    skip_if(1, NO_THREADS);
#endif
}

CASE(GS, 009, "then NtProtect(RW)", "old 0x104; StackLimit stays at 0x6000")
{
#ifdef _WIN32
    struct facts f = on_thread(0x3F00, 0, protect_back);

    expect_status(f.out.status, ST_SUCCESS);
    expect_eq(f.out.old, GUARDED);
    todo_wine("StackLimit never moved")
        expect_eq(committed_of(&f.grown), 0x6000);
#else
    skip_if(1, NO_THREADS);
#endif
}

/* ---- growth and overflow ---- */

CASE(GS, 010, "touch of the guard page of the stack", "no exception; the guard moves down")
{
    struct stack s = make_stack(0x40000, 0x4000);
    struct descent d = {.from = s.limit - PG, .pages = 20};

    hear(NULL);
    on_stack(&s, descend, &d);
    hear_end();
    expect_eq(heard_now(), 0);
    for (unsigned i = 0; i < d.pages; i++)
        expect_eq(d.code[i], 0);
    s.limit = s.base - 0x4000 - 20 * PG;
    check_parts(&s, 0x3000);
    for (unsigned i = 0; i < d.pages; i++)
        expect_eq(d.from[-(SSIZE_T)(i * PG)], 0x5a);
}

static unsigned overflows;

static LONG leave_overflow(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != ST_STACK_OVERFLOW)
        return EXCEPTION_CONTINUE_SEARCH;
    overflows++;
    note_fault(ST_STACK_OVERFLOW, 0, 0);
    return leave_leaf(info);
}

/* Down to the lowest page of a stack of 32 pages, 4 of them committed. */
static struct descent overflow(struct stack *s)
{
    struct descent d = {.pages = 28};

    *s = make_stack(0x20000, 0x4000);
    d.from = s->limit - PG;
    overflows = 0;
    hear(leave_overflow);
    on_stack(s, descend, &d);
    hear_end();
    return d;
}

CASE(GS, 011, "touch of the guard page when the guarantee remains",
     "C00000FD once; the rest becomes usable, no new guard")
{
    struct stack s;
    struct descent d = overflow(&s);
    unsigned at = 0;

    expect_eq(overflows, 1);
    while (at < d.pages && !d.code[at])
        at++;
    ok(at >= 16 && at < d.pages, "overflow at page %u of %u", at, d.pages);
    if (at >= d.pages)
        return;
    expect_eq(d.code[at], ST_STACK_OVERFLOW);
    for (unsigned i = at + 1; i + 1 < d.pages; i++)
        expect_eq(d.code[i], 0);
    for (BYTE *p = s.low; p < s.base; p += PG)
        ok((query(p).Protect & PAGE_GUARD) == 0, "page %p is a guard page", (void *)p);
    expect_no_fault(touch_write(d.from - (SIZE_T)at * PG));
}

CASE(GS, 012, "second overflow, the guard not set again", "C0000005")
{
    struct stack s;
    struct descent d = overflow(&s);

    expect_eq(d.code[d.pages - 1], ST_ACCESS_VIOLATION);
    expect_eq(overflows, 1);
    d = (struct descent){.from = s.low, .pages = 1};
    on_stack(&s, descend, &d);
    expect_eq(d.code[0], ST_ACCESS_VIOLATION);
}

CASE(GS, 013, "touch below the guard page", "C0000005; nothing grows")
{
    struct stack s = make_stack(0x40000, 0x4000);
    struct descent d = {.from = s.limit - 2 * PG, .pages = 4};

    on_stack(&s, descend, &d);
    for (unsigned i = 0; i < d.pages; i++)
        expect_eq(d.code[i], ST_ACCESS_VIOLATION);
    check_parts(&s, PG);
}

/* ---- RtlCreateUserStack ---- */

static void check_user_stack(SIZE_T commit, SIZE_T reserve, SIZE_T commit_align,
                             SIZE_T reserve_align, const SIZE_T want[2])
{
    INITIAL_TEB made;
    struct stack s;

    memset(&made, 0xcc, sizeof(made));
    expect_status(RtlCreateUserStack(commit, reserve, 0, commit_align, reserve_align, &made),
                  ST_SUCCESS);
    s.low = (BYTE *)made.DeallocationStack;
    s.limit = (BYTE *)made.StackLimit;
    s.base = (BYTE *)made.StackBase;
    expect_eq(s.base - s.low, want[1]);
    todo_wine("the whole stack is committed")
        expect_eq(s.base - s.limit, want[0]);
    expect_ptr(made.OldStackBase, NULL);
    expect_ptr(made.OldStackLimit, NULL);
    todo_wine("the whole stack is committed")
        check_parts(&s, 0x3000);
    RtlFreeUserStack(s.low);
    expect_eq(query(s.low).State, MEM_FREE);
}

CASE(GS, 014, "RtlCreateUserStack(0, 0, 0, 1, 1)", "commit and reserve as the image says")
{
#ifdef _WIN32
    const SIZE_T want[] = {image_header()->SizeOfStackCommit, image_header()->SizeOfStackReserve};
#else
    const SIZE_T want[] = {0x1000, 0x100000}; /* what Microsoft's linker writes */
#endif

    check_user_stack(0, 0, 1, 1, want);
}

CASE(GS, 015, "RtlCreateUserStack(0x20000, 0x20000, 0, 1, 1)", "commit 0x20000, reserve 0x100000")
{
    check_user_stack(0x20000, 0x20000, 1, 1, (const SIZE_T[]){0x20000, 0x100000});
}

CASE(GS, 016, "RtlCreateUserStack(0x11000, 0x140000, 0, 0x4000, 0x40000)",
     "commit 0x14000, reserve 0x140000")
{
    check_user_stack(0x11000, 0x140000, 0x4000, 0x40000, (const SIZE_T[]){0x14000, 0x140000});
}

CASE(GS, 017, "RtlCreateUserStack, an alignment 0", "INVALID_PARAMETER")
{
    INITIAL_TEB made;

    expect_status(RtlCreateUserStack(0, 0, 0, 1, 0, &made), ST_INVALID_PARAMETER);
    expect_status(RtlCreateUserStack(0, 0, 0, 0, 1, &made), ST_INVALID_PARAMETER);
}

CASE(GS, 018, "RtlCreateUserStack, ZeroBits 0..31",
     "0..11 success; 12 CONFLICTING_ADDRESSES or NO_MEMORY; else INVALID_PARAMETER*")
{
    for (ULONG bits = 0; bits < 32; bits++) {
        INITIAL_TEB made = {0};
        ULONG status = (ULONG)RtlCreateUserStack(0x20000, 0x20000, bits, 1, 1, &made);

        todo_wine("low memory is in use; impossible ZeroBits are NO_MEMORY") {
            if (bits < 12)
                expect_status(status, ST_SUCCESS);
            else if (bits == 12)
                expect_status(status, ST_CONFLICTING_ADDRESSES, ST_NO_MEMORY);
            else
                expect_parameter(status, 3);
        }
        if (status)
            continue;
        if (bits)
            ok((ULONG_PTR)made.StackBase <= 1ull << (32 - bits), "ZeroBits %lu: %p",
               (unsigned long)bits, made.StackBase);
        RtlFreeUserStack(made.DeallocationStack);
    }
}

/* Uses a stack from above to below, in frames smaller than a page. */
static void __attribute__((noinline, noclone)) use_stack(void *arg)
{
    unsigned *left = (unsigned *)arg;
    volatile BYTE space[3000];

    space[0] = space[2999] = 1;
    if (--*left)
        use_stack(arg);
    space[1] = space[0];
}

CASE(GS, 019, "a home-made stack: reserved, its top page RW+GUARD", "it grows")
{
    struct stack s = make_stack(0x40000, 0);
    unsigned left = 40;

    hear(NULL);
    on_stack(&s, use_stack, &left);
    hear_end();
    expect_eq(left, 0);
    expect_eq(heard_now(), 0);
#ifndef _WIN32
    s.limit = s.low + query(s.low).RegionSize;
    s.limit += query(s.limit).RegionSize;
#endif
    ok(s.base - s.limit >= 40 * 3000, "committed: got %llu bytes",
       (unsigned long long)(s.base - s.limit));
    check_parts(&s, 0x3000);
}

CASE(GS, 020, "NtSetInformationProcess(ProcessThreadStackAllocation), 0x100000",
     "a RESERVE PRIVATE region of that size")
{
#ifdef _WIN32
    struct {
        SIZE_T reserve, zero_bits;
        PVOID base;
    } wanted = {0x100000, 0, NULL};

    expect_status(
        NtSetInformationProcess(GetCurrentProcess(), (PROCESSINFOCLASS)41, &wanted, sizeof(wanted)),
        ST_SUCCESS);
    expect_query(wanted.base, wanted.base, wanted.base, RWR, 0x100000, RSV, 0, MEM_PRIVATE);
    VirtualFree(wanted.base, 0, MEM_RELEASE);
#else
    skip_if(1, "NtSetInformationProcess");
#endif
}
