/* A user-mode test of a small driver: a table of named counters behind a spin lock. The test knows
 * each mistake that drivers make and wants it told, with the driver going on afterwards. */
#include "pools.h"

#define TAG_TABLE TAG4('C', 't', 'T', 'b')
#define TAG_ITEM TAG4('C', 't', 'I', 't')
#define N_SLOTS 64u
#define N_THREADS 3

/* ---- the driver ---- */

struct item {
    struct item *next;
    ULONG value;
    char name[24];
};
struct table {
    volatile LONG lock;
    struct item *slot[N_SLOTS];
};

static UCHAR acquire(struct table *t)
{
    UCHAR old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (__sync_lock_test_and_set(&t->lock, 1))
        sched_yield();
    return old;
}

static void release(struct table *t, UCHAR old)
{
    __sync_lock_release(&t->lock);
    KeLowerIrql(old);
}

static struct item **slot_of(struct table *t, const char *name)
{
    unsigned hash = 5381;

    while (*name)
        hash = hash * 33 + (uint8_t)*name++;
    return &t->slot[hash % N_SLOTS];
}

/* The counter's new value; 0: no memory. Allocates with the lock held. */
static ULONG add(struct table *t, const char *name, ULONG more)
{
    UCHAR old = acquire(t);
    struct item *item = *slot_of(t, name);
    ULONG value = 0;

    while (item && strcmp(item->name, name))
        item = item->next;
    if (!item && (item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*item), TAG_ITEM))) {
        strncpy(item->name, name, sizeof(item->name) - 1);
        item->next = *slot_of(t, name);
        *slot_of(t, name) = item;
    }
    if (item)
        value = item->value += more;
    release(t, old);
    return value;
}

static struct table *load(void)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(struct table), TAG_TABLE);
}

static unsigned unload(struct table *t)
{
    unsigned n = 0;

    for (unsigned i = 0; i < N_SLOTS; i++)
        while (t->slot[i]) {
            struct item *item = t->slot[i];
            t->slot[i] = item->next;
            ExFreePoolWithTag(item, TAG_ITEM);
            n++;
        }
    ExFreePoolWithTag(t, TAG_TABLE);
    return n;
}

/* ---- what the test hears ---- */

static uint32_t bug_code;
static uintptr_t bug_first;
static int bug_jumps;

static void on_bug(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    bug_code = code;
    bug_first = parameter[0];
    *(int *)arg += 1;
    if (bug_jumps)
        jump_out();
}

static int n_bugs;

/* One bug check came of it, of this code and first parameter. */
static int was_bug(uint32_t code, uintptr_t first)
{
    int good = n_bugs == 1 && bug_code == code && bug_first == first;

    if (!good)
        printf("# %d bug checks, 0x%x/0x%llx\n", n_bugs, (unsigned)bug_code,
               (unsigned long long)bug_first);
    n_bugs = 0;
    return good;
}

static void *count_a_lot(void *arg)
{
    struct table *t = arg;
    char name[24];

    for (unsigned i = 0; i < 30000; i++) {
        snprintf(name, sizeof(name), "counter%u", i % 200);
        add(t, name, 1);
    }
    return NULL;
}

static void check_driver(void)
{
    static struct pool_tags tags;
    struct table *t = load();
    pthread_t threads[N_THREADS];
    char name[24];
    int good = 1;

    if (!check(t != NULL, "the driver loads"))
        return;
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, count_a_lot, t);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "counter%u", i);
        good &= add(t, name, 0) == N_THREADS * 150;
    }
    check(good, "its counters are right");
    check(KeGetCurrentIrql() == PASSIVE_LEVEL, "the level is the old one");
    read_tags(&tags);
    check(row_of(&tags, TAG_ITEM).allocs - row_of(&tags, TAG_ITEM).frees == 200,
          "the tag tells how many items there are");
    check(unload(t) == 200, "it unloads");
    read_tags(&tags);
    check(row_of(&tags, TAG_ITEM).bytes == 0 && row_of(&tags, TAG_TABLE).bytes == 0,
          "and leaves nothing");
    check(n_bugs == 0, "without a bug check");
}

/* ---- mistakes ---- */

/* A compiler that knows the name would see them itself. */
static void(WINAPI *volatile free_block)(PVOID, ULONG) = ExFreePoolWithTag;

static void check_levels(void)
{
    UCHAR old;
    void *p;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    p = ExAllocatePool2(POOL_FLAG_PAGED, 100, TAG_ITEM);
    KeLowerIrql(old);
    check(was_bug(0xC2, 8) && !p, "paged pool under a spin lock");
    p = ExAllocatePool2(POOL_FLAG_PAGED, 100, TAG_ITEM);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    free_block(p, TAG_ITEM);
    KeLowerIrql(old);
    check(was_bug(0xC2, 9), "a free of paged pool under a spin lock");
    free_block(p, TAG_ITEM);
    check(n_bugs == 0, "which is right at the old level");
}

static void check_frees(void)
{
    int on_stack[4] = {0};
    void *mine = commit(PAGE, PAGE_READWRITE);
    char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG_ITEM);

    strcpy(p, "still there");
    free_block(p, TAG_TABLE);
    check(was_bug(0xC2, 0x0A) && !strcmp(p, "still there"), "a free with another tag");
    free_block(p, TAG_ITEM);
    free_block(p, TAG_ITEM);
    check(n_bugs == 1 && bug_code == 0xC2 && (bug_first == 6 || bug_first == 7), "a double free");
    n_bugs = 0;
    free_block(on_stack, TAG_ITEM);
    check(was_bug(0xC2, 0x40), "a free of something on the stack");
    free_block(mine, TAG_ITEM);
    check(was_bug(0xC2, 0x40), "a free of the program's memory");
    check(VirtualFree(mine, 0, MEM_RELEASE), "which is as it was");
}

/* The test leaves the middle of the call. */
static void check_jump(void)
{
    char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG_ITEM);

    bug_jumps = 1;
    if (jump_point() == 0) {
        free_block(p, TAG_TABLE);
        check(0, "it came back");
    }
    bug_jumps = 0;
    check(was_bug(0xC2, 0x0A), "a test that jumps out of a bug check");
    free_block(p, TAG_ITEM);
    p = ExAllocatePool2(POOL_FLAG_PAGED, 5000, TAG_ITEM);
    check(p != NULL && n_bugs == 0, "goes on as if nothing had been");
    free_block(p, TAG_ITEM);
}

static void check_overrun(void)
{
    char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 50, TAG_ITEM);

    p[50] = 'x';
    free_block(p, TAG_ITEM);
    check(n_bugs == 1 && (bug_code == 0x19 || bug_code == 0xC2), "one byte too many");
    n_bugs = 0;
}

/* ---- pools are not user space ---- */

static LONG CALLBACK leave(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode == CODE(EXCEPTION_ACCESS_VIOLATION))
        jump_out();
    return EXCEPTION_CONTINUE_SEARCH;
}

static void check_space(void)
{
    MEMORY_BASIC_INFORMATION info;
    char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG_ITEM), *mine, copy[100];
    DWORD old;
    SIZE_T n = 0;
    void *handler;

    n = VirtualQuery(p, &info, sizeof(info));
    if ((uintptr_t)p > user_space()) /* a lower layout: above user space, as on Windows */
        check(n == 0 && GetLastError() == ERROR_INVALID_PARAMETER,
              "VirtualQuery shows nothing of a pool");
    else
        check(n && info.State == MEM_RESERVE && info.Type == MEM_PRIVATE &&
                  info.AllocationProtect == PAGE_NOACCESS,
              "VirtualQuery shows nothing of a pool");
    n = 0;
    check(!VirtualProtect(p, 1, PAGE_READONLY, &old), "VirtualProtect is refused");
    check(!VirtualFree(info.AllocationBase, 0, MEM_RELEASE), "so is VirtualFree");
    check(!ReadProcessMemory(GetCurrentProcess(), p, copy, sizeof(copy), &n) && n == 0,
          "and ReadProcessMemory");
    handler = AddVectoredExceptionHandler(1, leave);
    if (jump_point() == 0) {
        ProbeForRead(p, 100, 1);
        check(0, "a probe of a pool address");
    } else {
        check(1, "a probe of a pool address raises an exception");
    }
    RemoveVectoredExceptionHandler(handler);
    mine = commit(PAGE, PAGE_READWRITE);
    ProbeForRead(mine, PAGE, 8);
    ProbeForWrite(mine, PAGE, 8);
    check(mine[0] == 0, "a probe of the program's memory does not");
    VirtualFree(mine, 0, MEM_RELEASE);
    memset(p, 1, 100);
    ExFreePoolWithTag(p, TAG_ITEM);
    check(n_bugs == 0, "the block is freed as usual");
}

int main(void)
{
    winvm_set_bug_check_callback(on_bug, &n_bugs);
    check_driver();
    check_levels();
    check_frees();
    check_jump();
    check_space();
    check_overrun();
    return users_end();
}
