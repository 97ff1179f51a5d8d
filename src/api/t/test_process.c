/* Win32 calls on limits and counters of a process: lengths of the caller's place, and numbers that
 * are too large for it. */
#include <string.h>

#include <winvm/psapi.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/t/unit.h"
#include "nt/t/fake_space.h"

#define SELF ((HANDLE)(intptr_t)-1)

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
}

/* What no word of the program can hold is told as the largest one. */
START_TEST(too_large)
{
    QUOTA_LIMITS limits;
    SIZE_T min, max;
    set_up();
    fake.ws = (struct wvm_ws_limits){(uint64_t)5 << 30, (uint64_t)6 << 30, 0};
    ck_assert_int_eq(wvm_NtQueryInformationProcess(SELF, ProcessQuotaLimits, &limits,
                                                   sizeof limits, NULL), STATUS_SUCCESS);
    ck_assert(wvm_GetProcessWorkingSetSize(SELF, &min, &max));
    ck_assert_uint_eq(limits.MinimumWorkingSetSize, min);
    ck_assert_uint_eq(limits.MaximumWorkingSetSize, max);
    ck_assert_uint_eq(min, sizeof min == 8 ? (SIZE_T)fake.ws.min : SIZE_MAX);
    ck_assert_uint_eq(max, sizeof max == 8 ? (SIZE_T)fake.ws.max : SIZE_MAX);
}
END_TEST

/* The longest form that there is room for is filled, and no more. */
START_TEST(counters)
{
    PROCESS_MEMORY_COUNTERS_EX2 p;
    set_up();
    for (DWORD len = 0; len < 128; len++) {
        memset(&p, 0xcc, sizeof p);
        BOOL done = wvm_K32GetProcessMemoryInfo(SELF, (PROCESS_MEMORY_COUNTERS *)&p, len);
        ck_assert_int_eq(done, len >= sizeof(PROCESS_MEMORY_COUNTERS));
        if (!done)
            ck_assert_uint_eq(wvm_GetLastError(), ERROR_INSUFFICIENT_BUFFER);
        ck_assert_uint_eq(p.cb, len >= sizeof p ? sizeof p
                                : len >= sizeof(PROCESS_MEMORY_COUNTERS_EX)
                                    ? sizeof(PROCESS_MEMORY_COUNTERS_EX)
                                : done ? sizeof(PROCESS_MEMORY_COUNTERS)
                                       : 0xcccccccc);
        const unsigned char *byte = (const unsigned char *)&p;
        for (size_t i = done ? p.cb : 0; i < sizeof p; i++)
            ck_assert_msg(byte[i] == 0xcc, "length %u: byte %zu", (unsigned)len, i);
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("api-process", 20, &tc);
    tcase_add_test(tc, too_large);
    tcase_add_test(tc, counters);
    return unit_run(suite);
}
