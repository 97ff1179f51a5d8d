/* Defines the entries of one convention; included once by entry_sysv.c and once by entry_ms.c.
 *
 * Takes   WVM_ENTRY(name)   the C name of an entry
 *         WVM_ENTRY_ABI     its convention, an attribute or nothing
 *         WVM_ENTRY_REGS    where its entries go that take registers
 *         WVM_ENTRY_TABLE   the table of entries to define
 *         WVM_ENTRY_PLAIN   defined: export the plain names too */
#include "api/entry.h"

#define WVM_API(ret, name, params, args, trace)                                                    \
    __attribute__((used)) WVM_ENTRY_ABI ret WVM_ENTRY(name) params;                                \
    WVM_ENTRY_ABI ret WVM_ENTRY(name)                                                              \
        params WVM_PICK_##ret(WVM_ENTRY_VOID, WVM_ENTRY_VALUE)(name, ret, args)
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS(ret, name, params, args, trace)                                               \
    extern WVM_HIDDEN void WVM_ENTRY(name)(void);                                                  \
    WVM_REGS_ENTRY_OF(WVM_ENTRY(name), name, WVM_ENTRY_REGS)
#define WVM_REGS_ENTRY_OF(entry, name, enter) WVM_REGS_ENTRY(entry, name, enter)
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

#ifdef WVM_ENTRY_PLAIN
#define WVM_API(ret, name, params, args, trace) WVM_ALIAS(name, WVM_ENTRY(name))
#ifdef WVM_ROUTED
#define WVM_API_SHARED(ret, name, params, args, trace) \
    extern WVM_HIDDEN void wvm_routed_##name(void);
#else
#define WVM_API_SHARED(ret, name, params, args, trace) WVM_WEAK_ALIAS(name, WVM_ENTRY(name))
#endif
#define WVM_API_REGS WVM_API_SHARED
#define WVM_API_ALIAS(alias, name) WVM_UNLESS_ROUTED(name)(alias, WVM_ENTRY(name))
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
#endif

#define WVM_API(ret, name, params, args, trace) [WVM_ID_##name] = (wvm_export_fn)WVM_ENTRY(name),
#if defined(WVM_ENTRY_PLAIN) && defined(WVM_ROUTED)
#define WVM_API_SHARED(ret, name, params, args, trace) [WVM_ID_##name] = wvm_routed_##name,
#else
#define WVM_API_SHARED WVM_API
#endif
#define WVM_API_REGS WVM_API_SHARED
#define WVM_API_ALIAS(alias, name)
const wvm_export_fn WVM_ENTRY_TABLE[WVM_N_APIS] = {
#include "api/api_list.h"
};
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
