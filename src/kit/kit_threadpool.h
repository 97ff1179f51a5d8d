/* What the families of thread pools share. */
#ifndef WVM_KIT_KIT_THREADPOOL_H
#define WVM_KIT_KIT_THREADPOOL_H

#include "kit/kit_pool.h"

#pragma GCC visibility push(hidden)

static inline struct wvm_kit_function wvm_kit_function_of(void *given, bool ms)
{
    struct wvm_kit_function f = {NULL, NULL};
    if (ms)
        f.ms = (void(WVM_WINDOWS_CALL *)(void))(uintptr_t)given;
    else
        f.own = (void(WVM_OWN_CALL *)(void))(uintptr_t)given;
    return f;
}

/* A job after an environment, which may be NULL; `call` is that of objects: function(instance,
 * context, object). NULL and the last error. */
struct wvm_kit_job *wvm_kit_job_make(struct wvm_kit_function function, PVOID context,
                                     PTP_CALLBACK_ENVIRON e);

#pragma GCC visibility pop

#endif
