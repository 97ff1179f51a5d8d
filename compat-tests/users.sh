#!/usr/bin/env bash
# The programs of users/: linked with libwinvm, linked with it statically, and compiled with Wine's
# headers under the preload object of that convention.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
# shellcheck source=users.inc
. "$abs_top_srcdir/compat-tests/users.inc"

{
    run_way sysv
    run_way static
    if [ -x "$folder/ms/wild" ]; then
        # Wine's headers have the Windows convention, which plain names have on i386.
        [ "${WVM_OTHER_ABI:-ms}" = ms ] && suffix=-ms || suffix=
        export WINVM_FOLLOW=1 # programs that these start have the preload object too
        run_way ms "$abs_top_builddir/.libs/libwinvm-preload$suffix.so"
    else
        echo "ok - users/ms # SKIP no Wine headers"
    fi
} | number_all
