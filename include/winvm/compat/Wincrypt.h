/* <Wincrypt.h> as <wincrypt.h>. */
#include "wincrypt.h"
