/* A made-up tree of the kernel's files, for tests of this room. */
#ifndef WVM_HOST_T_FAKE_ROOT_H
#define WVM_HOST_T_FAKE_ROOT_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a shell command on a path. */
static inline void fake_shell(const char *command, const char *path)
{
    char line[600];
    snprintf(line, sizeof line, "%s '%s'", command, path);
    ck_assert_int_eq(system(line), 0);
}

/* root, a template for mkdtemp(), becomes a folder. */
static inline const char *fake_root(char *root)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    return root;
}

/* The file root/name with that text, its folders too. errno is EDOM afterwards. */
static inline void fake_file(const char *root, const char *name, const char *text)
{
    char path[512], folder[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    fake_shell("mkdir -p", folder);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    errno = EDOM;
}

static inline void fake_remove(const char *root)
{
    fake_shell("rm -r", root);
    errno = EDOM;
}

#endif
