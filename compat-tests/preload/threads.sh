#!/bin/sh
# Threads of a program under winvm.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

for abi in $abis; do
    flags=
    [ "$abi" = "$plain_abi" ] || flags=$other_flag
    # shellcheck disable=SC2086
    $CC -O1 $flags $includes "$here/threads.c" $unresolved -pthread -o "$tmp/threads" || exit 99
    try "$run" "$tmp/threads"
    tap "$abi"
done
finish
