/* <Ntsecapi.h> as <ntsecapi.h>. */
#include "ntsecapi.h"
