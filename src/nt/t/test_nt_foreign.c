/* Objects of other libraries: references, handles, kinds, the calling thread. */
#include <pthread.h>
#include <string.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "nt/nt_foreign.h"

static int n_gone;

static void gone(struct winvm_object *object)
{
    (void)object;
    __atomic_fetch_add(&n_gone, 1, __ATOMIC_RELAXED);
}

static struct winvm_object_kind fruit = {"Fruit", {1, 2, 4, 0x1f0007}, gone, NULL};
static struct winvm_object_kind stone = {"Stone", {8, 8, 8, 0x1f0008}, NULL, NULL};

static HANDLE open_of(struct winvm_object *object, struct winvm_object_kind *kind, uint32_t access)
{
    HANDLE h = NULL;
    ck_assert_int_eq(wvm_foreign_start(object, kind), 0);
    ck_assert_int_eq(wvm_foreign_open(object, access, &h), 0);
    wvm_foreign_drop(object);
    return h;
}

START_TEST(references)
{
    struct winvm_object a = {0}, *got = NULL;
    HANDLE h = open_of(&a, &fruit, GENERIC_READ | 2);
    ck_assert_int_eq(wvm_foreign_get(h, &fruit, 3, &got), 0);
    ck_assert_ptr_eq(got, &a);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(n_gone, 0); /* still held */
    ck_assert_int_eq(wvm_foreign_get(h, NULL, 0, &got), (wvm_status)STATUS_INVALID_HANDLE);
    wvm_foreign_drop(&a);
    ck_assert_int_eq(n_gone, 1);
    h = open_of(&a, &fruit, GENERIC_ALL); /* the memory is an object again */
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(n_gone, 2);
}
END_TEST

START_TEST(rights_and_kinds)
{
    struct winvm_object a = {0}, b = {0}, *got = NULL;
    HANDLE ha = open_of(&a, &fruit, GENERIC_READ), hb = open_of(&b, &stone, MAXIMUM_ALLOWED);
    ck_assert_int_eq(wvm_foreign_get(ha, &fruit, 2, &got), (wvm_status)STATUS_ACCESS_DENIED);
    ck_assert_int_eq(wvm_foreign_get(ha, &stone, 0, &got),
                     (wvm_status)STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_int_eq(wvm_foreign_get(hb, NULL, 0x1f0008, &got), 0);
    ck_assert_ptr_eq(got, &b);
    wvm_foreign_drop(got);
    HANDLE process;
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_ALL_ACCESS, &process), 0);
    ck_assert_int_eq(wvm_foreign_get(process, NULL, 0, &got),
                     (wvm_status)STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_int_eq(wvm_handle_close(process), 0);
    ck_assert_int_eq(wvm_handle_close(ha), 0);
    ck_assert_int_eq(wvm_handle_close(hb), 0);
}
END_TEST

/* Each kind has a type; when there are no more, an object of a new kind does not live. */
START_TEST(too_many_kinds)
{
    static struct winvm_object_kind kind[WVM_MAX_OBJECT_TYPES];
    static struct winvm_object object[WVM_MAX_OBJECT_TYPES];
    unsigned n = 0;
    while (n < WVM_ARRAY_LEN(kind) && wvm_foreign_start(&object[n], &kind[n]) == 0)
        n++;
    ck_assert_uint_eq(n, WVM_MAX_OBJECT_TYPES - WVM_N_OBJECT_TYPES);
    ck_assert_int_eq(wvm_foreign_start(&object[n], &kind[n]),
                     (wvm_status)STATUS_INSUFFICIENT_RESOURCES);
    ck_assert_int_eq(wvm_foreign_start(&object[0], &kind[0]), 0); /* known ones stay good */
}
END_TEST

static struct winvm_object myself;

static struct winvm_object *self(void)
{
    wvm_foreign_hold(&myself);
    return &myself;
}

START_TEST(calling_thread)
{
    struct winvm_object *got = NULL;
    HANDLE h = NULL;
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_THREAD, 0, &h),
                     (wvm_status)STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_foreign_start(&myself, &fruit), 0);
    wvm_foreign_thread(self);
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_THREAD, 1, &h), 0);
    ck_assert_int_eq(wvm_foreign_get(h, &fruit, 1, &got), 0);
    ck_assert_ptr_eq(got, &myself);
    wvm_foreign_drop(got);
    ck_assert_int_eq(wvm_foreign_get(WVM_OWN_THREAD, &stone, 0, &got),
                     (wvm_status)STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_int_eq(wvm_foreign_get(WVM_OWN_THREAD, NULL, 0xffff, &got), 0);
    wvm_foreign_drop(got);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(n_gone, 0);
    wvm_foreign_drop(&myself);
    ck_assert_int_eq(n_gone, 1);
}
END_TEST

static struct winvm_object shared;
static HANDLE shared_handle;

static void *looks(void *wrong)
{
    struct winvm_object *got;
    for (int i = 0; i < 200000; i++) {
        HANDLE h = __atomic_load_n(&shared_handle, __ATOMIC_ACQUIRE);
        if (h && wvm_foreign_get(h, &fruit, 0, &got) == 0) {
            if (got != &shared || __atomic_load_n(&got->refs, __ATOMIC_RELAXED) == 0)
                __atomic_store_n((int *)wrong, 1, __ATOMIC_RELAXED);
            wvm_foreign_drop(got);
        }
    }
    return NULL;
}

/* Handles are closed while another thread finds their object. */
START_TEST(against_the_last_close)
{
    int wrong = 0, lives = 0;
    pthread_t id;
    ck_assert_int_eq(pthread_create(&id, NULL, looks, &wrong), 0);
    for (; lives < 20000; lives++) {
        while (__atomic_load_n(&shared.refs, __ATOMIC_ACQUIRE) != 0)
            ;
        HANDLE h = open_of(&shared, &fruit, 1);
        __atomic_store_n(&shared_handle, h, __ATOMIC_RELEASE);
        ck_assert_int_eq(wvm_handle_close(h), 0);
    }
    pthread_join(id, NULL);
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(n_gone, lives);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_foreign", 60, &tc);
    tcase_add_test(tc, references);
    tcase_add_test(tc, rights_and_kinds);
    tcase_add_test(tc, too_many_kinds);
    tcase_add_test(tc, calling_thread);
    tcase_add_test(tc, against_the_last_close);
    return unit_run(suite);
}
