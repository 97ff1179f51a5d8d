/* For native programs that are built with Wine's headers: put this folder in front of them.
 * On x86-64 Wine makes __cdecl the same as WINAPI (ms_abi). A native main, and the comparators and
 * callbacks given to the C library, follow the platform's own convention, so __cdecl means nothing
 * here. Imports are declared hidden by Wine; a name that a shared object provides must not be. */
#ifndef DECLSPEC_HIDDEN
#define DECLSPEC_HIDDEN
#endif

#include_next <windef.h>

#ifndef WINVM_WINE_WINDEF_H
#define WINVM_WINE_WINDEF_H
#undef WINAPIV
#define WINAPIV __stdcall
#undef __cdecl
#define __cdecl
#endif
