/* Filling and emptying shared memory by its descriptor.
 *
 * Owns     nothing.
 * I1       The calling thread's memory policy is afterwards what it was: what the host does not let
 *          us read is not changed.
 * Locking  none.   Failure: -errno.
 * Signal safety  all of it; errno is preserved. A handler that runs during a call allocates its own
 *          first touches near the same node. */
#include "host/host_frames.h"

#include "host/host_kernel.h"
#include "host/host_private.h"

/* Newer or more private than the headers we build with. */
enum { KEEP_SIZE = 1, PUNCH_HOLE = 2, POLICY_PREFERRED = 1, N_NODES = 1024 };
enum { NO_ACCESS_TIME = 01000000 }; /* O_NOATIME */
#define WORD_BITS (8 * sizeof(unsigned long))

struct policy {
    int mode;
    unsigned long nodes[N_NODES / WORD_BITS];
};

static int set_policy(const struct policy *p)
{
    return (int)WVM_SYS(syscall(SYS_set_mempolicy, p->mode, p->nodes, (unsigned long)N_NODES));
}

/* False: the policy stays as it is. */
static bool prefer_node(uint32_t node, struct policy *was)
{
    struct policy p = {.mode = POLICY_PREFERRED};
    if (node >= N_NODES ||
        WVM_SYS(syscall(SYS_get_mempolicy, &was->mode, was->nodes, (unsigned long)N_NODES, 0, 0)))
        return false;
    p.nodes[node / WORD_BITS] = 1ul << node % WORD_BITS;
    return set_policy(&p) == 0;
}

void wvm_host_frames_begin(int fd)
{
    (void)WVM_SYS(syscall(SYS_fcntl, fd, F_SETFL, NO_ACCESS_TIME));
}

/* Each 64-bit number is two arguments on i386. */
static int change(int fd, int mode, uint64_t at, uint64_t len)
{
    return (int)WVM_SYS(syscall(SYS_fallocate, fd, mode, at, len));
}

int wvm_host_frames_fill(int fd, uint64_t at, uint64_t len, uint32_t node)
{
    struct policy was;
    if (!wvm_host_size_allowed(at + len))
        return -EFBIG;
    bool preferred = node != WVM_HOST_ANY_NODE && prefer_node(node, &was);
    int err = change(fd, 0, at, len);
    if (preferred)
        (void)set_policy(&was);
    return err;
}

int wvm_host_frames_empty(int fd, uint64_t at, uint64_t len)
{
    return change(fd, PUNCH_HOLE | KEEP_SIZE, at, len);
}
