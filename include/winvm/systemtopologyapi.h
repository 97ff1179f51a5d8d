/* winvm/systemtopologyapi.h: memory nodes.
 *
 * A node is a part of the machine's memory that some processors are near to. Nodes have the host's
 * numbers, up to 63; a host that tells nothing has one, number 0. All return FALSE for a node that
 * does not exist (87 ERROR_INVALID_PARAMETER) and for a result that cannot be written
 * (998 ERROR_NOACCESS); then nothing was written.
 * WINVM_NO_TYPES needs: BOOL ULONG ULONG64; GROUP_AFFINITY is named by its tag. */
#ifndef WINVM_SYSTEMTOPOLOGYAPI_H
#define WINVM_SYSTEMTOPOLOGYAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

struct _GROUP_AFFINITY;

/* The highest node there is; those below it need not all exist. */
WINVM_DECLARE(BOOL, GetNumaHighestNodeNumber, (ULONG *HighestNodeNumber));
/* The node's processors, of those that this process may run on: bit n for processor n. There is one
 * group of processors, number 0. */
WINVM_DECLARE(BOOL, GetNumaNodeProcessorMask,
              (unsigned char Node, ULONG64 *ProcessorMask));
WINVM_DECLARE(BOOL, GetNumaNodeProcessorMaskEx,
              (unsigned short Node, struct _GROUP_AFFINITY *ProcessorMask));
/* Bytes of the node's memory that can be had; never more than GlobalMemoryStatusEx tells of all. */
WINVM_DECLARE(BOOL, GetNumaAvailableMemoryNode,
              (unsigned char Node, ULONG64 *AvailableBytes));
WINVM_DECLARE(BOOL, GetNumaAvailableMemoryNodeEx,
              (unsigned short Node, ULONG64 *AvailableBytes));

/* Of libwinvm-kit, as the following. *RequiredMaskCount: the groups of the node's processors, 1 or
 * 0. Errors: 87, 122 with *RequiredMaskCount. */
WINVM_DECLARE(BOOL, GetNumaNodeProcessorMask2,
              (unsigned short NodeNumber, struct _GROUP_AFFINITY *ProcessorMasks,
               unsigned short ProcessorMaskCount, unsigned short *RequiredMaskCount));
/* The node of a proximity domain of the firmware, as the host numbers them. Errors: 87. */
WINVM_DECLARE(BOOL, GetNumaProximityNode,
              (ULONG ProximityId, unsigned char *NodeNumber));
WINVM_DECLARE(BOOL, GetNumaProximityNodeEx,
              (ULONG ProximityId, unsigned short *NodeNumber));

WINVM_END_DECLS

#endif
