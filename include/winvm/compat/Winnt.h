/* <Winnt.h> as <winnt.h>. */
#include "winnt.h"
