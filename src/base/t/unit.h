/* What every libcheck program of this project does in main(). */
#ifndef WVM_BASE_T_UNIT_H
#define WVM_BASE_T_UNIT_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite; the exit status of the program. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A suite of one case with the given time-out in seconds; add tests to *tc. */
static inline Suite *unit_suite(const char *name, double timeout, TCase **tc)
{
    Suite *suite = suite_create(name);
    *tc = tcase_create(name);
    tcase_set_timeout(*tc, timeout);
    suite_add_tcase(suite, *tc);
    return suite;
}

#endif
