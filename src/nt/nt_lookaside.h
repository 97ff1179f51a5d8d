/* What the files of the lookaside lists share. */
#ifndef WVM_NT_NT_LOOKASIDE_H
#define WVM_NT_NT_LOOKASIDE_H

#include <winvm/wdm.h>

/* How the functions in a list are called. */
enum wvm_lookaside_maker {
    WVM_MAKER_ALLOCATE_MS = 1, /* L.Allocate has the Windows convention */
    WVM_MAKER_FREE_MS = 2,
    WVM_MAKER_ALLOCATE_EX = 4, /* L.Allocate gets the list too */
    WVM_MAKER_FREE_EX = 8,
};

/* Of every list, unless MaximumDepth is less. */
enum { WVM_LOOKASIDE_LEAST = 4 };

/* The time by which depths are adapted, in seconds. */
ULONG wvm_lookaside_second(void);
/* Adapts the depth to what happened since that was done last, unless it was in this second. */
void wvm_lookaside_tune(GENERAL_LOOKASIDE_POOL *list);

/* The calls for callers, and with functions, of the Windows convention. */
NTSTATUS wvm_ExInitializeLookasideListEx_ms(PLOOKASIDE_LIST_EX list,
                                            PALLOCATE_FUNCTION_EX allocate,
                                            PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                            SIZE_T size, ULONG tag, USHORT depth);
VOID wvm_ExInitializeNPagedLookasideList_ms(PNPAGED_LOOKASIDE_LIST list,
                                            PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                                            ULONG flags, SIZE_T size, ULONG tag, USHORT depth);
VOID wvm_ExInitializePagedLookasideList_ms(PPAGED_LOOKASIDE_LIST list,
                                           PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                                           ULONG flags, SIZE_T size, ULONG tag, USHORT depth);

#endif
