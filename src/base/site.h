/* Who called: the address that a public call returns to. */
#ifndef WVM_BASE_SITE_H
#define WVM_BASE_SITE_H

#include "base/annotate.h"

/* Of this thread's last public call that took the way behind the gate (api/api.h); while call sites
 * are wanted that is every one. NULL: there was none. */
extern WVM_HIDDEN WVM_THREAD_LOCAL const void *wvm_site;

#endif
