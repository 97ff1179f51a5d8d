/* Buffers of system calls that may lie in winvm's memory: see io_ready.c. The words in capitals are
 * those of io_list.h; each is false when the buffer met a guard page, which is disarmed then. */
#ifndef WVM_PRELOAD_IO_H
#define WVM_PRELOAD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/annotate.h"

/* Some page was armed since the start: before that no buffer needs a look. */
extern bool wvm_io_armed WVM_HIDDEN;
/* Learns of the first page that is armed. After wvm_init(), once. */
void wvm_io_init(void);
/* The calling thread runs on a stack of the host's, of this size, and high lies near its end. */
void wvm_io_own_stack(uintptr_t high, size_t size);

/* Bytes of the structures that the names of io_list.h take. Where long has 32 bits the plain names
 * are those of programs with 32-bit file sizes and times, and our own headers say otherwise. */
#if defined(__x86_64__)
enum { WVM_STAT_LEN = 144, WVM_STAT64_LEN = 144, WVM_TIMESPEC_LEN = 16, WVM_TIMEVAL_LEN = 16 };
#else
enum { WVM_STAT_LEN = 88, WVM_STAT64_LEN = 96, WVM_TIMESPEC_LEN = 8, WVM_TIMEVAL_LEN = 8 };
enum { WVM_STATTIME_LEN = 108, WVM_TIME64_LEN = 16 };
#endif

bool wvm_io_ready(const void *buf, size_t n, bool write);
bool wvm_io_vector(const struct iovec *v, size_t n, bool write);
bool wvm_io_message(const struct msghdr *msg, bool write);
bool wvm_io_messages(const struct mmsghdr *msgs, size_t n, bool write);
bool wvm_io_address(const void *from, const socklen_t *len);
bool wvm_io_splice(int fd, const struct iovec *v, size_t n);
/* dst becomes the n bytes at src, which may be anywhere. False: they cannot be read. */
bool wvm_io_peek(void *dst, const void *src, size_t n);

#define WVM_IO_WHEN_ARMED(call) \
    (WVM_LIKELY(!__atomic_load_n(&wvm_io_armed, __ATOMIC_RELAXED)) || (call))
#define FILL(buf, n) WVM_IO_WHEN_ARMED(wvm_io_ready(buf, n, true))
#define TAKE(buf, n) WVM_IO_WHEN_ARMED(wvm_io_ready(buf, n, false))
#define FILL_ONE(p) FILL(p, sizeof *(p))
#define TAKE_ONE(p) TAKE(p, sizeof *(p))
#define FILL_N(p, n) FILL(p, wvm_io_bytes((unsigned)(n), sizeof *(p)))
#define FILL_V(v, n) WVM_IO_WHEN_ARMED(wvm_io_vector(v, (size_t)(n), true))
#define TAKE_V(v, n) WVM_IO_WHEN_ARMED(wvm_io_vector(v, (size_t)(n), false))
#define FILL_MSG(msg) WVM_IO_WHEN_ARMED(wvm_io_message(msg, true))
#define TAKE_MSG(msg) WVM_IO_WHEN_ARMED(wvm_io_message(msg, false))
#define FILL_MSGS(msgs, n) WVM_IO_WHEN_ARMED(wvm_io_messages(msgs, n, true))
#define TAKE_MSGS(msgs, n) WVM_IO_WHEN_ARMED(wvm_io_messages(msgs, n, false))
#define FILL_ADDR(from, len) WVM_IO_WHEN_ARMED(wvm_io_address(from, len))
#define FILL_FDS(n, in, out, err)                                            \
    (FILL(in, wvm_io_fd_bytes(n)) && FILL(out, wvm_io_fd_bytes(n)) && \
     FILL(err, wvm_io_fd_bytes(n)))

/* n elements; a number that the kernel refuses (a negative one) counts as none. */
static inline size_t wvm_io_bytes(unsigned n, size_t each)
{
    return n > 0x7fffffff ? 0 : n * each;
}

/* A set of n descriptors: whole words. */
static inline size_t wvm_io_fd_bytes(int n)
{
    size_t bits = 8 * sizeof(long);
    return n > 0 ? ((size_t)n + bits - 1) / bits * sizeof(long) : 0;
}

#endif
