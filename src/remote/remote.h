/* Calls carried out in another process that runs with winvm.
 *
 * The interface of this room for nt/ (requests, the client) and api/ (the server). A process serves
 * when its option `remote` is on: one thread takes requests from a socket in the run directory,
 * from processes of the same user. This room carries messages; what they mean is nt/'s.
 *
 * Terms   request, answer = one message each way; a connection carries one request after the other;
 *         the client makes one for each call. */
#ifndef WVM_REMOTE_REMOTE_H
#define WVM_REMOTE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/annotate.h"

enum wvm_remote_op {
    WVM_REMOTE_NONE,
    WVM_REMOTE_ALLOCATE,
    WVM_REMOTE_ALLOCATE_EX,
    WVM_REMOTE_FREE,
    WVM_REMOTE_PROTECT,
    WVM_REMOTE_LOCK,
    WVM_REMOTE_UNLOCK,
    WVM_REMOTE_QUERY,
    WVM_REMOTE_MAP, /* a descriptor of the section goes with it */
    WVM_REMOTE_UNMAP,
    WVM_REMOTE_FLUSH,
    WVM_REMOTE_PATH, /* of the file mapped at base: the host's bytes, without a NUL */
    WVM_REMOTE_TRIM, /* the working set */
    WVM_REMOTE_PROCESS, /* about the process: `type` says what; base, size, prot: new limits */
    WVM_N_REMOTE_OPS
};

#define WVM_REMOTE_MAGIC 0x524d5657u /* "WVMR" */
/* Answers to queries are structures with pointers: processes of another kind are not understood. */
#define WVM_REMOTE_VERSION (sizeof(void *) == 8 ? 1 : 0x101)

/* What both kinds of message begin with. */
struct wvm_remote_head {
    uint32_t magic;
    uint16_t version;
    uint16_t op;
    uint32_t length; /* bytes of the message */
};

/* Values as the caller of the API gave them; what an operation does not use is 0. */
struct wvm_remote_request {
    struct wvm_remote_head head;
    uint32_t type;         /* MEM_*, flags of unmap, map type of locks, class of a query */
    uint64_t base, size;   /* a query's size is that of the caller's buffer */
    uint64_t zero_bits, commit, offset;
    uint64_t low, limit, align, attributes; /* extended parameters */
    uint64_t section_size;
    uint32_t prot;
    uint32_t granted;      /* rights of the section's handle */
    uint32_t machine;
    uint8_t extended, has_machine, placeholders;
    uint8_t section_kind, section_flags, section_attr;
    uint8_t zero[6];
} __attribute__((packed, aligned(8)));

/* The longest answer of a query: a mapped file's name. */
#define WVM_REMOTE_BLOB 8448

struct wvm_remote_answer {
    struct wvm_remote_head head;
    int32_t status;        /* NTSTATUS; a failure leaves the rest 0 but `needed` */
    uint64_t base, size;   /* as the call leaves them */
    uint64_t needed;       /* of a query: bytes of the whole answer */
    uint32_t old;          /* the protection replaced */
    uint32_t blob_len;     /* bytes of blob that are sent */
    uint8_t blob[WVM_REMOTE_BLOB] __attribute__((aligned(8)));
} __attribute__((packed, aligned(8)));

/* ---- messages: remote_message.c ---- */

void wvm_remote_request_init(struct wvm_remote_request *req, enum wvm_remote_op op);
/* Is it a request, whole and of this version? has_fd: a descriptor came with it. */
bool wvm_remote_request_ok(const struct wvm_remote_request *req, size_t len, bool has_fd);
/* The answer to req, without a result yet. */
void wvm_remote_answer_init(struct wvm_remote_answer *answer, uint16_t op);
/* Bytes to send. */
size_t wvm_remote_answer_seal(struct wvm_remote_answer *answer);
bool wvm_remote_answer_ok(const struct wvm_remote_answer *answer, size_t len, uint16_t op);

/* ---- client: remote_client.c ---- */

/* Has process pid carry out the request; fd: passed along, stays the caller's, -1: none. 0: the
 * answer is there. -ENOENT: that process does not serve; nothing was done. -ECONNRESET: it ended
 * or withdrew in the middle, -ETIMEDOUT: it did not answer in time: the request may have been
 * carried out. -EPROTO: no such answer. Another -errno: nothing was done. */
int wvm_remote_call(pid_t pid, const struct wvm_remote_request *req, int fd,
                    struct wvm_remote_answer *answer) WVM_MUST_CHECK;
/* Milliseconds that a call may take; tests shorten it. */
extern unsigned wvm_remote_patience;

/* ---- server: remote_server.c ---- */

/* Carries out a request; the answer was initialised. fd: the descriptor that came with it, -1:
 * none; it stays the server's. */
typedef void wvm_remote_serve(const struct wvm_remote_request *req, int fd,
                              struct wvm_remote_answer *answer);
/* Serves this process from now on, if it does not yet. 0, or why it cannot. */
int wvm_remote_start(wvm_remote_serve *serve);
/* The process is about to exit: takes its name away, when it serves. */
void wvm_remote_leave(void);
/* This process serves. */
bool wvm_remote_serving(void);
/* fork(): no descriptor of the server is made or closed meanwhile. The child does not serve; true:
 * its parent does. */
void wvm_remote_before_fork(void);
void wvm_remote_after_fork_parent(void);
bool wvm_remote_after_fork_child(void);

#endif
