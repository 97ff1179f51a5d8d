/* Every public entry point, once. Included several times with different macros: it makes the SysV
 * and the ms_abi entries, the GetProcAddress table, and the trace decoder.
 *
 * WVM_API(ret, name, params, args, trace)         the memory family: always ours
 * WVM_API_SHARED(ret, name, params, args, trace)  names that a program's own platform layer may
 *                                                 define too: under preload what is not ours goes
 *                                                 to the next definition
 * WVM_API_REGS(ret, name, params, args, trace)    like a shared name, but the entry is an assembler
 *                                                 function that takes its caller's registers and
 *                                                 goes to wvm_regs_NAME(CONTEXT *, arguments)
 * WVM_API_ALIAS(alias, name)                      a second name of the same function (Zw*)
 *
 * Each but the REGS ones is implemented as wvm_NAME in nt/ or api/, in the compiler's own
 * convention.
 * trace: one letter for the result, then one for each argument:
 *   result  b BOOL  p pointer  h handle  n NTSTATUS  z SIZE_T  d DWORD  v nothing
 *   args    h handle  p pointer  z SIZE_T  d DWORD  A allocation type  F free type  P protection
 *           i pointer to a value that is decoded before and after  c information class
 *           s char string  w WCHAR string */

/* memoryapi.h */
WVM_API(LPVOID, VirtualAlloc, (LPVOID a, SIZE_T b, DWORD c, DWORD d), (a, b, c, d), "ppzAP")
WVM_API(LPVOID, VirtualAllocEx, (HANDLE a, LPVOID b, SIZE_T c, DWORD d, DWORD e), (a, b, c, d, e), "phpzAP")
WVM_API(LPVOID, VirtualAllocExNuma, (HANDLE a, LPVOID b, SIZE_T c, DWORD d, DWORD e, DWORD f), (a, b, c, d, e, f), "phpzAPd")
WVM_API(PVOID, VirtualAllocFromApp, (PVOID a, SIZE_T b, ULONG c, ULONG d), (a, b, c, d), "ppzAP")
WVM_API(PVOID, VirtualAlloc2, (HANDLE a, PVOID b, SIZE_T c, ULONG d, ULONG e, PMEM_EXTENDED_PARAMETER f, ULONG g), (a, b, c, d, e, f, g), "phpzAPpd")
WVM_API(PVOID, VirtualAlloc2FromApp, (HANDLE a, PVOID b, SIZE_T c, ULONG d, ULONG e, PMEM_EXTENDED_PARAMETER f, ULONG g), (a, b, c, d, e, f, g), "phpzAPpd")
WVM_API(BOOL, VirtualFree, (LPVOID a, SIZE_T b, DWORD c), (a, b, c), "bpzF")
WVM_API(BOOL, VirtualFreeEx, (HANDLE a, LPVOID b, SIZE_T c, DWORD d), (a, b, c, d), "bhpzF")
WVM_API(BOOL, VirtualProtect, (LPVOID a, SIZE_T b, DWORD c, PDWORD d), (a, b, c, d), "bpzPi")
WVM_API(BOOL, VirtualProtectEx, (HANDLE a, LPVOID b, SIZE_T c, DWORD d, PDWORD e), (a, b, c, d, e), "bhpzPi")
WVM_API(BOOL, VirtualProtectFromApp, (PVOID a, SIZE_T b, ULONG c, PULONG d), (a, b, c, d), "bpzPi")
WVM_API(SIZE_T, VirtualQuery, (LPCVOID a, PMEMORY_BASIC_INFORMATION b, SIZE_T c), (a, b, c), "zppz")
WVM_API(SIZE_T, VirtualQueryEx, (HANDLE a, LPCVOID b, PMEMORY_BASIC_INFORMATION c, SIZE_T d), (a, b, c, d), "zhppz")
WVM_API(BOOL, VirtualLock, (LPVOID a, SIZE_T b), (a, b), "bpz")
WVM_API(BOOL, VirtualUnlock, (LPVOID a, SIZE_T b), (a, b), "bpz")
WVM_API(UINT, GetWriteWatch, (DWORD a, PVOID b, SIZE_T c, PVOID *d, ULONG_PTR *e, DWORD *f), (a, b, c, d, e, f), "ddpzpii")
WVM_API(UINT, ResetWriteWatch, (LPVOID a, SIZE_T b), (a, b), "dpz")
WVM_API(BOOL, ReadProcessMemory, (HANDLE a, LPCVOID b, LPVOID c, SIZE_T d, SIZE_T *e), (a, b, c, d, e), "bhppzi")
WVM_API(BOOL, WriteProcessMemory, (HANDLE a, LPVOID b, LPCVOID c, SIZE_T d, SIZE_T *e), (a, b, c, d, e), "bhppzi")
WVM_API(BOOL, FlushInstructionCache, (HANDLE a, LPCVOID b, SIZE_T c), (a, b, c), "bhpz")
WVM_API(BOOL, IsBadReadPtr, (const VOID *a, UINT_PTR b), (a, b), "dpz")
WVM_API(BOOL, IsBadWritePtr, (LPVOID a, UINT_PTR b), (a, b), "dpz")
WVM_API(BOOL, IsBadCodePtr, (FARPROC a), (a), "dp")
WVM_API(BOOL, IsBadHugeReadPtr, (const VOID *a, UINT_PTR b), (a, b), "dpz")
WVM_API(BOOL, IsBadHugeWritePtr, (LPVOID a, UINT_PTR b), (a, b), "dpz")
WVM_API(BOOL, IsBadStringPtrA, (LPCSTR a, UINT_PTR b), (a, b), "dpz")
WVM_API(BOOL, IsBadStringPtrW, (LPCWSTR a, UINT_PTR b), (a, b), "dpz")

/* sysinfoapi.h */
WVM_API(VOID, GetSystemInfo, (LPSYSTEM_INFO a), (a), "vp")
WVM_API(VOID, GetNativeSystemInfo, (LPSYSTEM_INFO a), (a), "vp")

/* processthreadsapi.h, errhandlingapi.h, handleapi.h, libloaderapi.h */
WVM_API_SHARED(DWORD, GetLastError, (VOID), (), "d")
WVM_API_SHARED(VOID, SetLastError, (DWORD a), (a), "vd")
WVM_API_SHARED(UINT, SetErrorMode, (UINT a), (a), "dd")
WVM_API_SHARED(UINT, GetErrorMode, (VOID), (), "d")
WVM_API(PVOID, AddVectoredExceptionHandler, (ULONG a, PVECTORED_EXCEPTION_HANDLER b), (a, b), "pdp")
WVM_API(ULONG, RemoveVectoredExceptionHandler, (PVOID a), (a), "dp")
WVM_API(PVOID, AddVectoredContinueHandler, (ULONG a, PVECTORED_EXCEPTION_HANDLER b), (a, b), "pdp")
WVM_API(ULONG, RemoveVectoredContinueHandler, (PVOID a), (a), "dp")
WVM_API_SHARED(LPTOP_LEVEL_EXCEPTION_FILTER, SetUnhandledExceptionFilter, (LPTOP_LEVEL_EXCEPTION_FILTER a), (a), "pp")
WVM_API_SHARED(LONG, UnhandledExceptionFilter, (PEXCEPTION_POINTERS a), (a), "dp")
WVM_API_REGS(VOID, RaiseException, (DWORD a, DWORD b, DWORD c, const ULONG_PTR *d), (a, b, c, d), "vdddp")
WVM_API_SHARED(HANDLE, GetCurrentProcess, (VOID), (), "d")
WVM_API_SHARED(DWORD, GetCurrentProcessId, (VOID), (), "d")
WVM_API(VOID, GetCurrentThreadStackLimits, (PULONG_PTR a, PULONG_PTR b), (a, b), "vpp")
WVM_API(BOOL, SetThreadStackGuarantee, (PULONG a), (a), "bp")
WVM_API_SHARED(HANDLE, OpenProcess, (DWORD a, BOOL b, DWORD c), (a, b, c), "hddd")
WVM_API_SHARED(BOOL, CloseHandle, (HANDLE a), (a), "bh")
WVM_API_SHARED(BOOL, DuplicateHandle, (HANDLE a, HANDLE b, HANDLE c, LPHANDLE d, DWORD e, BOOL f, DWORD g), (a, b, c, d, e, f, g), "bhhhiddd")
WVM_API_SHARED(BOOL, GetHandleInformation, (HANDLE a, LPDWORD b), (a, b), "bhi")
WVM_API_SHARED(BOOL, SetHandleInformation, (HANDLE a, DWORD b, DWORD c), (a, b, c), "bhdd")
WVM_API_SHARED(BOOL, CompareObjectHandles, (HANDLE a, HANDLE b), (a, b), "bhh")
WVM_API_SHARED(HMODULE, GetModuleHandleA, (LPCSTR a), (a), "hs")
WVM_API_SHARED(HMODULE, GetModuleHandleW, (LPCWSTR a), (a), "hw")
WVM_API_SHARED(HMODULE, LoadLibraryA, (LPCSTR a), (a), "hs")
WVM_API_SHARED(HMODULE, LoadLibraryW, (LPCWSTR a), (a), "hw")
WVM_API_SHARED(FARPROC, GetProcAddress, (HMODULE a, LPCSTR b), (a, b), "phs")
WVM_API_SHARED(BOOL, FreeLibrary, (HMODULE a), (a), "bh")

/* The native calls */
WVM_API(NTSTATUS, NtAllocateVirtualMemory, (HANDLE a, PVOID *b, ULONG_PTR c, PSIZE_T d, ULONG e, ULONG f), (a, b, c, d, e, f), "nhiziAP")
WVM_API(NTSTATUS, NtAllocateVirtualMemoryEx, (HANDLE a, PVOID *b, PSIZE_T c, ULONG d, ULONG e, PMEM_EXTENDED_PARAMETER f, ULONG g), (a, b, c, d, e, f, g), "nhiiAPpd")
WVM_API(NTSTATUS, NtFreeVirtualMemory, (HANDLE a, PVOID *b, PSIZE_T c, ULONG d), (a, b, c, d), "nhiiF")
WVM_API(NTSTATUS, NtProtectVirtualMemory, (HANDLE a, PVOID *b, PSIZE_T c, ULONG d, PULONG e), (a, b, c, d, e), "nhiiPi")
WVM_API(NTSTATUS, NtQueryVirtualMemory, (HANDLE a, LPCVOID b, MEMORY_INFORMATION_CLASS c, PVOID d, SIZE_T e, PSIZE_T f), (a, b, c, d, e, f), "nhpcpzi")
WVM_API(NTSTATUS, NtLockVirtualMemory, (HANDLE a, PVOID *b, PSIZE_T c, ULONG d), (a, b, c, d), "nhiid")
WVM_API(NTSTATUS, NtUnlockVirtualMemory, (HANDLE a, PVOID *b, PSIZE_T c, ULONG d), (a, b, c, d), "nhiid")
WVM_API(NTSTATUS, NtGetWriteWatch, (HANDLE a, ULONG b, PVOID c, SIZE_T d, PVOID *e, ULONG_PTR *f, ULONG *g), (a, b, c, d, e, f, g), "nhdpzpii")
WVM_API(NTSTATUS, NtResetWriteWatch, (HANDLE a, PVOID b, SIZE_T c), (a, b, c), "nhpz")
WVM_API(NTSTATUS, NtReadVirtualMemory, (HANDLE a, LPCVOID b, PVOID c, SIZE_T d, PSIZE_T e), (a, b, c, d, e), "nhppzi")
WVM_API(NTSTATUS, NtWriteVirtualMemory, (HANDLE a, PVOID b, LPCVOID c, SIZE_T d, PSIZE_T e), (a, b, c, d, e), "nhppzi")
WVM_API(NTSTATUS, NtFlushVirtualMemory, (HANDLE a, PVOID *b, PSIZE_T c, PVOID d), (a, b, c, d), "nhiip")
WVM_API(NTSTATUS, NtFlushInstructionCache, (HANDLE a, LPCVOID b, SIZE_T c), (a, b, c), "nhpz")
WVM_API(NTSTATUS, RtlCreateUserStack, (SIZE_T a, SIZE_T b, ULONG c, SIZE_T d, SIZE_T e, INITIAL_TEB *f), (a, b, c, d, e, f), "nzzdzzp")
WVM_API(VOID, RtlFreeUserStack, (PVOID a), (a), "vp")
WVM_API_SHARED(NTSTATUS, NtClose, (HANDLE a), (a), "nh")
WVM_API_SHARED(NTSTATUS, NtDuplicateObject, (HANDLE a, HANDLE b, HANDLE c, PHANDLE d, ACCESS_MASK e, ULONG f, ULONG g), (a, b, c, d, e, f, g), "nhhhiddd")
WVM_API_SHARED(NTSTATUS, NtCompareObjects, (HANDLE a, HANDLE b), (a, b), "nhh")
WVM_API_SHARED(NTSTATUS, NtQueryObject, (HANDLE a, OBJECT_INFORMATION_CLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e), "nhdpdi")
WVM_API_REGS(NTSTATUS, NtContinue, (PCONTEXT a, BOOLEAN b), (a, b), "npd")
WVM_API_REGS(VOID, RtlRaiseException, (PEXCEPTION_RECORD a), (a), "vp")
WVM_API_REGS(VOID, RtlCaptureContext, (PCONTEXT a), (a), "vp")
WVM_API_REGS(VOID, RtlRestoreContext, (PCONTEXT a, PEXCEPTION_RECORD b), (a, b), "vpp")
WVM_API_SHARED(ULONG, RtlNtStatusToDosError, (NTSTATUS a), (a), "dd")

WVM_API_ALIAS(ZwAllocateVirtualMemory, NtAllocateVirtualMemory)
WVM_API_ALIAS(ZwAllocateVirtualMemoryEx, NtAllocateVirtualMemoryEx)
WVM_API_ALIAS(ZwFreeVirtualMemory, NtFreeVirtualMemory)
WVM_API_ALIAS(ZwProtectVirtualMemory, NtProtectVirtualMemory)
WVM_API_ALIAS(ZwQueryVirtualMemory, NtQueryVirtualMemory)
WVM_API_ALIAS(ZwLockVirtualMemory, NtLockVirtualMemory)
WVM_API_ALIAS(ZwUnlockVirtualMemory, NtUnlockVirtualMemory)
WVM_API_ALIAS(ZwGetWriteWatch, NtGetWriteWatch)
WVM_API_ALIAS(ZwResetWriteWatch, NtResetWriteWatch)
WVM_API_ALIAS(ZwReadVirtualMemory, NtReadVirtualMemory)
WVM_API_ALIAS(ZwWriteVirtualMemory, NtWriteVirtualMemory)
WVM_API_ALIAS(ZwFlushVirtualMemory, NtFlushVirtualMemory)
WVM_API_ALIAS(ZwFlushInstructionCache, NtFlushInstructionCache)
WVM_API_ALIAS(ZwClose, NtClose)
WVM_API_ALIAS(ZwDuplicateObject, NtDuplicateObject)
WVM_API_ALIAS(ZwCompareObjects, NtCompareObjects)
WVM_API_ALIAS(ZwQueryObject, NtQueryObject)
WVM_API_ALIAS(RtlAddVectoredExceptionHandler, AddVectoredExceptionHandler)
WVM_API_ALIAS(RtlRemoveVectoredExceptionHandler, RemoveVectoredExceptionHandler)
WVM_API_ALIAS(RtlAddVectoredContinueHandler, AddVectoredContinueHandler)
WVM_API_ALIAS(RtlRemoveVectoredContinueHandler, RemoveVectoredContinueHandler)
