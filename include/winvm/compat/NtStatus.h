/* <NtStatus.h> as <ntstatus.h>. */
#include "ntstatus.h"
