/* Names of sections, in one process and between two (SEC-026..034, SEC-217..219, SEC-222). */
#include "../compat_section.h"

static HANDLE named(ULONG protect, ULONG64 size, const char *name)
{
    HANDLE section = try_section(NO_FILE, protect, size, name);

    if (!section)
        compat_give_up("CreateFileMapping with a name");
    return section;
}

static HANDLE open_named(ULONG access, const char *name)
{
    return keep(OpenFileMappingA(access, FALSE, name));
}

CASE(SEC, 026, "CreateFileMapping with a name in use",
     "the object there is, its own size and protection; last error 183")
{
    const char *name = shared_name("026");
    HANDLE one = named(RWR, 0x5000, name), two;

    SetLastError(0xdeadbeef);
    two = try_section(NO_FILE, RWR, 0x123456, name);
    expect_eq(GetLastError(), ERR_EXISTS);
    ok(two != NULL && two != one, "handles %p and %p", (void *)one, (void *)two);
    expect_section(two, 0x5000, FLAG_COMMIT);
    map(one, VIEW_WRITE)[0x4000] = 0x42;
    expect_eq(map(two, VIEW_READ)[0x4000], 0x42);
    expect_view(map(two, VIEW_WRITE), 0x5000, RWR);
    SetLastError(0xdeadbeef);
    two = try_section(NO_FILE, RO, PG, name);
    expect_eq(GetLastError(), ERR_EXISTS);
    expect_section(two, 0x5000, FLAG_COMMIT);
    expect_no_view(try_map(two, VIEW_WRITE, 0, 0), ERR_DENIED);
    expect_view(map(two, VIEW_READ), 0x5000, RO);
    expect_section(one, 0x5000, FLAG_COMMIT);
}

CASE(SEC, 027, "success with a new name", "last error 0")
{
    const char *name = shared_name("027");
    HANDLE section;

    SetLastError(0xdeadbeef);
    section = try_section(NO_FILE, RWR, PG, name);
    expect_eq(GetLastError(), 0);
    expect_section(section, PG, FLAG_COMMIT);
}

CASE(SEC, 028, "a name that differs only in case", "another object")
{
    const char *name = shared_name("028-case");
    char other[100];
    HANDLE one = named(RWR, PG, name), two;

    snprintf(other, sizeof(other), "%s", name);
    other[0] = 'W';
    SetLastError(0xdeadbeef);
    two = try_section(NO_FILE, RWR, 0x2000, other);
    expect_eq(GetLastError(), 0);
    expect_section(two, 0x2000, FLAG_COMMIT);
    map(one, VIEW_WRITE)[0] = 0x42;
    expect_eq(map(two, VIEW_READ)[0], 0);
}

CASE(SEC, 029, "OpenFileMapping with other case", "NULL, 2")
{
    const char *name = shared_name("029-case");
    char other[100];

    named(RWR, PG, name);
    snprintf(other, sizeof(other), "%s", name);
    other[0] = 'W';
    expect_error(OpenFileMappingA(VIEW_READ, FALSE, other), ERR_FILE_NOT_FOUND);
    ok(open_named(VIEW_READ, name) != NULL, "the name itself: last error %lu",
       (unsigned long)GetLastError());
}

CASE(SEC, 030, "name in use by an event, a mutex, a semaphore", "NULL, 6")
{
#ifdef _WIN32
    const char *name = shared_name("030");
    HANDLE other = CreateEventA(NULL, FALSE, FALSE, name);

    expect_error(try_section(NO_FILE, RWR, PG, name), ERR_HANDLE);
    expect_error(OpenFileMappingA(VIEW_READ, FALSE, name), ERR_HANDLE);
    CloseHandle(other);
    other = CreateMutexA(NULL, FALSE, name);
    expect_error(try_section(NO_FILE, RWR, PG, name), ERR_HANDLE);
    CloseHandle(other);
    other = CreateSemaphoreA(NULL, 0, 1, name);
    expect_error(try_section(NO_FILE, RWR, PG, name), ERR_HANDLE);
    CloseHandle(other);
#else
    skip_if(1, "no events, mutexes or semaphores");
#endif
}

CASE(SEC, 031, "the last handle closed while a view exists, then the name",
     "NULL; the view stays; a new object")
{
    const char *name = shared_name("031");
    HANDLE section = named(RWR, PG, name);
    BYTE *view = map(section, VIEW_WRITE), *fresh;

    view[0] = 0x42;
    close_kept(section);
    expect_error(OpenFileMappingA(VIEW_READ, FALSE, name), ERR_FILE_NOT_FOUND);
    expect_view(view, PG, RWR);
    expect_eq(view[0], 0x42);
    SetLastError(0xdeadbeef);
    section = try_section(NO_FILE, RWR, 0x2000, name);
    expect_eq(GetLastError(), 0);
    fresh = map(section, VIEW_WRITE);
    expect_view(fresh, 0x2000, RWR);
    expect_eq(fresh[0], 0);
    fresh[0] = 0x24;
    expect_eq(view[0], 0x42);
}

typedef HANDLE(WINAPI *open_from_app)(ULONG, BOOL, const WCHAR *);
typedef HANDLE(WINAPI *create_from_app)(HANDLE, void *, ULONG, ULONG64, const WCHAR *);

static void opened_rights(const char *stem, ULONG access, ULONG rights)
{
    open_from_app call = (open_from_app)find_call("OpenFileMappingFromApp");
    const char *name = shared_name(stem);
    HANDLE opened;

    need_call(call, "OpenFileMappingFromApp");
    named(XRW, PG, name);
    opened = keep(call(access, FALSE, wide(name)));
    if (!ok(opened != NULL, "last error %lu", (unsigned long)GetLastError()))
        return;
    todo_if(is_wine() && access == VIEW_EXECUTE, "Wine: other rights")
        expect_eq(rights_of(opened), rights);
}

CASE(SEC, 032, "OpenFileMappingFromApp(FILE_MAP_READ)", "granted SECTION_MAP_READ")
{
    opened_rights("032", VIEW_READ, RIGHT_READ);
}

CASE(SEC, 033, "OpenFileMappingFromApp(FILE_MAP_EXECUTE)", "granted SECTION_MAP_EXECUTE")
{
    opened_rights("033", VIEW_EXECUTE, RIGHT_EXECUTE);
}

CASE(SEC, 034, "CreateFileMappingFromApp(-1, NULL, XRW, 1024, name)",
     "success; granted includes SECTION_MAP_EXECUTE")
{
    create_from_app call = (create_from_app)find_call("CreateFileMappingFromApp");
    HANDLE section;

    need_call(call, "CreateFileMappingFromApp");
    section = keep(call(NO_FILE, NULL, XRW, 1024, wide(shared_name("034"))));
    if (broken(!section) || !ok(section != NULL, "last error %lu", (unsigned long)GetLastError()))
        return;
    ok(rights_of(section) & RIGHT_EXECUTE, "rights 0x%lx", (unsigned long)rights_of(section));
    expect_section(section, PG, FLAG_COMMIT);
}

CASE(SEC, 222, "OpenFileMapping of a name in use, not in use", "the same section; NULL, 2")
{
    const char *name = shared_name("222");
    HANDLE section, opened;

    expect_error(OpenFileMappingA(VIEW_READ, FALSE, name), ERR_FILE_NOT_FOUND);
    section = named(RWR, 0x3000, name);
    opened = open_named(VIEW_READ | VIEW_WRITE, name);
    if (!ok(opened != NULL, "last error %lu", (unsigned long)GetLastError()))
        return;
    expect_eq(rights_of(opened), RIGHT_READ | RIGHT_WRITE);
    map(opened, VIEW_WRITE)[0x2FFF] = 0x17;
    expect_eq(map(section, VIEW_READ)[0x2FFF], 0x17);
    close_kept(section);
    expect_view(map(opened, VIEW_READ), 0x3000, RO);
    close_kept(opened);
    expect_error(OpenFileMappingA(VIEW_READ, FALSE, name), ERR_FILE_NOT_FOUND);
}

/* ---- two processes ---- */

/* What the child saw: bits of its exit code. */
enum { CHILD_EXISTS = 1, CHILD_SEES = 2, CHILD_MAPPED = 4 };

/* The child opens the section, looks for 0x42 in byte 0, and writes 0x24 into byte 1. */
static void be_other_process(const char *name, ULONG access)
{
    HANDLE section = CreateFileMappingA(NO_FILE, NULL, RWR, 0, 0x2000, name);
    ULONG seen = section && GetLastError() == ERR_EXISTS ? CHILD_EXISTS : 0;
    BYTE *view = (BYTE *)MapViewOfFile(section, access, 0, 0, 0);

    if (view) {
        seen |= CHILD_MAPPED | (view[0] == 0x42 ? CHILD_SEES : 0);
        view[1] = 0x24;
        if (view[1] != 0x24)
            seen &= ~(ULONG)CHILD_MAPPED;
    }
    end_child(seen);
}

static void with_other_process(const char *id, ULONG access, int child_writes)
{
    const char *name = shared_name(id);
    HANDLE section;
    BYTE *view, *readable;

    if (compat_is_child)
        be_other_process(name, access);
    section = named(RWR, 0x2000, name);
    view = map(section, VIEW_WRITE);
    readable = map(section, VIEW_READ);
    view[0] = 0x42;
    expect_eq(in_process(id), CHILD_EXISTS | CHILD_SEES | CHILD_MAPPED);
    expect_eq(readable[1], child_writes ? 0x24 : 0);
    expect_eq(view[1], child_writes ? 0x24 : 0);
    expect_eq(view[0], 0x42);
    expect_view(readable, 0x2000, RO);
}

CASE(SEC, 217, "two processes, one name", "the second gets 183 and the same data")
{
    with_other_process("SEC-217", VIEW_WRITE, 1);
}

CASE(SEC, 218, "another process maps FILE_MAP_COPY and writes", "not seen here")
{
    with_other_process("SEC-218", VIEW_COPY, 0);
}

CASE(SEC, 219, "another process maps FILE_MAP_WRITE and writes, RO view here", "seen here")
{
    with_other_process("SEC-219", VIEW_WRITE | VIEW_READ, 1);
}
