/* A POSIX file with the compat path on its search path and nothing else of Windows: nothing changes
 * for it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(_WIN32) || defined(_WIN64) || defined(__declspec) || defined(min) || \
    defined(_aligned_malloc) || defined(_stricmp) || defined(_open) || defined(_MAX_PATH)
#error "a word of Windows in a POSIX file"
#endif
/* Names that the C run time of Windows has are the program's. */
static int strcpy_s(int x)
{
    return x;
}
typedef long errno_t;
typedef char LONG, DWORD;

int posix_side(void *memory, size_t size);
int posix_side(void *memory, size_t size)
{
    errno_t no_error = 0;
    LONG c = 7;
    DWORD d = 7;
    memset(memory, c, size);
    return strcpy_s(((char *)memory)[size - 1] != d) + (int)no_error;
}
