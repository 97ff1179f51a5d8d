#!/usr/bin/env bash
# conformance_layouts.sh [WAY...]: the conformance cases in other address layouts than that of
# 64-bit programs, one after the other: identity mode (the addresses of 32-bit programs), and those
# of 64-bit programs that are not large-address-aware or meet an older Windows.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
folder=$abs_top_builddir/compat-tests programs=
if [ $# -eq 0 ]; then
    set -- wow64=2g wow64=3g wow64=2560 wow64=4g
    [ "${WVM_OTHER_ABI:-ms}" = cdecl ] || set -- "$@" layout=2g layout=8t # 64-bit programs only
fi
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP a sanitizer has low addresses of its own"
    exit 0
fi
# shellcheck source=run-ways.inc
. "$abs_top_srcdir/compat-tests/run-ways.inc"
base=$WINVM_OPTIONS
for way; do
    export WINVM_OPTIONS=$base:$way
    run_way sysv | sed -E "s/^# sysv\$/# $way/; s/^((not )?ok)( -)? /\1 - $way: /"
done | number_all
