/* Prints the sizes and offsets of structs.def; see abi_headers.h. */
#include "abi_headers.h"

#define INTEGER(T)                             \
    ABI_PRINT(#T ".size", (int)sizeof(T));     \
    ABI_PRINT(#T ".signed", (int)((T)-1 < (T)1));
#define POINTER(T) ABI_PRINT(#T ".size", (int)sizeof(T));
#define STRUCT(T)                          \
    ABI_PRINT(#T ".size", (int)sizeof(T)); \
    ABI_PRINT(#T ".align", (int)__alignof__(T));
#define FIELD(T, f)                                  \
    ABI_PRINT(#T "." #f, (int)offsetof(T, f));       \
    ABI_PRINT(#T "." #f ".size", (int)sizeof(((T *)0)->f));
void abi_structs(void);
void abi_structs(void)
{
#include "structs.def"
}
