#!/usr/bin/env bash
# The programs of users/: linked with libwinvm, linked with it statically, and compiled with Wine's
# headers under the preload object of that convention. They meet in a run directory of their own.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
programs="colored_heap coroutines crash_report database dual_map emulator guarded_heap guest_memory
    heap_tracker inspector messages overflow pe_loader seh segments tracer wild"
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP sanitizers do not follow these programs from stack to stack"
    exit 0
fi
ulimit -c 0
folder=$abs_top_builddir/compat-tests/users
scratch=$(mktemp -d "${TMPDIR:-/tmp}/winvm-users.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
export WINVM_OPTIONS=${WINVM_OPTIONS:+$WINVM_OPTIONS:}run-dir=$scratch/run

# One run's results behind those before.
run() {
    echo "# $1"
    bash "$abs_top_srcdir/compat-tests/run-native.sh" "$folder/$1" "${2:-}" "$programs" |
        sed -E -e '/^(TAP|1\.\.)/d' -e "s/^(not )?ok [0-9]+/\1ok/"
}

echo "TAP version 13"
{
    run sysv
    run static
    if [ -x "$folder/ms/wild" ]; then
        export WINVM_FOLLOW=1 # programs that these start have the preload object too
        run ms "$abs_top_builddir/.libs/libwinvm-preload-ms.so"
    else
        echo "ok - users/ms # SKIP no Wine headers"
    fi
} | awk '/^(not )?ok/ { sub(/ok/, "ok " ++n) } { print } END { print "1.." n }'
