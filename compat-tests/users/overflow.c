/* Programs that run out of stack and recover: in main, in threads, and on stacks of
 * their own; deep recursion that does fit. */
#include "users.h"

#ifndef __x86_64__
USERS_SKIP("an overflow of the stack", "it switches stacks with x86-64 instructions")
#else

#define N_THREADS 4

/* Uses a good kilobyte for each step. */
__attribute__((noinline)) static int descend(int depth)
{
    volatile char block[1000];
    block[0] = (char)depth;
    block[999] = (char)(depth >> 8);
    if (depth == 0)
        return block[0];
    return descend(depth - 1) + (block[999] & 1);
}

static __thread jmp_buf recover;
static __thread DWORD code_seen;
static int (*volatile run_down)(int) = descend;

static LONG NTAPI jump_back(EXCEPTION_POINTERS *info)
{
    code_seen = info->ExceptionRecord->ExceptionCode;
    longjmp(recover, 1);
}

static int overflow_by_jump(void)
{
    code_seen = 0;
    if (setjmp(recover) == 0)
        run_down(1000000000);
    return code_seen == CODE(EXCEPTION_STACK_OVERFLOW);
}

static int overflow_by_try(void)
{
    volatile int good = 0;
#if SEH
    __try {
        run_down(1000000000);
    } __except(GetExceptionCode() == CODE(EXCEPTION_STACK_OVERFLOW)) {
        good = 1;
    }
#endif
    return good;
}

enum { BY_TRY, BY_JUMP, BY_JUMP_ALONE };

/* A thread that is not created under a preload object needs one call before it overflows. */
static void *overflow_in_thread(void *how)
{
    int (*way)(void) = (uintptr_t)how == BY_TRY ? overflow_by_try : overflow_by_jump;
    uintptr_t good = 1;
    if ((uintptr_t)how == BY_JUMP)
        VirtualFree(commit(GRAN, PAGE_READWRITE), 0, MEM_RELEASE);
    for (int i = 0; i < 4 && good; i++)
        good = (uintptr_t)way();
    return (void *)good;
}

static int in_threads(uintptr_t how)
{
    pthread_t threads[N_THREADS];
    pthread_attr_t attr;
    int good = 1;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 1 << 20);
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], &attr, overflow_in_thread, (void *)how);
    for (int i = 0; i < N_THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        good &= result != NULL;
    }
    return good;
}

/* ---- stacks that grow ---- */

__asm__(".text\n"
        "users_switch:\n" /* rdi: top, rsi: function, rdx: argument */
        " push %rbp\n mov %rsp, %rbp\n mov %rdi, %rsp\n mov %rdx, %rdi\n call *%rsi\n"
        " mov %rbp, %rsp\n pop %rbp\n ret\n");
void users_switch(void *top, void (*run)(void *), void *arg) __asm__("users_switch");

struct job {
    char *low, *top;
    int depth, result;
};

static void work(void *arg)
{
    struct job *job = arg;
    job->result = run_down(job->depth) >= 0;
}

static void work_too_deep(void *arg)
{
    struct job *job = arg;
    job->result = overflow_by_jump();
}

static void work_too_deep_try(void *arg)
{
    struct job *job = arg;
    job->result = overflow_by_try();
}

static void make_stack(struct job *job, SIZE_T size)
{
    job->low = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    job->top = job->low + size;
    VirtualAlloc(job->top - 2 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    protect(job->top - 2 * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD);
}

static void growing(void)
{
    struct job job = {.depth = 500};
    make_stack(&job, 1 << 20);
    users_switch(job.top, work, &job);
    check(job.result, "deep recursion on a stack that grows");
    check(protection_of(job.low + GRAN) == 0, "what was not needed is still reserved");
    check(protection_of(job.top - 100 * PAGE) == PAGE_READWRITE, "what was needed is committed");
    job.result = 0;
    users_switch(job.top, work_too_deep, &job);
    check(job.result, "it overflows with the exception, and the handler jumps away");
    VirtualFree(job.low, 0, MEM_RELEASE);
    make_stack(&job, 1 << 20);
    job.result = 0;
    users_switch(job.top, work_too_deep_try, &job);
    check(job.result || !SEH, "the same with a try");
    VirtualFree(job.low, 0, MEM_RELEASE);
}

static void many_stacks(void)
{
    int good = 1;
    for (int i = 0; i < 200; i++) {
        struct job job = {.depth = 100 + i};
        make_stack(&job, 512 << 10);
        users_switch(job.top, work, &job);
        good &= job.result && VirtualFree(job.low, 0, MEM_RELEASE);
    }
    check(good, "stacks come and go");
}

int main(void)
{
    void *handle;
    check(in_threads(BY_TRY) || !SEH, "threads with a try recover, again and again");
    check(overflow_by_try() && overflow_by_try(), "main with a try recovers, twice");
    handle = AddVectoredExceptionHandler(1, jump_back);
    check(in_threads(BY_JUMP), "threads recover by longjmp, again and again");
#ifndef WINVM_COMPAT_WINDOWS_H
    check(in_threads(BY_JUMP_ALONE), "threads that never called the library too");
#endif
    check(overflow_by_jump() && overflow_by_jump(), "main recovers by longjmp, twice");
    RemoveVectoredExceptionHandler(handle);
    handle = AddVectoredExceptionHandler(1, jump_back);
    growing();
    RemoveVectoredExceptionHandler(handle);
    many_stacks();
    return users_end();
}
#endif
