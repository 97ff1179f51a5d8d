/* What the process was started with: its standard handles, and its own path as the title.
 *
 * I1      The title is made once; it stays where it is.
 * Locking: pthread_once.   Failure: an empty title.   Signal safety: none. */
#include <pthread.h>

#include "kit/kit.h"

#define MOST_UNITS 4096

static char title_a[MOST_UNITS];
static WCHAR title_w[MOST_UNITS], nothing_w[1];
static char nothing_a[1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_titles(void)
{
    DWORD error = GetLastError();
    if (wvm_kit_GetModuleFileNameA(NULL, title_a, MOST_UNITS) >= MOST_UNITS)
        title_a[0] = '\0';
    if (wvm_kit_GetModuleFileNameW(NULL, title_w, MOST_UNITS) >= MOST_UNITS)
        title_w[0] = 0;
    SetLastError(error);
}

VOID wvm_kit_GetStartupInfoA(LPSTARTUPINFOA out)
{
    pthread_once(&once, make_titles);
    *out = (STARTUPINFOA){.cb = sizeof *out,
                          .lpReserved = nothing_a,
                          .lpDesktop = nothing_a,
                          .lpTitle = title_a,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = wvm_kit_GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = wvm_kit_GetStdHandle(STD_OUTPUT_HANDLE),
                          .hStdError = wvm_kit_GetStdHandle(STD_ERROR_HANDLE)};
}

VOID wvm_kit_GetStartupInfoW(LPSTARTUPINFOW out)
{
    pthread_once(&once, make_titles);
    *out = (STARTUPINFOW){.cb = sizeof *out,
                          .lpReserved = nothing_w,
                          .lpDesktop = nothing_w,
                          .lpTitle = title_w,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = wvm_kit_GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = wvm_kit_GetStdHandle(STD_OUTPUT_HANDLE),
                          .hStdError = wvm_kit_GetStdHandle(STD_ERROR_HANDLE)};
}

#define WVM_KIT_STARTUP
#include "kit/kit_entry.h"
