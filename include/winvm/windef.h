/* winvm/windef.h: minwindef.h and winnt.h under their older name. */
#ifndef WINVM_WINDEF_H
#define WINVM_WINDEF_H

#include "minwindef.h"
#include "winnt.h"

#endif
