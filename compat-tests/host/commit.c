/* The commit limit as an option: refused at the exact page, returned exactly, reported exactly. */
#include "env.h"

#define LIMIT (64 * MIB)

static uint64_t base;

static bool charge_is(uint64_t own)
{
    struct winvm_commit_info info;
    winvm_commit_info(&info);
    return ok(info.committed == base + own && info.limit == LIMIT && info.peak >= info.committed,
              "committed %llu, expected %llu", (unsigned long long)info.committed,
              (unsigned long long)(base + own));
}

static bool refused(char *at, size_t len)
{
    SetLastError(0);
    void *got = VirtualAlloc(at, len, MEM_COMMIT | (at ? 0 : MEM_RESERVE), PAGE_READWRITE);
    return !got && GetLastError() == ERROR_COMMITMENT_LIMIT;
}

static void test_exact(char *a)
{
    size_t room = LIMIT - base;
    ok(VirtualAlloc(a, room - PAGE, MEM_COMMIT, PAGE_READWRITE), "all but one page of the limit");
    charge_is(room - PAGE);
    ok(refused(a + room - PAGE, 2 * PAGE), "two pages more: ERROR_COMMITMENT_LIMIT");
    charge_is(room - PAGE);
    ok(is_state(a + room, MEM_RESERVE, 0), "and nothing is committed");
    ok(VirtualAlloc(a + room - PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE), "the last page");
    charge_is(room);
    ok(refused(a + room, 1), "one byte more");
    ok(refused(NULL, PAGE), "a new allocation");
    ok(VirtualAlloc(a, room, MEM_COMMIT, PAGE_READWRITE), "recommit needs nothing");
    ok(refused(a + PAGE, room), "a range of which one page is new");
    charge_is(room);
}

static void test_returned(char *a)
{
    size_t room = LIMIT - base;
    DWORD old;
    ok(VirtualFree(a, 16 * PAGE, MEM_DECOMMIT), "decommit 16 pages");
    charge_is(room - 16 * PAGE);
    ok(VirtualFree(a, 32 * PAGE, MEM_DECOMMIT), "decommit 32, half of them again");
    charge_is(room - 32 * PAGE);
    ok(refused(a, 33 * PAGE + room), "too much again");
    char *b = VirtualAlloc(NULL, 32 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    ok(b != NULL, "32 pages elsewhere, read-only");
    charge_is(room);
    ok(VirtualProtect(b, PAGE, PAGE_NOACCESS, &old), "protections do not matter");
    charge_is(room);
    ok(VirtualFree(b, 0, MEM_RELEASE), "release returns them");
    charge_is(room - 32 * PAGE);
    ok(VirtualFree(a, 0, MEM_RELEASE), "release of the rest");
    charge_is(0);
}

static int role_limited(void)
{
    struct winvm_commit_info info;
    env_quiet = true;
    winvm_commit_info(&info);
    base = info.committed;
    ok(info.limit == LIMIT, "limit %llu", (unsigned long long)info.limit);
    for (unsigned i = 0; i < 3; i++) {
        char *a = VirtualAlloc(NULL, 2 * LIMIT, MEM_RESERVE, PAGE_READWRITE);
        ok(a != NULL, "reserving twice the limit costs nothing");
        charge_is(0);
        test_exact(a);
        test_returned(a);
    }
    winvm_commit_info(&info);
    ok(info.peak == LIMIT, "peak %llu", (unsigned long long)info.peak);
    expect_tour();
    return env_failed != 0;
}

int main(int argc, char **argv)
{
    struct env_role exact = {.role = "limited", .options = "commit-limit=64m"};
    struct winvm_commit_info info = {0, 0, 0};
    if (argc > 1 && strcmp(argv[1], "limited") == 0)
        return role_limited();
    env_start();
    winvm_commit_info(&info);
    ok(info.limit > 64 * MIB && info.committed <= info.limit && info.peak >= info.committed,
       "without the option the limit is the machine's: %llu", (unsigned long long)info.limit);
    void *beyond = VirtualAlloc(NULL, (SIZE_T)info.limit + PAGE, MEM_RESERVE | MEM_COMMIT,
                                PAGE_READWRITE);
    ok(beyond == NULL && GetLastError() == ERROR_COMMITMENT_LIMIT,
       "more than the machine has: ERROR_COMMITMENT_LIMIT");
    int status = env_run_role(&exact);
    ok(status == 0, "commit-limit=64m: exact to the page: status %d", status);
    return env_end();
}
