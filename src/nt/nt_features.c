/* What the processor can do, as IsProcessorFeaturePresent and the shared user data page tell it.
 *
 * Terms    leaf = the number of a cpuid question; state = registers that the host saves: a feature
 *          that needs them counts only when the host does.
 * I1       A feature is told as present only if a program can use it.
 * Locking: none.   Failure: the feature is absent.   Signal safety: yes. */
#include <cpuid.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/arith.h"
#include "host/host_system.h"
#include "nt/nt_shared_data.h"

enum need { NEED_NONE, NEED_AVX, NEED_AVX512 };

/* PF_* of winnt.h. Not told, as no program can find out or none of it is here: 20, 21
 * (virtualization), 23 (__fastfail), and what other processors have. */
static const struct {
    uint8_t pf, word, bit, need;
} features[] = {
    {2, WVM_CPU_1D, 8, 0},   /* COMPARE_EXCHANGE_DOUBLE */
    {3, WVM_CPU_1D, 23, 0},  /* MMX */
    {6, WVM_CPU_1D, 25, 0},  /* XMMI: SSE */
    {7, WVM_CPU_XD, 31, 0},  /* 3DNOW */
    {8, WVM_CPU_1D, 4, 0},   /* RDTSC */
    {9, WVM_CPU_1D, 6, 0},   /* PAE */
    {10, WVM_CPU_1D, 26, 0}, /* XMMI64: SSE2 */
    {12, WVM_CPU_XD, 20, 0}, /* NX */
    {13, WVM_CPU_1C, 0, 0},  /* SSE3 */
    {14, WVM_CPU_1C, 13, 0}, /* COMPARE_EXCHANGE128 */
    {17, WVM_CPU_1C, 27, 0}, /* XSAVE, enabled by the host */
    {28, WVM_CPU_1C, 30, 0}, /* RDRAND */
    {32, WVM_CPU_XD, 27, 0}, /* RDTSCP */
    {33, WVM_CPU_7C, 22, 0}, /* RDPID */
    {35, WVM_CPU_XC, 29, 0}, /* MONITORX */
    {36, WVM_CPU_1C, 9, 0},  /* SSSE3 */
    {37, WVM_CPU_1C, 19, 0}, /* SSE4_1 */
    {38, WVM_CPU_1C, 20, 0}, /* SSE4_2 */
    {39, WVM_CPU_1C, 28, NEED_AVX},
    {40, WVM_CPU_7B, 5, NEED_AVX},     /* AVX2 */
    {41, WVM_CPU_7B, 16, NEED_AVX512}, /* AVX512F */
    {42, WVM_CPU_7B, 9, 0},            /* ERMS */
    {60, WVM_CPU_7B, 8, 0},            /* BMI2 */
    {61, WVM_CPU_7C, 28, 0},           /* MOVDIR64B */
};
enum { PF_SSE_DAZ = 11, PF_RDWRFSGSBASE = 22, HWCAP2_BASES = 2 };
enum { XCR0_AVX = 0x06, XCR0_AVX512 = 0xe6 };

/* The states that the host saves; 0: it does not use xsave. */
static uint64_t enabled_states(const uint32_t word[WVM_N_CPU_WORDS])
{
    unsigned a, d;
    if (!(word[WVM_CPU_1C] >> 27 & 1))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (uint64_t)d << 32 | a;
}

static bool has_denormals_are_zero(void)
{
    struct {
        uint32_t word[128];
    } area __attribute__((aligned(16))) = {{0}};
    __asm__ volatile("fxsave %0" : "+m"(area));
    return area.word[7] >> 6 & 1; /* the mask of valid bits of mxcsr */
}

void wvm_nt_processor_features(uint8_t present[WVM_N_PROCESSOR_FEATURES])
{
    static const uint64_t states[] = {
        [NEED_NONE] = 0,
        [NEED_AVX] = XCR0_AVX,
        [NEED_AVX512] = XCR0_AVX512,
    };
    uint32_t word[WVM_N_CPU_WORDS];
    wvm_host_cpu_words(word);
    uint64_t enabled = enabled_states(word);
    memset(present, 0, WVM_N_PROCESSOR_FEATURES);
    for (unsigned i = 0; i < WVM_ARRAY_LEN(features); i++) {
        uint64_t need = states[features[i].need];
        present[features[i].pf] =
            (word[features[i].word] >> features[i].bit & 1) && (enabled & need) == need;
    }
    if (word[WVM_CPU_1D] >> 24 & 1)
        present[PF_SSE_DAZ] = has_denormals_are_zero();
    present[PF_RDWRFSGSBASE] = (word[WVM_CPU_7B] & 1) && (getauxval(AT_HWCAP2) & HWCAP2_BASES) != 0;
}

/* ---- XSTATE_CONFIGURATION ---- */

enum { X87 = 0, SSE = 1, FIRST_EXTENDED = 2, N_STATES = 64 };
enum { LEGACY_SIZE = 512, SSE_AT = 160, SSE_SIZE = 256, HEADER_SIZE = 64 };
/* Tiles are for programs that ask the host for them first. */
#define TILES ((uint64_t)3 << 17)

static void put_feature(void *page, unsigned state, uint32_t offset, uint32_t size)
{
    wvm_shared_data_put(page, WVM_SD_XSTATE_FEATURES + 8 * state, 4, offset);
    wvm_shared_data_put(page, WVM_SD_XSTATE_FEATURES + 8 * state + 4, 4, size);
}

void wvm_nt_describe_xstate(void *page)
{
    uint32_t word[WVM_N_CPU_WORDS];
    wvm_host_cpu_words(word);
    uint64_t enabled = enabled_states(word) & ~TILES;
    uint32_t end = LEGACY_SIZE + HEADER_SIZE;
    unsigned a, b, c, d;
    if (enabled == 0)
        return;
    put_feature(page, X87, 0, SSE_AT);
    put_feature(page, SSE, SSE_AT, SSE_SIZE);
    for (unsigned i = FIRST_EXTENDED; i < N_STATES - 1; i++) {
        if (!(enabled >> i & 1) || !__get_cpuid_count(0xd, i, &a, &b, &c, &d))
            continue;
        put_feature(page, i, b, a);
        end = (uint32_t)wvm_max(end, b + a);
    }
    WVM_SD_PUT(page, XSTATE_ENABLED, enabled);
    WVM_SD_PUT(page, XSTATE_VOLATILE, enabled);
    WVM_SD_PUT(page, XSTATE_SIZE, end);
    if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d))
        wvm_shared_data_put(page, WVM_SD_XSTATE_SIZE + 4, 4, a & 1); /* OptimizedSave */
}
