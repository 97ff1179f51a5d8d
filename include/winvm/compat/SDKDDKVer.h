/* <SDKDDKVer.h> as <sdkddkver.h>. */
#include "sdkddkver.h"
