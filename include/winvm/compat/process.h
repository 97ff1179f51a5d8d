/* <process.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PROCESS_H
#define WINVM_COMPAT_PROCESS_H

#include "../crt_process.h"

#endif
