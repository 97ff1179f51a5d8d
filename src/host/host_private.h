/* Shared between the files of this room and its tests. */
#ifndef WVM_HOST_PRIVATE_H
#define WVM_HOST_PRIVATE_H

#include "host/host.h"

/* Where the kernel's files are; tests point them elsewhere. Constant after wvm_host_init(). */
extern const char *wvm_host_proc_root;   /* "/proc" */
extern const char *wvm_host_cgroup_root; /* "/sys/fs/cgroup" */
extern const char *wvm_host_sys_root;    /* "/sys" */

/* Where places for a run directory are; likewise. */
extern const char *wvm_host_shm_root; /* "/dev/shm" */
extern const char *wvm_host_tmp_root; /* "/tmp" */

/* ---- host_file.c ---- */
enum wvm_host_file {
    WVM_FILE_MAPS,
    WVM_FILE_PAGEMAP,
    WVM_FILE_USERFAULT, /* not below /proc: host_watch.c makes it */
    WVM_N_FILES
};
/* Those before it are opened at start. */
#define WVM_N_FILES_EARLY WVM_FILE_USERFAULT

/* A descriptor lent for one use. */
struct wvm_host_loan {
    int fd;
    bool temporary; /* opened for this loan alone */
};

/* Makes the fork detector. Once, from wvm_host_init(). */
void wvm_host_files_init(void);
/* Lends the descriptor of one of this process's files; opens it when there is none or when its
 * number now belongs to another file. 0 or -errno. */
int wvm_host_file_borrow(enum wvm_host_file which, struct wvm_host_loan *out);
/* A descriptor of its own, read from the start. 0 or -errno. */
int wvm_host_file_open(enum wvm_host_file which, struct wvm_host_loan *out);
/* The same file of process pid, opened for this loan; 0: this process, as borrowed. -ENOENT,
 * -ESRCH: it has ended; -EACCES: it may not be looked at. */
int wvm_host_file_of(pid_t pid, enum wvm_host_file which, struct wvm_host_loan *out);
void wvm_host_file_return(const struct wvm_host_loan *loan);
/* The number kept for a file, -1: none. For tests. */
int wvm_host_file_number(enum wvm_host_file which);
/* This process's id without a system call in the usual case. */
pid_t wvm_host_self(void);

/* Reads at most cap - 1 bytes of a small file below root; NUL-terminated. Bytes or -errno. */
ssize_t wvm_host_read_text(const char *root, const char *path, char *out, size_t cap);
/* Calls see for each line of a file below root, without its end, until it says false; lines of
 * WVM_LINE_CAP bytes and more are passed over. False: the file cannot be read. */
#define WVM_LINE_CAP 4096
bool wvm_host_each_line(const char *root, const char *path, bool (*see)(char *line, void *ctx),
                        void *ctx);
/* Reads a decimal number at *s, moves *s behind it. False: there is none (then *s is unchanged). */
bool wvm_host_parse_dec(const char **s, uint64_t *out);
/* The number behind the first `key` in the text. False: no such key, or no number. */
bool wvm_host_text_value(const char *text, const char *key, uint64_t *out);
/* The first number of a small file, or fallback. */
uint64_t wvm_host_read_number(const char *root, const char *path, uint64_t fallback);

/* ---- host_object.c ---- */
/* Moves fd to a high number; fd itself when there is none. */
int wvm_host_fd_high(int fd);
bool wvm_host_fd_is(int fd, uint64_t dev, uint64_t ino);

/* ---- host_maps.c ---- */
/* Calls visit for every mapping of a process (0: this one) in rising order until it says false.
 * 0 or -errno. */
int wvm_host_map_each(pid_t pid, bool (*visit)(const struct wvm_host_vma *vma, void *ctx),
                      void *ctx);

/* ---- host_module.c ---- */
/* Finds the program's own image. Once, from wvm_host_init(). */
void wvm_host_module_init(void);
/* wvm_host_module_of() where no C library can tell: from the mappings and the ELF headers. */
bool wvm_host_module_by_maps(pid_t pid, uintptr_t addr, uintptr_t *start, uintptr_t *end);

/* ---- host_watch.c ---- */
int wvm_host_linux_watch(uintptr_t addr, size_t len);
int wvm_host_linux_written(struct wvm_host_scan *scan);
/* host_large.c */
int wvm_host_linux_map_large(const struct wvm_host_large_map *map);
/* A new userfaultfd that is fit for write watches. Descriptor or -errno. */
int wvm_host_userfault(void);
/* The meaning of a write watch seen on two writable scratch pages. */
bool wvm_host_watch_probe(uintptr_t scratch);

/* ---- host_group.c ---- */
enum wvm_host_tree { WVM_TREE_V1, WVM_TREE_V2, WVM_N_TREES };
/* Folders of groups have shorter names. */
#define WVM_GROUP_CAP 1024
/* folder: of a group, which need not exist. False: enough of this hierarchy. */
struct wvm_host_group_visit {
    bool (*see)(enum wvm_host_tree tree, const char *folder, void *ctx);
    void *ctx;
};
/* The groups that count this process's memory, each hierarchy from its own group upwards. */
void wvm_host_group_each(const struct wvm_host_group_visit *visit);

/* ---- host_memory.c ---- */
/* RAM and swap of the machine, lowered to the limits of the control groups around this process. */
void wvm_host_memory_size(uint64_t *ram, uint64_t *swap);

/* ---- host_numa.c ---- */
/* move_pages(2) that only asks: the node of each page or -errno of that page. 0 or -errno. Tests
 * replace it. */
extern int (*wvm_host_page_nodes)(pid_t pid, size_t n, const uintptr_t *page, int32_t *status);
/* mbind(2): a preference for the node of the mask, 0: none. Likewise. */
extern int (*wvm_host_bind)(uintptr_t addr, size_t len, uint64_t nodes);
/* The machine is asked again. For tests. */
void wvm_host_forget_nodes(void);

/* A file may become so long: beyond RLIMIT_FSIZE the kernel would send a signal (host_object.c). */
bool wvm_host_size_allowed(uint64_t size);

#endif
