/* <fileapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_FILEAPI_H
#define WINVM_COMPAT_FILEAPI_H

#include "../fileapi.h"
#include "../kit_file_info.h"
#include "../kit_files.h"
#include "../kit_place.h"

#endif
