/* Modules: what GetModuleHandle, LoadLibrary and GetProcAddress know. */
#ifndef WVM_API_MODULE_H
#define WVM_API_MODULE_H

#include <stdbool.h>

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

#endif
