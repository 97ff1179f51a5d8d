/* Idle time and local time of the machine, and its processor.
 *
 * Owns     nothing.
 * I1       What the host does not tell is 0.
 * Locking  none.   Failure: I1.
 * Signal safety  all of it; errno is preserved. */
#include "host/host_system.h"

#include <cpuid.h>
#include <sys/auxv.h>

#include "host/host_kernel.h"
#include "host/host_private.h"

#define NS_PER_S INT64_C(1000000000)
enum { STAT_CAP = 256 };

/* The fourth number of "cpu  USER NICE SYSTEM IDLE ...", in ticks. */
int64_t wvm_host_idle_time(void)
{
    char text[STAT_CAP];
    const char *s = text + 3;
    uint64_t ticks = 0;
    unsigned long hz = getauxval(AT_CLKTCK);
    if (wvm_host_read_text(wvm_host_proc_root, "stat", text, sizeof(text)) <= 3 || hz == 0)
        return 0;
    for (int i = 0; i < 4; i++)
        if (!wvm_host_parse_dec(&s, &ticks))
            return 0;
    return (int64_t)(ticks * (uint64_t)(NS_PER_S / (int64_t)hz));
}

/* The kernel's own idea of local time, which the administrator sets; 0 nearly everywhere. */
int32_t wvm_host_minutes_west(void)
{
    struct {
        int minutes, dst;
    } zone = {0, 0};
    return WVM_SYS(syscall(SYS_gettimeofday, NULL, &zone)) == 0 ? zone.minutes : 0;
}

/* ---- the processor ---- */

enum word { LEAF1_ECX, LEAF1_EDX, EXTENDED_EDX, N_WORDS };
static const struct {
    uint8_t word, bit;
    uint32_t feature;
} features[] = {
    {LEAF1_EDX, 1, 0x00000001},     /* KF_V86_VIS */
    {LEAF1_EDX, 4, 0x00000002},     /* KF_RDTSC */
    {LEAF1_EDX, 15, 0x00000008},    /* KF_CMOV */
    {LEAF1_EDX, 13, 0x00000010},    /* KF_GLOBAL_PAGE */
    {LEAF1_EDX, 3, 0x00000020},     /* KF_LARGE_PAGE */
    {LEAF1_EDX, 12, 0x00000040},    /* KF_MTRR */
    {LEAF1_EDX, 8, 0x00000080},     /* KF_CMPXCHG8B */
    {LEAF1_EDX, 23, 0x00000100},    /* KF_MMX */
    {LEAF1_EDX, 16, 0x00000400},    /* KF_PAT */
    {LEAF1_EDX, 24, 0x00000800},    /* KF_FXSR */
    {LEAF1_EDX, 11, 0x00001000},    /* KF_FAST_SYSCALL */
    {LEAF1_EDX, 25, 0x00002000},    /* KF_XMMI */
    {EXTENDED_EDX, 31, 0x00004000}, /* KF_3DNOW */
    {LEAF1_EDX, 26, 0x00010000},    /* KF_XMMI64 */
    {LEAF1_EDX, 21, 0x00020000},    /* KF_DTS */
    {LEAF1_ECX, 0, 0x00080000},     /* KF_SSE3 */
    {LEAF1_ECX, 13, 0x00100000},    /* KF_CMPXCHG16B */
    {LEAF1_ECX, 27, 0x00800000},    /* KF_XSTATE */
    {EXTENDED_EDX, 20, 0x20000000}, /* KF_NX_BIT */
};
/* What every processor has that runs this: KF_CR4, KF_WORKING_PTE. */
#define FEATURES_ALWAYS 0x00000204u

void wvm_host_processor(struct wvm_host_processor *out)
{
    unsigned a, b, c, d, word[N_WORDS] = {0};
    *out = (struct wvm_host_processor){.family = 6, .features = FEATURES_ALWAYS};
    if (!__get_cpuid(1, &a, &b, &word[LEAF1_ECX], &word[LEAF1_EDX]))
        return;
    out->family = a >> 8 & 15;
    out->model = a >> 4 & 15;
    out->stepping = a & 15;
    if (out->family == 6 || out->family == 15)
        out->model |= a >> 12 & 0xf0;
    if (out->family == 15)
        out->family += a >> 20 & 0xff;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        word[EXTENDED_EDX] = d;
    for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++)
        if (word[features[i].word] >> features[i].bit & 1)
            out->features |= features[i].feature;
}
