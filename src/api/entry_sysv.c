/* The entries in the compiler's own convention: System V, which on i386 is cdecl.
 *
 * Owns    wvm_sysv_NAME for every line of api_list.h, their plain exported names (on i386
 *         winvm_cdecl_NAME), and the table that GetProcAddress hands out to callers of this
 *         convention.
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

#if defined(__i386__)
#define WVM_API(ret, name, params, args, trace) WVM_ALIAS(winvm_cdecl_##name, wvm_sysv_##name)
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS WVM_API
#define WVM_API_ALIAS(alias, name) WVM_ALIAS(winvm_cdecl_##alias, wvm_sysv_##name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
#endif
