/* The names that a program wants and nobody has, told before it starts.
 *
 * The program's own loader says which: started with LD_TRACE_LOADED_OBJECTS it loads the program
 * and its libraries, resolves all names, tells what it did not find and ends, as `ldd -r` has it.
 * No code of the program runs but what chooses functions (STT_GNU_IFUNC). Weak names may be missing
 * and are not told; nor are names that are only wanted by what the program loads with dlopen.
 * Terms   loader = the program's interpreter, which must be the GNU C library's: others do not know
 *         that variable, and would run the program.
 * I1      Nothing is asked of a program whose loader is another one, or that lacks a library: the
 *         loader itself tells that when the program starts.
 * I2      The environment of the program is that of winvm-run with LD_PRELOAD set; the variables
 *         that ask are set in the child only.
 * Failure: a program of which nothing can be learnt counts as one that lacks nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/run.h"

/* Names that the loader told, each with the file that wants it. */
struct lack {
    char *name;
    char *file;
};

/* The GNU C library's loader has its private version in it. */
static bool is_gnu_loader(const char *path)
{
    static const char mark[] = "GLIBC_PRIVATE";
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    void *at = fstat(fd, &st) == 0 && st.st_size > 0
                   ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                   : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED)
        return false;
    bool found = memmem(at, (size_t)st.st_size, mark, sizeof mark) != NULL;
    munmap(at, (size_t)st.st_size);
    return found;
}

static void ask(const char *loader, const char *path, int out)
{
    char *const args[] = {(char *)loader, (char *)path, NULL};
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
        setenv("LD_TRACE_LOADED_OBJECTS", "1", 1) != 0 || setenv("LD_WARN", "yes", 1) != 0 ||
        setenv("LD_BIND_NOW", "yes", 1) != 0 || unsetenv("LD_DEBUG") != 0 ||
        unsetenv("LD_VERBOSE") != 0)
        _exit(127);
    execv(loader, args);
    _exit(127);
}

/* realloc, which ends the program when there is no memory. */
static void *grow(void *old, size_t size)
{
    void *more = realloc(old, size);
    if (more == NULL)
        run_die(EXIT_USAGE, "out of memory");
    return more;
}

/* All that comes out of a descriptor, with a NUL. */
static char *read_all(int fd)
{
    size_t len = 0, cap = 1 << 16;
    char *text = grow(NULL, cap);
    for (;;) {
        ssize_t n = read(fd, text + len, cap - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
        if (cap - len < 4096)
            text = grow(text, cap *= 2);
    }
    text[len] = '\0';
    return text;
}

/* What the loader tells of the program; NULL: nothing was to be learnt. */
static char *hear(const char *loader, const char *path)
{
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t child = fork();
    if (child == 0)
        ask(loader, path, ends[1]);
    close(ends[1]);
    char *text = child > 0 ? read_all(ends[0]) : NULL;
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return text;
}

/* A line "undefined symbol: NAME[, version V]<tab>(FILE)" or "symbol NAME, version V not defined in
 * file F with link time reference<tab>(FILE)". Changes it. */
static bool read_line(char *line, struct lack *out)
{
    static const char undefined[] = "undefined symbol: ", versioned[] = "symbol ";
    char *name = NULL, *tab = strrchr(line, '\t');
    if (tab == NULL || tab[1] != '(')
        return false;
    if (strncmp(line, undefined, sizeof undefined - 1) == 0)
        name = line + sizeof undefined - 1;
    else if (strncmp(line, versioned, sizeof versioned - 1) == 0 &&
             strstr(line, " not defined in file ") != NULL)
        name = line + sizeof versioned - 1;
    if (name == NULL)
        return false;
    *tab = '\0';
    name[strcspn(name, ",")] = '\0';
    out->name = name;
    out->file = tab + 2;
    out->file[strcspn(out->file, ")")] = '\0';
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lack *)a)->name, ((const struct lack *)b)->name);
}

/* The distinct names of the text, in order. Returns how many. */
static size_t collect(char *text, struct lack **out)
{
    size_t n = 0, kept = 0, cap = 64;
    struct lack *lacks = grow(NULL, cap * sizeof *lacks);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!read_line(line, &lacks[n]))
            continue;
        if (++n == cap)
            lacks = grow(lacks, (cap *= 2) * sizeof *lacks);
    }
    qsort(lacks, n, sizeof *lacks, by_name);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(lacks[kept - 1].name, lacks[i].name) != 0)
            lacks[kept++] = lacks[i];
    *out = lacks;
    return kept;
}

/* Has a name the form of those of the Windows API: a verb or a family that its names begin with,
 * and then a capital letter? */
static bool is_windows_name(const char *name)
{
    static const char *const begins[] = {
        "Acquire", "Add", "Adjust", "Alloc", "Allocate", "Attach", "BCrypt", "Begin", "Break",
        "Call", "Cancel", "Change", "Check", "Clear", "Close", "Compare", "Connect", "Continue",
        "Convert", "Copy", "Create", "Crypt", "Cs", "Debug", "Define", "Delete", "Destroy",
        "Device", "Dis", "Disable", "Disconnect", "Dispatch", "Dos", "Duplicate", "Empty",
        "Enable", "End", "Enter", "Enum", "Enumerate", "Escape", "Ex", "Exit", "Expand", "File",
        "Fill", "Find", "Flush", "Fls", "Format", "Free", "Generate", "Get", "Global", "Heap",
        "Impersonate", "Init", "Initialize", "Interlocked", "Is", "K32", "Ke", "Leave", "Load",
        "Local", "Lock", "Lookup", "Map", "Message", "Mm", "Module32", "Move", "Mul", "Multi",
        "Nt", "Ob", "Offer", "Open", "Output", "Peek", "Post", "Prefetch", "Process", "Process32",
        "Ps", "Pulse", "Purge", "Query", "Queue", "Raise", "Read", "Reclaim", "Reg", "Register",
        "Release", "Remove", "Replace", "Reset", "Resolve", "Restore", "Resume", "Revert", "Rtl",
        "Search", "Send", "Set", "Signal", "Sleep", "Start", "Submit", "Suspend", "Switch", "Sym",
        "System", "Terminate", "Thread32", "Tls", "Transact", "Trim", "Try", "Unhandled",
        "Unlock", "Unmap", "Unregister", "Update", "Verify", "Virtual", "Wait", "Wake", "Wide",
        "Wow64", "Write", "Zw"};
    if (strchr(name, '_') != NULL)
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        size_t len = strlen(begins[i]);
        if (strncmp(name, begins[i], len) == 0 && name[len] >= 'A' && name[len] <= 'Z')
            return true;
    }
    return false;
}

static void tell(const char *path, const struct lack *lacks, size_t n)
{
    fprintf(stderr, "winvm-run: %s: nobody has %zu of the names that it wants:\n", path, n);
    for (size_t i = 0; i < n; i++) {
        const char *words =
            is_windows_name(lacks[i].name) ? "  (Windows API: not in winvm or its kit)" : "";
        if (strcmp(lacks[i].file, path) == 0)
            fprintf(stderr, "  %s%s\n", lacks[i].name, words);
        else
            fprintf(stderr, "  %s, wanted by %s%s\n", lacks[i].name, lacks[i].file, words);
    }
}

void run_report_missing(const struct program *prog, const char *path, bool start)
{
    struct lack *lacks;
    if (prog->kind != PROGRAM_ELF || prog->loader[0] == '\0' || !is_gnu_loader(prog->loader))
        return;
    char *text = hear(prog->loader, path);
    if (text == NULL || strstr(text, " => not found\n") != NULL)
        return;
    size_t n = collect(text, &lacks);
    if (n == 0)
        return;
    tell(path, lacks, n);
    if (!start)
        run_die(EXIT_CANNOT_RUN, "%s is not started; --missing=warn starts it all the same", path);
}
