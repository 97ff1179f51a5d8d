/* winvm/kit_process.h: how the process runs, of processthreadsapi.h, errhandlingapi.h and winbase.h
 * (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD WORD SIZE_T HANDLE PVOID PROCESS_MITIGATION_POLICY. */
#ifndef WINVM_KIT_PROCESS_H
#define WINVM_KIT_PROCESS_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#ifndef ALL_PROCESSOR_GROUPS
#define ALL_PROCESSOR_GROUPS 0xffff
#endif
#define NORMAL_PRIORITY_CLASS 0x00000020
#define IDLE_PRIORITY_CLASS 0x00000040
#define HIGH_PRIORITY_CLASS 0x00000080
#define REALTIME_PRIORITY_CLASS 0x00000100
#define BELOW_NORMAL_PRIORITY_CLASS 0x00004000
#define ABOVE_NORMAL_PRIORITY_CLASS 0x00008000
#define PROCESS_DEP_ENABLE 0x00000001
#define PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION 0x00000002

typedef enum _PROCESS_MITIGATION_POLICY {
    ProcessDEPPolicy,
    ProcessASLRPolicy,
    ProcessDynamicCodePolicy,
    ProcessStrictHandleCheckPolicy,
    ProcessSystemCallDisablePolicy,
    ProcessMitigationOptionsMask,
    ProcessExtensionPointDisablePolicy,
    ProcessControlFlowGuardPolicy,
    ProcessSignaturePolicy,
    ProcessFontDisablePolicy,
    ProcessImageLoadPolicy,
    ProcessSystemCallFilterPolicy,
    ProcessPayloadRestrictionPolicy,
    ProcessChildProcessPolicy,
    ProcessSideChannelIsolationPolicy,
    ProcessUserShadowStackPolicy,
    ProcessRedirectionTrustPolicy,
    MaxProcessMitigationPolicy
} PROCESS_MITIGATION_POLICY, *PPROCESS_MITIGATION_POLICY;

typedef struct _PROCESS_MITIGATION_DEP_POLICY {
    __extension__ union {
        DWORD Flags;
        __extension__ struct {
            DWORD Enable : 1;
            DWORD DisableAtlThunkEmulation : 1;
            DWORD ReservedFlags : 30;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    BOOLEAN Permanent;
} PROCESS_MITIGATION_DEP_POLICY, *PPROCESS_MITIGATION_DEP_POLICY;
__extension__ typedef struct _PROCESS_MITIGATION_ASLR_POLICY {
    __extension__ union {
        DWORD Flags;
        __extension__ struct {
            DWORD EnableBottomUpRandomization : 1;
            DWORD EnableForceRelocateImages : 1;
            DWORD EnableHighEntropy : 1;
            DWORD DisallowStrippedImages : 1;
            DWORD ReservedFlags : 28;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} PROCESS_MITIGATION_ASLR_POLICY, *PPROCESS_MITIGATION_ASLR_POLICY;
__extension__ typedef struct _PROCESS_MITIGATION_DYNAMIC_CODE_POLICY {
    __extension__ union {
        DWORD Flags;
        __extension__ struct {
            DWORD ProhibitDynamicCode : 1;
            DWORD AllowThreadOptOut : 1;
            DWORD AllowRemoteDowngrade : 1;
            DWORD AuditProhibitDynamicCode : 1;
            DWORD ReservedFlags : 28;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} PROCESS_MITIGATION_DYNAMIC_CODE_POLICY, *PPROCESS_MITIGATION_DYNAMIC_CODE_POLICY;
__extension__ typedef struct _PROCESS_MITIGATION_CONTROL_FLOW_GUARD_POLICY {
    __extension__ union {
        DWORD Flags;
        __extension__ struct {
            DWORD EnableControlFlowGuard : 1;
            DWORD EnableExportSuppression : 1;
            DWORD StrictMode : 1;
            DWORD EnableXfg : 1;
            DWORD EnableXfgAuditMode : 1;
            DWORD ReservedFlags : 27;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} PROCESS_MITIGATION_CONTROL_FLOW_GUARD_POLICY, *PPROCESS_MITIGATION_CONTROL_FLOW_GUARD_POLICY;
__extension__ typedef struct _PROCESS_MITIGATION_USER_SHADOW_STACK_POLICY {
    __extension__ union {
        DWORD Flags;
        __extension__ struct {
            DWORD EnableUserShadowStack : 1;
            DWORD AuditUserShadowStack : 1;
            DWORD SetContextIpValidation : 1;
            DWORD AuditSetContextIpValidation : 1;
            DWORD EnableUserShadowStackStrictMode : 1;
            DWORD BlockNonCetBinaries : 1;
            DWORD BlockNonCetBinariesNonEhcont : 1;
            DWORD AuditBlockNonCetBinaries : 1;
            DWORD CetDynamicApisOutOfProcOnly : 1;
            DWORD SetContextIpValidationRelaxedMode : 1;
            DWORD ReservedFlags : 22;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} PROCESS_MITIGATION_USER_SHADOW_STACK_POLICY, *PPROCESS_MITIGATION_USER_SHADOW_STACK_POLICY;
#endif

struct _EXCEPTION_RECORD;
struct _CONTEXT;

WINVM_BEGIN_DECLS

/* There is one group of processors, 0. 0: 87 another group. */
WINVM_DECLARE(DWORD, GetActiveProcessorCount, (WORD GroupNumber));
WINVM_DECLARE(DWORD, GetMaximumProcessorCount, (WORD GroupNumber));
WINVM_DECLARE(WORD, GetActiveProcessorGroupCount, (void));
WINVM_DECLARE(WORD, GetMaximumProcessorGroupCount, (void));
/* The host's number of the process. 0: 6, 5. */
WINVM_DECLARE(DWORD, GetProcessId, (HANDLE Process));
/* The class that the host's nice value is of. 0: 6, 5. */
WINVM_DECLARE(DWORD, GetPriorityClass, (HANDLE hProcess));
/* Sets the nice value of all threads of this process. Errors: 6, 5 another process, or the host
 * does not allow it, 87. */
WINVM_DECLARE(BOOL, SetPriorityClass, (HANDLE hProcess, DWORD dwPriorityClass));
/* Data is never executed. 1, always. */
WINVM_DECLARE(int, GetSystemDEPPolicy, (void));
/* FALSE: 50 a 64-bit process, as on Windows; 6, 5 another process, 87. */
WINVM_DECLARE(BOOL, GetProcessDEPPolicy, (HANDLE hProcess, DWORD *lpFlags, BOOL *lpPermanent));
/* FALSE: 50 a 64-bit process, 5. */
WINVM_DECLARE(BOOL, SetProcessDEPPolicy, (DWORD dwFlags));
/* The policies of this process: data is not executed, addresses are random when the host's are;
 * nothing else. Errors: 6, 5 another process, 87 the policy, or the size of its structure. */
WINVM_DECLARE(BOOL, GetProcessMitigationPolicy,
              (HANDLE hProcess, PROCESS_MITIGATION_POLICY MitigationPolicy, PVOID lpBuffer,
               SIZE_T dwLength));
/* Errors: 87, 50 ERROR_NOT_SUPPORTED what is not so already: nothing could enforce it. */
WINVM_DECLARE(BOOL, SetProcessMitigationPolicy,
              (PROCESS_MITIGATION_POLICY MitigationPolicy, PVOID lpBuffer, SIZE_T dwLength));
/* A full barrier in each thread of the process that runs. */
WINVM_DECLARE(void, FlushProcessWriteBuffers, (void));
/* Ends the process at once with the host's SIGABRT; no handler of exceptions or signals runs. The
 * arguments are not looked at. */
__attribute__((__noreturn__)) WINVM_DECLARE(void, RaiseFailFastException,
                                            (struct _EXCEPTION_RECORD * pExceptionRecord,
                                             struct _CONTEXT *pContextRecord, DWORD dwFlags));

WINVM_END_DECLS

#endif
