/* Another process that does nothing, for cases about the memory of other processes.
 *
 * Use     struct other other; if (!other_start(&other)) ...; other.process has every right.
 * I1      The process ends with other_end(), at the latest after a minute.
 * Locking: for the main thread. */
#ifndef COMPAT_OTHER_H
#define COMPAT_OTHER_H

#include "compat.h"

struct other {
    HANDLE process;
    DWORD id;
};

#ifdef _WIN32
static inline int other_start(struct other *other)
{
    STARTUPINFOA start = {.cb = sizeof(start)};
    PROCESS_INFORMATION child;
    char self[MAX_PATH], line[MAX_PATH + 16];

    GetModuleFileNameA(NULL, self, sizeof(self));
    snprintf(line, sizeof(line), "\"%s\" --wait", self);
    if (!CreateProcessA(self, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &start,
                        &child))
        return 0;
    CloseHandle(child.hThread);
    other->process = child.hProcess;
    other->id = child.dwProcessId;
    return 1;
}

static inline void other_end(struct other *other)
{
    TerminateProcess(other->process, 0);
    CloseHandle(other->process);
}
#else
/* The process serves calls of others, which it does not by itself. */
static inline void other_become(void)
{
    char self[] = "/proc/self/exe", option[] = "--wait", options[1000];
    char *const args[] = {self, option, NULL};
    const char *given = getenv("WINVM_OPTIONS");

    snprintf(options, sizeof(options), "%s%sremote=1", given ? given : "", given ? ":" : "");
    setenv("WINVM_OPTIONS", options, 1);
    hand_preload_on();
    execv(self, args);
    _exit(COMPAT_NO_CHILD);
}

static inline void other_end(struct other *other)
{
    kill((pid_t)other->id, SIGKILL);
    waitpid((pid_t)other->id, NULL, 0);
    CloseHandle(other->process);
}

/* Waits until the process has come so far that it serves calls. */
static inline int other_start(struct other *other)
{
    pid_t pid = fork();

    if (pid == 0)
        other_become();
    if (pid < 0)
        return 0;
    other->id = (DWORD)pid;
    other->process = OpenProcess(0x1FFFFF, FALSE, other->id);
    for (int i = 0; i < 5000; i++, usleep(1000)) {
        void *probe = VirtualAllocEx(other->process, NULL, PG, MEM_RESERVE, PAGE_NOACCESS);

        if (probe)
            return VirtualFreeEx(other->process, probe, 0, MEM_RELEASE);
    }
    other_end(other);
    return 0;
}
#endif
#endif
