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

#endif
