/* <WinBase.h> as <winbase.h>. */
#include "winbase.h"
