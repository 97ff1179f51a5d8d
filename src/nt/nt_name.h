/* Names of objects as callers give them. */
#ifndef WVM_NT_NT_NAME_H
#define WVM_NT_NT_NAME_H

#include "nt/nt.h"

#define WVM_NT_NAME_CHARS 260

/* What an object is to be called, without the prefix, and what its handle is to be like. */
struct wvm_nt_name {
    bool given;
    bool global;         /* the prefix Global\, or the native folder \BaseNamedObjects */
    uint32_t attributes; /* OBJ_INHERIT, OBJ_OPENIF ... */
    size_t len;          /* characters */
    uint16_t text[WVM_NT_NAME_CHARS];
};

/* A Win32 name (NULL or empty: none): "NAME", "Local\NAME", "Global\NAME". OBJECT_PATH_NOT_FOUND:
 * another backslash; OBJECT_NAME_INVALID; NAME_TOO_LONG; ACCESS_VIOLATION. The A form is UTF-8. */
wvm_status wvm_nt_name_of_w(const uint16_t *text, struct wvm_nt_name *out) WVM_MUST_CHECK;
wvm_status wvm_nt_name_of_a(const char *text, struct wvm_nt_name *out) WVM_MUST_CHECK;
/* A native name: \BaseNamedObjects\... or \Sessions\N\BaseNamedObjects\..., behind which the Win32
 * forms stand. at NULL: none. INVALID_PARAMETER, INVALID_HANDLE (a root folder),
 * OBJECT_PATH_SYNTAX_BAD, and as above. */
wvm_status wvm_nt_name_of_attributes(const OBJECT_ATTRIBUTES *at,
                                     struct wvm_nt_name *out) WVM_MUST_CHECK;
/* bInheritHandle of a caller's structure, NULL: no. ACCESS_VIOLATION. */
wvm_status wvm_nt_name_inherit(const SECURITY_ATTRIBUTES *at,
                               struct wvm_nt_name *name) WVM_MUST_CHECK;

/* The native name of an object: up to cap characters to out; their number altogether. */
size_t wvm_nt_name_native(const uint16_t *text, size_t len, bool global, uint16_t *out, size_t cap);

#endif
