/* The modules of a process: its program first, then its shared libraries. */
#ifndef WVM_KIT_KIT_MODULES_H
#define WVM_KIT_KIT_MODULES_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

struct wvm_kit_module {
    uintptr_t base, end; /* whole pages */
    bool has_code;
    char *path; /* the host's, of the file */
};
struct wvm_kit_modules {
    uint32_t n, cap;
    bool is_short; /* of memory */
    struct wvm_kit_module *all;
};

/* Those of now, to be freed; false and the last error: 8, 5, 299 it has ended. */
bool wvm_kit_modules_read(uint32_t pid, struct wvm_kit_modules *out);
void wvm_kit_modules_free(struct wvm_kit_modules *list);
/* The one that an address is in, NULL: the program; NULL: there is none. */
const struct wvm_kit_module *wvm_kit_module_at(const struct wvm_kit_modules *list, HMODULE at);
/* What is behind the last slash. */
const char *wvm_kit_base_name(const char *path);

#pragma GCC visibility pop

#endif
