/* <processthreadsapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PROCESSTHREADSAPI_H
#define WINVM_COMPAT_PROCESSTHREADSAPI_H

#include "../processthreadsapi.h"
#include "../kit_spawn.h"
#include "../kit_thread_info.h"
#include "../kit_threads.h"

#endif
