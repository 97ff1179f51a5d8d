/* For the kit inside a preload object, where a plain name may have either convention, or be the
 * program's own: the exported names of libwinvm mean its hidden entries here, in the convention
 * that the headers declare. The last error that the kit sets, the program's own SetLastError is
 * told too.
 * Included by kit.h. */
#ifndef WVM_KIT_INSIDE_H
#define WVM_KIT_INSIDE_H

#if defined(__x86_64__)
#define WVM_INSIDE(name, target) WVM_INSIDE_(name, wvm_sysv_##target)
#else
#define WVM_INSIDE(name, target) WVM_INSIDE_(name, wvm_ms_##target)
#endif
#define WVM_INSIDE_(name, target) WVM_INSIDE__(name, target)
#define WVM_INSIDE__(name, target) \
    __asm__(".hidden " #target "\n\t.set " #name ", " #target);

#define WVM_API(ret, name, params, args, trace) WVM_INSIDE(name, name)
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS WVM_API
#define WVM_API_ALIAS(alias, name) WVM_INSIDE(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

void wvm_set_last_error(DWORD error) WVM_HIDDEN;
#define SetLastError(error) wvm_set_last_error(error)

#endif
