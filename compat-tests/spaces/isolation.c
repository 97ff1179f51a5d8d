/* Spaces and the rest of the process do not meet: allocations of one never lie in another or in its
 * fences, and what a 32-bit program can compute, base + unsigned index + signed displacement, meets
 * its own space or faults. Arguments: seed, steps. */
#include <setjmp.h>

#include "spaces.h"

enum { N_SPACES = 6, N_LIVE = 64 };
#define GRAN_64 ((uint64_t)GRAN)

static HANDLE space[N_SPACES];
static char *base[N_SPACES];
static uint64_t limit[N_SPACES];
static uint64_t state = 1;

static uint32_t pick(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

/* ---- allocations ---- */

struct live {
    int owner; /* N_SPACES: none */
    bool view;
    char *at;
    size_t len;
};
static struct live lives[N_LIVE];
static HANDLE section;

static bool is_well_placed(const struct live *l)
{
    for (int i = 0; i < N_SPACES; i++) {
        bool inside = l->at >= base[i] + GRAN && l->at + l->len <= base[i] + limit[i];
        if (i == l->owner ? !inside : meets_fenced(base[i], l->at, l->len))
            return false;
    }
    return true;
}

/* In a space or in none, private memory or a view, from either end. */
static bool allocate(struct live *l)
{
    DWORD type = MEM_RESERVE | (pick(2) ? MEM_COMMIT : 0) | (pick(2) ? MEM_TOP_DOWN : 0);
    l->owner = (int)pick(N_SPACES + 1);
    HANDLE h = l->owner == N_SPACES ? GetCurrentProcess() : space[l->owner];
    char *origin = l->owner == N_SPACES ? NULL : base[l->owner];
    l->view = pick(3) == 0;
    l->len = l->view ? 4 * GRAN : ((size_t)1 << pick(12)) * GRAN;
    l->at = NULL;
    void *got = l->view ? MapViewOfFile2(section, h, 0, NULL, 0, type & MEM_TOP_DOWN,
                                         PAGE_READWRITE)
                        : VirtualAllocEx(h, NULL, l->len, type, PAGE_READWRITE);
    if (!got) /* too long for the whole space, or for what is left of it */
        return GetLastError() == (l->owner < N_SPACES && l->len > limit[l->owner] - GRAN
                                      ? ERROR_INVALID_PARAMETER
                                      : ERROR_NOT_ENOUGH_MEMORY);
    l->at = origin + (uintptr_t)got;
    return is_well_placed(l);
}

static bool release(struct live *l)
{
    HANDLE h = l->owner == N_SPACES ? GetCurrentProcess() : space[l->owner];
    void *at = l->owner == N_SPACES ? l->at : at_offset((uint64_t)(l->at - base[l->owner]));
    l->len = 0;
    return l->view ? UnmapViewOfFile2(h, at, 0) : VirtualFreeEx(h, at, 0, MEM_RELEASE);
}

static void place_many(unsigned steps)
{
    bool good = true;
    for (unsigned i = 0; good && i < steps; i++) {
        struct live *l = &lives[pick(N_LIVE)];
        good = l->len ? release(l) : allocate(l);
        if (!good)
            printf("# step %u: owner %d, %p, 0x%zx, error %u\n", i, l->owner, (void *)l->at,
                   l->len, (unsigned)GetLastError());
        if (l->at == NULL)
            l->len = 0;
    }
    ok(good, "%u allocations and views lie where they belong", steps);
    for (struct live *l = lives; l < lives + N_LIVE; l++)
        if (l->len)
            good &= release(l);
    ok(good, "and are released by who made them");
}

/* ---- claims from outside ---- */

/* To a view an address past the end of the program's own space (the option wow64) is none. */
static bool is_refused(char *at)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    bool past = at > (char *)system.lpMaximumApplicationAddress;
    if (VirtualAlloc(at, GRAN, MEM_RESERVE, PAGE_READWRITE))
        return VirtualFree(at, 0, MEM_RELEASE), false;
    if (GetLastError() != ERROR_INVALID_ADDRESS)
        return false;
    if (MapViewOfFileEx(section, FILE_MAP_WRITE, 0, 0, 0, at))
        return UnmapViewOfFile(at), false;
    return GetLastError() == (past ? ERROR_INVALID_PARAMETER : ERROR_INVALID_ADDRESS);
}

static void claim_inside(void)
{
    for (int i = 0; i < N_SPACES; i++) {
        char *at[] = {base[i], base[i] + GRAN, base[i] + limit[i] - GRAN, base[i] + limit[i],
                      base[i] + WINDOW - GRAN, base[i] - GRAN, base[i] - FENCE_BELOW,
                      base[i] + WINDOW, base[i] + WINDOW + FENCE_ABOVE - GRAN};
        bool refused = true;
        for (unsigned j = 0; j < sizeof at / sizeof at[0]; j++) {
            MEMORY_BASIC_INFORMATION m = look_at(at[j]);
            refused &= is_refused(at[j]) && m.State == MEM_RESERVE && m.Type == MEM_PRIVATE &&
                       m.AllocationProtect == PAGE_NOACCESS && !can_read(at[j]);
        }
        ok(refused, "space %d: addresses in it and its fences are reserved for it", i);
        ok(!VirtualFree(base[i] + GRAN, 0, MEM_RELEASE) &&
               !VirtualFree(base[i] - GRAN, 0, MEM_RELEASE) && !can_read(base[i] + GRAN),
           "space %d: what is free in it and its fences cannot be released", i);
        ok(!VirtualAlloc(base[i] + GRAN, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
               !VirtualAlloc(base[i] - GRAN, PAGE, MEM_COMMIT, PAGE_READWRITE),
           "space %d: nor committed", i);
    }
}

/* ---- what a program of the space can reach ---- */

static sigjmp_buf escape;

static void on_fault(int sig)
{
    siglongjmp(escape, sig);
}

/* The byte there, or -1 when the access faults. */
static int touch(volatile const unsigned char *at)
{
    if (sigsetjmp(escape, 1))
        return -1;
    return *at;
}

/* Every space half full, all bytes its number; the rest of the process full of 0xEE nearby. */
static bool mark(int i)
{
    for (unsigned n = 0; n < 40; n++) {
        SIZE_T len = ((SIZE_T)1 + pick(64)) * GRAN;
        uint32_t n_places = (uint32_t)((limit[i] - len) / GRAN);
        uint64_t at = n == 0 ? GRAN : n == 1 ? limit[i] - len : (1 + pick(n_places - 1)) * GRAN_64;
        if (commit_in(space[i], at, len))
            memset(base[i] + at, i + 1, len);
        else if (n < 2)
            return false;
    }
    return true;
}

static uint32_t pick_word(void)
{
    static const uint32_t corners[] = {0, 1, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001,
                                       0x7FFF0000, 0xFFFEFFFF, 0xFFFF0000, 0xFFFFFFFF};
    uint32_t any = pick(1u << 16) << 16 | pick(1u << 16);
    return pick(3) ? any : corners[pick(sizeof corners / sizeof corners[0])] + pick(3) - 1;
}

static bool is_as_told(int i, const unsigned char *at)
{
    int byte = touch(at);
    uint64_t offset = (uintptr_t)at - (uintptr_t)base[i];
    if (byte < 0) /* not what the space says it has */
        return offset >= limit[i] || look_in(space[i], at_offset(offset)).State != MEM_COMMIT;
    return byte == i + 1 && offset < limit[i];
}

static void reach(unsigned steps)
{
    struct sigaction action = {.sa_handler = on_fault}, old;
    unsigned inside = 0, outside = 0;
    bool good = true;
    sigaction(SIGSEGV, &action, &old);
    for (unsigned n = 0; good && n < steps; n++) {
        int i = (int)pick(N_SPACES);
        uint32_t index = pick_word();
        int32_t displacement = (int32_t)pick_word();
        const unsigned char *at = (const unsigned char *)base[i] + index + displacement;
        good = is_as_told(i, at);
        if (touch(at) >= 0)
            inside++;
        else
            outside++;
        if (!good)
            printf("# space %d at %p: index 0x%x, displacement 0x%x\n", i, (void *)base[i],
                   (unsigned)index, (unsigned)displacement);
    }
    sigaction(SIGSEGV, &old, NULL);
    ok(good, "base + index + displacement: %u accesses met the space, %u faulted", inside, outside);
    ok(inside > 0 && outside > 0, "both were tried");
}

static bool make_spaces(void)
{
    static const uint32_t sizes[N_SPACES] = {4096, 2048, 3072, 64, 4096, 2500};
    for (int i = 0; i < N_SPACES; i++) {
        space[i] = new_space(sizes[i], 0);
        base[i] = space[i] ? winvm_space_base(space[i]) : NULL;
        limit[i] = ((uint64_t)sizes[i] << 20) - GRAN;
        if (!base[i] || info_of(space[i]).limit != limit[i] || (uintptr_t)base[i] % WINDOW)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    env_start();
    if (!have_spaces("isolation"))
        return env_end();
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261121;
    unsigned steps = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 20000;
    printf("# seed %llu\n", (unsigned long long)state);
    section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRAN, NULL);
    if (ok(section && make_spaces(), "spaces of six sizes")) {
        claim_inside();
        place_many(steps);
        bool marked = true;
        for (int i = 0; i < N_SPACES; i++)
            marked &= mark(i);
        ok(marked, "the first and the last granule of each can be had");
        reach(steps);
        for (int i = 0; i < N_SPACES; i++)
            marked &= winvm_space_destroy(space[i]) == 0 && !can_read(base[i] + GRAN) &&
                      winvm_space_of(base[i] + GRAN) == NULL;
        ok(marked, "destroyed, their memory is gone");
        ok(winvm_audit() == 0, "the audit finds nothing");
    }
    return env_end();
}
