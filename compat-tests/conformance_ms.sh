#!/usr/bin/env bash
# The conformance cases, compiled with Wine's headers (plain names in ms_abi, left unresolved) and run
# under the preload object of that convention.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
# Wine's headers have the Windows convention, which plain names have on i386.
[ "${WVM_OTHER_ABI:-ms}" = ms ] && suffix=-ms || suffix=
preload=$abs_top_builddir/.libs/libwinvm-preload$suffix.so
if [ ! -x "$abs_top_builddir/compat-tests/ms/alloc" ]; then
    echo "1..0 # SKIP no Wine headers"
    exit 0
fi
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP a sanitizer must come before a preload object"
    exit 0
fi
exec bash "$abs_top_srcdir/compat-tests/run-native.sh" "$abs_top_builddir/compat-tests/ms" "$preload"
