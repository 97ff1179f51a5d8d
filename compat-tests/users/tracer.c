/* A page-access tracer: PAGE_GUARD reports an access and is gone; the tracer lets the one
 * instruction run with the trap flag and arms the page again. On data and on program code. */
#include "users.h"

#define TRAP_FLAG 0x100u
#define N_THREADS 2
#define N_ACCESSES 2000

static uint8_t *data;
static uint8_t *code_page;
static __thread void *rearm;
static volatile LONG n_data, n_code, n_steps, n_lost;

static int in_range(ULONG_PTR at, uint8_t *base, SIZE_T size)
{
    return at - (ULONG_PTR)base < size;
}

static LONG NTAPI trace(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;

    if (r->ExceptionCode == CODE(EXCEPTION_GUARD_PAGE)) {
        ULONG_PTR at = r->ExceptionInformation[1];
        if (in_range(at, data, 4 * PAGE))
            __sync_fetch_and_add(&n_data, 1);
        else if (in_range(at, code_page, PAGE))
            __sync_fetch_and_add(&n_code, 1);
        else
            return EXCEPTION_CONTINUE_SEARCH;
        rearm = (void *)(at & ~(ULONG_PTR)(PAGE - 1));
        info->ContextRecord->EFlags |= TRAP_FLAG;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (r->ExceptionCode == CODE(EXCEPTION_SINGLE_STEP)) {
        if (rearm) {
            int code = in_range((ULONG_PTR)rearm, code_page, PAGE);
            __sync_fetch_and_add(&n_steps, 1);
            if (!protect(rearm, PAGE,
                         PAGE_GUARD | (code ? PAGE_EXECUTE_READ : PAGE_READWRITE)))
                __sync_fetch_and_add(&n_lost, 1);
            rearm = NULL;
        }
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

static void *toucher(void *arg)
{
    volatile uint8_t *mine = data + (uintptr_t)arg * PAGE;

    for (int i = 0; i < N_ACCESSES; i++)
        mine[i % PAGE] = (uint8_t)(i + (uintptr_t)arg);
    return NULL;
}

static void trace_data(void)
{
    pthread_t threads[N_THREADS];
    int right = 1;

    data = commit(4 * PAGE, PAGE_READWRITE | PAGE_GUARD);
    data[3 * PAGE + 1] = 7;
    check(n_data == 1 && n_steps == 1, "an access is reported once, then stepped");
    check(data[3 * PAGE + 1] == 7 && n_data == 2, "the page is armed again, and keeps its data");
    check(protection_of(data + 3 * PAGE) == (PAGE_READWRITE | PAGE_GUARD), "the guard is visible");
    n_data = n_steps = 0;
    for (uintptr_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, toucher, (void *)i);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    check(n_data == N_THREADS * N_ACCESSES, "every access of each thread is reported");
    check(n_steps == N_THREADS * N_ACCESSES, "every access is stepped once");
    protect(data, 4 * PAGE, PAGE_READWRITE);
    for (int i = 0; i < N_THREADS; i++)
        for (int k = N_ACCESSES - 8; k < N_ACCESSES; k++)
            right &= data[(unsigned)i * PAGE + (unsigned)k % PAGE] == (uint8_t)(k + i);
    check(right, "no write was lost");
}

/* Alone in its page, so that nothing of the tracer's own lies there. */
__attribute__((noinline, aligned(4096), section(".text.traced"))) static int traced(int x)
{
    __asm__ volatile("" : "+r"(x));
    return x * 3 + 1;
}
__attribute__((noinline, aligned(4096), used, section(".text.traced"))) static int behind(int x)
{
    return x - 1;
}

static void trace_code(void)
{
    int (*volatile call)(int) = traced;

    code_page = (uint8_t *)((uintptr_t)call & ~(uintptr_t)(PAGE - 1));
    check(protect(code_page, PAGE, PAGE_EXECUTE_READ | PAGE_GUARD) == PAGE_EXECUTE_READ,
          "program code can be guarded");
    n_steps = 0;
    check(call(5) == 16, "guarded code runs");
    check(n_code >= 2 && n_steps == n_code, "each of its instructions is reported");
    check(call(6) == 19 && n_code >= 4, "and again in the next call");
    protect(code_page, PAGE, PAGE_EXECUTE_READ);
    n_code = 0;
    check(call(7) == 22 && n_code == 0, "without the guard nothing is");
}

int main(void)
{
    void *handle = AddVectoredExceptionHandler(1, trace);

    trace_data();
    trace_code();
    check(n_lost == 0, "each page could be armed again");
    check(RemoveVectoredExceptionHandler(handle) != 0, "the tracer leaves");
    check(VirtualFree(data, 0, MEM_RELEASE), "the memory is released");
    return users_end();
}
