/* More names of the kit, a part of kit_list.h and included by it: modules, the process and small
 * helpers of programs. */

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LOADER)
X(BOOL, GetModuleHandleExA, (DWORD a, LPCSTR b, HMODULE *c), (a, b, c))
X(BOOL, GetModuleHandleExW, (DWORD a, LPCWSTR b, HMODULE *c), (a, b, c))
X(HMODULE, LoadLibraryExA, (LPCSTR a, HANDLE b, DWORD c), (a, b, c))
X(HMODULE, LoadLibraryExW, (LPCWSTR a, HANDLE b, DWORD c), (a, b, c))
X(VOID, FreeLibraryAndExitThread, (HMODULE a, DWORD b), (a, b))
X(BOOL, DisableThreadLibraryCalls, (HMODULE a), (a))
X(PVOID, RtlPcToFileHeader, (PVOID a, PVOID *b), (a, b))
X(BOOL, SetDllDirectoryA, (LPCSTR a), (a))
X(BOOL, SetDllDirectoryW, (LPCWSTR a), (a))
X(DWORD, GetDllDirectoryA, (DWORD a, LPSTR b), (a, b))
X(DWORD, GetDllDirectoryW, (DWORD a, LPWSTR b), (a, b))
X(BOOL, SetDefaultDllDirectories, (DWORD a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_POINTER)
X(PVOID, EncodePointer, (PVOID a), (a))
X(PVOID, DecodePointer, (PVOID a), (a))
X(PVOID, EncodeSystemPointer, (PVOID a), (a))
X(PVOID, DecodeSystemPointer, (PVOID a), (a))
X(PVOID, RtlEncodePointer, (PVOID a), (a))
X(PVOID, RtlDecodePointer, (PVOID a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FLUSH)
X(VOID, FlushProcessWriteBuffers, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FAIL_FAST)
X(VOID, RaiseFailFastException, (PEXCEPTION_RECORD a, PCONTEXT b, DWORD c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_IMAGE)
X(PIMAGE_NT_HEADERS, RtlImageNtHeader, (PVOID a), (a))
X(PVOID, RtlImageDirectoryEntryToData, (PVOID a, BOOLEAN b, USHORT c, PULONG d), (a, b, c, d))
X(PIMAGE_SECTION_HEADER, RtlImageRvaToSection, (PIMAGE_NT_HEADERS a, PVOID b, ULONG c), (a, b, c))
X(PVOID, RtlImageRvaToVa,
  (PIMAGE_NT_HEADERS a, PVOID b, ULONG c, PIMAGE_SECTION_HEADER *d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_IMAGE_HELP)
X(PIMAGE_NT_HEADERS, ImageNtHeader, (PVOID a), (a))
X(PVOID, ImageDirectoryEntryToData, (PVOID a, BOOLEAN b, USHORT c, PULONG d), (a, b, c, d))
X(PIMAGE_SECTION_HEADER, ImageRvaToSection, (PIMAGE_NT_HEADERS a, PVOID b, ULONG c), (a, b, c))
X(PVOID, ImageRvaToVa,
  (PIMAGE_NT_HEADERS a, PVOID b, ULONG c, PIMAGE_SECTION_HEADER *d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_WER)
X(HRESULT, WerRegisterExcludedMemoryBlock, (const VOID *a, DWORD b), (a, b))
X(HRESULT, WerUnregisterExcludedMemoryBlock, (const VOID *a), (a))
X(HRESULT, WerSetFlags, (DWORD a), (a))
X(HRESULT, WerGetFlags, (HANDLE a, PDWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SPAWN)
X(BOOL, CreateProcessA,
  (LPCSTR a, LPSTR b, LPSECURITY_ATTRIBUTES c, LPSECURITY_ATTRIBUTES d, BOOL e, DWORD f, LPVOID g,
   LPCSTR h, LPSTARTUPINFOA i, LPPROCESS_INFORMATION j), (a, b, c, d, e, f, g, h, i, j))
X(BOOL, CreateProcessW,
  (LPCWSTR a, LPWSTR b, LPSECURITY_ATTRIBUTES c, LPSECURITY_ATTRIBUTES d, BOOL e, DWORD f, LPVOID g,
   LPCWSTR h, LPSTARTUPINFOW i, LPPROCESS_INFORMATION j), (a, b, c, d, e, f, g, h, i, j))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_RTL)
X(SIZE_T, RtlCompareMemory, (const VOID *a, const VOID *b, SIZE_T c), (a, b, c))
X(NTSTATUS, NtYieldExecution, (VOID), ())
X(SIZE_T, RtlCompareMemoryUlong, (PVOID a, SIZE_T b, ULONG c), (a, b, c))
X(VOID, RtlFillMemoryUlong, (PVOID a, SIZE_T b, ULONG c), (a, b, c))
X(ULONG, RtlComputeCrc32, (ULONG a, const VOID *b, ULONG c), (a, b, c))
X(BOOLEAN, RtlIsProcessorFeaturePresent, (ULONG a), (a))
X(VOID, RtlRaiseStatus, (NTSTATUS a), (a))
X(NTSTATUS, NtFlushProcessWriteBuffers, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_BARRIER)
X(BOOL, InitializeSynchronizationBarrier,
  (LPSYNCHRONIZATION_BARRIER a, LONG b, LONG c), (a, b, c))
X(BOOL, EnterSynchronizationBarrier, (LPSYNCHRONIZATION_BARRIER a, DWORD b), (a, b))
X(BOOL, DeleteSynchronizationBarrier, (LPSYNCHRONIZATION_BARRIER a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SHLWAPI)
X(BOOL, PathAppendA, (LPSTR a, LPCSTR b), (a, b))
X(BOOL, PathAppendW, (LPWSTR a, LPCWSTR b), (a, b))
X(LPSTR, PathCombineA, (LPSTR a, LPCSTR b, LPCSTR c), (a, b, c))
X(LPWSTR, PathCombineW, (LPWSTR a, LPCWSTR b, LPCWSTR c), (a, b, c))
X(BOOL, PathFileExistsA, (LPCSTR a), (a))
X(BOOL, PathFileExistsW, (LPCWSTR a), (a))
X(LPSTR, PathFindExtensionA, (LPCSTR a), (a))
X(LPWSTR, PathFindExtensionW, (LPCWSTR a), (a))
X(LPSTR, PathFindFileNameA, (LPCSTR a), (a))
X(LPWSTR, PathFindFileNameW, (LPCWSTR a), (a))
X(BOOL, PathRemoveFileSpecA, (LPSTR a), (a))
X(BOOL, PathRemoveFileSpecW, (LPWSTR a), (a))
X(int, StrCmpIW, (LPCWSTR a, LPCWSTR b), (a, b))
X(LPWSTR, StrCpyNW, (LPWSTR a, LPCWSTR b, int c), (a, b, c))
X(LPSTR, StrStrIA, (LPCSTR a, LPCSTR b), (a, b))
X(LPWSTR, StrStrIW, (LPCWSTR a, LPCWSTR b), (a, b))
#endif
