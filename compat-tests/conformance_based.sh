#!/usr/bin/env bash
# conformance_based.sh [MEGABYTES...]: the conformance cases in based spaces of these sizes, by
# default 4 GB and 2 GB: compat_based.h makes every call one on the handle of a space.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
folder=$abs_top_builddir/compat-tests programs=
[ $# -gt 0 ] || set -- 4096 2048
if [ ! -x "$folder/based/alloc" ]; then
    echo "1..0 # SKIP spaces need 64-bit pointers"
    exit 0
fi
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP a sanitizer leaves no room for spaces"
    exit 0
fi
# shellcheck source=run-ways.inc
. "$abs_top_srcdir/compat-tests/run-ways.inc"
for megabytes; do
    export COMPAT_SPACE=$megabytes
    run_way based | sed -E "s/^# based\$/# $megabytes MB/; s/^((not )?ok)( -)? /\1 - $megabytes MB: /"
done | number_all
