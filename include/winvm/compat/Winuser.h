/* <Winuser.h> as <winuser.h>. */
#include "winuser.h"
