/* What a careless or hostile program does to the calls: handlers that fault and that answer
 * nonsense, handles twice, filters that jump, memory that goes away under a guard. */
#include "users.h"

extern ULONG WINAPI RemoveVectoredContinueHandler(PVOID handle);

static volatile int depth, deepest;
static volatile uint8_t *bad;
static uint8_t *volatile shared;

static void poke(volatile uint8_t *at)
{
    *at = 1;
}
static void (*volatile do_poke)(volatile uint8_t *) = poke;

/* Faults itself until it is 16 deep. */
static LONG NTAPI faulting(EXCEPTION_POINTERS *info)
{
    DWORD old;

    if (info->ExceptionRecord->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION))
        return EXCEPTION_CONTINUE_SEARCH;
    if (++depth > deepest)
        deepest = depth;
    if (depth < 16)
        do_poke(bad + (unsigned)depth * PAGE);
    VirtualProtect((void *)info->ExceptionRecord->ExceptionInformation[1], 1, PAGE_READWRITE, &old);
    depth--;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void handlers_that_fault(void)
{
    void *handle = AddVectoredExceptionHandler(1, faulting);
    uint8_t *pages = commit(16 * PAGE, PAGE_NOACCESS);
    int all = 1;

    bad = pages;
    do_poke(bad);
    for (unsigned i = 0; i < 16; i++)
        all &= pages[i * PAGE] == 1;
    check(deepest == 16 && depth == 0 && all, "handlers fault 16 deep, and each goes on");
    RemoveVectoredExceptionHandler(handle);
    VirtualFree(pages, 0, MEM_RELEASE);
}

static volatile LONG n_calls;
static volatile LONG nonsense_answer;

static LONG NTAPI nonsense(EXCEPTION_POINTERS *info)
{
    (void)info;
    n_calls++;
    return nonsense_answer;
}

static LONG NTAPI jump(EXCEPTION_POINTERS *info)
{
    (void)info;
    jump_out();
}

static void answers(void)
{
    static const LONG all[] = {1, 2, -2, 0x7fffffff, (LONG)0x80000000, 42};
    void *first = AddVectoredExceptionHandler(1, nonsense), *again, *last;
    int right = 1;

    last = AddVectoredExceptionHandler(0, jump);
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        nonsense_answer = all[i];
        n_calls = 0;
        if (jump_point() == 0) {
            do_poke((uint8_t *)16);
            right = 0;
        }
        right &= n_calls == 1;
    }
    check(right, "any answer but -1 passes the exception on");
    nonsense_answer = 0;
    again = AddVectoredExceptionHandler(1, nonsense);
    n_calls = 0;
    if (jump_point() == 0)
        do_poke((uint8_t *)16);
    check(again != first && n_calls == 2, "a handler that is there twice is called twice");
    check(RemoveVectoredExceptionHandler(again) && !RemoveVectoredExceptionHandler(again) &&
              RemoveVectoredExceptionHandler(first) && !RemoveVectoredExceptionHandler(first) &&
              !RemoveVectoredContinueHandler(last) && RemoveVectoredExceptionHandler(last),
          "each handle is good once, and for its own list");
    check(!RemoveVectoredExceptionHandler(NULL) && !RemoveVectoredExceptionHandler(&right) &&
              !RemoveVectoredExceptionHandler((void *)(uintptr_t)0x123456789abcdef1),
          "what is no handle removes nothing");
}

/* ---- a handler that removes itself, and adds others, while exceptions fly ---- */

static volatile LONG stop;
static volatile LONG n_heard;

static LONG NTAPI skip_byte(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != CODE(EXCEPTION_BREAKPOINT))
        return EXCEPTION_CONTINUE_SEARCH;
    __sync_fetch_and_add(&n_heard, 1);
    USERS_IP(info->ContextRecord)++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG NTAPI bystander(EXCEPTION_POINTERS *info)
{
    (void)info;
    return EXCEPTION_CONTINUE_SEARCH;
}

static void *come_and_go(void *arg)
{
    uintptr_t failed = 0;
    while (!stop) {
        void *handle[8];
        for (int i = 0; i < 8; i++)
            handle[i] = AddVectoredExceptionHandler(i & 1, bystander);
        for (int i = 0; i < 8; i++)
            failed += !handle[i] || !RemoveVectoredExceptionHandler(handle[i]);
    }
    (void)arg;
    return (void *)failed;
}

static void *break_often(void *arg)
{
    for (int i = 0; i < 20000; i++)
        __asm__ volatile("int3" : : : "memory");
    return arg;
}

static void comings_and_goings(void)
{
    pthread_t movers[2], raisers[2];
    uintptr_t failed = 0;
    void *result, *handle = AddVectoredExceptionHandler(0, skip_byte);

    for (int i = 0; i < 2; i++) {
        pthread_create(&movers[i], NULL, come_and_go, NULL);
        pthread_create(&raisers[i], NULL, break_often, NULL);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(raisers[i], NULL);
    stop = 1;
    for (int i = 0; i < 2; i++) {
        pthread_join(movers[i], &result);
        failed += (uintptr_t)result;
    }
    check(n_heard == 40000, "no exception is lost while other handlers come and go");
    check(!failed, "and no handle is");
    RemoveVectoredExceptionHandler(handle);
}

/* ---- memory that goes away while others touch its guard pages ---- */

static __thread jmp_buf out;
static volatile LONG n_guard, n_violation, n_other;

static LONG NTAPI sort_out(EXCEPTION_POINTERS *info)
{
    switch (info->ExceptionRecord->ExceptionCode) {
    case CODE(EXCEPTION_GUARD_PAGE):
        __sync_fetch_and_add(&n_guard, 1);
        return EXCEPTION_CONTINUE_EXECUTION;
    case CODE(EXCEPTION_ACCESS_VIOLATION):
        __sync_fetch_and_add(&n_violation, 1);
        longjmp(out, 1);
    default:
        __sync_fetch_and_add(&n_other, 1);
        return EXCEPTION_CONTINUE_SEARCH;
    }
}

static void *hit(void *arg)
{
    volatile unsigned i = 0;
    (void)arg;
    while (!stop) {
        uint8_t *at = shared;
        i++;
        if (at && setjmp(out) == 0)
            do_poke(at + i % 16 * PAGE);
    }
    return NULL;
}

static void *look(void *arg)
{
    uintptr_t odd = 0;
    (void)arg;
    while (!stop) {
        MEMORY_BASIC_INFORMATION info;
        uint8_t *at = shared;
        if (!at || !VirtualQuery(at, &info, sizeof(info)))
            continue;
        if (info.State == MEM_COMMIT)
            odd += info.RegionSize > 16 * PAGE || info.RegionSize % PAGE ||
                   info.AllocationBase != at || (info.Protect & 0xff) != PAGE_READWRITE ||
                   info.AllocationProtect != (PAGE_READWRITE | PAGE_GUARD);
        else
            odd += info.State != MEM_FREE;
    }
    return (void *)odd;
}

static void vanishing(void)
{
    void *odd, *handle = AddVectoredExceptionHandler(1, sort_out);
    pthread_t threads[3];
    int failed = 0;

    stop = 0;
    pthread_create(&threads[0], NULL, hit, NULL);
    pthread_create(&threads[1], NULL, hit, NULL);
    pthread_create(&threads[2], NULL, look, NULL);
    for (int i = 0; i < 10000; i++) {
        shared = commit(16 * PAGE, PAGE_READWRITE | PAGE_GUARD);
        for (volatile int k = 0; k < i % 7 * 300; k++)
            continue;
        failed += !VirtualFree(shared, 0, MEM_RELEASE);
    }
    stop = 1;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], &odd);
    check(!failed && !n_other, "memory goes while its guard pages are hit");
    check(n_guard > 0 && n_violation > 0, "the accesses end as guard hits and violations");
    check(!odd, "queries meanwhile tell of whole states only");
    RemoveVectoredExceptionHandler(handle);
}

int main(void)
{
    handlers_that_fault();
    answers();
    comings_and_goings();
    vanishing();
    return users_end();
}
