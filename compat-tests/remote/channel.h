/* Targets that serve and targets that do not, in a run directory of the test's own.
 *
 * A program begins by "if it has a role: be_target(); settle()" and ends by remove_run_dir(). */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "target.h"

/* served, unserved: options of a target. */
static char self_path[4096], served[4200], unserved[4200], run_dir[] = "/tmp/winvm-channel-XXXXXX";

static inline struct target start(const char *options)
{
    char role[] = "target", *const command[] = {self_path, role, NULL};
    return start_target(command, options);
}

/* It has so many sockets, when what is under way is done. */
static inline bool comes_to(pid_t pid, unsigned n_sockets)
{
    for (int i = 0; i < 300 && count_entries(pid, "fd", "socket:") != n_sockets; i++)
        usleep(10000);
    return count_entries(pid, "fd", "socket:") == n_sockets;
}

/* False: not within four seconds. */
static inline bool served_soon(HANDLE h)
{
    for (int i = 0; i < 40; i++) {
        char *a = VirtualAllocEx(h, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE);
        if (a)
            return VirtualFreeEx(h, a, 0, MEM_RELEASE);
        usleep(100000);
    }
    return false;
}

/* The path of the socket that the process listens at. */
static inline bool find_socket(pid_t pid, char *out, size_t cap)
{
    char prefix[32];
    bool found = false;
    snprintf(prefix, sizeof prefix, "remote-%d-", (int)pid);
    DIR *d = opendir(run_dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(out, cap, "%s/%s", run_dir, e->d_name);
            found = true;
        }
    if (d)
        closedir(d);
    return found;
}

/* The run directory is the test's own; the options are read at start. */
static inline void settle(char **argv)
{
    const char *dir = getenv("CHANNEL_DIR");
    ssize_t n = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
    self_path[n > 0 ? n : 0] = '\0';
    if (!dir) {
        if (!mkdtemp(run_dir))
            exit(99);
        snprintf(unserved, sizeof unserved, "%s%srun-dir=%s",
                 getenv("WINVM_OPTIONS") ? getenv("WINVM_OPTIONS") : "",
                 getenv("WINVM_OPTIONS") ? ":" : "", run_dir);
        setenv("CHANNEL_DIR", run_dir, 1);
        setenv("WINVM_OPTIONS", unserved, 1);
        execv(self_path, argv);
        exit(99);
    }
    strcpy(run_dir, dir);
    snprintf(unserved, sizeof unserved, "%s", getenv("WINVM_OPTIONS"));
    snprintf(served, sizeof served, "%.4000s:remote=1", unserved);
}

static inline void remove_run_dir(void)
{
    char path[600];
    DIR *d = opendir(run_dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", run_dir, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(run_dir);
}

#endif
