/* One access to a page as data, for programs that test faults under load.
 *
 * Terms   touch = a write of one byte by a leaf function; when it may not go through, the vectored
 *         handler leaves the leaf.
 * I1      Every guard page exception of a page of the watched range is counted, whoever caused it.
 * Signal safety: touch and the handler may be used in a signal handler. */
#ifndef STRESS_FAULTS_H
#define STRESS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include <winvm/winvm.h>

enum { PAGE = 4096, MOST_PAGES = 512 };

static struct {
    char *base; /* the watched range */
    unsigned n; /* its pages */
    unsigned guard[MOST_PAGES], violation[MOST_PAGES];
    unsigned strange; /* exceptions that belong to no page or have another code */
} counted;

#if defined(__x86_64__)
void stress_leaf(volatile char *at) __asm__("stress_leaf");
__asm__(".text\n"
        "stress_leaf: movb $0x5a, (%rdi)\n ret\n");
#define CONTEXT_IP(context) ((context)->Rip)
#define CONTEXT_SP(context) ((context)->Rsp)
#else
void stress_leaf(volatile char *at) __asm__("stress_leaf") __attribute__((regparm(1)));
__asm__(".text\n"
        "stress_leaf: movb $0x5a, (%eax)\n ret\n");
#define CONTEXT_IP(context) ((context)->Eip)
#define CONTEXT_SP(context) ((context)->Esp)
#endif

static unsigned load(const unsigned *n)
{
    return __atomic_load_n(n, __ATOMIC_SEQ_CST);
}

static void add(unsigned *n)
{
    __atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST);
}

static LONG WINAPI count_exception(EXCEPTION_POINTERS *info)
{
    const EXCEPTION_RECORD *r = info->ExceptionRecord;
    uintptr_t at = r->ExceptionInformation[1], base = (uintptr_t)counted.base;

    if (r->NumberParameters != 2 || at < base || at >= base + (uintptr_t)counted.n * PAGE) {
        add(&counted.strange);
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if (r->ExceptionCode == (DWORD)EXCEPTION_GUARD_PAGE) {
        add(&counted.guard[(at - base) / PAGE]);
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (r->ExceptionCode != (DWORD)EXCEPTION_ACCESS_VIOLATION ||
        CONTEXT_IP(info->ContextRecord) != (uintptr_t)stress_leaf) {
        add(&counted.strange);
        return EXCEPTION_CONTINUE_SEARCH;
    }
    add(&counted.violation[(at - base) / PAGE]);
    CONTEXT_IP(info->ContextRecord) = *(uintptr_t *)CONTEXT_SP(info->ContextRecord);
    CONTEXT_SP(info->ContextRecord) += sizeof(uintptr_t);
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* The kernel's view of one page: the rights it gives to a copy. */
enum { CAN_READ = 1, CAN_WRITE = 2 };

static unsigned kernel_rights(char *at)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {at, 1};
    unsigned rights = 0;

    if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1)
        rights |= CAN_READ;
    if (rights && process_vm_writev(getpid(), &here, 1, &there, 1, 0) == 1)
        rights |= CAN_WRITE;
    return rights;
}

/* What VirtualQuery's answer allows. */
static unsigned table_rights(char *at)
{
    MEMORY_BASIC_INFORMATION m;

    if (!VirtualQuery(at, &m, sizeof m) || m.State != MEM_COMMIT || (m.Protect & PAGE_GUARD))
        return 0;
    return m.Protect == PAGE_READWRITE  ? CAN_READ | CAN_WRITE
           : m.Protect == PAGE_READONLY ? CAN_READ
                                        : 0;
}
#endif
