/* The privileges that the process's token holds, as far as the memory calls ask for them. */
#ifndef WVM_NT_NT_PRIVILEGE_H
#define WVM_NT_NT_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>

/* Numbered as Windows numbers them (the low part of their LUIDs). */
enum wvm_privilege {
    WVM_SE_LOCK_MEMORY = 4, /* large pages, AWE, physical locks */
    WVM_SE_INCREASE_QUOTA = 5,
    WVM_SE_PROFILE_SINGLE_PROCESS = 13,
    WVM_SE_INCREASE_BASE_PRIORITY = 14,
    WVM_SE_INCREASE_WORKING_SET = 33,
};

/* Held and enabled. Each one is from the start; SeLockMemoryPrivilege only with the option
 * lock-memory=1, the default. */
bool wvm_nt_holds(enum wvm_privilege p);
/* 0 not held, 1 held, 2 enabled as well; -1: none of these. */
int wvm_nt_privilege_state(uint32_t number);
/* What the process does not hold cannot be enabled: that changes nothing. */
void wvm_nt_privilege_enable(enum wvm_privilege p, bool on);

#endif
