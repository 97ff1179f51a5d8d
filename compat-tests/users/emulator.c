/* An emulator's handler: device registers without memory behind them, instructions that are skipped
 * or done in software, software breakpoints. */
#include "users.h"

#ifndef __x86_64__
USERS_SKIP("an emulator's handler", "it decodes instructions of x86-64")
#else

static uint8_t *device;
static uint32_t registers[4];
static volatile int n_reads, n_writes, n_breaks;

/* mov eax,[rdi] = 8b 07; mov [rdi],eax = 89 07; movaps/movups xmm0,[rdi] = 0f 10 07. */
static LONG NTAPI emulate(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    CONTEXT *c = info->ContextRecord;
    const uint8_t *ip = (const uint8_t *)c->Rip;
    ULONG_PTR at = r->ExceptionInformation[1] - (ULONG_PTR)device;

    if (r->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION) || at >= PAGE ||
        (ULONG_PTR)r->ExceptionAddress != c->Rip)
        return EXCEPTION_CONTINUE_SEARCH;
    if (ip[0] == 0x8b && ip[1] == 0x07 && r->ExceptionInformation[0] == 0) {
        c->Rax = registers[at / 4 % 4];
        c->Rip += 2;
        n_reads++;
    } else if (ip[0] == 0x89 && ip[1] == 0x07 && r->ExceptionInformation[0] == 1) {
        registers[at / 4 % 4] = (uint32_t)c->Rax;
        c->Rip += 2;
        n_writes++;
    } else if (ip[0] == 0x0f && ip[1] == 0x10 && ip[2] == 0x07) {
        memcpy(&c->Xmm0, registers, 16);
        c->Rip += 3;
        n_reads++;
    } else {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    return EXCEPTION_CONTINUE_EXECUTION;
}

static uint32_t device_read(unsigned n)
{
    uint32_t value = 0xdeadbeef;
    __asm__ volatile(".byte 0x8b, 0x07" : "+a"(value) : "D"(device + 4 * n) : "memory");
    return value;
}

static void device_write(unsigned n, uint32_t value)
{
    __asm__ volatile(".byte 0x89, 0x07" : : "a"(value), "D"(device + 4 * n) : "memory");
}

static void device_read_all(uint32_t out[4])
{
    __asm__ volatile(".byte 0x0f, 0x10, 0x07\n\tmovups %%xmm0, (%1)"
                     :
                     : "D"(device), "r"(out)
                     : "xmm0", "memory");
}

static void devices(void)
{
    uint32_t all[4] = {0};
    int right = 1;

    device = VirtualAlloc(NULL, GRAN, MEM_RESERVE, PAGE_NOACCESS);
    for (unsigned i = 0; i < 4; i++)
        device_write(i, 0x1000 + i);
    for (unsigned round = 0; round < 500; round++) {
        device_write(round % 4, device_read(round % 4) + 1);
        right &= registers[round % 4] == 0x1000 + round % 4 + round / 4 + 1;
    }
    check(right, "each access goes to the device");
    check(n_reads == 500 && n_writes == 504, "and goes there once");
    device_read_all(all);
    check(!memcmp(all, registers, 16), "a handler gives a vector register its value");
}

/* ---- breakpoints ---- */

static uint8_t *break_at, original;

static LONG NTAPI debug(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    CONTEXT *c = info->ContextRecord;

    if (r->ExceptionCode == CODE(EXCEPTION_BREAKPOINT) && r->ExceptionAddress == break_at) {
        n_breaks++;
        check(c->Rip == (ULONG_PTR)break_at, "the context stands at the breakpoint");
        *break_at = original;
        c->EFlags |= 0x100;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (r->ExceptionCode == CODE(EXCEPTION_SINGLE_STEP)) {
        *break_at = 0xcc;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

static void breakpoints(void)
{
    static const uint8_t body[] = {0x90, 0xb8, 42, 0, 0, 0, 0xc3}; /* nop; mov eax,42; ret */
    uint8_t *code = commit(PAGE, PAGE_EXECUTE_READWRITE);
    int (*call)(void) = (int (*)(void))(uintptr_t)code;
    void *handle = AddVectoredExceptionHandler(1, debug);

    memcpy(code, body, sizeof(body));
    break_at = code + 1;
    original = *break_at;
    *break_at = 0xcc;
    FlushInstructionCache(GetCurrentProcess(), code, sizeof(body));
    check(call() == 42 && call() == 42, "code with a breakpoint runs");
    check(n_breaks == 2, "a breakpoint that is stepped over and set again hits each time");
    RemoveVectoredExceptionHandler(handle);
    VirtualFree(code, 0, MEM_RELEASE);
}

/* ---- the thread goes on elsewhere ---- */

static void *fresh_stack;
static volatile int was_elsewhere, bad_ip;

static void elsewhere(void)
{
    ULONG_PTR here = (ULONG_PTR)__builtin_frame_address(0);
    was_elsewhere = here - (ULONG_PTR)fresh_stack < GRAN;
    jump_out();
}

static LONG NTAPI redirect(EXCEPTION_POINTERS *info)
{
    CONTEXT *c = info->ContextRecord;

    if (info->ExceptionRecord->ExceptionCode == CODE(EXCEPTION_INT_DIVIDE_BY_ZERO)) {
        c->Rip = 0x10; /* garbage: the next exception is of kind execute, there */
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (info->ExceptionRecord->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION))
        return EXCEPTION_CONTINUE_SEARCH;
    bad_ip = c->Rip == 0x10 && info->ExceptionRecord->ExceptionInformation[1] == 0x10 &&
             info->ExceptionRecord->ExceptionInformation[0] == 8;
    c->Rsp = (ULONG_PTR)fresh_stack + GRAN - 40;
    c->Rip = (ULONG_PTR)elsewhere;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void divide(volatile int *by)
{
    *by = 5 / *by;
}

static void redirection(void)
{
    void *handle = AddVectoredExceptionHandler(1, redirect);
    void (*volatile call)(volatile int *) = divide; /* a call that may jump, to the compiler */
    volatile int zero = 0;

    fresh_stack = commit(GRAN, PAGE_READWRITE);
    if (jump_point() == 0)
        call(&zero);
#ifndef _WIN32 /* Wine reports a jump to nowhere as a read */
    check(bad_ip, "a jump to nowhere is an exception there");
#endif
    check(was_elsewhere, "a handler gives the thread another stack");
    RemoveVectoredExceptionHandler(handle);
}

int main(void)
{
    void *handle = AddVectoredExceptionHandler(1, emulate);

    devices();
    RemoveVectoredExceptionHandler(handle);
    breakpoints();
    redirection();
    return users_end();
}
#endif
