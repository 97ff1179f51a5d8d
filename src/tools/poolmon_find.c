/* The process that winvm-poolmon is asked for: by number or by name.
 *
 * I1  A name is that of the program's file without folders, or what ps tells; of those that have it
 *     only processes with winvm count.
 * I2  winvm-poolmon does not find itself.
 * Failure: the program ends with a message. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/poolmon_peek.h"

enum { MAX_TOLD = 10 };

/* A positive number and nothing else. */
static bool parse_pid(const char *text, pid_t *out)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || errno || n <= 0 || n > INT32_MAX)
        return false;
    *out = (pid_t)n;
    return true;
}

static bool file_has_name(pid_t pid, const char *name)
{
    char link[64], path[4096];
    (void)snprintf(link, sizeof link, "/proc/%ld/exe", (long)pid);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    const char *deleted = " (deleted)";
    size_t tail = strlen(deleted);
    if ((size_t)len > tail && strcmp(path + len - tail, deleted) == 0)
        path[(size_t)len - tail] = '\0';
    const char *base = strrchr(path, '/');
    return strcmp(base ? base + 1 : path, name) == 0;
}

static bool has_name(pid_t pid, const char *name)
{
    struct poolmon_facts facts;
    return poolmon_facts(pid, &facts) &&
           (strcmp(facts.name, name) == 0 || file_has_name(pid, name));
}

static bool note_it(uint64_t view, void *arg)
{
    (void)view;
    *(bool *)arg = true;
    return false;
}

struct found {
    pid_t pid[MAX_TOLD];
    unsigned n, n_named;        /* with winvm; with the name */
    enum poolmon_seen why;      /* why the last of the others does not count */
};

static void see_process(struct found *f, pid_t pid, const char *name)
{
    bool has_winvm = false;
    if (pid == getpid() || !has_name(pid, name))
        return;
    f->n_named++;
    enum poolmon_seen seen = poolmon_notes(pid, note_it, &has_winvm);
    if (!has_winvm)
        f->why = seen == SEEN_OK ? SEEN_NO_WINVM : seen;
    else if (f->n++ < MAX_TOLD)
        f->pid[f->n - 1] = pid;
}

static pid_t choose(const struct found *f, const char *name)
{
    char list[16 * MAX_TOLD + 1] = "";
    if (f->n == 1)
        return f->pid[0];
    if (f->n_named == 0)
        poolmon_die("no process is called %s", name);
    if (f->n == 0)
        poolmon_die("%s: %s", name, poolmon_seen_text(f->why));
    for (unsigned i = 0; i < f->n && i < MAX_TOLD; i++) {
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof list - len, " %ld", (long)f->pid[i]);
    }
    poolmon_die("%u processes are called %s; which one?%s", f->n, name, list);
}

pid_t poolmon_find(const char *text)
{
    struct found f = {.why = SEEN_NO_WINVM};
    pid_t pid;
    if (parse_pid(text, &pid))
        return pid;
    DIR *all = opendir("/proc");
    if (!all)
        poolmon_die("/proc: %s", strerror(errno));
    for (struct dirent *d; (d = readdir(all)) != NULL;)
        if (parse_pid(d->d_name, &pid))
            see_process(&f, pid, text);
    closedir(all);
    return choose(&f, text);
}
