/* What winvm's own calls share. */
#ifndef WVM_API_CONTROL_H
#define WVM_API_CONTROL_H

#include "nt/nt.h"

/* -1, with errno for a native status. */
int wvm_control_refuse(wvm_status status);

#endif
