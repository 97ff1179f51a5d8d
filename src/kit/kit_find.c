/* FindFirstFile and its kin.
 *
 * Terms   search = the names of one folder that a pattern matched, and the next of them to tell.
 * I1  The names are read and sorted at the beginning; what has gone by its turn is not told.
 * I2  A handle is the address of a search in the list of all: any other number is refused unread.
 * I3  A name without wild characters that is there exactly so is told alone; the folder is read for
 *     it only when it is not.
 * Locking: `lock` for the list; one search is used by one thread at a time, as on Windows.
 * Failure: nothing changed.   Signal safety: none. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_lock.h"
#include "kit/kit_match.h"
#include "kit/kit_text.h"

struct search {
    struct search *next;
    char *folder; /* with a slash at its end, or empty */
    LPWSTR *names;
    size_t count, at;
};

static struct wvm_kit_lock lock;
static struct search *searches;

/* ---- Searches and their handles ---- */

static void free_search(struct search *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->names[i]);
    free(s->names);
    free(s->folder);
    free(s);
}

static HANDLE publish(struct search *s)
{
    wvm_kit_lock(&lock);
    s->next = searches;
    searches = s;
    wvm_kit_unlock(&lock);
    return s;
}

/* The search of a handle; take: it leaves the list. NULL and the last error. */
static struct search *search_of(HANDLE h, bool take)
{
    struct search **link = &searches, *s;
    wvm_kit_lock(&lock);
    while (*link && *link != h)
        link = &(*link)->next;
    s = *link;
    if (s && take)
        *link = s->next;
    wvm_kit_unlock(&lock);
    if (!s)
        wvm_kit_fail(ERROR_INVALID_HANDLE);
    return s;
}

/* ---- Reading a folder ---- */

static bool add_name(struct search *s, LPWSTR name)
{
    if ((s->count & (s->count + 1)) == 0) { /* room for 1, 3, 7, ... names */
        LPWSTR *more = realloc(s->names, (2 * s->count + 1) * sizeof *more);
        if (!more)
            return false;
        s->names = more;
    }
    s->names[s->count++] = name;
    return true;
}

static int order(const void *a, const void *b)
{
    return wvm_kit_match_order(*(const LPWSTR *)a, *(const LPWSTR *)b);
}

/* Adds the names of the open folder that match; 0, or an errno. */
static int read_names(struct search *s, DIR *dir, LPCWSTR pattern, bool exact)
{
    const struct dirent *e;
    bool root = strcmp(s->folder, "/") == 0;
    for (errno = 0; (e = readdir(dir)); errno = 0) {
        bool dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        LPWSTR name = root && dots ? NULL : wvm_kit_new_utf16(e->d_name);
        if (!name && !(root && dots))
            return ENOMEM;
        if (name && !(wvm_kit_match(pattern, name, exact) && wvm_kit_len16(name) < MAX_PATH)) {
            free(name);
        } else if (name && !add_name(s, name)) {
            free(name);
            return ENOMEM;
        }
    }
    return errno;
}

/* FALSE and the last error. */
static BOOL read_folder(struct search *s, LPCWSTR pattern, bool exact)
{
    DIR *dir = opendir(s->folder[0] ? s->folder : ".");
    if (!dir && errno == ENOTDIR)
        return wvm_kit_fail(ERROR_DIRECTORY);
    if (!dir)
        return errno == ENOENT ? wvm_kit_fail(ERROR_PATH_NOT_FOUND)
                               : wvm_kit_file_fail(errno, s->folder);
    int error = read_names(s, dir, pattern, exact);
    closedir(dir);
    if (error)
        return wvm_kit_file_fail(error, NULL);
    if (s->count > 1)
        qsort(s->names, s->count, sizeof s->names[0], order);
    return s->count > 0 || wvm_kit_fail(ERROR_FILE_NOT_FOUND);
}

/* I3. False: it is not there. */
static bool take_exact(struct search *s, const char *path, LPCWSTR name)
{
    struct wvm_kit_file f;
    if (wvm_kit_match_is_pattern(name) || wvm_kit_len16(name) >= MAX_PATH ||
        wvm_kit_file_of(-1, path, false, &f) != 0)
        return false;
    char *narrow = wvm_kit_new_utf8(name);
    LPWSTR copy = narrow ? wvm_kit_new_utf16(narrow) : NULL;
    free(narrow);
    if (copy && add_name(s, copy))
        return true;
    free(copy);
    return false;
}

static BOOL fill_search(struct search *s, const char *path, bool exact)
{
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    s->folder = strndup(path, (size_t)(last - path));
    LPWSTR name = s->folder ? wvm_kit_new_utf16(last) : NULL;
    if (!name)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    BOOL found = FALSE;
    if (last[0] == '\0')
        wvm_kit_fail(ERROR_FILE_NOT_FOUND);
    else if (wvm_kit_len16(name) > WVM_KIT_PATTERN_MAX)
        wvm_kit_fail(ERROR_INVALID_NAME);
    else
        found = take_exact(s, path, name) || read_folder(s, name, exact);
    free(name);
    return found;
}

/* ---- What is told of a name ---- */

/* All but the name. False: it has gone. */
static bool describe(const struct search *s, const char *name, WIN32_FIND_DATAW *out)
{
    struct wvm_kit_file f, link;
    char *path = malloc(strlen(s->folder) + strlen(name) + 1);
    if (!path)
        return false;
    strcpy(stpcpy(path, s->folder), name);
    bool there = wvm_kit_file_of(-1, path, false, &link) == 0;
    bool is_link = there && S_ISLNK(link.mode);
    if (!is_link || wvm_kit_file_of(-1, path, true, &f) != 0)
        f = link;
    free(path);
    if (!there)
        return false;
    uint64_t size = S_ISDIR(f.mode) ? 0 : f.size;
    DWORD found = wvm_kit_file_attributes(&f);
    if (is_link)
        found = (found & ~(DWORD)FILE_ATTRIBUTE_NORMAL) | FILE_ATTRIBUTE_REPARSE_POINT;
    *out = (WIN32_FIND_DATAW){
        .dwFileAttributes = found,
        .ftCreationTime = f.created,
        .ftLastAccessTime = f.accessed,
        .ftLastWriteTime = f.written,
        .nFileSizeHigh = (DWORD)(size >> 32),
        .nFileSizeLow = (DWORD)size,
        .dwReserved0 = is_link ? IO_REPARSE_TAG_SYMLINK : 0,
    };
    return true;
}

/* The next that is there: its UTF-8 name, of malloc, and what is told of it; NULL: no more. */
static char *next_name(struct search *s, WIN32_FIND_DATAW *out)
{
    while (s->at < s->count) {
        char *name = wvm_kit_new_utf8(s->names[s->at++]);
        if (name && describe(s, name, out))
            return name;
        free(name);
    }
    return NULL;
}

static bool tell_w(struct search *s, WIN32_FIND_DATAW *out)
{
    char *name = next_name(s, out);
    if (!name)
        return false;
    wvm_kit_fill_w(out->cFileName, MAX_PATH, name);
    free(name);
    return true;
}

static bool tell_a(struct search *s, WIN32_FIND_DATAA *out)
{
    WIN32_FIND_DATAW wide;
    char *name = next_name(s, &wide);
    if (!name)
        return false;
    *out = (WIN32_FIND_DATAA){
        .dwFileAttributes = wide.dwFileAttributes,
        .ftCreationTime = wide.ftCreationTime,
        .ftLastAccessTime = wide.ftLastAccessTime,
        .ftLastWriteTime = wide.ftLastWriteTime,
        .nFileSizeHigh = wide.nFileSizeHigh,
        .nFileSizeLow = wide.nFileSizeLow,
        .dwReserved0 = wide.dwReserved0,
    };
    wvm_kit_fill_a(out->cFileName, MAX_PATH, name);
    free(name);
    return true;
}

/* ---- The calls ---- */

/* A search of a checked call, not in the list yet; NULL and the last error. */
static struct search *begin(const char *path, FINDEX_INFO_LEVELS level, FINDEX_SEARCH_OPS op,
                            LPVOID filter, DWORD flags)
{
    if (level >= FindExInfoMaxInfoLevel || op >= FindExSearchLimitToDevices || filter ||
        (flags & ~7u)) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (!wvm_kit_file_named(path))
        return NULL;
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (!s || fill_search(s, path, flags & FIND_FIRST_EX_CASE_SENSITIVE))
        return s;
    free_search(s);
    return NULL;
}

/* The handle of a search that has told its first name. */
static HANDLE finish(struct search *s, bool told)
{
    if (told)
        return publish(s);
    if (s) {
        free_search(s);
        wvm_kit_fail(ERROR_FILE_NOT_FOUND);
    }
    return INVALID_HANDLE_VALUE;
}

HANDLE wvm_kit_FindFirstFileExA(LPCSTR path, FINDEX_INFO_LEVELS level, LPVOID out,
                                FINDEX_SEARCH_OPS op, LPVOID filter, DWORD flags)
{
    struct search *s = begin(path, level, op, filter, flags);
    return finish(s, s && tell_a(s, out));
}

HANDLE wvm_kit_FindFirstFileExW(LPCWSTR path, FINDEX_INFO_LEVELS level, LPVOID out,
                                FINDEX_SEARCH_OPS op, LPVOID filter, DWORD flags)
{
    char *narrow = wvm_kit_file_path(path);
    struct search *s = narrow ? begin(narrow, level, op, filter, flags) : NULL;
    free(narrow);
    return finish(s, s && tell_w(s, out));
}

HANDLE wvm_kit_FindFirstFileA(LPCSTR path, LPWIN32_FIND_DATAA out)
{
    return wvm_kit_FindFirstFileExA(path, FindExInfoStandard, out, FindExSearchNameMatch, NULL, 0);
}

HANDLE wvm_kit_FindFirstFileW(LPCWSTR path, LPWIN32_FIND_DATAW out)
{
    return wvm_kit_FindFirstFileExW(path, FindExInfoStandard, out, FindExSearchNameMatch, NULL, 0);
}

BOOL wvm_kit_FindNextFileA(HANDLE h, LPWIN32_FIND_DATAA out)
{
    struct search *s = search_of(h, false);
    return s && (tell_a(s, out) || wvm_kit_fail(ERROR_NO_MORE_FILES));
}

BOOL wvm_kit_FindNextFileW(HANDLE h, LPWIN32_FIND_DATAW out)
{
    struct search *s = search_of(h, false);
    return s && (tell_w(s, out) || wvm_kit_fail(ERROR_NO_MORE_FILES));
}

BOOL wvm_kit_FindClose(HANDLE h)
{
    struct search *s = search_of(h, true);
    if (s)
        free_search(s);
    return s != NULL;
}

#define WVM_KIT_FIND
#include "kit/kit_entry.h"
