/* Typed handles: duplicates, flags, queries, and threads that use what others close. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_handle.h"
#include "nt/nt_object.h"

#define ST(name) ((wvm_status)STATUS_##name)

/* Sections of this test: objects that know when they were alive. */
struct thing {
    struct wvm_object_head head;
    uint32_t stamp; /* changes with each life; odd while it lives */
};
#define N_THINGS 40000u
static struct thing things[N_THINGS];
static struct wvm_object_pool pool = {things, sizeof things[0], N_THINGS, 0, 0};

static bool try_hold(void *object)
{
    return wvm_object_try_hold(object);
}

static void drop(void *object)
{
    struct thing *t = object;
    if (!wvm_object_release(&t->head))
        return;
    if (__atomic_fetch_add(&t->stamp, 1, __ATOMIC_RELAXED) % 2 != 1)
        abort();
    wvm_object_cancel(&pool, &t->head);
}

static bool opened(void *object)
{
    return wvm_object_add_handle(object);
}

static void closed(void *object)
{
    wvm_object_sub_handle(object);
}

static uint32_t permitted(const void *object)
{
    (void)object;
    return SECTION_MAP_READ | SECTION_QUERY;
}

static size_t object_name(void *object, uint16_t *out, size_t cap)
{
    static const char text[] = "\\BaseNamedObjects\\thing";
    (void)object;
    for (size_t i = 0; i < sizeof text - 1 && i < cap; i++)
        out[i] = (uint8_t)text[i];
    return sizeof text - 1;
}

static const struct wvm_object_ops thing_ops = {
    .name = "Section",
    .generic = {SECTION_MAP_READ | SECTION_QUERY, SECTION_MAP_WRITE, SECTION_MAP_EXECUTE,
                SECTION_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = wvm_object_counts,
    .object_name = object_name,
};

static HANDLE make_thing(uint32_t access)
{
    HANDLE h = NULL;
    struct thing *t = wvm_object_claim(&pool);
    ck_assert_ptr_nonnull(t);
    __atomic_fetch_add(&t->stamp, 1, __ATOMIC_RELAXED);
    wvm_object_start(&t->head);
    ck_assert_int_eq(wvm_handle_insert(WVM_OBJECT_SECTION, t, access, &h), 0);
    return h;
}

static HANDLE make_process(uint32_t access)
{
    HANDLE h = NULL;
    ck_assert_int_eq(wvm_handle_open(getpid(), access, &h), 0);
    return h;
}

static void setup(void)
{
    fake_reset();
    wvm_object_register(WVM_OBJECT_SECTION, &thing_ops);
}

START_TEST(types)
{
    void *object = NULL;
    uint32_t granted = 0;
    pid_t pid;
    HANDLE section = make_thing(SECTION_MAP_READ), process = make_process(PROCESS_ALL_ACCESS);
    ck_assert(wvm_handle_is_ours(section) && wvm_handle_is_ours(process));
    ck_assert_int_eq(wvm_handle_get(section, WVM_OBJECT_SECTION, SECTION_MAP_READ, &object,
                                    &granted), 0);
    ck_assert_uint_eq(granted, SECTION_MAP_READ);
    ck_assert_uint_eq(((struct thing *)object)->head.refs, 2);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    ck_assert_int_eq(wvm_handle_get(section, WVM_OBJECT_SECTION, SECTION_MAP_WRITE, &object, NULL),
                     ST(ACCESS_DENIED));
    ck_assert_uint_eq(((struct thing *)object)->head.refs, 1);
    ck_assert_int_eq(wvm_handle_get(section, WVM_OBJECT_FILE, 0xffffffff, &object, NULL),
                     ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_handle_target(section, 0, &pid), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_handle_own(section, 0), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_handle_get(process, WVM_OBJECT_SECTION, 0, &object, NULL),
                     ST(OBJECT_TYPE_MISMATCH));
    /* SEC-079, SEC-080. */
    ck_assert_int_eq(wvm_handle_get(WVM_OWN_PROCESS, WVM_OBJECT_SECTION, 0, &object, NULL),
                     ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_handle_get(NULL, WVM_OBJECT_SECTION, 0, &object, NULL),
                     ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_handle_close(section), 0);
    ck_assert_uint_eq(((struct thing *)object)->stamp % 2, 0);
    ck_assert_int_eq(wvm_handle_get(section, WVM_OBJECT_SECTION, 0, &object, NULL),
                     ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_handle_close(section), ST(INVALID_HANDLE));
}
END_TEST

/* One free slot: each use of it has a value of its own, and none comes back before 512 uses. */
START_TEST(generations)
{
    HANDLE old[512];
    for (unsigned i = 0; i < 32767; i++)
        make_thing(0);
    for (unsigned i = 0; i < 512; i++) {
        old[i] = make_thing(0);
        ck_assert_uint_eq(((uintptr_t)old[i] ^ (uintptr_t)old[0]) & 0x1fffc, 0);
        for (unsigned k = 0; k < i; k++)
            ck_assert(!wvm_handle_is_ours(old[k]));
        ck_assert_int_eq(wvm_handle_close(old[i]), 0);
    }
    for (unsigned i = 0; i < 512; i++)
        for (unsigned k = 0; k < i; k++)
            ck_assert_ptr_ne(old[i], old[k]);
}
END_TEST

START_TEST(duplicate)
{
    HANDLE self = WVM_OWN_PROCESS, copy = NULL;
    void *object;
    uint32_t granted;
    HANDLE h = make_thing(SECTION_MAP_READ | SECTION_MAP_WRITE);
    /* Fewer rights (SEC-063..065), the same, and one the object can give. */
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, SECTION_MAP_READ, 0, 0), 0);
    ck_assert_ptr_ne(copy, h);
    ck_assert_int_eq(wvm_handle_get(copy, WVM_OBJECT_SECTION, 0, &object, &granted), 0);
    ck_assert_uint_eq(granted, SECTION_MAP_READ);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    ck_assert_int_eq(wvm_handle_close(copy), 0);
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, 0, 0, DUPLICATE_SAME_ACCESS), 0);
    ck_assert_int_eq(wvm_handle_get(copy, WVM_OBJECT_SECTION, 0, &object, &granted), 0);
    ck_assert_uint_eq(granted, SECTION_MAP_READ | SECTION_MAP_WRITE);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    ck_assert_int_eq(wvm_NtCompareObjects(copy, h), 0);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(wvm_NtDuplicateObject(self, copy, self, &h, GENERIC_READ, 0, 0), 0);
    ck_assert_int_eq(wvm_handle_get(h, WVM_OBJECT_SECTION, SECTION_QUERY, &object, NULL), 0);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    HANDLE kept = copy;
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, SECTION_MAP_EXECUTE, 0, 0),
                     ST(ACCESS_DENIED));
    ck_assert_ptr_eq(copy, kept);
    ck_assert_uint_eq(((struct thing *)object)->head.refs, 2);
    ck_assert_uint_eq(((struct thing *)object)->head.n_handles, 2);
    /* The source is closed, with and without success. */
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, 0, 0, DUPLICATE_CLOSE_SOURCE), 0);
    ck_assert(!wvm_handle_is_ours(h));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, copy, self, &h, SECTION_MAP_EXECUTE, 0,
                                           DUPLICATE_CLOSE_SOURCE), ST(ACCESS_DENIED));
    ck_assert(!wvm_handle_is_ours(copy));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, kept, NULL, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE),
                     0);
    ck_assert_uint_eq(((struct thing *)object)->head.refs, 0);
}
END_TEST

START_TEST(duplicate_errors)
{
    HANDLE self = WVM_OWN_PROCESS, copy = (HANDLE)0x1234, h = make_thing(SECTION_MAP_READ);
    ck_assert_int_eq(wvm_NtDuplicateObject(NULL, h, self, &copy, 0, 0, 2), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtDuplicateObject(h, h, self, &copy, 0, 0, 2), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, NULL, &copy, 0, 0, 2), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, NULL, self, &copy, 0, 0, 2), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, (HANDLE)(intptr_t)-2, self, &copy, 0, 0, 2),
                     ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, (PHANDLE)8, 0, 0,
                                           DUPLICATE_CLOSE_SOURCE), ST(ACCESS_VIOLATION));
    ck_assert(wvm_handle_is_ours(h));
    HANDLE weak = make_process(PROCESS_QUERY_INFORMATION);
    ck_assert_int_eq(wvm_NtDuplicateObject(weak, h, self, &copy, 0, 0, 2), ST(ACCESS_DENIED));
    HANDLE strong = make_process(PROCESS_DUP_HANDLE);
    ck_assert_ptr_eq(copy, (HANDLE)0x1234);
    ck_assert_int_eq(wvm_NtDuplicateObject(strong, h, strong, &copy, 0, 0, 2), 0);
    ck_assert(wvm_handle_is_ours(copy));
    /* The pseudo handle becomes a real one. */
    pid_t pid = 1;
    ck_assert_int_eq(wvm_NtDuplicateObject(self, self, self, &copy, 0, 0, 2), 0);
    ck_assert(wvm_handle_is_ours(copy));
    ck_assert_int_eq(wvm_handle_target(copy, PROCESS_ALL_ACCESS, &pid), 0);
    ck_assert_int_eq(pid, 0);
    ck_assert_int_eq(wvm_NtCompareObjects(copy, self), 0);
    ck_assert_int_eq(wvm_NtCompareObjects(self, strong), 0);
    ck_assert_int_eq(wvm_NtCompareObjects(weak, strong), 0);
    ck_assert_int_eq(wvm_NtCompareObjects(h, strong), ST(NOT_SAME_OBJECT));
    ck_assert_int_eq(wvm_NtCompareObjects(h, self), ST(NOT_SAME_OBJECT));
    ck_assert_int_eq(wvm_NtCompareObjects(h, NULL), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtCompareObjects(NULL, h), ST(INVALID_HANDLE));
}
END_TEST

START_TEST(flags)
{
    struct wvm_handle_info info;
    HANDLE self = WVM_OWN_PROCESS, copy, h = make_thing(0);
    ck_assert_int_eq(wvm_handle_set_flags(h, 3, HANDLE_FLAG_PROTECT_FROM_CLOSE), 0);
    ck_assert_int_eq(wvm_handle_look(h, &info), 0);
    ck_assert_uint_eq(info.flags, HANDLE_FLAG_PROTECT_FROM_CLOSE);
    wvm_object_drop(info.type, info.object);
    ck_assert_int_eq(wvm_handle_close(h), ST(HANDLE_NOT_CLOSABLE));
    ck_assert(wvm_handle_is_ours(h));
    /* A duplicate has the flags it is told, or all of them. */
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, 0, OBJ_INHERIT, 0), 0);
    ck_assert_int_eq(wvm_handle_look(copy, &info), 0);
    ck_assert_uint_eq(info.flags, HANDLE_FLAG_INHERIT);
    wvm_object_drop(info.type, info.object);
    ck_assert_int_eq(wvm_handle_close(copy), 0);
    ck_assert_int_eq(wvm_NtDuplicateObject(self, h, self, &copy, 0, 0, DUPLICATE_SAME_ATTRIBUTES),
                     0);
    ck_assert_int_eq(wvm_handle_close(copy), ST(HANDLE_NOT_CLOSABLE));
    ck_assert_int_eq(wvm_handle_set_flags(copy, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0), 0);
    ck_assert_int_eq(wvm_handle_close(copy), 0);
    ck_assert_int_eq(wvm_handle_set_flags(copy, 3, 0), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_handle_set_flags(self, 3, 0), ST(INVALID_HANDLE));
}
END_TEST

union queried {
    PUBLIC_OBJECT_BASIC_INFORMATION basic;
    OBJECT_NAME_INFORMATION name;
    OBJECT_TYPE_INFORMATION type;
    char bytes[512];
};

START_TEST(query)
{
    union queried u;
    HANDLE copy, h = make_thing(SECTION_MAP_READ | SECTION_QUERY);
    ULONG n = 77;
    ck_assert_int_eq(wvm_NtDuplicateObject(WVM_OWN_PROCESS, h, WVM_OWN_PROCESS, &copy, 0, 0, 0), 0);
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectBasicInformation, &u, 56, &n), 0);
    ck_assert_uint_eq(n, 56);
    ck_assert_uint_eq(u.basic.GrantedAccess, SECTION_MAP_READ | SECTION_QUERY);
    ck_assert_uint_eq(u.basic.HandleCount, 2);
    ck_assert_uint_eq(u.basic.PointerCount, 2);
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectBasicInformation, &u, 55, &n),
                     ST(INFO_LENGTH_MISMATCH));
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectBasicInformation, &u, 57, NULL),
                     ST(INFO_LENGTH_MISMATCH));
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectBasicInformation, NULL, 56, NULL),
                     ST(ACCESS_VIOLATION));
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectBasicInformation, &u, 56, (PULONG)8),
                     ST(ACCESS_VIOLATION));
    ck_assert_int_eq(wvm_NtQueryObject(NULL, ObjectBasicInformation, &u, 1, &n),
                     ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_NtQueryObject(h, (OBJECT_INFORMATION_CLASS)99, &u, 56, NULL),
                     ST(INVALID_INFO_CLASS));
    ck_assert_int_eq(wvm_handle_set_flags(h, 3, HANDLE_FLAG_INHERIT), 0);
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectHandleFlagInformation, &u, 2, NULL), 0);
    ck_assert_int_eq(u.bytes[0], 1);
    ck_assert_int_eq(u.bytes[1], 0);
}
END_TEST

START_TEST(query_strings)
{
    static const WCHAR section[] = u"Section", name[] = u"\\BaseNamedObjects\\thing";
    union queried u;
    HANDLE h = make_thing(SECTION_MAP_READ | SECTION_QUERY);
    ULONG n = 77;
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectNameInformation, NULL, 0, &n),
                     ST(INFO_LENGTH_MISMATCH));
    ck_assert_uint_eq(n, sizeof u.name + sizeof name);
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectNameInformation, &u, n - 1, &n),
                     ST(BUFFER_OVERFLOW));
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectNameInformation, &u, n, &n), 0);
    ck_assert_uint_eq(u.name.Name.Length, sizeof name - 2);
    ck_assert_uint_eq(u.name.Name.MaximumLength, sizeof name);
    ck_assert_mem_eq(u.name.Name.Buffer, name, sizeof name);
    ck_assert_int_eq(wvm_NtQueryObject(WVM_OWN_PROCESS, ObjectNameInformation, &u, 16, &n), 0);
    ck_assert_ptr_null(u.name.Name.Buffer);

    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectTypeInformation, &u, sizeof u, &n), 0);
    ck_assert_uint_eq(n, (sizeof(void *) == 8 ? 104 : 96) + sizeof section);
    ck_assert_mem_eq(u.type.TypeName.Buffer, section, sizeof section);
    ck_assert_uint_eq(u.type.ValidAccessMask, SECTION_ALL_ACCESS);
    ck_assert_uint_eq(u.type.GenericMapping.GenericExecute, SECTION_MAP_EXECUTE);
    ck_assert_int_eq(wvm_NtQueryObject(h, ObjectTypeInformation, &u, n - 1, NULL),
                     ST(INFO_LENGTH_MISMATCH));
}
END_TEST

START_TEST(fill_table)
{
    static HANDLE all[33000];
    size_t n = 0;
    for (; n < 32768; n++)
        all[n] = make_thing(0);
    HANDLE more = (HANDLE)0x1234;
    struct thing *t = wvm_object_claim(&pool);
    ck_assert_int_eq(wvm_handle_insert(WVM_OBJECT_SECTION, t, 0, &more),
                     ST(INSUFFICIENT_RESOURCES));
    ck_assert_int_eq(wvm_NtDuplicateObject(WVM_OWN_PROCESS, all[7], WVM_OWN_PROCESS, &more, 0, 0,
                                           0), ST(INSUFFICIENT_RESOURCES));
    ck_assert_ptr_eq(more, (HANDLE)0x1234);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(wvm_handle_close(all[i]), 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(wvm_handle_close(all[i]), ST(INVALID_HANDLE));
        ck_assert_uint_eq(things[i].head.refs & ~WVM_OBJECT_FILLING, 0);
    }
}
END_TEST

/* Handle values that all threads of the race see. */
static HANDLE shared[16];
static bool stop;
static unsigned failures;

static void use(HANDLE h)
{
    void *object;
    HANDLE copy;
    if (wvm_handle_get(h, WVM_OBJECT_SECTION, 0, &object, NULL) >= 0) {
        struct thing *t = object;
        if (__atomic_load_n(&t->stamp, __ATOMIC_RELAXED) % 2 != 1)
            __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
        wvm_object_drop(WVM_OBJECT_SECTION, object);
    }
    if (wvm_NtDuplicateObject(WVM_OWN_PROCESS, h, WVM_OWN_PROCESS, &copy, 0, 0, 2) >= 0 &&
        wvm_handle_close(copy) < 0)
        __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}

static void *race(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        HANDLE *place = &shared[(seed = seed * 1103515245 + 12345) >> 20 & 15];
        HANDLE h = __atomic_load_n(place, __ATOMIC_RELAXED);
        if (seed >> 30 == 0) {
            struct thing *t = wvm_object_claim(&pool);
            __atomic_fetch_add(&t->stamp, 1, __ATOMIC_RELAXED);
            wvm_object_start(&t->head);
            if (wvm_handle_insert(WVM_OBJECT_SECTION, t, 0, &h) >= 0)
                h = __atomic_exchange_n(place, h, __ATOMIC_RELAXED);
            wvm_status status = wvm_handle_close(h);
            (void)status; /* another thread may have closed the old one */
        } else if (seed >> 30 == 1) {
            wvm_status status = wvm_handle_close(h);
            (void)status;
        } else {
            use(h);
        }
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[3];
    unsigned seed[3] = {1, 2, 3};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, race, &seed[i]), 0);
    usleep(1000000);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    ck_assert_uint_eq(failures, 0);
    for (int i = 0; i < 16; i++) {
        wvm_status status = wvm_handle_close(shared[i]);
        (void)status;
    }
    for (size_t i = 0; i < N_THINGS; i++) {
        ck_assert_uint_eq(things[i].head.refs, 0);
        ck_assert_uint_eq(things[i].stamp % 2, 0);
    }
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_object", 60, &c);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, types);
    tcase_add_test(c, generations);
    tcase_add_test(c, duplicate);
    tcase_add_test(c, duplicate_errors);
    tcase_add_test(c, flags);
    tcase_add_test(c, query);
    tcase_add_test(c, query_strings);
    tcase_add_test(c, fill_table);
    tcase_add_test(c, threads);
    return unit_run(s);
}
