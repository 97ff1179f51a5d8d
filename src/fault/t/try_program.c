/* Tries under every compiler and optimisation that test_try.sh has; C and C++. Each case writes
 * down what happens, in order, and compares. TAP on standard output. */
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINVM_WIN32_ONLY
#include <winvm/winvm.h>

#define CODE 0xE0000001u
#define NOINLINE __attribute__((noinline))

static __thread char said[512];
static __thread jmp_buf out;

static int say(const char *word)
{
    strncat(said, word, sizeof said - strlen(said) - 1);
    return 0;
}

static void raise_code(DWORD code)
{
    RaiseException(code, 0, 0, NULL);
}

/* Uses a good part of the stack, which must not be the stack of the frames below. */
static NOINLINE LONG answer(const char *word, LONG value)
{
    volatile char used[4000];
    memset((char *)used, 0x5a, sizeof used);
    say(word);
    return value;
}

static NOINLINE int filter_before_unwinding(LONG how)
{
    volatile int local = 1;
    int constant = how * 3 + 7;
    WINVM_TRY {
        WINVM_TRY {
            local = 2;
            raise_code(CODE);
            say("on ");
        } WINVM_FINALLY {
            say(AbnormalTermination() ? "abnormal " : "normal ");
        } WINVM_END
    } WINVM_EXCEPT(answer(local == 2 && constant == how * 3 + 7 ? "filter " : "LOST ", how)) {
        say(GetExceptionCode() == CODE ? "handler " : "CODE ");
    } WINVM_END
    return constant;
}

static void answers(void)
{
    filter_before_unwinding(EXCEPTION_EXECUTE_HANDLER);
    say("| ");
    filter_before_unwinding(EXCEPTION_CONTINUE_EXECUTION);
    say("| ");
    WINVM_TRY {
        filter_before_unwinding(EXCEPTION_CONTINUE_SEARCH);
    } WINVM_EXCEPT(answer("outer ", 1)) {
        say("outer-handler ");
    } WINVM_END
}

static NOINLINE int leave_by_return(int deep)
{
    WINVM_TRY {
        if (deep)
            return 5;
    } WINVM_EXCEPT(1) {
        say("WRONG ");
    } WINVM_END
    return 6;
}

static void leaving(void)
{
    volatile int i;
    WINVM_TRY {
        for (i = 0; i < 3; i++)
            say(leave_by_return(i) == (i ? 5 : 6) ? "r" : "R");
        WINVM_LEAVE;
        say("WRONG ");
    } WINVM_FINALLY {
        say(AbnormalTermination() ? " WRONG" : " end ");
    } WINVM_END
    for (i = 0; i < 2; i++) {
        WINVM_TRY {
            if (i == 0)
                continue;
            raise_code(CODE);
        } WINVM_EXCEPT(1) {
            say("only-second ");
        } WINVM_END
        say("after ");
    }
    WINVM_TRY {
        goto away;
    } WINVM_EXCEPT(1) {
        say("WRONG ");
    } WINVM_END
away:
    WINVM_TRY {
        raise_code(CODE);
    } WINVM_EXCEPT(1) {
        say("caught");
    } WINVM_END
}

static NOINLINE void stale_frame(int how)
{
    WINVM_TRY {
        if (how == 0)
            longjmp(out, 1);
        raise_code(CODE);
    } WINVM_EXCEPT((say("WRONG "), longjmp(out, 1), 0)) {
        say("WRONG ");
    } WINVM_END
}

static void jumping(void)
{
    WINVM_TRY {
        if (setjmp(out) == 0)
            stale_frame(0);
        raise_code(CODE);
    } WINVM_EXCEPT(answer("own ", 1)) {
        say("handler ");
    } WINVM_END
    WINVM_TRY {
        if (setjmp(out) == 0) {
            WINVM_TRY {
                raise_code(CODE);
            } WINVM_EXCEPT((say("jump "), longjmp(out, 1), 0)) {
                say("WRONG ");
            } WINVM_END
        } else {
            raise_code(CODE + 1);
        }
    } WINVM_EXCEPT(GetExceptionCode() == CODE + 1) {
        say("second");
    } WINVM_END
}

static NOINLINE LONG filter_that_raises(void)
{
    WINVM_TRY {
        raise_code(CODE + 2);
    } WINVM_EXCEPT(GetExceptionCode() == CODE + 2) {
        say("inside ");
    } WINVM_END
    raise_code(CODE + 3);
    return EXCEPTION_EXECUTE_HANDLER;
}

/* Exceptions in a filter go outwards; the blocks between run once. */
static void raising_filters(void)
{
    WINVM_TRY {
        WINVM_TRY {
            WINVM_TRY {
                raise_code(CODE);
            } WINVM_FINALLY {
                say("inner ");
            } WINVM_END
        } WINVM_EXCEPT(filter_that_raises()) {
            say("WRONG ");
        } WINVM_END
    } WINVM_EXCEPT(GetExceptionCode() == CODE + 3) {
        say("outer");
    } WINVM_END
}

static void raising_blocks(void)
{
    WINVM_TRY {
        WINVM_TRY {
            WINVM_TRY {
                raise_code(CODE);
            } WINVM_FINALLY {
                WINVM_TRY {
                    raise_code(CODE + 4);
                } WINVM_EXCEPT(1) {
                    say("handled-in-block ");
                } WINVM_END
                raise_code(CODE + 5);
            } WINVM_END
        } WINVM_EXCEPT(GetExceptionCode() == CODE + 5) {
            say("collided ");
            raise_code(CODE + 6);
        } WINVM_END
    } WINVM_EXCEPT(1) {
        say(GetExceptionCode() == CODE + 6 ? "handler-raised" : "WRONG");
    } WINVM_END
}

static NOINLINE void nest(int depth)
{
    WINVM_TRY {
        if (depth == 1)
            raise_code(CODE);
        else
            nest(depth - 1);
    } WINVM_FINALLY {
        if (depth % 100 == 0 || depth <= 2)
            say(".");
    } WINVM_END
}

static void nesting(void)
{
    WINVM_TRY {
        nest(2000);
    } WINVM_EXCEPT(1) {
        say("|");
    } WINVM_END
    WINVM_TRY {
        nest(16);
    } WINVM_EXCEPT(1) {
        say("|");
    } WINVM_END
}

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (x == 7 || y == 7)
        raise_code(CODE + 7);
    return x - y;
}

static void foreign_frames(void)
{
    int numbers[] = {5, 3, 9, 7, 1, 2};
    WINVM_TRY {
        qsort(numbers, 6, sizeof numbers[0], compare);
        say("WRONG");
    } WINVM_EXCEPT(GetExceptionInformation()->ExceptionRecord->ExceptionCode == CODE + 7) {
        say("out of qsort");
    } WINVM_END
}

/* The stack pointer of a try in a loop stays where it is. */
static void looping(void)
{
    volatile uintptr_t first = 0, now = 0;
    volatile int i, caught = 0;
    for (i = 0; i < 300000; i++) {
        WINVM_TRY {
#if defined(__x86_64__)
            __asm__ volatile("movq %%rsp, %0" : "=m"(now));
#else
            __asm__ volatile("movl %%esp, %0" : "=m"(now));
#endif
            if (i == 0)
                first = now;
            if (i % 100000 == 0)
                raise_code(CODE);
        } WINVM_EXCEPT(1) {
            caught = caught + 1;
        } WINVM_END
    }
    say(first == now && caught == 3 ? "level" : "WRONG");
}

static void touching(void)
{
    char *page = (char *)VirtualAlloc(NULL, 65536, MEM_RESERVE, PAGE_NOACCESS);
    WINVM_TRY {
        ((volatile char *)page)[100] = 1;
        say("WRONG ");
    } WINVM_EXCEPT(answer(GetExceptionInformation()->ExceptionRecord->ExceptionInformation[1] ==
                              (ULONG_PTR)page + 100 ? "address " : "WRONG ",
                          GetExceptionCode() == EXCEPTION_ACCESS_VIOLATION)) {
        say("violation ");
    } WINVM_END
    WINVM_TRY {
        ((volatile char *)page)[200] = 1;
        say(((volatile char *)page)[200] == 1 ? "written" : "WRONG");
    } WINVM_EXCEPT(VirtualAlloc(page, 4096, MEM_COMMIT, PAGE_READWRITE) ? -1 : 1) {
        say("WRONG");
    } WINVM_END
    VirtualFree(page, 0, MEM_RELEASE);
}

struct test {
    const char *name;
    void (*run)(void);
    const char *wanted;
};

static const struct test tests[] = {
    {"answers of filters", answers,
     "filter abnormal handler | filter on normal | filter outer abnormal outer-handler "},
    {"ways out of a body", leaving, "rrr end after only-second after caught"},
    {"longjmp", jumping, "own handler jump second"},
    {"exceptions in filters", raising_filters, "inside inner outer"},
    {"exceptions in blocks and handlers", raising_blocks,
     "handled-in-block collided handler-raised"},
    {"tries in tries", nesting, "......................|..|"},
    {"frames of other code", foreign_frames, "out of qsort"},
    {"tries in a loop", looping, "level"},
    {"faults of the processor", touching, "address violation written"},
};
#define N_TESTS (sizeof tests / sizeof tests[0])

static void *all_again(void *failures)
{
    for (int round = 0; round < 20; round++) {
        for (unsigned i = 0; i < N_TESTS; i++) {
            said[0] = 0;
            tests[i].run();
            if (strcmp(said, tests[i].wanted) != 0)
                *(volatile int *)failures = 1;
        }
    }
    return NULL;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int bad = 0, failures[4] = {0, 0, 0, 0};
    pthread_t threads[4];
    printf("1..%u\n", (unsigned)N_TESTS + 1);
    for (unsigned i = 0; i < N_TESTS; i++) {
        said[0] = 0;
        tests[i].run();
        int ok = strcmp(said, tests[i].wanted) == 0;
        if (!ok)
            printf("# got    %s\n# wanted %s\n", said, tests[i].wanted);
        printf("%sok %u - %s\n", ok ? "" : "not ", i + 1, tests[i].name);
        bad |= !ok;
    }
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, all_again, &failures[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        bad |= failures[i];
        failures[0] |= failures[i];
    }
    printf("%sok %u - all of it in four threads\n", failures[0] ? "not " : "",
           (unsigned)N_TESTS + 1);
    return bad;
}
