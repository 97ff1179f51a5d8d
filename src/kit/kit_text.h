/* Text in the two forms that calls have: "ANSI", which is UTF-8 here, and UTF-16. */
#ifndef WVM_KIT_KIT_TEXT_H
#define WVM_KIT_KIT_TEXT_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* Both turn the text up to its NUL, or its first n units, into at most cap units at out (NULL with
 * cap 0: none), without a NUL of their own, and return how many units the whole text has. What is
 * not valid becomes U+FFFD. */
#define WVM_KIT_TO_NUL ((size_t)-1)
size_t wvm_kit_to_utf16(WCHAR *out, size_t cap, const char *text, size_t n);
size_t wvm_kit_to_utf8(char *out, size_t cap, LPCWSTR text, size_t n);
/* All of it is valid. */
bool wvm_kit_is_utf8(const char *text, size_t n);
bool wvm_kit_is_utf16(LPCWSTR text, size_t n);
size_t wvm_kit_len16(LPCWSTR text);
/* New memory of malloc, to be freed; NULL and the last error. */
char *wvm_kit_new_utf8(LPCWSTR text);
LPWSTR wvm_kit_new_utf16(const char *text);

/* The rule of calls that fill a caller's buffer with a text: when it fits with its NUL it is copied
 * and its length returned, else nothing is, and the size needed is returned, with the NUL. */
DWORD wvm_kit_fill_a(LPSTR out, DWORD cap, const char *text);
DWORD wvm_kit_fill_w(LPWSTR out, DWORD cap, const char *text);
/* The same with a text of malloc, which they free; 0 for NULL. */
DWORD wvm_kit_hand_a(LPSTR out, DWORD cap, char *text);
DWORD wvm_kit_hand_w(LPWSTR out, DWORD cap, char *text);

#pragma GCC visibility pop

#endif
