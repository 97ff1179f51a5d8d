/* A debugging heap: each block ends at a guard page and begins behind a canary, like sodium_malloc;
 * secrets are locked in memory. And an array that is committed where it is touched. */
#include "users.h"

#define N_BLOCKS 400
#define CANARY 0x5aa5c33cu

struct block {
    uint8_t *base, *user;
    SIZE_T size, pages;
};

static volatile uint8_t *fault_at;
static volatile DWORD fault_code;
static volatile int n_faults;

static LONG NTAPI hear(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;

    n_faults++;
    fault_code = r->ExceptionCode;
    fault_at = (uint8_t *)r->ExceptionInformation[1];
    if (fault_code == CODE(EXCEPTION_GUARD_PAGE))
        return EXCEPTION_CONTINUE_EXECUTION; /* the access goes on: the guard is off */
    if (fault_code == CODE(EXCEPTION_ACCESS_VIOLATION))
        jump_out();
    return EXCEPTION_CONTINUE_SEARCH;
}

/* no access | data, at its end | guard */
static void block_make(struct block *b, SIZE_T size)
{
    b->size = size;
    b->pages = (size + sizeof(unsigned) + PAGE - 1) / PAGE;
    b->base = VirtualAlloc(NULL, (b->pages + 2) * PAGE, MEM_RESERVE, PAGE_NOACCESS);
    VirtualAlloc(b->base + PAGE, (b->pages + 1) * PAGE, MEM_COMMIT, PAGE_READWRITE);
    b->user = b->base + (b->pages + 1) * PAGE - size;
    memset(b->user, 0xdb, size);
    memcpy(b->user - sizeof(unsigned), &(unsigned){CANARY}, sizeof(unsigned));
    protect(b->base + (b->pages + 1) * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD);
}

static int block_free(struct block *b)
{
    unsigned canary;

    memcpy(&canary, b->user - sizeof(canary), sizeof(canary));
    return (canary == CANARY) & (VirtualFree(b->base, 0, MEM_RELEASE) != 0);
}

static void touch(volatile uint8_t *at, int write)
{
    if (write)
        *at = 1;
    else
        (void)*at;
}

/* 1: the access faulted, or fired a guard, at the address. */
static int hits(uint8_t *at, int write, DWORD code)
{
    void (*volatile go)(volatile uint8_t *, int) = touch;

    fault_code = 0;
    fault_at = NULL;
    if (jump_point() == 0)
        go(at, write);
    return fault_code == code && (code == 0 || fault_at == at);
}

static void blocks(void)
{
    static struct block all[N_BLOCKS];
    int guards = 1, once = 1, before = 1, canaries = 1;

    for (int i = 0; i < N_BLOCKS; i++)
        block_make(&all[i], 1 + (SIZE_T)i * 37 % 9000);
    for (int k = 0; k < N_BLOCKS; k++) {
        struct block *b = &all[k * 7 % N_BLOCKS];
        guards &= hits(b->user + b->size, k & 1, CODE(EXCEPTION_GUARD_PAGE));
        once &= hits(b->user + b->size, 1, 0);
        before &= hits(b->base + PAGE - 1, k & 1, CODE(EXCEPTION_ACCESS_VIOLATION));
        protect(b->user + b->size, 1, PAGE_READWRITE | PAGE_GUARD);
    }
    check(guards, "running over the end of a block is reported, at the byte");
    check(once, "once for each time the guard is armed");
    check(before, "so is running before its begin");
    for (int i = 0; i < N_BLOCKS; i += 2)
        canaries &= block_free(&all[i]);
    memset(all[1].user - 2, 0, 2);
    check(!block_free(&all[1]), "a spoilt canary is noticed");
    for (int i = 3; i < N_BLOCKS; i += 2)
        canaries &= block_free(&all[i]);
    check(canaries, "the others are whole");
}

static void secrets(void)
{
    uint8_t *secret = commit(4 * PAGE, PAGE_READWRITE);

    check(VirtualLock(secret + PAGE, 2 * PAGE), "a secret is locked");
    memset(secret + PAGE, 0x77, 2 * PAGE);
    check(protect(secret + PAGE, 2 * PAGE, PAGE_NOACCESS) == PAGE_READWRITE &&
              hits(secret + PAGE, 0, CODE(EXCEPTION_ACCESS_VIOLATION)),
          "out of use it has no access");
    check(protect(secret + PAGE, 2 * PAGE, PAGE_READONLY) == PAGE_NOACCESS &&
              secret[PAGE + 5] == 0x77 && hits(secret + PAGE, 1, CODE(EXCEPTION_ACCESS_VIOLATION)),
          "it can be read and not written");
    protect(secret + PAGE, 2 * PAGE, PAGE_READWRITE);
    check(VirtualLock(secret + PAGE, 2 * PAGE), "the lock went with the access: locked anew");
    protect(secret + PAGE, 2 * PAGE, PAGE_READWRITE | PAGE_GUARD);
    SetLastError(0);
#ifndef _WIN32 /* Wine refuses twice */
    check(VirtualUnlock(secret + PAGE, 2 * PAGE), "locked pages can be unlocked with a guard");
    check(!VirtualLock(secret + PAGE, PAGE) && GetLastError() == 0x80000001 &&
              VirtualLock(secret + PAGE, PAGE),
          "locking hits the guard once");
#endif
    check(VirtualFree(secret, 0, MEM_RELEASE), "locked memory is released");
}

/* Calls whose results go to a guard page: each fails once, the accesses of the program do not. */
static void results(void)
{
    uint8_t *page = commit(PAGE, PAGE_READWRITE);
    uint8_t *to = commit(3 * PAGE, PAGE_READWRITE | PAGE_GUARD);
    MEMORY_BASIC_INFORMATION *info = (MEMORY_BASIC_INFORMATION *)(uintptr_t)to;
    DWORD *old = (DWORD *)(uintptr_t)(to + PAGE);

    check(!VirtualQuery(page, info, sizeof(*info)) && GetLastError() == ERROR_NOACCESS &&
              VirtualQuery(page, info, sizeof(*info)) && info->BaseAddress == page,
          "a query into a guard page fails once");
    check(!VirtualProtect(page, PAGE, PAGE_READONLY, old) &&
              VirtualProtect(page, PAGE, PAGE_READONLY, old) && *old == PAGE_READWRITE,
          "so does a change of protection, and changes nothing");
    check(protection_of(to + 2 * PAGE) == (PAGE_READWRITE | PAGE_GUARD), "other guards stay");
    VirtualFree(page, 0, MEM_RELEASE);
    VirtualFree(to, 0, MEM_RELEASE);
}

/* ---- an array that is committed where it is touched ---- */

static uint8_t *lazy;
static SIZE_T lazy_size;
static volatile LONG n_commits;

static LONG NTAPI commit_page(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    ULONG_PTR at = r->ExceptionInformation[1];

    if (r->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION) || at - (ULONG_PTR)lazy >= lazy_size)
        return EXCEPTION_CONTINUE_SEARCH;
    __sync_fetch_and_add(&n_commits, 1);
    return VirtualAlloc((void *)at, 1, MEM_COMMIT, PAGE_READWRITE) ? EXCEPTION_CONTINUE_EXECUTION
                                                                  : EXCEPTION_CONTINUE_SEARCH;
}

/* Both threads touch the same places. */
static void *fill(void *arg)
{
    for (uint64_t i = 0; i < 3000; i++) {
        uint8_t *at = lazy + i * 1000003 * 977 % (lazy_size - 1);
        __sync_fetch_and_add((uint16_t *)(uintptr_t)((uintptr_t)at & ~(uintptr_t)1), 1);
    }
    return arg;
}

static LONG committed(const uint8_t *at, SIZE_T size)
{
    MEMORY_BASIC_INFORMATION m;
    LONG n = 0;

    for (SIZE_T done = 0; done < size && VirtualQuery(at + done, &m, sizeof(m));
         done += m.RegionSize)
        n += m.State == MEM_COMMIT ? (LONG)(m.RegionSize / PAGE) : 0;
    return n;
}

static void lazily(void)
{
    pthread_t other;
    uint64_t sum = 0;
    LONG pages;

    lazy_size = at_most((uint64_t)1 << 32, user_space() / 4);
    lazy = VirtualAlloc(NULL, lazy_size, MEM_RESERVE, PAGE_READWRITE);
    pthread_create(&other, NULL, fill, NULL);
    fill(NULL);
    pthread_join(other, NULL);
    for (uint64_t i = 0; i < 3000; i++) {
        uint8_t *at = lazy + i * 1000003 * 977 % (lazy_size - 1);
        sum += *(uint16_t *)(uintptr_t)((uintptr_t)at & ~(uintptr_t)1);
    }
    pages = committed(lazy, lazy_size);
    check(sum == 6000, "two threads fill a large array that nobody committed");
    check(n_commits >= pages && n_commits <= 2 * pages, "one commit for each page, or two at once");
    check(VirtualFree(lazy, 0, MEM_RELEASE), "the array is released");
}

int main(void)
{
    void *handle = AddVectoredExceptionHandler(1, hear);

    blocks();
    secrets();
#ifndef _WIN32 /* Wine keeps the guard */
    results();
#endif
    RemoveVectoredExceptionHandler(handle);
    handle = AddVectoredExceptionHandler(1, commit_page);
    lazily();
    RemoveVectoredExceptionHandler(handle);
    return users_end();
}
