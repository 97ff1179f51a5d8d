/* <MemoryApi.h> as <memoryapi.h>. */
#include "memoryapi.h"
