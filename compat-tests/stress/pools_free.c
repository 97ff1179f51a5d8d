/* Frees of what is not a block: the documented bug check, and nothing changes (POOL-062, 065..068).
 *
 *     pools_free [ROUNDS] [SEED]
 *
 * A few hundred live blocks of all kinds and sizes stay while addresses of every sort are freed:
 * user addresses, the inside of live blocks, freed blocks, system space never allocated, the
 * neighbourhood of blocks, numbers that are no address. The callback returns or jumps out.
 *
 * I1      Each such call is exactly one bug check, with a code and first parameter that the address
 *         may give.
 * I2      After each group every live block has its contents and size, and the totals are those of
 *         the shadow; at the end all are freed well.
 * Output is TAP. */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pools.h"

enum { LIVE = 300, BAD_POOL_HEADER_CODE = 0x19, BAD_POOL_CALLER_CODE = 0xC2 };

static struct table table;
static struct table *const tables[] = {&table};
static uintptr_t system_start, system_end;
static unsigned n_cases, n_failed;

/* ---- bug checks ---- */

static struct {
    unsigned n;
    uint32_t code;
    uintptr_t parameter[4];
    bool jumps;
    jmp_buf back;
} seen;

static void hear(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    if (arg != &table)
        wrong("the callback's argument changed");
    seen.n++;
    seen.code = code;
    memcpy(seen.parameter, parameter, sizeof seen.parameter);
    if (seen.jumps)
        longjmp(seen.back, 1);
}

static void call_free(void *p, unsigned way, unsigned tag)
{
    seen.n = 0;
    seen.jumps = way >= 4;
    if (seen.jumps && setjmp(seen.back) != 0)
        return;
    switch (way % 4) {
    case 0:
        ExFreePool(p);
        break;
    case 1:
        ExFreePoolWithTag(p, pools_tag(tag));
        break;
    case 2:
        ExFreePoolWithTag(p, 0);
        break;
    default:
        ExFreePool2(p, pools_tag(tag), NULL, 0);
        break;
    }
}

/* ---- what an address may give ---- */

enum sort { USER, INSIDE, INSIDE_PAGED, FREED, FREED_LONG_AGO, NEVER, NO_ADDRESS, N_SORTS };

static const struct {
    const char *name;
    uintptr_t callers[14]; /* first parameters of BAD_POOL_CALLER */
    bool header;           /* or BAD_POOL_HEADER */
} sorts[N_SORTS] = {
    [USER] = {"user addresses", {0x40}, false},
    [INSIDE] = {"addresses inside non-paged blocks",
                {1, 2, 4, 6, 7, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x99}, true},
    [INSIDE_PAGED] = {"addresses inside paged blocks", {0x41286}, false},
    [FREED] = {"freed blocks", {6, 7}, false},
    [FREED_LONG_AGO] = {"blocks freed long ago",
                        {6, 7, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x48, 0x50, 0x99}, true},
    [NEVER] = {"system space that was never allocated",
               {0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x48, 0x50, 0x99}, true},
    [NO_ADDRESS] = {"numbers that are no address",
                    {0x40, 0x42, 0x43, 0x44, 0x46, 0x47, 0x48, 0x50, 0x99}, true},
};

static bool may_be(enum sort sort)
{
    if (seen.code == BAD_POOL_HEADER_CODE)
        return sorts[sort].header;
    for (size_t i = 0; i < 14 && sorts[sort].callers[i] != 0; i++)
        if (seen.code == BAD_POOL_CALLER_CODE && seen.parameter[0] == sorts[sort].callers[i])
            return true;
    return false;
}

static void expect(enum sort sort, uintptr_t address)
{
    call_free((void *)address, pools_random(&table, 8), pools_random(&table, N_TAGS));
    if (seen.n == 1 && may_be(sort))
        return;
    if (!is_wrong())
        printf("# %s: %#lx, system space %#lx .. %#lx: %u bug checks, %#x (%#lx, %#lx, %#lx, "
               "%#lx)\n",
               sorts[sort].name, (unsigned long)address, (unsigned long)system_start,
               (unsigned long)system_end, seen.n, seen.code, (unsigned long)seen.parameter[0],
               (unsigned long)seen.parameter[1], (unsigned long)seen.parameter[2],
               (unsigned long)seen.parameter[3]);
    wrong(seen.n == 1 ? "a bad free gives a bug check that is not the documented one"
                      : "a bad free is not one bug check");
}

/* The live block that has the address; NULL: none. */
static const struct block *block_of(uintptr_t address)
{
    for (size_t i = 0; i < table.n; i++) {
        const struct block *b = &table.block[i];
        if (b->live && address - (uintptr_t)b->p < b->room)
            return b;
    }
    return NULL;
}

static void expect_at(uintptr_t address, enum sort otherwise)
{
    const struct block *b = block_of(address);
    if (!b)
        expect(otherwise, address);
    else if ((uintptr_t)b->p != address)
        expect(b->kind == 2 ? INSIDE_PAGED : INSIDE, address);
}

/* ---- groups ---- */

static void end_group(const char *name)
{
    for (size_t i = 0; i < table.n && !is_wrong(); i++) {
        const struct block *b = &table.block[i];
        bool charged;
        if (!b->live)
            continue;
        if (pools_room(b->p, &charged) != b->room || charged != b->charged)
            wrong("a bad free changed what is known of a live block");
        pools_check(b);
    }
    if (!is_wrong())
        pools_totals(tables, 1);
    n_failed += !report(++n_cases, name);
    why = NULL;
}

static uint64_t random_bits(unsigned bits)
{
    uint64_t v = (uint64_t)pools_random(&table, UINT32_MAX) << 32 ^
                 (uint64_t)pools_random(&table, UINT32_MAX) << 1 ^ pools_random(&table, 2);
    return bits < 64 ? v & ((UINT64_C(1) << bits) - 1) : v;
}

static bool is_system(uintptr_t address)
{
    return address >= system_start && address < system_end;
}

static void free_user_addresses(unsigned rounds)
{
    static char in_image[64];
    char on_stack[64];
    char *heap = malloc(4096), *mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *region = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    char *const real[] = {in_image, on_stack, heap, mapped, region};
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        uintptr_t random = random_bits(sizeof(void *) == 8 ? 12 + pools_random(&table, 35) : 31);
        expect(USER, (uintptr_t)real[i % 5] + pools_random(&table, 64));
        expect(USER, (uintptr_t)(void (*)(unsigned))free_user_addresses + i % 16);
        if (!is_system(random) && random >= 4096)
            expect(USER, random);
    }
    free(heap);
    munmap(mapped, 1 << 20);
    VirtualFree(region, 0, MEM_RELEASE);
    end_group(sorts[USER].name);
}

static void free_inside(unsigned rounds)
{
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        const struct block *b = &table.block[pools_random(&table, table.n)];
        uintptr_t p = (uintptr_t)b->p;
        if (!b->live)
            continue;
        expect_at(p + 1 + pools_random(&table, b->room), NEVER);
        expect_at(p + b->room / 2, NEVER);
        expect_at(p + sizeof(void *) * 2, FREED_LONG_AGO);
        expect_at(p & ~(uintptr_t)(POOL_PAGE - 1), FREED_LONG_AGO);
        expect_at(p + POOL_PAGE, FREED_LONG_AGO);
        expect_at(p + b->room, FREED_LONG_AGO);
        expect_at(p - 1 - pools_random(&table, 64), FREED_LONG_AGO);
    }
    end_group("addresses inside blocks and beside them");
}

static void free_twice(unsigned rounds)
{
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        struct block *b = &table.block[pools_random(&table, table.n)];
        uintptr_t p = (uintptr_t)b->p;
        bool small = b->room < POOL_PAGE;
        if (!b->live) {
            pools_alloc(&table, b, &pools_profiles[i % pools_n_profiles]);
            continue;
        }
        pools_free(&table, b);
        expect(small ? FREED : FREED_LONG_AGO, p);
        expect(small ? FREED : FREED_LONG_AGO, p);
        if (i % 64 == 0) {
            winvm_pool_trim();
            expect(FREED_LONG_AGO, p);
        }
    }
    end_group(sorts[FREED].name);
}

static void free_system_space(unsigned rounds)
{
    uintptr_t len = system_end - system_start;
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        uintptr_t off = (uintptr_t)random_bits(64) % len;
        expect_at(system_start + off, FREED_LONG_AGO);
        expect_at(system_start + (off & ~(uintptr_t)(POOL_PAGE - 1)), FREED_LONG_AGO);
        expect_at(system_end - 1 - off % 0x1000000 % len, FREED_LONG_AGO);
        expect_at(system_start + off % 0x1000000 % len, FREED_LONG_AGO);
    }
    expect_at(system_start, FREED_LONG_AGO);
    expect_at(system_end - 1, FREED_LONG_AGO);
    expect_at(system_end - POOL_PAGE, FREED_LONG_AGO);
    end_group("anywhere in system space");
}

static void free_numbers(unsigned rounds)
{
    expect(NO_ADDRESS, 0);
    expect(NO_ADDRESS, UINTPTR_MAX);
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        expect(NO_ADDRESS, pools_random(&table, 4096));
        expect(NO_ADDRESS, UINTPTR_MAX - pools_random(&table, UINT32_MAX) % 0x10000);
        if (sizeof(void *) == 8)
            expect(NO_ADDRESS, (uintptr_t)random_bits(64) | (uintptr_t)1 << 63);
    }
    end_group(sorts[NO_ADDRESS].name);
}

static void free_with_wrong_tags(unsigned rounds)
{
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        const struct block *b = &table.block[pools_random(&table, table.n)];
        unsigned tag = pools_random(&table, N_TAGS);
        if (!b->live || tag == b->tag)
            continue;
        call_free(b->p, i % 2 ? 1 : 7, tag);
        if (seen.n != 1 || seen.code != BAD_POOL_CALLER_CODE || seen.parameter[0] != 0x0A ||
            seen.parameter[1] != (uintptr_t)b->p || seen.parameter[2] != pools_tag(b->tag) ||
            seen.parameter[3] != pools_tag(tag))
            wrong("a free with the wrong tag is not that bug check");
    }
    end_group("wrong tags");
}

/* ---- a block that another thread freed ---- */

static void *free_elsewhere(void *arg)
{
    pools_free(&table, arg);
    return NULL;
}

static void free_after_another(unsigned rounds)
{
    for (unsigned i = 0; i < rounds && !is_wrong(); i++) {
        struct block *b = &table.block[pools_random(&table, table.n)];
        pthread_t thread;
        if (!b->live && !pools_alloc(&table, b, &pools_profiles[i % 2]))
            break;
        uintptr_t p = (uintptr_t)b->p;
        bool small = b->room < POOL_PAGE;
        if (pthread_create(&thread, NULL, free_elsewhere, b) != 0)
            wrong("no thread");
        else
            pthread_join(thread, NULL);
        expect(small ? FREED : FREED_LONG_AGO, p);
        expect(small ? FREED : FREED_LONG_AGO, p);
    }
    end_group("blocks that another thread freed");
}

/* ---- running ---- */

static void find_system_space(void)
{
    MEMORY_BASIC_INFORMATION m;
    if (!VirtualQuery(table.block[0].p, &m, sizeof m) || m.State != MEM_RESERVE) {
        wrong("a block is not in a reserved region");
        return;
    }
    VirtualQuery(m.AllocationBase, &m, sizeof m);
    system_start = (uintptr_t)m.AllocationBase;
    system_end = system_start + m.RegionSize;
    for (size_t i = 0; i < table.n; i++)
        if (table.block[i].live && !is_system((uintptr_t)table.block[i].p))
            wrong("a block is not in system space");
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
    pools_unlock(argv);
    pools_table_open(&table, LIVE, argc > 2 ? strtoull(argv[2], NULL, 0) : 1);
    winvm_set_bug_check_callback(hear, &table);
    for (unsigned i = 0; i < LIVE; i++)
        pools_alloc(&table, &table.block[i], &pools_profiles[i % pools_n_profiles]);
    find_system_space();
    end_group("blocks are in system space");

    free_user_addresses(rounds);
    free_inside(rounds);
    free_twice(rounds);
    free_system_space(rounds);
    free_numbers(rounds);
    free_with_wrong_tags(rounds);
    free_after_another(rounds / 10);
    pools_empty(&table);
    winvm_pool_trim();
    end_group("all freed well");
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
