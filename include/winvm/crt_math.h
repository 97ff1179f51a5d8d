/* winvm/crt_math.h: what Windows' math.h, float.h and limits.h have beside libc's. */
#ifndef WINVM_CRT_MATH_H
#define WINVM_CRT_MATH_H

#include <limits.h>
#include <stdint.h>

#include "crt_float.h"

#define _hypot(a, b) __builtin_hypot((a), (b))

#define _I8_MIN INT8_MIN
#define _I8_MAX INT8_MAX
#define _UI8_MAX UINT8_MAX
#define _I16_MIN INT16_MIN
#define _I16_MAX INT16_MAX
#define _UI16_MAX UINT16_MAX
#define _I32_MIN INT32_MIN
#define _I32_MAX INT32_MAX
#define _UI32_MAX UINT32_MAX
#define _I64_MIN INT64_MIN
#define _I64_MAX INT64_MAX
#define _UI64_MAX UINT64_MAX

#endif
