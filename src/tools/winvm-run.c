/* winvm-run: starts a program with the Windows virtual-memory API preloaded.
 *
 * Sets LD_PRELOAD and WINVM_OPTIONS and becomes the program (exec): process number, parent, exit
 * status and signals are the program's own.
 * Choice of the calling convention with --abi=auto, the first rule that applies:
 *   1. a note left by winvm's headers: SysV if any object of the program has a SysV note, else ms;
 *   2. needs libwinvm-ms.so: ms; needs libwinvm.so: SysV;
 *   3. leaves a call of the memory family undefined under its plain name: ms, because a program
 *      that never saw winvm's headers was built with Wine's;
 *   4. anything else, scripts included: SysV.
 * The preload objects are looked for in WINVM_PRELOAD_DIR, else beside this program: .libs below it
 * (a build tree), the library directory that belongs to it, and the configured one.
 * With the option wow64 or layout=2g a program at fixed addresses is started without randomised
 * addresses, so that its heap comes directly behind it; the preload object turns them on again for
 * its children.
 * Environment handed over (preload/preload.c takes it out again): LD_PRELOAD with our object in
 * front of what was there, WINVM_OPTIONS with ours behind what was there (the last setting of a key
 * counts), WINVM_RUN, SAVED_WINVM_OPTIONS, WINVM_MAP, WINVM_FOLLOW.
 * Failure: 125 for a wrong call of winvm-run itself or a missing preload object, 126 when the
 * program cannot be started, 127 when it is not found. */
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

enum { EXIT_USAGE = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };
enum abi { ABI_AUTO, ABI_SYSV, ABI_MS };

struct settings {
    bool map;
    bool follow;
    bool diag;
    enum abi abi;
    char *options;      /* what goes behind WINVM_OPTIONS; never NULL */
};

static const char usage[] =
    "usage: winvm-run [options] program [arguments]\n"
    "Runs a program with the Windows virtual-memory API.\n\n"
    "  --map               print the program's address-space map when it ends\n"
    "  --trace[=TARGET]    one line per call, to stderr (default), fd:N or a file\n"
    "  --opt KEY=VALUE     an option of winvm, see winvm(7); may be repeated\n"
    "  --abi=ABI           calling convention of the program: ms, sysv or auto (default)\n"
    "  --wow64[=LIMIT]     the address space of a 32-bit program: 2g (default), 3g, 4g or\n"
    "                      2048 to 3072 megabytes\n"
    "  --wow64-gap=SIZE    low addresses left to the system, see winvm(7)\n"
    "  --layout=LIMIT      the address space of a 64-bit program: 128t, 8t or 2g\n"
    "  --remote            let processes of the same user change the program's memory\n"
    "  --follow            stay in the environment of the program's children\n"
    "  --help, --version\n";

static void die(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
static void die(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("winvm-run: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(status);
}

/* A new string made by printf; the process is about to be replaced, so nothing is freed. */
static char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text_of(const char *fmt, ...)
{
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die(EXIT_USAGE, "out of memory");
    va_end(ap);
    return text;
}

static void set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        die(EXIT_USAGE, "out of memory");
}

static void join(char **list, const char *part)
{
    *list = **list == '\0' ? text_of("%s", part) : text_of("%s:%s", *list, part);
}

/* Appends KEY=VALUE; a ':' in the value is escaped. */
static void add_option(struct settings *set, const char *key, const char *value)
{
    char *escaped = malloc(2 * strlen(value) + 1), *to = escaped;
    if (escaped == NULL)
        die(EXIT_USAGE, "out of memory");
    for (; *value != '\0'; value++) {
        if (*value == ':')
            *to++ = '\\';
        *to++ = *value;
    }
    *to = '\0';
    join(&set->options, text_of("%s=%s", key, escaped));
}

static void add_key_value(struct settings *set, const char *text)
{
    static const char *const on[] = {"1", "yes", "on"};
    const char *equals = strchr(text, '=');
    char *key = equals != NULL ? strndup(text, (size_t)(equals - text)) : strdup(text);
    const char *value = equals != NULL ? equals + 1 : "1";
    if (key == NULL)
        die(EXIT_USAGE, "out of memory");
    if (*key == '\0')
        die(EXIT_USAGE, "--opt wants KEY=VALUE, not '%s'", text);
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
    die(EXIT_USAGE, "--%s: '%s' %s", option_name, strchr(part, '=') + 1, why);
}

/* The value of --KEY, which is that of the option KEY. */
static void add_checked(struct settings *set, const char *key, const char *value)
{
    option_name = key;
    if (strchr(value, ':') != NULL)
        die(EXIT_USAGE, "--%s: '%s' has a colon", key, value);
    wvm_options_parse(text_of("%s=%s", key, value), refused);
    add_option(set, key, value);
}

static enum abi abi_of(const char *text)
{
    if (strcmp(text, "ms") == 0)
        return ABI_MS;
    if (strcmp(text, "sysv") == 0)
        return ABI_SYSV;
    if (strcmp(text, "auto") != 0)
        die(EXIT_USAGE, "--abi is ms, sysv or auto, not '%s'", text);
    return ABI_AUTO;
}

/* Returns the index of the program's name in argv. */
static int read_arguments(int argc, char **argv, struct settings *set)
{
    static const struct option longs[] = {
        {"map", no_argument, NULL, 'm'},        {"trace", optional_argument, NULL, 't'},
        {"opt", required_argument, NULL, 'o'},  {"abi", required_argument, NULL, 'a'},
        {"follow", no_argument, NULL, 'f'},     {"remote", no_argument, NULL, 'r'},
        {"wow64", optional_argument, NULL, 'w'}, {"wow64-gap", required_argument, NULL, 'g'},
        {"layout", required_argument, NULL, 'l'},
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
            die(EXIT_NOT_FOUND, "%s: %s", name, strerror(errno));
        if (!is_runnable(name))
            die(EXIT_CANNOT_RUN, "%s: cannot be executed", name);
        return text_of("%s", name);
    }
    const char *path = getenv("PATH");
    for (const char *p = path != NULL ? path : "/usr/bin:/bin";; p++) {
        size_t len = strcspn(p, ":");
        char *file = len != 0 ? text_of("%.*s/%s", (int)len, p, name) : text_of("./%s", name);
        if (is_runnable(file))
            return file;
        denied |= access(file, F_OK) == 0;
        free(file);
        p += len;
        if (*p == '\0')
            break;
    }
    die(denied ? EXIT_CANNOT_RUN : EXIT_NOT_FOUND, "%s: %s", name,
        denied ? "cannot be executed" : "not found");
}

static enum abi choose_abi(const struct program *prog, const char **why)
{
    if (prog->note_sysv || prog->note_ms) {
        *why = "winvm's headers left a note";
        return prog->note_sysv ? ABI_SYSV : ABI_MS;
    }
    if (prog->needs_ms || prog->needs_sysv) {
        *why = prog->needs_ms ? "it is linked with libwinvm-ms" : "it is linked with libwinvm";
        return prog->needs_ms ? ABI_MS : ABI_SYSV;
    }
    if (prog->import[0] != '\0') {
        *why = text_of("it calls %s and has no note of winvm's headers, so Wine's built it",
                       prog->import);
        return ABI_MS;
    }
    *why = prog->kind == PROGRAM_SCRIPT ? "it is a script"
                                        : "it calls no memory function by name itself";
    return ABI_SYSV;
}

static char *own_directory(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0)
        return text_of("%s", WINVM_BINDIR);
    path[len] = '\0';
    *strrchr(path, '/') = '\0';
    return text_of("%s", path);
}

static char *find_preload(enum abi abi)
{
    const char *file = abi == ABI_MS ? "libwinvm-preload-ms.so" : "libwinvm-preload.so";
    const char *dir = getenv("WINVM_PRELOAD_DIR");
    char *own = own_directory();
    const char *places[] = {
        text_of("%s/.libs", own),
        own,
        strcmp(own, WINVM_BINDIR) == 0 ? WINVM_LIBDIR : text_of("%s/../lib", own),
        text_of("%s/../lib/x86_64-linux-gnu", own),
        text_of("%s/../lib64", own),
        WINVM_LIBDIR,
    };
    if (dir != NULL && *dir != '\0') {
        char *path = text_of("%s/%s", dir, file);
        if (access(path, R_OK) == 0)
            return path;
        die(EXIT_USAGE, "%s is not in WINVM_PRELOAD_DIR=%s", file, dir);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *path = text_of("%s/%s", places[i], file);
        char real[PATH_MAX];
        if (access(path, R_OK) == 0 && realpath(path, real) != NULL)
            return text_of("%s", real);
    }
    die(EXIT_USAGE,
        "%s is neither beside winvm-run nor in %s; WINVM_PRELOAD_DIR names its directory", file,
        WINVM_LIBDIR);
}

static void hand_over(const struct settings *set, const char *preload)
{
    const char *others = getenv("LD_PRELOAD");
    const char *before = getenv("WINVM_OPTIONS");
    if (strpbrk(preload, ": ") != NULL)
        die(EXIT_USAGE, "%s: the loader cannot preload a path with a blank or a colon", preload);
    set_variable("LD_PRELOAD", others != NULL && *others != '\0' ? text_of("%s:%s", preload, others)
                                                                 : preload);
    set_variable("WINVM_RUN", "1");
    if (*set->options != '\0') {
        if (before != NULL)
            set_variable("SAVED_WINVM_OPTIONS", before);
        set_variable("WINVM_OPTIONS", before != NULL && *before != '\0'
                                          ? text_of("%s:%s", before, set->options)
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

/* A script's interpreter is the program that is started. */
static bool lies_at_fixed_addresses(const struct program *prog)
{
    struct program interpreter;
    if (prog->kind != PROGRAM_SCRIPT)
        return prog->is_fixed;
    return program_read(prog->interpreter, &interpreter) == 0 && interpreter.is_fixed;
}

/* The heap of a program at fixed addresses comes anywhere in the first GiB, else directly behind
 * it. */
static void keep_heap_near(const struct settings *set, const struct program *prog)
{
    int now = personality(0xffffffff);
    if (!is_low(set) || !lies_at_fixed_addresses(prog) || now == -1 ||
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
        die(EXIT_CANNOT_RUN, "%s: %s", path, strerror(err));
    if (prog.raised)
        die(EXIT_CANNOT_RUN, "%s runs with other rights than yours (set-user-ID, set-group-ID or "
            "capabilities); the system does not preload into such programs", path);
    if (prog.kind == PROGRAM_ELF_32 || prog.kind == PROGRAM_ELF_OTHER) {
        fprintf(stderr, "winvm-run: %s is %s; it runs without winvm\n", path,
                prog.kind == PROGRAM_ELF_32 ? "a 32-bit program" : "for another machine");
        return;
    }
    if (prog.kind == PROGRAM_ELF && prog.is_static) {
        fprintf(stderr, "winvm-run: %s is statically linked; it runs without winvm\n", path);
        return;
    }
    enum abi abi = set->abi != ABI_AUTO ? set->abi : choose_abi(&prog, &why);
    char *preload = find_preload(abi);
    if (set->diag)
        fprintf(stderr, "winvm-run: calling convention %s: %s; preloads %s\n",
                abi == ABI_MS ? "ms" : "sysv", why, preload);
    hand_over(set, preload);
    keep_heap_near(set, &prog);
}

int main(int argc, char **argv)
{
    struct settings set = {.abi = ABI_AUTO, .options = text_of("%s", "")};
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
    die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s: %s", path, strerror(errno));
}
