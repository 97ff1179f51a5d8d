/* Call sites: who allocated a block and who freed it, and what was never freed. */
#ifndef WVM_POOL_POOL_TRACE_H
#define WVM_POOL_POOL_TRACE_H

#include "base/fmt.h"
#include "pool/pool.h"

/* Once, when the pool starts: begins to note call sites when an option says so (pool-trace,
 * pool-leaks). */
void wvm_pool_trace_start(void);
bool wvm_pool_traced(void);

/* What is known of the block that starts at p, or that was there last. */
struct wvm_pool_traces {
    bool live;
    uint32_t tag;
    size_t size;                       /* as asked for */
    const void *allocated, *freed;     /* where those calls return to; freed NULL: never */
};
/* False: no block began there since tracing began. Lock-free. */
bool wvm_pool_trace_find(const void *p, struct wvm_pool_traces *out);
/* The same as lines, each indented by two blanks and ended, for the block that begins at p or, in
 * the page of p, next before it. Nothing when nothing is known. Signal safety: yes. */
void wvm_pool_trace_describe(const void *p, struct wvm_buf *out);

/* Writes the blocks that are live now: by tag, the most bytes first, and with tracing by call site.
 * fd -1: to where the log goes. 0, or -errno of a write. By one thread at a time (others get
 * -EBUSY); what other threads allocate and free meanwhile may be in or not. */
int wvm_pool_report_leaks(int fd);
/* The same at the end of the process, when the option pool-leaks says so. */
void wvm_pool_trace_exit(void);

#endif
