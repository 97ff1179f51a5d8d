/* Which preload object a program gets.
 *
 * Choice of the calling convention with --abi=auto, the first rule that applies:
 *   1. a note left by winvm's headers: the default convention of the program's class if any object
 *      of the program has its note, else the other one;
 *   2. needs libwinvm.so: the default one; needs libwinvm-ms.so or libwinvm-cdecl.so: that one;
 *   3. leaves a call of the memory family or a name of the kit undefined under its plain name: the
 *      Windows convention, because a program that never saw winvm's headers was built with Wine's.
 *      Where a layer of the program's own has that name, its calls reach the layer in either case;
 *   4. anything else, scripts included: the default one.
 * The default convention is the compiler's own (SysV) for x86-64 and the Windows one (stdcall) for
 * i386, as winvm's headers have it.
 * The preload objects are looked for in the directories of WINVM_PRELOAD_DIR, else beside
 * winvm-run: .libs below it (a build tree), the library directories that belong to it, the
 * configured one, and the system's for either class. A file of the wrong class is passed over.
 * Failure: a missing object of winvm-run's own class ends it with 125. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/run.h"

static const struct {
    const char *name;
    enum run_abi abi;
} names[] = {
    {"auto", ABI_AUTO}, {"sysv", ABI_OWN}, {"cdecl", ABI_OWN}, {"ms", ABI_WINDOWS},
    {"stdcall", ABI_WINDOWS},
};

bool run_abi_named(const char *text, enum run_abi *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i].name) == 0) {
            *out = names[i].abi;
            return true;
        }
    }
    return false;
}

const char *run_abi_name(enum run_abi abi, bool is_32)
{
    if (is_32)
        return abi == ABI_WINDOWS ? "stdcall" : "cdecl";
    return abi == ABI_WINDOWS ? "ms" : "sysv";
}

static enum run_abi default_abi(bool is_32)
{
    return is_32 ? ABI_WINDOWS : ABI_OWN;
}

enum run_abi run_choose_abi(const struct program *prog, const char **why)
{
    enum run_abi usual = default_abi(prog->is_32);
    if (prog->note_sysv || prog->note_ms) {
        *why = "winvm's headers left a note";
        if (usual == ABI_OWN)
            return prog->note_sysv ? ABI_OWN : ABI_WINDOWS;
        return prog->note_ms ? ABI_WINDOWS : ABI_OWN;
    }
    if (prog->needs_ms || prog->needs_cdecl) {
        *why = run_text("it is linked with libwinvm-%s", prog->needs_ms ? "ms" : "cdecl");
        return prog->needs_ms ? ABI_WINDOWS : ABI_OWN;
    }
    if (prog->needs_plain) {
        *why = "it is linked with libwinvm";
        return usual;
    }
    if (prog->import[0] != '\0') {
        *why = run_text("it calls %s and has no note of winvm's headers, so Wine's built it",
                        prog->import);
        return ABI_WINDOWS;
    }
    *why = prog->kind == PROGRAM_SCRIPT ? "it is a script"
                                        : "it calls no memory function by name itself";
    return usual;
}

static char *own_directory(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0)
        return run_text("%s", WINVM_BINDIR);
    path[len] = '\0';
    *strrchr(path, '/') = '\0';
    return run_text("%s", path);
}

/* The file in a directory; NULL: it is not there, or of the other class. */
static char *look_in(const char *dir, const char *file, bool is_32)
{
    char real[PATH_MAX];
    char *path = run_text("%s/%s", dir, file);
    bool found = program_is_elf(path, is_32) && realpath(path, real) != NULL;
    free(path);
    return found ? run_text("%s", real) : NULL;
}

static char *look_in_list(const char *dirs, const char *file, bool is_32)
{
    char *found = NULL;
    while (found == NULL && *dirs != '\0') {
        size_t len = strcspn(dirs, ":");
        char *dir = run_text("%.*s", (int)len, dirs);
        found = look_in(dir, file, is_32);
        free(dir);
        dirs += len + (dirs[len] == ':');
    }
    return found;
}

static char *look_around(const char *file, bool is_32)
{
    char *own = own_directory(), *found = NULL;
    const char *const places[] = {
        run_text("%s/.libs", own),
        own,
        strcmp(own, WINVM_BINDIR) == 0 ? WINVM_LIBDIR : run_text("%s/../lib", own),
        run_text("%s/../lib/%s-linux-gnu", own, is_32 ? "i386" : "x86_64"),
        run_text("%s/../lib%s", own, is_32 ? "32" : "64"),
        run_text("%s/../lib", own),
        WINVM_LIBDIR,
        is_32 ? "/usr/lib/i386-linux-gnu" : "/usr/lib/x86_64-linux-gnu",
        is_32 ? "/usr/lib32" : "/usr/lib64",
    };
    for (size_t i = 0; found == NULL && i < sizeof places / sizeof places[0]; i++)
        found = look_in(places[i], file, is_32);
    return found;
}

char *run_find_preload(enum run_abi abi, bool is_32)
{
    const char *file = abi == default_abi(is_32) ? "libwinvm-preload.so"
                       : is_32                   ? "libwinvm-preload-cdecl.so"
                                                 : "libwinvm-preload-ms.so";
    const char *dirs = getenv("WINVM_PRELOAD_DIR");
    bool named = dirs != NULL && *dirs != '\0';
    char *found = named ? look_in_list(dirs, file, is_32) : look_around(file, is_32);
    if (found != NULL || is_32 != (UINTPTR_MAX == UINT32_MAX))
        return found;
    if (named)
        run_die(EXIT_USAGE, "%s is not in WINVM_PRELOAD_DIR=%s", file, dirs);
    run_die(EXIT_USAGE,
            "%s is neither beside winvm-run nor in %s; WINVM_PRELOAD_DIR names its directory", file,
            WINVM_LIBDIR);
}
