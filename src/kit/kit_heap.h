/* Heaps as the other families of the kit use them. */
#ifndef WVM_KIT_KIT_HEAP_H
#define WVM_KIT_KIT_HEAP_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* A heap for the memory behind moveable handles: its blocks are told from all others. */
HANDLE wvm_kit_moveable_heap(void);
/* True for a block of the heap; reads nothing that is not there. */
bool wvm_kit_heap_owns(HANDLE heap, LPCVOID block);

#pragma GCC visibility pop

#endif
