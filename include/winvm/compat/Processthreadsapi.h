/* <Processthreadsapi.h> as <processthreadsapi.h>. */
#include "processthreadsapi.h"
