/* Command lines taken apart, and programs looked for.
 *
 * Terms   blank = a space or a tab.
 * I1      The first word ends at a blank outside of quotes, which are left out; backslashes mean
 *         nothing in it. In the others 2n backslashes before a quote are n and the quote begins or
 *         ends a quoted part, 2n + 1 are n and the quote itself; in a quoted part two quotes are
 *         one. Other backslashes are themselves.
 * I2      Paths are the host's; what is found is a regular file.
 * Locking: none; PATH as getenv reads it.   Failure: the last error.   Signal safety: none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/kit_spawn.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- Words ---- */

/* Both copy a word to *out, with its NUL, and return where it ends. */
static const char *take_first(const char *at, char **out)
{
    bool quoted = false;
    for (; *at && (quoted || !is_blank(*at)); at++) {
        if (*at == '"')
            quoted = !quoted;
        else
            *(*out)++ = *at;
    }
    *(*out)++ = '\0';
    return at;
}

static const char *take_word(const char *at, char **out)
{
    for (bool quoted = false;;) {
        size_t n = strspn(at, "\\");
        at += n;
        size_t kept = *at == '"' ? n / 2 : n;
        memset(*out, '\\', kept);
        *out += kept;
        if (*at == '\0' || (!quoted && is_blank(*at)))
            break;
        if (*at != '"' || n % 2 != 0) {
            *(*out)++ = *at;
        } else if (quoted && at[1] == '"') {
            *(*out)++ = '"';
            at++;
        } else {
            quoted = !quoted;
        }
        at++;
    }
    *(*out)++ = '\0';
    return at;
}

char **wvm_kit_split_line(const char *line)
{
    size_t size = strlen(line), most = size / 2 + 2, n = 0;
    char **words = malloc((most + 1) * sizeof words[0] + size + 2);
    if (!words) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    char *out = (char *)(words + most + 1);
    words[n++] = out;
    line = take_first(line, &out);
    while (*(line += strspn(line, " \t"))) {
        words[n++] = out;
        line = take_word(line, &out);
    }
    words[n] = NULL;
    return words;
}

/* ---- Programs ---- */

/* folder/name, with or without ".exe", if that is a file; of malloc. NULL: it is none. */
static char *file_in(const char *folder, const char *name)
{
    struct stat st;
    size_t n = strlen(name);
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", folder, folder[0] ? "/" : "", name) < 0)
        return NULL;
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return path;
    if (n > 4 && strcasecmp(name + n - 4, ".exe") == 0) {
        path[strlen(path) - 4] = '\0';
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return path;
    }
    free(path);
    return NULL;
}

/* Relative to the current folder of this process, whatever that of the new one is. */
static char *file_here(const char *name)
{
    char *folder = name[0] == '/' ? NULL : getcwd(NULL, 0);
    char *path = file_in(folder ? folder : "", name);
    free(folder);
    return path;
}

/* In the folder of this program. */
static char *file_beside(const char *name)
{
    char folder[4096];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return slash == folder ? file_in("/", name) : file_in(folder, name);
}

static char *file_on_path(const char *name)
{
    const char *list = getenv("PATH");
    char *copy = strdup(list ? list : ""), *rest = copy, *folder, *path = NULL;
    while (copy && !path && (folder = strsep(&rest, ":")) != NULL) {
        path = *folder ? file_in(folder, name) : file_here(name);
        if (path && access(path, X_OK) != 0) {
            free(path);
            path = NULL;
        }
    }
    free(copy);
    return path;
}

static DWORD error_of_missing(const char *name)
{
    const char *slash = strrchr(name, '/');
    struct stat st;
    char *folder = slash ? strndup(name, (size_t)(slash - name) + 1) : NULL;
    bool no_folder = folder && (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode));
    free(folder);
    return no_folder ? ERROR_PATH_NOT_FOUND : ERROR_FILE_NOT_FOUND;
}

static char *found(char *path, const char *name)
{
    if (!path)
        wvm_kit_fail(name[0] ? error_of_missing(name) : ERROR_PATH_NOT_FOUND);
    return path;
}

char *wvm_kit_find_application(const char *name)
{
    return found(name[0] ? file_here(name) : NULL, name);
}

static char *look_for(const char *name)
{
    char *path = NULL;
    if (!name[0])
        return NULL;
    if (strchr(name, '/'))
        return file_here(name);
    path = file_beside(name);
    if (!path)
        path = file_here(name);
    return path ? path : file_on_path(name);
}

char *wvm_kit_find_command(const char *line)
{
    size_t size = strlen(line), end = strcspn(line, " \t");
    char *name = malloc(size + 1), *out = name, *path = NULL;
    if (!name)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY) ? name : NULL;
    take_first(line, &out);
    path = look_for(name);
    while (!path && !memchr(line, '"', end) && end < size) {
        end += strspn(line + end, " \t");
        end += strcspn(line + end, " \t");
        memcpy(name, line, end);
        name[end] = '\0';
        path = look_for(name);
    }
    out = name;
    take_first(line, &out); /* which the error is about */
    path = found(path, name);
    free(name);
    return path;
}
