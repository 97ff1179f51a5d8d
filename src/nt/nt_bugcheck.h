/* Bug checks: the end of a program that misused the pools.
 *
 * A bug check prints a report on standard error and aborts, or calls what the program registered
 * for tests (winvm_set_bug_check_callback); when that returns, so does the call. */
#ifndef WVM_NT_NT_BUGCHECK_H
#define WVM_NT_NT_BUGCHECK_H

#include <stdint.h>

struct wvm_pool_finding;

void wvm_bug_check(uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4);
void wvm_bug_check_finding(const struct wvm_pool_finding *f);

#endif
