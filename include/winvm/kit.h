/* winvm/kit.h: everything of libwinvm-kit, the names that memory programs for Windows need beside
 * the memory calls. See winvm-kit(7). */
#ifndef WINVM_KIT_H
#define WINVM_KIT_H

#include "debugapi.h"
#include "fibersapi.h"
#include "heapapi.h"
#include "interlockedapi.h"
#include "kit_loader.h"
#include "kit_sysinfo.h"
#include "kit_teb.h"
#include "kit_threads.h"
#include "kit_winbase.h"
#include "processenv.h"
#include "profileapi.h"
#include "securitybaseapi.h"
#include "synchapi.h"
#include "winuser.h"

#endif
