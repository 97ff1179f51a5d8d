/* winvm/kit_slist.h: lists of which any thread may take entries, of interlockedapi.h
 * (libwinvm-kit).
 *
 * Entries are aligned to 16 bytes, 8 on 32-bit hosts. The memory of an entry that was taken may go
 * away at once.
 *
 * WINVM_NO_TYPES needs: PSLIST_HEADER PSLIST_ENTRY USHORT ULONG. */
#ifndef WINVM_KIT_SLIST_H
#define WINVM_KIT_SLIST_H

#include "winnt.h"

WINVM_BEGIN_DECLS

WINVM_DECLARE(void, InitializeSListHead, (PSLIST_HEADER ListHead));
/* The entry that was first before. */
WINVM_DECLARE(PSLIST_ENTRY, InterlockedPushEntrySList,
              (PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry));
/* Count entries that are linked already, from List to ListEnd. */
WINVM_DECLARE(PSLIST_ENTRY, InterlockedPushListSListEx,
              (PSLIST_HEADER ListHead, PSLIST_ENTRY List, PSLIST_ENTRY ListEnd, ULONG Count));
/* The first entry, taken out; NULL: it is empty. */
WINVM_DECLARE(PSLIST_ENTRY, InterlockedPopEntrySList, (PSLIST_HEADER ListHead));
/* All entries, linked. */
WINVM_DECLARE(PSLIST_ENTRY, InterlockedFlushSList, (PSLIST_HEADER ListHead));
/* How many entries there are, modulo 65536. */
WINVM_DECLARE(USHORT, QueryDepthSList, (PSLIST_HEADER ListHead));

WINVM_END_DECLS

#endif
