/* <PSAPI.h> as <psapi.h>. */
#include "psapi.h"
