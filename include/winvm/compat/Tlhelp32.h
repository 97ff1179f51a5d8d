/* <Tlhelp32.h> as <tlhelp32.h>. */
#include "tlhelp32.h"
