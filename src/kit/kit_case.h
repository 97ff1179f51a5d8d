/* Cases of letters. */
#ifndef WVM_KIT_KIT_CASE_H
#define WVM_KIT_KIT_CASE_H

#include "kit/kit.h"

/* The capital of a letter of ASCII, Latin 1, Greek or Cyrillic; every other unit is its own. */
static inline WCHAR wvm_kit_upper(WCHAR c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7) ||
        (c >= 0x3b1 && c <= 0x3cb && c != 0x3c2) || (c >= 0x430 && c <= 0x44f))
        return (WCHAR)(c - 0x20);
    return c == 0xff ? 0x178 : c >= 0x450 && c <= 0x45f ? (WCHAR)(c - 0x50) : c;
}

#endif
