/* dll-loader: loads modules without the system's loader, and uses them.
 *
 *     dll-loader MODULE.dll..      in a folder that has needs.dll as well, which nothing can load
 *
 * Each is loaded twice: as a view of a SEC_IMAGE section, at its preferred base, and, while that
 * lies there, section by section into memory of our own, at another one. Both work, each with data
 * of its own. The modules are those of plugin.c. An ordinary Windows source, to be compiled so that
 * WINAPI is the convention of the modules' code:
 *
 *     cc -DWINVM_ABI_MS -I$(pkg-config --variable=includedir winvm)/winvm/compat \
 *         main.c image.c link.c crt.c teb.c -lwinvm-kit -lwinvm
 *
 * Exit status 0 when all was right. */
#include "image.h"

#include <stdio.h>
#include <string.h>

#define RESOURCE_DATA 10
#define PAGE_STATE 20

typedef int(WINAPI *get_function)(void);
typedef int(WINAPI *add_function)(int);
typedef double(WINAPI *weigh_function)(int, double, int, double, int);
typedef const char *(WINAPI *word_function)(unsigned);
typedef int(WINAPI *visitor)(void *, int);
typedef int(WINAPI *visit_function)(int, visitor, void *);
typedef char *(WINAPI *shout_function)(const char *);
typedef BOOL(WINAPI *release_function)(char *);
typedef DWORD(WINAPI *number_function)(void);
typedef char *(WINAPI *join_function)(int);
typedef void(WINAPI *free_function)(char *);

static int bad;

static void say(int right, const char *what)
{
    printf("  %s: %s\n", what, right ? "yes" : "NO");
    bad |= !right;
}

static int get(const struct image *m, const char *name)
{
    get_function f = (get_function)module_function(m, name);

    return f != NULL ? f() : -1;
}

static int add(const struct image *m, int value)
{
    add_function f = (add_function)module_function(m, "add");

    return f != NULL ? f(value) : -1;
}

/* ---- exports ---- */

static int WINAPI below_five(void *context, int value)
{
    ++*(int *)context;
    return value < 5;
}

static void call_exports(const struct image *m)
{
    weigh_function weigh = (weigh_function)module_function(m, "weigh");
    word_function word = (word_function)module_function(m, "word");
    visit_function visit = (visit_function)module_function(m, "visit");
    number_function process_id = (number_function)module_function(m, "process_id");
    int visits = 0;

    if (!weigh || !word || !visit || !process_id) {
        say(0, "its exports are found");
        return;
    }
    say(get(m, "callbacks_before_main") == 1, "its TLS callback has run, then DllMain");
    say(weigh(1, 2.0, 3, 4.0, 5) == 54321.0, "arguments arrive");
    say(strcmp(word(2), "two") == 0, "pointers in its data lead to where they must");
    say(visit(9, below_five, &visits) == 10 && visits == 5, "it calls back");
    say(get(m, (const char *)PAGE_STATE) == 1, "an export by number, which allocates pages");
    say(process_id() == GetCurrentProcessId(), "a forwarded export");
    say(module_function(m, "nothing") == NULL && module_function(m, (const char *)19) == NULL,
        "what it does not export is not found");
}

static void use_system(const struct image *m)
{
    shout_function shout = (shout_function)module_function(m, "shout");
    release_function release = (release_function)module_function(m, "release");
    number_function fail = (number_function)module_function(m, "fail");
    char *text = shout != NULL ? shout("from its heap") : NULL;
    DWORD error;

    say(text != NULL && strcmp(text, "FROM ITS HEAP") == 0 && release != NULL && release(text),
        "its heap");
    SetLastError(0);
    error = fail != NULL ? fail() : 0;
    say(error != 0 && error == GetLastError(), "its last error is the program's");
}

static DWORD WINAPI count_in_thread(void *arg)
{
    const struct image *m = (const struct image *)arg;

    return get(m, "next_of_thread") == 1 && get(m, "next_of_thread") == 2;
}

static void use_threads(struct image *m)
{
    HANDLE thread;
    DWORD code = 0;

    say(get(m, "next_of_thread") == 1, "a slot of threads");
    thread = CreateThread(NULL, 0, count_in_thread, m, 0, NULL);
    say(thread != NULL && WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0 &&
            GetExitCodeThread(thread, &code) && code == 1 && get(m, "next_of_thread") == 2,
        "another thread has its own");
    if (thread != NULL)
        CloseHandle(thread);
}

static void use_run_time(const struct image *m)
{
    join_function join = (join_function)module_function(m, "join");
    free_function free_joined = (free_function)module_function(m, "free_joined");
    LONG blocks = crt_blocks();
    char *text;

    if (join == NULL || free_joined == NULL)
        return; /* a module without a C run time */
    text = join(6);
    say(text != NULL && strcmp(text, "nothing one two three nothing one") == 0 &&
            crt_blocks() == blocks + 1, "its C run time allocates here");
    free_joined(text);
    say(crt_blocks() == blocks, "and gives back here");
}

/* ---- memory ---- */

static DWORD protection_of(const struct image *m, const char *section)
{
    const IMAGE_NT_HEADERS64 *nt = image_headers(m);
    const IMAGE_SECTION_HEADER *s = IMAGE_FIRST_SECTION(nt);
    MEMORY_BASIC_INFORMATION r;

    for (WORD i = 0; i < nt->FileHeader.NumberOfSections; i++)
        if (strncmp((const char *)s[i].Name, section, sizeof(s[i].Name)) == 0 &&
            VirtualQuery(m->base + s[i].VirtualAddress, &r, sizeof(r)) == sizeof(r) &&
            r.AllocationBase == m->base &&
            r.Type == (DWORD)(m->way == BY_HAND ? MEM_PRIVATE : MEM_IMAGE))
            return r.Protect;
    return 0;
}

static void look(const struct image *m)
{
    DWORD size = 0, data = protection_of(m, ".data");
    const char *text = (const char *)image_resource(m, RESOURCE_DATA, 7, &size);

    say(protection_of(m, ".text") == PAGE_EXECUTE_READ &&
            protection_of(m, ".rdata") == PAGE_READONLY &&
            (data == PAGE_READWRITE || data == PAGE_WRITECOPY), "sections are protected");
    say(text != NULL && size == 25 && strcmp(text, "a resource of the module") == 0,
        "its resource");
    say(image_resource(m, RESOURCE_DATA, 8, &size) == NULL, "no other one");
}

static int load(struct image *m, const char *path, enum way way)
{
    if (module_load(m, path, way)) {
        printf("  loaded %s, %s\n", way == BY_HAND ? "by hand" : "as a section",
               m->at_preferred ? "at its preferred base" : "at another base");
        return 1;
    }
    say(0, m->missing[0] != '\0' ? m->missing : "loaded");
    return 0;
}

static void use(struct image *m)
{
    look(m);
    call_exports(m);
    use_system(m);
    use_threads(m);
    use_run_time(m);
}

static void use_both(const char *path)
{
    struct image first, second;
    LONG blocks = crt_blocks();

    if (!load(&first, path, BY_SECTION))
        return;
    use(&first);
    if (!load(&second, path, BY_HAND)) {
        module_unload(&first);
        return;
    }
    use(&second);
    say(add(&first, 3) == 3 && add(&second, 40) == 40 && add(&first, 2) == 5 &&
            add(&second, 2) == 42, "each has its own data");
    say(module_unload(&first), "the first is unloaded");
    say(add(&second, 1) == 43, "the other one goes on");
    say(module_unload(&second) && crt_blocks() == blocks, "nothing is left");
    if (load(&first, path, BY_HAND)) {
        say(add(&first, 1) == 1, "loaded again it starts anew");
        say(module_unload(&first), "unloaded");
    }
}

int main(int argc, char **argv)
{
    struct image image;

    for (int i = 1; i < argc; i++) {
        printf("module %d\n", i);
        use_both(argv[i]);
    }
    printf("no modules\n");
    say(!module_load(&image, "needs.dll", BY_HAND) &&
            strcmp(image.missing, "NoSuchFunction") == 0, "one that imports what nobody has");
    say(!module_load(&image, argv[0], BY_HAND) && !module_load(&image, "absent.dll", BY_SECTION),
        "this program, and what does not exist");
    return bad;
}
