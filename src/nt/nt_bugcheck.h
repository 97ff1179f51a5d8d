/* Bug checks: the end of a program that misused the pools.
 *
 * A bug check prints a report on standard error and aborts, or calls what the program registered
 * for tests (winvm_set_bug_check_callback); when that returns, so does the call. It may longjmp:
 * callers hold no lock. */
#ifndef WVM_NT_NT_BUGCHECK_H
#define WVM_NT_NT_BUGCHECK_H

#include <stdint.h>

struct wvm_pool_finding;

void wvm_bug_check(uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4);
void wvm_bug_check_finding(const struct wvm_pool_finding *f);
/* The same, found by the handler of a signal. */
void wvm_bug_check_fault(const struct wvm_pool_finding *f);

typedef void wvm_bug_check_callback(uint32_t code, const uintptr_t parameter[4], void *arg);
/* NULL: none. A bug check that another thread raises meanwhile may miss it. */
void wvm_bug_check_set_callback(wvm_bug_check_callback *fn, void *arg);

#endif
