#!/usr/bin/env bash
# Sections between processes: each program linked with libwinvm, and as a program that finds the
# names in the preload object. They meet in a run directory of their own.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
programs="committed inherited killed named"
folder=$abs_top_builddir/compat-tests/sections
scratch=$(mktemp -d "${TMPDIR:-/tmp}/winvm-sections.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
export WINVM_OPTIONS=${WINVM_OPTIONS:+$WINVM_OPTIONS:}run-dir=$scratch/run

# One run's results behind those before, and what it left.
run() {
    echo "# $1"
    bash "$abs_top_srcdir/compat-tests/run-native.sh" "$folder/$1" "${2:-}" "$programs" |
        sed -E -e '/^(TAP|1\.\.)/d' -e "s/^(not )?ok [0-9]+/\1ok/"
    files=$(ls "$scratch/run")
    case $files in
    *[[:space:]]* | "") echo "not ok - $1: one file is left, the registry" ;;
    names-*) echo "ok - $1: one file is left, the registry" ;;
    *) echo "not ok - $1: one file is left, the registry" ;;
    esac
}

echo "TAP version 13"
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
} | awk '/^(not )?ok/ { sub(/ok/, "ok " ++n) } /^not/ { bad = 1 } { print }
         END { print "1.." n; exit bad }'
