/* Pins: one a thread, seen by who settles them, given on when threads end. */
#include <pthread.h>

#include "base/t/unit.h"
#include "host/host.h"
#include "nt/nt_pin.h"

enum { N_THREADS = 300, N_PINS = 256 };

static int object, other;

static void setup(void)
{
    wvm_host_init();
}

START_TEST(one_a_thread)
{
    struct wvm_pin *pin = wvm_pin_free();
    ck_assert_ptr_nonnull(pin);
    ck_assert(!wvm_pins_any(&object));
    wvm_pin_set(pin, &object);
    ck_assert(wvm_pins_settle() && wvm_pins_any(&object) && !wvm_pins_any(&other));
    ck_assert_ptr_null(wvm_pin_free());
    wvm_pin_set(pin, NULL);
    ck_assert(!wvm_pins_any(&object));
    ck_assert_ptr_eq(wvm_pin_free(), pin);
}
END_TEST

START_TEST(no_barrier_no_pin)
{
    wvm_host_caps.barrier = false;
    ck_assert_ptr_null(wvm_pin_free());
    ck_assert_ptr_null(wvm_pin_free());
    ck_assert(wvm_pins_settle());
}
END_TEST

static pthread_barrier_t all_pinned, all_seen;
static unsigned n_pinned;

static void *pin_and_wait(void *cookie)
{
    struct wvm_pin *pin = wvm_pin_free();
    (void)cookie;
    if (pin) {
        wvm_pin_set(pin, &object);
        __atomic_add_fetch(&n_pinned, 1, __ATOMIC_RELAXED);
    }
    pthread_barrier_wait(&all_pinned);
    pthread_barrier_wait(&all_seen);
    if (pin)
        wvm_pin_set(pin, NULL);
    return NULL;
}

/* More threads than pins, twice: the second ones get those of the first. */
START_TEST(threads)
{
    static pthread_t thread[N_THREADS];
    ck_assert_ptr_nonnull(wvm_pin_free());
    for (int round = 0; round < 2; round++) {
        n_pinned = 0;
        pthread_barrier_init(&all_pinned, NULL, N_THREADS + 1);
        pthread_barrier_init(&all_seen, NULL, N_THREADS + 1);
        for (unsigned i = 0; i < N_THREADS; i++)
            ck_assert_int_eq(pthread_create(&thread[i], NULL, pin_and_wait, NULL), 0);
        pthread_barrier_wait(&all_pinned);
        ck_assert_uint_eq(n_pinned, N_PINS - 1);
        ck_assert(wvm_pins_settle() && wvm_pins_any(&object));
        pthread_barrier_wait(&all_seen);
        for (unsigned i = 0; i < N_THREADS; i++)
            pthread_join(thread[i], NULL);
        ck_assert(!wvm_pins_any(&object));
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-pin", 60, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, one_a_thread);
    tcase_add_test(tc, no_barrier_no_pin);
    tcase_add_test(tc, threads);
    return unit_run(suite);
}
