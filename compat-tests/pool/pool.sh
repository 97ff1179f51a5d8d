#!/usr/bin/env bash
# Kernel pools: each program linked with libwinvm, with the static library, and as a program that
# finds the names in the preload object.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
programs="bug_checks"
folder=$abs_top_builddir/compat-tests/pool
. "$abs_top_srcdir/compat-tests/run-ways.inc"

{
    run_way sysv
    if [ "${WVM_SANITIZER:-no}" != no ]; then
        echo "ok - pool/static, pool/bare # SKIP a sanitizer's library must come first"
    else
        run_way static
        if [ -f "$abs_top_builddir/.libs/libwinvm-preload.so" ]; then
            export WINVM_FOLLOW=1 # programs that start themselves again
            run_way bare "$abs_top_builddir/.libs/libwinvm-preload.so"
        else
            echo "ok - pool/bare # SKIP no shared libraries in this build"
        fi
    fi
} | number_all
