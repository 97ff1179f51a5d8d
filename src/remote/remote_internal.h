/* What the files of this room share. Nobody outside includes it (unit tests of the room do). */
#ifndef WVM_REMOTE_INTERNAL_H
#define WVM_REMOTE_INTERNAL_H

#include "remote/remote.h"

/* Names in the run directory: "remote-PID-START", START as wvm_host_process_start() tells it. */
#define WVM_REMOTE_NAME_CAP 64
void wvm_remote_name(pid_t pid, uint64_t start, char out[WVM_REMOTE_NAME_CAP]);
/* False: no such name. A name with an ending behind START is taken too. */
bool wvm_remote_parse_name(const char *name, pid_t *pid, uint64_t *start);
/* Removes the names of processes that have ended. */
void wvm_remote_sweep(int dir);

#endif
