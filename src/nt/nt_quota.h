/* Process objects: whom the pools charge. */
#ifndef WVM_NT_NT_QUOTA_H
#define WVM_NT_NT_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winvm/pool.h>

#include "base/annotate.h"

enum { WVM_PROCESS_INITIAL, WVM_PROCESS_SYSTEM };
struct winvm_process *wvm_process_object(unsigned which);

struct winvm_process *wvm_process_object_create(void);
void wvm_process_object_close(struct winvm_process *p);
/* p NULL: asks only. Answers the object of before; no object of ours: NULL, nothing changed. */
struct winvm_process *wvm_process_object_attach(struct winvm_process *p);
/* False: no object of ours. */
bool wvm_process_object_query(const struct winvm_process *p, struct winvm_process_quota *out);
bool wvm_process_object_limit(struct winvm_process *p, bool paged, uint64_t limit);

/* Whom a call of this thread charges; NULL: nobody, it works for the system. */
struct winvm_process *wvm_quota_payer(void);
/* Charges and counts a reference. False: the quota would be exceeded. */
bool wvm_quota_charge(struct winvm_process *p, bool paged, size_t bytes) WVM_MUST_CHECK;
void wvm_quota_return(struct winvm_process *p, bool paged, size_t bytes);

/* The word that remembers the payer in a block that starts at `block`, and back. False: it does not
 * name a living object; *out is what it names all the same. */
uintptr_t wvm_quota_word(const void *block, const struct winvm_process *p);
bool wvm_quota_read(const void *block, uintptr_t word, struct winvm_process **out);

#endif
