/* <Sysinfoapi.h> as <sysinfoapi.h>. */
#include "sysinfoapi.h"
