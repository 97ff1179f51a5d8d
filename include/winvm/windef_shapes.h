/* winvm/windef_shapes.h: what windef.h has for windows and drawing. No call of winvm or its kit
 * takes these; they are for unmodified sources that name them, and come with the headers on the
 * compat path alone, as names like SIZE and POINT are a program's own elsewhere.
 *
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_WINDEF_SHAPES_H
#define WINVM_WINDEF_SHAPES_H

#include "windef.h"

#ifndef WINVM_NO_TYPES
DECLARE_HANDLE(HACCEL);
DECLARE_HANDLE(HBITMAP);
DECLARE_HANDLE(HBRUSH);
DECLARE_HANDLE(HDC);
DECLARE_HANDLE(HDESK);
DECLARE_HANDLE(HENHMETAFILE);
DECLARE_HANDLE(HFONT);
DECLARE_HANDLE(HHOOK);
DECLARE_HANDLE(HICON);
DECLARE_HANDLE(HMENU);
DECLARE_HANDLE(HMONITOR);
DECLARE_HANDLE(HPALETTE);
DECLARE_HANDLE(HPEN);
DECLARE_HANDLE(HWINEVENTHOOK);
DECLARE_HANDLE(HWINSTA);
typedef HICON HCURSOR;
typedef HANDLE HGDIOBJ;
typedef DWORD COLORREF, *LPCOLORREF;

typedef struct tagPOINT {
    LONG x;
    LONG y;
} POINT, *PPOINT, *LPPOINT, *NPPOINT;
typedef struct tagSIZE {
    LONG cx;
    LONG cy;
} SIZE, *PSIZE, *LPSIZE;
typedef struct tagRECT {
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} RECT, *PRECT, *LPRECT, *NPRECT;
typedef const RECT *LPCRECT;
#endif

#endif
