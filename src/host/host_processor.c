/* The processor: what it answers to cpuid, and its description.
 *
 * Owns     nothing.
 * Terms    leaf = the number of a cpuid question.
 * I1       What the processor does not tell is 0.
 * Locking  none.   Failure: I1.
 * Signal safety  all of it. */
#include "host/host_system.h"

#include <cpuid.h>
#include <string.h>

void wvm_host_cpu_words(uint32_t word[WVM_N_CPU_WORDS])
{
    unsigned a, b, c, d;
    memset(word, 0, WVM_N_CPU_WORDS * sizeof *word);
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        word[WVM_CPU_1A] = a;
        word[WVM_CPU_1C] = c;
        word[WVM_CPU_1D] = d;
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        word[WVM_CPU_7B] = b;
        word[WVM_CPU_7C] = c;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        word[WVM_CPU_XC] = c;
        word[WVM_CPU_XD] = d;
    }
}

static const struct {
    uint8_t word, bit;
    uint32_t feature;
} features[] = {
    {WVM_CPU_1D, 1, 0x00000001},  /* KF_V86_VIS */
    {WVM_CPU_1D, 4, 0x00000002},  /* KF_RDTSC */
    {WVM_CPU_1D, 15, 0x00000008}, /* KF_CMOV */
    {WVM_CPU_1D, 13, 0x00000010}, /* KF_GLOBAL_PAGE */
    {WVM_CPU_1D, 3, 0x00000020},  /* KF_LARGE_PAGE */
    {WVM_CPU_1D, 12, 0x00000040}, /* KF_MTRR */
    {WVM_CPU_1D, 8, 0x00000080},  /* KF_CMPXCHG8B */
    {WVM_CPU_1D, 23, 0x00000100}, /* KF_MMX */
    {WVM_CPU_1D, 16, 0x00000400}, /* KF_PAT */
    {WVM_CPU_1D, 24, 0x00000800}, /* KF_FXSR */
    {WVM_CPU_1D, 11, 0x00001000}, /* KF_FAST_SYSCALL */
    {WVM_CPU_1D, 25, 0x00002000}, /* KF_XMMI */
    {WVM_CPU_XD, 31, 0x00004000}, /* KF_3DNOW */
    {WVM_CPU_1D, 26, 0x00010000}, /* KF_XMMI64 */
    {WVM_CPU_1D, 21, 0x00020000}, /* KF_DTS */
    {WVM_CPU_1C, 0, 0x00080000},  /* KF_SSE3 */
    {WVM_CPU_1C, 13, 0x00100000}, /* KF_CMPXCHG16B */
    {WVM_CPU_1C, 27, 0x00800000}, /* KF_XSTATE */
    {WVM_CPU_XD, 20, 0x20000000}, /* KF_NX_BIT */
};
/* What every processor has that runs this: KF_CR4, KF_WORKING_PTE. */
#define FEATURES_ALWAYS 0x00000204u

void wvm_host_processor(struct wvm_host_processor *out)
{
    uint32_t word[WVM_N_CPU_WORDS];
    wvm_host_cpu_words(word);
    *out = (struct wvm_host_processor){.family = 6, .features = FEATURES_ALWAYS};
    uint32_t a = word[WVM_CPU_1A];
    if (a == 0)
        return;
    out->family = a >> 8 & 15;
    out->model = a >> 4 & 15;
    out->stepping = a & 15;
    if (out->family == 6 || out->family == 15)
        out->model |= a >> 12 & 0xf0;
    if (out->family == 15)
        out->family += a >> 20 & 0xff;
    for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++)
        if (word[features[i].word] >> features[i].bit & 1)
            out->features |= features[i].feature;
}
