/* <Bcrypt.h> as <bcrypt.h>. */
#include "bcrypt.h"
