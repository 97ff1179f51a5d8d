/* winvm/windef.h: minwindef.h and winnt.h under their older name, and the handle of a window,
 * which the kit's calls take only as "none".
 *
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_WINDEF_H
#define WINVM_WINDEF_H

#include "minwindef.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
DECLARE_HANDLE(HWND);
#endif

#endif
