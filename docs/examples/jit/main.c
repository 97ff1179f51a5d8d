/* A compiler of small integer functions at work. An ordinary Windows program:
 *
 *     cc -D_WIN32 -I$(pkg-config --variable=includedir winvm)/winvm/compat \
 *         main.c code.c compile.c emit.c run.c $(pkg-config --libs winvm-kit)
 *
 * Each line is compiled; expressions run, in code that is written and run at one address in turn,
 * or with the argument `twice` at two. A fault in generated code is the result of the expression.
 * Exit status 0 when the code was never writable where it runs. */
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include "jit.h"

enum { N_THREADS = 3, N_CALLS = 200, PAGE = 4096 };

static word table[4] = {11, 22, 33, 44};
static int n_wrong;

static const char *const lines[] = {
    "2 + 3 * 4",
    "(2 + 3) * 4 - 100 / 7 % 5",
    "fac n = n < 2 ? 1 : n * fac(n - 1)",
    "fac(10)",
    "fib n = n < 2 ? n : fib(n - 1) + fib(n - 2)",
    "fib(20)",
    "gcd a b = b = 0 ? a : gcd(b, a % b)",
    "gcd(1071, 462)",
    "mix a b c d = a * 1000 + b * 100 + c * 10 + d",
    "mix(1, 1 + mix(0, 0, 0, 1), gcd(9, 6), fac(3) - 2)",
    "1 + (2 + (3 + mix(4, 5, 6, 7)))",
    "show(1, show(2, 3))",
    "(table(3) - table(0)) / (table(1) - table(0))",
    "[table(0)] + [table(3)]",
    "inv n = 1000 / n",
    "inv(8) + inv(0)",
    "5 + show(1, 1 / 0)",
    "[8]",
    "1 + [fac(5) - 120]",
    "apply(5)",
    "5 + apply(0)",
    "apply(apply(20))",
    "inv n = 2000 / n",
    "apply(8)",
    "inv n m = n",
    "nothing(1)",
    "1 + ",
    "fac(1, 2)",
};

/* ---- What generated code calls ---- */

static word JIT_HELPER show(word a, word b, word c, word d)
{
    (void)c;
    (void)d;
    printf("    show %ld %ld\n", (long)a, (long)b);
    return a + b;
}

static word JIT_HELPER address_of(word i, word b, word c, word d)
{
    (void)b;
    (void)c;
    (void)d;
    return (word)&table[i];
}

static int inv;

/* Generated code in a call from generated code: its fault ends the inner call only. */
static word JIT_HELPER apply(word n, word b, word c, word d)
{
    word args[MOST_PARAMS] = {n, 0, 0, 0};
    struct jit_result result = run_code(jit_code(inv), args);
    (void)b;
    (void)c;
    (void)d;
    return result.error ? -1 : result.value;
}

/* ---- Lines ---- */

static const char *name_of(DWORD error)
{
    switch (error) {
    case EXCEPTION_INT_DIVIDE_BY_ZERO: return "division by zero";
    case EXCEPTION_INT_OVERFLOW: return "overflow";
    case EXCEPTION_ACCESS_VIOLATION: return "access violation";
    case EXCEPTION_BREAKPOINT: return "breakpoint";
    case EXCEPTION_ILLEGAL_INSTRUCTION: return "illegal instruction";
    default: return "another exception";
    }
}

static void print_result(struct jit_result result)
{
    if (result.error)
        printf("    %s\n", name_of(result.error));
    else
        printf("    %ld\n", (long)result.value);
}

static void run_line(const char *line)
{
    static const word none[MOST_PARAMS];
    int i = jit_define(line);
    printf("%s\n", line);
    if (i < 0) {
        printf("    is wrong\n");
        return;
    }
    n_wrong += code_can_write(jit_code(i));
    if (i == 0)
        print_result(run_code(jit_code(0), none));
    else if (strncmp(line, "inv", 3) == 0)
        inv = i;
}

/* ---- Threads ---- */

static int sum;

static DWORD WINAPI call_often(LPVOID first)
{
    DWORD n_faults = 0;
    word i;
    for (i = 0; i < N_CALLS; i++) {
        word n = (word)(ULONG_PTR)first + i, args[MOST_PARAMS] = {n, 0, 0, 0};
        struct jit_result result = run_code(jit_code(sum), args);
        if (result.error == EXCEPTION_INT_DIVIDE_BY_ZERO)
            n_faults++;
        else if (result.error || result.value != n * (n + 1) / 2 + 60 / (n % 3))
            return 0xffff;
    }
    return n_faults;
}

static void run_threads(void)
{
    HANDLE threads[N_THREADS];
    DWORD code;
    int i;
    jit_define("sum n = n < 1 ? 0 : n + sum(n - 1)");
    sum = jit_define("both n = sum(n) + 60 / (n % 3)");
    for (i = 0; i < N_THREADS; i++)
        threads[i] = CreateThread(NULL, 0, call_often, (LPVOID)(ULONG_PTR)i, 0, NULL);
    WaitForMultipleObjects(N_THREADS, threads, TRUE, INFINITE);
    for (i = 0; i < N_THREADS; i++) {
        GetExitCodeThread(threads[i], &code);
        printf("thread %d: %lu of %d calls divided by zero\n", i, (unsigned long)code, N_CALLS);
        CloseHandle(threads[i]);
    }
}

/* A page of its own of code that may not run, or of instructions that are traps. */
static void run_page(const char *what, BYTE byte, DWORD protection)
{
    static const word none[MOST_PARAMS];
    BYTE *start = code_open(2 * PAGE), *page;
    const BYTE *code;
    DWORD old;
    if (!start)
        return;
    page = (BYTE *)(((ULONG_PTR)start + PAGE - 1) & ~(ULONG_PTR)(PAGE - 1));
    code = code_runs_at(page);
    memset(page, byte, PAGE);
    code_close(2 * PAGE);
    VirtualProtect((void *)code, PAGE, protection, &old);
    printf("%s\n", what);
    print_result(run_code(code, none));
}

int main(int argc, char **argv)
{
    size_t i;
    if (!code_start(argc > 1 && strcmp(argv[1], "twice") == 0 ? CODE_TWICE : CODE_FLIP)
        || !run_start()) {
        printf("no code memory\n");
        return 1;
    }
    jit_helper("show", show, 2);
    jit_helper("table", address_of, 1);
    jit_helper("apply", apply, 1);
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
        run_line(lines[i]);
    run_threads();
    run_page("int3", 0xcc, PAGE_EXECUTE_READ);
    run_page("code that can only be read", 0xc3, PAGE_READONLY);
    run_page("code that is not accessible", 0xc3, PAGE_NOACCESS);
    run_end();
    code_end();
    printf("code was never writable where it runs: %s\n", n_wrong ? "NO" : "yes");
    return n_wrong != 0;
}
