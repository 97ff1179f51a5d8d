/* What a process ended with.
 *
 * I1  Only what the host still knows is told, and what kit_child.c has kept: another process that
 *     somebody has waited for is forgotten.
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/kit_child.h"

enum { STARTED = 22, EXIT_CODE = 52 }; /* fields of /proc/PID/stat, from 1 */
#define BY_SIGNAL 128u

/* Field n of a line of /proc/PID/stat. */
static uint64_t field(const char *line, int n)
{
    const char *at = strrchr(line, ')'); /* behind field 2 */
    for (int i = 2; at && i < n; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* The status as wait tells it; false: not known. The number is that of a process that has ended. */
static bool read_status(const struct winvm_awaited *what, int *status)
{
    char path[32], text[1024];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%u/stat", what->number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    bool readable = fd >= 0 && fstat(fd, &st) == 0 && (st.st_uid == geteuid() || geteuid() == 0);
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    if (!readable || field(text, STARTED) != what->start)
        return false;
    *status = (int)field(text, EXIT_CODE);
    return true;
}

static DWORD code_of(int status)
{
    return WIFEXITED(status) ? (DWORD)WEXITSTATUS(status) : BY_SIGNAL + (DWORD)WTERMSIG(status);
}

static int find(HANDLE process, struct winvm_awaited *what)
{
    int error = winvm_awaited_get(process, PROCESS_QUERY_LIMITED_INFORMATION, what);
    if (error == EACCES)
        error = winvm_awaited_get(process, PROCESS_QUERY_INFORMATION, what);
    return error == 0 && what->kind != WINVM_AWAITED_PROCESS ? EINVAL : error;
}

BOOL wvm_kit_GetExitCodeProcess(HANDLE process, LPDWORD code)
{
    struct winvm_awaited what;
    int status, error = find(process, &what);
    if (error != 0)
        return wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
    if (!winvm_awaited_is_over(&what))
        *code = STILL_ACTIVE;
    else if (wvm_kit_child_code(&what, code))
        return TRUE;
    else if (read_status(&what, &status))
        *code = code_of(status);
    else
        return wvm_kit_fail(ERROR_NOT_FOUND);
    return TRUE;
}

#define WVM_KIT_EXIT_CODE
#include "kit/kit_entry.h"
