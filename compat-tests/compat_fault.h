/* Faults as data: one access by a leaf function, and what the system said about it.
 *
 * Owns    the fault handler of the process and the escape out of a case.
 * Terms   touch = one access by a leaf function; an access that faults returns from that leaf.
 * I1      A touch that faults is reported with the kind (0 read, 1 write, 8 execute) and the exact
 *         address; any other fault leaves the running case (compat_escape), never to return to it.
 * Locking: touches are per thread; the escape belongs to the main thread.
 * Signal safety: the handler reads and writes the saved registers only. */
#ifndef COMPAT_FAULT_H
#define COMPAT_FAULT_H

#include "compat_cpu.h"
#include "compat_layout.h"

struct fault {
    ULONG code;     /* 0: the access went through */
    ULONG_PTR kind; /* 0 read, 1 write, 8 execute */
    ULONG_PTR address;
    ULONG_PTR status; /* of an in-page error: why the page could not be had */
};

static __thread volatile int compat_touching;
static __thread volatile struct fault compat_fault;
static void *compat_escape_frame[5]; /* the third is the stack pointer */
static volatile int compat_escape_armed;
static volatile int compat_faults_pass; /* leave faults to whoever comes after the harness */

/* Leaf functions: no frame, so that a fault in them returns by popping the return address. A call
 * of the touched address itself is one more. */
__asm__(".text\n"
        "compat_leaf_read: movb " LEAF_TARGET ", %dl\n ret\n"
        "compat_leaf_write: movb " LEAF_TARGET ", %dl\n"
        " movb %dl, " LEAF_TARGET "\n ret\n"
        "compat_leaf_store: movb $0x5a, " LEAF_TARGET "\n ret\n"
        "compat_leaf_read4: movl " LEAF_TARGET ", %edx\n ret\n"
        "compat_leaf_store4: movl $0x5a5a5a5a, " LEAF_TARGET "\n ret\n");
LEAF void compat_leaf_read(const volatile void *p) __asm__("compat_leaf_read");
LEAF void compat_leaf_write(const volatile void *p) __asm__("compat_leaf_write");
LEAF void compat_leaf_store(const volatile void *p) __asm__("compat_leaf_store");
LEAF void compat_leaf_read4(const volatile void *p) __asm__("compat_leaf_read4");
LEAF void compat_leaf_store4(const volatile void *p) __asm__("compat_leaf_store4");

static void __attribute__((noreturn, used, noinline)) compat_escape(void)
{
    compat_escape_armed = 0;
    __builtin_longjmp(compat_escape_frame, 1);
}

static void note_fault(ULONG code, ULONG_PTR kind, ULONG_PTR address)
{
    compat_fault.code = code;
    compat_fault.kind = kind;
    compat_fault.address = address;
}

/* Where the interrupted thread goes on: out of the leaf, or out of the case. Returns 0 when neither
 * is possible. */
static int redirect(CONTEXT *context)
{
    if (compat_touching) {
        cpu_return(context);
        return 1;
    }
    if (!compat_escape_armed)
        return 0;
    cpu_go_to(context, compat_escape, (char *)compat_escape_frame[2] - 1024);
    return 1;
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *record = info->ExceptionRecord;

    if (compat_faults_pass || (record->ExceptionCode != ST_ACCESS_VIOLATION &&
                               record->ExceptionCode != ST_IN_PAGE_ERROR &&
                               record->ExceptionCode != ST_GUARD_PAGE_VIOLATION))
        return EXCEPTION_CONTINUE_SEARCH;
    note_fault(record->ExceptionCode, record->ExceptionInformation[0],
               record->ExceptionInformation[1]);
    if (record->NumberParameters > 2)
        compat_fault.status = record->ExceptionInformation[2];
    return redirect(info->ContextRecord) ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static void *compat_handler;

static inline void release_faults(void)
{
    RemoveVectoredExceptionHandler(compat_handler);
    compat_handler = NULL;
}

static void catch_faults(void)
{
#ifdef _WIN32
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
#endif
    compat_handler = AddVectoredExceptionHandler(1, on_exception);
}

static struct fault touch(leaf_call leaf, const volatile void *p)
{
    struct fault seen;

    compat_fault.code = 0;
    compat_fault.status = 0;
    compat_touching = 1;
    leaf(p);
    compat_touching = 0;
    seen.code = compat_fault.code;
    seen.kind = compat_fault.kind;
    seen.address = compat_fault.address;
    seen.status = compat_fault.status;
    return seen;
}

static inline struct fault touch_read(const volatile void *p)
{
    return touch(compat_leaf_read, p);
}
/* Reads the byte and writes the same byte back. */
static inline struct fault touch_rewrite(const volatile void *p)
{
    return touch(compat_leaf_write, p);
}
/* Stores 0x5a without reading. */
static inline struct fault touch_write(const volatile void *p)
{
    return touch(compat_leaf_store, p);
}
/* The same with four bytes, aligned or not. */
static inline struct fault touch_read4(const volatile void *p)
{
    return touch(compat_leaf_read4, p);
}
static inline struct fault touch_write4(const volatile void *p)
{
    return touch(compat_leaf_store4, p);
}
/* Calls p; the byte there must be a return instruction when the page is executable. */
static inline struct fault touch_exec(const volatile void *p)
{
    return touch((leaf_call)(uintptr_t)p, p);
}
#endif
