/* Names for addresses of code. */
#ifndef WVM_HOST_HOST_SYMBOL_H
#define WVM_HOST_HOST_SYMBOL_H

#include <stdint.h>

#include "base/fmt.h"

/* Appends "function+0x1f (module+0x11a9)" for an address that a call returns to; "module+0x11a9"
 * where the module's file has no symbol for it (the number is what addr2line takes); "0x..." where
 * no module is. Reads the module's file. Safe in signal handlers; errno is preserved. */
void wvm_host_put_code(struct wvm_buf *out, uintptr_t addr);

#endif
