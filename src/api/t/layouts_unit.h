/* A test program that runs in the program's own layout, and again in others: it starts itself with
 * the options that choose them. */
#ifndef WVM_API_T_LAYOUTS_UNIT_H
#define WVM_API_T_LAYOUTS_UNIT_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int run_again_with(char *program, const char *options)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        setenv("WINVM_OPTIONS", options, 1);
        execl("/proc/self/exe", program, "again", (char *)NULL);
        _exit(127);
    }
    return child < 0 || waitpid(child, &status, 0) < 0 ? 1 : status;
}

/* The exit status of main(). tests: runs them once. layouts: options, up to a NULL. The cases of
 * the layouts are counted in words, as a plan comes once; a failed one fails the program. */
static inline int run_in_layouts(int argc, char **argv, int (*tests)(void),
                                 const char *const *layouts)
{
    int failed = tests();
    if (getenv("CK_TAP_LOG_FILE_NAME")) {
        setenv("CK_TAP_LOG_FILE_NAME", "/dev/null", 1);
        setenv("CK_VERBOSITY", "normal", 1);
    }
    for (; argc == 1 && *layouts; layouts++)
        failed |= run_again_with(argv[0], *layouts) != 0;
    return failed;
}

#endif
