/* Named sections when processes are killed: an object lives as long as one of its holders, and not
 * a moment longer; nothing stays behind but the registry, whose size is bounded. */
#include "peer.h"

#include <dirent.h>

/* The run directory, from the option run-dir that the script sets. */
static const char *run_dir(void)
{
    static char path[256];
    const char *at = getenv("WINVM_OPTIONS");
    at = at ? strstr(at, "run-dir=") : NULL;
    if (at)
        snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 8, ":"), at + 8);
    return path;
}

/* Files in the run directory; *bytes: their sizes. */
static unsigned files_left(uint64_t *bytes)
{
    unsigned n = 0;
    struct stat st;
    DIR *d = opendir(run_dir());
    *bytes = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0) != 0)
            continue;
        n++;
        *bytes += (uint64_t)st.st_size;
    }
    if (d)
        closedir(d);
    return n;
}

static void test_no_holder_left(void)
{
    struct peer p = new_peer(true);
    ok(IS_NEW(create(&p, 0, "killed", GRAN)) && map(&p, 0, FILE_MAP_WRITE).value, "an object");
    write_byte(&p, 0, 0, 0x11);
    ok(IS_FOUND(open_name(NULL, 0, "killed")) && close_slot(NULL, 0), "seen by another process");
    ok(end_peer(&p, SIGKILL), "its only holder is killed");
    ok(IS_MISSING(open_name(NULL, 0, "killed")), "OpenFileMapping: 2");
    ok(IS_NEW(create(NULL, 0, "killed", GRAN)), "the name can be taken: last error 0");
    ok(map(NULL, 0, FILE_MAP_READ).value && read_byte(NULL, 0, 0) == 0, "and its memory is new");
    ok(unmap(NULL, 0) && close_slot(NULL, 0), "let go");
}

static void test_another_holder(void)
{
    struct peer p = new_peer(true), q = new_peer(true), r = new_peer(true);
    ok(IS_NEW(create(&p, 0, "kept", GRAN)) && map(&p, 0, FILE_MAP_WRITE).value, "an object");
    write_byte(&p, 0, 7, 0x22);
    ok(IS_FOUND(open_name(&q, 0, "kept")), "held by a second process");
    ok(end_peer(&p, SIGKILL), "its creator is killed");
    ok(IS_FOUND(open_name(&r, 0, "kept")), "a third process finds it");
    ok(map(&r, 0, FILE_MAP_WRITE).value && read_byte(&r, 0, 7) == 0x22, "with its contents");
    ok(end_peer(&q, SIGKILL), "the second is killed");
    ok(IS_OLD(create(NULL, 0, "kept", GRAN)), "the third holds it");
    ok(close_slot(NULL, 0) && close_slot(&r, 0), "all handles are closed");
    ok(IS_MISSING(open_name(NULL, 0, "kept")), "the name is gone, though a view stays");
    ok(end_peer(&r, 0), "the third ends");
}

/* Peers that create, open and close without end, until they are killed. */
static void churn(unsigned seed)
{
    char name[32];
    env_be_child();
    for (unsigned i = seed;; i = i * 69069 + 1) {
        struct order o = {.what = MAP, .a = FILE_MAP_WRITE};
        snprintf(name, sizeof(name), "churn %u", i >> 16 & 7);
        create(NULL, 0, name, GRAN);
        if (handles[0] && tell(NULL, o).value)
            unmap(NULL, 0);
        if (handles[0])
            close_slot(NULL, 0);
    }
}

static void test_in_the_middle(void)
{
    unsigned wrong = 0, seed = 7;
    char name[32];
    ok(IS_NEW(create(NULL, 0, "mine", GRAN)) && map(NULL, 0, FILE_MAP_WRITE).value, "an object");
    write_byte(NULL, 0, 0, 0x33);
    for (unsigned i = 0; i < 100; i++) {
        pid_t pid[2];
        for (unsigned k = 0; k < 2; k++) {
            pid[k] = fork();
            if (pid[k] == 0)
                churn(2 * i + k);
        }
        usleep(1000 + rand_r(&seed) % 3000);
        for (unsigned k = 0; k < 2; k++)
            wrong += kill(pid[k], SIGKILL) != 0 || waitpid(pid[k], NULL, 0) != pid[k];
        for (unsigned k = 0; k < 8; k++) {
            snprintf(name, sizeof(name), "churn %u", k);
            wrong += !IS_MISSING(open_name(NULL, 1, name));
        }
        wrong += !IS_FOUND(open_name(NULL, 1, "mine")) || !close_slot(NULL, 1);
    }
    ok(wrong == 0, "two busy processes killed 100 times: %u wrong", wrong);
    ok(read_byte(NULL, 0, 0) == 0x33, "the object of another is as it was");
    ok(unmap(NULL, 0) && close_slot(NULL, 0), "let go");
    ok(winvm_audit() == 0, "the tables are right");
}

static void test_many_dead(void)
{
    uint64_t bytes;
    char name[32];
    unsigned wrong = 0;
    for (unsigned round = 0; round < 10; round++) {
        struct peer p = new_peer(true);
        for (unsigned i = 0; i < 200; i++) {
            snprintf(name, sizeof(name), "dead %u", i);
            wrong += !IS_NEW(create(&p, i, name, GRAN));
        }
        wrong += !end_peer(&p, SIGKILL);
    }
    ok(wrong == 0, "200 objects of a killed process, ten times: %u wrong", wrong);
    ok(IS_MISSING(open_name(NULL, 0, "dead 0")) && IS_MISSING(open_name(NULL, 0, "dead 199")),
       "all are gone");
    if (run_dir()[0] == '\0') {
        env_skip("what is left", "the option run-dir is not set");
        return;
    }
    unsigned n = files_left(&bytes);
    ok(n == 1 && bytes < MIB, "one file is left, of %u bytes", (unsigned)bytes);
}

int main(int argc, char **argv)
{
    start_or_serve(argc, argv);
    test_no_holder_left();
    test_another_holder();
    test_in_the_middle();
    test_many_dead();
    return env_end();
}
