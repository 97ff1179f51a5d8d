/* winvm/kit.h: everything of libwinvm-kit, the names that memory programs for Windows need beside
 * the memory calls. See winvm-kit(7). */
#ifndef WINVM_KIT_H
#define WINVM_KIT_H

#include "combaseapi.h"
#include "debugapi.h"
#include "evntprov.h"
#include "fibersapi.h"
#include "heapapi.h"
#include "interlockedapi.h"
#include "ioapiset.h"
#include "jobapi.h"
#include "kit_descriptor.h"
#include "kit_file_info.h"
#include "kit_files.h"
#include "kit_loader.h"
#include "kit_place.h"
#include "kit_process.h"
#include "kit_psapi.h"
#include "kit_slist.h"
#include "kit_spawn.h"
#include "kit_sysinfo.h"
#include "kit_teb.h"
#include "kit_text.h"
#include "kit_thread_info.h"
#include "kit_threads.h"
#include "kit_version.h"
#include "kit_winbase.h"
#include "namedpipeapi.h"
#include "ntsecapi.h"
#include "processenv.h"
#include "profileapi.h"
#include "realtimeapiset.h"
#include "rtlsupportapi.h"
#include "securitybaseapi.h"
#include "synchapi.h"
#include "threadpoolapiset.h"
#include "threadpoollegacyapiset.h"
#include "timeapi.h"
#include "timezoneapi.h"
#include "tlhelp32.h"
#include "utilapiset.h"
#include "werapi.h"
#include "wincon.h"
#include "wincrypt.h"
#include "winnls.h"
#include "winuser.h"

#endif

/* As in winvm.h, the native calls; outside the guard for the same reason. */
#if !defined(WINVM_WIN32_ONLY) && (!defined(WINVM_UNDER_WINE) || defined(__WINE_WINTERNL_H))
#include "bcrypt.h"
#include "kit_ntdll.h"
#ifndef WINVM_UNDER_WINE /* whose winternl.h has these */
#include "kit_image.h"
#include "kit_ntdll_loader.h"
#include "kit_ntdll_objects.h"
#include "kit_ntdll_rtl.h"
#include "kit_ntdll_strings.h"
#endif
#endif
