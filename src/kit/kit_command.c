/* The command line: the arguments of the program joined as Windows joins them.
 *
 * I1  Made once, from what the host knows; the text then stays where it is.
 * I2  An argument that is empty or has a blank, a tab or a quote is quoted; backslashes before a
 *     quote are doubled: programs for Windows take it apart into the same arguments.
 * Locking: the first text published stays.   Failure: an empty text.   Signal safety: none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

static char *line_a;    /* (a) */
static LPWSTR line_w;   /* (a) */

/* All arguments, each with its NUL; *n bytes. NULL: not known. */
static char *read_arguments(size_t *n)
{
    char *text = NULL;
    FILE *f = fopen("/proc/self/cmdline", "re"), *out = open_memstream(&text, n);
    int c;
    while (f && out && (c = getc(f)) != EOF)
        putc(c, out);
    if (f)
        fclose(f);
    else if (out)
        fwrite(program_invocation_name, 1, strlen(program_invocation_name) + 1, out);
    return out && fclose(out) == 0 ? text : NULL;
}

static void put_backslashes(FILE *out, size_t n)
{
    while (n-- > 0)
        putc('\\', out);
}

static void put_argument(FILE *out, const char *arg)
{
    size_t slashes = 0;
    if (*arg && !strpbrk(arg, " \t\"")) {
        fputs(arg, out);
        return;
    }
    putc('"', out);
    for (; *arg; arg++) {
        if (*arg == '\\') {
            slashes++;
            continue;
        }
        put_backslashes(out, *arg == '"' ? 2 * slashes + 1 : slashes);
        slashes = 0;
        putc(*arg, out);
    }
    put_backslashes(out, 2 * slashes);
    putc('"', out);
}

static char *make_line(void)
{
    size_t n = 0, size;
    char *arguments = read_arguments(&n), *line = NULL;
    FILE *out = arguments ? open_memstream(&line, &size) : NULL;
    for (const char *arg = arguments; out && arg < arguments + n; arg += strlen(arg) + 1) {
        if (arg != arguments)
            putc(' ', out);
        put_argument(out, arg);
    }
    if (out && fclose(out) != 0)
        line = NULL;
    free(arguments);
    return line;
}

LPSTR wvm_kit_GetCommandLineA(VOID)
{
    static char nothing[1];
    char *known = __atomic_load_n(&line_a, __ATOMIC_ACQUIRE);
    char *made = known ? NULL : make_line();
    if (known || !made)
        return known ? known : nothing;
    if (__atomic_compare_exchange_n(&line_a, &known, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    free(made);
    return known;
}

LPWSTR wvm_kit_GetCommandLineW(VOID)
{
    static WCHAR nothing[1];
    LPWSTR known = __atomic_load_n(&line_w, __ATOMIC_ACQUIRE);
    LPWSTR made = known ? NULL : wvm_kit_new_utf16(wvm_kit_GetCommandLineA());
    if (known || !made)
        return known ? known : nothing;
    if (__atomic_compare_exchange_n(&line_w, &known, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    free(made);
    return known;
}

#define WVM_KIT_COMMAND
#include "kit/kit_entry.h"
