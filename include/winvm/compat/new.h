/* <new.h> for unmodified Windows sources: what happens when there is no memory. malloc calls no
 * handler, whatever the mode; new calls that of _set_new_handler, without telling the size. */
#ifndef WINVM_COMPAT_NEW_H
#define WINVM_COMPAT_NEW_H

#ifdef __cplusplus
#include <new>
#endif
#include "../crt_new.h"

#ifdef __cplusplus
/* What new calls, again and again until it has memory. */
inline void winvm_crt_on_no_memory_()
{
    _PNH handler = _query_new_handler();
    if (handler && handler(0)) return;
#if defined(__cpp_exceptions)
    throw std::bad_alloc();
#else
    __builtin_abort();
#endif
}
#endif

/* The handler of before. NULL: none. */
WINVM_CRT_ _PNH _set_new_handler(_PNH handler)
{
#ifdef __cplusplus
    std::set_new_handler(handler ? winvm_crt_on_no_memory_ : NULL);
#endif
    return __atomic_exchange_n(&winvm_crt_new_, handler, __ATOMIC_SEQ_CST);
}

#endif
