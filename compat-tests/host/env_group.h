/* A control group whose memory the kernel can be made to reclaim.
 *
 * Terms   group = a control group of this test's own below the one it runs in; squeeze = making the
 *         kernel reclaim what the group has (memory.force_empty of version 1, memory.reclaim of
 *         version 2), done by a process outside.
 * Failure: make_group is false where no group can be made or the kernel cannot be asked. */
#ifndef ENV_GROUP_H
#define ENV_GROUP_H

#include "env.h"

static char group[512], squeeze_file[560];

static inline bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* The path of this process in the hierarchy that `key` names ("memory", or "" for version 2). */
static inline bool own_path(const char *key, char *out, size_t cap)
{
    char line[512], *controllers, *path;
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && !found && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        controllers = strchr(line, ':');
        path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        found = strcmp(controllers + 1, key) == 0;
        if (found)
            snprintf(out, cap, "%s", strcmp(path, "/") == 0 ? "" : path);
    }
    if (f)
        fclose(f);
    return found;
}

static inline bool try_group(const char *root, const char *key, const char *squeeze)
{
    char path[300];
    if (!own_path(key, path, sizeof(path)))
        return false;
    snprintf(group, sizeof(group), "%s%s/winvm-test-%d", root, path, (int)getpid());
    if (mkdir(group, 0755) != 0)
        return false;
    snprintf(squeeze_file, sizeof(squeeze_file), "%s/%s", group, squeeze);
    if (access(squeeze_file, W_OK) == 0)
        return true;
    rmdir(group);
    return false;
}

static inline bool make_group(void)
{
    return try_group("/sys/fs/cgroup/memory", "memory", "memory.force_empty") ||
           try_group("/sys/fs/cgroup", "", "memory.reclaim") ||
           try_group("/sys/fs/cgroup/unified", "", "memory.reclaim");
}

static inline void remove_group(void)
{
    for (unsigned i = 0; i < 100 && rmdir(group) != 0 && errno == EBUSY; i++)
        usleep(10000);
}

static inline bool enter_group(void)
{
    char path[560], pid[32];
    snprintf(path, sizeof(path), "%s/cgroup.procs", group);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    return write_text(path, pid);
}

static inline void squeeze(void)
{
    write_text(squeeze_file, strstr(squeeze_file, "reclaim") ? "8M" : "0");
}

static volatile pid_t worker_pid;

/* The test is told to end, or its time is over. */
static inline void give_up(int sig)
{
    if (worker_pid > 0) {
        kill(worker_pid, SIGKILL);
        waitpid(worker_pid, NULL, 0);
    }
    remove_group();
    signal(sig, SIG_DFL);
    raise(sig);
}

/* Waits for a child of this process, which is in the group, and squeezes meanwhile: sometimes at
 * once again, sometimes after a pause. Its wait status. */
static inline int squeeze_while(pid_t pid)
{
    int status = 0;
    worker_pid = pid;
    for (unsigned i = 0; i < 4; i++)
        signal((int[]){SIGALRM, SIGINT, SIGTERM, SIGHUP}[i], give_up);
    for (unsigned i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
        squeeze();
        usleep(i % 4 * 1500);
    }
    worker_pid = 0;
    return status;
}

#endif
