/* The words of the report of a bug check. */
#ifndef WVM_NT_NT_BUGCHECK_NAMES_H
#define WVM_NT_NT_BUGCHECK_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { WVM_NO_SELECTOR = -1 };

/* What a bug check says. Meanings are NULL where nothing is documented; their first character is
 * explained in nt_bugcheck_names.c I2. */
struct wvm_bug_check_meaning {
    uint32_t code;
    uintptr_t sub;
    int selector; /* index of the parameter that holds sub, or WVM_NO_SELECTOR */
    const char *what;
    const char *parameter[4];
};

/* NULL: not known. */
const char *wvm_bug_check_name(uint32_t code);
/* Never NULL; .what is NULL when nothing is known. */
const struct wvm_bug_check_meaning *wvm_bug_check_meaning(uint32_t code,
                                                          const uintptr_t parameter[4]);
/* The name of a POOL_TYPE; NULL: none. */
const char *wvm_pool_type_name(uintptr_t type);

#endif
