/* winvm-poolmon: the kernel pools of a running process by tag, live or once.
 *
 * Looks into the process from outside (poolmon_look.c): it need not take part, and is not stopped.
 * Exit status: 0; 1 the process cannot be looked into or has ended; 2 called wrongly. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/poolmon.h"
#include "winvm/version.h"

enum { EXIT_WRONG_USE = 2 };

/* Looks for one that is consistent, 10 ms apart. */
#define LOOKS 100
#define LOOK_US 10000

static const char usage[] =
    "Usage: winvm-poolmon [OPTION..] PID|NAME\n"
    "Shows the paged and non-paged pool of a process that runs with winvm, by tag.\n\n"
    "  --once            write one sample to standard output\n"
    "  --json            with --once: as JSON\n"
    "  -n FILE           write one sample to FILE\n"
    "  -i TAG            show only this tag; ? and * match; may be repeated\n"
    "  -x TAG            do not show this tag; may be repeated\n"
    "  -p                show non-paged pool only; given twice, paged pool only\n"
    "  -s ORDER          t tag, a allocs, f frees, d diff, b bytes, m bytes per alloc\n"
    "  -g FILE           show what tags mean, from a pooltag.txt\n"
    "  -h, --help        this text\n"
    "  --version         the version\n\n"
    "Keys of the live view: ? shows them.\n";

struct arguments {
    struct poolmon_settings set;
    const char **include, **exclude;
    size_t n_include, n_exclude;
    const char *log;
    bool once, json;
};

void poolmon_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("winvm-poolmon: ", stderr);
    vfprintf(stderr, fmt, args);
    putc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

static void wrong_use(const char *what)
{
    fprintf(stderr, "winvm-poolmon: %s\nTry winvm-poolmon --help.\n", what);
    exit(EXIT_WRONG_USE);
}

/* lists have room for all arguments. */
static void read_option(int c, struct arguments *a)
{
    struct poolmon_choice *choice = &a->set.choice;
    switch (c) {
    case 'o': a->once = true; break;
    case 'j': a->json = true; break;
    case 'n': a->log = optarg; break;
    case 'i': a->include[a->n_include++] = optarg; break;
    case 'x': a->exclude[a->n_exclude++] = optarg; break;
    case 'p':
        choice->shown = choice->shown == SHOW_NONPAGED ? SHOW_PAGED : SHOW_NONPAGED;
        break;
    case 's':
        if (strlen(optarg) != 1 || !poolmon_order_named(*optarg, &choice->order))
            wrong_use("-s wants one of t a f d b m");
        break;
    case 'g':
        a->set.names = poolmon_names_read(optarg);
        if (!a->set.names)
            poolmon_die("%s: %s", optarg, strerror(errno));
        break;
    case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
    case 'V': puts("winvm-poolmon " WINVM_VERSION_STRING); exit(EXIT_SUCCESS);
    default: fputs("Try winvm-poolmon --help.\n", stderr); exit(EXIT_WRONG_USE);
    }
}

/* The process's number or name. */
static const char *read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option longs[] = {
        {"once", no_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    a->include = calloc((size_t)argc + 1, sizeof *a->include);
    a->exclude = calloc((size_t)argc + 1, sizeof *a->exclude);
    if (!a->include || !a->exclude)
        poolmon_die("out of memory");
    while ((c = getopt_long(argc, argv, "n:i:x:ps:g:h", longs, NULL)) != -1)
        read_option(c, a);
    if (argc - optind != 1)
        wrong_use(argc == optind ? "which process?" : "one process at a time");
    if (a->json && !a->once && !a->log)
        wrong_use("--json goes with --once or -n");
    a->set.choice.include = a->include;
    a->set.choice.exclude = a->exclude;
    return argv[optind];
}

static enum poolmon_seen look_well(struct poolmon_target *t, struct poolmon_sample *s)
{
    enum poolmon_seen seen = poolmon_look(t, s);
    for (unsigned i = 0; i < LOOKS && seen == SEEN_FAILED; i++) {
        usleep(LOOK_US);
        seen = poolmon_look(t, s);
    }
    return seen;
}

static void write_once(const struct arguments *a, struct poolmon_target *t)
{
    struct poolmon_sample s;
    enum poolmon_seen seen = look_well(t, &s);
    if (seen != SEEN_OK)
        poolmon_die("process %ld: %s", (long)t->pid, poolmon_seen_text(seen));
    poolmon_choose(&s, &a->set.choice);
    FILE *to = a->log ? fopen(a->log, "we") : stdout;
    if (!to)
        poolmon_die("%s: %s", a->log, strerror(errno));
    (a->json ? poolmon_write_json : poolmon_write_text)(to, &s, a->set.names);
    bool bad = ferror(to) != 0;
    if (fclose(to) != 0 || bad)
        poolmon_die("%s: cannot be written", a->log ? a->log : "standard output");
    free(s.row);
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    const char *which = read_arguments(argc, argv, &a);
    bool live = !a.once && !a.log;
    if (live && !poolmon_has_screen())
        poolmon_die("built without ncurses: there is --once only");
    if (live && !isatty(STDOUT_FILENO))
        poolmon_die("standard output is no terminal; use --once");
    struct poolmon_target t = {.pid = poolmon_find(which)};
    if (!live) {
        write_once(&a, &t);
        return EXIT_SUCCESS;
    }
    enum poolmon_seen seen = poolmon_screen(&t, &a.set);
    if (seen != SEEN_OK)
        poolmon_die("process %ld: %s", (long)t.pid, poolmon_seen_text(seen));
    return EXIT_SUCCESS;
}
