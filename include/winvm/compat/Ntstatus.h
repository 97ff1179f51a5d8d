/* <Ntstatus.h> as <ntstatus.h>. */
#include "ntstatus.h"
