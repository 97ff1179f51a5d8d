/* inline-hook: functions of the C library and of the program itself are hooked and unhooked.
 *
 *     cc -I$(pkg-config --variable=includedir winvm)/winvm/compat main.c hook.c decode.c \
 *         -lwinvm-kit -lwinvm
 *
 * Shows that calls go through the hook and that the trampoline calls the function itself; that code
 * which cannot be moved is refused and stays as it was; that hooks come and go while other threads
 * call the function; and that everything is as before at the end. For x86-64.
 * Exit status 0 when all was right. */
#include "hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_THREADS 3
#define N_CHANGES 20

typedef int (*order_function)(const void *, const void *);
typedef void (*sort_function)(void *, size_t, size_t, order_function);
typedef int (*area_function)(const int *, int);

static const struct hook_threads nobody;
static struct hook sort_hook, area_hook;
static volatile LONG sort_calls, area_calls, stop, wrong, rounds;
static int bad;

static void say(int right, const char *what)
{
    printf("%s: %s\n", what, right ? "yes" : "NO");
    bad |= !right;
}

/* A pointer to code, as a function. */
static hook_function function_at(const BYTE *at)
{
    hook_function f;

    memcpy(&f, &at, sizeof(f));
    return f;
}

/* ---- what is hooked, and by what ---- */

static int less(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Descending order: what is sorted shows who sorted. */
static int more(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

static void sort_descending(void *base, size_t n, size_t size, order_function order)
{
    sort_function original = (sort_function)function_at(sort_hook.trampoline);

    InterlockedIncrement(&sort_calls);
    original(base, n, size, order == less ? more : order);
}

static int area(const int *sides, int n)
{
    int sum = 0;

    for (int i = 0; i + 1 < n; i += 2) {
        int part[2];
        memcpy(part, sides + i, sizeof(part));
        sum += part[0] * part[1];
    }
    return sum;
}

static int area_and_one(const int *sides, int n)
{
    area_function original = (area_function)function_at(area_hook.trampoline);

    InterlockedIncrement(&area_calls);
    return original(sides, n) + 1;
}

/* So that the compiler knows nothing of the callee. */
static sort_function volatile call_sort = qsort;
static area_function volatile call_area = area;

static int sorts_to(const char *expected)
{
    int numbers[5] = {3, 1, 4, 2, 5};
    char text[8];

    call_sort(numbers, 5, sizeof(numbers[0]), less);
    for (int i = 0; i < 5; i++)
        text[i] = (char)('0' + numbers[i]);
    text[5] = '\0';
    return strcmp(text, expected) == 0;
}

static int area_is(int expected)
{
    static const int sides[4] = {2, 3, 4, 5};

    return call_area(sides, 4) == expected;
}

/* ---- one after the other ---- */

static DWORD protection(const BYTE *at)
{
    MEMORY_BASIC_INFORMATION m;

    return VirtualQuery(at, &m, sizeof(m)) ? m.Protect : 0;
}

static int is_near(const struct hook *h)
{
    LONGLONG d = h->near_block - h->target;

    return d > -((LONGLONG)1 << 31) && d < (LONGLONG)1 << 31;
}

static void hook_library(void)
{
    BYTE before[MOST_STOLEN];
    DWORD old;

    say(hook_new(&sort_hook, (hook_function)qsort, (hook_function)sort_descending) == HOOK_DONE &&
            is_near(&sort_hook), "qsort: memory near it, its first instructions moved there");
    if (bad)
        return;
    memcpy(before, sort_hook.target, sort_hook.stolen);
    old = protection(sort_hook.target);
    say(sorts_to("12345") && sort_calls == 0, "qsort: as it is");
    say(hook_set(&sort_hook, &nobody) && sorts_to("54321") && sort_calls == 1, "qsort: hooked");
    say(*sort_hook.target == 0xe9 && protection(sort_hook.target) == old,
        "qsort: begins with a jump, the page is protected as before");
    say(hook_remove(&sort_hook, &nobody) && sorts_to("12345") && sort_calls == 1,
        "qsort: unhooked");
    say(memcmp(before, sort_hook.target, sort_hook.stolen) == 0, "qsort: the old bytes");
    say(!hook_remove(&sort_hook, &nobody), "qsort: cannot be unhooked twice");
}

static void hook_own(void)
{
    say(hook_new(&area_hook, (hook_function)area, (hook_function)area_and_one) == HOOK_DONE &&
            is_near(&area_hook), "own function: memory near it");
    if (bad)
        return;
    say(area_is(26) && area_calls == 0, "own function: as it is");
    say(hook_set(&area_hook, &nobody) && area_is(27) && area_calls == 1, "own function: hooked");
    say(hook_set(&sort_hook, &nobody) && sorts_to("54321") && area_is(27), "both are hooked");
    say(hook_remove(&area_hook, &nobody) && area_is(26), "own function: unhooked");
    say(hook_remove(&sort_hook, &nobody) && sorts_to("12345"), "qsort: unhooked");
}

/* ---- code that is refused, and code that must be changed to be moved ---- */

static const char *try_code(BYTE *page, const BYTE *code, unsigned size)
{
    static const char *const names[] = {"moved", "unknown", "too short", "no memory", "failed"};
    struct hook h;
    enum hook_result result;
    DWORD old;

    VirtualProtect(page, 64, PAGE_READWRITE, &old);
    memset(page, 0xcc, 64);
    memcpy(page, code, size);
    VirtualProtect(page, 64, PAGE_EXECUTE_READ, &old);
    result = hook_new(&h, function_at(page), (hook_function)area_and_one);
    if (result == HOOK_DONE && !hook_free(&h))
        result = HOOK_FAILED;
    bad |= memcmp(page, code, size) != 0;
    return names[result];
}

static void refuse(void)
{
    static const BYTE ends[] = {0x31, 0xc0, 0xc3};
    static const BYTE strange[] = {0x55, 0x0f, 0x0b, 0x90, 0x90, 0x90};         /* UD2 */
    static const BYTE loops[] = {0x31, 0xc0, 0xff, 0xc0, 0x75, 0xfc, 0xc3};     /* back to byte 2 */
    static const BYTE plain[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x20, 0xc3};
    BYTE *page = (BYTE *)VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (page == NULL) {
        say(0, "memory for code");
        return;
    }
    printf("a function of three bytes: %s\n", try_code(page, ends, sizeof(ends)));
    printf("an instruction that never stands there: %s\n",
           try_code(page, strange, sizeof(strange)));
    printf("a loop into what would be moved: %s\n", try_code(page, loops, sizeof(loops)));
    printf("a frame: %s\n", try_code(page, plain, sizeof(plain)));
    VirtualFree(page, 0, MEM_RELEASE);
}

/* mov eax, [rip + 10]; test eax, eax; jne +1; ret; ret: 7 where the operand lies. Hooked from its
 * first byte, it still finds its operand and both ends. */
static void move_relative(void)
{
    static const BYTE code[] = {0x85, 0xc9, 0x75, 0x07, 0x8b, 0x05, 0x16, 0, 0, 0, 0xc3,
                                0xb8, 9,    0,    0,    0,    0xc3};
    BYTE *page = (BYTE *)VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct hook h;
    int (*original)(void);
    DWORD old;

    if (page == NULL)
        return;
    memcpy(page, code, sizeof(code));
    page[32] = 7;
    VirtualProtect(page, 64, PAGE_EXECUTE_READ, &old);
    say(hook_new(&h, function_at(page), (hook_function)area_and_one) == HOOK_DONE &&
            h.stolen == 10, "a jump and an operand that count from where they stand: moved");
    original = (int (*)(void))function_at(h.trampoline);
    say(original() == 7 || original() == 9, "they mean the same there");
    hook_free(&h);
    VirtualFree(page, 0, MEM_RELEASE);
}

/* ---- while other threads call ---- */

/* Calls, and holds locks of heaps and of the system meanwhile, in which it may be suspended. */
static DWORD WINAPI call_on(void *arg)
{
    static const int sides[4] = {2, 3, 4, 5};

    (void)arg;
    while (!stop) {
        LONG before = area_calls;
        int value = call_area(sides, 4);
        void *block = malloc(100), *other = HeapAlloc(GetProcessHeap(), 0, 100);
        void *page = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

        if (value != 26 && (value != 27 || area_calls == before))
            InterlockedIncrement(&wrong);
        if (!block || !other || !HeapFree(GetProcessHeap(), 0, other) || !page ||
            !VirtualFree(page, 0, MEM_RELEASE))
            InterlockedIncrement(&wrong);
        free(block);
        InterlockedIncrement(&rounds);
    }
    return 0;
}

static void hook_under_load(void)
{
    HANDLE threads[N_THREADS];
    struct hook_threads others = {threads, N_THREADS};
    LONG start = area_calls;
    int done = 1;

    for (int i = 0; i < N_THREADS; i++)
        threads[i] = CreateThread(NULL, 0, call_on, NULL, 0, NULL);
    for (int i = 0; i < N_CHANGES; i++) {
        LONG now;

        done &= i % 2 == 0 ? hook_set(&area_hook, &others) : hook_remove(&area_hook, &others);
        now = rounds;
        while (rounds < now + 2 * N_THREADS) /* one of them at least began after the change */
            Sleep(1);
    }
    InterlockedExchange(&stop, 1);
    done &= WaitForMultipleObjects(N_THREADS, threads, TRUE, INFINITE) == WAIT_OBJECT_0;
    for (int i = 0; i < N_THREADS; i++)
        CloseHandle(threads[i]);
    say(done, "hooked and unhooked while three threads call");
    say(wrong == 0 && area_calls > start && area_is(26), "every call went one way or the other");
}

int main(void)
{
    hook_library();
    if (!bad)
        hook_own();
    refuse();
    move_relative();
    if (!bad)
        hook_under_load();
    say(!sort_hook.is_set && !area_hook.is_set && hook_free(&sort_hook) && hook_free(&area_hook),
        "the memory is given back");
    return bad;
}
