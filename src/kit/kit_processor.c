/* Processors: what they can do, and how they belong together.
 *
 * Terms   relation = processors that share a core, a cache, a node or a package; processors are
 *         those that this process may run on, the first 64 of the host: one group, number 0.
 * I1      What the host does not tell (/sys is not mounted) is left out, but for one core for each
 *         processor, one package and one node.
 * I2      A relation is told once, however many of its processors tell it.
 * Locking: none.   Failure: nothing written but the size needed.   Signal safety: none. */
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit.h"

#define N_PROCESSORS 64u
#define MOST_RELATIONS 640u
#define CPU "/sys/devices/system/cpu/cpu%u/"

struct relation {
    LOGICAL_PROCESSOR_RELATIONSHIP kind;
    uint64_t mask;
    DWORD node;
    CACHE_DESCRIPTOR cache;
};
struct relations {
    uint64_t all;
    unsigned n;
    struct relation at[MOST_RELATIONS];
};

/* ---- What the host tells ---- */

/* The first line of a file, without its end; false: there is none. */
static bool read_line(char *line, int size, const char *form, unsigned a, unsigned b)
{
    char path[128];
    snprintf(path, sizeof path, form, a, b);
    FILE *f = fopen(path, "re");
    bool got = f && fgets(line, size, f);
    if (f)
        fclose(f);
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

static bool read_number(unsigned *out, const char *form, unsigned a, unsigned b)
{
    char line[64];
    if (!read_line(line, sizeof line, form, a, b))
        return false;
    *out = (unsigned)strtoul(line, NULL, 10);
    return true;
}

/* A mask like "ff,00000003": the last two words are ours. */
static uint64_t read_mask(const char *form, unsigned a, unsigned b)
{
    char line[1024];
    uint64_t mask = 0;
    if (!read_line(line, sizeof line, form, a, b))
        return 0;
    for (const char *p = line; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        mask = mask << 32 | strtoul(p, NULL, 16);
    return mask;
}

static uint64_t usable_processors(void)
{
    cpu_set_t set;
    uint64_t mask = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    for (unsigned i = 0; i < N_PROCESSORS; i++)
        mask |= (uint64_t)(CPU_ISSET(i, &set) != 0) << i;
    return mask ? mask : 1;
}

/* The node of a processor, 0 when the host has none. */
static unsigned node_of(unsigned processor)
{
    for (unsigned node = 0; node < N_PROCESSORS; node++) {
        char path[96];
        snprintf(path, sizeof path, CPU "node%u", processor, node);
        if (access(path, F_OK) == 0)
            return node;
    }
    return 0;
}

/* ---- Relations ---- */

static void add(struct relations *r, const struct relation *one)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct relation *known = &r->at[i];
        if (known->kind == one->kind && known->mask == one->mask &&
            (one->kind != RelationCache || (known->cache.Level == one->cache.Level &&
                                            known->cache.Type == one->cache.Type)))
            return;
    }
    if (r->n < MOST_RELATIONS)
        r->at[r->n++] = *one;
}

static void add_mask(struct relations *r, LOGICAL_PROCESSOR_RELATIONSHIP kind, uint64_t mask,
                     unsigned processor)
{
    struct relation one = {.kind = kind, .mask = mask & r->all};
    one.mask |= (uint64_t)1 << processor;
    add(r, &one);
}

static void add_node(struct relations *r, unsigned processor)
{
    struct relation one = {.kind = RelationNumaNode, .node = node_of(processor)};
    for (unsigned i = 0; i < N_PROCESSORS; i++)
        if ((r->all >> i & 1) && node_of(i) == one.node)
            one.mask |= (uint64_t)1 << i;
    add(r, &one);
}

static PROCESSOR_CACHE_TYPE type_of(const char *name)
{
    return name[0] == 'U'   ? CacheUnified
           : name[0] == 'I' ? CacheInstruction
           : name[0] == 'D' ? CacheData
                            : CacheTrace;
}

#define CACHE CPU "cache/index%u/"
static bool add_cache(struct relations *r, unsigned processor, unsigned index)
{
    struct relation one = {.kind = RelationCache};
    unsigned level, line = 0, ways = 0, kib = 0;
    char type[16];
    if (!read_number(&level, CACHE "level", processor, index) ||
        !read_line(type, sizeof type, CACHE "type", processor, index))
        return false;
    read_number(&line, CACHE "coherency_line_size", processor, index);
    read_number(&ways, CACHE "ways_of_associativity", processor, index);
    read_number(&kib, CACHE "size", processor, index);
    one.mask = read_mask(CACHE "shared_cpu_map", processor, index) & r->all;
    one.mask |= (uint64_t)1 << processor;
    one.cache = (CACHE_DESCRIPTOR){
        .Level = (BYTE)level, .Associativity = (BYTE)ways, .LineSize = (WORD)line,
        .Size = kib << 10, .Type = type_of(type),
    };
    add(r, &one);
    return true;
}

static void collect(struct relations *r)
{
    r->n = 0;
    r->all = usable_processors();
    for (unsigned i = 0; i < N_PROCESSORS; i++) {
        if (!(r->all >> i & 1))
            continue;
        uint64_t package = read_mask(CPU "topology/core_siblings", i, 0);
        add_mask(r, RelationProcessorCore, read_mask(CPU "topology/thread_siblings", i, 0), i);
        add_mask(r, RelationProcessorPackage, package ? package : r->all, i);
        add_node(r, i);
        for (unsigned index = 0; add_cache(r, i, index); index++)
            ;
    }
}

/* ---- The two forms ---- */

static bool has_threads(const struct relation *one)
{
    return (one->mask & (one->mask - 1)) != 0;
}

BOOL wvm_kit_GetLogicalProcessorInformation(PSYSTEM_LOGICAL_PROCESSOR_INFORMATION out, PDWORD size)
{
    struct relations r;
    collect(&r);
    DWORD needed = r.n * (DWORD)sizeof *out, room = *size;
    *size = needed;
    if (room < needed || !out)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    memset(out, 0, needed);
    for (unsigned i = 0; i < r.n; i++) {
        out[i].ProcessorMask = (ULONG_PTR)r.at[i].mask;
        out[i].Relationship = r.at[i].kind;
        if (r.at[i].kind == RelationProcessorCore)
            out[i].ProcessorCore.Flags = has_threads(&r.at[i]);
        else if (r.at[i].kind == RelationNumaNode)
            out[i].NumaNode.NodeNumber = r.at[i].node;
        else if (r.at[i].kind == RelationCache)
            out[i].Cache = r.at[i].cache;
    }
    return TRUE;
}

#define HEAD offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor)
static DWORD size_of(LOGICAL_PROCESSOR_RELATIONSHIP kind)
{
    switch (kind) {
    case RelationNumaNode:
        return HEAD + sizeof(NUMA_NODE_RELATIONSHIP);
    case RelationCache:
        return HEAD + sizeof(CACHE_RELATIONSHIP);
    case RelationGroup:
        return HEAD + sizeof(GROUP_RELATIONSHIP);
    default:
        return HEAD + sizeof(PROCESSOR_RELATIONSHIP);
    }
}

static void put(PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX out, const struct relation *one)
{
    GROUP_AFFINITY group = {.Mask = (KAFFINITY)one->mask};
    memset(out, 0, size_of(one->kind));
    out->Relationship = one->kind;
    out->Size = size_of(one->kind);
    switch (one->kind) {
    case RelationNumaNode:
        out->NumaNode.NodeNumber = one->node;
        out->NumaNode.GroupMask = group;
        break;
    case RelationCache:
        out->Cache.Level = one->cache.Level;
        out->Cache.Associativity = one->cache.Associativity;
        out->Cache.LineSize = one->cache.LineSize;
        out->Cache.CacheSize = one->cache.Size;
        out->Cache.Type = one->cache.Type;
        out->Cache.GroupMask = group;
        break;
    case RelationGroup:
        out->Group.MaximumGroupCount = out->Group.ActiveGroupCount = 1;
        out->Group.GroupInfo[0].ActiveProcessorCount =
            out->Group.GroupInfo[0].MaximumProcessorCount = (BYTE)__builtin_popcountll(one->mask);
        out->Group.GroupInfo[0].ActiveProcessorMask = group.Mask;
        break;
    default:
        out->Processor.Flags = one->kind == RelationProcessorCore && has_threads(one);
        out->Processor.GroupCount = 1;
        out->Processor.GroupMask[0] = group;
    }
}

BOOL wvm_kit_GetLogicalProcessorInformationEx(LOGICAL_PROCESSOR_RELATIONSHIP kind,
                                              PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX out,
                                              PDWORD size)
{
    struct relations r;
    DWORD needed = 0, room = *size;
    bool known = kind == RelationAll || (unsigned)kind <= RelationGroup;
    if (!known)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    collect(&r);
    add(&r, &(struct relation){.kind = RelationGroup, .mask = r.all});
    for (unsigned i = 0; i < r.n; i++)
        if (kind == RelationAll || r.at[i].kind == kind)
            needed += size_of(r.at[i].kind);
    *size = needed;
    if (room < needed || !out)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    for (unsigned i = 0; i < r.n; i++) {
        if (kind != RelationAll && r.at[i].kind != kind)
            continue;
        put(out, &r.at[i]);
        out = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(void *)((char *)out + out->Size);
    }
    return TRUE;
}

/* ---- One processor ---- */

static bool exists(unsigned processor)
{
    return processor < N_PROCESSORS && (usable_processors() >> processor & 1);
}

BOOL wvm_kit_GetNumaProcessorNode(UCHAR processor, PUCHAR node)
{
    *node = exists(processor) ? (UCHAR)node_of(processor) : 0xff;
    return *node != 0xff || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_GetNumaProcessorNodeEx(PPROCESSOR_NUMBER processor, PUSHORT node)
{
    bool known = processor->Group == 0 && exists(processor->Number);
    *node = known ? (USHORT)node_of(processor->Number) : 0xffff;
    return known || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

DWORD wvm_kit_GetCurrentProcessorNumber(VOID)
{
    int cpu = sched_getcpu();
    return cpu < 0 ? 0 : (DWORD)cpu % N_PROCESSORS;
}

VOID wvm_kit_GetCurrentProcessorNumberEx(PPROCESSOR_NUMBER out)
{
    *out = (PROCESSOR_NUMBER){.Number = (BYTE)wvm_kit_GetCurrentProcessorNumber()};
}

/* Where cpuid tells a feature: leaf, register (0 eax .. 3 edx), bit. */
struct feature {
    DWORD number;
    uint32_t leaf;
    uint8_t reg, bit;
};
enum { EBX = 1, ECX = 2, EDX = 3 };
static const struct feature features[] = {
    {PF_COMPARE_EXCHANGE_DOUBLE, 1, EDX, 8},
    {PF_MMX_INSTRUCTIONS_AVAILABLE, 1, EDX, 23},
    {PF_XMMI_INSTRUCTIONS_AVAILABLE, 1, EDX, 25},
    {PF_3DNOW_INSTRUCTIONS_AVAILABLE, 0x80000001, EDX, 31},
    {PF_RDTSC_INSTRUCTION_AVAILABLE, 1, EDX, 4},
    {PF_PAE_ENABLED, 1, EDX, 6},
    {PF_XMMI64_INSTRUCTIONS_AVAILABLE, 1, EDX, 26},
    {PF_NX_ENABLED, 0x80000001, EDX, 20},
    {PF_SSE3_INSTRUCTIONS_AVAILABLE, 1, ECX, 0},
    {PF_COMPARE_EXCHANGE128, 1, ECX, 13},
    {PF_XSAVE_ENABLED, 1, ECX, 27},
    {PF_RDWRFSGSBASE_AVAILABLE, 7, EBX, 0},
    {PF_RDRAND_INSTRUCTION_AVAILABLE, 1, ECX, 30},
    {PF_RDTSCP_INSTRUCTION_AVAILABLE, 0x80000001, EDX, 27},
    {PF_RDPID_INSTRUCTION_AVAILABLE, 7, ECX, 22},
    {PF_SSSE3_INSTRUCTIONS_AVAILABLE, 1, ECX, 9},
    {PF_SSE4_1_INSTRUCTIONS_AVAILABLE, 1, ECX, 19},
    {PF_SSE4_2_INSTRUCTIONS_AVAILABLE, 1, ECX, 20},
    {PF_AVX_INSTRUCTIONS_AVAILABLE, 1, ECX, 28},
    {PF_AVX2_INSTRUCTIONS_AVAILABLE, 7, EBX, 5},
    {PF_AVX512F_INSTRUCTIONS_AVAILABLE, 7, EBX, 16},
    {PF_ERMS_AVAILABLE, 7, EBX, 9},
};

/* The registers that the system saves (xcr0): without them these features cannot be used. */
static uint32_t needed_state(DWORD feature)
{
    return feature == PF_AVX512F_INSTRUCTIONS_AVAILABLE ? 0xe6
           : feature == PF_AVX_INSTRUCTIONS_AVAILABLE || feature == PF_AVX2_INSTRUCTIONS_AVAILABLE
               ? 0x6
               : 0;
}

static bool is_saved(uint32_t state)
{
    uint32_t r[4], low, high;
    if (!__get_cpuid(1, &r[0], &r[1], &r[2], &r[3]) || !(r[ECX] >> 27 & 1))
        return state == 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & state) == state;
}

BOOL wvm_kit_IsProcessorFeaturePresent(DWORD feature)
{
    uint32_t r[4];
    for (size_t i = 0; i < WVM_ARRAY_LEN(features); i++) {
        const struct feature *f = &features[i];
        if (f->number == feature)
            return __get_cpuid_count(f->leaf, 0, &r[0], &r[1], &r[2], &r[3]) &&
                   (r[f->reg] >> f->bit & 1) && is_saved(needed_state(feature));
    }
    return FALSE;
}

#define WVM_KIT_PROCESSOR
#include "kit/kit_entry.h"
