/* winvm/kit.h: everything of libwinvm-kit, the names that memory programs for Windows need beside
 * the memory calls. See winvm-kit(7). */
#ifndef WINVM_KIT_H
#define WINVM_KIT_H

#include "fibersapi.h"
#include "heapapi.h"
#include "kit_sysinfo.h"
#include "kit_threads.h"
#include "kit_winbase.h"
#include "profileapi.h"
#include "synchapi.h"

#endif
