/* Another process's memory and facts, for winvm-poolmon. */
#ifndef WINVM_TOOLS_POOLMON_PEEK_H
#define WINVM_TOOLS_POOLMON_PEEK_H

#include "tools/poolmon.h"

/* Reads len bytes at addr. 0; ESRCH, EPERM, EFAULT (also when only a part can be read). */
int poolmon_peek(pid_t pid, uint64_t addr, void *out, size_t len);

struct poolmon_facts {
    char state;
    uint64_t started, faults;
    char name[64];
};
/* False: there is no such process. */
bool poolmon_facts(pid_t pid, struct poolmon_facts *out);

/* Calls visit with the address of each publication of pools (pool/pool_view.h) that the notes of
 * the process's files point to, until it returns false. SEEN_OK: they were all found. */
enum poolmon_seen poolmon_notes(pid_t pid, bool (*visit)(uint64_t view, void *arg), void *arg);

#endif
