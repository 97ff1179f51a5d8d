/* Address Windowing Extensions: AllocateUserPhysicalPages, FreeUserPhysicalPages,
 * MapUserPhysicalPages, MapUserPhysicalPagesScatter and windows (WS-120..137). Windows needs an
 * account that has SeLockMemoryPrivilege, and the privilege enabled. */
#include "../compat_layout.h"
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define RWR PAGE_READWRITE
#define SIZE 0x10000

enum { N = 16, NOT_HELD = 1314, REFUSED = 7 };

typedef BOOL(WINAPI *frames_call)(HANDLE, ULONG_PTR *, ULONG_PTR *);
typedef BOOL(WINAPI *map_call)(void *, ULONG_PTR, ULONG_PTR *);
typedef BOOL(WINAPI *scatter_call)(void **, ULONG_PTR, ULONG_PTR *);

static frames_call take_frames, free_frames;
static map_call map_frames;
static scatter_call scatter_frames;
static ULONG_PTR frame[N], n_frames;

static void give_frames_back(void)
{
    ULONG_PTR n = n_frames;

    if (n)
        free_frames(GetCurrentProcess(), &n, frame);
    n_frames = 0;
}

static int find_frames(void)
{
    take_frames = (frames_call)find_call("AllocateUserPhysicalPages");
    free_frames = (frames_call)find_call("FreeUserPhysicalPages");
    map_frames = (map_call)find_call("MapUserPhysicalPages");
    scatter_frames = (scatter_call)find_call("MapUserPhysicalPagesScatter");
    return take_frames && free_frames && map_frames && scatter_frames;
}

/* Ends the case where there are no frames to be had. */
#define need_frames(n)                                                                             \
    do {                                                                                           \
        skip_if(is_wine(), "Wine has no AWE");                                                     \
        if (!ok(find_frames(), "GetProcAddress: a call is missing"))                               \
            return;                                                                                \
        n_frames = n;                                                                              \
        BOOL had = take_frames(GetCurrentProcess(), &n_frames, frame);                             \
        n_frames = had ? n_frames : 0;                                                             \
        compat.cleanup = give_frames_back;                                                         \
        skip_if(!had && !is_native() && GetLastError() == NOT_HELD, "the privilege is not held");  \
        if (!ok(had && n_frames == n, "AllocateUserPhysicalPages: %d, %lu pages, error %lu", had,  \
                (unsigned long)n_frames, (unsigned long)GetLastError()))                           \
            return;                                                                                \
    } while (0)

static BYTE *window(void)
{
    return obtain(SIZE, RSV | MEM_PHYSICAL, RWR);
}

/* Page i of w shows what was written to it as `value`. */
#define expect_shows(w, i, value) expect_eq((w)[(i)*PG], value)

/* The page at p is not accessible. */
#define expect_closed(p) expect_fault(touch_read(p), 0, p)

CASE(WS, 120, "AllocateUserPhysicalPages", "TRUE; numbers that are not 0 and all different")
{
    need_frames(N);
    for (unsigned i = 0; i < N; i++) {
        ok(frame[i] != 0, "frame %u is 0", i);
        for (unsigned k = 0; k < i; k++)
            ok(frame[i] != frame[k], "frames %u and %u are one", i, k);
    }}

CASE(WS, 121, "the same without SeLockMemoryPrivilege", "FALSE, 1314")
{
    if (compat_is_child) {
        n_frames = N;
        BOOL had = find_frames() && take_frames(GetCurrentProcess(), &n_frames, frame);

        exit(!had && GetLastError() == NOT_HELD ? REFUSED : 1);
    }
    skip_if(is_wine(), "Wine has no AWE");
#ifdef _WIN32
    n_frames = N;
    BOOL had = find_frames() && take_frames(GetCurrentProcess(), &n_frames, frame);
    ULONG error = GetLastError();
    n_frames = had ? n_frames : 0;
    compat.cleanup = give_frames_back;
    skip_if(had, "the privilege is held");
    expect_eq(error, NOT_HELD);
#else
    char options[256];
    const char *set = getenv("WINVM_OPTIONS");
    size_t len = set ? strlen(set) : 0;

    snprintf(options, sizeof(options), "%s:lock-memory=0", set ? set : "");
    setenv("WINVM_OPTIONS", options, 1);
    expect_eq(in_process("WS-121"), REFUSED);
    options[len] = 0;
    setenv("WINVM_OPTIONS", options, 1);
#endif
}

CASE(WS, 122, "VirtualAlloc(RESERVE+PHYSICAL, RW), query", "RESERVE, PRIVATE")
{
    skip_if(is_wine(), "Wine refuses MEM_PHYSICAL");
    BYTE *w = window();
    MEMORY_BASIC_INFORMATION info = query(w);

    expect_ptr(info.BaseAddress, w);
    expect_ptr(info.AllocationBase, w);
    expect_eq(info.RegionSize, SIZE);
    expect_eq(info.State, RSV);
    expect_eq(info.Type, MEM_PRIVATE);
    expect_closed(w);
}

CASE(WS, 123, "MapUserPhysicalPages(w, 16, frames)", "TRUE; zeroed, accessible")
{
    need_frames(N);
    BYTE *w = window();

    expect_eq(map_frames(w, N, frame), TRUE);
    for (unsigned i = 0; i < N; i++) {
        expect_shows(w, i, 0);
        w[i * PG] = (BYTE)(i + 1);
    }
    for (unsigned i = 0; i < N; i++)
        expect_shows(w, i, i + 1);
}

CASE(WS, 124, "MapUserPhysicalPages(w, 16, NULL), map again", "unmapped; contents are kept")
{
    need_frames(N);
    BYTE *w = window();

    expect_eq(map_frames(w, N, frame), TRUE);
    memset(w, 0x5a, SIZE);
    expect_eq(map_frames(w, N, NULL), TRUE);
    expect_closed(w + 3 * PG);
    expect_eq(map_frames(w, N, NULL), TRUE);
    expect_eq(map_frames(w + PG, 1, frame + 7), TRUE);
    expect_shows(w, 1, 0x5a);
    expect_closed(w);
}

CASE(WS, 125, "access to a window page that shows nothing", "C0000005")
{
    need_frames(1);
    BYTE *w = window();

    expect_eq(map_frames(w + PG, 1, frame), TRUE);
    expect_closed(w);
    expect_fault(touch_write(w + 2 * PG), 1, w + 2 * PG);
    w[PG] = 1;
}

CASE(WS, 126, "a frame at two addresses", "FALSE, 87; nothing mapped")
{
    need_frames(3);
    BYTE *w = window();
    ULONG_PTR twice[3];

    twice[0] = frame[0];
    twice[1] = frame[1];
    twice[2] = frame[0];
    expect_error(map_frames(w, 3, twice), 87);
    expect_closed(w);
    expect_eq(map_frames(w, 1, frame), TRUE);
    w[0] = 9;
    expect_error(map_frames(w + PG, 2, frame), 87);
    expect_closed(w + PG);
    expect_shows(w, 0, 9);
    /* What the call itself replaces is not mapped any more. */
    expect_eq(map_frames(w, 3, (ULONG_PTR[]){frame[1], frame[0], frame[2]}), TRUE);
    expect_shows(w, 1, 9);
}

CASE(WS, 127, "a range that leaves the window", "FALSE, 87; nothing mapped")
{
    need_frames(N);
    BYTE *w = window();

    expect_error(map_frames(w + PG, N, frame), 87);
    expect_error(map_frames(w + PG, N, NULL), 87);
    expect_error(map_frames(w, (ULONG_PTR)1 << (sizeof(void *) * 8 - 4), frame), 87, 998);
    expect_closed(w + PG);
}

CASE(WS, 128, "an address in no window", "FALSE, 87")
{
    need_frames(1);
    BYTE *plain = obtain(SIZE, RSV, RWR), *used = obtain(SIZE, RSV | COM, RWR);

    expect_error(map_frames(plain, 1, frame), 87);
    expect_error(map_frames(used, 1, frame), 87);
    expect_error(map_frames(NULL, 1, frame), 87);
    expect_error(map_frames((void *)~(ULONG_PTR)0xfff, 1, frame), 87);
    used[0] = 1;
}

CASE(WS, 129, "map over mapped pages", "the old translation is replaced")
{
    need_frames(4);
    BYTE *w = window();

    expect_eq(map_frames(w, 2, frame), TRUE);
    w[0] = 1;
    w[PG] = 2;
    expect_eq(map_frames(w + PG, 2, frame + 2), TRUE);
    expect_shows(w, 0, 1);
    expect_shows(w, 1, 0);
    expect_eq(map_frames(w + 3 * PG, 1, frame + 1), TRUE);
    expect_shows(w, 3, 2);
}

CASE(WS, 130, "MapUserPhysicalPagesScatter", "page by page, in any windows; NULL unmaps")
{
    need_frames(3);
    BYTE *a = window(), *b = window();
    void *at[3] = {b + 2 * PG, a, b};

    expect_eq(scatter_frames(at, 3, frame), TRUE);
    for (unsigned i = 0; i < 3; i++)
        *(BYTE *)at[i] = (BYTE)(i + 1);
    expect_eq(scatter_frames(at, 3, (ULONG_PTR[]){frame[1], frame[2], frame[0]}), TRUE);
    expect_shows(b, 2, 2);
    expect_shows(a, 0, 3);
    expect_shows(b, 0, 1);
    expect_eq(scatter_frames(at, 2, NULL), TRUE);
    expect_closed(b + 2 * PG);
    expect_closed(a);
    expect_shows(b, 0, 1);
    expect_error(scatter_frames((void *[]){a, NULL}, 2, frame), 87);
    expect_closed(a);
}

CASE(WS, 131, "FreeUserPhysicalPages of mapped and idle frames", "TRUE; unmapped first; n = count")
{
    need_frames(N);
    BYTE *w = window();
    ULONG_PTR n = N;

    expect_eq(map_frames(w, 4, frame), TRUE);
    n_frames = 0;
    expect_eq(free_frames(GetCurrentProcess(), &n, frame), TRUE);
    expect_eq(n, N);
    expect_closed(w);
    expect_error(map_frames(w, 1, frame), 87);
}

CASE(WS, 132, "free with a number that is not ours at 2", "FALSE, 87; n = 2")
{
    need_frames(4);
    ULONG_PTR some[4], n = 4;

    memcpy(some, frame, sizeof(some));
    some[2] = 0;
    expect_error(free_frames(GetCurrentProcess(), &n, some), 87);
    expect_eq(n, 2);
    memmove(frame, frame + 2, 2 * sizeof(frame[0]));
    n_frames = 2;
    n = 1;
    expect_error(free_frames(GetCurrentProcess(), &n, some), 87);
    expect_eq(n, 0);
}

CASE(WS, 133, "VirtualFree of the window", "window gone; frames still owned")
{
    need_frames(2);
    BYTE *w = (BYTE *)VirtualAlloc(NULL, SIZE, RSV | MEM_PHYSICAL, RWR), *other = window();

    expect_eq(map_frames(w, 2, frame), TRUE);
    w[PG] = 0x77;
    expect_eq(VirtualFree(w, 0, MEM_RELEASE), TRUE);
    expect_eq(query(w).State, MEM_FREE);
    expect_eq(map_frames(other, 2, frame), TRUE);
    expect_shows(other, 1, 0x77);
}

CASE(WS, 134, "VirtualProtect of a window", "RW: TRUE; others: FALSE, 87 (older Windows)")
{
    need_frames(2);
    BYTE *w = window();
    DWORD old = 0;

    expect_eq(map_frames(w, 2, frame), TRUE);
    expect_eq(VirtualProtect(w, 2 * PG, RWR, &old), TRUE);
    expect_eq(old, RWR);
    if (is_native())
        expect_error(VirtualProtect(w, PG, PAGE_READONLY, &old), 87);
    w[0] = 1;
}

CASE(WS, 135, "a window in another process or a copy", "impossible: no frame is reached by two")
{
    need_frames(1);
    BYTE *w = window(), *copy = obtain(PG, RSV | COM, RWR);
    SIZE_T done = 0;

    expect_eq(map_frames(w, 1, frame), TRUE);
    memset(w, 0x31, PG);
    expect_eq(ReadProcessMemory(GetCurrentProcess(), w, copy, PG, &done), TRUE);
    expect_eq(done, PG);
    memset(w, 0x32, PG);
    expect_shows(copy, 0, 0x31);
    expect_failure(VirtualAlloc(w, PG, COM, RWR));
    expect_shows(w, 0, 0x32);
}

/* More frames than pages of the window: each is reached, and keeps what it has. */
CASE(WS, 136, "AWE in a 32-bit process on 64-bit Windows", "supported")
{
    skip_if(is_wine(), "Wine has no AWE");
    skip_if(compat_base != 0, "windows are in the process's own space");
    skip_if(!is_wow64(), "WOW64 only");
    need_frames(N);
    BYTE *w = obtain(4 * PG, RSV | MEM_PHYSICAL, RWR);

    ok((uint64_t)(ULONG_PTR)w + 4 * PG <= TOP_4G, "the window is at %p", (void *)w);
    for (unsigned i = 0; i < N; i += 4) {
        expect_eq(map_frames(w, 4, frame + i), TRUE);
        for (unsigned k = 0; k < 4; k++)
            memset(w + k * PG, (int)(i + k + 1), PG);
    }
    expect_eq(map_frames(w, 4, NULL), TRUE);
    for (unsigned i = 0; i < N; i++) {
        expect_eq(map_frames(w + PG, 1, frame + N - 1 - i), TRUE);
        expect_shows(w, 1, N - i);
        expect_eq(w[2 * PG - 1], N - i);
    }
    expect_error(map_frames((void *)(ULONG_PTR)TOP_4G, 1, frame), 87);
}

CASE(WS, 137, "a count of 0", "TRUE, 0")
{
    need_frames(1);
    BYTE *w = window();
    ULONG_PTR n = 0;

    expect_eq(take_frames(GetCurrentProcess(), &n, NULL), TRUE);
    expect_eq(n, 0);
    expect_eq(free_frames(GetCurrentProcess(), &n, NULL), TRUE);
    expect_eq(n, 0);
    expect_eq(map_frames(w, 0, frame), TRUE);
}
