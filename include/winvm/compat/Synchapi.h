/* <Synchapi.h> as <synchapi.h>. */
#include "synchapi.h"
