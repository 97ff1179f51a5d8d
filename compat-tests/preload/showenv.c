/* Prints the variables that matter, as this program sees them; then, with arguments, runs them as a
 * child (fork and exec) and passes its status on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    for (char **p = environ; *p != NULL; p++) {
        if (strstr(*p, "WINVM") != NULL || strncmp(*p, "LD_PRELOAD=", 11) == 0)
            printf("%s\n", *p);
    }
    printf("pid %d\n", (int)getpid());
    fflush(stdout);
    if (argc < 2)
        return 5;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
