/* <Intrin.h> as <intrin.h>. */
#include "intrin.h"
