/* <ntstatus.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_NTSTATUS_H
#define WINVM_COMPAT_NTSTATUS_H

#include "../ntstatus.h"

#endif
