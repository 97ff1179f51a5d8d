/* Prints the constants of constants.def; see abi_headers.h. */
#include "abi_headers.h"

#define X(name) ABI_PRINT(#name, (int)(name));
void abi_constants(void);
void abi_constants(void)
{
#include "constants.def"
}
