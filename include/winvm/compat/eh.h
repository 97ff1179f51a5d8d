/* <eh.h> for unmodified Windows sources: the ends of C++ programs. */
#ifndef WINVM_COMPAT_EH_H
#define WINVM_COMPAT_EH_H

#ifdef __cplusplus
#include <exception>
typedef void (*terminate_function)();
typedef void (*terminate_handler)();
using std::set_terminate;
using std::terminate;
#endif
#include "../crt_handlers.h"

#endif
