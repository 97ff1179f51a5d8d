/* Exports the names of a family; included once by the file that has the family, behind its
 * functions, with WVM_KIT_family defined. Each name has up to three symbols:
 *   wvm_kit_Foo      the function itself, in the compiler's convention; hidden
 *   wvm_kit_ms_Foo   the same for callers of the Windows convention; hidden
 *   Foo and winvm_ms_Foo, on i386 winvm_cdecl_Foo and Foo: these two under the names that
 *                    <winvm/abi.h> gives them; WVM_PLAIN_MS lets the second have the plain name
 * A call in the compiler's convention costs nothing more than the function. The exported symbols
 * are weak: a program linked with the archive may define any of them itself, and still gets the
 * others of the family. The kit calls its own functions by their hidden names.
 * Each name is also an entry of the table that GetProcAddress reads (kit_exports.c): WVM_KIT_IN,
 * when it is defined before, has the modules of a family, a sum of WINVM_IN_*; 0, as it is without,
 * lets the form of each name say it.
 * WVM_KIT_INSIDE leaves the plain names out: the preload objects make them themselves. */
#include <winvm/control.h>

#include "kit/kit.h"
#include "kit/kit_exports.h"

#ifndef WVM_KIT_IN
#define WVM_KIT_IN 0
#endif

#define WVM_KIT_MS_ENTRY_TO(ret, name, params, args, target)                                \
    WVM_HIDDEN WVM_WINDOWS_CALL ret wvm_kit_ms_##name params;                               \
    __attribute__((used)) WVM_WINDOWS_CALL WVM_ANY_STACK ret wvm_kit_ms_##name params       \
    {                                                                                       \
        return target args;                                                                 \
    }

#define X(ret, name, params, args) WVM_KIT_MS_ENTRY_TO(ret, name, params, args, wvm_kit_##name)
#define F(ret, name, params, args) \
    WVM_KIT_MS_ENTRY_TO(ret, name, params, args, wvm_kit_##name##_ms)
#undef V
#define V(ret, name, params, args) WVM_HIDDEN WVM_WINDOWS_CALL ret wvm_kit_ms_##name params;
#include "kit/kit_list.h"
#undef X
#undef F
#undef V

#if defined(WVM_PLAIN_MS)
#define WVM_KIT_PLAIN(name) wvm_kit_ms_##name
#else
#define WVM_KIT_PLAIN(name) wvm_kit_##name
#endif
#if defined(__x86_64__)
#define WVM_KIT_OTHER(name) WVM_KIT_SYMBOL(winvm_ms_##name, wvm_kit_ms_##name)
#else
#define WVM_KIT_OTHER(name) WVM_KIT_SYMBOL(winvm_cdecl_##name, wvm_kit_##name)
#endif
#if defined(WVM_KIT_INSIDE)
#define X(ret, name, params, args) WVM_KIT_OTHER(name)
#else
#define X(ret, name, params, args) \
    WVM_KIT_OTHER(name) WVM_KIT_SYMBOL(name, WVM_KIT_PLAIN(name))
#endif
#define WVM_KIT_SYMBOL(symbol, target) WVM_KIT_SYMBOL_(symbol, target)
#define WVM_KIT_SYMBOL_(symbol, target)              \
    __asm__(".weak " #symbol "\n\t"                  \
            ".type " #symbol ", @function\n\t"       \
            ".set " #symbol ", " #target);
#define F X
#include "kit/kit_list.h"
#undef X
#undef F

/* The entries of the table; and kit_exports.c, which knows where the table begins. */
#define WVM_KIT_EXPORT_IN(name, modules) \
    WVM_KIT_EXPORT_AS(name, wvm_kit_##name, wvm_kit_ms_##name, modules)
#define X(ret, name, params, args) WVM_KIT_EXPORT_IN(name, WVM_KIT_IN)
#define F X
#include "kit/kit_list.h"
#undef X
#undef F
WVM_KIT_EXPORTS_HERE
