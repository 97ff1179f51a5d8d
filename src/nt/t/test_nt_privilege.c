/* Which privileges are in force: held by the settings, and not disabled. */
#include "base/options.h"
#include "base/t/unit.h"
#include "nt/nt_privilege.h"

static const enum wvm_privilege all[] = {
    WVM_SE_LOCK_MEMORY, WVM_SE_INCREASE_QUOTA, WVM_SE_PROFILE_SINGLE_PROCESS,
    WVM_SE_INCREASE_BASE_PRIORITY, WVM_SE_INCREASE_WORKING_SET,
};
enum { N = sizeof all / sizeof all[0] };

START_TEST(each_alone)
{
    for (int i = 0; i < N; i++) {
        wvm_nt_privilege_enable(all[i], false);
        for (int j = 0; j < N; j++)
            ck_assert_msg(wvm_nt_holds(all[j]) == (i != j), "%d without %d", all[j], all[i]);
        wvm_nt_privilege_enable(all[i], true);
        ck_assert(wvm_nt_holds(all[i]));
    }
}
END_TEST

START_TEST(not_held)
{
    wvm_options_parse("lock-memory=0", NULL);
    for (int j = 0; j < N; j++)
        ck_assert_int_eq(wvm_nt_holds(all[j]), all[j] != WVM_SE_LOCK_MEMORY);
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, true);
    ck_assert(!wvm_nt_holds(WVM_SE_LOCK_MEMORY));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-privilege", 10, &tc);
    tcase_add_test(tc, each_alone);
    tcase_add_test(tc, not_held);
    return unit_run(suite);
}
