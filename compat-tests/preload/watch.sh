#!/bin/sh
# System calls into watched memory, with watches kept by the kernel and by protection faults.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

for abi in $abis; do
    flags=
    [ "$abi" = "$plain_abi" ] || flags=$other_flag
    # shellcheck disable=SC2086
    $CC -w $flags $includes "$here/watch.c" $unresolved -o "$tmp/watch" || exit 99
    for options in userfaultfd=1 userfaultfd=0 pagemap-scan=0; do
        try "$run" --opt $options "$tmp/watch"
        tap "$abi $options"
    done
done
finish
