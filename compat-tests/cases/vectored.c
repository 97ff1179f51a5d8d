/* Vectored handlers and continue handlers, RaiseException (VEH-001..015). */
#include "../compat.h"
#include "../compat_frame.h"
#include "../compat_hear.h"

#define OURS 0xE0DE0001u /* an exception of this program's */
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RWR PAGE_READWRITE

/* ---- handlers that sign a log ---- */

enum { N_SIGNERS = 4 };
static struct {
    char log[64];
    unsigned n;
    LONG answer[N_SIGNERS];
    void *handle[N_SIGNERS];
    void *removed_by[N_SIGNERS]; /* the signer removes this handle when it runs */
} signers;

static void sign(char letter)
{
    if (signers.n < sizeof(signers.log) - 1)
        signers.log[signers.n++] = letter;
}

static LONG sign_as(unsigned who, const EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != OURS)
        return EXCEPTION_CONTINUE_SEARCH;
    sign((char)('A' + who));
    if (signers.removed_by[who])
        RemoveVectoredExceptionHandler(signers.removed_by[who]);
    return signers.answer[who];
}

static LONG CALLBACK signer_a(EXCEPTION_POINTERS *info)
{
    return sign_as(0, info);
}
static LONG CALLBACK signer_b(EXCEPTION_POINTERS *info)
{
    return sign_as(1, info);
}
static LONG CALLBACK signer_c(EXCEPTION_POINTERS *info)
{
    return sign_as(2, info);
}
static LONG CALLBACK signer_last(EXCEPTION_POINTERS *info)
{
    return sign_as(3, info);
}
static const PVECTORED_EXCEPTION_HANDLER signer[N_SIGNERS] = {signer_a, signer_b, signer_c,
                                                              signer_last};
enum { A, B, C, LAST };

/* An empty log; LAST, at the end of the list, continues. */
static void signers_begin(void)
{
    memset(&signers, 0, sizeof(signers));
    signers.answer[LAST] = EXCEPTION_CONTINUE_EXECUTION;
    signers.handle[LAST] = AddVectoredExceptionHandler(0, signer_last);
    ok(signers.handle[LAST] != NULL, "no handle");
}

static void *signer_add(unsigned who, ULONG first)
{
    return signers.handle[who] = AddVectoredExceptionHandler(first, signer[who]);
}

static void signers_end(void)
{
    for (unsigned i = 0; i < N_SIGNERS; i++)
        if (signers.handle[i])
            RemoveVectoredExceptionHandler(signers.handle[i]);
}

static void expect_log(const char *want)
{
    RaiseException(OURS, 0, 0, NULL);
    ok(!strcmp(signers.log, want), "handlers: got %s, expected %s", signers.log, want);
    memset(signers.log, 0, sizeof(signers.log));
    signers.n = 0;
}

CASE(VEH, 001, "AddVectoredExceptionHandler(1)", "called before all others")
{
    signers_begin();
    signer_add(A, 1);
    expect_log("AD");
    signer_add(B, 1);
    signer_add(C, 0x12345678);
    expect_log("CBAD");
    signers_end();
}

CASE(VEH, 002, "AddVectoredExceptionHandler(0)", "called after all others")
{
    signers_begin();
    signers.answer[LAST] = EXCEPTION_CONTINUE_SEARCH;
    signer_add(A, 0);
    signer_add(B, 1);
    signer_add(C, 0);
    signers.answer[C] = EXCEPTION_CONTINUE_EXECUTION;
    expect_log("BDAC");
    signers_end();
}

CASE(VEH, 003, "the handles", "not NULL, different")
{
    void *handles[4];

    signers_begin();
    handles[0] = signer_add(A, 1);
    handles[1] = signer_add(B, 0);
    handles[2] = AddVectoredContinueHandler(1, signer_c);
    handles[3] = AddVectoredContinueHandler(0, signer_c);
    for (unsigned i = 0; i < 4; i++) {
        ok(handles[i] != NULL, "no handle");
        for (unsigned j = 0; j < i; j++)
            ok(handles[i] != handles[j], "handles %u and %u: both %p", i, j, handles[i]);
    }
    expect_eq(RemoveVectoredContinueHandler(handles[2]) != 0, 1);
    expect_eq(RemoveVectoredContinueHandler(handles[3]) != 0, 1);
    signers_end();
}

static unsigned continues;

static LONG CALLBACK count_continue(EXCEPTION_POINTERS *info)
{
    (void)info;
    continues++;
    return EXCEPTION_CONTINUE_SEARCH;
}

CASE(VEH, 004, "the same function twice", "two handles; called twice")
{
    void *one, *two;

    signers_begin();
    one = signer_add(A, 1);
    two = AddVectoredExceptionHandler(1, signer_a);
    ok(one != two, "one handle: %p", one);
    expect_log("AAD");
    expect_eq(RemoveVectoredExceptionHandler(two) != 0, 1);
    expect_log("AD");
    one = AddVectoredContinueHandler(0, count_continue);
    two = AddVectoredContinueHandler(0, count_continue);
    ok(one != two, "one handle: %p", one);
    continues = 0;
    expect_log("AD");
    todo_wine("continue handlers are not called")
        expect_eq(continues, 2);
    expect_eq(RemoveVectoredContinueHandler(one) != 0, 1);
    expect_log("AD");
    todo_wine("continue handlers are not called")
        expect_eq(continues, 3);
    expect_eq(RemoveVectoredContinueHandler(two) != 0, 1);
    expect_log("AD");
    todo_wine("continue handlers are not called")
        expect_eq(continues, 3);
    signers_end();
}

/* A leaf that returns what it reads. */
__asm__(".text\n"
#ifdef __i386__
        "compat_leaf_value: movl " LEAF_TARGET ", %eax\n"
#else
        "compat_leaf_value: movq " LEAF_TARGET ", %rax\n"
#endif
        "compat_after_value: ret\n");
LEAF ULONG_PTR compat_leaf_value(const volatile void *) __asm__("compat_leaf_value");
extern char compat_after_value[] __asm__("compat_after_value");

static LONG supply_value(EXCEPTION_POINTERS *info)
{
    CPU_RESULT(info->ContextRecord) = CPU_VALUE;
    CPU_IP(info->ContextRecord) = (ULONG_PTR)compat_after_value;
    return EXCEPTION_CONTINUE_EXECUTION;
}

CASE(VEH, 005, "a handler returns EXCEPTION_CONTINUE_EXECUTION",
     "no further handlers; continue handlers; execution with the changed context")
{
    BYTE *a = obtain(PG, COM, NA);
    void *handle;

    signers_begin();
    signers.answer[A] = EXCEPTION_CONTINUE_EXECUTION;
    signer_add(A, 1);
    handle = AddVectoredContinueHandler(1, count_continue);
    continues = 0;
    expect_log("A");
    todo_wine("continue handlers are not called")
        expect_eq(continues, 1);
    hear(supply_value);
    expect_eq(compat_leaf_value(a), CPU_VALUE);
    hear_end();
    expect_eq(heard_now(), 1);
    todo_wine("continue handlers are not called")
        expect_eq(continues, 2);
    RemoveVectoredContinueHandler(handle);
    signers_end();
}

/* ---- frames ---- */

static BYTE *bad_page;

static LONG frame_leaves(EXCEPTION_POINTERS *info)
{
    sign('f');
    if (info->ExceptionRecord->ExceptionCode == ST_ACCESS_VIOLATION)
        return leave_leaf(info);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG vectored_passes(EXCEPTION_POINTERS *info)
{
    (void)info;
    sign('v');
    return EXCEPTION_CONTINUE_SEARCH;
}

static void raise_ours(void)
{
    RaiseException(OURS, 0, 0, NULL);
}

static void read_bad_page(void)
{
    compat_leaf_read(bad_page);
}

/* The log of one exception raised by body below a frame. The harness' own handler passes. */
static void check_framed(LONG (*vectored)(EXCEPTION_POINTERS *),
                         LONG (*frame)(EXCEPTION_POINTERS *), void (*body)(void), const char *want)
{
    memset(&signers, 0, sizeof(signers));
    compat_faults_pass = 1;
    hear(vectored);
    in_frame(frame, body);
    hear_end();
    compat_faults_pass = 0;
    ok(!strcmp(signers.log, want), "handlers: got %s, expected %s", signers.log, want);
}

CASE(VEH, 006, "all handlers return EXCEPTION_CONTINUE_SEARCH", "the next, then the frames")
{
    skip_if(!COMPAT_FRAMES, "frames of handlers are not to be had here");
    signers_begin();
    signer_add(A, 1);
    signer_add(B, 0);
    signers.answer[B] = EXCEPTION_CONTINUE_EXECUTION;
    signers.answer[LAST] = EXCEPTION_CONTINUE_SEARCH;
    expect_log("ADB");
    signers_end();
    check_framed(vectored_passes, frame_leaves, raise_ours, "vf");
}

CASE(VEH, 008, "order of vectored handlers and frames",
     "vectored first, for faults and RaiseException")
{
    skip_if(!COMPAT_FRAMES, "frames of handlers are not to be had here");
    bad_page = obtain(PG, COM, NA);
    check_framed(vectored_passes, frame_leaves, read_bad_page, "vf");
    check_framed(vectored_passes, frame_leaves, raise_ours, "vf");
    expect_eq(heard.kept[0].ExceptionCode, OURS);
    expect_eq(heard.kept[0].ExceptionFlags, 0);
    expect_eq(heard.kept[0].NumberParameters, 0);
    check_framed(go_on, frame_leaves, raise_ours, "");
}

static uint64_t frame_saw;

static LONG vectored_changes(EXCEPTION_POINTERS *info)
{
    CPU_KEPT(info->ContextRecord) = CPU_VALUE;
    sign('v');
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG frame_looks(EXCEPTION_POINTERS *info)
{
    frame_saw = CPU_KEPT(info->ContextRecord);
    CPU_KEPT(info->ContextRecord) = 0;
    return frame_leaves(info);
}

/* The register belongs to the caller: this one gives it back as it was. */
static void read_with_kept(void)
{
    __asm__ volatile("" ::: CPU_KEPT_NAME);
    compat_leaf_read(bad_page);
    __asm__ volatile("" ::: CPU_KEPT_NAME);
}

CASE(VEH, 009, "a vectored handler changes the context and returns search", "frames see the change")
{
    skip_if(!COMPAT_FRAMES, "frames of handlers are not to be had here");
    bad_page = obtain(PG, COM, NA);
    frame_saw = 0;
    check_framed(vectored_changes, frame_looks, read_with_kept, "vf");
    expect_eq(frame_saw, CPU_VALUE);
}

/* ---- removing ---- */

CASE(VEH, 010, "RemoveVectoredExceptionHandler, twice", "non-zero, then 0")
{
    void *handle;

    signers_begin();
    handle = signer_add(A, 1);
    signers.handle[A] = NULL;
    expect_log("AD");
    expect_eq(RemoveVectoredExceptionHandler(handle) != 0, 1);
    expect_log("D");
    expect_eq(RemoveVectoredExceptionHandler(handle), 0);
    expect_log("D");
    handle = AddVectoredContinueHandler(1, count_continue);
    expect_eq(RemoveVectoredContinueHandler(handle) != 0, 1);
    expect_eq(RemoveVectoredContinueHandler(handle), 0);
    signers_end();
}

CASE(VEH, 011, "a handle removed through the other list", "0; it stays")
{
    void *handle;

    signers_begin();
    signer_add(A, 1);
    expect_eq(RemoveVectoredContinueHandler(signers.handle[A]), 0);
    handle = AddVectoredContinueHandler(1, count_continue);
    expect_eq(RemoveVectoredExceptionHandler(handle), 0);
    continues = 0;
    expect_log("AD");
    todo_wine("continue handlers are not called")
        expect_eq(continues, 1);
    expect_eq(RemoveVectoredContinueHandler(handle) != 0, 1);
    signers_end();
}

CASE(VEH, 012, "garbage as a handle", "0")
{
    BYTE local[64] = {0};

    expect_eq(RemoveVectoredExceptionHandler((PVOID)0xDEADBEEF), 0);
    expect_eq(RemoveVectoredContinueHandler((PVOID)0xDEADBEEF), 0);
    expect_eq(RemoveVectoredExceptionHandler(local), 0);
    expect_eq(RemoveVectoredContinueHandler(local), 0);
}

CASE(VEH, 013, "a handler removes itself while it runs", "it ends; it is not called again")
{
    signers_begin();
    signers.removed_by[A] = signer_add(A, 1);
    signer_add(B, 1);
    expect_log("BAD");
    signers.removed_by[A] = NULL;
    expect_log("BD");
    expect_eq(RemoveVectoredExceptionHandler(signers.handle[A]), 0);
    signers.handle[A] = NULL;
    signers_end();
}

/* ---- threads ---- */

static __thread int own;
static int *handler_thread[2];
static unsigned handler_calls;

static LONG note_thread(EXCEPTION_POINTERS *info)
{
    if (handler_calls < 2)
        handler_thread[handler_calls] = &own;
    handler_calls++;
    return leave_leaf(info);
}

static void fault_on_thread(void *arg)
{
    compat_leaf_read(bad_page);
    *(int **)arg = &own;
}

CASE(VEH, 014, "faults on two threads, the handler registered before",
     "it runs on the faulting one")
{
    struct compat_thread other;
    int *others = NULL;

    bad_page = obtain(PG, COM, NA);
    handler_calls = 0;
    hear(note_thread);
    if (!ok(thread_start(&other, fault_on_thread, &others), "no thread"))
        return;
    thread_join(&other);
    compat_leaf_read(bad_page);
    hear_end();
    expect_eq(handler_calls, 2);
    expect_ptr(handler_thread[0], others);
    expect_ptr(handler_thread[1], &own);
}

/* ---- nesting ---- */

enum { LEVELS = 16 };
static unsigned level, deepest, returned;

/* Each level faults in a page of its own; the deepest gives the page, and so do the others on their
 * way back. */
static LONG nest(EXCEPTION_POINTERS *info)
{
    DWORD old;

    if (++level < LEVELS)
        *(volatile BYTE *)(bad_page + (SIZE_T)level * PG) = (BYTE)level;
    else
        deepest = level;
    VirtualProtect((PVOID)info->ExceptionRecord->ExceptionInformation[1], 1, RWR, &old);
    returned++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

CASE(VEH, 015, "faults inside handlers, 16 levels", "nested dispatch; each continues")
{
    bad_page = obtain(LEVELS * PG, COM, NA);
    level = deepest = returned = 0;
    hear(nest);
    *(volatile BYTE *)bad_page = 0xEE;
    hear_end();
    expect_eq(heard_now(), LEVELS);
    expect_eq(deepest, LEVELS);
    expect_eq(returned, LEVELS);
    expect_eq(bad_page[0], 0xEE);
    for (unsigned i = 1; i < LEVELS; i++)
        expect_eq(bad_page[i * PG], i);
    for (unsigned i = 0; i < HEARD_KEPT; i++) {
        expect_eq(heard.kept[i].ExceptionCode, ST_ACCESS_VIOLATION);
        expect_ptr(heard.kept[i].ExceptionInformation[1], bad_page + i * PG);
    }
}
