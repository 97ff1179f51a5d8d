/* The table of names that kit_entry.h writes: its place in this object. */
#ifndef WVM_KIT_EXPORTS_H
#define WVM_KIT_EXPORTS_H

#include <winvm/control.h>

#include "base/annotate.h"

/* The linker's names for the two ends of the section. */
extern const struct winvm_export __start_winvm_exports[] WVM_HIDDEN;
extern const struct winvm_export __stop_winvm_exports[] WVM_HIDDEN;
#define WVM_KIT_EXPORTS __start_winvm_exports
#define WVM_KIT_EXPORTS_END __stop_winvm_exports

extern const char wvm_kit_exports WVM_HIDDEN;

/* An entry: the name, the two functions by their symbols, the modules as a number. OWN: there is
 * none in the convention of Windows. */
#define WVM_KIT_EXPORT_AS(name, own, windows, modules) \
    WVM_KIT_EXPORT_TEXT_(#name, #own, #windows " - .", modules)
#define WVM_KIT_EXPORT_OWN(name, own, modules) WVM_KIT_EXPORT_TEXT_(#name, #own, "0", modules)
#define WVM_KIT_EXPORT_TEXT_(name, own, windows, modules) \
    WVM_KIT_EXPORT_ASM_(name, own, windows, #modules)
#define WVM_KIT_EXPORT_ASM_(name, own, windows, modules)                                    \
    __asm__(".pushsection winvm_exports, \"a\", @progbits\n\t"                              \
            ".balign 4\n\t"                                                                 \
            ".long 9f - .\n\t"                                                              \
            ".long " own " - .\n\t"                                                         \
            ".long " windows "\n\t"                                                         \
            ".long " modules "\n\t"                                                         \
            ".popsection\n\t"                                                               \
            ".pushsection .rodata.winvm_exports, \"a\", @progbits\n"                         \
            "9:\t.asciz \"" name "\"\n\t"                                                  \
            ".popsection");
/* Once in a file that has entries: kit_exports.c is linked with it. */
#define WVM_KIT_EXPORTS_HERE                                              \
    __asm__(".pushsection .rodata.winvm_exports, \"a\", @progbits\n\t"    \
            ".balign 4\n\t"                                               \
            ".long wvm_kit_exports - .\n\t"                               \
            ".popsection");

#endif
