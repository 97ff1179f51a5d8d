/* <WinError.h> as <winerror.h>. */
#include "winerror.h"
