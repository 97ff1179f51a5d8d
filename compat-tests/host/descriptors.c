/* A program that closes every descriptor (daemons do) and then opens files of its own: the
 * library's descriptors are gone and their numbers are the program's. Questions about foreign
 * memory are still answered right and the program's files are neither closed, moved nor read.
 *
 * Terms   foreign = memory that winvm did not map: the program's image, a file view, stack,
 *         heap. */
#include "env.h"

#include <sys/syscall.h>

enum { N_FILES = 2048, ROUNDS = 5, OFFSET = 5 };

struct foreign {
    const char *what;
    const void *at;
    DWORD type;
};

static const char constant[] = "a constant of the image";
static struct foreign foreign[4];
static MEMORY_BASIC_INFORMATION first_answer[4];

static void *map_own_file(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    void *at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return at;
}

static unsigned ask_all(bool first)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < 4; i++) {
        MEMORY_BASIC_INFORMATION m = look_at(foreign[i].at);
        if (first)
            first_answer[i] = m;
        wrong += m.State != MEM_COMMIT || m.Type != foreign[i].type || !m.AllocationBase ||
                 m.AllocationBase != first_answer[i].AllocationBase ||
                 m.Protect != first_answer[i].Protect;
    }
    return wrong;
}

static void close_all(void)
{
    if (syscall(SYS_close_range, 3, ~0u, 0) != 0)
        for (int fd = 3; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
            close(fd);
}

/* Undo needs the kernel's view of pages, so the library asks for its descriptors here too. */
static bool reset_works(char *a)
{
    return VirtualAlloc(a, GRAN, MEM_RESET, PAGE_READWRITE) == a &&
           VirtualAlloc(a, GRAN, MEM_RESET_UNDO, PAGE_READWRITE) == a && all_bytes(a, GRAN, 0x42);
}

static unsigned open_files(char text[16])
{
    unsigned n = 0;
    snprintf(text, 16, "0123456789abcde");
    for (; n < N_FILES; n++) {
        int fd = memfd_create("file", 0);
        if (fd < 0 || write(fd, text, 15) != 15 || lseek(fd, OFFSET, SEEK_SET) != OFFSET)
            break;
    }
    return n;
}

static unsigned count_harmed(unsigned n, const char *text)
{
    unsigned harmed = 0;
    char got[16];
    for (int fd = 3; fd < (int)n + 3; fd++)
        harmed += lseek(fd, 0, SEEK_CUR) != OFFSET || pread(fd, got, 16, 0) != 15 ||
                  memcmp(got, text, 15) != 0;
    return harmed;
}

static void one_round(unsigned round, char *block)
{
    char text[16];
    close_all();
    unsigned n = open_files(text), wrong = 0;
    for (unsigned i = 0; i < 20; i++)
        wrong += ask_all(false) + !reset_works(block);
    ok(n > 32 && wrong == 0, "round %u: right answers beside %u files of the program", round, n);
    unsigned harmed = count_harmed(n, text);
    ok(harmed == 0, "round %u: no file is harmed (%u are)", round, harmed);
}

/* The library's own numbers, taken over while it uses them. */
static void replace_high_numbers(char *block)
{
    char text[16] = "0123456789abcde";
    int file = memfd_create("file", 0), taken[16], n = 0;
    close_all();
    file = memfd_create("file", 0);
    ok(write(file, text, 15) == 15 && ask_all(false) == 0 && reset_works(block),
       "everything closed, then a question");
    for (int fd = 4; fd < 4096 && n < 16; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            taken[n++] = fd;
    lseek(file, OFFSET, SEEK_SET);
    for (int i = 0; i < n; i++)
        dup2(file, taken[i]);
    ok(ask_all(false) == 0 && reset_works(block),
       "%d descriptors of the library replaced by the program", n);
    unsigned harmed = lseek(file, 0, SEEK_CUR) != OFFSET;
    for (int i = 0; i < n; i++)
        harmed += fcntl(taken[i], F_GETFD) < 0;
    ok(harmed == 0, "and they are the program's from then on");
}

int main(void)
{
    env_start();
    char on_stack = 0, *block = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    char *on_heap = malloc(100);
    memset(block, 0x42, GRAN);
    foreign[0] = (struct foreign){"image", constant, MEM_IMAGE};
    foreign[1] = (struct foreign){"view", map_own_file(), MEM_MAPPED};
    foreign[2] = (struct foreign){"stack", &on_stack, MEM_PRIVATE};
    foreign[3] = (struct foreign){"heap", on_heap, MEM_PRIVATE};
    unsigned wrong = ask_all(true);
    for (unsigned i = 0; i < 4; i++)
        ok(first_answer[i].Type == foreign[i].type, "%s: type 0x%x", foreign[i].what,
           (unsigned)first_answer[i].Type);
    ok(wrong == 0 && reset_works(block), "answers before anything is closed");
    for (unsigned i = 0; i < ROUNDS; i++)
        one_round(i, block);
    replace_high_numbers(block);
    expect_tour();
    free(on_heap);
    return env_end();
}
