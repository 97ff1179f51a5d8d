/* The run directory of the effective user: found, made when it is missing, and distrusted.
 *
 * Owns     nothing but the copy of one environment variable.
 * Terms    place = a directory that may be the run directory; ours alone = a directory, no symbolic
 *          link, owned by the effective user, accessible to nobody else.
 * I1       What is returned is ours alone, as the descriptor says that is returned: names are not
 *          looked at twice.
 * I2       A place that exists and is not ours alone is an error, never a reason to try the next
 *          place: otherwise a stranger could part the processes of one user.
 * I3       All processes of one user come to the same place: the next one is tried only where the
 *          parent directory cannot hold the place.
 * Locking  none.   Failure: -errno, nothing kept; a refused place is named by the option diag.
 * Signal safety  wvm_host_rundir_open(); errno is preserved. */
#include "host/host_rundir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/options.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

const char *wvm_host_shm_root = "/dev/shm";
const char *wvm_host_tmp_root = "/tmp";

enum { OTHERS = 077 }; /* permission bits */

/* $XDG_RUNTIME_DIR, empty when it is not to be used. */
static char runtime_root[WVM_HOST_RUNDIR_CAP - sizeof("/winvm")];

void wvm_host_rundir_init(void)
{
    const char *dir = getauxval(AT_SECURE) ? NULL : getenv("XDG_RUNTIME_DIR");
    runtime_root[0] = '\0';
    if (dir && dir[0] == '/' && strlen(dir) < sizeof(runtime_root))
        memcpy(runtime_root, dir, strlen(dir) + 1);
}

static int refuse(const char *path, const char *why)
{
    wvm_host_diag("the run directory %s is not used: %s", path, why);
    return -EACCES;
}

/* Why the directory is not ours alone; NULL: it is. */
static const char *complaint(int fd)
{
    struct stat st;
    if (WVM_SYS(fstat(fd, &st)) != 0)
        return "it cannot be examined";
    if (st.st_uid != geteuid())
        return "it belongs to another user";
    if (st.st_mode & OTHERS)
        return "other users have access to it";
    return NULL;
}

/* The parent cannot hold the place, now or later. */
static bool is_no_place(int err)
{
    return err == -ENOENT || err == -ENOTDIR || err == -EROFS || err == -EACCES || err == -EPERM;
}

/* A umask may have taken the owner's bits from a new directory. */
static void allow_owner(int dir)
{
    char path[64];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/thread-self/fd/%d", wvm_host_proc_root, dir);
    (void)WVM_SYS(chmod(path, 0700));
}

/* Descriptor; -ENOENT: no place here; -EACCES: refused; another -errno. */
static int open_place(const char *path)
{
    int made = (int)WVM_SYS(mkdir(path, 0700));
    if (made < 0 && made != -EEXIST)
        return is_no_place(made) ? -ENOENT : made;
    int dir = wvm_sys_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (dir == -ELOOP || dir == -ENOTDIR)
        return refuse(path, "it is not a directory");
    if (dir < 0)
        return dir;
    const char *why = complaint(dir);
    if (why == NULL && made == 0)
        allow_owner(dir);
    int fd = why ? refuse(path, why)
                 : wvm_sys_open_at(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    wvm_sys_close(dir);
    return fd;
}

/* The n-th place's name. False: it does not exist here. */
static bool name_place(unsigned n, char *path, size_t cap)
{
    struct wvm_buf b;
    wvm_buf_init(&b, path, cap);
    switch (n) {
    case 0:
        wvm_buf_printf(&b, "%s/winvm-%u", wvm_host_shm_root, (unsigned)geteuid());
        return true;
    case 1:
        wvm_buf_printf(&b, "%s/winvm", runtime_root);
        return runtime_root[0] != '\0';
    default:
        wvm_buf_printf(&b, "%s/winvm-%u", wvm_host_tmp_root, (unsigned)geteuid());
        return true;
    }
}

int wvm_host_rundir_open(char *path, size_t cap)
{
    char own[WVM_HOST_RUNDIR_CAP];
    struct wvm_buf b;
    const char *option = wvm_options[WVM_OPTION_RUN_DIR].text;
    int fd = -ENOENT;
    if (option) {
        wvm_buf_init(&b, own, sizeof(own));
        wvm_buf_str(&b, option);
        fd = option[0] == '/' ? open_place(own) : refuse(own, "its name does not begin with '/'");
    } else {
        for (unsigned n = 0; n < 3 && fd == -ENOENT; n++)
            if (name_place(n, own, sizeof(own)))
                fd = open_place(own);
    }
    if (fd == -ENOENT)
        wvm_host_diag("there is no place for a run directory; see the option run-dir");
    if (fd >= 0 && path) {
        wvm_buf_init(&b, path, cap);
        wvm_buf_str(&b, own);
    }
    return fd;
}
