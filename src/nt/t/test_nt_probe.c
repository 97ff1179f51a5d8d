/* Probes: order of checks, where user space ends, and which bytes a write touches. */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "host/host.h"
#include "nt/nt_raise.h"
#include "space/space_system.h"

#define PG ((size_t)4096)
#define NONE 0u
#define MISALIGNED ((uint32_t)STATUS_DATATYPE_MISALIGNMENT)
#define VIOLATION ((uint32_t)STATUS_ACCESS_VIOLATION)
#define SEGV 1u /* a touch that the memory does not allow */
#ifdef __LP64__
#define SYSTEM ((uintptr_t)0x600000000000)
#else
#define SYSTEM ((uintptr_t)0xd0000000)
#endif
#define SYSTEM_END (SYSTEM + 0x10000000)

static sigjmp_buf back;
static uint32_t raised;
static uintptr_t fault_at;

static void catch(uint32_t status)
{
    raised = status;
    siglongjmp(back, 1);
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    fault_at = (uintptr_t)info->si_addr;
    raised = SEGV;
    siglongjmp(back, 1);
}

static void set_up(void)
{
    struct sigaction sa = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};
    wvm_host_init();
    fake_reset();
    sigaction(SIGSEGV, &sa, NULL);
    wvm_nt_raise_hook = catch;
}

static uint32_t probe_read(uintptr_t at, size_t len, ULONG alignment)
{
    raised = NONE;
    if (sigsetjmp(back, 1) == 0)
        wvm_ProbeForRead((void *)at, len, alignment);
    return raised;
}

static uint32_t probe_write(uintptr_t at, size_t len, ULONG alignment)
{
    raised = NONE;
    if (sigsetjmp(back, 1) == 0)
        wvm_ProbeForWrite((void *)at, len, alignment);
    return raised;
}

static const struct {
    uintptr_t at;
    size_t len;
    ULONG alignment;
    uint32_t status;
} cases[] = {
    /* POOL-150: nothing is checked */
    {0, 0, 1, NONE},
    {UINTPTR_MAX, 0, 16, NONE},
    {0x10001, 0, 4, NONE},
    /* POOL-151, 156 */
    {0x10000, 1, 16, NONE},
    {0x10001, 1, 1, NONE},
    {0x10001, 1, 2, MISALIGNED},
    {0x10002, 1, 4, MISALIGNED},
    {0x10004, 1, 8, MISALIGNED},
    {0x10008, 1, 16, MISALIGNED},
    {0x10008, 3, 8, NONE},
    /* POOL-152 */
    {0, 1, 1, NONE},
    {0, FAKE_TOP, 1, NONE},
    {FAKE_TOP - 1, 1, 1, NONE},
    {FAKE_TOP - PG, PG, 16, NONE},
    {0, UINTPTR_MAX, 1, VIOLATION},
    {0x10000, UINTPTR_MAX, 1, VIOLATION},
    {0x10000, UINTPTR_MAX - 0xffff, 1, VIOLATION},
    {FAKE_KERNEL, 1, 1, VIOLATION},
    {UINTPTR_MAX, 1, 1, VIOLATION},
    {UINTPTR_MAX, 2, 1, VIOLATION},
    /* POOL-157 */
    {FAKE_KERNEL + 1, 1, 2, MISALIGNED},
    {UINTPTR_MAX, UINTPTR_MAX, 16, MISALIGNED},
};

START_TEST(checks)
{
    set_up();
    ck_assert_uint_eq(probe_read(cases[_i].at, cases[_i].len, cases[_i].alignment),
                      cases[_i].status);
    if (cases[_i].status || cases[_i].len == 0)
        ck_assert_uint_eq(probe_write(cases[_i].at, cases[_i].len, cases[_i].alignment),
                          cases[_i].status);
}
END_TEST

/* POOL-158: an address of the pools, and what reaches into them or over them. */
START_TEST(system_space)
{
    set_up();
    ck_assert_uint_eq(probe_read(SYSTEM, 1, 1), NONE);
    wvm_space_system_range = (struct wvm_system_range){SYSTEM, SYSTEM_END};
    ck_assert_uint_eq(probe_read(SYSTEM, 1, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM + 1, 1, 2), MISALIGNED);
    ck_assert_uint_eq(probe_read(SYSTEM, 0, 2), NONE);
    ck_assert_uint_eq(probe_read(SYSTEM_END - 1, 1, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM - 1, 1, 1), NONE);
    ck_assert_uint_eq(probe_read(SYSTEM - 1, 2, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM - PG, SYSTEM_END - SYSTEM + 2 * PG, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM_END, PG, 1), NONE);
    ck_assert_uint_eq(probe_write(SYSTEM + PG, 1, 1), VIOLATION);
    wvm_space_system_range = (struct wvm_system_range){0, 0};
}
END_TEST

/* Under a lower top the program's own memory above can be probed, but for system space. */
START_TEST(a_lower_top)
{
    const uintptr_t top = 0x7fff0000;
    set_up();
    fake.top = top;
    fake.region = (struct wvm_region){.start = SYSTEM_END, .end = SYSTEM_END + PG,
                                      .alloc_start = SYSTEM_END, .alloc_end = SYSTEM_END + PG,
                                      .type = WVM_TYPE_FREE};
    wvm_space_system_range = (struct wvm_system_range){SYSTEM, SYSTEM_END};
    ck_assert_uint_eq(probe_read(top - 1, 1, 1), NONE);
    ck_assert_uint_eq(probe_read(top - 1, 2, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM_END + PG, 1, 1), NONE); /* mapped: see fake_space.h */
    ck_assert_uint_eq(probe_read(SYSTEM_END, 1, 1), VIOLATION); /* free */
    ck_assert_uint_eq(probe_read(SYSTEM, 1, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(SYSTEM - PG, PG, 1), NONE);
    ck_assert_uint_eq(probe_read(SYSTEM - PG, PG + 1, 1), VIOLATION);
    ck_assert_uint_eq(probe_read(FAKE_KERNEL + PG, 1, 1), VIOLATION);
    wvm_space_system_range = (struct wvm_system_range){0, 0};
}
END_TEST

/* POOL-154, 155: one byte of each page, as it was, and no byte of the page behind. */
START_TEST(touches)
{
    uint8_t bits[6];
    set_up();
    char *at = mmap(NULL, 6 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    memset(at + PG, 0xa5, 1);
    ck_assert_uint_eq(probe_write((uintptr_t)at + PG + 16, 2 * PG, 16), NONE);
    ck_assert_int_eq(wvm_host_residency((uintptr_t)at, 6, bits), 0);
    ck_assert(!(bits[0] & 1) && bits[1] & 1 && bits[2] & 1 && bits[3] & 1 && !(bits[4] & 1));
    ck_assert_int_eq((unsigned char)at[PG], 0xa5);
    ck_assert_uint_eq(probe_write((uintptr_t)at + 5 * PG - 1, 1, 1), NONE);
    ck_assert_int_eq(wvm_host_residency((uintptr_t)at, 6, bits), 0);
    ck_assert(bits[4] & 1 && !(bits[5] & 1));
    for (size_t i = 0; i < 5 * PG; i++)
        ck_assert_int_eq((unsigned char)at[i], i == PG ? 0xa5 : 0);

    ck_assert_int_eq(mprotect(at + 2 * PG, PG, PROT_READ), 0);
    ck_assert_uint_eq(probe_write((uintptr_t)at + PG + 8, 3 * PG, 8), SEGV);
    ck_assert_uint_eq(fault_at, (uintptr_t)at + 2 * PG);
    ck_assert_uint_eq(probe_write((uintptr_t)at + 2 * PG + 24, 8, 8), SEGV);
    ck_assert_uint_eq(fault_at, (uintptr_t)at + 2 * PG + 24);
    ck_assert_uint_eq(probe_read((uintptr_t)at, 6 * PG, 16), NONE);
    ck_assert_int_eq(munmap(at, 6 * PG), 0);
    ck_assert_uint_eq(probe_read((uintptr_t)at, 6 * PG, 16), NONE);
    ck_assert_uint_eq(probe_write((uintptr_t)at, 1, 1), SEGV);
}
END_TEST

START_TEST(without_anybody_to_raise)
{
    set_up();
    wvm_nt_raise_hook = NULL;
    wvm_ProbeForRead((void *)FAKE_KERNEL, 1, 1);
    wvm_ProbeForWrite((void *)FAKE_KERNEL, 1, 1);
    wvm_ProbeForWrite((void *)(uintptr_t)0x10001, 1, 2);
}
END_TEST

START_TEST(valid_addresses)
{
    set_up();
    char *at = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    at[PG] = at[2 * PG] = 1;
    ck_assert_int_eq(mprotect(at + 2 * PG, PG, PROT_NONE), 0);
    ck_assert(wvm_MmIsAddressValid(at + PG) && wvm_MmIsAddressValid(at + 2 * PG - 1));
    ck_assert(!wvm_MmIsAddressValid(at)); /* never used */
    ck_assert(!wvm_MmIsAddressValid(at + 2 * PG));
    ck_assert_int_eq(mprotect(at + PG, PG, PROT_READ), 0);
    ck_assert(wvm_MmIsAddressValid(at + PG));
    munmap(at, 4 * PG);
    ck_assert(!wvm_MmIsAddressValid(at + PG));
    ck_assert(!wvm_MmIsAddressValid(NULL) && !wvm_MmIsAddressValid((void *)FAKE_KERNEL));
    ck_assert(!wvm_MmIsAddressValid((void *)UINTPTR_MAX));
    ck_assert(wvm_MmIsAddressValid((void *)wvm_MmIsAddressValid));
}
END_TEST

START_TEST(physical_addresses)
{
    set_up();
    char *at = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    at[0] = 1;
    PHYSICAL_ADDRESS first = wvm_MmGetPhysicalAddress(at);
    PHYSICAL_ADDRESS next = wvm_MmGetPhysicalAddress(at + 0x123);
    if (first.QuadPart) { /* the host tells */
        ck_assert_int_eq(first.QuadPart % (LONGLONG)PG, 0);
        ck_assert_int_eq(next.QuadPart - first.QuadPart, 0x123);
    } else {
        ck_assert_int_eq(next.QuadPart, 0);
    }
    ck_assert_int_eq(wvm_MmGetPhysicalAddress(at + PG).QuadPart, 0);
    ck_assert_int_eq(wvm_MmGetPhysicalAddress(NULL).QuadPart, 0);
    ck_assert_int_eq(wvm_MmGetPhysicalAddress((void *)UINTPTR_MAX).QuadPart, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-probe", 30, &tc);
    tcase_add_loop_test(tc, checks, 0, WVM_ARRAY_LEN(cases));
    tcase_add_test(tc, system_space);
    tcase_add_test(tc, a_lower_top);
    tcase_add_test(tc, touches);
    tcase_add_test(tc, without_anybody_to_raise);
    tcase_add_test(tc, valid_addresses);
    tcase_add_test(tc, physical_addresses);
    return unit_run(suite);
}
