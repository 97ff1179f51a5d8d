/* Based spaces as objects: arguments, rights, who closes the window and when. */
#include <winvm/space.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_space.h"
#include "nt/nt_target.h"

#define ST(name) ((wvm_status)STATUS_##name)
#define WORKS(e) ck_assert_int_eq((e), STATUS_SUCCESS)

static HANDLE make(uint32_t megabytes)
{
    HANDLE h = NULL;
    WORKS(wvm_nt_space_create(megabytes, 0, &h));
    ck_assert_ptr_nonnull(h);
    return h;
}

static HANDLE copy_of(HANDLE h, uint32_t access)
{
    HANDLE copy = NULL;
    WORKS(wvm_NtDuplicateObject(WVM_OWN_PROCESS, h, WVM_OWN_PROCESS, &copy, access, 0,
                                access ? 0 : DUPLICATE_SAME_ACCESS));
    return copy;
}

static void setup(void)
{
    fake_reset();
}

START_TEST(arguments)
{
    static const struct {
        uint32_t megabytes, top;
    } good[] = {{0, 0xffff0000}, {1, 0xf0000},         {2048, 0x7fff0000},
                {2500, 0x9c3f0000}, {3072, 0xbfff0000}, {4096, 0xffff0000}};
    HANDLE h = NULL;
    for (size_t i = 0; i < WVM_ARRAY_LEN(good); i++) {
        h = make(good[i].megabytes);
        ck_assert_uint_eq(fake.window_top, good[i].top);
        WORKS(wvm_nt_space_destroy(h));
    }
    unsigned closed = fake.n_closings;
    ck_assert_int_eq(wvm_nt_space_create(4097, 0, &h), ST(INVALID_PARAMETER));
    ck_assert_int_eq(wvm_nt_space_create(UINT32_MAX, 0, &h), ST(INVALID_PARAMETER));
    ck_assert_int_eq(wvm_nt_space_create(0, 2, &h), ST(INVALID_PARAMETER));
    ck_assert_int_eq(wvm_nt_space_create(2047, WINVM_SPACE_SHARED_DATA, &h),
                     ST(INVALID_PARAMETER));
    /* There is no page: this test starts no more than the space. */
    ck_assert_int_eq(wvm_nt_space_create(2048, WINVM_SPACE_SHARED_DATA, &h), ST(NO_MEMORY));
    ck_assert_uint_eq(fake.n_closings, ++closed);
    fake.window_result = STATUS_NO_MEMORY;
    ck_assert_int_eq(wvm_nt_space_create(0, 0, &h), ST(NO_MEMORY));
    ck_assert_uint_eq(fake.n_windows, 0);
    ck_assert_uint_eq(fake.n_closings, closed);
}
END_TEST

START_TEST(target)
{
    struct wvm_target t;
    pid_t pid = 1;
    HANDLE h = make(2048);
    WORKS(wvm_target_of(h, PROCESS_VM_OPERATION, &t));
    ck_assert_int_eq(t.pid, 0);
    ck_assert_ptr_nonnull(t.window);
    ck_assert_uint_eq(t.base, FAKE_WINDOW_BASE);
    ck_assert_uint_eq(t.top, 0x7fff0000);
    wvm_target_drop(&t);
    /* To calls that are not about memory it is this process. */
    WORKS(wvm_handle_resolve(h, 0, &pid));
    ck_assert_int_eq(pid, 0);
    WORKS(wvm_nt_space_destroy(h));
    ck_assert_int_eq(wvm_target_of(h, 0, &t), ST(INVALID_HANDLE));
}
END_TEST

START_TEST(described)
{
    struct wvm_nt_space_info info;
    uint64_t committed;
    HANDLE h = make(3072);
    WORKS(wvm_nt_space_describe(h, &info));
    ck_assert_uint_eq(info.base, FAKE_WINDOW_BASE);
    ck_assert_uint_eq(info.top, 0xbfff0000);
    ck_assert_uint_eq(info.flags, 0);
    WORKS(wvm_nt_space_committed(h, &committed));
    ck_assert_uint_eq(committed, 0x123000);
    ck_assert_uint_eq(wvm_nt_space_holding(FAKE_WINDOW_BASE + 5), FAKE_WINDOW_BASE);
    WORKS(wvm_nt_space_destroy(h));
    ck_assert_uint_eq(wvm_nt_space_holding(FAKE_WINDOW_BASE + 5), 0);
}
END_TEST

START_TEST(handles_of_others)
{
    struct wvm_nt_space_info info;
    HANDLE own = NULL;
    WORKS(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_ALL_ACCESS, &own));
    ck_assert_int_eq(wvm_nt_space_describe(own, &info), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_nt_space_destroy(own), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_nt_space_destroy(WVM_OWN_PROCESS), ST(OBJECT_TYPE_MISMATCH));
    ck_assert_int_eq(wvm_nt_space_destroy(NULL), ST(INVALID_HANDLE));
    ck_assert_int_eq(wvm_nt_space_describe((HANDLE)4, &info), ST(INVALID_HANDLE));
    WORKS(wvm_handle_close(own));
    ck_assert_uint_eq(fake.n_closings, 0);
}
END_TEST

START_TEST(rights)
{
    struct wvm_nt_space_info info;
    struct wvm_target t;
    HANDLE h = make(16), query = copy_of(h, PROCESS_QUERY_INFORMATION);
    HANDLE other = copy_of(h, SYNCHRONIZE);
    WORKS(wvm_nt_space_describe(query, &info)); /* implies the limited right */
    ck_assert_int_eq(wvm_nt_space_describe(other, &info), ST(ACCESS_DENIED));
    ck_assert_int_eq(wvm_nt_space_destroy(query), ST(ACCESS_DENIED));
    ck_assert_int_eq(wvm_target_of(query, PROCESS_VM_OPERATION, &t), ST(ACCESS_DENIED));
    WORKS(wvm_handle_set_flags(h, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE));
    ck_assert_int_eq(wvm_nt_space_destroy(h), ST(HANDLE_NOT_CLOSABLE));
    WORKS(wvm_nt_space_describe(h, &info));
    WORKS(wvm_handle_set_flags(h, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    WORKS(wvm_nt_space_destroy(h));
    WORKS(wvm_handle_close(query));
    WORKS(wvm_handle_close(other));
    ck_assert_uint_eq(fake.n_closings, 1);
}
END_TEST

START_TEST(last_handle)
{
    HANDLE h = make(16), copy = copy_of(h, 0);
    WORKS(wvm_NtCompareObjects(h, copy));
    ck_assert_int_eq(wvm_NtCompareObjects(h, WVM_OWN_PROCESS), ST(NOT_SAME_OBJECT));
    WORKS(wvm_handle_close(h));
    ck_assert_uint_eq(fake.n_closings, 0);
    WORKS(wvm_handle_close(copy));
    ck_assert_uint_eq(fake.n_closings, 1);
    ck_assert_uint_eq(fake.n_windows, 0);
}
END_TEST

/* The window lives as long as calls are in it, whoever ends the space. */
START_TEST(call_in_it)
{
    struct wvm_nt_space_info info;
    struct wvm_target a, b, late;
    pid_t pid;
    for (int by_close = 0; by_close < 2; by_close++) {
        unsigned closed = fake.n_closings;
        HANDLE h = make(16), copy = by_close ? NULL : copy_of(h, 0);
        WORKS(wvm_target_of(h, 0, &a));
        WORKS(wvm_target_of(h, 0, &b));
        WORKS(by_close ? wvm_handle_close(h) : wvm_nt_space_destroy(h));
        ck_assert_uint_eq(fake.n_closings, closed);
        if (copy) {
            ck_assert_int_eq(wvm_target_of(copy, 0, &late), ST(PROCESS_IS_TERMINATING));
            ck_assert_int_eq(wvm_handle_resolve(copy, 0, &pid), ST(PROCESS_IS_TERMINATING));
            ck_assert_int_eq(wvm_nt_space_describe(copy, &info), ST(PROCESS_IS_TERMINATING));
            ck_assert_int_eq(wvm_nt_space_destroy(copy), ST(PROCESS_IS_TERMINATING));
        }
        wvm_target_drop(&a);
        ck_assert_uint_eq(fake.n_closings, closed);
        wvm_target_drop(&b);
        ck_assert_uint_eq(fake.n_closings, closed + 1);
        if (copy)
            WORKS(wvm_handle_close(copy));
        ck_assert_uint_eq(fake.n_closings, closed + 1);
    }
}
END_TEST

/* A handler inside winvm cannot close a window: the next one who makes or ends a space does. */
START_TEST(waiting)
{
    HANDLE h = make(16), other = make(16), third = make(16);
    fake.close_result = STATUS_POSSIBLE_DEADLOCK;
    WORKS(wvm_nt_space_destroy(h));
    WORKS(wvm_handle_close(other));
    ck_assert_uint_eq(fake.n_windows, 3);
    fake.close_result = STATUS_SUCCESS;
    fake.n_closings = 0;
    h = make(16);
    ck_assert_uint_eq(fake.n_closings, 2);
    ck_assert_uint_eq(fake.n_windows, 2);
    fake.close_result = STATUS_POSSIBLE_DEADLOCK;
    WORKS(wvm_nt_space_destroy(h));
    fake.close_result = STATUS_SUCCESS;
    WORKS(wvm_nt_space_destroy(third));
    ck_assert_uint_eq(fake.n_windows, 0);
}
END_TEST

/* Every object of many lives is given back. */
START_TEST(many)
{
    for (unsigned i = 0; i < 100000; i++)
        WORKS(wvm_nt_space_destroy(make(16)));
    ck_assert_uint_eq(fake.n_windows, 0);
}
END_TEST

int main(void)
{
    TCase *t;
    Suite *s = unit_suite("nt_space", 20, &t);
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, arguments);
    tcase_add_test(t, target);
    tcase_add_test(t, described);
    tcase_add_test(t, handles_of_others);
    tcase_add_test(t, rights);
    tcase_add_test(t, last_handle);
    tcase_add_test(t, call_in_it);
    tcase_add_test(t, waiting);
    tcase_add_test(t, many);
    return unit_run(s);
}
