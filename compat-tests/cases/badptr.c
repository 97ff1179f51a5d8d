/* IsBadReadPtr and kin (IB-001..019). */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define NOBODY ((void *)0xDEADBEEF)

/* The functions may touch the memory and handle the fault themselves. */
#define expect_answer(call, want)                                                                  \
    do {                                                                                           \
        compat_faults_pass = 1;                                                                    \
        int answer = (call) != 0;                                                                  \
        compat_faults_pass = 0;                                                                    \
        ok(answer == (want), "%s: got %d, expected %d", #call, answer, want);                      \
    } while (0)
#define expect_bad(call) expect_answer(call, 1)
#define expect_good(call) expect_answer(call, 0)

static int nobody_taken(void)
{
    return query(NOBODY).State != MEM_FREE;
}

CASE(IB, 001, "IsBadReadPtr(NULL, 0)", "FALSE")
{
    expect_good(IsBadReadPtr(NULL, 0));
}

CASE(IB, 002, "IsBadReadPtr(NULL, 1)", "TRUE")
{
    expect_bad(IsBadReadPtr(NULL, 1));
    expect_bad(IsBadReadPtr(NULL, PG));
}

CASE(IB, 003, "IsBadReadPtr(0xDEADBEEF, 0)", "FALSE")
{
    expect_good(IsBadReadPtr(NOBODY, 0));
}

CASE(IB, 004, "IsBadReadPtr(0xDEADBEEF, 1)", "TRUE")
{
    skip_if(nobody_taken(), "the page is in use");
    expect_bad(IsBadReadPtr(NOBODY, 1));
}

CASE(IB, 005, "IsBadReadPtr(&local, 0), (&local, 1)", "FALSE")
{
    BYTE local = 1;

    expect_good(IsBadReadPtr(&local, 0));
    expect_good(IsBadReadPtr(&local, 1));
}

/* The lowest page of the thread's stack on Windows; of a reservation with its top committed
 * elsewhere. */
static BYTE *reserved_stack_page(void)
{
#ifdef _WIN32
    return *teb_field(TEB_DEALLOCATION_STACK);
#else
    BYTE *a = obtain(GR, RSV, RWR);

    place(a + 0xE000, 0x2000, COM, RWR);
    return a;
#endif
}

CASE(IB, 006, "IsBadReadPtr(reserved page of a stack, 4), twice", "TRUE, TRUE")
{
    BYTE *page = reserved_stack_page();

    expect_bad(IsBadReadPtr(page, 4));
    expect_bad(IsBadReadPtr(page, 4));
}

CASE(IB, 007, "IsBadWritePtr, the inputs of IB-001..006", "the same answers")
{
    BYTE local = 1, *page = reserved_stack_page();

    skip_if(nobody_taken(), "the page is in use");
    expect_good(IsBadWritePtr(NULL, 0));
    expect_bad(IsBadWritePtr(NULL, 1));
    expect_good(IsBadWritePtr(NOBODY, 0));
    expect_bad(IsBadWritePtr(NOBODY, 1));
    expect_good(IsBadWritePtr(&local, 0));
    expect_good(IsBadWritePtr(&local, 1));
    expect_eq(local, 1);
    expect_bad(IsBadWritePtr(page, 4));
    expect_bad(IsBadWritePtr(page, 4));
}

CASE(IB, 008, "IsBadCodePtr(NULL)", "TRUE")
{
    expect_bad(IsBadCodePtr(NULL));
}

CASE(IB, 009, "IsBadCodePtr(0xDEADBEEF)", "TRUE")
{
    skip_if(nobody_taken(), "the page is in use");
    expect_bad(IsBadCodePtr((FARPROC)NOBODY));
}

CASE(IB, 010, "IsBadCodePtr(&local)", "FALSE: it need not be executable")
{
    BYTE local = 1, *a = obtain(PG, RSV | COM, RO);

    expect_good(IsBadCodePtr((FARPROC)(void *)&local));
    expect_good(IsBadCodePtr((FARPROC)(void *)a));
}

CASE(IB, 011, "IsBadReadPtr of a view, then after its unmapping", "FALSE, TRUE")
{
    HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, RWR, 0, PG, NULL);
    void *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);

    ok(view != NULL, "no view");
    expect_good(IsBadReadPtr(view, PG));
    UnmapViewOfFile(view);
    expect_bad(IsBadReadPtr(view, 1));
    CloseHandle(mapping);
}

CASE(IB, 013, "IsBadStringPtr", "stops at NUL or at the maximum; FALSE when all of it is readable")
{
    BYTE *a = obtain(0x2000, RSV, RWR);
    char *text = (char *)a + 0xFF8;
    WCHAR *wide = (WCHAR *)(void *)(a + 0xFF0);

    place(a, PG, COM, RWR);
    memset(a, 'x', PG);
    expect_good(IsBadStringPtrA(text, 8));
    expect_good(IsBadStringPtrW(wide, 8));
    expect_bad(IsBadStringPtrA(text, 9));
    expect_bad(IsBadStringPtrW(wide, 9));
    expect_bad(IsBadStringPtrA((char *)a + PG, 1));
    a[0xFFF] = a[0xFFE] = 0;
    expect_good(IsBadStringPtrA(text, 8));
    expect_good(IsBadStringPtrA(text, 1000));
    expect_good(IsBadStringPtrW(wide, 1000));
    expect_good(IsBadStringPtrA("text", 100000));
}

CASE(IB, 014, "IsBadReadPtr, IsBadWritePtr of a guard page", "TRUE; the guard is gone")
{
    skip_if(is_wine(), "Wine takes access violations only: the process would end");
    BYTE *a = obtain(0x3000, RSV | COM, RWR | PAGE_GUARD);

    expect_bad(IsBadReadPtr(a, 4));
    expect_page(a, COM, RWR);
    expect_good(IsBadReadPtr(a, 4));
    expect_bad(IsBadWritePtr(a + PG, 4));
    expect_page(a + PG, COM, RWR);
    expect_good(IsBadWritePtr(a, 0x2000));
    expect_page(a + 0x2000, COM, RWR | PAGE_GUARD);
}

CASE(IB, 015, "IsBadWritePtr of a RO page", "TRUE")
{
    BYTE *a = obtain(0x2000, RSV | COM, RO);
    DWORD old;

    expect_bad(IsBadWritePtr(a, 1));
    expect_bad(IsBadWritePtr(a + 0xFFF, 0x1000));
    expect_good(IsBadReadPtr(a, 0x2000));
    expect_success(VirtualProtect(a, PG, RWR, &old));
    expect_good(IsBadWritePtr(a, PG));
    expect_bad(IsBadWritePtr(a, PG + 1));
}

CASE(IB, 017, "IsBadHugeReadPtr, IsBadHugeWritePtr", "as the plain forms")
{
    BYTE *a = obtain(0x3000, RSV, RWR);

    place(a, PG, COM, RWR);
    place(a + PG, PG, COM, RO);
    expect_good(IsBadHugeReadPtr(a, 0x2000));
    expect_bad(IsBadHugeReadPtr(a, 0x2001));
    expect_good(IsBadHugeWritePtr(a, 0x1000));
    expect_bad(IsBadHugeWritePtr(a, 0x1001));
    expect_good(IsBadHugeReadPtr(NULL, 0));
    expect_bad(IsBadHugeReadPtr(NULL, 1));
    expect_good(IsBadHugeWritePtr(NULL, 0));
    expect_bad(IsBadHugeWritePtr(NULL, 1));
}

/* Every byte below the page is good, its first byte is not. */
static void check_border(BYTE *page)
{
    expect_good(IsBadReadPtr(page - 0x2000, 0x2000));
    expect_good(IsBadReadPtr(page - 1, 1));
    expect_bad(IsBadReadPtr(page - 0x2000, 0x2001));
    expect_bad(IsBadReadPtr(page - 1, 2));
    expect_bad(IsBadReadPtr(page, 1));
    expect_good(IsBadWritePtr(page - 0x2000, 0x2000));
    expect_good(IsBadWritePtr(page - 1, 1));
    expect_bad(IsBadWritePtr(page - 0x2000, 0x2001));
    expect_bad(IsBadWritePtr(page - 1, 2));
    expect_bad(IsBadWritePtr(page, 1));
}

CASE(IB, 019, "ranges that end before, and reach into, an NA, a reserved, a free page",
     "FALSE; TRUE")
{
    BYTE *a = place(arena(0x40000), 0x4000, RSV, RWR), *b = a + GR;

    place(a, 0x2000, COM, RWR);
    check_border(a + 0x2000);
    place(a + 0x2000, PG, COM, NA);
    check_border(a + 0x2000);
    place(b, GR, RSV | COM, RWR);
    check_border(b + GR);
}
