#!/usr/bin/env bash
# Sections between processes: each program linked with libwinvm, and as a program that finds the
# names in the preload object. They meet in a run directory of their own.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
programs="committed inherited killed named"
folder=$abs_top_builddir/compat-tests/sections
. "$abs_top_srcdir/compat-tests/run-ways.inc"

# One run's results behind those before, and what it left.
run() {
    run_way "$@"
    files=$(ls "$scratch/run")
    case $files in
    *[[:space:]]* | "") echo "not ok - $1: one file is left, the registry" ;;
    names-*) echo "ok - $1: one file is left, the registry" ;;
    *) echo "not ok - $1: one file is left, the registry" ;;
    esac
}

{
    run sysv
    if [ "${WVM_SANITIZER:-no}" != no ]; then
        echo "ok - sections/bare # SKIP a sanitizer's library must come first"
    elif [ -f "$abs_top_builddir/.libs/libwinvm-preload.so" ]; then
        export WINVM_FOLLOW=1 # the peers are programs under the preload object too
        run bare "$abs_top_builddir/.libs/libwinvm-preload.so"
    else
        echo "ok - sections/bare # SKIP no shared libraries in this build"
    fi
} | number_all
