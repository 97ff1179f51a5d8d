/* membarrier: who does something rarely pays for those who do it often.
 *
 * Locking: none.   Failure: false.   Signal safety: wvm_host_barrier(). */
#include "host/host_barrier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "host/host_kernel.h"

bool wvm_host_barrier_init(void)
{
    return wvm_sys3(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* -EPERM: a fork child, which has to ask again. */
bool wvm_host_barrier(void)
{
    long r = wvm_sys3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    if (r == -EPERM && wvm_host_barrier_init())
        r = wvm_sys3(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    return r == 0;
}
