/* Accesses of system space that fault: bug checks. */
#ifndef WVM_NT_NT_POOL_FAULT_H
#define WVM_NT_NT_POOL_FAULT_H

/* From now on they are. Once, when system space is open; no lock is held. */
void wvm_nt_pool_faults_start(void);

#endif
