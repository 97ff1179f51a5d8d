/* A manager of discardable memory, as browsers and image caches have: one region of many segments;
 * a segment is locked while it is in use, and its pages are offered when it is not. The owner of an
 * unlocked segment must not be able to read it, and on locking it again learns whether it is still
 * there. A monitor looks on. */
#include "users.h"

#define SEGMENTS 64
#define SEGMENT (4 * PAGE)
#define REGION ((SIZE_T)SEGMENTS * SEGMENT)

typedef DWORD(WINAPI *offer_call)(PVOID, SIZE_T, int);
typedef DWORD(WINAPI *range_call)(PVOID, SIZE_T);
typedef BOOL(WINAPI *working_call)(HANDLE, PVOID, DWORD);

static offer_call offer;
static range_call reclaim, discard;
static working_call working;
static uint8_t *region;

static int find_calls(void)
{
    HMODULE k = GetModuleHandleA("kernel32.dll");

    offer = (offer_call)(void *)GetProcAddress(k, "OfferVirtualMemory");
    reclaim = (range_call)(void *)GetProcAddress(k, "ReclaimVirtualMemory");
    discard = (range_call)(void *)GetProcAddress(k, "DiscardVirtualMemory");
    working = (working_call)(void *)GetProcAddress(k, "K32QueryWorkingSetEx");
    return offer && reclaim && discard && working;
}

static uint8_t *segment(int i)
{
    return region + (SIZE_T)i * SEGMENT;
}

static int is_filled(int i, uint8_t byte)
{
    for (SIZE_T k = 0; k < SEGMENT; k++)
        if (segment(i)[k] != byte)
            return 0;
    return 1;
}

/* The fields of the working set's entry of a page that matter here. */
static int is_valid(void *page, DWORD *protection)
{
    struct {
        void *at;
        ULONG_PTR bits;
    } entry = {page, ~(ULONG_PTR)0};

    if (!working(GetCurrentProcess(), &entry, sizeof(entry)))
        return -1;
    *protection = entry.bits & 1 ? (DWORD)(entry.bits >> 4 & 0x7ff) : 0;
    return entry.bits & 1;
}

static int can_read(const void *at)
{
    uint8_t byte;
    SIZE_T n = 0;
    return ReadProcessMemory(GetCurrentProcess(), at, &byte, 1, &n) && n == 1;
}

/* Every run of pages must differ from its neighbour in something that the caller can see. */
static int runs_differ(void)
{
    MEMORY_BASIC_INFORMATION one, last;

    memset(&last, 0, sizeof(last));
    for (uint8_t *p = region; p < region + REGION; p += one.RegionSize) {
        if (!VirtualQuery(p, &one, sizeof(one)) || one.BaseAddress != p)
            return 0;
        if (p != region && one.State == last.State && one.Protect == last.Protect)
            return 0;
        last = one;
    }
    return 1;
}

static void use(void)
{
    MEMORY_BASIC_INFORMATION info;
    DWORD protection;
    int good = 1;

    region = commit(REGION, PAGE_READWRITE);
    for (int i = 0; i < SEGMENTS; i++)
        memset(segment(i), i + 1, SEGMENT);
    check(is_valid(region, &protection) == 1 && protection == PAGE_READWRITE,
          "a segment in use is in the working set");
    for (int i = 0; i < SEGMENTS; i += 2)
        good &= offer(segment(i), SEGMENT, 1 + i / 2 % 4) == 0;
    check(good, "every other segment is unlocked");
    for (int i = 0; i < SEGMENTS; i++)
        good &= can_read(segment(i)) == i % 2 && is_valid(segment(i), &protection) == i % 2 &&
                protection == (i % 2 ? PAGE_READWRITE : 0);
    check(good, "an unlocked segment is neither readable nor in the working set");
    check(VirtualQuery(region, &info, sizeof(info)) && info.State == MEM_COMMIT &&
              info.Protect == PAGE_READWRITE && info.RegionSize == REGION && runs_differ(),
          "the region is one run of committed pages");
    for (int i = 0; i < SEGMENTS; i += 2) {
        DWORD code = reclaim(segment(i), SEGMENT);
        good &= (code == 0 && is_filled(i, (uint8_t)(i + 1))) ||
                (code == ERROR_BUSY && can_read(segment(i)));
        memset(segment(i), i + 1, SEGMENT);
    }
    check(good, "a segment that is locked again has its contents, or it is known that it has not");
    check(is_valid(region, &protection) == 1, "and is in the working set again");
}

static void shrink(void)
{
    check(offer(segment(8), 8 * SEGMENT, 4) == 0 &&
              VirtualFree(segment(10), 2 * SEGMENT, MEM_DECOMMIT) && runs_differ(),
          "unlocked segments are purged by decommitting them");
    check(reclaim(segment(8), 8 * SEGMENT) == ERROR_INVALID_ADDRESS && !can_read(segment(8)) &&
              !can_read(segment(10)),
          "a range with a hole is not locked at all");
    check(VirtualAlloc(segment(10), 2 * SEGMENT, MEM_COMMIT, PAGE_READWRITE) &&
              is_filled(10, 0) && reclaim(segment(8), 8 * SEGMENT) != ERROR_INVALID_ADDRESS,
          "filled, it is");
    check(offer(region + 1, SEGMENT, 1) == ERROR_INVALID_PARAMETER &&
              offer(region, SEGMENT + 1, 1) == ERROR_INVALID_PARAMETER &&
              offer(region, SEGMENT, 5) == ERROR_INVALID_PARAMETER &&
              offer(region, REGION + SEGMENT, 1) != 0 && can_read(region),
          "what is refused changes nothing");
    check(discard(region, SEGMENT) == 0 && can_read(region) && (region[7] = 9) == 9 &&
              region[7] == 9,
          "a discarded segment can be used at once");
    check(offer(region, REGION, 1) == 0 && VirtualFree(region, 0, MEM_RELEASE),
          "the region goes with what is offered in it");
}

int main(void)
{
    if (!find_calls()) {
        printf("ok 1 - discardable memory # SKIP no such calls\n1..1\n");
        return 0;
    }
    use();
    shrink();
    return users_end();
}
