/* The platform below the harness: one set of names for Windows (and Wine) and for native builds.
 *
 * Owns    the headers, the declarations that some SDKs lack, NTSTATUS numbers, threads, and which
 *         system runs.
 * I1      Nothing is taken from an SDK that the specification gives a number or a layout for.
 * I2      Nothing here calls a memory function of the API under test except the native wrappers. */
#ifndef COMPAT_SYS_H
#define COMPAT_SYS_H

#ifdef _WIN32
#define __USE_MINGW_ANSI_STDIO 1
#elif !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#include <winternl.h>
#include <fcntl.h>
#include <io.h>
#else
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <windows.h>
#include <winternl.h>
#endif

/* Statuses, numbered here so that no SDK's ntstatus.h is needed. */
#define ST_SUCCESS 0x00000000u
#define ST_WAS_LOCKED 0x40000019u
#define ST_GUARD_PAGE_VIOLATION 0x80000001u
#define ST_BUFFER_OVERFLOW 0x80000005u
#define ST_PARTIAL_COPY 0x8000000Du
#define ST_INFO_LENGTH_MISMATCH 0xC0000004u
#define ST_ACCESS_VIOLATION 0xC0000005u
#define ST_IN_PAGE_ERROR 0xC0000006u
#define ST_INVALID_HANDLE 0xC0000008u
#define ST_INVALID_PARAMETER 0xC000000Du
#define ST_NO_MEMORY 0xC0000017u
#define ST_CONFLICTING_ADDRESSES 0xC0000018u
#define ST_UNABLE_TO_FREE_VM 0xC000001Au
#define ST_NOT_COMMITTED 0xC000002Du
#define ST_INVALID_PAGE_PROTECTION 0xC0000045u
#define ST_FREE_VM_NOT_AT_BASE 0xC000009Fu
#define ST_MEMORY_NOT_ALLOCATED 0xC00000A0u
#define ST_STACK_OVERFLOW 0xC00000FDu
#define ST_INVALID_ADDRESS 0xC0000141u
#define ST_PARAMETER(n) (0xC00000EEu + (n))

/* Flag values that SDKs disagree on or leave out. */
#define VM_RESET_UNDO 0x01000000u
#define VM_TOP_DOWN 0x00100000u
#define VM_WRITE_WATCH 0x00200000u
#define VM_PHYSICAL 0x00400000u
#define VM_LARGE_PAGES 0x20000000u
#define VM_RESERVE_PLACEHOLDER 0x00040000u
#define VM_COALESCE_PLACEHOLDERS 0x00000001u
#define VM_ROUND_TO_PAGE 0x40000000u
#define VM_TARGETS_NO_UPDATE 0x40000000u

enum { QUERY_BASIC = 0, QUERY_FILENAME = 2, QUERY_REGION = 3, QUERY_IMAGE = 6 };

/* Layouts as the specification gives them (VQ-049, VQ-037), not as an SDK does. */
struct compat_region_info {
    PVOID allocation_base;
    ULONG allocation_protect;
    ULONG region_type;
    SIZE_T region_size;
    SIZE_T commit_size;
    ULONG_PTR partition_id;
    ULONG_PTR node_preference;
};
struct compat_image_info {
    PVOID base;
    SIZE_T size;
    ULONG flags;
};
struct compat_name_info {
    USHORT length;
    USHORT maximum_length;
    WCHAR *buffer;
};

#ifdef _WIN32
typedef int compat_class;
NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE, PVOID *, ULONG_PTR, PSIZE_T, ULONG, ULONG);
NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG);
NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG, PULONG);
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE, LPCVOID, compat_class, PVOID, SIZE_T, PSIZE_T);
NTSTATUS NTAPI NtLockVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG);
NTSTATUS NTAPI NtUnlockVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG);
NTSTATUS NTAPI NtReadVirtualMemory(HANDLE, LPCVOID, PVOID, SIZE_T, PSIZE_T);
NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE, PVOID, LPCVOID, SIZE_T, PSIZE_T);

typedef struct {
    PVOID OldStackBase, OldStackLimit, StackBase, StackLimit, DeallocationStack;
} INITIAL_TEB;
NTSTATUS NTAPI RtlCreateUserStack(SIZE_T, SIZE_T, ULONG, SIZE_T, SIZE_T, INITIAL_TEB *);
void NTAPI RtlFreeUserStack(PVOID);
#else
typedef MEMORY_INFORMATION_CLASS compat_class;
#ifdef __WINE_WINBASE_H /* Wine's header leaves them out */
PVOID WINAPI AddVectoredContinueHandler(ULONG, PVECTORED_EXCEPTION_HANDLER);
ULONG WINAPI RemoveVectoredContinueHandler(PVOID);
#endif
#endif

static inline ULONG nt_query(HANDLE process, const void *address, int info_class, void *out,
                             SIZE_T len, SIZE_T *out_len)
{
    return (ULONG)NtQueryVirtualMemory(process, (LPCVOID)address, (compat_class)info_class, out,
                                       len, out_len);
}

/* A native call and the variables it was given, after it. */
struct nt_out {
    ULONG status;
    BYTE *base;
    SIZE_T size;
    ULONG old;
};

static inline struct nt_out nt_alloc(void *at, ULONG_PTR zero_bits, SIZE_T size, ULONG type,
                                     ULONG protect)
{
    struct nt_out out = {0, (BYTE *)at, size, 0};
    PVOID base = at;

    out.status = (ULONG)NtAllocateVirtualMemory(GetCurrentProcess(), &base, zero_bits, &out.size,
                                                type, protect);
    out.base = (BYTE *)base;
    return out;
}

static inline struct nt_out nt_free(void *at, SIZE_T size, ULONG type)
{
    struct nt_out out = {0, (BYTE *)at, size, 0};
    PVOID base = at;

    out.status = (ULONG)NtFreeVirtualMemory(GetCurrentProcess(), &base, &out.size, type);
    out.base = (BYTE *)base;
    return out;
}

static inline struct nt_out nt_protect(void *at, SIZE_T size, ULONG protect)
{
    struct nt_out out = {0, (BYTE *)at, size, 0xdead};
    PVOID base = at;

    out.status =
        (ULONG)NtProtectVirtualMemory(GetCurrentProcess(), &base, &out.size, protect, &out.old);
    out.base = (BYTE *)base;
    return out;
}

static inline struct nt_out nt_lock(void *at, SIZE_T size, ULONG type)
{
    struct nt_out out = {0, (BYTE *)at, size, 0};
    PVOID base = at;

    out.status = (ULONG)NtLockVirtualMemory(GetCurrentProcess(), &base, &out.size, type);
    out.base = (BYTE *)base;
    return out;
}

/* ---- threads ---- */

struct compat_thread {
    void (*run)(void *);
    void *arg;
#ifdef _WIN32
    HANDLE handle;
#else
    pthread_t handle;
#endif
};

#ifdef _WIN32
static DWORD WINAPI thread_entry(LPVOID arg)
#else
static void *thread_entry(void *arg)
#endif
{
    struct compat_thread *thread = (struct compat_thread *)arg;

    thread->run(thread->arg);
    return 0;
}

static inline int thread_start(struct compat_thread *thread, void (*run)(void *), void *arg)
{
    thread->run = run;
    thread->arg = arg;
#ifdef _WIN32
    thread->handle = CreateThread(NULL, 0, thread_entry, thread, 0, NULL);
    return thread->handle != NULL;
#else
    return pthread_create(&thread->handle, NULL, thread_entry, thread) == 0;
#endif
}

static inline void thread_join(struct compat_thread *thread)
{
#ifdef _WIN32
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
#else
    pthread_join(thread->handle, NULL);
#endif
}

/* ---- the thread's block on Windows ---- */

#ifdef _WIN32
#ifdef _WIN64
enum { TEB_STACK_BASE = 0x8, TEB_STACK_LIMIT = 0x10, TEB_DEALLOCATION_STACK = 0x1478 };
#else
enum { TEB_STACK_BASE = 0x4, TEB_STACK_LIMIT = 0x8, TEB_DEALLOCATION_STACK = 0xE0C };
#endif

static inline BYTE **teb_field(SIZE_T offset)
{
    BYTE *teb;

#ifdef _WIN64
    __asm__("movq %%gs:0x30, %0" : "=r"(teb));
#else
    __asm__("movl %%fs:0x18, %0" : "=r"(teb));
#endif
    return (BYTE **)(void *)(teb + offset);
}
#endif

/* ---- which system ---- */

static inline int is_wine(void)
{
#ifdef _WIN32
    return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
#else
    return 0;
#endif
}

/* True on Microsoft's own Windows, where answers of older releases are accepted (broken). */
static inline int is_windows(void)
{
#ifdef _WIN32
    return !is_wine();
#else
    return 0;
#endif
}

static inline int is_native(void)
{
#ifdef _WIN32
    return 0;
#else
    return 1;
#endif
}

#ifdef _WIN32
static DWORD WINAPI expire(LPVOID seconds)
{
    Sleep((DWORD)(ULONG_PTR)seconds * 1000);
    printf("Bail out! time is over\n");
    fflush(stdout);
    ExitProcess(99);
}
#endif

/* The process ends with a failure after so many seconds. */
static void set_deadline(unsigned seconds)
{
#ifdef _WIN32
    CloseHandle(CreateThread(NULL, 0, expire, (LPVOID)(ULONG_PTR)seconds, 0, NULL));
#else
    alarm(seconds);
#endif
}
#endif
