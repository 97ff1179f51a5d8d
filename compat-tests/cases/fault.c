/* Faults: what EXCEPTION_RECORD and CONTEXT say, and what a handler may do (EX-001..021). */
#include <stddef.h>

#include "../compat.h"
#include "../compat_hear.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define XRW PAGE_EXECUTE_READWRITE
#define AV ST_ACCESS_VIOLATION
#define RETURN 0xC3 /* the instruction */

/* One page of each kind: RW, then what is asked for. */
static BYTE *page_of(ULONG type, ULONG protect)
{
    BYTE *a = obtain(0x4000, RSV, RWR);

    place(a, PG, COM, RWR);
    if (type & COM)
        place(a + PG, PG, COM, protect);
    return a + PG;
}

/* Faults once, at this byte and in this instruction. */
static void check_touch(leaf_call leaf, BYTE *at, ULONG_PTR kind)
{
    hear(NULL);
    touch(leaf, at);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_heard(0, AV, kind, at);
    expect_ptr(heard.kept[0].ExceptionAddress, leaf);
}

static void check_touches(leaf_call leaf, BYTE *page, ULONG_PTR kind)
{
    check_touch(leaf, page, kind);
    check_touch(leaf, page + 0x7E3, kind);
    check_touch(leaf, page + 0xFFF, kind);
}

static BYTE *free_page(void)
{
    BYTE *a = obtain(GR, RSV, RWR);

    VirtualFree(a, 0, MEM_RELEASE);
    return a;
}

CASE(EX, 001, "read of an NA, a reserved, a free page",
     "C0000005, 2 parameters: 0, the byte; the instruction")
{
    check_touches(compat_leaf_read, page_of(COM, NA), 0);
    check_touches(compat_leaf_read, page_of(RSV, 0), 0);
    check_touches(compat_leaf_read, free_page(), 0);
}

CASE(EX, 002, "write to a RO, XR, NA, reserved, free page",
     "C0000005, 2 parameters: 1, the byte; the instruction")
{
    check_touches(compat_leaf_store, page_of(COM, RO), 1);
    check_touches(compat_leaf_store, page_of(COM, XR), 1);
    check_touches(compat_leaf_store, page_of(COM, NA), 1);
    check_touches(compat_leaf_store, page_of(RSV, 0), 1);
    check_touches(compat_leaf_store, free_page(), 1);
}

/* A jump to a page that may not run: the fault is the first instruction there. */
static void check_jump(BYTE *at)
{
    hear(NULL);
    touch_exec(at);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_heard(0, AV, 8, at);
    expect_ptr(heard.kept[0].ExceptionAddress, at);
}

CASE(EX, 003, "execute in a RW page", "C0000005, 8, the target")
{
    BYTE *a = page_of(COM, RWR);

    memset(a, RETURN, PG);
    check_jump(a);
    check_jump(a + 0x123);
}

CASE(EX, 004, "execute in a NA page", "C0000005, 8, the target")
{
    BYTE *a = page_of(COM, NA);

    check_jump(a);
    check_jump(a + 0x123);
}

CASE(EX, 008, "access that straddles two pages, the second faults",
     "C0000005 in one of the two pages (which byte is not verified)")
{
    BYTE *a = page_of(COM, NA), *start = a - 2;
    struct fault got[2];

    got[0] = touch_read4(start);
    got[1] = touch_write4(start);
    for (unsigned i = 0; i < 2; i++) {
        expect_eq(got[i].code, AV);
        expect_eq(got[i].kind, i);
        ok(got[i].address >= (ULONG_PTR)start && got[i].address < (ULONG_PTR)start + 4,
           "address: got 0x%llx, expected one of the 4 bytes at %p",
           (unsigned long long)got[i].address, (void *)start);
        printf("# recorded: byte %d of the operand, which has 2 in the first page\n",
               (int)(got[i].address - (ULONG_PTR)start));
    }
    expect_eq(a[-2], 0);
}

/* Instructions that nobody may run, with the way out below the stack pointer they leave. */
#ifdef __i386__
#define IRET "iret\n"
#define IRET_AWAY "add $20, %esp\n"
#define PUSH_STACK "push %esp\n"
#else
#define IRET "iretq\n"
#define IRET_AWAY "add $40, %rsp\n"
#define PUSH_STACK "push %rsp\n"
#endif
__asm__(".text\n"
        "compat_leaf_interrupt: int $0x50\n ret\n"
        "compat_leaf_iret: push $0\n " PUSH_STACK " pushf\n push $0x666\n push $0\n"
        "compat_at_iret: " IRET "compat_after_iret: " IRET_AWAY " ret\n");
LEAF void compat_leaf_interrupt(const volatile void *) __asm__("compat_leaf_interrupt");
LEAF void compat_leaf_iret(const volatile void *) __asm__("compat_leaf_iret");
extern char compat_at_iret[] __asm__("compat_at_iret");
extern char compat_after_iret[] __asm__("compat_after_iret");

static LONG leave_iret(EXCEPTION_POINTERS *info)
{
    if (CPU_IP(info->ContextRecord) != (ULONG_PTR)compat_at_iret)
        return EXCEPTION_CONTINUE_SEARCH;
    CPU_IP(info->ContextRecord) = (ULONG_PTR)compat_after_iret;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void check_general_protection(void)
{
    hear(leave_leaf);
    touch(compat_leaf_interrupt, NULL);
    expect_eq(heard_now(), 1);
    expect_heard(0, AV, 0, ~(ULONG_PTR)0);
    expect_ptr(heard.kept[0].ExceptionAddress, compat_leaf_interrupt);
    hear(leave_iret);
    touch(compat_leaf_iret, NULL);
    expect_eq(heard_now(), 1);
    todo_wine32("the selector of iret is the address")
        expect_heard(0, AV, 0, ~(ULONG_PTR)0);
    expect_ptr(heard.kept[0].ExceptionAddress, compat_at_iret);
    hear_end();
}

CASE(EX, 009, "general-protection fault: int 0x50, iret to a bad selector", "C0000005, 0, all ones")
{
    skip_if(is_32bit(), "see EX-010");
    check_general_protection();
}

CASE(EX, 010, "the same on 32-bit", "C0000005, 0, 0xFFFFFFFF")
{
    skip_if(!is_32bit(), "32-bit processors' mode only: see EX-009");
    check_general_protection();
}

CASE(EX, 011, "4-byte reads at 0xFFFFFFFC..0xFFFFFFFF", "C0000005, 0, the address or all ones")
{
    for (ULONG_PTR at = 0xFFFFFFFC; at <= 0xFFFFFFFF; at++) {
        struct fault got;

        skip_if(query((void *)at).State != MEM_FREE, "the page is in use");
        got = touch_read4((void *)at);
        expect_eq(got.code, AV);
        expect_eq(got.kind, 0);
        ok(got.address == at || got.address == ~(ULONG_PTR)0, "address: got 0x%llx",
           (unsigned long long)got.address);
    }
}

static LONG make_writable(EXCEPTION_POINTERS *info)
{
    DWORD old;
    void *at = (void *)info->ExceptionRecord->ExceptionInformation[1];

    return VirtualProtect(at, 1, RWR, &old) ? EXCEPTION_CONTINUE_EXECUTION
                                            : EXCEPTION_CONTINUE_SEARCH;
}

CASE(EX, 012, "handler changes the protection and continues", "the instruction runs again")
{
    BYTE *a = page_of(COM, RO);

    hear(make_writable);
    expect_no_fault(touch_write(a + 5));
    expect_eq(heard_now(), 1);
    expect_heard(0, AV, 1, a + 5);
    expect_eq(a[5], 0x5a);
    touch_write(a + 6);
    expect_eq(heard_now(), 1);
    expect_eq(a[6], 0x5a);
    hear_end();
}

CASE(EX, 016, "ExceptionAddress of a data fault", "the instruction pointer of the context")
{
    BYTE *a = page_of(COM, NA);

    hear(NULL);
    touch_read(a);
    touch_rewrite(a + 1);
    touch_write4(a + 2);
    hear_end();
    expect_eq(heard_now(), 3);
    for (unsigned i = 0; i < 3; i++)
        expect_ptr(heard.kept[i].ExceptionAddress, heard.ip[i]);
    expect_ptr(heard.ip[0], compat_leaf_read);
    expect_ptr(heard.ip[1], compat_leaf_write);
    expect_ptr(heard.ip[2], compat_leaf_store4);
}

CASE(EX, 018, "execute in an X, XR, XRW page", "runs")
{
    static const ULONG all[] = {PAGE_EXECUTE, XR, XRW};
    BYTE *a = page_of(COM, RWR);
    DWORD old;

    memset(a, RETURN, PG);
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        expect_success(VirtualProtect(a, PG, all[i], &old));
        expect_no_fault(touch_exec(a));
        expect_no_fault(touch_exec(a + 0xFFF));
    }
}

CASE(EX, 019, "execute in a RO, RW, NA page after it could run", "always C0000005, 8")
{
    static const ULONG all[] = {RO, RWR, NA};
    BYTE *a = page_of(COM, XRW);
    DWORD old;

    memset(a, RETURN, PG);
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        expect_success(VirtualProtect(a, PG, XRW, &old));
        expect_no_fault(touch_exec(a));
        expect_success(VirtualProtect(a, PG, all[i], &old));
        check_jump(a);
    }
}

static LONG commit_page(EXCEPTION_POINTERS *info)
{
    void *at = (void *)info->ExceptionRecord->ExceptionInformation[1];

    return VirtualAlloc(at, 1, COM, RWR) ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

CASE(EX, 020, "handler commits the page, or lifts its protection, and continues",
     "the access succeeds; the page stays so")
{
    BYTE *a = obtain(GR, RSV, NA);
    DWORD old;

    hear(commit_page);
    for (SIZE_T i = 0; i < GR; i += 0x2000)
        touch_write(a + i + 7);
    expect_eq(heard_now(), 8);
    for (SIZE_T i = 0; i < GR; i += 0x2000) {
        expect_eq(a[i + 7], 0x5a);
        expect_query(a + i, a + i, a, NA, PG, COM, RWR, MEM_PRIVATE);
        expect_page(a + i + PG, RSV, 0);
    }
    hear(make_writable);
    expect_success(VirtualProtect(a, PG, NA, &old));
    touch_write(a + 8);
    expect_eq(heard_now(), 1);
    expect_eq(a[8], 0x5a);
    expect_eq(a[7], 0x5a);
    expect_query(a, a, a, NA, PG, COM, RWR, MEM_PRIVATE);
    hear_end();
}

static const void *pointers[3];

static LONG keep_pointers(EXCEPTION_POINTERS *info)
{
    memcpy(pointers, info, sizeof(*info));
    pointers[2] = info->ContextRecord;
    return EXCEPTION_CONTINUE_SEARCH;
}

CASE(EX, 021, "EXCEPTION_POINTERS and EXCEPTION_RECORD",
     "record at 0, context at 8, 152 bytes; 32-bit: 0, 4, 80 bytes")
{
    const unsigned word = sizeof(void *);
    BYTE *a = page_of(COM, NA);

    hear(keep_pointers);
    touch_read(a);
    hear_end();
    expect_eq(sizeof(EXCEPTION_POINTERS), word * 2);
    expect_eq(offsetof(EXCEPTION_POINTERS, ExceptionRecord), 0);
    expect_eq(offsetof(EXCEPTION_POINTERS, ContextRecord), word);
    ok(pointers[0] != NULL, "no record");
    expect_ptr(pointers[1], pointers[2]);
    expect_eq(sizeof(EXCEPTION_RECORD), is_32bit() ? 80 : 152);
    expect_eq(offsetof(EXCEPTION_RECORD, ExceptionFlags), 4);
    expect_eq(offsetof(EXCEPTION_RECORD, ExceptionRecord), 8);
    expect_eq(offsetof(EXCEPTION_RECORD, ExceptionAddress), 8 + word);
    expect_eq(offsetof(EXCEPTION_RECORD, NumberParameters), 8 + 2 * word);
    expect_eq(offsetof(EXCEPTION_RECORD, ExceptionInformation), is_32bit() ? 20 : 32);
    expect_eq(EXCEPTION_MAXIMUM_PARAMETERS, 15);
}
