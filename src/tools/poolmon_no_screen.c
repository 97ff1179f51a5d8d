/* winvm-poolmon where ncurses is missing: no live view. */
#include "tools/poolmon.h"

bool poolmon_has_screen(void)
{
    return false;
}

enum poolmon_seen poolmon_screen(struct poolmon_target *t, struct poolmon_settings *set)
{
    (void)t;
    (void)set;
    return SEEN_FAILED;
}
