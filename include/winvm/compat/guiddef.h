/* <guiddef.h> for unmodified Windows sources. */
#include "../guiddef.h"
