/* A compiler at run time: each piece of code must lie within 2 GiB of what it calls, so free memory
 * is looked for around that by queries, upwards and downwards, until there is none. */
#include "users.h"

#define REACH ((int64_t)0x7fff0000)
#define N_PIECES 200

typedef int (*function)(void);

static uint64_t top;
static unsigned looks; /* queries of the searches downwards */

static int reaches(uintptr_t from, uintptr_t to)
{
    int64_t d = (int64_t)(to - from);

    return d > -REACH && d < REACH;
}

static void *take(uintptr_t at, SIZE_T size, uintptr_t anchor)
{
    if (!reaches(at, anchor) || !reaches(at + size, anchor))
        return NULL;
    return VirtualAlloc((void *)at, size, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
}

static int may_be_had(uint64_t at)
{
    void *p = (void *)(uintptr_t)at;

    return VirtualAlloc(p, GRAN, MEM_RESERVE, PAGE_NOACCESS) == p &&
           VirtualFree(p, 0, MEM_RELEASE);
}

/* Upwards: the first place in each free region. */
static void *above(uintptr_t anchor, SIZE_T size)
{
    MEMORY_BASIC_INFORMATION m;
    uintptr_t p = anchor;

    while (reaches(p, anchor) && VirtualQuery((void *)p, &m, sizeof(m))) {
        uintptr_t end = (uintptr_t)m.BaseAddress + m.RegionSize;
        uintptr_t at = ((uintptr_t)m.BaseAddress + GRAN - 1) & ~(uintptr_t)(GRAN - 1);
        void *got = NULL;

        if (at < GRAN)
            at = GRAN;
        if (m.State == MEM_FREE && at + size <= end)
            got = take(at, size, anchor);
        if (got || end <= p)
            return got;
        p = end;
    }
    return NULL;
}

/* Downwards, as hookers look: granule by granule in what is free (a query answers with the page
 * asked for, not with where the free range begins), past an allocation at once. */
static void *below(uintptr_t anchor, SIZE_T size)
{
    MEMORY_BASIC_INFORMATION m;
    uintptr_t p = anchor & ~(uintptr_t)(GRAN - 1);

    while (p >= GRAN && reaches(p, anchor) && VirtualQuery((void *)p, &m, sizeof(m))) {
        uintptr_t end = (uintptr_t)m.BaseAddress + m.RegionSize;
        void *got = NULL;

        looks++;
        if (m.State == MEM_FREE && p < anchor && at_most(end, anchor) - p >= size)
            got = take(p, size, anchor);
        if (got)
            return got;
        if (m.State != MEM_FREE)
            p = (uintptr_t)m.AllocationBase & ~(uintptr_t)(GRAN - 1);
        if (p < GRAN)
            break;
        p -= GRAN;
    }
    return NULL;
}

/* What is free from the start of a granule on can be had: the first and the last granule of every
 * free range. */
static void free_is_free(void)
{
    MEMORY_BASIC_INFORMATION m;
    int whole = 1, had = 1, n = 0;

    for (uint64_t p = 0, end; p < top; p = end) {
        uint64_t first = (p + GRAN - 1) & ~(uint64_t)(GRAN - 1);

        if (!VirtualQuery((void *)(uintptr_t)p, &m, sizeof(m)))
            break;
        end = p + m.RegionSize;
        first = first < GRAN ? GRAN : first;
        if (m.State != MEM_FREE || first >= end)
            continue;
        whole &= end % GRAN == 0;
        for (int i = 0; i < 2; i++) {
            uint64_t at = i ? (end - 1) & ~(uint64_t)(GRAN - 1) : first;
            had &= may_be_had(at);
            n++;
        }
    }
    check(whole && n > 0, "free memory ends with a granule");
    check(had, "its first granule can be had, and its last");
}

/* call the other piece (rel32), add 1, return */
static int put_caller(uint8_t *at, const uint8_t *other)
{
    int64_t d = other - (at + 9);
    int32_t disp = (int32_t)d;
    static const uint8_t code[] = {0x48, 0x83, 0xec, 0x08, 0xe8, 0,    0,    0,   0,
                                   0x48, 0x83, 0xc4, 0x08, 0xff, 0xc0, 0xc3};

    memcpy(at, code, sizeof(code));
    memcpy(at + 5, &disp, 4);
    return disp == d && protect(at, PAGE, PAGE_EXECUTE_READ) == PAGE_EXECUTE_READWRITE &&
           FlushInstructionCache(GetCurrentProcess(), at, sizeof(code));
}

static int call(const uint8_t *at)
{
    function f;

    memcpy(&f, &at, sizeof(f));
    return f();
}

static void around(uint8_t *anchor, const char *where)
{
    static uint8_t *piece[N_PIECES];
    static const uint8_t seven[] = {0xb8, 7, 0, 0, 0, 0xc3};
    int found = 1, right = 1, calls = 1, up = 0, down = 0, released = 1;
    char text[100];

    looks = 0;
    memcpy(anchor, seven, sizeof(seven));
    protect(anchor, PAGE, PAGE_EXECUTE_READ);
    for (int i = 0; i < N_PIECES; i++) {
        SIZE_T size = (SIZE_T)(1 + i % 7) * PAGE + (i % 50 ? 0 : 4 << 20);
        void *got = i & 1 ? above((uintptr_t)anchor, size) : below((uintptr_t)anchor, size);

        if (!got)
            got = i & 1 ? below((uintptr_t)anchor, size) : above((uintptr_t)anchor, size);
        if (!got) {
            found = 0;
            piece[i] = NULL;
            continue;
        }
        piece[i] = got;
        right &= (uintptr_t)got % GRAN == 0 && (uint64_t)(uintptr_t)got + size <= top;
        up += piece[i] > anchor;
        down += piece[i] < anchor;
        right &= put_caller(piece[i], i ? piece[i - 1] : anchor);
    }
    snprintf(text, sizeof(text), "%s: near memory is found for all pieces", where);
    if (check(found && right, text)) {
        for (int i = 0; i < N_PIECES; i++)
            calls &= call(piece[i]) == 7 + i + 1;
        snprintf(text, sizeof(text), "%s: each calls the one before", where);
        check(calls, text);
    }
    snprintf(text, sizeof(text), "%s: above and below, as far as there is room", where);
    check(up + down == N_PIECES && (up > 0 || (uintptr_t)anchor > top - (8 << 20)) &&
              (down > 0 || (uintptr_t)anchor < (8 << 20)),
          text);
    snprintf(text, sizeof(text), "%s: no search downwards is long", where);
    check(looks < N_PIECES * 1000u, text);
    for (int i = 0; i < N_PIECES; i++)
        released &= piece[i] && VirtualFree(piece[i], 0, MEM_RELEASE);
    snprintf(text, sizeof(text), "%s: all are released", where);
    check(released && VirtualFree(anchor, 0, MEM_RELEASE), text);
}

/* Around the program's own code: where the host has put that past the end of a low space nothing is
 * found, and the search ends. */
static void around_program(void)
{
    int (*volatile own)(const uint8_t *) = call;
    uintptr_t anchor = (uintptr_t)own;
    void *got = below(anchor, PAGE);

    if (!got)
        got = above(anchor, PAGE);
    check(anchor > top || (got && reaches((uintptr_t)got, anchor)),
          "around the program's own code");
    check(!got || ((uintptr_t)got < top && VirtualFree(got, 0, MEM_RELEASE)),
          "never past the end of the address space");
}

int main(void)
{
    top = user_space();
    around(commit(PAGE, PAGE_EXECUTE_READWRITE), "anywhere");
    around(VirtualAlloc((void *)0x40000000, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE),
           "at 1 GiB");
    around(VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN,
                        PAGE_EXECUTE_READWRITE),
           "at the top");
    around_program();
    free_is_free();
    return users_end();
}
