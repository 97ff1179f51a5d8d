/* The NUMA calls: memory nodes, their processors, what is left of their memory.
 *
 * I1  Every processor of GetSystemInfo is in the mask of one node at most; on a machine of one node
 *     they all are in that node's. There is one processor group, number 0.
 * I2  A node never has more memory left than the whole, which may be a control group.
 * Order of checks: the place of the result, the node.
 * Locking: none.   Failure: nothing written; 87 for a node that does not exist. */
#include <string.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"

static bool is_right(const void *at, size_t len, unsigned node)
{
    if (!wvm_user_writable(at, len))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    return wvm_host_node_exists(node) || wvm_win32_result(STATUS_INVALID_PARAMETER);
}

BOOL wvm_GetNumaHighestNodeNumber(PULONG highest)
{
    if (!is_right(highest, sizeof *highest, 0))
        return FALSE;
    ULONG value = wvm_host_highest_node();
    wvm_user_store(highest, &value, sizeof value);
    return TRUE;
}

static uint64_t processors_of(unsigned node)
{
    struct wvm_nt_system system;
    wvm_nt_system_describe(WVM_SYSTEM_SEEN, &system);
    return system.processors & wvm_host_node_processors(node);
}

BOOL wvm_GetNumaNodeProcessorMask(UCHAR node, PULONGLONG mask)
{
    if (!is_right(mask, sizeof *mask, node))
        return FALSE;
    ULONGLONG value = processors_of(node);
    wvm_user_store(mask, &value, sizeof value);
    return TRUE;
}

BOOL wvm_GetNumaNodeProcessorMaskEx(USHORT node, PGROUP_AFFINITY mask)
{
    GROUP_AFFINITY value;
    if (!is_right(mask, sizeof *mask, node))
        return FALSE;
    memset(&value, 0, sizeof value);
    value.Mask = (KAFFINITY)processors_of(node);
    wvm_user_store(mask, &value, sizeof value);
    return TRUE;
}

BOOL wvm_GetNumaAvailableMemoryNodeEx(USHORT node, PULONGLONG bytes)
{
    struct wvm_host_memory memory;
    uint64_t left;
    if (!is_right(bytes, sizeof *bytes, node))
        return FALSE;
    wvm_host_memory_now(&memory);
    if (!wvm_host_has_nodes() || !wvm_host_node_left(node, &left))
        left = memory.ram_left;
    ULONGLONG value = wvm_min(left, memory.ram_left);
    wvm_user_store(bytes, &value, sizeof value);
    return TRUE;
}

BOOL wvm_GetNumaAvailableMemoryNode(UCHAR node, PULONGLONG bytes)
{
    return wvm_GetNumaAvailableMemoryNodeEx(node, bytes);
}
