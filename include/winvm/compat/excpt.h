/* <excpt.h> for unmodified Windows sources: the words of structured exception handling. Their rules
 * are those of winvm/excpt.h.
 *
 * In C++ the words are defined only with WINVM_SEH_KEYWORDS, because libstdc++ has a __try of its
 * own: its headers must come first. */
#ifndef WINVM_COMPAT_EXCPT_H
#define WINVM_COMPAT_EXCPT_H

#include "../excpt.h"

#if defined(WINVM_TRY) && (!defined(__cplusplus) || defined(WINVM_SEH_KEYWORDS))
#undef __try
#define __try WINVM_TRY
#define __except WINVM_EXCEPT
#define __finally WINVM_FINALLY
#define __leave WINVM_LEAVE
#endif

#endif
