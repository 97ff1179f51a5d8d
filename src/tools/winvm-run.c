/* winvm-run: starts a program with the Windows virtual-memory API preloaded.
 *
 * Sets LD_PRELOAD and WINVM_OPTIONS and becomes the program (exec): process number, parent, exit
 * status and signals are the program's own.
 * The preload object has the class and the calling convention of the program: preload_choice.c.
 * With the option wow64 or layout=2g a program at fixed addresses is started without randomised
 * addresses, so that its heap comes directly behind it; the preload object turns them on again for
 * its children.
 * Environment handed over (preload/preload.c takes it out again): LD_PRELOAD with our object in
 * front of what was there, WINVM_OPTIONS with ours behind what was there (the last setting of a key
 * counts), WINVM_RUN, SAVED_WINVM_OPTIONS, WINVM_MAP, WINVM_FOLLOW.
 * Failure: 125 for a wrong call of winvm-run itself or a missing preload object, 126 when the
 * program cannot be started or wants names that nobody has (missing.c), 127 when it is not found.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winvm/version.h>

#include "base/options.h"
#include "tools/program.h"
#include "tools/run.h"

struct settings {
    bool map;
    bool follow;
    bool diag;
    enum { MISSING_REFUSE, MISSING_WARN, MISSING_IGNORE } missing;
    enum run_abi abi;
    char *options;      /* what goes behind WINVM_OPTIONS; never NULL */
};

static const char usage[] =
    "usage: winvm-run [options] program [arguments]\n"
    "Runs a program with the Windows virtual-memory API.\n\n"
    "  --map               print the program's address-space map when it ends\n"
    "  --trace[=TARGET]    one line per call, to stderr (default), fd:N or a file\n"
    "  --opt KEY=VALUE     an option of winvm, see winvm(7); may be repeated\n"
    "  --abi=ABI           calling convention of the program: ms or sysv, stdcall or cdecl for\n"
    "                      32-bit ones, or auto (default)\n"
    "  --missing=WHAT      when nobody has names that the program wants: refuse to start it\n"
    "                      (default), warn and start it, or ignore them\n"
    "  --wow64[=LIMIT]     the address space of a 32-bit program: 2g (default), 3g, 4g or\n"
    "                      2048 to 3072 megabytes\n"
    "  --wow64-gap=SIZE    low addresses left to the system, see winvm(7)\n"
    "  --layout=LIMIT      the address space of a 64-bit program: 128t, 8t or 2g\n"
    "  --remote            let processes of the same user change the program's memory\n"
    "  --follow            stay in the environment of the program's children\n"
    "  --help, --version\n";

void run_die(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("winvm-run: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(status);
}

char *run_text(const char *fmt, ...)
{
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        run_die(EXIT_USAGE, "out of memory");
    va_end(ap);
    return text;
}

static void set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        run_die(EXIT_USAGE, "out of memory");
}

static void join(char **list, const char *part)
{
    *list = **list == '\0' ? run_text("%s", part) : run_text("%s:%s", *list, part);
}

/* Appends KEY=VALUE; a ':' in the value is escaped. */
static void add_option(struct settings *set, const char *key, const char *value)
{
    char *escaped = malloc(2 * strlen(value) + 1), *to = escaped;
    if (escaped == NULL)
        run_die(EXIT_USAGE, "out of memory");
    for (; *value != '\0'; value++) {
        if (*value == ':')
            *to++ = '\\';
        *to++ = *value;
    }
    *to = '\0';
    join(&set->options, run_text("%s=%s", key, escaped));
}

static void add_key_value(struct settings *set, const char *text)
{
    static const char *const on[] = {"1", "yes", "on"};
    const char *equals = strchr(text, '=');
    char *key = equals != NULL ? strndup(text, (size_t)(equals - text)) : strdup(text);
    const char *value = equals != NULL ? equals + 1 : "1";
    if (key == NULL)
        run_die(EXIT_USAGE, "out of memory");
    if (*key == '\0')
        run_die(EXIT_USAGE, "--opt wants KEY=VALUE, not '%s'", text);
    if (strcmp(key, "diag") == 0) {
        set->diag = false;
        for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
            set->diag |= strcmp(value, on[i]) == 0;
    }
    add_option(set, key, value);
}

/* For refused(): the option of the command line that is being read. */
static const char *option_name;

static void refused(const char *part, const char *why)
{
    run_die(EXIT_USAGE, "--%s: '%s' %s", option_name, strchr(part, '=') + 1, why);
}

/* The value of --KEY, which is that of the option KEY. */
static void add_checked(struct settings *set, const char *key, const char *value)
{
    option_name = key;
    if (strchr(value, ':') != NULL)
        run_die(EXIT_USAGE, "--%s: '%s' has a colon", key, value);
    wvm_options_parse(run_text("%s=%s", key, value), refused);
    add_option(set, key, value);
}

static enum run_abi abi_of(const char *text)
{
    enum run_abi abi;
    if (!run_abi_named(text, &abi))
        run_die(EXIT_USAGE, "--abi is ms, sysv, stdcall, cdecl or auto, not '%s'", text);
    return abi;
}

static void set_missing(struct settings *set, const char *text)
{
    if (strcmp(text, "refuse") == 0)
        set->missing = MISSING_REFUSE;
    else if (strcmp(text, "warn") == 0)
        set->missing = MISSING_WARN;
    else if (strcmp(text, "ignore") == 0)
        set->missing = MISSING_IGNORE;
    else
        run_die(EXIT_USAGE, "--missing is refuse, warn or ignore, not '%s'", text);
}

/* Returns the index of the program's name in argv. */
static int read_arguments(int argc, char **argv, struct settings *set)
{
    static const struct option longs[] = {
        {"map", no_argument, NULL, 'm'},        {"trace", optional_argument, NULL, 't'},
        {"opt", required_argument, NULL, 'o'},  {"abi", required_argument, NULL, 'a'},
        {"follow", no_argument, NULL, 'f'},     {"remote", no_argument, NULL, 'r'},
        {"wow64", optional_argument, NULL, 'w'}, {"wow64-gap", required_argument, NULL, 'g'},
        {"layout", required_argument, NULL, 'l'}, {"missing", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},       {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
        switch (c) {
        case 'm': set->map = true; break;
        case 't': add_option(set, "trace", optarg != NULL ? optarg : "stderr"); break;
        case 'o': add_key_value(set, optarg); break;
        case 'a': set->abi = abi_of(optarg); break;
        case 'f': set->follow = true; break;
        case 'r': add_option(set, "remote", "1"); break;
        case 'w': add_checked(set, "wow64", optarg != NULL ? optarg : "2g"); break;
        case 'g': add_checked(set, "wow64-gap", optarg); break;
        case 'l': add_checked(set, "layout", optarg); break;
        case 'n': set_missing(set, optarg); break;
        case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
        case 'V': puts("winvm-run " WINVM_VERSION_STRING); exit(EXIT_SUCCESS);
        default: fputs("Try winvm-run --help.\n", stderr); exit(EXIT_USAGE);
        }
    }
    if (optind == argc) {
        fputs(usage, stderr);
        exit(EXIT_USAGE);
    }
    return optind;
}

static bool is_runnable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The file that a shell would start. */
static char *find_program(const char *name)
{
    bool denied = false;
    if (strchr(name, '/') != NULL) {
        if (access(name, F_OK) != 0)
            run_die(EXIT_NOT_FOUND, "%s: %s", name, strerror(errno));
        if (!is_runnable(name))
            run_die(EXIT_CANNOT_RUN, "%s: cannot be executed", name);
        return run_text("%s", name);
    }
    const char *path = getenv("PATH");
    for (const char *p = path != NULL ? path : "/usr/bin:/bin";; p++) {
        size_t len = strcspn(p, ":");
        char *file = len != 0 ? run_text("%.*s/%s", (int)len, p, name) : run_text("./%s", name);
        if (is_runnable(file))
            return file;
        denied |= access(file, F_OK) == 0;
        free(file);
        p += len;
        if (*p == '\0')
            break;
    }
    run_die(denied ? EXIT_CANNOT_RUN : EXIT_NOT_FOUND, "%s: %s", name,
        denied ? "cannot be executed" : "not found");
}

static void hand_over(const struct settings *set, const char *preload)
{
    const char *others = getenv("LD_PRELOAD");
    const char *before = getenv("WINVM_OPTIONS");
    if (strpbrk(preload, ": ") != NULL)
        run_die(EXIT_USAGE, "%s: the loader cannot preload a path with a blank or a colon",
                preload);
    bool alone = others == NULL || *others == '\0';
    set_variable("LD_PRELOAD", alone ? preload : run_text("%s:%s", preload, others));
    set_variable("WINVM_RUN", "1");
    if (*set->options != '\0') {
        if (before != NULL)
            set_variable("SAVED_WINVM_OPTIONS", before);
        set_variable("WINVM_OPTIONS", before != NULL && *before != '\0'
                                          ? run_text("%s:%s", before, set->options)
                                          : set->options);
    } else if (before != NULL) {
        set_variable("SAVED_WINVM_OPTIONS", before);
    }
    if (set->map)
        set_variable("WINVM_MAP", "1");
    if (set->follow)
        set_variable("WINVM_FOLLOW", "1");
}

/* Does the layout that the library will read from its options end at or below 4 GiB? */
static bool is_low(const struct settings *set)
{
    wvm_options_parse(getenv("WINVM_OPTIONS"), NULL);
    wvm_options_parse(set->options, NULL);
    return wvm_option(WVM_OPTION_WOW64) != 0 || wvm_option(WVM_OPTION_LAYOUT) == WVM_LAYOUT_2G;
}

/* A script's interpreter is the program that is started: its class, and whether it lies at fixed
 * addresses. */
static void see_interpreter(struct program *script)
{
    struct program interpreter;
    const char *path = script->interpreter[0] != '\0' ? script->interpreter : "/bin/sh";
    if (program_read(path, &interpreter) != 0 || interpreter.kind != PROGRAM_ELF)
        return;
    script->is_fixed = interpreter.is_fixed;
    script->is_32 = interpreter.is_32;
}

/* The heap of a program at fixed addresses comes anywhere in the first GiB, else directly behind
 * it. */
static void keep_heap_near(const struct settings *set, const struct program *prog)
{
    int now = personality(0xffffffff);
    if (!is_low(set) || !prog->is_fixed || now == -1 ||
        ((unsigned)now & ADDR_NO_RANDOMIZE) != 0)
        return;
    bool done = personality((unsigned)now | ADDR_NO_RANDOMIZE) != -1;
    if (done)
        set_variable("WINVM_STEADY", "1");
    if (set->diag)
        fprintf(stderr, "winvm-run: the program is not position-independent; %s\n",
                done ? "it starts without randomised addresses, its heap directly behind it"
                     : "the system does not let it start without randomised addresses, so its "
                       "heap may lie in the middle of the space");
}

static void prepare(struct settings *set, const char *path)
{
    struct program prog;
    const char *why = "--abi says so";
    int err = program_read(path, &prog);
    if (err != 0)
        run_die(EXIT_CANNOT_RUN, "%s: %s", path, strerror(err));
    if (prog.raised)
        run_die(EXIT_CANNOT_RUN, "%s runs with other rights than yours (set-user-ID, "
            "set-group-ID or capabilities); the system does not preload into such programs", path);
    if (prog.kind == PROGRAM_ELF_OTHER) {
        fprintf(stderr, "winvm-run: %s is for another machine; it runs without winvm\n", path);
        return;
    }
    if (prog.kind == PROGRAM_ELF && prog.is_static) {
        fprintf(stderr, "winvm-run: %s is statically linked; it runs without winvm\n", path);
        return;
    }
    if (prog.kind != PROGRAM_ELF)
        see_interpreter(&prog);
    enum run_abi abi = set->abi != ABI_AUTO ? set->abi : run_choose_abi(&prog, &why);
    char *preload = run_find_preload(abi, prog.is_32);
    if (preload == NULL) {
        fprintf(stderr, "winvm-run: %s is a %s-bit program, and the preload object for such "
                "programs is not installed; it runs without winvm\n", path,
                prog.is_32 ? "32" : "64");
        return;
    }
    if (set->diag)
        fprintf(stderr, "winvm-run: calling convention %s: %s; preloads %s\n",
                run_abi_name(abi, prog.is_32), why, preload);
    hand_over(set, preload);
    if (set->missing != MISSING_IGNORE)
        run_report_missing(&prog, path, set->missing == MISSING_WARN);
    keep_heap_near(set, &prog);
}

int main(int argc, char **argv)
{
    struct settings set = {.abi = ABI_AUTO, .options = run_text("%s", "")};
    int first = read_arguments(argc, argv, &set);
    char *path = find_program(argv[first]);
    prepare(&set, path);
    execv(path, argv + first);
    if (errno == ENOEXEC) {     /* a script without #!: what a shell does */
        char **shell = calloc((size_t)(argc - first) + 2, sizeof *shell);
        if (shell != NULL) {
            shell[0] = argv[first];
            shell[1] = path;
            for (int i = first + 1; i < argc; i++)
                shell[i - first + 1] = argv[i];
            execv("/bin/sh", shell);
        }
    }
    run_die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s: %s", path, strerror(errno));
}
