/* Compares all that can be seen of a window with the oracle: a walk over it, the first bytes of
 * every readable page, a few pages that must refuse.
 *
 * I1  Memory is looked at through the kernel's copy calls: a page that is not as the oracle says is
 *     a report, not a crash.
 * I2  By pointer what is free in a space is a part of one reserved, inaccessible allocation. */
#include "model.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { N_PROBES = 4, IOV = 512 };
#define FENCE ((uint64_t)4 << 30) /* below a window */

struct window windows[N_WINDOWS];
struct window *window = windows;

static bool kernel_copy(bool write, void *local, const struct iovec *remote, unsigned n,
                        size_t each)
{
    struct iovec here = {local, n * each};
    ssize_t got = write ? process_vm_writev(getpid(), &here, 1, remote, n, 0)
                        : process_vm_readv(getpid(), &here, 1, remote, n, 0);
    return got == (ssize_t)(n * each);
}

bool copy_page(bool write, unsigned page, uint64_t *word)
{
    struct iovec remote = {window->start + (size_t)page * PAGE, sizeof *word};
    return kernel_copy(write, word, &remote, 1, sizeof *word);
}

static bool check_run(unsigned i, unsigned end, bool by_handle, const MEMORY_BASIC_INFORMATION *m)
{
    const struct page *p = &oracle[i];
    MEMORY_BASIC_INFORMATION want = {
        .BaseAddress = window->start + (size_t)i * PAGE,
        .RegionSize = (size_t)(end - i) * PAGE,
        .State = MEM_FREE,
        .Protect = PAGE_NOACCESS,
    };
    if (window->base && !p->owner && !by_handle) {
        want.AllocationBase = window->base - FENCE;
        want.AllocationProtect = PAGE_NOACCESS;
        want.State = MEM_RESERVE;
        want.Protect = 0;
        want.Type = MEM_PRIVATE;
    }
    if (p->owner) {
        want.AllocationBase = window->start + (size_t)(p->owner - 1) * PAGE;
        want.AllocationProtect = p->aprot;
        want.State = p->prot ? MEM_COMMIT : MEM_RESERVE;
        want.Protect = p->prot;
        want.Type = MEM_PRIVATE;
    }
    if (!p->owner && end == N_PAGES) /* a free run may go on behind the window */
        want.RegionSize = m->RegionSize >= want.RegionSize ? m->RegionSize : want.RegionSize;
    if (m->BaseAddress == want.BaseAddress && m->AllocationBase == want.AllocationBase &&
        m->AllocationProtect == want.AllocationProtect && m->RegionSize == want.RegionSize &&
        m->State == want.State && m->Protect == want.Protect && m->Type == want.Type)
        return true;
    return wrong(
        "query of page %x: base +%lx alloc +%lx aprot %x size %zx state %x prot %x type %x, "
        "expected base +%lx alloc +%lx aprot %x size %zx state %x prot %x type %x",
        i, (long)((char *)m->BaseAddress - window->start),
        (long)((char *)m->AllocationBase - window->start), m->AllocationProtect, m->RegionSize,
        m->State, m->Protect, m->Type, (long)((char *)want.BaseAddress - window->start),
        (long)((char *)want.AllocationBase - window->start), want.AllocationProtect,
        want.RegionSize, want.State, want.Protect, want.Type);
}

/* By handle addresses are the space's own. */
static bool query(unsigned page, bool by_handle, MEMORY_BASIC_INFORMATION *m)
{
    char *at = window->start + (size_t)page * PAGE;
    if (!by_handle)
        return VirtualQuery(at, m, sizeof *m) == sizeof *m;
    size_t base = (uintptr_t)window->base;
    if (VirtualQueryEx(window->space, (char *)((uintptr_t)at - base), m, sizeof *m) != sizeof *m)
        return false;
    m->BaseAddress = (char *)((uintptr_t)m->BaseAddress + base);
    if (m->State != MEM_FREE)
        m->AllocationBase = (char *)((uintptr_t)m->AllocationBase + base);
    return true;
}

static bool check_walk(bool by_handle)
{
    MEMORY_BASIC_INFORMATION m;
    for (unsigned i = 0, end; i < N_PAGES; i = end) {
        end = oracle_run_end(i);
        if (!query(i, by_handle, &m))
            return wrong("query of page %x failed", i);
        if (!check_run(i, end, by_handle, &m))
            return false;
    }
    return true;
}

static bool check_word(unsigned page, uint64_t got)
{
    struct page *p = &oracle[page];
    if (got == p->tag)
        return true;
    if (!p->reset || got != 0)
        return wrong("page %x holds %llx, expected %llx", page, (unsigned long long)got,
                     (unsigned long long)p->tag);
    p->tag = 0; /* given up to the kernel after MEM_RESET */
    return true;
}

static bool check_words(const unsigned *page, unsigned n)
{
    struct iovec remote[IOV];
    uint64_t word[IOV];
    for (unsigned i = 0; i < n; i++)
        remote[i] = (struct iovec){window->start + (size_t)page[i] * PAGE, sizeof word[0]};
    if (n && !kernel_copy(false, word, remote, n, sizeof word[0])) {
        for (unsigned i = 0; i < n; i++)
            if (!copy_page(false, page[i], &word[i]))
                return wrong("page %x cannot be read", page[i]);
    }
    for (unsigned i = 0; i < n; i++)
        if (!check_word(page[i], word[i]))
            return false;
    return true;
}

static bool check_contents(void)
{
    unsigned page[IOV], n = 0;
    for (unsigned i = 0; i < N_PAGES; i++) {
        if (!oracle_readable(&oracle[i]))
            continue;
        page[n++] = i;
        if (n == IOV && !check_words(page, n))
            return false;
        n %= IOV;
    }
    return check_words(page, n);
}

/* Pages that must refuse to be read, or to be written. */
static bool check_refusals(uint64_t *state)
{
    for (unsigned k = 0; k < N_PROBES; k++) {
        unsigned i = random_next(state) % N_PAGES;
        uint64_t word = oracle[i].tag;
        if (!oracle_readable(&oracle[i]) && copy_page(false, i, &word))
            return wrong("page %x can be read", i);
        if (!oracle_writable(&oracle[i]) && copy_page(true, i, &word))
            return wrong("page %x can be written", i);
    }
    return true;
}

/* A page as ReadProcessMemory has it. */
static bool check_read(uint64_t *state)
{
    unsigned i = random_next(state) % N_PAGES;
    char *at = (char *)((uintptr_t)window->start - (uintptr_t)window->base) + (size_t)i * PAGE;
    uint64_t word;
    if (oracle[i].prot & PAGE_GUARD)
        return true;
    bool can = ReadProcessMemory(window->space, at, &word, sizeof word, NULL);
    if (can != oracle_readable(&oracle[i]))
        return wrong("ReadProcessMemory of page %x: %d", i, can);
    return !can || check_word(i, word);
}

/* What the spaces say of themselves and what is charged. */
static bool check_charge(void)
{
    static uint64_t before;
    struct winvm_commit_info info;
    struct winvm_space_info space = {.size = sizeof space};
    unsigned i = window - windows;
    uint64_t want = 0;
    for (unsigned k = 0; k < N_WINDOWS; k++)
        want += oracle_committed(k);
    winvm_commit_info(&info);
    if (!before)
        before = info.committed - want + 1;
    if (info.committed + 1 != before + want)
        return wrong("%llx bytes are charged, expected %llx", (unsigned long long)info.committed,
                     (unsigned long long)(before + want - 1));
    if (window->base && (winvm_space_info(window->space, &space) || space.base != window->base ||
                         space.committed != oracle_committed(i)))
        return wrong("the space has committed %llx, expected %llx",
                     (unsigned long long)space.committed, (unsigned long long)oracle_committed(i));
    return true;
}

bool look_at_window(uint64_t *random)
{
    return check_walk(false) && check_walk(true) && check_contents() && check_refusals(random) &&
           check_read(random) && check_charge();
}
