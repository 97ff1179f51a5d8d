/* Names of objects, of one process. */
#ifndef WVM_KIT_KIT_NAMED_H
#define WVM_KIT_KIT_NAMED_H

#include "kit/kit_wait.h"

#pragma GCC visibility push(hidden)

#define WVM_KIT_MOST_NAME (4 * 260) /* bytes of UTF-8 */

/* A name as UTF-8; empty: none. */
struct wvm_kit_name {
    char text[WVM_KIT_MOST_NAME];
};

/* False and the last error: 206 too long, 3 a backslash in it. "Local\" is taken off. */
bool wvm_kit_name_a(struct wvm_kit_name *name, LPCSTR text);
bool wvm_kit_name_w(struct wvm_kit_name *name, LPCWSTR text);

/* True: *out is a handle to the object that has the name, and the last error 183, or NULL, and the
 * last error. False: there is none, and wvm_kit_name_leave must follow. */
bool wvm_kit_name_enter(const struct wvm_kit_name *name, struct wvm_kit_kind *kind,
                        uint32_t access, HANDLE *out);
/* A handle to a new object, which takes over the caller's reference and gets the name. NULL and the
 * last error; object NULL: the one that its making left. */
HANDLE wvm_kit_name_leave(const struct wvm_kit_name *name, struct wvm_kit_object *object,
                          uint32_t access);
/* A handle to the object that has the name. NULL: 2, 6 it is of another kind, 87 no name. */
HANDLE wvm_kit_name_open(const struct wvm_kit_name *name, struct wvm_kit_kind *kind,
                         uint32_t access);

#pragma GCC visibility pop

#endif
