/* <libloaderapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_LIBLOADERAPI_H
#define WINVM_COMPAT_LIBLOADERAPI_H

#include "../libloaderapi.h"
#include "../kit_loader.h"

#endif
