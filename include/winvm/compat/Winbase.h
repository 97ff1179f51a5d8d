/* <Winbase.h> as <winbase.h>. */
#include "winbase.h"
