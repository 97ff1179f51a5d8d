/* Messages between processes through shared memory with a name: a ring buffer, a heap that grows by
 * commits in one process and is used in the other, rights and errors. The child runs this program
 * again, as CreateProcess would have it. */
#include "users.h"

#ifdef _WIN32
int main(void)
{
    return users_end(); /* this host's way to start a process */
}
#else
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_MESSAGES 20000u
#define SLOTS 64u
#define HEAP ((SIZE_T)1 << 30)

struct ring {
    volatile uint32_t head, tail, stop;
    uint32_t slot[SLOTS][4];
};

struct shared {
    struct ring there, back;
    volatile LONG committed; /* bytes of the heap */
    volatile LONG result;
};

static char local[80], global[80], heap_name[80];
static WCHAR wide[80];

static void names(const char *key)
{
    snprintf(local, sizeof(local), "Local\\winvm messages %s", key);
    snprintf(global, sizeof(global), "Global\\winvm messages %s", key);
    snprintf(heap_name, sizeof(heap_name), "winvm heap %s", key);
    for (int i = 0; i < 80; i++)
        wide[i] = (WCHAR)(unsigned char)local[i];
}

static void put(struct ring *r, uint32_t a, uint32_t b)
{
    uint32_t *s = r->slot[r->head % SLOTS];

    while (r->head - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) == SLOTS)
        sched_yield();
    s[0] = a;
    s[1] = b;
    s[2] = a ^ b;
    __atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
}

/* 1: a message that is whole. */
static int get(struct ring *r, uint32_t *a, uint32_t *b)
{
    const uint32_t *s = r->slot[r->tail % SLOTS];
    int whole;

    while (__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) == r->tail)
        sched_yield();
    *a = s[0];
    *b = s[1];
    whole = s[2] == (*a ^ *b);
    __atomic_store_n(&r->tail, r->tail + 1, __ATOMIC_RELEASE);
    return whole;
}

static int child_heap(struct shared *s)
{
    HANDLE h = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, heap_name);
    uint8_t *heap = h ? MapViewOfFile(h, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
    MEMORY_BASIC_INFORMATION m;
    int good = heap != NULL;

    /* What the parent committed is here, up to there and no further. */
    good &= heap && VirtualQuery(heap, &m, sizeof(m)) && m.State == MEM_COMMIT &&
            m.RegionSize == (SIZE_T)s->committed;
    good &= heap && VirtualQuery(heap + s->committed, &m, sizeof(m)) && m.State == MEM_RESERVE &&
            m.RegionSize == HEAP - (SIZE_T)s->committed;
    for (LONG i = 0; good && i < s->committed; i += (LONG)PAGE)
        good &= heap[i + 3] == (uint8_t)(i / (LONG)PAGE);
    if (!good || !VirtualAlloc(heap + (256u << 20), GRAN, MEM_COMMIT, PAGE_READWRITE))
        return 0;
    memset(heap + (256u << 20), 0x3c, GRAN);
    return UnmapViewOfFile(heap) && CloseHandle(h);
}

static int child(const char *key)
{
    struct shared *s;
    uint32_t a, b;
    HANDLE h;

    names(key);
    h = OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, wide);
    s = h ? MapViewOfFile(h, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, sizeof(*s)) : NULL;
    if (!s)
        return 3;
    for (uint32_t i = 0; i < N_MESSAGES; i++) {
        if (!get(&s->there, &a, &b))
            return 4;
        put(&s->back, a + 1, b * 3);
    }
    __sync_fetch_and_add(&s->result, child_heap(s));
    return UnmapViewOfFile(s) && CloseHandle(h) ? 0 : 5;
}

static void errors(HANDLE h)
{
    HANDLE ro = OpenFileMappingA(FILE_MAP_READ, FALSE, local), again;
    const uint8_t *view = MapViewOfFile(ro, FILE_MAP_READ, 0, 0, 0);
    MEMORY_BASIC_INFORMATION m;
    LPSECURITY_ATTRIBUTES none = NULL;

    check(ro && view, "a handle to read opens by the name");
    SetLastError(0);
    check(!MapViewOfFile(ro, FILE_MAP_WRITE, 0, 0, 0) && GetLastError() == ERROR_ACCESS_DENIED,
          "and does not write");
    check(UnmapViewOfFile(view) && CloseHandle(ro), "it closes");
    SetLastError(0);
    check(!OpenFileMappingA(FILE_MAP_READ, FALSE, "Local\\winvm nobody has this") &&
              GetLastError() == ERROR_FILE_NOT_FOUND,
          "an unknown name is not found");
    SetLastError(0);
    again = CreateFileMappingW(INVALID_HANDLE_VALUE, none, PAGE_READWRITE, 0, PAGE, wide);
    check(again && GetLastError() == ERROR_ALREADY_EXISTS && again != h,
          "creating the name again opens it");
    view = MapViewOfFile(again, FILE_MAP_READ, 0, 0, 0);
    check(view && VirtualQuery(view, &m, sizeof(m)) &&
              m.RegionSize == ((sizeof(struct shared) + PAGE - 1) & ~(SIZE_T)(PAGE - 1)),
          "in its own size");
    check(UnmapViewOfFile(view) && CloseHandle(again), "which closes too");
    SetLastError(0);
    again = CreateFileMappingA(INVALID_HANDLE_VALUE, none, PAGE_READWRITE, 0, PAGE, global);
    check(again && GetLastError() == 0 && CloseHandle(again), "Global\\ is another name");
    SetLastError(0);
    check(!CreateFileMappingA(INVALID_HANDLE_VALUE, none, PAGE_READWRITE, 0, PAGE, "a\\b\\c") &&
              GetLastError() == ERROR_PATH_NOT_FOUND,
          "other folders do not exist");
    SetLastError(0);
    check(!CloseHandle(again) && GetLastError() == ERROR_INVALID_HANDLE, "closed is closed");
}

static uint8_t *grow_heap(struct shared *s, HANDLE *h)
{
    uint8_t *heap;
    int good = 1;

    *h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0,
                            (DWORD)HEAP, heap_name);
    heap = *h ? MapViewOfFile(*h, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
    if (!check(heap != NULL, "a heap of 1 GiB is reserved"))
        return NULL;
    for (LONG i = 0; i < 300; i++) {
        uint8_t *at = heap + i * (LONG)PAGE;
        good &= VirtualAlloc(at, PAGE, MEM_COMMIT, PAGE_READWRITE) == at;
        at[3] = (uint8_t)i;
        s->committed = (i + 1) * (LONG)PAGE;
    }
    check(good, "and committed page by page");
    SetLastError(0);
    check(!VirtualFree(heap, PAGE, MEM_DECOMMIT) && GetLastError() == ERROR_INVALID_PARAMETER,
          "shared memory is never decommitted");
    return heap;
}

int main(int argc, char **argv)
{
    struct shared *s;
    uint32_t a, b, right = 1;
    char key[32];
    HANDLE h, heap_handle;
    uint8_t *heap;
    int status = 99;
    pid_t pid;

    if (argc == 3 && !strcmp(argv[1], "child"))
        return child(argv[2]);
    alarm(60); /* a child that dies sends no messages */
    snprintf(key, sizeof(key), "%d", (int)getpid());
    names(key);
    h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*s), local);
    s = h ? MapViewOfFile(h, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
    if (!check(s && GetLastError() == 0, "shared memory with a name"))
        return users_end();
    errors(h);
    heap = grow_heap(s, &heap_handle);
    pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", argv[0], "child", key, (char *)NULL);
        _exit(127);
    }
    for (uint32_t i = 0; i < N_MESSAGES; i++) {
        put(&s->there, i, i * 7);
        if (i < SLOTS / 2)
            continue;
        right &= (uint32_t)get(&s->back, &a, &b) & (a == i - SLOTS / 2 + 1) & (b == (a - 1) * 21);
    }
    for (uint32_t i = N_MESSAGES - SLOTS / 2; i < N_MESSAGES; i++)
        right &= (uint32_t)get(&s->back, &a, &b) & (a == i + 1) & (b == i * 21);
    check(right, "20,000 messages come back");
    check(waitpid(pid, &status, 0) == pid && status == 0, "the child ends well");
    check(s->result == 1, "it saw the heap as committed, and grew it");
    check(heap && heap[256u << 20] == 0x3c && heap[(256u << 20) + GRAN - 1] == 0x3c &&
              protection_of(heap + (256u << 20) + GRAN) == 0,
          "here too");
    check(UnmapViewOfFile(heap) && CloseHandle(heap_handle) && CloseHandle(h), "handles close");
    SetLastError(0);
    check(!OpenFileMappingA(FILE_MAP_READ, FALSE, local) && GetLastError() == ERROR_FILE_NOT_FOUND,
          "the name goes with the last of them");
    check(s->there.head == N_MESSAGES && UnmapViewOfFile(s), "the view stays until unmapped");
    return users_end();
}
#endif
