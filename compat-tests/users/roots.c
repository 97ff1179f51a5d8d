/* A collector that finds its roots as conservative collectors do: the stack by a query for a local
 * variable, other memory by a walk over all of the address space. It looks into what is committed,
 * can be read and is not its own heap, and leaves guard pages alone. */
#include "users.h"

#define N_OBJECTS 4096u
#define OBJECT 64u

static uint8_t *heap, marked[N_OBJECTS];
static SIZE_T n_pages, n_guards;

static void look(const uintptr_t *from, const uintptr_t *to)
{
    for (; from < to; from++) {
        SIZE_T object = (*from - (uintptr_t)heap) / OBJECT;
        if (*from >= (uintptr_t)heap && object < N_OBJECTS && *from % OBJECT == 0)
            marked[object] = 1;
    }
}

static int is_root(const MEMORY_BASIC_INFORMATION *m)
{
    const DWORD writable = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE;

    if (m->State != MEM_COMMIT || m->AllocationBase == heap)
        return 0;
    n_guards += (m->Protect & PAGE_GUARD) != 0;
    return (m->Protect & writable) && !(m->Protect & (PAGE_GUARD | PAGE_NOACCESS));
}

/* Regions of 64 KiB and more, as stacks are, are left to others. */
static int walk(int private_only)
{
    MEMORY_BASIC_INFORMATION m;
    SYSTEM_INFO info;
    uint8_t *p;

    GetSystemInfo(&info);
    n_pages = n_guards = 0;
    memset(marked, 0, sizeof(marked));
    for (p = info.lpMinimumApplicationAddress; p < (uint8_t *)info.lpMaximumApplicationAddress;
         p = (uint8_t *)m.BaseAddress + m.RegionSize) {
        if (!VirtualQuery(p, &m, sizeof(m)) || m.BaseAddress != p)
            return 0;
        if (is_root(&m) && (!private_only || m.Type == MEM_PRIVATE) && m.RegionSize < GRAN) {
            n_pages += m.RegionSize / PAGE;
            look((uintptr_t *)m.BaseAddress,
                 (uintptr_t *)((uint8_t *)m.BaseAddress + m.RegionSize));
        }
    }
    return p == (uint8_t *)info.lpMaximumApplicationAddress + 1;
}

static unsigned n_marked(unsigned from, unsigned to)
{
    unsigned n = 0;

    while (from < to)
        n += marked[from++];
    return n;
}

/* Roots: objects 1.. in memory of each protection, each kind. Pages without access, guards, and
 * what was given back hide theirs. */
static void private_roots(void)
{
    static const DWORD kind[] = {PAGE_READWRITE, PAGE_EXECUTE_READWRITE,      PAGE_READWRITE,
                                 PAGE_NOACCESS,  PAGE_READWRITE | PAGE_GUARD, PAGE_READONLY};
    uint8_t *pages[6], *watched, *high;
    DWORD watch = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;

    for (unsigned i = 0; i < 6; i++) {
        pages[i] = commit(2 * PAGE, PAGE_READWRITE);
        *(void **)(void *)(pages[i] + 8 * i) = heap + (1 + i) * OBJECT;
        *(void **)(void *)(pages[i] + PAGE + 8) = heap + (10 + i) * OBJECT;
        protect(pages[i], PAGE, kind[i]);
    }
    watched = VirtualAlloc(NULL, PAGE, watch, PAGE_READWRITE);
    high = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE);
    *(void **)(void *)watched = heap + 20 * OBJECT;
    *(void **)(void *)high = heap + 21 * OBJECT;
    check(walk(1), "the walk covers the address space without a gap");
    check(n_marked(1, 4) == 3 && n_marked(4, 7) == 0, "roots in what can be written, no others");
    check(n_marked(10, 16) == 6, "page by page");
    check(marked[20] && marked[21], "under a write watch, and at the top");
    check(n_guards == 1 && protection_of(pages[4]) == (PAGE_READWRITE | PAGE_GUARD),
          "guards are seen, and stay");
    VirtualFree(pages[0] + PAGE, PAGE, MEM_DECOMMIT);
    VirtualFree(pages[1], 0, MEM_RELEASE);
    check(walk(1) && n_marked(1, 4) == 2 && n_marked(10, 16) == 4,
          "what is given back holds no roots");
    for (unsigned i = 0; i < 6; i++)
        VirtualFree(pages[i], 0, MEM_RELEASE);
    VirtualFree(watched, 0, MEM_RELEASE);
    VirtualFree(high, 0, MEM_RELEASE);
    check(walk(1) && n_marked(1, 30) == 0, "when all is, nothing does");
}

static void mapped_roots(void)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);
    uint8_t *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);

    if (!check(view != NULL, "a view"))
        return;
    *(void **)(void *)view = heap + 40 * OBJECT;
    check(walk(1) && !marked[40], "private memory only: the view is passed over");
    check(walk(0) && marked[40], "else its roots are found");
    UnmapViewOfFile(view);
    CloseHandle(section);
}

/* From a local variable to the end of its stack. */
static __attribute__((noinline)) void stack_roots(void)
{
    void *volatile root = heap + 50 * OBJECT;
    MEMORY_BASIC_INFORMATION m, end;
    volatile uintptr_t local = 0;
    uint8_t *p = (uint8_t *)(uintptr_t)&local;

    memset(marked, 0, sizeof(marked));
    if (!check(VirtualQuery(p, &m, sizeof(m)) && m.State == MEM_COMMIT &&
                   m.Protect == PAGE_READWRITE && m.Type == MEM_PRIVATE,
               "the stack is found by a local variable"))
        return;
    check(p >= (uint8_t *)m.BaseAddress && p < (uint8_t *)m.BaseAddress + m.RegionSize &&
              (uint8_t *)m.AllocationBase <= p,
          "in its region");
    look((uintptr_t *)((uintptr_t)p & ~(uintptr_t)7),
         (uintptr_t *)((uint8_t *)m.BaseAddress + m.RegionSize));
    look((uintptr_t *)(uintptr_t)&root, (uintptr_t *)(uintptr_t)(&root + 1));
    check(root && marked[50], "a root on it");
    check(!VirtualQuery((uint8_t *)m.BaseAddress + m.RegionSize, &end, sizeof(end)) ||
              end.State != MEM_COMMIT || end.Protect != m.Protect ||
              end.AllocationBase != m.AllocationBase,
          "the region is as long as it can be");
}

static void *on_thread(void *arg)
{
    stack_roots();
    return arg;
}

int main(void)
{
    pthread_t thread;

    heap = commit(N_OBJECTS * OBJECT, PAGE_READWRITE);
    if (!check(heap != NULL, "a heap"))
        return users_end();
    private_roots();
    mapped_roots();
    stack_roots();
    pthread_create(&thread, NULL, on_thread, NULL);
    pthread_join(thread, NULL);
    check(VirtualFree(heap, 0, MEM_RELEASE), "the heap goes");
    return users_end();
}
