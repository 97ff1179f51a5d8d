/* <intrin0.h> as <intrin.h>. */
#include "intrin.h"
