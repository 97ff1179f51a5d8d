/* Handles of sections, files and processes, made, duplicated, used and closed by threads that do
 * not ask each other: one closes what another is about to use, and values that were closed long
 * ago, or never were handles, are tried again and again.
 *
 * Terms   board = the handles that all threads see, each with the tag that its object carries:
 *         first word of a section, contents of a file; stale = a value whose handle was closed.
 * I1  A call with a handle of the board is done with the object of that very handle, or answers
 *     ERROR_INVALID_HANDLE.
 * I2  A call with a stale or foreign value answers ERROR_INVALID_HANDLE.
 * I3  Of several threads that close one handle exactly one succeeds.
 * I4  A section made before, in or after a fork child never has contents of another one.
 * The first argument is the time in seconds. Output is TAP. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

enum { PAGE = 4096, N_BOARD = 32, N_STALE = 64, N_THREADS = 4, GRACE_SECONDS = 60 };

enum kind { SECTION, FILE_, PROCESS, N_KINDS };

struct entry {
    uint32_t value; /* of the handle, 0: none */
    uint32_t tag;   /* kind in the lowest bits */
};

static unsigned seconds = 4;
static bool ends;
static uint64_t board[N_BOARD]; /* struct entry, as one word */
static uint32_t next_tag;
static unsigned n_made, n_closed, n_used, n_late, n_stale, n_children;
static char folder[] = "/tmp/winvm-handles-XXXXXX";

static bool is_over(void)
{
    return is_wrong() || __atomic_load_n(&ends, __ATOMIC_RELAXED);
}

static struct entry entry_of(uint64_t word)
{
    return (struct entry){(uint32_t)(word >> 32), (uint32_t)word};
}

static HANDLE handle_of(struct entry e)
{
    return (HANDLE)(uintptr_t)e.value;
}

static enum kind kind_of(struct entry e)
{
    return (enum kind)(e.tag % 4);
}

/* ---- making ---- */

static HANDLE make_section(uint32_t tag)
{
    HANDLE h = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);
    volatile uint32_t *at = h ? MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!at)
        return wrong("no section"), NULL;
    if (at[0] != 0 || at[1] != 0)
        wrong("a fresh section has contents");
    at[0] = tag;
    if (!UnmapViewOfFile((void *)at))
        wrong("a view cannot be unmapped");
    return h;
}

static HANDLE make_file(uint32_t tag)
{
    char path[64];
    DWORD n;
    snprintf(path, sizeof(path), "%s/%u", folder, (unsigned)tag);
    HANDLE h = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW,
                           FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (h == INVALID_HANDLE_VALUE || !WriteFile(h, &tag, sizeof(tag), &n, NULL))
        return wrong("no file"), NULL;
    return h;
}

static struct entry make(enum kind kind)
{
    uint32_t tag = __atomic_add_fetch(&next_tag, 4, __ATOMIC_RELAXED) | (uint32_t)kind;
    HANDLE h = kind == SECTION ? make_section(tag)
               : kind == FILE_ ? make_file(tag)
                               : OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, (DWORD)getpid());
    if (!h)
        wrong("no handle");
    if ((uintptr_t)h >> 32)
        wrong("a handle of more than 32 bits");
    count(&n_made);
    return (struct entry){(uint32_t)(uintptr_t)h, tag};
}

/* ---- using ---- */

/* True: done, with the right object; else the error is set. */
static bool use_section(struct entry e)
{
    volatile uint32_t *at = MapViewOfFile(handle_of(e), FILE_MAP_WRITE, 0, 0, 0);
    if (!at)
        return false;
    if (at[0] != e.tag)
        wrong("a handle mapped another section");
    if (!UnmapViewOfFile((void *)at))
        wrong("a view cannot be unmapped");
    return true;
}

static bool use_file(struct entry e)
{
    OVERLAPPED o = {0};
    uint32_t tag = 0;
    DWORD n = 0;
    if (!ReadFile(handle_of(e), &tag, sizeof(tag), &n, &o))
        return false;
    if (n != sizeof(tag) || tag != e.tag)
        wrong("a handle read another file");
    return true;
}

static bool use_process(struct entry e)
{
    MEMORY_BASIC_INFORMATION m;
    if (!VirtualQueryEx(handle_of(e), &next_tag, &m, sizeof(m)))
        return false;
    if (m.State != MEM_COMMIT)
        wrong("a handle of this process describes another");
    return true;
}

static bool use_copy(struct entry e)
{
    HANDLE copy = NULL;
    if (!DuplicateHandle(GetCurrentProcess(), handle_of(e), GetCurrentProcess(), &copy, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return false;
    e.value = (uint32_t)(uintptr_t)copy;
    bool used = kind_of(e) == SECTION ? use_section(e)
                : kind_of(e) == FILE_ ? use_file(e)
                                      : use_process(e);
    if (!used || !CloseHandle(copy))
        wrong("a copy does not work");
    return true;
}

static bool use(struct entry e, bool copied)
{
    static bool (*const how[N_KINDS])(struct entry) = {use_section, use_file, use_process};
    return copied ? use_copy(e) : how[kind_of(e)](e);
}

/* ---- threads ---- */

struct actor {
    uint32_t state;
    struct entry stale[N_STALE];
    unsigned n_stale;
};

static void note_stale(struct actor *a, struct entry e)
{
    a->stale[a->n_stale++ % N_STALE] = e;
}

static bool refused(const char *text)
{
    return GetLastError() == ERROR_INVALID_HANDLE ? true : wrong(text);
}

/* Somebody else may close it meanwhile. */
static void use_board(struct actor *a, uint64_t *place)
{
    struct entry e = entry_of(__atomic_load_n(place, __ATOMIC_ACQUIRE));
    if (!e.value)
        return;
    if (use(e, next_random(&a->state) % 2)) {
        count(&n_used);
        return;
    }
    count(&n_late);
    refused("a handle that was closed failed for another reason");
}

static void replace_board(struct actor *a, uint64_t *place)
{
    struct entry e = make((enum kind)(next_random(&a->state) % N_KINDS));
    struct entry old = entry_of(__atomic_exchange_n(
        place, (uint64_t)e.value << 32 | e.tag, __ATOMIC_ACQ_REL));
    if (!old.value)
        return;
    if (!CloseHandle(handle_of(old)))
        wrong("a handle cannot be closed by the one who took it");
    count(&n_closed);
    note_stale(a, old);
}

static void try_stale(struct actor *a)
{
    if (!a->n_stale)
        return;
    unsigned n = a->n_stale < N_STALE ? a->n_stale : N_STALE;
    struct entry e = a->stale[next_random(&a->state) % n];
    if (next_random(&a->state) % 4 == 0)
        e.value ^= 1u << (26 + next_random(&a->state) % 6); /* not a handle of winvm's */
    bool done = next_random(&a->state) % 2 ? CloseHandle(handle_of(e)) : use(e, false);
    if (done)
        wrong("a stale value is a handle");
    else
        refused("a stale value failed for another reason");
    count(&n_stale);
}

static void *act(void *arg)
{
    static struct actor actors[N_THREADS];
    struct actor *a = &actors[(uintptr_t)arg];
    a->state = ((uint32_t)(uintptr_t)arg + 1) * 2654435761u;
    while (!is_over()) {
        uint64_t *place = &board[next_random(&a->state) % N_BOARD];
        unsigned what = next_random(&a->state) % 8;
        if (what == 0)
            replace_board(a, place);
        else if (what == 1)
            try_stale(a);
        else
            use_board(a, place);
    }
    return NULL;
}

/* All threads close one handle at the same time. */
static struct {
    pthread_barrier_t barrier;
    HANDLE handle;
    unsigned n_done;
} race;

static void *race_to_close(void *arg)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (arg) {
            race.n_done = 0;
            race.handle = handle_of(make(i % 8 ? SECTION : FILE_));
        }
        pthread_barrier_wait(&race.barrier);
        HANDLE h = race.handle;
        if (CloseHandle(h))
            count(&race.n_done);
        pthread_barrier_wait(&race.barrier);
        if (arg && __atomic_load_n(&race.n_done, __ATOMIC_RELAXED) != 1)
            wrong("a handle was closed other than once");
        pthread_barrier_wait(&race.barrier);
    }
    return NULL;
}

static int in_child(void)
{
    alarm(GRACE_SECONDS);
    for (unsigned i = 0; i < 8 && !why; i++)
        CloseHandle(handle_of(make(SECTION)));
    return why || winvm_audit();
}

static void *fork_children(void *arg)
{
    (void)arg;
    while (!is_over()) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0)
            _exit(in_child());
        if (waitpid(pid, &status, 0) != pid || status != 0)
            wrong("a child met contents of another section, or ended early");
        count(&n_children);
        usleep(1000);
    }
    return NULL;
}

/* ---- running ---- */

static void start(pthread_t *thread, void *(*body)(void *), uintptr_t arg)
{
    if (pthread_create(thread, NULL, body, (void *)arg) != 0)
        abort();
}

static void run_board(void)
{
    pthread_t thread[N_THREADS], forks;
    for (unsigned i = 0; i < N_THREADS; i++)
        start(&thread[i], act, i);
    start(&forks, fork_children, 0);
    for (unsigned i = 0; i < 10 * seconds && !is_over(); i++)
        usleep(100000);
    __atomic_store_n(&ends, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    pthread_join(forks, NULL);
    for (unsigned i = 0; i < N_BOARD; i++)
        if (board[i] && !CloseHandle(handle_of(entry_of(board[i]))))
            wrong("a handle of the board is not open");
}

static void run_race(void)
{
    pthread_t thread[3];
    pthread_barrier_init(&race.barrier, NULL, 3);
    for (unsigned i = 0; i < 3; i++)
        start(&thread[i], race_to_close, i == 0);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
    seconds = argc > 1 ? strtoul(argv[1], NULL, 0) : seconds;
    alarm(seconds + GRACE_SECONDS);
    if (!mkdtemp(folder))
        return 99;
    uint64_t before = charge_now();
    run_race();
    run_board();
    if (rmdir(folder) != 0)
        wrong("a file that is deleted with its last handle is still there");
    if (!why && charge_now() != before)
        wrong("the commit charge is not back");
    printf("# %u made, %u closed, %u used, %u used too late, %u stale values, %u children\n",
           n_made, n_closed, n_used, n_late, n_stale, n_children);
    printf("1..1\n");
    return report(1, "handles that others close") ? 0 : 1;
}
