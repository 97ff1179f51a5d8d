/* The run directory: where winvm's processes of one effective user meet. Part of the host room. */
#ifndef WVM_HOST_HOST_RUNDIR_H
#define WVM_HOST_HOST_RUNDIR_H

#include <stddef.h>

/* Bytes that hold the path of any run directory, with its NUL. */
#define WVM_HOST_RUNDIR_CAP 512

/* Notes the environment. Once, from wvm_host_init(). */
void wvm_host_rundir_init(void);
/* Opens the run directory of the effective user and makes it when it is missing: the option
 * run-dir, else /dev/shm/winvm-EUID, else $XDG_RUNTIME_DIR/winvm, else /tmp/winvm-EUID, the first
 * whose parent allows it. path (may be NULL) receives its name; use the descriptor where a call
 * takes one. A descriptor, the caller's, close-on-exec; -EACCES: there is a directory, but it is
 * not ours alone; -ENOENT: there is no place for one; another -errno. errno is preserved. */
int wvm_host_rundir_open(char *path, size_t cap);

#endif
