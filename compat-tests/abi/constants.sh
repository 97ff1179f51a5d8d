#!/bin/sh
# The constants of constants.def have the values that mingw-w64's and Wine's headers give them.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
compare constants "$abi/constants.c"
compare "constants of winnt.h" "$abi/constants.c" -DABI_WINNT_STATUS
finish
