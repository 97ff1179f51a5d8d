/* Processors as sets that a process may choose from, and nodes by other names.
 *
 * Terms   set = one processor; its number is 0x100 more than the processor's.
 * I1      What stands behind is what GetLogicalProcessorInformation tells.
 * I2      No process and no thread has chosen sets: they run where their affinity lets them.
 * Locking: none.   Failure: nothing written but the size needed.   Signal safety: none. */
#include <stdlib.h>

#include "kit/kit.h"

#define FIRST_SET 0x100u
#define NO_NODE 0xffffu

/* All relations, to be freed, *n of them; NULL and the last error. */
static SYSTEM_LOGICAL_PROCESSOR_INFORMATION *read_relations(DWORD *n)
{
    DWORD size = 0, error = GetLastError();
    wvm_kit_GetLogicalProcessorInformation(NULL, &size);
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION *all = malloc(size);
    if (!all || !wvm_kit_GetLogicalProcessorInformation(all, &size)) {
        free(all);
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    SetLastError(error);
    *n = size / sizeof *all;
    return all;
}

static BYTE first_of(ULONG_PTR mask)
{
    return (BYTE)__builtin_ctzll((unsigned long long)mask);
}

/* The processor's part of one relation. */
static void fill_from(SYSTEM_CPU_SET_INFORMATION *s, BYTE *level,
                      const SYSTEM_LOGICAL_PROCESSOR_INFORMATION *r)
{
    if (r->Relationship == RelationProcessorCore) {
        s->CpuSet.CoreIndex = first_of(r->ProcessorMask);
    } else if (r->Relationship == RelationNumaNode) {
        s->CpuSet.NumaNodeIndex = (BYTE)r->NumaNode.NodeNumber;
    } else if (r->Relationship == RelationCache && r->Cache.Level >= *level) {
        *level = r->Cache.Level;
        s->CpuSet.LastLevelCacheIndex = first_of(r->ProcessorMask);
    }
}

static SYSTEM_CPU_SET_INFORMATION set_of(BYTE processor,
                                         const SYSTEM_LOGICAL_PROCESSOR_INFORMATION *all, DWORD n)
{
    SYSTEM_CPU_SET_INFORMATION s = {.Size = sizeof s, .Type = CpuSetInformation};
    BYTE level = 0;
    s.CpuSet.Id = FIRST_SET + processor;
    s.CpuSet.LogicalProcessorIndex = processor;
    s.CpuSet.CoreIndex = processor;
    s.CpuSet.LastLevelCacheIndex = processor;
    for (DWORD i = 0; i < n; i++)
        if (all[i].ProcessorMask >> processor & 1)
            fill_from(&s, &level, &all[i]);
    return s;
}

static ULONG_PTR mask_of_all(const SYSTEM_LOGICAL_PROCESSOR_INFORMATION *all, DWORD n)
{
    ULONG_PTR mask = 0;
    for (DWORD i = 0; i < n; i++)
        mask |= all[i].ProcessorMask;
    return mask;
}

BOOL wvm_kit_GetSystemCpuSetInformation(PSYSTEM_CPU_SET_INFORMATION out, ULONG size,
                                        PULONG needed, HANDLE process, ULONG flags)
{
    DWORD n;
    if (!needed || flags != 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *needed = 0;
    if (process && !wvm_kit_is_self(process))
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION *all = read_relations(&n);
    if (!all)
        return FALSE;
    ULONG_PTR mask = mask_of_all(all, n);
    *needed = (ULONG)__builtin_popcountll((unsigned long long)mask) * (ULONG)sizeof *out;
    bool fits = out && size >= *needed;
    for (BYTE i = 0; fits && i < 8 * sizeof mask; i++)
        if (mask >> i & 1)
            *out++ = set_of(i, all, n);
    free(all);
    return fits || wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

BOOL wvm_kit_GetProcessDefaultCpuSets(HANDLE process, PULONG ids, ULONG n, PULONG needed)
{
    if (!needed || (!ids && n > 0))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!wvm_kit_is_self(process))
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    *needed = 0;
    return TRUE;
}

BOOL wvm_kit_GetThreadSelectedCpuSets(HANDLE thread, PULONG ids, ULONG n, PULONG needed)
{
    if (!needed || (!ids && n > 0))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (wvm_kit_GetThreadId(thread) == 0)
        return FALSE;
    *needed = 0;
    return TRUE;
}

/* ---- Nodes ---- */

/* The host numbers its nodes as the firmware's proximity domains are met. */
BOOL wvm_kit_GetNumaProximityNodeEx(ULONG proximity, PUSHORT node)
{
    ULONG highest;
    if (!node || !GetNumaHighestNodeNumber(&highest))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *node = proximity <= highest ? (USHORT)proximity : NO_NODE;
    return proximity <= highest || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_GetNumaProximityNode(ULONG proximity, PUCHAR node)
{
    USHORT wide = NO_NODE;
    if (!node)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    BOOL found = wvm_kit_GetNumaProximityNodeEx(proximity, &wide);
    *node = (UCHAR)wide /* 0xff: none */;
    return found;
}

BOOL wvm_kit_GetNumaNodeProcessorMask2(USHORT node, PGROUP_AFFINITY out, USHORT n, PUSHORT needed)
{
    GROUP_AFFINITY one;
    if (!needed || (!out && n > 0))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!GetNumaNodeProcessorMaskEx(node, &one))
        return FALSE;
    *needed = one.Mask != 0;
    if (n < *needed)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    if (*needed)
        *out = one;
    return TRUE;
}

#define WVM_KIT_CPU_SET
#include "kit/kit_entry.h"
