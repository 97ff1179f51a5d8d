/* <new.h> for unmodified Windows sources: what malloc and new do when there is no memory is the
 * host's to decide; handlers of new are those of <new>. */
#ifndef WINVM_COMPAT_NEW_H
#define WINVM_COMPAT_NEW_H

#ifdef __cplusplus
#include <new>
#endif
#include "../crt_handlers.h"

/* malloc calls no handler: 0, as it was. */
WINVM_HANDLER_ int _set_new_mode(int mode)
{
    (void)mode;
    return 0;
}
WINVM_HANDLER_ int _query_new_mode(void) { return 0; }

#endif
