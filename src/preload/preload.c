/* The preload objects' own start and end.
 *
 * Start: looks up what is interposed (real.c), joins the program's platform layer (route.c), starts
 * the library and the interposers, remembers what winvm-run
 * asked for, and takes winvm out of the environment, so that the program's children run without it.
 * End: prints the map when winvm-run --map asked for it.
 * Terms   the variables of winvm-run:
 *   WINVM_RUN            set: WINVM_OPTIONS was written by winvm-run
 *   SAVED_WINVM_OPTIONS  what WINVM_OPTIONS was before, if it was set
 *   WINVM_MAP            set: print the map at exit
 *   WINVM_FOLLOW         1: leave the environment to the children
 *   WINVM_STEADY         set: winvm-run turned random addresses off for this program alone
 * I1  The environment is changed in place, by moving pointers and shortening strings: no
 *     allocation.
 * I2  Options are read (wvm_init) before they are taken out.
 * I3  The map is printed once, by the process that was started, not by its fork children, and
 *     only to the file that standard error was at the start.
 * Locking: none; the constructor runs before the program's threads.   Failure: none.
 * Signal safety: none needed. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winvm/control.h>

#include "api/api.h"
#include "preload/io.h"
#include "preload/real.h"
#include "preload/route.h"
#include "preload/signals.h"

/* Numbers from here on are not what a program expects to get next. */
#define MAP_FD_MIN 180
/* Below the first thread's stack the kernel maps nothing by itself for at least this many bytes. */
#define MAIN_STACK ((size_t)8 << 20)
#define OPTIONS_NAME "WINVM_OPTIONS="
#define SAVED_NAME "SAVED_" OPTIONS_NAME

static struct {
    pid_t pid;
    int fd;
    dev_t dev;
    ino_t ino;
    unsigned columns;
} map_wanted = {.fd = -1};

static void remove_variable(const char *name)
{
    size_t len = strlen(name);
    char **to = environ;
    for (char **from = environ; *from != NULL; from++) {
        if (strncmp(*from, name, len) != 0 || (*from)[len] != '=')
            *to++ = *from;
    }
    *to = NULL;
}

/* Whether the path that ends at `end` names one of the preload objects. */
static bool names_us(const char *path, const char *end)
{
    static const char *const files[] = {"libwinvm-preload.so", "libwinvm-preload-ms.so",
                                        "libwinvm-preload-cdecl.so"};
    const char *file = end;
    while (file > path && file[-1] != '/')
        file--;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t len = strlen(files[i]);
        if ((size_t)(end - file) == len && memcmp(file, files[i], len) == 0)
            return true;
    }
    return false;
}

/* Cuts our objects out of a list separated by ':' or ' '. True when nothing is left. */
static bool cut_us_out(char *list)
{
    char *to = list;
    for (char *from = list; *from != '\0';) {
        size_t len = strcspn(from, ": ");
        if (len != 0 && !names_us(from, from + len)) {
            if (to != list)
                *to++ = ':';
            memmove(to, from, len);
            to += len;
        }
        from += len + (from[len] != '\0');
    }
    *to = '\0';
    return to == list;
}

static void restore_options(void)
{
    char **mine = NULL, *saved = NULL;
    for (char **p = environ; *p != NULL; p++) {
        if (strncmp(*p, OPTIONS_NAME, strlen(OPTIONS_NAME)) == 0)
            mine = p;
        else if (strncmp(*p, SAVED_NAME, strlen(SAVED_NAME)) == 0)
            saved = *p + strlen(SAVED_NAME) - strlen(OPTIONS_NAME);
    }
    if (mine != NULL && saved != NULL)
        *mine = saved;
    else if (mine != NULL)
        remove_variable("WINVM_OPTIONS");
}

static void leave_environment(void)
{
    char *preload = getenv("LD_PRELOAD");
    if (preload != NULL && cut_us_out(preload))
        remove_variable("LD_PRELOAD");
    if (getenv("WINVM_RUN") != NULL)
        restore_options();
    remove_variable("SAVED_WINVM_OPTIONS");
    remove_variable("WINVM_RUN");
    remove_variable("WINVM_MAP");
    remove_variable("WINVM_FOLLOW");
    if (getenv("WINVM_STEADY") != NULL)
        personality((unsigned)personality(0xffffffff) & ~(unsigned)ADDR_NO_RANDOMIZE);
    remove_variable("WINVM_STEADY");
}

static unsigned read_columns(void)
{
    const char *text = getenv("COLUMNS");
    unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 0;
    return n >= 20 && n <= 1000 ? (unsigned)n : 0;
}

static void want_map(void)
{
    struct stat st;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, MAP_FD_MIN);
    if (fd < 0)
        fd = STDERR_FILENO;
    if (fstat(fd, &st) != 0)
        return;
    map_wanted.pid = getpid();
    map_wanted.fd = fd;
    map_wanted.dev = st.st_dev;
    map_wanted.ino = st.st_ino;
    map_wanted.columns = read_columns();
}

static void __attribute__((constructor)) start_preload(void)
{
    wvm_real_init();
    wvm_route_init();
    wvm_init();
    wvm_signals_init();
    wvm_io_init();
    wvm_io_own_stack((uintptr_t)getauxval(AT_RANDOM), MAIN_STACK); /* above all frames */
    if (getauxval(AT_SECURE) != 0)
        return;
    if (getenv("WINVM_MAP") != NULL)
        want_map();
    const char *follow = getenv("WINVM_FOLLOW");
    if (follow == NULL || strcmp(follow, "1") != 0)
        leave_environment();
}

static unsigned map_width(void)
{
    struct winsize size;
    if (ioctl(map_wanted.fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    return map_wanted.columns;
}

static void __attribute__((destructor)) end_preload(void)
{
    struct stat st;
    if (map_wanted.fd < 0 || map_wanted.pid != getpid())
        return;
    if (fstat(map_wanted.fd, &st) == 0 && st.st_dev == map_wanted.dev &&
        st.st_ino == map_wanted.ino)
        winvm_map_print(map_wanted.fd, map_width());
}
