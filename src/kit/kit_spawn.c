/* CreateProcess: what is asked for, made a plan that kit_spawn_start.c carries out.
 *
 * I1      The descriptors that are made for a child are close-on-exec, and 3 at least.
 * Locking: none.   Failure: no process, no handle, nothing written.
 * Signal safety: none. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winvm/io.h>

#include "kit/kit_spawn.h"
#include "kit/kit_text.h"

/* Change nothing here. */
#define HINTS                                                                                   \
    (DETACHED_PROCESS | CREATE_NEW_CONSOLE | CREATE_NEW_PROCESS_GROUP |                          \
     CREATE_SEPARATE_WOW_VDM | CREATE_SHARED_WOW_VDM | CREATE_FORCEDOS | INHERIT_PARENT_AFFINITY | \
     CREATE_BREAKAWAY_FROM_JOB | CREATE_PRESERVE_CODE_AUTHZ_LEVEL | CREATE_DEFAULT_ERROR_MODE |  \
     CREATE_NO_WINDOW | NORMAL_PRIORITY_CLASS | IDLE_PRIORITY_CLASS | HIGH_PRIORITY_CLASS |      \
     REALTIME_PRIORITY_CLASS | BELOW_NORMAL_PRIORITY_CLASS | ABOVE_NORMAL_PRIORITY_CLASS |       \
     STACK_SIZE_PARAM_IS_A_RESERVATION)
#define REFUSED                                                                                 \
    (DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS | CREATE_PROTECTED_PROCESS |     \
     CREATE_SECURE_PROCESS | EXTENDED_STARTUPINFO_PRESENT)

#define KNOWN (HINTS | REFUSED | CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT)

/* What is asked for; texts of the host. */
struct request {
    const char *application, *line, *folder; /* NULL: none */
    void *environment;                       /* a block of such texts */
    BOOL inherit;
    DWORD flags, start_flags;
    HANDLE standard[WVM_KIT_N_STANDARD];
};

/* ---- What the child is given ---- */

/* A text of the block stands for each of its variables. */
static char **split_environment(char *block)
{
    size_t n = 0;
    char **list;
    for (char *at = block; *at; at += strlen(at) + 1)
        n++;
    list = malloc((n + 2) * sizeof list[0]);
    if (!list) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    n = 0;
    for (char *at = block; *at; at += strlen(at) + 1)
        list[n++] = at;
#if defined(WVM_KIT_INSIDE)
    /* Who runs under winvm-run has children that do. */
    static const char name[] = "LD_PRELOAD=";
    bool named = false;
    for (size_t i = 0; i < n; i++)
        named = named || strncmp(list[i], name, sizeof name - 1) == 0;
    for (char **e = environ; !named && e && *e; e++)
        if (strncmp(*e, name, sizeof name - 1) == 0)
            list[n++] = *e, named = true;
#endif
    list[n] = NULL;
    return list;
}

/* The descriptor that a handle stands for; -1. */
static int number_of(HANDLE h)
{
    DIR *list = opendir("/proc/self/fd");
    int fd, found = -1;
    for (struct dirent *e; found < 0 && list && (e = readdir(list)) != NULL;) {
        fd = e->d_name[0] == '.' ? -1 : atoi(e->d_name);
        if (fd >= 0 && fd != dirfd(list) && (HANDLE)_get_osfhandle(fd) == h)
            found = fd;
    }
    if (list)
        closedir(list);
    return found;
}

/* A descriptor of its own for a standard handle; -1 and the last error. */
static int descriptor_of(HANDLE h)
{
    bool none = h == NULL || h == INVALID_HANDLE_VALUE;
    int fd = none ? open("/dev/null", O_RDWR | O_CLOEXEC) : number_of(h);
    int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, WVM_KIT_N_STANDARD);
    if (none && fd >= 0)
        close(fd);
    if (own < 0)
        wvm_kit_fail(fd < 0 && !none ? ERROR_INVALID_HANDLE : ERROR_NO_SYSTEM_RESOURCES);
    return own;
}

static bool set_standard(struct wvm_kit_plan *p, const struct request *r)
{
    bool handed = r->inherit && (r->start_flags & STARTF_USESTDHANDLES);
    for (int i = 0; handed && i < WVM_KIT_N_STANDARD; i++)
        if ((p->fd[i] = descriptor_of(r->standard[i])) < 0)
            return false;
    return true;
}

static char **only_word(const char *word)
{
    char **words = malloc(2 * sizeof words[0] + strlen(word) + 1);
    if (!words) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    words[0] = strcpy((char *)(words + 2), word);
    words[1] = NULL;
    return words;
}

static bool make_plan(struct wvm_kit_plan *p, const struct request *r)
{
    p->path = r->application ? wvm_kit_find_application(r->application)
                             : wvm_kit_find_command(r->line);
    if (!p->path)
        return false;
    p->words = r->line && r->line[0] ? wvm_kit_split_line(r->line) : only_word(r->application);
    if (r->environment)
        p->environment = split_environment(r->environment);
    return p->words && (p->environment || !r->environment) && set_standard(p, r) &&
           (!(r->flags & CREATE_SUSPENDED) || wvm_kit_plan_hold(p));
}

static void end_plan(struct wvm_kit_plan *p)
{
    for (int i = 0; i < WVM_KIT_N_STANDARD; i++)
        if (p->fd[i] >= 0)
            close(p->fd[i]);
    if (p->holder >= 0)
        close(p->holder);
    if (p->held >= 0)
        close(p->held);
    free(p->path);
    free(p->words);
    free(p->environment);
}

/* ---- The calls ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, X_OK) == 0;
}

static bool check(const struct request *r)
{
    const DWORD consoles = DETACHED_PROCESS | CREATE_NEW_CONSOLE;
    if (!r->application && (!r->line || r->line[strspn(r->line, " \t")] == '\0'))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if ((r->flags & ~(DWORD)KNOWN) != 0 || (r->flags & consoles) == consoles)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (r->flags & REFUSED)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    return !r->folder || is_folder(r->folder) || wvm_kit_fail(ERROR_DIRECTORY);
}

static BOOL create(const struct request *r, PROCESS_INFORMATION *out)
{
    struct wvm_kit_plan p = {.folder = r->folder, .inherit = r->inherit, .fd = {-1, -1, -1},
                             .holder = -1, .held = -1};
    if (!check(r))
        return FALSE;
    BOOL done = make_plan(&p, r) && wvm_kit_start(&p, out);
    DWORD error = GetLastError();
    end_plan(&p);
    if (!done)
        SetLastError(error);
    return done;
}

/* A block of UTF-16 as one of UTF-8, of malloc. */
static char *new_block(LPCWSTR block)
{
    size_t n = 0, size;
    while (block[n])
        n += wvm_kit_len16(block + n) + 1;
    size = wvm_kit_to_utf8(NULL, 0, block, n);
    char *narrow = calloc(1, size + 1);
    if (narrow)
        wvm_kit_to_utf8(narrow, size, block, n);
    else
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return narrow;
}

BOOL wvm_kit_CreateProcessA(LPCSTR application, LPSTR line, LPSECURITY_ATTRIBUTES process,
                            LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                            LPVOID environment, LPCSTR folder, LPSTARTUPINFOA info,
                            LPPROCESS_INFORMATION out)
{
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(thread);
    if (!info || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    bool wide = environment && (flags & CREATE_UNICODE_ENVIRONMENT);
    char *block = wide ? new_block(environment) : environment;
    struct request r = {application, line, folder, block, inherit, flags, info->dwFlags,
                        {info->hStdInput, info->hStdOutput, info->hStdError}};
    BOOL done = (block || !wide) && create(&r, out);
    if (wide)
        free(block);
    return done;
}

BOOL wvm_kit_CreateProcessW(LPCWSTR application, LPWSTR line, LPSECURITY_ATTRIBUTES process,
                            LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
                            LPVOID environment, LPCWSTR folder, LPSTARTUPINFOW info,
                            LPPROCESS_INFORMATION out)
{
    if (!info || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    STARTUPINFOA narrow = {.cb = sizeof narrow,
                           .dwFlags = info->dwFlags,
                           .hStdInput = info->hStdInput,
                           .hStdOutput = info->hStdOutput,
                           .hStdError = info->hStdError};
    char *name = application ? wvm_kit_new_utf8(application) : NULL;
    char *text = line ? wvm_kit_new_utf8(line) : NULL;
    char *place = folder ? wvm_kit_new_utf8(folder) : NULL;
    BOOL done = (name || !application) && (text || !line) && (place || !folder) &&
                wvm_kit_CreateProcessA(name, text, process, thread, inherit, flags, environment,
                                       place, &narrow, out);
    free(name);
    free(text);
    free(place);
    return done;
}

#define WVM_KIT_SPAWN
#include "kit/kit_entry.h"
