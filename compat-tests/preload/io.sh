#!/bin/sh
# System calls whose buffers lie on guard pages, in both conventions, and with the names that a
# program gets with _FORTIFY_SOURCE.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

for flags in "-O1" "-O2 -D_FORTIFY_SOURCE=2" "-O1 $other_flag"; do
    # shellcheck disable=SC2086
    $CC -w $flags $includes "$here/io.c" $unresolved -pthread -o "$tmp/io" || exit 99
    try "$run" "$tmp/io"
    tap "${flags#-O[12] }"
done
finish
