/* The entries in the compiler's own convention (System V).
 *
 * Owns    wvm_sysv_NAME for every line of api_list.h, their plain exported names, and the table
 *         that GetProcAddress hands out to callers of this convention.
 * I1  An entry adds one test of the gate word and, for calls that change memory, one ring entry.
 * I2  The plain names exist only with WVM_PLAIN_SYSV; shared names then only without WVM_ROUTED.
 * I3  Shared names are weak, so that a program linked with the archive may define its own.
 * Locking: none.   Failure and signal safety: those of the function called. */
#define WVM_ENTRY(name) wvm_sysv_##name
#define WVM_ENTRY_ABI
#define WVM_ENTRY_REGS wvm_enter_sysv
#define WVM_ENTRY_TABLE wvm_exports_sysv
#ifdef WVM_PLAIN_SYSV
#define WVM_ENTRY_PLAIN
#endif

#include "api/entry_make.h"
