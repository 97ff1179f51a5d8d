/* Named SEC_RESERVE sections whose pages two processes commit at the same time, one of which is
 * killed at a random moment: the other goes on, finds every commit of the dead one either made or
 * not made, keeps its own charge, and names are found and end as before.
 *
 * The first argument is the number of processes that are killed. */
#include "peer.h"

enum { PAGES = 512, ROUNDS = 200 };

struct tally {
    HANDLE section, ends;
    char *view;
    uint64_t word[PAGES]; /* of the pages that this process uses: the even ones */
    uint32_t state;
    unsigned n_commits, n_theirs, n_wrong;
};

static uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static volatile uint64_t *word_at(char *view, unsigned page)
{
    return (volatile uint64_t *)(view + (size_t)page * PAGE);
}

static HANDLE open_or_make(const char *name)
{
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0,
                              PAGES * PAGE, name);
}

/* Commits odd pages one after the other, in sections that are made and left again and again. */
static void commit_until_killed(const char *name, uint32_t state)
{
    env_be_child();
    for (;;) {
        HANDLE h = open_or_make(name), other = open_or_make("commits, another");
        char *view = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
        for (unsigned i = 0; i < 40; i++) {
            unsigned page = next_random(&state) % (PAGES / 2) * 2 + 1;
            char *at = view + (size_t)page * PAGE;
            if (VirtualAlloc(at, PAGE, MEM_COMMIT, PAGE_READWRITE) != at)
                _exit(2);
            *word_at(view, page) = page;
        }
        if (!UnmapViewOfFile(view) || !CloseHandle(h) || !CloseHandle(other))
            _exit(3);
    }
}

static void use_page(struct tally *t)
{
    unsigned page = next_random(&t->state) % (PAGES / 2) * 2;
    char *at = t->view + (size_t)page * PAGE;
    DWORD state = look_at(at).State;
    if (state != (t->word[page] ? MEM_COMMIT : MEM_RESERVE))
        t->n_wrong++;
    if (t->word[page] && *word_at(t->view, page) != t->word[page])
        t->n_wrong++;
    t->n_commits += !t->word[page];
    if (VirtualAlloc(at, PAGE, MEM_COMMIT, PAGE_READWRITE) != at)
        t->n_wrong++;
    else
        *word_at(t->view, page) = t->word[page] = next_random(&t->state) | 1;
}

/* A page of the other process is committed and its own, committed and empty, or reserved. */
static void look_at_theirs(struct tally *t)
{
    unsigned page = next_random(&t->state) % (PAGES / 2) * 2 + 1;
    MEMORY_BASIC_INFORMATION m = look_at(t->view + (size_t)page * PAGE);
    if (m.State == MEM_COMMIT
            ? m.Protect != PAGE_READWRITE ||
                  (*word_at(t->view, page) != page && *word_at(t->view, page) != 0)
            : m.State != MEM_RESERVE)
        t->n_wrong++;
}

static void one_round(struct tally *t, unsigned round)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        commit_until_killed("commits", round * 2654435761u + 1);
    struct timespec now, until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 500000 + next_random(&t->state) % 6000000;
    do {
        use_page(t);
        look_at_theirs(t);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - until.tv_sec) * 1000000000LL + now.tv_nsec - until.tv_nsec < 0);
    if (kill(pid, SIGKILL) != 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
        t->n_wrong++;
    use_page(t);
    look_at_theirs(t);
    HANDLE again = OpenFileMappingA(FILE_MAP_READ, FALSE, "commits");
    if (!again || !CloseHandle(again))
        t->n_wrong++;
    if (OpenFileMappingA(FILE_MAP_READ, FALSE, "commits, another"))
        t->n_wrong++;
}

static void start_again(struct tally *t)
{
    t->section = open_or_make("commits");
    t->n_wrong += !t->section || GetLastError() == ERROR_ALREADY_EXISTS;
    t->view = MapViewOfFile(t->section, FILE_MAP_WRITE, 0, 0, 0);
    t->n_wrong += !t->view;
    memset(t->word, 0, sizeof(t->word));
    t->n_commits = 0;
}

static void let_go(struct tally *t, uint64_t before)
{
    for (unsigned page = 1; page < PAGES; page += 2)
        t->n_theirs += look_at(t->view + (size_t)page * PAGE).State == MEM_COMMIT;
    if (committed_now() != before + (uint64_t)t->n_commits * PAGE)
        t->n_wrong++;
    if (!UnmapViewOfFile(t->view) || !CloseHandle(t->section) || committed_now() != before)
        t->n_wrong++;
    if (OpenFileMappingA(FILE_MAP_READ, FALSE, "commits"))
        t->n_wrong++;
}

int main(int argc, char **argv)
{
    static struct tally t = {.state = 77};
    start_or_serve(argc, argv);
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : ROUNDS;
    uint64_t before = committed_now();
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 10 == 0)
            start_again(&t);
        one_round(&t, i);
        if (i % 10 == 9 || i + 1 == rounds)
            let_go(&t, before);
    }
    ok(t.n_wrong == 0, "%u processes killed while they commit: %u wrong", rounds, t.n_wrong);
    ok(t.n_theirs > rounds, "%u pages of theirs stay", t.n_theirs);
    ok(winvm_audit() == 0, "the tables are right");
    return env_end();
}
