/* The conformance cases in a based space: put before a case's source with -include, it makes every
 * call on memory one on a space's handle.
 *
 * Owns    the space of the program, and what stands in for the calls.
 * Terms   based = a pointer into the space's window, which cases hold and use as any pointer;
 *         offset = the same in the space's own terms, which is what the calls get and give.
 * I1      A pointer into the window goes in as its offset, anything else as it is; what comes out
 *         of a call that succeeded comes out as a pointer. What failed writes nothing.
 * I2      GetCurrentProcess() stands for the space where memory is meant. Other processes, buffers
 *         and handles are passed on untouched.
 * I3      Calls with a form for processes are made in that form; those without one by pointer. */
#ifndef COMPAT_BASED_H
#define COMPAT_BASED_H

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>
#include <winvm/space.h>

#define COMPAT_BASED 1

static HANDLE based_space;
static ULONG_PTR based_base;
static struct winvm_space_info based_info;

/* COMPAT_SPACE in the environment: megabytes, 4096 by default. */
static void __attribute__((constructor(101))) based_begin(void)
{
    struct winvm_space_options options = {.size = sizeof(options),
                                          .flags = WINVM_SPACE_SHARED_DATA};
    const char *megabytes = getenv("COMPAT_SPACE");

    options.megabytes = megabytes ? (uint32_t)atoi(megabytes) : 0;
    based_space = winvm_space_create(&options);
    based_info.size = sizeof(based_info);
    if (!based_space || winvm_space_info(based_space, &based_info)) {
        perror("winvm_space_create");
        exit(99);
    }
    based_base = (ULONG_PTR)based_info.base;
}

static inline HANDLE based_process(HANDLE process)
{
    return process == (HANDLE)(LONG_PTR)-1 ? based_space : process;
}

static inline int based_meant(HANDLE process)
{
    return based_process(process) == based_space;
}

/* Pointer to offset, for a call on this process. */
static inline void *based_in(HANDLE process, const void *p)
{
    ULONG_PTR at = (ULONG_PTR)p - based_base;

    return based_meant(process) && at >> 32 == 0 ? (void *)at : (void *)(ULONG_PTR)p;
}

/* Offset to pointer. */
static inline void *based_out(HANDLE process, const void *p)
{
    return based_meant(process) ? (void *)((ULONG_PTR)p + based_base) : (void *)(ULONG_PTR)p;
}

/* The same for results of which NULL says something else. */
static inline void *based_result(HANDLE process, const void *p)
{
    return p ? based_out(process, p) : NULL;
}

/* A native call with a variable for the base: the variable holds an offset during the call. */
#define BASED_NATIVE(process, base, call)                                                          \
    do {                                                                                           \
        PVOID *variable = base;                                                                    \
        PVOID base##_own;                                                                          \
        NTSTATUS status;                                                                           \
                                                                                                   \
        if (!based_meant(process) || !based_readable(variable))                                    \
            return call;                                                                           \
        base##_own = based_in(process, based_load(variable));                                      \
        base = &base##_own;                                                                        \
        process = based_process(process);                                                          \
        status = call;                                                                             \
        if (status >= 0)                                                                           \
            based_store(variable, based_out(process, base##_own));                                 \
        return status;                                                                             \
    } while (0)

/* What cannot be read and written is left to the call. */
static inline int based_readable(PVOID *variable)
{
    MEMORY_BASIC_INFORMATION info;

    return variable && VirtualQuery(variable, &info, sizeof(info)) && info.State == MEM_COMMIT &&
           (info.Protect & 0xCC) != 0;
}
static inline PVOID based_load(PVOID *variable)
{
    PVOID value;

    memcpy(&value, variable, sizeof(value));
    return value;
}
static inline void based_store(PVOID *variable, PVOID value)
{
    memcpy(variable, &value, sizeof(value));
}

/* ---- native calls ---- */

static inline NTSTATUS based_NtAllocateVirtualMemory(HANDLE h, PVOID *base, ULONG_PTR bits,
                                                     PSIZE_T size, ULONG type, ULONG protect)
{
    BASED_NATIVE(h, base, NtAllocateVirtualMemory(h, base, bits, size, type, protect));
}
static inline NTSTATUS based_NtAllocateVirtualMemoryEx(HANDLE h, PVOID *base, PSIZE_T size,
                                                       ULONG type, ULONG protect,
                                                       PMEM_EXTENDED_PARAMETER p, ULONG n)
{
    BASED_NATIVE(h, base, NtAllocateVirtualMemoryEx(h, base, size, type, protect, p, n));
}
static inline NTSTATUS based_NtFreeVirtualMemory(HANDLE h, PVOID *base, PSIZE_T size, ULONG type)
{
    BASED_NATIVE(h, base, NtFreeVirtualMemory(h, base, size, type));
}
static inline NTSTATUS based_NtProtectVirtualMemory(HANDLE h, PVOID *base, PSIZE_T size,
                                                    ULONG protect, PULONG old)
{
    BASED_NATIVE(h, base, NtProtectVirtualMemory(h, base, size, protect, old));
}
static inline NTSTATUS based_NtLockVirtualMemory(HANDLE h, PVOID *base, PSIZE_T size, ULONG type)
{
    BASED_NATIVE(h, base, NtLockVirtualMemory(h, base, size, type));
}
static inline NTSTATUS based_NtUnlockVirtualMemory(HANDLE h, PVOID *base, PSIZE_T size, ULONG type)
{
    BASED_NATIVE(h, base, NtUnlockVirtualMemory(h, base, size, type));
}
static inline NTSTATUS based_NtFlushVirtualMemory(HANDLE h, PVOID *base, PSIZE_T size, PVOID iosb)
{
    BASED_NATIVE(h, base, NtFlushVirtualMemory(h, base, size, iosb));
}
static inline NTSTATUS based_NtMapViewOfSection(HANDLE section, HANDLE h, PVOID *base,
                                                ULONG_PTR bits, SIZE_T commit,
                                                const LARGE_INTEGER *offset, PSIZE_T size,
                                                SECTION_INHERIT inherit, ULONG type, ULONG protect)
{
    BASED_NATIVE(h, base,
                 NtMapViewOfSection(section, h, base, bits, commit, offset, size, inherit, type,
                                    protect));
}
static inline NTSTATUS based_NtMapViewOfSectionEx(HANDLE section, HANDLE h, PVOID *base,
                                                  const LARGE_INTEGER *offset, PSIZE_T size,
                                                  ULONG type, ULONG protect,
                                                  PMEM_EXTENDED_PARAMETER p, ULONG n)
{
    BASED_NATIVE(h, base,
                 NtMapViewOfSectionEx(section, h, base, offset, size, type, protect, p, n));
}
static inline NTSTATUS based_NtUnmapViewOfSection(HANDLE h, PVOID base)
{
    return NtUnmapViewOfSection(based_process(h), based_in(h, base));
}
static inline NTSTATUS based_NtUnmapViewOfSectionEx(HANDLE h, PVOID base, ULONG flags)
{
    return NtUnmapViewOfSectionEx(based_process(h), based_in(h, base), flags);
}
static inline NTSTATUS based_NtReadVirtualMemory(HANDLE h, LPCVOID at, PVOID to, SIZE_T n,
                                                 PSIZE_T done)
{
    return NtReadVirtualMemory(based_process(h), based_in(h, at), to, n, done);
}
static inline NTSTATUS based_NtWriteVirtualMemory(HANDLE h, PVOID at, LPCVOID from, SIZE_T n,
                                                  PSIZE_T done)
{
    return NtWriteVirtualMemory(based_process(h), based_in(h, at), from, n, done);
}

/* The pointers in what a query of these classes wrote. */
static inline void based_answer(HANDLE h, int info_class, void *out)
{
    PVOID pointers[2];

    if (!based_meant(h) || (info_class != 0 && info_class != 3 && info_class != 6))
        return;
    memcpy(pointers, out, sizeof(pointers));
    pointers[0] = info_class == 0 ? based_out(h, pointers[0]) : based_result(h, pointers[0]);
    if (info_class == 0) /* MEMORY_BASIC_INFORMATION: AllocationBase, NULL for what is free */
        pointers[1] = based_result(h, pointers[1]);
    memcpy(out, pointers, sizeof(pointers));
}
static inline NTSTATUS based_NtQueryVirtualMemory(HANDLE h, LPCVOID at,
                                                  MEMORY_INFORMATION_CLASS info_class, PVOID out,
                                                  SIZE_T size, PSIZE_T done)
{
    NTSTATUS status =
        NtQueryVirtualMemory(based_process(h), based_in(h, at), info_class, out, size, done);

    if (status >= 0)
        based_answer(h, (int)info_class, out);
    return status;
}
static inline NTSTATUS based_NtGetWriteWatch(HANDLE h, ULONG flags, PVOID base, SIZE_T size,
                                             PVOID *pages, ULONG_PTR *count, ULONG *granularity)
{
    NTSTATUS status = NtGetWriteWatch(based_process(h), flags, based_in(h, base), size, pages,
                                      count, granularity);

    for (ULONG_PTR i = 0; status >= 0 && based_meant(h) && i < *count; i++)
        pages[i] = based_out(h, pages[i]);
    return status;
}
static inline NTSTATUS based_NtResetWriteWatch(HANDLE h, PVOID base, SIZE_T size)
{
    return NtResetWriteWatch(based_process(h), based_in(h, base), size);
}

#include "compat_based_win32.h"
#endif
