/* <VersionHelpers.h> as <versionhelpers.h>. */
#include "versionhelpers.h"
