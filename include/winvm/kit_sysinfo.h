/* winvm/kit_sysinfo.h: what sysinfoapi.h has of libwinvm-kit: the time and the processors.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD ULONGLONG FILETIME LOGICAL_PROCESSOR_RELATIONSHIP
 * SYSTEM_LOGICAL_PROCESSOR_INFORMATION SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX. */
#ifndef WINVM_KIT_SYSINFO_H
#define WINVM_KIT_SYSINFO_H

#include "minwinbase.h"
#include "sysinfoapi.h"

#ifndef WINVM_NO_TYPES
/* IsProcessorFeaturePresent; what is not listed is not told. */
#define PF_FLOATING_POINT_PRECISION_ERRATA 0
#define PF_FLOATING_POINT_EMULATED 1
#define PF_COMPARE_EXCHANGE_DOUBLE 2
#define PF_MMX_INSTRUCTIONS_AVAILABLE 3
#define PF_XMMI_INSTRUCTIONS_AVAILABLE 6
#define PF_3DNOW_INSTRUCTIONS_AVAILABLE 7
#define PF_RDTSC_INSTRUCTION_AVAILABLE 8
#define PF_PAE_ENABLED 9
#define PF_XMMI64_INSTRUCTIONS_AVAILABLE 10
#define PF_NX_ENABLED 12
#define PF_SSE3_INSTRUCTIONS_AVAILABLE 13
#define PF_COMPARE_EXCHANGE128 14
#define PF_CHANNELS_ENABLED 16
#define PF_XSAVE_ENABLED 17
#define PF_ARM_VFP_32_REGISTERS_AVAILABLE 18
#define PF_ARM_NEON_INSTRUCTIONS_AVAILABLE 19
#define PF_SECOND_LEVEL_ADDRESS_TRANSLATION 20
#define PF_VIRT_FIRMWARE_ENABLED 21
#define PF_RDWRFSGSBASE_AVAILABLE 22
#define PF_FASTFAIL_AVAILABLE 23
#define PF_ARM_DIVIDE_INSTRUCTION_AVAILABLE 24
#define PF_ARM_64BIT_LOADSTORE_ATOMIC 25
#define PF_ARM_EXTERNAL_CACHE_AVAILABLE 26
#define PF_ARM_FMAC_INSTRUCTIONS_AVAILABLE 27
#define PF_RDRAND_INSTRUCTION_AVAILABLE 28
#define PF_ARM_V8_INSTRUCTIONS_AVAILABLE 29
#define PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE 30
#define PF_ARM_V8_CRC32_INSTRUCTIONS_AVAILABLE 31
#define PF_RDTSCP_INSTRUCTION_AVAILABLE 32
#define PF_RDPID_INSTRUCTION_AVAILABLE 33
#define PF_ARM_V81_ATOMIC_INSTRUCTIONS_AVAILABLE 34
#define PF_MONITORX_INSTRUCTION_AVAILABLE 35
#define PF_SSSE3_INSTRUCTIONS_AVAILABLE 36
#define PF_SSE4_1_INSTRUCTIONS_AVAILABLE 37
#define PF_SSE4_2_INSTRUCTIONS_AVAILABLE 38
#define PF_AVX_INSTRUCTIONS_AVAILABLE 39
#define PF_AVX2_INSTRUCTIONS_AVAILABLE 40
#define PF_AVX512F_INSTRUCTIONS_AVAILABLE 41
#define PF_ERMS_AVAILABLE 42
#define PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE 43
#define PF_ARM_V83_JSCVT_INSTRUCTIONS_AVAILABLE 44

typedef enum _LOGICAL_PROCESSOR_RELATIONSHIP {
    RelationProcessorCore,
    RelationNumaNode,
    RelationCache,
    RelationProcessorPackage,
    RelationGroup,
    RelationAll = 0xffff
} LOGICAL_PROCESSOR_RELATIONSHIP;
#define LTP_PC_SMT 0x1
typedef enum _PROCESSOR_CACHE_TYPE {
    CacheUnified,
    CacheInstruction,
    CacheData,
    CacheTrace
} PROCESSOR_CACHE_TYPE;
#define CACHE_FULLY_ASSOCIATIVE 0xFF
typedef struct _CACHE_DESCRIPTOR {
    BYTE Level;
    BYTE Associativity;
    WORD LineSize; /* bytes, as Size */
    DWORD Size;
    PROCESSOR_CACHE_TYPE Type;
} CACHE_DESCRIPTOR, *PCACHE_DESCRIPTOR;
typedef struct _SYSTEM_LOGICAL_PROCESSOR_INFORMATION {
    ULONG_PTR ProcessorMask;
    LOGICAL_PROCESSOR_RELATIONSHIP Relationship;
    __extension__ union {
        struct {
            BYTE Flags;
        } ProcessorCore;
        struct {
            DWORD NodeNumber;
        } NumaNode;
        CACHE_DESCRIPTOR Cache;
        ULONGLONG Reserved[2];
    } DUMMYUNIONNAME;
} SYSTEM_LOGICAL_PROCESSOR_INFORMATION, *PSYSTEM_LOGICAL_PROCESSOR_INFORMATION;

typedef struct _PROCESSOR_NUMBER {
    WORD Group;
    BYTE Number;
    BYTE Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;
typedef struct _PROCESSOR_RELATIONSHIP {
    BYTE Flags;
    BYTE EfficiencyClass;
    BYTE Reserved[20];
    WORD GroupCount;
    GROUP_AFFINITY GroupMask[ANYSIZE_ARRAY];
} PROCESSOR_RELATIONSHIP, *PPROCESSOR_RELATIONSHIP;
typedef struct _NUMA_NODE_RELATIONSHIP {
    DWORD NodeNumber;
    BYTE Reserved[20];
    GROUP_AFFINITY GroupMask;
} NUMA_NODE_RELATIONSHIP, *PNUMA_NODE_RELATIONSHIP;
typedef struct _CACHE_RELATIONSHIP {
    BYTE Level;
    BYTE Associativity;
    WORD LineSize;
    DWORD CacheSize;
    PROCESSOR_CACHE_TYPE Type;
    BYTE Reserved[20];
    GROUP_AFFINITY GroupMask;
} CACHE_RELATIONSHIP, *PCACHE_RELATIONSHIP;
typedef struct _PROCESSOR_GROUP_INFO {
    BYTE MaximumProcessorCount;
    BYTE ActiveProcessorCount;
    BYTE Reserved[38];
    KAFFINITY ActiveProcessorMask;
} PROCESSOR_GROUP_INFO, *PPROCESSOR_GROUP_INFO;
typedef struct _GROUP_RELATIONSHIP {
    WORD MaximumGroupCount;
    WORD ActiveGroupCount;
    BYTE Reserved[20];
    PROCESSOR_GROUP_INFO GroupInfo[ANYSIZE_ARRAY];
} GROUP_RELATIONSHIP, *PGROUP_RELATIONSHIP;
typedef struct _SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX {
    LOGICAL_PROCESSOR_RELATIONSHIP Relationship;
    DWORD Size; /* of this one: the next begins behind it */
    __extension__ union {
        PROCESSOR_RELATIONSHIP Processor;
        NUMA_NODE_RELATIONSHIP NumaNode;
        CACHE_RELATIONSHIP Cache;
        GROUP_RELATIONSHIP Group;
    } DUMMYUNIONNAME;
} SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, *PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX;

WINVM_STATIC_ASSERT(sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION) == (WINVM_64 ? 32 : 24),
                    "SYSTEM_LOGICAL_PROCESSOR_INFORMATION");
WINVM_STATIC_ASSERT(sizeof(PROCESSOR_RELATIONSHIP) == (WINVM_64 ? 40 : 36),
                    "PROCESSOR_RELATIONSHIP");
WINVM_STATIC_ASSERT(sizeof(CACHE_RELATIONSHIP) == (WINVM_64 ? 48 : 44), "CACHE_RELATIONSHIP");
WINVM_STATIC_ASSERT(sizeof(GROUP_RELATIONSHIP) == (WINVM_64 ? 72 : 68), "GROUP_RELATIONSHIP");

/* Indexes are of the lowest processor that shares the core, or the largest cache. */
typedef enum _CPU_SET_INFORMATION_TYPE { CpuSetInformation } CPU_SET_INFORMATION_TYPE;
typedef struct _SYSTEM_CPU_SET_INFORMATION {
    DWORD Size; /* of this entry */
    CPU_SET_INFORMATION_TYPE Type;
    __extension__ union {
        struct {
            DWORD Id;
            WORD Group;
            BYTE LogicalProcessorIndex;
            BYTE CoreIndex;
            BYTE LastLevelCacheIndex;
            BYTE NumaNodeIndex;
            BYTE EfficiencyClass;
            __extension__ union {
                BYTE AllFlags;
                __extension__ struct {
                    BYTE Parked : 1;
                    BYTE Allocated : 1;
                    BYTE AllocatedToTargetProcess : 1;
                    BYTE RealTime : 1;
                    BYTE ReservedFlags : 4;
                } DUMMYSTRUCTNAME;
            } DUMMYUNIONNAME2;
            __extension__ union {
                DWORD Reserved;
                BYTE SchedulingClass;
            } DUMMYUNIONNAME3;
            DWORD64 AllocationTag;
        } CpuSet;
    } DUMMYUNIONNAME;
} SYSTEM_CPU_SET_INFORMATION, *PSYSTEM_CPU_SET_INFORMATION;
WINVM_STATIC_ASSERT(sizeof(SYSTEM_CPU_SET_INFORMATION) == 32, "of a processor");
#endif

WINVM_BEGIN_DECLS

/* Milliseconds since the system started, with the time that it slept. */
WINVM_DECLARE(DWORD, GetTickCount, (void));
WINVM_DECLARE(ULONGLONG, GetTickCount64, (void));
/* The first as of the last tick of the host's clock (1..10 ms), the second now. */
WINVM_DECLARE(void, GetSystemTimeAsFileTime, (LPFILETIME lpSystemTimeAsFileTime));
WINVM_DECLARE(void, GetSystemTimePreciseAsFileTime, (LPFILETIME lpSystemTimeAsFileTime));

/* Cores, caches, nodes and packages of the processors that this process may run on, the first 64 of
 * the host. *ReturnedLength: bytes; then what is needed. Errors: 122 ERROR_INSUFFICIENT_BUFFER, 87
 * RelationshipType. */
WINVM_DECLARE(BOOL, GetLogicalProcessorInformation,
              (struct _SYSTEM_LOGICAL_PROCESSOR_INFORMATION * Buffer, DWORD *ReturnedLength));
WINVM_DECLARE(BOOL, GetLogicalProcessorInformationEx,
              (LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
               struct _SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *Buffer, DWORD *ReturnedLength));
/* The node that a processor is near to. FALSE, and all bits set: 87 no such processor. */
WINVM_DECLARE(BOOL, GetNumaProcessorNode, (unsigned char Processor, unsigned char *NodeNumber));
WINVM_DECLARE(BOOL, GetNumaProcessorNodeEx,
              (struct _PROCESSOR_NUMBER * Processor, unsigned short *NodeNumber));
/* The processor that the calling thread ran on just now. */
WINVM_DECLARE(DWORD, GetCurrentProcessorNumber, (void));
WINVM_DECLARE(void, GetCurrentProcessorNumberEx, (struct _PROCESSOR_NUMBER * ProcNumber));
/* PF_*: the processor has it, and the host lets it be used. */
WINVM_DECLARE(BOOL, IsProcessorFeaturePresent, (DWORD ProcessorFeature));

/* The processors that this process may run on, one entry each; Process: this one, or NULL. Nobody
 * has chosen sets: the other two tell none. Errors: 6, 87, 122 with *ReturnedLength. */
WINVM_DECLARE(BOOL, GetSystemCpuSetInformation,
              (struct _SYSTEM_CPU_SET_INFORMATION * Information, ULONG BufferLength,
               ULONG *ReturnedLength, HANDLE Process, ULONG Flags));
WINVM_DECLARE(BOOL, GetProcessDefaultCpuSets,
              (HANDLE Process, ULONG *CpuSetIds, ULONG CpuSetIdCount, ULONG *RequiredIdCount));
WINVM_DECLARE(BOOL, GetThreadSelectedCpuSets,
              (HANDLE Thread, ULONG *CpuSetIds, ULONG CpuSetIdCount, ULONG *RequiredIdCount));

WINVM_END_DECLS

#endif
