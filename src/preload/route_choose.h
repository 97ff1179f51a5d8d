/* Which calls of a shared name stay here: the choice per name, see route.c.
 *
 *   GetLastError SetLastError GetCurrentProcess GetCurrentProcessId   next
 *   GetErrorMode SetErrorMode    next
 *   RaiseException RtlRaiseException SetUnhandledExceptionFilter UnhandledExceptionFilter
 *   RtlCaptureContext RtlRestoreContext NtContinue
 *                                next: a layer that raises exceptions has handlers of its own
 *   CloseHandle NtClose GetHandleInformation SetHandleInformation NtQueryObject
 *                                own for handles that were made here
 *   DuplicateHandle NtDuplicateObject    own when the source is such a handle
 *   CompareObjectHandles NtCompareObjects    own when one of the two is
 *   ReadFile WriteFile SetFilePointer SetFilePointerEx SetEndOfFile GetFileSize GetFileSizeEx
 *   GetFileType FlushFileBuffers _open_osfhandle
 *                                own for handles that were made here
 *   CreateFile DeleteFile GetTempPath GetTempFileName _get_osfhandle
 *                                next: its files are for its other calls
 *   OpenProcess                  own when only rights to memory and queries are asked for
 *   GetModuleHandle LoadLibrary  winvm's module names: the handle of next's module, which then
 *                                stands for ours too, or our own handle when next has none;
 *                                others: next
 *   GetProcAddress               own for names that winvm exports from such a module, else next.
 *                                What next has for a shared name becomes next for that name, so
 *                                that the same choices are made as for symbols. For names of the
 *                                kit the program's: the symbol, or what next has; else own
 *   FreeLibrary                  own for our own handles
 *   RtlNtStatusToDosError        own for statuses that winvm knows
 *   MapViewOfFile and its other forms    own for sections that were made here
 *   UnmapViewOfFile, Ex and 2, FlushViewOfFile    own for addresses in memory of winvm's
 *   CreateFileMapping and its other forms    own for the page file (INVALID_HANDLE_VALUE) and for
 *                                files that were opened here: another file's mapping is next's
 *   OpenFileMapping              own: the names are those of mappings of the page file
 * A form that next does not have stays here. */
#ifndef WVM_PRELOAD_ROUTE_CHOOSE_H
#define WVM_PRELOAD_ROUTE_CHOOSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

/* A call as the thunk of route.c stores it. */
#if defined(__x86_64__)
typedef uint64_t wvm_route_word;
struct route_regs {
    uint64_t rdi, rsi, rdx, rcx, r8, r9, result, r10; /* result: rax */
};
#else
typedef uint32_t wvm_route_word;
struct route_regs {
    uint32_t result;      /* eax */
    const uint32_t *args; /* on the caller's stack */
};
#endif

struct wvm_route;
typedef void *route_choice(const struct wvm_route *route, struct route_regs *regs);

struct wvm_route {
    const char *name;
    void *own;
    route_choice *choose;
    void *next;         /* NULL: none */
};

/* The n-th argument of a call. */
#if defined(__i386__)
#define ARG(regs, n) ((regs)->args[n])
#elif defined(WVM_PLAIN_MS)
#define ARG(regs, n) \
    ((n) == 0 ? (regs)->rcx : (n) == 1 ? (regs)->rdx : (n) == 2 ? (regs)->r8 : (regs)->r9)
#else
#define ARG(regs, n) \
    ((n) == 0 ? (regs)->rdi : (n) == 1 ? (regs)->rsi : (n) == 2 ? (regs)->rdx : (regs)->rcx)
#endif

#pragma GCC visibility push(hidden)
route_choice wvm_choose_next;
route_choice wvm_choose_by_handle;
route_choice wvm_choose_by_second;
route_choice wvm_choose_by_either;
route_choice wvm_choose_by_access;
route_choice wvm_choose_module_a;
route_choice wvm_choose_module_w;
route_choice wvm_choose_function;
route_choice wvm_choose_free;
route_choice wvm_choose_by_status;
route_choice wvm_choose_by_view;
route_choice wvm_choose_by_second_view;
route_choice wvm_choose_mapping;
route_choice wvm_choose_own;

/* Calls fn, of either convention, with two arguments. */
wvm_route_word wvm_route_either(void *fn, wvm_route_word a, wvm_route_word b);
/* Returns to the caller of a routed name of one argument with the value that a choice left in
 * regs->result. */
void wvm_route_return(void);
/* The same for one of two arguments. */
void wvm_route_return_2(void);
/* The route of a name; NULL: it is not shared. */
struct wvm_route *wvm_route_of(const char *name);
/* A definition that is no symbol becomes next, unless it is one of winvm's. */
void wvm_route_learn(struct wvm_route *route, void *theirs);
#pragma GCC visibility pop

#define CHOICE_GetLastError wvm_choose_next
#define CHOICE_SetLastError wvm_choose_next
#define CHOICE_GetCurrentProcess wvm_choose_next
#define CHOICE_GetCurrentProcessId wvm_choose_next
#define CHOICE_GetErrorMode wvm_choose_next
#define CHOICE_SetErrorMode wvm_choose_next
#define CHOICE_RaiseException wvm_choose_next
#define CHOICE_RtlRaiseException wvm_choose_next
#define CHOICE_SetUnhandledExceptionFilter wvm_choose_next
#define CHOICE_UnhandledExceptionFilter wvm_choose_next
#define CHOICE_RtlCaptureContext wvm_choose_next
#define CHOICE_RtlRestoreContext wvm_choose_next
#define CHOICE_NtContinue wvm_choose_next
#define CHOICE_OpenProcess wvm_choose_by_access
#define CHOICE_CloseHandle wvm_choose_by_handle
#define CHOICE_NtClose wvm_choose_by_handle
#define CHOICE_DuplicateHandle wvm_choose_by_second
#define CHOICE_NtDuplicateObject wvm_choose_by_second
#define CHOICE_GetHandleInformation wvm_choose_by_handle
#define CHOICE_SetHandleInformation wvm_choose_by_handle
#define CHOICE_NtQueryObject wvm_choose_by_handle
#define CHOICE_CompareObjectHandles wvm_choose_by_either
#define CHOICE_NtCompareObjects wvm_choose_by_either
#define CHOICE_CreateFileA wvm_choose_next
#define CHOICE_CreateFileW wvm_choose_next
#define CHOICE_ReadFile wvm_choose_by_handle
#define CHOICE_WriteFile wvm_choose_by_handle
#define CHOICE_SetFilePointer wvm_choose_by_handle
#define CHOICE_SetFilePointerEx wvm_choose_by_handle
#define CHOICE_SetEndOfFile wvm_choose_by_handle
#define CHOICE_GetFileSize wvm_choose_by_handle
#define CHOICE_GetFileSizeEx wvm_choose_by_handle
#define CHOICE_GetFileType wvm_choose_by_handle
#define CHOICE_FlushFileBuffers wvm_choose_by_handle
#define CHOICE_DeleteFileA wvm_choose_next
#define CHOICE_DeleteFileW wvm_choose_next
#define CHOICE_GetTempPathA wvm_choose_next
#define CHOICE_GetTempPathW wvm_choose_next
#define CHOICE_GetTempFileNameA wvm_choose_next
#define CHOICE_GetTempFileNameW wvm_choose_next
#define CHOICE__get_osfhandle wvm_choose_next
#define CHOICE__open_osfhandle wvm_choose_by_handle
#define CHOICE_MapViewOfFile wvm_choose_by_handle
#define CHOICE_MapViewOfFileEx wvm_choose_by_handle
#define CHOICE_MapViewOfFileExNuma wvm_choose_by_handle
#define CHOICE_MapViewOfFileFromApp wvm_choose_by_handle
#define CHOICE_MapViewOfFile2 wvm_choose_by_handle
#define CHOICE_MapViewOfFileNuma2 wvm_choose_by_handle
#define CHOICE_MapViewOfFile3 wvm_choose_by_handle
#define CHOICE_MapViewOfFile3FromApp wvm_choose_by_handle
#define CHOICE_UnmapViewOfFile wvm_choose_by_view
#define CHOICE_UnmapViewOfFileEx wvm_choose_by_view
#define CHOICE_UnmapViewOfFile2 wvm_choose_by_second_view
#define CHOICE_FlushViewOfFile wvm_choose_by_view
#define CHOICE_CreateFileMappingA wvm_choose_mapping
#define CHOICE_CreateFileMappingW wvm_choose_mapping
#define CHOICE_CreateFileMappingNumaW wvm_choose_mapping
#define CHOICE_CreateFileMappingFromApp wvm_choose_mapping
#define CHOICE_CreateFileMapping2 wvm_choose_mapping
#define CHOICE_OpenFileMappingA wvm_choose_own
#define CHOICE_OpenFileMappingW wvm_choose_own
#define CHOICE_OpenFileMappingFromApp wvm_choose_own
#define CHOICE_GetModuleHandleA wvm_choose_module_a
#define CHOICE_GetModuleHandleW wvm_choose_module_w
#define CHOICE_LoadLibraryA wvm_choose_module_a
#define CHOICE_LoadLibraryW wvm_choose_module_w
#define CHOICE_GetProcAddress wvm_choose_function
#define CHOICE_FreeLibrary wvm_choose_free
#define CHOICE_RtlNtStatusToDosError wvm_choose_by_status


#endif
