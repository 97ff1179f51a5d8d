/* <winternl.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINTERNL_H
#define WINVM_COMPAT_WINTERNL_H

#include "../winternl.h"
#include "../kit_ntdll.h"
#include "../kit_ntdll_strings.h"

#endif
