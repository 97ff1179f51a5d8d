/* winvm/crt_handlers.h: the handlers that Windows' C run time lets a program set. The _s functions
 * of the crt_*.h headers call the handler of invalid parameters, without the texts, as the release
 * builds of Windows do; when none is set they answer the error and go on. */
#ifndef WINVM_CRT_HANDLERS_H
#define WINVM_CRT_HANDLERS_H

#include <stddef.h>
#include <stdint.h>

#include "words.h"

#define WINVM_HANDLER_ static __inline__ __attribute__((__unused__))
#define WINVM_ONE_ __attribute__((__weak__, __visibility__("hidden")))

#if defined(__cplusplus)
extern "C" {
#endif

typedef void(__cdecl *_invalid_parameter_handler)(const wchar_t *, const wchar_t *, const wchar_t *,
                                                  unsigned int, uintptr_t);
typedef void(__cdecl *_purecall_handler)(void);

/* One of each for a shared object or a program. */
extern _invalid_parameter_handler winvm_crt_invalid_ WINVM_ONE_;
_invalid_parameter_handler winvm_crt_invalid_;
extern __thread _invalid_parameter_handler winvm_crt_invalid_here_ WINVM_ONE_;
__thread _invalid_parameter_handler winvm_crt_invalid_here_;
extern _purecall_handler winvm_crt_purecall_ WINVM_ONE_;
_purecall_handler winvm_crt_purecall_;

WINVM_HANDLER_ _invalid_parameter_handler _get_invalid_parameter_handler(void)
{
    return winvm_crt_invalid_;
}
WINVM_HANDLER_ _invalid_parameter_handler
_set_invalid_parameter_handler(_invalid_parameter_handler handler)
{
    return __atomic_exchange_n(&winvm_crt_invalid_, handler, __ATOMIC_SEQ_CST);
}
WINVM_HANDLER_ _invalid_parameter_handler _get_thread_local_invalid_parameter_handler(void)
{
    return winvm_crt_invalid_here_;
}
WINVM_HANDLER_ _invalid_parameter_handler
_set_thread_local_invalid_parameter_handler(_invalid_parameter_handler handler)
{
    _invalid_parameter_handler was = winvm_crt_invalid_here_;
    winvm_crt_invalid_here_ = handler;
    return was;
}
WINVM_HANDLER_ void winvm_crt_invalid_call_(void)
{
    _invalid_parameter_handler handler = winvm_crt_invalid_here_;
    if (!handler) handler = winvm_crt_invalid_;
    if (handler) handler(NULL, NULL, NULL, 0, 0);
}
/* Calls of pure functions end the program as the C++ library of the host does. */
WINVM_HANDLER_ _purecall_handler _get_purecall_handler(void)
{
    return winvm_crt_purecall_;
}
WINVM_HANDLER_ _purecall_handler _set_purecall_handler(_purecall_handler handler)
{
    return __atomic_exchange_n(&winvm_crt_purecall_, handler, __ATOMIC_SEQ_CST);
}

#if defined(__cplusplus)
}
#endif

#endif
