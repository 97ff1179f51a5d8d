/* <Windef.h> as <windef.h>. */
#include "windef.h"
