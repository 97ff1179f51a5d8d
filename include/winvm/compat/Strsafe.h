/* <Strsafe.h> as <strsafe.h>. */
#include "strsafe.h"
