/* A console emulator's fast memory: the guest's 4 GiB, or half of a smaller space, are a range of
 * the host's, in which one section of RAM stands at several places. Pages of lazily mapped areas
 * come with their first access, mirrors come and go. Once with placeholders, once in the way of
 * older Windows. */
#include "users.h"

#define RAM (24u << 20)
#define MIRRORS 3
#define LAZY_AT (guest_size / 4)
#define LAZY_PAGES 64u
#define LAZY_PAGE 65536u

typedef PVOID(WINAPI *alloc2)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *, ULONG);
typedef PVOID(WINAPI *map3)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG,
                            MEM_EXTENDED_PARAMETER *, ULONG);
typedef BOOL(WINAPI *unmap2)(HANDLE, PVOID, ULONG);

static alloc2 p_alloc2;
static map3 p_map3;
static unmap2 p_unmap2;
static HANDLE ram;
static uint8_t *guest;
static SIZE_T guest_size, mirror[MIRRORS];
static volatile LONG n_faults, n_lost;

static void find(void *to, const char *name)
{
    HMODULE dll = GetModuleHandleA("kernelbase.dll");
    FARPROC f = dll ? GetProcAddress(dll, name) : NULL;

    memcpy(to, &f, sizeof(f));
}

static BOOL split(uint8_t *at, SIZE_T size)
{
    return VirtualFree(at, size, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
}

static BOOL join(uint8_t *at, SIZE_T size)
{
    return VirtualFree(at, size, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
}

static uint8_t *put(uint8_t *at, SIZE_T offset, SIZE_T size, DWORD protection)
{
    return p_map3(ram, GetCurrentProcess(), at, offset, size, MEM_REPLACE_PLACEHOLDER, protection,
                  NULL, 0);
}

static int state(const uint8_t *at, DWORD wanted, const uint8_t *base, SIZE_T size)
{
    MEMORY_BASIC_INFORMATION m;

    return VirtualQuery(at, &m, sizeof(m)) && m.State == wanted && m.AllocationBase == base &&
           m.RegionSize == size;
}

static void arrange(void)
{
    int good = 1, same = 1;

    guest = p_alloc2(GetCurrentProcess(), NULL, guest_size, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                     PAGE_NOACCESS, NULL, 0);
    check(guest && state(guest, MEM_RESERVE, guest, guest_size), "the guest has its range");
    for (int i = MIRRORS - 1; i >= 0; i--)
        good &= split(guest + mirror[i], RAM) &&
                put(guest + mirror[i], 0, RAM, PAGE_READWRITE) == guest + mirror[i];
    check(good, "its memory stands at three places");
    for (unsigned i = 0; i < RAM; i += 4 * PAGE)
        guest[mirror[i / PAGE % MIRRORS] + i] = (uint8_t)(i / PAGE * 31 + 1);
    for (unsigned i = 0; i < RAM; i += 4 * PAGE)
        for (int k = 0; k < MIRRORS; k++)
            same &= guest[mirror[k] + i] == (uint8_t)(i / PAGE * 31 + 1);
    check(same, "which are one memory");
    check(state(guest + RAM, MEM_RESERVE, guest + RAM, mirror[1] - RAM),
          "what is between is still one placeholder");
    SetLastError(0);
    check(!put(guest + RAM, 0, PAGE, PAGE_READWRITE) && GetLastError() == ERROR_INVALID_ADDRESS,
          "a view does not replace a part of it");
}

/* ---- areas that are mapped with their first access ---- */

static LONG NTAPI map_on_demand(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    SIZE_T at = r->ExceptionInformation[1] - (ULONG_PTR)guest - LAZY_AT, page;

    if (r->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION) || at >= LAZY_PAGES * LAZY_PAGE)
        return EXCEPTION_CONTINUE_SEARCH;
    page = at / LAZY_PAGE;
    __sync_fetch_and_add(&n_faults, 1);
    /* Of two threads at one page the second finds it mapped. */
    if (!put(guest + LAZY_AT + page * LAZY_PAGE, page % 8 * LAZY_PAGE, LAZY_PAGE, PAGE_READWRITE) &&
        GetLastError() != ERROR_INVALID_ADDRESS)
        __sync_fetch_and_add(&n_lost, 1);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void *work(void *arg)
{
    for (unsigned i = 0; i < LAZY_PAGES; i++)
        __sync_fetch_and_add((uint32_t *)(uintptr_t)(guest + LAZY_AT + i * LAZY_PAGE + 64), 1);
    return arg;
}

static void on_demand(void)
{
    void *handle = AddVectoredExceptionHandler(1, map_on_demand);
    uint32_t sum = 0, value;
    pthread_t other;
    int good = 1;

    for (unsigned i = 0; i < LAZY_PAGES; i++) {
        memset(guest + i % 8 * LAZY_PAGE + 64, 0, 4);
        good &= split(guest + LAZY_AT + i * LAZY_PAGE, LAZY_PAGE) != 0;
    }
    check(good, "an area is cut into pages of 64 KiB");
    pthread_create(&other, NULL, work, NULL);
    work(NULL);
    pthread_join(other, NULL);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(&value, guest + i * LAZY_PAGE + 64, 4);
        sum += value;
    }
    check(sum == 2 * LAZY_PAGES, "two threads walk over it while it is mapped");
    check(n_faults >= (LONG)LAZY_PAGES && n_faults <= 2 * (LONG)LAZY_PAGES && !n_lost,
          "each page faults once, or twice at once");
    RemoveVectoredExceptionHandler(handle);
    for (unsigned i = 0; i < LAZY_PAGES; i++)
        good &= p_unmap2(GetCurrentProcess(), guest + LAZY_AT + i * LAZY_PAGE,
                         MEM_PRESERVE_PLACEHOLDER) != 0;
    check(good && join(guest + LAZY_AT, LAZY_PAGES * LAZY_PAGE) &&
              state(guest + LAZY_AT, MEM_RESERVE, guest + LAZY_AT, LAZY_PAGES * LAZY_PAGE),
          "unmapped, it is one placeholder again");
}

/* Single pages of the host, as a guest's page tables want them. */
static void small_pages(void)
{
    uint8_t *at = guest + guest_size / 8;
    int good = split(at, 16 * PAGE) != 0;

    for (unsigned i = 0; i < 16; i++) {
        good &= i == 15 || split(at + i * PAGE, PAGE);
        good &= put(at + i * PAGE, (15 - i) * PAGE, PAGE, i & 1 ? PAGE_READONLY : PAGE_READWRITE) ==
                at + i * PAGE;
    }
    check(good, "pages of 4 KiB are mapped in any order");
    for (unsigned i = 0; i < 16; i++) {
        guest[i * PAGE + 9] = (uint8_t)(i + 100);
        good &= at[(15 - i) * PAGE + 9] == i + 100;
    }
    check(good && protection_of(at + PAGE) == PAGE_READONLY, "each shows its own");
    SetLastError(0);
    check(!join(at, 16 * PAGE) && GetLastError() == ERROR_INVALID_ADDRESS, "views do not coalesce");
    for (unsigned i = 0; i < 16; i++)
        good &= p_unmap2(GetCurrentProcess(), at + i * PAGE, MEM_PRESERVE_PLACEHOLDER) != 0;
    check(good && join(at, 16 * PAGE), "their places do");
    check(p_alloc2(NULL, at, 16 * PAGE, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                   PAGE_READWRITE, NULL, 0) == at &&
              at[5] == 0 && split(at, 16 * PAGE) && state(at, MEM_RESERVE, at, 16 * PAGE),
          "private memory replaces them, and leaves again");
}

static void dismantle(void)
{
    int good = 1;

    for (int i = 0; i < MIRRORS; i++)
        good &= p_unmap2(GetCurrentProcess(), guest + mirror[i], MEM_PRESERVE_PLACEHOLDER) != 0;
    check(good && join(guest, guest_size) && state(guest, MEM_RESERVE, guest, guest_size),
          "without views it is one range again");
    check(VirtualFree(guest, 0, MEM_RELEASE) && protection_of(guest) == PAGE_NOACCESS,
          "and is released");
}

/* ---- before placeholders: a free range is looked for, released, and taken by views; another
 * thread may have been there first, so all is tried again ---- */

static int old_try(void)
{
    unsigned n = 0;

    guest = VirtualAlloc(NULL, guest_size, MEM_RESERVE, PAGE_NOACCESS);
    if (!guest || !VirtualFree(guest, 0, MEM_RELEASE))
        return 0;
    while (n < MIRRORS && MapViewOfFileEx(ram, FILE_MAP_ALL_ACCESS, 0, 0, RAM, guest + mirror[n]))
        n++;
    if (n == MIRRORS)
        return 1;
    while (n--)
        UnmapViewOfFile(guest + mirror[n]);
    return 0;
}

static void older_way(void)
{
    int done = 0, good = 1;
    uint8_t *view;

    for (int i = 0; i < 5 && !done; i++)
        done = old_try();
    check(done, "a range for all mirrors is found within five tries");
    guest[mirror[1] + 12345] = 99;
    check(guest[12345] == 99 && guest[mirror[2] + 12345] == 99, "they are one memory");
    SetLastError(0);
    check(!MapViewOfFileEx(ram, FILE_MAP_ALL_ACCESS, 0, 0, PAGE, guest + mirror[1]) &&
              GetLastError() == ERROR_INVALID_ADDRESS,
          "a place is taken once");
    SetLastError(0);
    check(!MapViewOfFileEx(ram, FILE_MAP_ALL_ACCESS, 0, 0, PAGE, guest + RAM + PAGE) &&
              GetLastError() == ERROR_MAPPED_ALIGNMENT,
          "and begins at 64 KiB");
    view = MapViewOfFileEx(ram, FILE_MAP_READ, 0, 2 * GRAN, GRAN, guest + RAM);
    check(view == guest + RAM && view[0] == guest[2 * GRAN], "a part stands behind the whole");
    good &= UnmapViewOfFile(view);
    for (int i = 0; i < MIRRORS; i++)
        good &= UnmapViewOfFile(guest + mirror[i]);
    check(good, "all go");
}

int main(void)
{
    for (uint64_t wanted = (uint64_t)1 << 32; !guest_size; wanted /= 2)
        guest_size = wanted <= user_space() / 2 ? (SIZE_T)wanted : 0;
    mirror[1] = guest_size / 2;
    mirror[2] = guest_size / 4 * 3;
    ram = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, RAM, NULL);
    find(&p_alloc2, "VirtualAlloc2");
    find(&p_map3, "MapViewOfFile3");
    find(&p_unmap2, "UnmapViewOfFile2");
    if (check(p_alloc2 && p_map3 && p_unmap2, "kernelbase.dll has the calls")) {
        arrange();
        on_demand();
        small_pages();
        dismantle();
    }
    older_way();
    check(CloseHandle(ram), "the memory is closed");
    return users_end();
}
