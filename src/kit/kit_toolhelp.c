/* Lists of processes, threads and modules, taken at one moment.
 *
 * Terms   snapshot = an object with one entry for each thread; a process is the run of its threads.
 * I1      A snapshot does not change but for the places of First and Next, which are its own.
 * Locking: the snapshot's lock for the places.   Failure: no handle; nothing written.
 * Signal safety: none. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_modules.h"
#include "kit/kit_text.h"
#include "kit/kit_wait.h"

#define BASE_PRIORITY 8
#define THREAD_LISTS (TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD)
#define LISTS (THREAD_LISTS | TH32CS_SNAPMODULE)
#define KNOWN ((DWORD)(TH32CS_SNAPALL | TH32CS_SNAPMODULE32 | TH32CS_INHERIT))
#define NAME_CAP 16
#define ANY_COUNT 0xffff
#define PATH_UNITS 260

struct entry {
    uint32_t pid, tid;
};
struct snapshot {
    struct wvm_kit_object object; /* first */
    struct wvm_kit_lock lock;
    uint32_t n, cap, thread_at, process_at, module_at;
    DWORD lists, pid; /* of the modules */
    struct entry *entries;
    struct wvm_kit_modules modules;
};

static void gone(struct winvm_object *object)
{
    struct snapshot *s = (struct snapshot *)object;
    free(s->entries);
    wvm_kit_modules_free(&s->modules);
    wvm_kit_gone(object);
}

static struct wvm_kit_kind snapshots = {
    .kind = {.name = "Section",
             .generic = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                         STANDARD_RIGHTS_REQUIRED},
             .gone = gone},
    .store = {.size = sizeof(struct snapshot)},
};

/* ---- taking it ---- */

static bool add(struct snapshot *s, uint32_t pid, uint32_t tid)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 256;
        struct entry *more = realloc(s->entries, cap * sizeof *more);
        if (!more)
            return false;
        s->entries = more;
        s->cap = cap;
    }
    s->entries[s->n++] = (struct entry){pid, tid};
    return true;
}

/* The host's name of a thread, or of a process's first one; NUL: there is none. */
static void name_of(uint32_t pid, uint32_t tid, char name[NAME_CAP])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/task/%u/comm", pid, tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, name, NAME_CAP - 1) : 0;
    if (fd >= 0)
        close(fd);
    name[n > 0 ? n : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
}

static bool is_winvms(uint32_t pid, uint32_t tid)
{
    char name[NAME_CAP];
    if (pid != (uint32_t)getpid() || tid == pid)
        return false;
    name_of(pid, tid, name);
    return strncmp(name, "winvm-", 6) == 0;
}

static bool add_threads(struct snapshot *s, uint32_t pid)
{
    char path[32];
    bool all = true;
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *d = opendir(path);
    for (struct dirent *e; all && d && (e = readdir(d)) != NULL;) {
        uint32_t tid = (uint32_t)strtoul(e->d_name, NULL, 10);
        if (tid != 0 && !is_winvms(pid, tid))
            all = add(s, pid, tid);
    }
    if (d)
        closedir(d);
    return all;
}

static bool add_processes(struct snapshot *s)
{
    bool all = true;
    DIR *d = opendir("/proc");
    for (struct dirent *e; all && d && (e = readdir(d)) != NULL;) {
        uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);
        if (pid != 0)
            all = add_threads(s, pid);
    }
    if (d)
        closedir(d);
    return all || wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

static bool fill(struct snapshot *s)
{
    return (!(s->lists & THREAD_LISTS) || add_processes(s)) &&
           (!(s->lists & TH32CS_SNAPMODULE) || wvm_kit_modules_read(s->pid, &s->modules));
}

HANDLE wvm_kit_CreateToolhelp32Snapshot(DWORD lists, DWORD pid)
{
    if ((lists & LISTS) == 0 || lists & ~KNOWN) {
        bool other = (lists & TH32CS_SNAPALL) != 0;
        wvm_kit_fail(other ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER);
        return INVALID_HANDLE_VALUE;
    }
    struct snapshot *s = wvm_kit_object_new(&snapshots);
    if (!s)
        return INVALID_HANDLE_VALUE;
    s->lists = lists;
    s->pid = pid != 0 ? pid : (DWORD)getpid();
    if (!fill(s)) {
        wvm_kit_drop(&s->object);
        return INVALID_HANDLE_VALUE;
    }
    HANDLE h = wvm_kit_handle(&s->object, STANDARD_RIGHTS_REQUIRED);
    return h ? h : INVALID_HANDLE_VALUE;
}

/* ---- reading it ---- */

/* The snapshot of a handle with that list, held. */
static struct snapshot *open_list(HANDLE h, DWORD list, bool fits)
{
    struct snapshot *s = wvm_kit_object_of(h, &snapshots, 0);
    if (!s)
        return NULL;
    if (fits && s->lists & list)
        return s;
    wvm_kit_drop(&s->object);
    wvm_kit_fail(fits ? ERROR_NO_MORE_FILES : ERROR_BAD_LENGTH);
    return NULL;
}

static BOOL next_thread(HANDLE h, LPTHREADENTRY32 out, bool first)
{
    struct snapshot *s = open_list(h, TH32CS_SNAPTHREAD, out->dwSize >= sizeof *out);
    if (!s)
        return FALSE;
    wvm_kit_lock(&s->lock);
    uint32_t at = first ? 0 : s->thread_at;
    bool more = at < s->n;
    if (more) {
        struct entry e = s->entries[at];
        *out = (THREADENTRY32){.dwSize = sizeof *out, .th32ThreadID = e.tid,
                               .th32OwnerProcessID = e.pid, .tpBasePri = BASE_PRIORITY};
        s->thread_at = at + 1;
    }
    wvm_kit_unlock(&s->lock);
    wvm_kit_drop(&s->object);
    return more || wvm_kit_fail(ERROR_NO_MORE_FILES);
}

static uint32_t parent_of(uint32_t pid)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *end = strrchr(text, ')'); /* ") S 123": state, parent */
    return end && end[1] && end[2] ? (uint32_t)strtoul(end + 3, NULL, 10) : 0;
}

/* The process at the place, and the place behind its threads. */
static bool next_process(HANDLE h, PROCESSENTRY32 *out, bool fits, bool first)
{
    struct snapshot *s = open_list(h, TH32CS_SNAPPROCESS, fits);
    if (!s)
        return false;
    wvm_kit_lock(&s->lock);
    uint32_t at = first ? 0 : s->process_at, from = at;
    bool more = at < s->n;
    uint32_t pid = more ? s->entries[at].pid : 0;
    while (at < s->n && s->entries[at].pid == pid)
        at++;
    s->process_at = at;
    wvm_kit_unlock(&s->lock);
    wvm_kit_drop(&s->object);
    if (!more)
        return wvm_kit_fail(ERROR_NO_MORE_FILES);
    memset(out, 0, sizeof *out);
    out->dwSize = sizeof *out;
    out->th32ProcessID = pid;
    out->cntThreads = at - from;
    out->th32ParentProcessID = parent_of(pid);
    out->pcPriClassBase = BASE_PRIORITY;
    name_of(pid, pid, out->szExeFile);
    return true;
}

static BOOL next_wide(HANDLE h, LPPROCESSENTRY32W out, bool first)
{
    PROCESSENTRY32 e;
    if (!next_process(h, &e, out->dwSize >= sizeof *out, first))
        return FALSE;
    memcpy(out, &e, offsetof(PROCESSENTRY32W, szExeFile));
    out->dwSize = sizeof *out;
    memset(out->szExeFile, 0, sizeof out->szExeFile);
    wvm_kit_to_utf16(out->szExeFile, NAME_CAP, e.szExeFile, WVM_KIT_TO_NUL);
    return TRUE;
}

/* The module at the place: `to` gets what both forms have, and the path is told. */
static bool next_module(HANDLE h, MODULEENTRY32 *to, bool fits, bool first, char **path)
{
    struct snapshot *s = open_list(h, TH32CS_SNAPMODULE, fits);
    if (!s)
        return false;
    wvm_kit_lock(&s->lock);
    uint32_t at = first ? 0 : s->module_at;
    bool more = at < s->modules.n;
    if (more)
        s->module_at = at + 1;
    wvm_kit_unlock(&s->lock);
    if (more) {
        const struct wvm_kit_module *m = &s->modules.all[at];
        *to = (MODULEENTRY32){.th32ModuleID = 1, .th32ProcessID = s->pid,
                              .GlblcntUsage = ANY_COUNT, .ProccntUsage = ANY_COUNT,
                              .modBaseAddr = (BYTE *)m->base,
                              .modBaseSize = (DWORD)(m->end - m->base),
                              .hModule = (HMODULE)m->base};
        *path = strdup(m->path);
    }
    wvm_kit_drop(&s->object);
    return (more && *path) || wvm_kit_fail(more ? ERROR_NOT_ENOUGH_MEMORY : ERROR_NO_MORE_FILES);
}

static BOOL next_module_a(HANDLE h, LPMODULEENTRY32 out, bool first)
{
    char *path = NULL;
    MODULEENTRY32 e;
    if (!next_module(h, &e, out->dwSize >= sizeof *out, first, &path))
        return FALSE;
    e.dwSize = sizeof *out;
    snprintf(e.szModule, sizeof e.szModule, "%s", wvm_kit_base_name(path));
    snprintf(e.szExePath, sizeof e.szExePath, "%s", path);
    *out = e;
    free(path);
    return TRUE;
}

static BOOL next_module_w(HANDLE h, LPMODULEENTRY32W out, bool first)
{
    char *path = NULL;
    MODULEENTRY32 e;
    if (!next_module(h, &e, out->dwSize >= sizeof *out, first, &path))
        return FALSE;
    memset(out, 0, sizeof *out);
    memcpy(out, &e, offsetof(MODULEENTRY32W, szModule));
    out->dwSize = sizeof *out;
    wvm_kit_to_utf16(out->szModule, MAX_MODULE_NAME32, wvm_kit_base_name(path), WVM_KIT_TO_NUL);
    wvm_kit_to_utf16(out->szExePath, PATH_UNITS - 1, path, WVM_KIT_TO_NUL);
    free(path);
    return TRUE;
}

BOOL wvm_kit_Module32First(HANDLE h, LPMODULEENTRY32 out)
{
    return next_module_a(h, out, true);
}

BOOL wvm_kit_Module32Next(HANDLE h, LPMODULEENTRY32 out)
{
    return next_module_a(h, out, false);
}

BOOL wvm_kit_Module32FirstW(HANDLE h, LPMODULEENTRY32W out)
{
    return next_module_w(h, out, true);
}

BOOL wvm_kit_Module32NextW(HANDLE h, LPMODULEENTRY32W out)
{
    return next_module_w(h, out, false);
}

BOOL wvm_kit_Thread32First(HANDLE h, LPTHREADENTRY32 out)
{
    return next_thread(h, out, true);
}

BOOL wvm_kit_Thread32Next(HANDLE h, LPTHREADENTRY32 out)
{
    return next_thread(h, out, false);
}

BOOL wvm_kit_Process32First(HANDLE h, LPPROCESSENTRY32 out)
{
    return next_process(h, out, out->dwSize >= sizeof *out, true);
}

BOOL wvm_kit_Process32Next(HANDLE h, LPPROCESSENTRY32 out)
{
    return next_process(h, out, out->dwSize >= sizeof *out, false);
}

BOOL wvm_kit_Process32FirstW(HANDLE h, LPPROCESSENTRY32W out)
{
    return next_wide(h, out, true);
}

BOOL wvm_kit_Process32NextW(HANDLE h, LPPROCESSENTRY32W out)
{
    return next_wide(h, out, false);
}

#define WVM_KIT_TOOLHELP
#include "kit/kit_entry.h"
