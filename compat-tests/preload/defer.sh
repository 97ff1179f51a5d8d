#!/bin/sh
# Handlers that interrupt winvm and call it: put off under winvm-run, refused in a linked program.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

for abi in $abis; do
    flags=
    [ "$abi" = "$plain_abi" ] || flags=$other_flag
    # shellcheck disable=SC2086
    $CC -O2 $flags $includes "$here/defer.c" $unresolved -pthread -o "$tmp/defer" || exit 99
    try "$run" "$tmp/defer"
    tap "$abi"
done
# shellcheck disable=SC2086
$CC -O2 $includes "$here/defer.c" "$libs/libwinvm.so" "-Wl,-rpath,$libs" -pthread -o "$tmp/defer"
try "$tmp/defer" linked
tap "linked"
finish
