/* What is told of a process and its working set. */
#ifndef WVM_NT_NT_PROCESS_INFO_H
#define WVM_NT_NT_PROCESS_INFO_H

#include "nt/nt.h"
#include "nt/nt_target.h"
#include "remote/remote.h"

/* Bytes, but for the faults. Sent between processes. */
struct wvm_nt_counters {
    uint64_t faults;
    uint64_t resident, resident_peak, resident_private;
    uint64_t mapped, mapped_peak;
    uint64_t paged, paged_peak, nonpaged, nonpaged_peak; /* pool */
    uint64_t commit, commit_peak; /* private memory that was promised */
    uint64_t shared_commit;
};
/* Of the process that t means. ACCESS_DENIED, PROCESS_IS_TERMINATING. */
wvm_status wvm_nt_counters(const struct wvm_target *t, struct wvm_nt_counters *out) WVM_MUST_CHECK;
/* The addresses that this process has reserved, and the most that was ever told, instead of the
 * host's count, which has those that winvm keeps for it, too; not where the host tells none. */
void wvm_nt_count_addresses(struct wvm_nt_counters *out);

/* The status for an error of host/host_counters.h: it has ended, or does not let itself be told. */
wvm_status wvm_nt_not_told(int error);

/* The limits of a process's working set. Of a process that does not serve they are those that each
 * process starts with. */
wvm_status wvm_nt_ws_limits(const struct wvm_target *t, struct wvm_ws_limits *out) WVM_MUST_CHECK;
/* flags: QUOTA_LIMITS_HARDWS_*, an absent pair stays as it is. min and max both all ones: empties
 * the working set; both 0: they stay. ACCESS_DENIED for a process that does not serve;
 * INVALID_PARAMETER, BAD_WORKING_SET_LIMIT, PRIVILEGE_NOT_HELD, INSUFFICIENT_RESOURCES; the success
 * WORKING_SET_LIMIT_RANGE: the maximum was lowered to what the system has. */
wvm_status wvm_nt_set_ws_limits(const struct wvm_target *t,
                                const struct wvm_ws_limits *to) WVM_MUST_CHECK;
/* All ones in the width of the caller's numbers. */
#define WVM_WS_EMPTY ((uint64_t)SIZE_MAX)

/* Says who tells where the block of this process is; NULL: nobody. */
void wvm_nt_process_block(void *(*block)(void));

/* Handles of winvm's; 0 of a process that does not serve. */
uint32_t wvm_nt_count_handles(const struct wvm_target *t);

/* Another process's question, answered for this one. */
enum wvm_nt_process_question {
    WVM_ASK_COUNTERS,
    WVM_ASK_WS_LIMITS,
    WVM_ASK_HANDLES,
    WVM_SET_WS_LIMITS,
};
wvm_status wvm_nt_serve_process(const struct wvm_remote_request *req,
                                struct wvm_remote_answer *answer) WVM_MUST_CHECK;

#endif
