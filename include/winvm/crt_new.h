/* winvm/crt_new.h: what Windows' C run time does when there is no memory. malloc and new are the
 * host's and call nothing of this (but new, with <new.h> in C++); a program that has an allocator
 * of its own asks _query_new_mode, and calls _callnewh. The mode, 0 or 1, is kept. */
#ifndef WINVM_CRT_NEW_H
#define WINVM_CRT_NEW_H

#include "crt_types.h"

WINVM_BEGIN_DECLS

typedef int(__cdecl *_PNH)(size_t);

extern _PNH winvm_crt_new_ WINVM_ONE_;
_PNH winvm_crt_new_;
extern int winvm_crt_new_mode_ WINVM_ONE_;
int winvm_crt_new_mode_;
WINVM_CRT_ _PNH _query_new_handler(void)
{
    return __atomic_load_n(&winvm_crt_new_, __ATOMIC_SEQ_CST);
}
/* -1, errno EINVAL: neither 0 nor 1. */
WINVM_CRT_ int _set_new_mode(int mode)
{
    if (mode != 0 && mode != 1) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    return __atomic_exchange_n(&winvm_crt_new_mode_, mode, __ATOMIC_SEQ_CST);
}
WINVM_CRT_ int _query_new_mode(void)
{
    return __atomic_load_n(&winvm_crt_new_mode_, __ATOMIC_SEQ_CST);
}
/* 1: the handler has done something about it, and the caller tries again. 0: there is no handler,
 * or it knows nothing more; errno ENOMEM. */
WINVM_CRT_ int _callnewh(size_t size)
{
    _PNH handler = _query_new_handler();
    if (handler && handler(size)) return 1;
    errno = ENOMEM;
    return 0;
}

WINVM_END_DECLS

#endif
