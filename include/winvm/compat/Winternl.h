/* <Winternl.h> as <winternl.h>. */
#include "winternl.h"
