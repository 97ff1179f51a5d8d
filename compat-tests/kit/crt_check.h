/* What the programs of the C run time check with: a line that fails is named, and main ends with
 * `failed`. */
#ifndef CRT_CHECK_H
#define CRT_CHECK_H

#include <stdio.h>

static int failed;

#define CHECK(e)                                                            \
    do {                                                                    \
        if (!(e)) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #e);         \
            failed = 1;                                                     \
        }                                                                   \
    } while (0)

#endif
