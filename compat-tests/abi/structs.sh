#!/bin/sh
# The types of structs.def have the layout that mingw-w64's and Wine's headers give them.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
compare structs "$abi/structs.c"
finish
