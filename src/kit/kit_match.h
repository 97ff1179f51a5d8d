/* Names and patterns of names. */
#ifndef WVM_KIT_KIT_MATCH_H
#define WVM_KIT_KIT_MATCH_H

#include "kit/kit.h"

/* Longer ones match nothing: names have at most 255 units. */
#define WVM_KIT_PATTERN_MAX 255
/* Does the name match the pattern, as those of FindFirstFile do? exact: a letter only itself. */
bool wvm_kit_match(LPCWSTR pattern, LPCWSTR name, bool exact) WVM_HIDDEN;
/* Has it any character that stands for others? */
bool wvm_kit_match_is_pattern(LPCWSTR text) WVM_HIDDEN;
/* The order of names in a folder: <0, 0, >0. */
int wvm_kit_match_order(LPCWSTR a, LPCWSTR b) WVM_HIDDEN;

#endif
