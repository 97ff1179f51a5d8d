/* <WinUser.h> as <winuser.h>. */
#include "winuser.h"
