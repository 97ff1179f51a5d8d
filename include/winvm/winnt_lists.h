/* winvm/winnt_lists.h: the links of lists, as winnt.h of the SDK has them. winnt.h includes this
 * header.
 *
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_WINNT_LISTS_H
#define WINVM_WINNT_LISTS_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;
typedef LIST_ENTRY *RESTRICTED_POINTER PRLIST_ENTRY;
typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;
typedef struct LIST_ENTRY32 {
    DWORD Flink;
    DWORD Blink;
} LIST_ENTRY32, *PLIST_ENTRY32;
typedef struct LIST_ENTRY64 {
    ULONGLONG Flink;
    ULONGLONG Blink;
} LIST_ENTRY64, *PLIST_ENTRY64;

/* The head of a list that any thread may push to and pop from, and what it links. */
#if WINVM_64
typedef struct _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} DECLSPEC_ALIGN(16) SLIST_ENTRY, *PSLIST_ENTRY;
typedef union _SLIST_HEADER {
    __extension__ struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    } DUMMYSTRUCTNAME;
    struct {
        __extension__ ULONGLONG Depth : 16;
        __extension__ ULONGLONG Sequence : 48;
        __extension__ ULONGLONG Reserved : 4;
        __extension__ ULONGLONG NextEntry : 60; /* the address without its low four bits */
    } HeaderX64;
} DECLSPEC_ALIGN(16) SLIST_HEADER, *PSLIST_HEADER;
#else
typedef SINGLE_LIST_ENTRY SLIST_ENTRY, *PSLIST_ENTRY;
typedef union _SLIST_HEADER {
    ULONGLONG Alignment;
    __extension__ struct {
        SLIST_ENTRY Next;
        USHORT Depth;
        USHORT Sequence;
    } DUMMYSTRUCTNAME;
} SLIST_HEADER, *PSLIST_HEADER;
#endif

#endif

#endif
