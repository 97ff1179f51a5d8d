/* Names of tags: pooltag.txt, as the Windows Driver Kit has it.
 *
 *   AcdN - tdi.sys     - TDI AcdObjectInfoG
 *   Ntf? - ntfs.sys    - structures of the file system
 *
 * A line is an entry when " - " separates its first two parts; '?' and '*' in a tag match. Lines
 * that begin with "//" or "rem", and all others, say nothing. A tag of less than four characters is
 * filled with blanks.
 * I1  Texts of entries lie in one copy of the file.
 * Failure: NULL with errno. */
#include "tools/poolmon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct entry {
    const char *tag;
    bool is_pattern;
    struct poolmon_name name;
};

struct poolmon_names {
    char *text;
    struct entry *entry;
    size_t n, cap;
};

/* The whole file, NUL-terminated. */
static char *read_all(FILE *from)
{
    size_t len = 0, cap = 1 << 16;
    char *text = malloc(cap);
    while (text) {
        len += fread(text + len, 1, cap - 1 - len, from);
        if (ferror(from)) {
            free(text);
            return NULL;
        }
        if (len < cap - 1)
            break;
        char *more = realloc(text, cap *= 2);
        if (!more)
            free(text);
        text = more;
    }
    if (text)
        text[len] = '\0';
    return text;
}

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

/* Cuts text behind its first part; what follows the separator, or NULL. */
static char *cut(char *text)
{
    for (char *at = text; (at = strchr(at, '-')) != NULL; at++) {
        bool open = at > text && strchr(" \t", at[-1]) != NULL;
        if (open && (at[1] == ' ' || at[1] == '\t' || at[1] == '\0' || at[1] == '\r')) {
            *at = '\0';
            return at + 1;
        }
    }
    return NULL;
}

static bool is_comment(const char *line)
{
    return strncmp(line, "//", 2) == 0 ||
           (strncasecmp(line, "rem", 3) == 0 && strchr(" \t", line[3]) != NULL);
}

static bool add_line(struct poolmon_names *names, char *line)
{
    line += strspn(line, " \t");
    char *driver = is_comment(line) ? NULL : cut(line);
    char *tag = trim(line);
    if (!driver || *tag == '\0' || strlen(tag) > 4)
        return true;
    char *description = cut(driver);
    if (names->n == names->cap) {
        size_t cap = names->cap ? 2 * names->cap : 256;
        struct entry *more = realloc(names->entry, cap * sizeof *more);
        if (!more)
            return false;
        names->entry = more;
        names->cap = cap;
    }
    names->entry[names->n++] = (struct entry){
        .tag = tag,
        .is_pattern = strpbrk(tag, "?*") != NULL,
        .name = {trim(driver), description ? trim(description) : ""},
    };
    return true;
}

static bool add_lines(struct poolmon_names *names)
{
    char *next = names->text;
    while (next) {
        char *line = next;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!add_line(names, line))
            return false;
    }
    return true;
}

struct poolmon_names *poolmon_names_read(const char *path)
{
    FILE *from = fopen(path, "re");
    if (!from)
        return NULL;
    struct poolmon_names *names = calloc(1, sizeof *names);
    bool ok = names && (names->text = read_all(from)) != NULL && add_lines(names);
    int error = errno;
    fclose(from);
    if (!ok) {
        poolmon_names_free(names);
        names = NULL;
    }
    errno = error;
    return names;
}

const struct poolmon_name *poolmon_names_find(const struct poolmon_names *names, uint32_t tag)
{
    char text[5];
    poolmon_tag_text(tag, text);
    for (int patterns = 0; patterns < 2; patterns++) {
        for (size_t i = 0; names && i < names->n; i++) {
            const struct entry *e = &names->entry[i];
            if (e->is_pattern == (patterns == 1) && poolmon_matches(e->tag, text))
                return &e->name;
        }
    }
    return NULL;
}

void poolmon_names_free(struct poolmon_names *names)
{
    if (!names)
        return;
    free(names->text);
    free(names->entry);
    free(names);
}
