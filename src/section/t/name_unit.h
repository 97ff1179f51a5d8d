/* Objects, names and children for the tests of names. */
#ifndef WVM_SECTION_T_NAME_UNIT_H
#define WVM_SECTION_T_NAME_UNIT_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "host/host_object.h"
#include "host/host_peer.h"
#include "section/section_name.h"
#include "winvm/ntstatus.h"

static char root[64]; /* of the test; the run directory is in it */

/* What holds in a test, and in its children and threads, which must not write to the test's report:
 * they may be killed while they do. A process where it does not hold ends with this status. */
enum { FAILED = 99 };
static __thread bool is_child;

#define must(what)                     \
    do {                               \
        if (!is_child)                 \
            ck_assert(what);           \
        else if (!(what))              \
            _exit(FAILED);             \
    } while (0)

/* ---- objects to be named ---- */

struct thing {
    int fd;
    struct wvm_name_object object;
    uint32_t name;
};

static inline struct thing new_thing(unsigned size)
{
    struct thing t = {.object = {.size = size, .kind = 1, .attr = 3}};
    struct wvm_host_fd_info info;
    t.fd = wvm_host_shm_create("test", 4096);
    must(t.fd >= 0);
    must(wvm_host_fd_info(t.fd, &info) == 0);
    t.object.dev = info.dev;
    t.object.ino = info.ino;
    return t;
}

static inline struct wvm_name_key key_of(const char *name)
{
    static uint16_t text[4][WVM_NAME_MAX];
    static unsigned turn;
    struct wvm_name_key key = {.text = text[turn % 4], .len = strlen(name)};
    for (size_t i = 0; i < key.len; i++)
        text[turn % 4][i] = (uint8_t)name[i];
    turn++;
    return key;
}

static inline struct wvm_name_key numbered(const char *prefix, unsigned n)
{
    char name[64];
    snprintf(name, sizeof name, "%s%u", prefix, n);
    return key_of(name);
}

static inline wvm_status try_hold(const struct wvm_name_key *key, struct thing *t)
{
    must(wvm_names_begin() == 0);
    wvm_status status = wvm_name_hold(key, &t->object, t->fd, &t->name);
    wvm_names_end();
    return status;
}

static inline struct thing hold(struct wvm_name_key key, unsigned size)
{
    struct thing t = new_thing(size);
    must(try_hold(&key, &t) == 0);
    must(t.name != 0);
    return t;
}

static inline void let_go(struct thing *t)
{
    wvm_name_release(t->name);
    close(t->fd);
}

/* The status of a look for the name; *out (may be NULL) is what was found, opened. */
static inline wvm_status look(struct wvm_name_key key, struct thing *out)
{
    struct thing t = {.fd = -1};
    bool writable;
    wvm_status status = wvm_names_begin();
    if (status < 0)
        return status;
    status = wvm_name_find(&key, &t.object, &t.fd, &writable);
    wvm_names_end();
    if (status >= 0 && out)
        *out = t;
    else if (status >= 0)
        close(t.fd);
    return status;
}

static inline void expect_found(struct wvm_name_key key, unsigned size)
{
    struct thing t;
    struct wvm_host_fd_info info;
    ck_assert_int_eq(look(key, &t), 0);
    ck_assert_uint_eq(t.object.size, size);
    ck_assert_int_eq(wvm_host_fd_info(t.fd, &info), 0);
    ck_assert(info.dev == t.object.dev && info.ino == t.object.ino && info.writable);
    ck_assert_int_eq(fcntl(t.fd, F_GETFD), FD_CLOEXEC);
    close(t.fd);
}

static inline void expect_none(struct wvm_name_key key)
{
    ck_assert_int_eq(look(key, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* ---- children ---- */

struct child {
    pid_t pid;
    int up, down; /* we read up, write down */
};

/* A child that calls run, says so, and waits to be told or killed. */
static inline struct child start_child(void (*run)(void))
{
    int up[2], down[2];
    ck_assert_int_eq(pipe(up), 0);
    ck_assert_int_eq(pipe(down), 0);
    struct child c = {.up = up[0], .down = down[1]};
    wvm_names_before_fork();
    c.pid = fork();
    if (c.pid == 0) {
        char byte;
        is_child = true;
        wvm_names_after_fork_child();
        close(up[0]);
        close(down[1]);
        run();
        if (write(up[1], "", 1) != 1 || read(down[0], &byte, 1) < 0)
            _exit(1);
        _exit(0);
    }
    wvm_names_after_fork_parent();
    ck_assert_int_gt(c.pid, 0);
    close(up[1]);
    close(down[0]);
    return c;
}

static inline void wait_ready(struct child *c)
{
    char byte;
    ck_assert_int_eq(read(c->up, &byte, 1), 1);
}

static inline void hold_one(void)
{
    hold(key_of("one"), 11);
}

static inline void nothing(void)
{
}

static inline void end_child(struct child *c, int sig)
{
    int status;
    if (sig)
        ck_assert_int_eq(kill(c->pid, sig), 0);
    close(c->down);
    ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
    ck_assert_int_eq(status, sig);
    close(c->up);
}

/* ---- the registry file ---- */

static inline const char *registry_path(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/run/names-%llu", root,
             (unsigned long long)wvm_host_pid_space());
    return path;
}

static inline long registry_size(void)
{
    struct stat st;
    return stat(registry_path(), &st) == 0 ? (long)st.st_size : -1;
}

static inline void set_up(void)
{
    char text[100];
    strcpy(root, "/tmp/winvm-names-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(text, sizeof text, "run-dir=%s/run", root);
    wvm_options_parse(text, NULL);
    wvm_host_init();
}

static inline void tear_down(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

#endif
