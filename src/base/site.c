/* Who called: one word of each thread, written by the entries (api/entry.h), read by reports.
 *
 * I1       What a call does on its thread finds the site of that call, also when it goes through
 *          other calls of ours; calls that the program makes in a callback leave theirs.
 * Locking  none.   Failure: none.   Signal safety: a handler's calls leave theirs. */
#include "base/site.h"

#include <stddef.h>

WVM_THREAD_LOCAL const void *wvm_site;
