/* The loader's lists of modules: PEB.Ldr.
 *
 * Owns    the three lists and their entries.
 * Terms   file = an entry for a module of the dynamic linker; named = one for a module that
 *         GetModuleHandle knows by its Windows name, which has no file: SizeOfImage is 0.
 * I1      Programs walk the lists without a lock: an entry is complete before it is linked, and one
 *         that is taken out still leads on to those behind it. Its memory is not used again.
 * I2      The program is first; it is not among those that are initialized, as on Windows.
 * I3      The lock is taken behind the dynamic linker's, never before it. No malloc is called: the
 *         program's may be what asks for the block.
 * Locking: one.   Failure: without memory an entry is missing.   Signal safety: none. */
#include "kit/kit_ldr.h"

#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "kit/kit_lock.h"
#include "kit/kit_store.h"
#include "kit/kit_text.h"

#define PAGE ((uintptr_t)4096)
#define PATH_UNITS 1024
enum { IS_DLL = 0x4, IS_READY = 0x4000, FOR_EVER = 0xffff };

struct entry {
    LDR_DATA_TABLE_ENTRY shown; /* first */
    struct entry *next;         /* of all that are linked */
    unsigned round;             /* in which it was last found */
    WCHAR path[PATH_UNITS];
};

static struct wvm_kit_lock lock;
static struct wvm_kit_store entries = {.size = sizeof(struct entry)};
static struct entry *all;
static unsigned round_now;
static unsigned long long adds, subs; /* of the dynamic linker, at the last round */
static PEB_LDR_DATA ldr;

static const char *const names[] = {
    "ntdll.dll",  "kernel32.dll", "KernelBase.dll", "psapi.dll",  "advapi32.dll", "user32.dll",
    "msvcrt.dll", "ucrtbase.dll", "winmm.dll",      "bcrypt.dll", "version.dll",  "dbghelp.dll",
    "shell32.dll", "shlwapi.dll", "ole32.dll",      "bcryptprimitives.dll",
};

static void ring(LIST_ENTRY *head)
{
    head->Flink = head->Blink = head;
}

static void append(LIST_ENTRY *head, LIST_ENTRY *l)
{
    l->Flink = head;
    l->Blink = head->Blink;
    __atomic_store_n(&head->Blink->Flink, l, __ATOMIC_RELEASE);
    head->Blink = l;
}

static void take_out(LIST_ENTRY *l)
{
    l->Blink->Flink = l->Flink;
    l->Flink->Blink = l->Blink;
}

static UNICODE_STRING text_at(WCHAR *text, size_t n)
{
    UNICODE_STRING s = {(USHORT)(n * sizeof *text), (USHORT)((n + 1) * sizeof *text), text};
    return s;
}

/* A path that is too long keeps its end. */
static void name_entry(struct entry *e, const char *path)
{
    size_t n = wvm_kit_to_utf16(NULL, 0, path, WVM_KIT_TO_NUL);
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (n >= PATH_UNITS)
        path = base;
    n = wvm_kit_to_utf16(e->path, PATH_UNITS - 1, path, WVM_KIT_TO_NUL);
    n = n < PATH_UNITS ? n : PATH_UNITS - 1;
    e->path[n] = 0;
    size_t at = n;
    while (at > 0 && e->path[at - 1] != '/')
        at--;
    e->shown.FullDllName = text_at(e->path, n);
    e->shown.BaseDllName = text_at(e->path + at, n - at);
}

static void add(uintptr_t base, uintptr_t end, const char *path, bool is_program)
{
    struct entry *e = wvm_kit_take(&entries);
    if (!e)
        return;
    memset(&e->shown, 0, sizeof e->shown);
    name_entry(e, path);
    e->shown.DllBase = (PVOID)base;
    e->shown.SizeOfImage = (ULONG)(end - base);
    e->shown.EntryPoint = is_program ? (PVOID)getauxval(AT_ENTRY) : NULL;
    e->shown.Flags = is_program ? IS_READY : IS_DLL | IS_READY;
    e->shown.LoadCount = FOR_EVER;
    ring(&e->shown.HashLinks);
    ring(&e->shown.InInitializationOrderLinks);
    append(&ldr.InLoadOrderModuleList, &e->shown.InLoadOrderLinks);
    append(&ldr.InMemoryOrderModuleList, &e->shown.InMemoryOrderLinks);
    if (!is_program)
        append(&ldr.InInitializationOrderModuleList, &e->shown.InInitializationOrderLinks);
    e->round = round_now;
    e->next = all;
    all = e;
}

/* The entry is there, and stays. */
static bool is_known(uintptr_t base, uintptr_t end)
{
    for (struct entry *e = all; e; e = e->next)
        if (e->shown.DllBase == (PVOID)base && e->shown.SizeOfImage == (ULONG)(end - base)) {
            e->round = round_now;
            return true;
        }
    return false;
}

static void remove_old(void)
{
    for (struct entry **at = &all, *e; (e = *at) != NULL;) {
        if (e->round == round_now) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        take_out(&e->shown.InLoadOrderLinks);
        take_out(&e->shown.InMemoryOrderLinks);
        take_out(&e->shown.InInitializationOrderLinks);
    }
}

static void add_named(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uintptr_t at = (uintptr_t)GetModuleHandleA(names[i]);
        if (at && !is_known(at, at))
            add(at, at, names[i], false);
    }
}

/* ---- what the dynamic linker has ---- */

static void find_bounds(const struct dl_phdr_info *info, uintptr_t *base, uintptr_t *end)
{
    *base = UINTPTR_MAX;
    *end = 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = (uintptr_t)info->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;
        if (part->p_type != PT_LOAD)
            continue;
        *base = from < *base ? from & ~(PAGE - 1) : *base;
        *end = to > *end ? (to + PAGE - 1) & ~(PAGE - 1) : *end;
    }
}

/* The lists are empty, or something was loaded or unloaded since the last round. */
static bool has_changed(const struct dl_phdr_info *info)
{
    bool same = all && adds == info->dlpi_adds && subs == info->dlpi_subs;
    adds = info->dlpi_adds;
    subs = info->dlpi_subs;
    return !same;
}

static void show_program(uintptr_t base, uintptr_t end)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (!is_known(base, end))
        add(base, end, path, true);
    add_named();
}

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
    bool *locked = context;
    uintptr_t base, end;
    (void)size;
    bool is_program = !*locked;
    if (is_program) {
        wvm_kit_lock(&lock);
        *locked = true;
        if (!has_changed(info))
            return 1;
        round_now++;
    }
    find_bounds(info, &base, &end);
    if (is_program)
        show_program(base, end);
    else if (strchr(info->dlpi_name, '/') && !is_known(base, end))
        add(base, end, info->dlpi_name, false);
    return 0;
}

PPEB_LDR_DATA wvm_kit_ldr(void)
{
    bool locked = false;
    DWORD error = GetLastError();
    if (!__atomic_load_n(&ldr.Initialized, __ATOMIC_ACQUIRE)) {
        wvm_kit_lock(&lock);
        if (!ldr.Initialized) {
            ldr.Length = sizeof ldr;
            ring(&ldr.InLoadOrderModuleList);
            ring(&ldr.InMemoryOrderModuleList);
            ring(&ldr.InInitializationOrderModuleList);
            __atomic_store_n(&ldr.Initialized, TRUE, __ATOMIC_RELEASE);
        }
        wvm_kit_unlock(&lock);
    }
    dl_iterate_phdr(look_at, &locked);
    if (locked) {
        remove_old();
        wvm_kit_unlock(&lock);
    }
    SetLastError(error);
    return &ldr;
}
