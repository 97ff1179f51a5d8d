/* <BaseTsd.h> as <basetsd.h>. */
#include "basetsd.h"
