/* <windows.h> of Wine, made fit for a native program: put include/winvm/wine on the include path in
 * front of Wine's own folder. The source stays as it is and refers to plain `VirtualAlloc` in
 * ms_abi, which libwinvm-preload-ms.so answers.
 *
 *  - Imports are not hidden, so that they may be left to the dynamic linker.
 *  - __cdecl is the compiler's own convention again after the header. In Wine's headers it is
 *    ms_abi, and a `main` or a qsort comparison declared with it would be called wrongly.
 *  - The object carries the note of abi.h with ms_abi, so that winvm-run knows the convention.
 *
 * A program that wants winvm's labels or calls includes <winvm/winvm.h> after this. */
#ifndef WINVM_WINE_WINDOWS_H
#define WINVM_WINE_WINDOWS_H
#pragma GCC system_header

#ifndef DECLSPEC_HIDDEN
#define DECLSPEC_HIDDEN
#endif

#include_next <windows.h>

#undef __cdecl
#define __cdecl

#include "../abi.h"

#endif
