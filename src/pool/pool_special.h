/* Special pool: blocks alone on a page, with no-access pages before and behind them. */
#ifndef WVM_POOL_POOL_SPECIAL_H
#define WVM_POOL_POOL_SPECIAL_H

#include "pool/pool.h"

/* Reads the option special; when it asks for blocks they are served from now on. Once, after
 * wvm_pool_start(). */
void wvm_pool_special_start(void);
/* Would the next request be one for special pool? */
bool wvm_pool_special_wants(const struct wvm_pool_request *rq);
/* p lies in special pool, in a block or not. Lock-free. */
bool wvm_pool_special_has(const void *p);

/* An access of [addr] by the instruction at ip that faulted. */
struct wvm_special_access {
    uintptr_t addr, ip;
    bool write, execute;
};
enum wvm_special_answer {
    WVM_SPECIAL_FOREIGN, /* nothing is known of the address */
    WVM_SPECIAL_ALLOWED, /* the access is allowed now */
    WVM_SPECIAL_WRONG,   /* *f */
};
/* Lock-free; for signal handlers. */
enum wvm_special_answer wvm_pool_special_judge(const struct wvm_special_access *a,
                                               struct wvm_pool_finding *f);

#endif
