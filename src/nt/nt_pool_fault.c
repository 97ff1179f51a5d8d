/* Accesses of system space that fault: which bug check each of them is.
 *
 * Owns     the answer to wvm_space_system_fault.
 * Terms    own code = the library's, when it is a module of its own: what faults there at high IRQL
 *          followed a pointer that lay in a block.
 * I1       A bug check whose callback returns leaves the fault an access violation like any other.
 * I2       An access that the page allows by now is tried again.
 * An access of paged pool at DISPATCH_LEVEL that finds its page is not noticed: nothing faults.
 * Locking: none.   Failure: none.   Signal safety: it runs in the handler. */
#include "nt/nt_pool_fault.h"

#include <sys/auxv.h>

#include "host/host.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_irql.h"
#include "pool/pool_special.h"
#include "space/space_fault.h"
#include "space/space_system.h"

enum { CODE_NONPAGED = 0x50, CODE_EXPOOL = 0xC5, CODE_IRQL = 0xD1, CODE_NX = 0xFC };
enum { NONPAGED_WRITE = 2, NONPAGED_EXECUTE = 0x10, IRQL_EXECUTE = 8 };

/* A present, writable, accessed and dirty page's entry, without its frame: what a program can know
 * of it. Bit 63 forbids execution. */
#define NX_ENTRY ((uintptr_t)0x8000000000000063)

/* [own_start, own_end): 0 where the library is a part of the program. */
static uintptr_t own_start, own_end;

static bool is_readable(uintptr_t addr)
{
    char byte;
    return wvm_host_read(0, &byte, addr, 1) == 1;
}

static void set_finding(struct wvm_pool_finding *f, uint32_t code, uintptr_t p1, uintptr_t p2,
                        uintptr_t p3, uintptr_t p4)
{
    *f = (struct wvm_pool_finding){code, {p1, p2, p3, p4}};
}

/* An access of a page that is not there. */
static void judge_missing(const struct wvm_system_fault *a, struct wvm_pool_finding *f)
{
    if (wvm_irql >= WVM_IRQL_DISPATCH)
        set_finding(f, a->ip - own_start < own_end - own_start ? CODE_EXPOOL : CODE_IRQL, a->addr,
                    wvm_irql, a->execute ? IRQL_EXECUTE : a->write, a->ip);
    else
        set_finding(f, CODE_NONPAGED, a->addr,
                    a->execute ? NONPAGED_EXECUTE : a->write ? NONPAGED_WRITE : 0, a->ip, 0);
}

/* False: the access is allowed. */
static bool judge(const struct wvm_system_fault *a, struct wvm_pool_finding *f)
{
    struct wvm_special_access special = {a->addr, a->ip, a->write, a->execute};
    if (wvm_pool_special_judge(&special, f) == WVM_SPECIAL_WRONG)
        return true;
    if (!is_readable(a->addr))
        judge_missing(a, f);
    else if (a->execute)
        set_finding(f, CODE_NX, a->addr, NX_ENTRY, 0, 0);
    else
        return false;
    return true;
}

static bool on_fault(const struct wvm_system_fault *a)
{
    struct wvm_pool_finding f;
    if (!judge(a, &f))
        return true;
    wvm_bug_check_fault(&f);
    return false;
}

void wvm_nt_pool_faults_start(void)
{
    uintptr_t start, end;
    uintptr_t entry = getauxval(AT_ENTRY);
    if (wvm_host_module((uintptr_t)&own_start, &start, &end) && entry - start >= end - start) {
        own_start = start;
        own_end = end;
    }
    __atomic_store_n(&wvm_space_system_fault, on_fault, __ATOMIC_RELEASE);
    if (wvm_space_arm_hook != NULL)
        wvm_space_arm_hook();
}
