/* Coroutines on stacks that grow: deep recursion that switches in the middle, exceptions and tries
 * on each stack, overflows that are caught there. */
#include "users.h"

#ifndef __x86_64__
USERS_SKIP("coroutines", "it switches stacks with x86-64 instructions")
#else

#define N 16
#define STACK_SIZE ((SIZE_T)1 << 20)
#define CODE_IGNORED 0xE0000099
#define CODE_CAUGHT 0xE0000001

__asm__(".text\n"
        "users_coroutine_switch:\n" /* rdi: where the stack pointer goes, rsi: whence it comes */
        " push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        " mov %rsp, (%rdi)\n mov (%rsi), %rsp\n"
        " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n");
void switch_stack(void **from, void **to) __asm__("users_coroutine_switch");

static struct coroutine {
    void *sp;
    char *low;
    int done, caught, overflows;
    long sum;
} all[N];
static void *main_sp;
static int current;
static volatile int n_ignored;

static void yield_now(void)
{
    switch_stack(&all[current].sp, &main_sp);
}

static long recurse(int depth)
{
    volatile char block[700];
    block[699] = 1;
    if (depth % 40 == 0)
        yield_now();
    return depth ? recurse(depth - 1) + block[699] : block[699];
}

static int raise_deep(int depth)
{
    volatile char block[600];
    block[0] = 1;
    if (depth)
        return raise_deep(depth - 1) + block[0];
    RaiseException(CODE_IGNORED, 0, 0, NULL);
    RaiseException(CODE_CAUGHT, 0, 0, NULL);
    return block[0];
}

#if SEH
static void run_tries(struct coroutine *me, int depth)
{
    __try {
        raise_deep(depth);
    } __except(GetExceptionCode() == CODE_CAUGHT) {
        me->caught++;
    }
    __try {
        *(volatile char *)me->low = 1;
    } __except(GetExceptionCode() == CODE(EXCEPTION_ACCESS_VIOLATION)) {
        me->caught++;
    }
}

static void overflow(struct coroutine *me)
{
    __try {
        raise_deep(1000000000);
    } __except(GetExceptionCode() == CODE(EXCEPTION_STACK_OVERFLOW)) {
        me->overflows++;
    }
}
#else
static void run_tries(struct coroutine *me, int depth)
{
    (void)depth;
    me->caught += 2;
}

static void overflow(struct coroutine *me)
{
    me->overflows++;
}
#endif

static void body(void)
{
    struct coroutine *me = &all[current];
    for (int round = 0; round < 5; round++) {
        me->sum += recurse(300 + current * 10);
        run_tries(me, 100 * round);
        yield_now();
    }
    overflow(me);
    me->done = 1;
    yield_now();
    abort();
}

static void start(struct coroutine *c)
{
    memset(c, 0, sizeof(*c));
    c->low = VirtualAlloc(NULL, STACK_SIZE, MEM_RESERVE, PAGE_READWRITE);
    char *top = c->low + STACK_SIZE;
    VirtualAlloc(top - 2 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    protect(top - 2 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD);
    void **words = (void **)(void *)top;
    words[-2] = (void *)(uintptr_t)body;
    c->sp = words - 8; /* six registers below the address */
}

static void run_all(void)
{
    int alive = 1;
    while (alive) {
        alive = 0;
        for (current = 0; current < N; current++) {
            if (all[current].done)
                continue;
            alive = 1;
            switch_stack(&main_sp, &all[current].sp);
        }
    }
}

static LONG NTAPI ignore(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != CODE_IGNORED)
        return EXCEPTION_CONTINUE_SEARCH;
    n_ignored++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

int main(void)
{
    int sums = 1, caught = 1, overflows = 1, freed = 1;
    void *handle = AddVectoredExceptionHandler(1, ignore);

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            start(&all[i]);
        run_all();
        for (int i = 0; i < N; i++) {
            sums &= all[i].sum == 5 * (301 + i * 10);
            caught &= all[i].caught == 10;
            overflows &= all[i].overflows == 1;
            freed &= VirtualFree(all[i].low, 0, MEM_RELEASE) != 0;
        }
    }
    check(sums, "each stack grows and keeps what is on it");
    check(caught, "each try catches on its own stack");
    check(overflows, "each overflow is caught where it happens");
    check(n_ignored == (SEH ? 3 * N * 5 : 0), "a handler continues deep in a coroutine");
    check(freed, "the stacks are released");
    RemoveVectoredExceptionHandler(handle);
    return users_end();
}
#endif
