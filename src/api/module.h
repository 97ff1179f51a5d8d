/* Modules: what GetModuleHandle, LoadLibrary and GetProcAddress know. */
#ifndef WVM_API_MODULE_H
#define WVM_API_MODULE_H

#include <stdbool.h>

#include <winvm/control.h>
#include <winvm/winvm.h>

/* True for the handle of one of winvm's modules, or of one adopted for it. */
bool wvm_module_is_ours(HMODULE module);
/* True when `module` was adopted: it belongs to the program's own platform layer. */
bool wvm_module_is_adopted(HMODULE module);
/* The winvm module that a name means, or NULL. Cannot fault. */
HMODULE wvm_module_find_a(LPCSTR name);
HMODULE wvm_module_find_w(LPCWSTR name);
/* winvm's own copy of a name that `module` (ours or adopted) exports, or NULL. Cannot fault. */
const char *wvm_module_exported(HMODULE module, LPCSTR name);
/* Lets the handle `theirs`, of a program's own platform layer, stand for our module `ours` as well.
 * False when too many are known already. */
bool wvm_module_adopt(HMODULE theirs, HMODULE ours);
/* A name of another library (exports.c) that `module` (ours or adopted) exports is copied to `out`.
 * False: it is none. Cannot fault. */
enum { WVM_NAME_CAP = 320 };
bool wvm_module_extra(HMODULE module, LPCSTR name, char out[WVM_NAME_CAP]);

/* ---- module_names.c ---- */

struct wvm_module {
    const char *name;
    unsigned home; /* WINVM_IN_* */
} __attribute__((aligned(16)));

/* The module that a name means, which is changed meanwhile, and the one at an address, or NULL. */
const struct wvm_module *wvm_module_called(char *text);
const struct wvm_module *wvm_module_at(uintptr_t addr);
/* Where a function is that says nothing of it: WINVM_IN_*, by the form of its name. */
unsigned wvm_module_homes(const char *name);

/* ---- exports.c ---- */

/* The entries of a function in both conventions. */
struct wvm_export_found {
    FARPROC own, windows;
};
/* The function of another library that is called `name`, or any if that is NULL, and lies in one of
 * `modules`. out may be NULL. False: there is none. */
bool wvm_exports_find(const char *name, unsigned modules, struct wvm_export_found *out);
/* The table of the object that winvm is part of: comes before those that are added. */
void wvm_exports_own(const struct winvm_export *first, const struct winvm_export *end);
void wvm_exports_after_fork_child(void);

#endif
