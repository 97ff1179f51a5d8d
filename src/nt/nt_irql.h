/* The interrupt request level that a thread says it runs at: a number of its own. */
#ifndef WVM_NT_NT_IRQL_H
#define WVM_NT_NT_IRQL_H

#include <stdint.h>

#include "base/annotate.h"

enum {
    WVM_IRQL_PASSIVE = 0,
    WVM_IRQL_APC = 1,
    WVM_IRQL_DISPATCH = 2,
    WVM_IRQL_HIGH = sizeof(void *) == 8 ? 15 : 31,
};

extern WVM_THREAD_LOCAL uint8_t wvm_irql;

#endif
