/* Structured exceptions as programs use them: nested tries, blocks that run on the way out,
 * parameters of RaiseException, callbacks of the C library, jumps. */
#include "users.h"

#if SEH
static volatile int *volatile nowhere = (volatile int *)8;
static char trail[64];
static void note(char c)
{
    size_t n = strlen(trail);
    if (n < sizeof(trail) - 1)
        trail[n] = c;
}

static int went(const char *expected, const char *text)
{
    int good = check(!strcmp(trail, expected), text);
    if (!good)
        printf("# went %s, not %s\n", trail, expected);
    memset(trail, 0, sizeof(trail));
    return good;
}

static int asked(char c, int answer)
{
    note(c);
    return answer;
}

static void fail(DWORD code)
{
    ULONG_PTR arguments[3] = {1, (ULONG_PTR)-1, 3};
    __try {
        RaiseException(code, 0, 3, arguments);
        note('r');
    } __finally {
        note(AbnormalTermination() ? 'f' : 'n');
    }
}

static void nested(void)
{
    __try {
        __try {
            __try {
                fail(0xE0000001);
            } __except(asked('1', EXCEPTION_CONTINUE_SEARCH)) {
                note('x');
            }
        } __finally {
            note('F');
        }
    } __except(asked('2', EXCEPTION_EXECUTE_HANDLER)) {
        note(GetExceptionCode() == 0xE0000001 ? 'H' : '?');
    }
    went("12fFH", "filters are asked before blocks run");
    __try {
        fail(0xE0000002);
    } __except(asked('c', EXCEPTION_CONTINUE_EXECUTION)) {
        note('x');
    }
    went("crn", "an exception that is continued goes on behind RaiseException");
}

static int has_arguments(const EXCEPTION_POINTERS *info)
{
    const EXCEPTION_RECORD *r = info->ExceptionRecord;
    return r->NumberParameters == 3 && r->ExceptionInformation[0] == 1 &&
           r->ExceptionInformation[1] == (ULONG_PTR)-1 && r->ExceptionInformation[2] == 3 &&
           r->ExceptionFlags == 0;
}

static void in_handlers(void)
{
    volatile int right = 0;
    __try {
        __try {
            fail(0xE0000003);
        } __except(right = has_arguments(GetExceptionInformation()), 1) {
            note('a');
            RaiseException(0xE0000004, 0, 0, NULL);
            note('x');
        }
    } __except(GetExceptionCode() == 0xE0000004) {
        note('b');
    }
    check(right, "the arguments arrive");
    went("fab", "an exception in a handler goes outwards");
    __try {
        __try {
            fail(0xE0000005);
        } __finally {
            __try {
                *nowhere = 1;
            } __except(1) {
                note(GetExceptionCode() == CODE(EXCEPTION_ACCESS_VIOLATION) ? 'v' : '?');
            }
            note('g');
        }
    } __except(1) {
        note('h');
    }
    went("fvgh", "a block may fail and recover on its own");
    __try {
        __try {
            fail(0xE0000006);
        } __finally {
            note('u');
            RaiseException(0xE0000007, 0, 0, NULL);
        }
    } __except(asked((char)('0' + (GetExceptionCode() & 15)), 1)) {
        note((char)('A' + (GetExceptionCode() & 15)));
    }
    went("6fu7H", "an exception in a block replaces the first one");
}

/* ---- through the C library ---- */

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (x == 13 || y == 13)
        RaiseException(0xE0000010, 0, 0, NULL);
    return x < y ? -1 : x > y;
}

static void callbacks(void)
{
    int numbers[] = {9, 4, 13, 2, 7};
    volatile int n = 0;
    for (volatile int i = 0; i < 1000; i++) {
        __try {
            qsort(numbers, 5, sizeof(int), compare);
        } __except(GetExceptionCode() == 0xE0000010) {
            n++;
        }
    }
    check(n == 1000, "an exception leaves qsort");
}

/* ---- return, jumps, loops ---- */

static int returns(int how)
{
    __try {
        if (how == 1)
            return 11;
        if (how == 2)
            *nowhere = 1;
        if (how == 3)
            __leave;
    } __except(1) {
        return 22;
    }
    return 33;
}

static jmp_buf back;

static void jumps(void)
{
    volatile int n = 0, right = 1;
    for (int i = 0; i < 4; i++)
        right &= returns(i) == (i == 1 ? 11 : i == 2 ? 22 : 33);
    check(right, "return and leave out of a body, return out of a handler");
    for (volatile int i = 0; i < 1000; i++) {
        if (setjmp(back) == 0) {
            __try {
                __try {
                    fail(0xE0000020);
                } __except((n++, i % 3 == 0) ? longjmp(back, 1), 0 : 1) {
                    longjmp(back, 2);
                }
            } __except(1) {
                right = 0;
            }
        }
    }
    memset(trail, 0, sizeof(trail));
    check(n == 1000 && right, "filters and handlers may jump");
    fail(0);
}

static volatile int n_blocks;

static void deep(int depth)
{
    __try {
        if (depth)
            deep(depth - 1);
        else
            fail(0xE0000030);
    } __finally {
        n_blocks++;
    }
}

static void depths(void)
{
    __try {
        deep(100);
    } __except(1) {
    }
    check(n_blocks == 101, "a hundred blocks run");
    memset(trail, 0, sizeof(trail));
}

static LONG NTAPI ignore(EXCEPTION_POINTERS *info)
{
    return info->ExceptionRecord->ExceptionCode == 0 ? EXCEPTION_CONTINUE_EXECUTION : 12345;
}

int main(void)
{
    void *handle = AddVectoredExceptionHandler(1, ignore); /* an odd answer is "search" */
    nested();
    in_handlers();
    callbacks();
    jumps();
    memset(trail, 0, sizeof(trail));
    depths();
    check(RemoveVectoredExceptionHandler(handle) && !RemoveVectoredExceptionHandler(handle),
          "a handler is removed once");
    return users_end();
}
#else
int main(void)
{
    printf("1..0 # SKIP the compiler has no __try\n");
    return 0;
}
#endif
