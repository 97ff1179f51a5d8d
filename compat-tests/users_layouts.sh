#!/usr/bin/env bash
# The programs of users/ in other address layouts than that of 64-bit programs: linked with libwinvm
# (position-independent), statically at fixed addresses, and under winvm-run.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
# shellcheck source=users.inc
. "$abs_top_srcdir/compat-tests/users.inc"
base=$WINVM_OPTIONS

# in_layout OPTION FOLDER: the results of the programs in users/FOLDER.
in_layout() {
    export WINVM_OPTIONS=$base:$1
    run_way "$2" | sed -E "s/^# $2\$/# $2, $1/; s/^((not )?ok)( -)? /\1 - $2, $1: /"
}

{
    for way in wow64=2g wow64=3072 wow64=4g layout=2g layout=8t; do
        in_layout "$way" sysv
    done
    in_layout wow64=2g static
    in_layout wow64=4g static
    if [ -x "$folder/ms/wild" ]; then
        COMPAT_RUNNER="$abs_top_builddir/winvm-run --follow --abi=ms --wow64=3g"
        export COMPAT_RUNNER
        in_layout wow64=3g ms
    else
        echo "ok - users/ms # SKIP no Wine headers"
    fi
} | number_all
