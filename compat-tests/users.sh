#!/usr/bin/env bash
# The programs of users/: linked with libwinvm, linked with it statically, and compiled with Wine's
# headers under the preload object of that convention. They meet in a run directory of their own.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
programs="colored_heap coroutines crash_report database dual_map emulator guarded_heap guest_memory
    heap_tracker inspector messages overflow pe_loader seh segments tracer wild"
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP sanitizers do not follow these programs from stack to stack"
    exit 0
fi
ulimit -c 0
folder=$abs_top_builddir/compat-tests/users
. "$abs_top_srcdir/compat-tests/run-ways.inc"

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
