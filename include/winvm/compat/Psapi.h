/* <Psapi.h> as <psapi.h>. */
#include "psapi.h"
