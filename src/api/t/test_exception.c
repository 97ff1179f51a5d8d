/* The public exception calls: order and handles of vectored handlers, raised exceptions, contexts,
 * the unhandled filter. Software exceptions only; compiled in both conventions. */
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include <winvm/winvm.h>

#include "base/t/unit.h"

#define CODE 0xE0001234u

static char said[64];           /* a letter for each thing that happened */
static LONG answer;             /* of the handlers below */
static DWORD filtered;          /* code that filter_continues saw */
static EXCEPTION_RECORD seen;
static jmp_buf out;

static void say(char c)
{
    size_t n = strlen(said);
    if (n + 1 < sizeof said)
        said[n] = c;
}

static LONG WINAPI handler_a(EXCEPTION_POINTERS *p)
{
    (void)p;
    say('a');
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG WINAPI handler_b(EXCEPTION_POINTERS *p)
{
    (void)p;
    say('b');
    return EXCEPTION_EXECUTE_HANDLER;   /* as good as search (VEH-007) */
}

static LONG WINAPI handler_last(EXCEPTION_POINTERS *p)
{
    seen = *p->ExceptionRecord;
    say('z');
    return answer;
}

static LONG WINAPI handler_continue(EXCEPTION_POINTERS *p)
{
    ck_assert_ptr_nonnull(p->ContextRecord);
    say('c');
    return EXCEPTION_CONTINUE_SEARCH;
}

static void raise_code(void)
{
    RaiseException(CODE, 0, 0, NULL);
    say('.');
}

START_TEST(handlers_are_called_in_order)
{
    answer = EXCEPTION_CONTINUE_EXECUTION;
    ck_assert_ptr_nonnull(AddVectoredExceptionHandler(0, handler_last));
    void *a = AddVectoredExceptionHandler(1, handler_a);
    void *b = AddVectoredExceptionHandler(1, handler_b);
    raise_code();
    ck_assert_str_eq(said, "baz.");
    memset(said, 0, sizeof said);
    void *again = AddVectoredExceptionHandler(1, handler_a);
    ck_assert_ptr_ne(a, again);
    raise_code();
    ck_assert_str_eq(said, "abaz.");
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(a), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler(a), 0);
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(b), 0);
    memset(said, 0, sizeof said);
    raise_code();
    ck_assert_str_eq(said, "az.");
}
END_TEST

START_TEST(handles_are_checked)
{
    int local;
    void *e = AddVectoredExceptionHandler(1, handler_a);
    void *c = AddVectoredContinueHandler(1, handler_a);
    ck_assert_uint_eq(RemoveVectoredContinueHandler(e), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler(c), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler(NULL), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler(&local), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler((void *)-1), 0);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler((void *)((uintptr_t)e + 1)), 0);
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(e), 0);
    void *e2 = AddVectoredExceptionHandler(1, handler_a);
    ck_assert_ptr_ne(e, e2);
    ck_assert_uint_eq(RemoveVectoredExceptionHandler(e), 0);
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(e2), 0);
    ck_assert_uint_ne(RemoveVectoredContinueHandler(c), 0);
    SetLastError(0);
    ck_assert_ptr_null(AddVectoredExceptionHandler(1, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(a_full_list_refuses)
{
    static void *handles[4096];
    unsigned n = 0;
    while (n < 4096 && (handles[n] = AddVectoredContinueHandler(0, handler_a)) != NULL)
        n++;
    ck_assert_uint_lt(n, 4096);
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    while (n-- > 0)
        ck_assert_uint_ne(RemoveVectoredContinueHandler(handles[n]), 0);
    ck_assert_ptr_nonnull(AddVectoredContinueHandler(0, handler_a));
}
END_TEST

START_TEST(continue_handlers_run_when_continued)
{
    AddVectoredContinueHandler(0, handler_continue);
    WINVM_TRY {
        raise_code();
    } WINVM_EXCEPT(EXCEPTION_EXECUTE_HANDLER) {
        say('h');
    } WINVM_END
    ck_assert_str_eq(said, "h");
    answer = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(0, handler_last);
    raise_code();
    ck_assert_str_eq(said, "hzc.");
}
END_TEST

static void *self_handle;
static LONG WINAPI handler_removes_itself(EXCEPTION_POINTERS *p)
{
    (void)p;
    say('r');
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(self_handle), 0);
    AddVectoredExceptionHandler(0, handler_a);
    return EXCEPTION_CONTINUE_SEARCH;
}

START_TEST(handlers_may_change_the_list)
{
    answer = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(0, handler_last);
    self_handle = AddVectoredExceptionHandler(1, handler_removes_itself);
    raise_code();
    ck_assert_str_eq(said, "rz.");
    raise_code();
    ck_assert_str_eq(said, "rz.z.");
}
END_TEST

static LONG WINAPI handler_jumps(EXCEPTION_POINTERS *p)
{
    (void)p;
    longjmp(out, 1);
}

START_TEST(handlers_may_leave_by_longjmp)
{
    volatile int n = 0;
    void *handle = AddVectoredExceptionHandler(1, handler_jumps);
    while (n < 1000) {
        if (setjmp(out) == 0)
            raise_code();
        n++;
    }
    ck_assert_str_eq(said, "");
    ck_assert_uint_ne(RemoveVectoredExceptionHandler(handle), 0);
}
END_TEST

START_TEST(records_hold_what_was_raised)
{
    ULONG_PTR arguments[20];
    for (unsigned i = 0; i < 20; i++)
        arguments[i] = 100 + i;
    answer = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(1, handler_last);
    RaiseException(CODE, 0, 3, arguments);
    ck_assert_uint_eq(seen.ExceptionCode, CODE);
    ck_assert_uint_eq(seen.ExceptionFlags, 0);
    ck_assert_ptr_null(seen.ExceptionRecord);
    ck_assert_uint_eq(seen.NumberParameters, 3);
    ck_assert_uint_eq(seen.ExceptionInformation[2], 102);
    uintptr_t at = (uintptr_t)seen.ExceptionAddress;
    ck_assert(at > (uintptr_t)records_hold_what_was_raised_fn);
    ck_assert(at < (uintptr_t)records_hold_what_was_raised_fn + 4096);
    RaiseException(CODE, 0, 20, arguments);
    ck_assert_uint_eq(seen.NumberParameters, EXCEPTION_MAXIMUM_PARAMETERS);
    ck_assert_uint_eq(seen.ExceptionInformation[14], 114);
    RaiseException(CODE, 0, 7, NULL);
    ck_assert_uint_eq(seen.NumberParameters, 0);
}
END_TEST

/* Continues everything but the exception that says it must not. */
static LONG WINAPI handler_continues_once(EXCEPTION_POINTERS *p)
{
    if (p->ExceptionRecord->ExceptionCode != CODE) {
        seen = *p->ExceptionRecord;
        longjmp(out, 1);
    }
    say('1');
    return EXCEPTION_CONTINUE_EXECUTION;
}

START_TEST(noncontinuable_exceptions_are_not_continued)
{
    AddVectoredExceptionHandler(1, handler_continues_once);
    if (setjmp(out) == 0) {
        RaiseException(CODE, EXCEPTION_NONCONTINUABLE, 0, NULL);
        ck_abort_msg("it was continued");
    }
    ck_assert_str_eq(said, "1");
    ck_assert_uint_eq(seen.ExceptionCode, 0xC0000025u);
    ck_assert_uint_eq(seen.ExceptionFlags, EXCEPTION_NONCONTINUABLE);
    ck_assert_ptr_nonnull(seen.ExceptionRecord);
}
END_TEST

START_TEST(an_unhandled_exception_aborts)
{
    raise_code();
}
END_TEST

START_TEST(a_noncontinuable_exception_always_continued_aborts)
{
    answer = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(1, handler_last);
    RaiseException(CODE, EXCEPTION_NONCONTINUABLE, 0, NULL);
}
END_TEST

static LONG WINAPI filter_continues(EXCEPTION_POINTERS *p)
{
    filtered = p->ExceptionRecord->ExceptionCode;
    say('f');
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG WINAPI filter_executes(EXCEPTION_POINTERS *p)
{
    (void)p;
    return EXCEPTION_EXECUTE_HANDLER;
}

START_TEST(the_filter_is_asked_last)
{
    ck_assert_ptr_null((void *)SetUnhandledExceptionFilter(filter_continues));
    AddVectoredExceptionHandler(1, handler_a);
    raise_code();
    ck_assert_str_eq(said, "af.");
    ck_assert_uint_eq(filtered, CODE);
    EXCEPTION_POINTERS pointers = {&seen, NULL};
    ck_assert_int_eq(UnhandledExceptionFilter(&pointers), EXCEPTION_CONTINUE_EXECUTION);
    ck_assert(SetUnhandledExceptionFilter(filter_executes) == filter_continues);
    ck_assert(SetUnhandledExceptionFilter(NULL) == filter_executes);
    ck_assert_int_eq(UnhandledExceptionFilter(&pointers), EXCEPTION_EXECUTE_HANDLER);
}
END_TEST

START_TEST(a_filter_that_executes_ends_the_process)
{
    SetUnhandledExceptionFilter(filter_executes);
    raise_code();
}
END_TEST

/* Sets what the code after the call finds in its registers. */
static LONG WINAPI handler_changes_context(EXCEPTION_POINTERS *p)
{
    static const uint64_t four = 0x4010000000000000u; /* 4.0 */
#if defined(__x86_64__)
    p->ContextRecord->Rbx += 5;
    p->ContextRecord->Rax = 77;
    p->ContextRecord->Xmm0.Low = four;
#else
    p->ContextRecord->Ebx += 5;
    p->ContextRecord->Eax = 77;
    memcpy(p->ContextRecord->ExtendedRegisters + offsetof(XMM_SAVE_AREA32, XmmRegisters), &four,
           sizeof four);
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

#if defined(__x86_64__)
#ifdef WINVM_ABI_MS
#define RAISE_SYMBOL "winvm_ms_RaiseException"
#define RAISE_ARGUMENTS "movl $0xE0001234, %%ecx\n\txorl %%edx, %%edx\n\t" \
                        "xorl %%r8d, %%r8d\n\txorl %%r9d, %%r9d\n\t"
#else
#define RAISE_SYMBOL "RaiseException"
#define RAISE_ARGUMENTS "movl $0xE0001234, %%edi\n\txorl %%esi, %%esi\n\t" \
                        "xorl %%edx, %%edx\n\txorl %%ecx, %%ecx\n\t"
#endif

START_TEST(context_changes_hold)
{
    AddVectoredExceptionHandler(1, handler_changes_context);
    uint64_t rbx, rax, r15;
    double xmm0;
    __asm__ volatile("movq %%rsp, %%r12\n\t"
                     "subq $192, %%rsp\n\t"
                     "andq $-16, %%rsp\n\t"
                     "movl $10, %%ebx\n\t"
                     "movl $99, %%r15d\n\t"
                     RAISE_ARGUMENTS
                     "call " RAISE_SYMBOL "@PLT\n\t"
                     "movq %%r12, %%rsp\n\t"
                     "movsd %%xmm0, %3\n\t"
                     "movq %%rbx, %0\n\t"
                     "movq %%r15, %2\n\t"
                     : "=r"(rbx), "=&a"(rax), "=r"(r15), "=m"(xmm0)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r15",
                       "xmm0", "memory", "cc");
    ck_assert_uint_eq(rbx, 15);
    ck_assert_uint_eq(rax, 77);
    ck_assert_uint_eq(r15, 99);
    ck_assert(xmm0 == 4.0);
}
END_TEST
#else
#if WINVM_ABI == 2
#define RAISE_SYMBOL "RaiseException"
#define TAKE_OFF "" /* stdcall: the stack pointer is to be that of before the arguments */
#else
#define RAISE_SYMBOL "winvm_cdecl_RaiseException"
#define TAKE_OFF "addl $16, %%esp\n\t"
#endif

START_TEST(context_changes_hold)
{
    AddVectoredExceptionHandler(1, handler_changes_context);
    uint32_t ebx, eax, esi, moved;
    double xmm0;
    __asm__ volatile("movl %%esp, %%edi\n\t"
                     "call 1f\n1:\tpopl %%ebx\n\t"
                     "addl $_GLOBAL_OFFSET_TABLE_+[.-1b], %%ebx\n\t"
                     "movl " RAISE_SYMBOL "@GOT(%%ebx), %%eax\n\t"
                     "movl $10, %%ebx\n\t"
                     "movl $99, %%esi\n\t"
                     "pushl $0\n\tpushl $0\n\tpushl $0\n\tpushl $0xE0001234\n\t"
                     "call *%%eax\n\t" TAKE_OFF
                     "subl %%esp, %%edi\n\t"
                     "addl %%edi, %%esp\n\t"
                     : "=a"(eax), "=b"(ebx), "=S"(esi), "=D"(moved)
                     :
                     : "ecx", "edx", "memory", "cc");
    __asm__ volatile("movsd %%xmm0, %0" : "=m"(xmm0));
    ck_assert_uint_eq(ebx, 15);
    ck_assert_uint_eq(eax, 77);
    ck_assert_uint_eq(esi, 99);
    ck_assert_uint_eq(moved, 0);
    ck_assert(xmm0 == 4.0);
}
END_TEST
#endif

START_TEST(contexts_are_captured_and_restored)
{
    static CONTEXT context;
    static volatile int times;
    memset(&context, 0xee, sizeof context);
    RtlCaptureContext(&context);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
#if defined(__x86_64__)
    uintptr_t ip = context.Rip, sp = context.Rsp;
    ck_assert_uint_eq(context.ContextFlags, CONTEXT_FULL | CONTEXT_SEGMENTS);
    ck_assert_uint_eq(context.Dr7, 0xeeeeeeeeeeeeeeeeu);
    ck_assert_uint_eq(context.VectorControl, 0xeeeeeeeeeeeeeeeeu);
    ck_assert_uint_eq(context.MxCsr, context.FltSave.MxCsr);
#else
    uintptr_t ip = context.Eip, sp = context.Esp;
    ck_assert_uint_eq(context.ContextFlags, CONTEXT_FULL);
    ck_assert_uint_eq(context.Dr7, 0xeeeeeeeeu);
    ck_assert_uint_eq(context.ExtendedRegisters[0], 0xee);
#endif
    ck_assert(ip > (uintptr_t)contexts_are_captured_and_restored_fn);
    ck_assert(ip < (uintptr_t)contexts_are_captured_and_restored_fn + 4096);
    ck_assert(sp <= here && sp > here - 65536);
    ck_assert_uint_eq(sp % (sizeof(void *) == 8 ? 16 : 4), 0);
    times = times + 1;
    if (times == 1)
        RtlRestoreContext(&context, NULL);
    if (times == 2)
        NtContinue(&context, FALSE);
    ck_assert_int_eq(times, 3);
    ck_assert_int_eq(NtContinue(NULL, FALSE), STATUS_ACCESS_VIOLATION);
}
END_TEST

START_TEST(records_of_the_caller_are_raised)
{
    EXCEPTION_RECORD record;
    memset(&record, 0, sizeof record);
    record.ExceptionCode = CODE + 1;
    record.NumberParameters = 1;
    record.ExceptionInformation[0] = 42;
    answer = EXCEPTION_CONTINUE_EXECUTION;
    AddVectoredExceptionHandler(1, handler_last);
    RtlRaiseException(&record);
    ck_assert_uint_eq(seen.ExceptionCode, CODE + 1);
    ck_assert_uint_eq(seen.ExceptionInformation[0], 42);
    ck_assert_ptr_nonnull(record.ExceptionAddress);
}
END_TEST

START_TEST(the_error_mode_is_kept)
{
    ck_assert_uint_eq(SetErrorMode(SEM_FAILCRITICALERRORS), 0);
    ck_assert_uint_eq(GetErrorMode(), SEM_FAILCRITICALERRORS);
    SetErrorMode(SEM_NOALIGNMENTFAULTEXCEPT);
    ck_assert_uint_eq(SetErrorMode(0), SEM_NOALIGNMENTFAULTEXCEPT);
    ck_assert_uint_eq(GetErrorMode(), SEM_NOALIGNMENTFAULTEXCEPT);
}
END_TEST

START_TEST(functions_are_found_by_name)
{
    typedef PVOID(WINAPI *add_fn)(ULONG, PVECTORED_EXCEPTION_HANDLER);
    typedef VOID(WINAPI *raise_fn)(DWORD, DWORD, DWORD, const ULONG_PTR *);
    HMODULE kernel = GetModuleHandleA("kernel32.dll"), nt = GetModuleHandleA("ntdll.dll");
    add_fn add = (add_fn)(void *)GetProcAddress(nt, "RtlAddVectoredExceptionHandler");
    raise_fn raise_it = (raise_fn)(void *)GetProcAddress(kernel, "RaiseException");
    ck_assert(add != NULL && raise_it != NULL);
    ck_assert(GetProcAddress(kernel, "RtlCaptureContext") != NULL);
    answer = EXCEPTION_CONTINUE_EXECUTION;
    ck_assert_ptr_nonnull(add(1, handler_last));
    raise_it(CODE + 2, 0, 0, NULL);
    ck_assert_uint_eq(seen.ExceptionCode, CODE + 2);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("exception", 30, &tc);
    tcase_add_test(tc, handlers_are_called_in_order);
    tcase_add_test(tc, handles_are_checked);
    tcase_add_test(tc, a_full_list_refuses);
    tcase_add_test(tc, continue_handlers_run_when_continued);
    tcase_add_test(tc, handlers_may_change_the_list);
    tcase_add_test(tc, handlers_may_leave_by_longjmp);
    tcase_add_test(tc, records_hold_what_was_raised);
    tcase_add_test(tc, noncontinuable_exceptions_are_not_continued);
    tcase_add_test_raise_signal(tc, an_unhandled_exception_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, a_noncontinuable_exception_always_continued_aborts, SIGABRT);
    tcase_add_test(tc, the_filter_is_asked_last);
    tcase_add_test_raise_signal(tc, a_filter_that_executes_ends_the_process, SIGABRT);
    tcase_add_test(tc, context_changes_hold);
    tcase_add_test(tc, contexts_are_captured_and_restored);
    tcase_add_test(tc, records_of_the_caller_are_raised);
    tcase_add_test(tc, the_error_mode_is_kept);
    tcase_add_test(tc, functions_are_found_by_name);
    return unit_run(suite);
}
