/* Fibers. */
#include <stdbool.h>
#include <stdint.h>

#include <winvm/excpt.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define N_TURNS 1000

static LPVOID first, others[2];
static int order[2 * N_TURNS], n_order;
static DWORD slot;
static int n_called;
static PVOID last_called;

/* Each on its stack counts, and lets the next one go on. */
static VOID WINAPI turn(LPVOID p)
{
    int me = (int)(intptr_t)p;
    for (int i = 0; i < N_TURNS; i++) {
        volatile double half = i / 2.0;
        order[n_order++] = me;
        SwitchToFiber(others[1 - me]);
        ck_assert(half * 2 == i);
        ck_assert_int_eq((int)(intptr_t)GetFiberData(), me);
    }
    SwitchToFiber(first);
}

START_TEST(takes_turns)
{
    char here;
    ck_assert_int_eq(IsThreadAFiber(), FALSE);
    first = ConvertThreadToFiber(&here);
    ck_assert_ptr_nonnull(first);
    ck_assert_int_eq(IsThreadAFiber(), TRUE);
    ck_assert_ptr_eq(GetCurrentFiber(), first);
    ck_assert_ptr_eq(GetFiberData(), &here);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_nonnull(others[i] = CreateFiber(0, turn, (LPVOID)(intptr_t)i));
    SwitchToFiber(others[0]);
    ck_assert_ptr_eq(GetCurrentFiber(), first);
    ck_assert_int_ge(n_order, 2 * N_TURNS - 1);
    for (int i = 0; i < n_order; i++)
        ck_assert_int_eq(order[i], i % 2);
    DeleteFiber(others[0]);
    DeleteFiber(others[1]);
    ck_assert_int_eq(ConvertFiberToThread(), TRUE);
    ck_assert_int_eq(IsThreadAFiber(), FALSE);
}
END_TEST

START_TEST(errors)
{
    ck_assert_int_eq(ConvertFiberToThread(), FALSE);
    ck_assert_uint_eq(GetLastError(), ERROR_ALREADY_THREAD);
    ck_assert_ptr_null(ConvertThreadToFiberEx(NULL, 2));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_nonnull(ConvertThreadToFiberEx(NULL, FIBER_FLAG_FLOAT_SWITCH));
    ck_assert_ptr_null(ConvertThreadToFiber(NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_ALREADY_FIBER);
    ck_assert_ptr_null(CreateFiberEx(0, 0, 4, turn, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(CreateFiber(~(SIZE_T)0, turn, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_int_eq(ConvertFiberToThread(), TRUE);
}
END_TEST

/* The block tells the stack that the fiber stands on, and memory calls work on it. */
static VOID WINAPI look(LPVOID p)
{
    char here;
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    MEMORY_BASIC_INFORMATION m;
    bool *good = p;
    *good = (char *)tib->StackBase > &here && (char *)tib->StackLimit <= &here &&
            VirtualQuery(&here, &m, sizeof m) == sizeof m &&
            m.AllocationBase == NtCurrentTeb()->DeallocationStack &&
            (char *)m.BaseAddress + m.RegionSize == tib->StackBase;
    SwitchToFiber(first);
}

START_TEST(stack_in_the_block)
{
    bool good = false;
    first = ConvertThreadToFiber(NULL);
    PVOID base = ((NT_TIB *)NtCurrentTeb())->StackBase;
    LPVOID f = CreateFiberEx(0x1000, 0x50000, 0, look, &good);
    SwitchToFiber(f);
    ck_assert(good);
    ck_assert_ptr_eq(((NT_TIB *)NtCurrentTeb())->StackBase, base);
    DeleteFiber(f);
    ConvertFiberToThread();
}
END_TEST

static VOID WINAPI called(PVOID value)
{
    n_called++;
    last_called = value;
}

static VOID WINAPI set_slot(LPVOID p)
{
    intptr_t *seen = p;
    *seen = (intptr_t)FlsGetValue(slot);
    FlsSetValue(slot, (PVOID)7);
    SwitchToFiber(first);
    *seen = (intptr_t)FlsGetValue(slot);
    SwitchToFiber(first);
}

START_TEST(slots_are_the_fibers)
{
    intptr_t seen = -1;
    slot = FlsAlloc(called);
    first = ConvertThreadToFiber(NULL);
    FlsSetValue(slot, (PVOID)5);
    LPVOID f = CreateFiber(0, set_slot, &seen), g = CreateFiber(0, set_slot, &seen);
    SwitchToFiber(f);
    ck_assert_int_eq((int)seen, 0);
    ck_assert_ptr_eq(FlsGetValue(slot), (PVOID)5);
    SwitchToFiber(f);
    ck_assert_int_eq((int)seen, 7);
    DeleteFiber(f);
    ck_assert_int_eq(n_called, 1);
    ck_assert_ptr_eq(last_called, (PVOID)7);
    ck_assert_ptr_eq(FlsGetValue(slot), (PVOID)5);
    SwitchToFiber(g);
    FlsFree(slot); /* of the thread and of the parked one */
    ck_assert_int_eq(n_called, 3);
    DeleteFiber(g);
    ConvertFiberToThread();
}
END_TEST

/* An exception finds the tries of its own fiber. */
static VOID WINAPI raise_in_try(LPVOID p)
{
    volatile int *code = p;
    WINVM_TRY {
        SwitchToFiber(first);
        RaiseException(0xE0000001, 0, 0, NULL);
    }
    WINVM_EXCEPT(EXCEPTION_EXECUTE_HANDLER) {
        *code = (int)(GetExceptionCode() & 0xff);
    }
    WINVM_END
    SwitchToFiber(first);
}

START_TEST(tries_are_the_fibers)
{
    volatile int code = 0, outer = 0;
    first = ConvertThreadToFiber(NULL);
    LPVOID f = CreateFiber(0, raise_in_try, (LPVOID)(intptr_t)&code);
    SwitchToFiber(f); /* into its try */
    WINVM_TRY {
        SwitchToFiber(f);
        RaiseException(0xE0000002, 0, 0, NULL);
    }
    WINVM_EXCEPT(EXCEPTION_EXECUTE_HANDLER) {
        outer = (int)(GetExceptionCode() & 0xff);
    }
    WINVM_END
    ck_assert_int_eq(code, 1);
    ck_assert_int_eq(outer, 2);
    DeleteFiber(f);
    ConvertFiberToThread();
}
END_TEST

static VOID WINAPI end_thread(LPVOID p)
{
    (void)p; /* by returning */
}

static DWORD WINAPI with_fiber(LPVOID p)
{
    ConvertThreadToFiber(NULL);
    SwitchToFiber(CreateFiber(0, end_thread, NULL));
    *(bool *)p = true;
    return 3;
}

START_TEST(a_fiber_that_returns_ends_its_thread)
{
    bool went_on = false;
    DWORD code = 99;
    HANDLE h = CreateThread(NULL, 0, with_fiber, &went_on, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, 10000), WAIT_OBJECT_0);
    ck_assert_int_eq(GetExitCodeThread(h, &code), TRUE);
    ck_assert_uint_eq(code, 0);
    ck_assert(!went_on);
    CloseHandle(h);
}
END_TEST

/* Begun by one thread, gone on with by another. */
static VOID WINAPI in_two_threads(LPVOID p)
{
    DWORD *ids = p;
    ids[0] = GetCurrentThreadId();
    SwitchToFiber(first);
    ids[1] = GetCurrentThreadId();
    SwitchToFiber(others[0]);
}

static DWORD WINAPI go_on(LPVOID f)
{
    others[0] = ConvertThreadToFiber(NULL);
    SwitchToFiber(f);
    ConvertFiberToThread();
    return 0;
}

START_TEST(another_thread_goes_on)
{
    DWORD ids[2] = {0, 0};
    first = ConvertThreadToFiber(NULL);
    LPVOID f = CreateFiber(0, in_two_threads, ids);
    SwitchToFiber(f);
    HANDLE h = CreateThread(NULL, 0, go_on, f, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, 10000), WAIT_OBJECT_0);
    ck_assert_uint_eq(ids[0], GetCurrentThreadId());
    ck_assert_uint_ne(ids[1], 0);
    ck_assert_uint_ne(ids[1], ids[0]);
    CloseHandle(h);
    DeleteFiber(f);
    ConvertFiberToThread();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_fiber", 60, &tc);
    tcase_add_test(tc, takes_turns);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, stack_in_the_block);
    tcase_add_test(tc, slots_are_the_fibers);
    tcase_add_test(tc, tries_are_the_fibers);
    tcase_add_test(tc, a_fiber_that_returns_ends_its_thread);
    tcase_add_test(tc, another_thread_goes_on);
    return unit_run(suite);
}
