/* What the host counts for a process. Part of the host room: no malloc, errno is preserved, safe in
 * a signal handler. */
#ifndef WVM_HOST_HOST_COUNTERS_H
#define WVM_HOST_HOST_COUNTERS_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes, but for the faults; what the host does not tell is 0. */
struct wvm_host_counters {
    uint64_t faults;            /* page faults, also those without input or output */
    uint64_t resident, resident_peak;
    uint64_t resident_private;  /* of it: anonymous memory and copies */
    uint64_t resident_shared;   /* of it: shared memory, files not included */
    uint64_t mapped, mapped_peak; /* addresses */
    uint64_t writable;          /* private mappings that can be written, stacks included */
};
/* pid 0: this process, for which without /proc the resident memory is told by its peak. -ENOENT,
 * -ESRCH: it has ended. */
int wvm_host_counters(pid_t pid, struct wvm_host_counters *out);

struct wvm_host_family {
    pid_t pid, parent; /* parent 0: not known */
    int nice;          /* -20 .. 19 */
    uint64_t processors; /* bit n: it may run on processor n < 64 */
};
/* pid 0: this process. As above. */
int wvm_host_family(pid_t pid, struct wvm_host_family *out);

/* Units of 100 ns. created: since 1970, to the second of the machine's start; 0: not known. */
struct wvm_host_times { uint64_t created, kernel, user; };
/* pid 0: this process. As above. */
int wvm_host_times(pid_t pid, struct wvm_host_times *out);

/* Calls that read and wrote, and their bytes: of files, pipes, sockets. */
struct wvm_host_io { uint64_t reads, writes, bytes_read, bytes_written; };
/* pid 0: this process. As above; -EACCES: it does not let itself be told. */
int wvm_host_io(pid_t pid, struct wvm_host_io *out);

#endif
