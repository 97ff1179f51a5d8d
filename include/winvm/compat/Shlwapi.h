/* <Psapi.h> as <shlwapi.h>. */
#include "shlwapi.h"
