/* Memory resource notifications: objects of type WVM_OBJECT_NOTICE. */
#ifndef WVM_NT_NT_NOTICE_H
#define WVM_NT_NT_NOTICE_H

#include <stdbool.h>

#include "nt/nt.h"

/* A handle; which: MEMORY_RESOURCE_NOTIFICATION_TYPE. INVALID_PARAMETER: another number;
 * INSUFFICIENT_RESOURCES. */
wvm_status wvm_nt_notice_open(unsigned which, HANDLE *out) WVM_MUST_CHECK;
/* INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED. */
wvm_status wvm_nt_notice_query(HANDLE h, bool *signalled) WVM_MUST_CHECK;
/* For which condition a handle of one is: MEMORY_RESOURCE_NOTIFICATION_TYPE. The same errors. */
wvm_status wvm_nt_notice_which(HANDLE h, uint32_t need, unsigned *which) WVM_MUST_CHECK;
/* For those who wait: the state of that notification now. Asks the host, some 100 us: wait at
 * least tens of milliseconds between two questions. */
bool wvm_nt_notice_signalled(unsigned which);

#endif
