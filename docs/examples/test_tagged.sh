#!/usr/bin/env bash
# tagged/, an interpreter whose pointers have 32 bits: built for this system (linked, with Wine's
# headers, and for a based space) and for Windows. In the native layout of a 64-bit program it must
# refuse; at the 4 GB limit it holds 3.5 GB of live data; at 2 GB this is an error of the
# interpreter's, which goes on. Much of the 3.5 GB is fresh memory that is only looked at; all of it
# is written when that much memory is to spare, or WINVM_TEST_BIG=1.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
source_dir=$abs_top_srcdir/docs/examples/tagged
run=$abs_top_builddir/winvm-run
linked=$abs_top_builddir/docs/examples/tagged/tagged
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

wide=$(echo __SIZEOF_POINTER__ | $CC -E -P - 2>/dev/null)
# A 32-bit process has its own code and stacks below 4 GB too.
amount=3500
[ "$wide" = 8 ] || amount=2500

# interpret LAYOUT PROGRAM SCRIPT ARGUMENTS...: its output is in $work/out. (winvm-run would act on
# the script that libtool starts the linked program by.)
interpret() {
    local layout=$1
    shift
    if [ "$1" = "$linked" ]; then
        WINVM_OPTIONS=wow64=$layout:commit-limit=8g "$@" >"$work/out" 2>"$work/err"
    else
        "$run" "--wow64=$layout" --opt commit-limit=8g "$@" >"$work/out" 2>"$work/err"
    fi
}

expect() {  # expect NAME STATUS: $work/out is as $work/want, and the status of the run 0
    diff -u "$work/want" "$work/out" >"$work/diff" && [ "$2" -eq 0 ]
    local status=$?
    [ "$status" -eq 0 ] || { show "$work/diff"; show "$work/err"; }
    result "$status" "$1"
}

language() {  # language NAME STATUS: reports each line of $work/out
    local name=$1 status=$2 count=0 line
    while IFS= read -r line; do
        line=${line%$'\r'}
        case $line in
        "ok - "*) result 0 "$name: ${line#ok - }"; count=$((count + 1)) ;;
        "not ok - "*) result 1 "$name: ${line#not ok - }" ;;
        "error: this line is printed, and: (the next expression is evaluated)") ;;
        *) result 1 "$name: prints $line" ;;
        esac
    done <"$work/out"
    [ "$count" -eq 18 ] || status=1
    [ "$status" -eq 0 ] || show "$work/err"
    result "$status" "$name: all checks of the language"
}

want_all() {  # want_all MEGABYTES ABOVE: the lines of a run that has room for them
    cat <<END >"$work/want"
$1 MB: live all contents right
afterwards live: 0 MB
addresses above 2 GB: $2
the next expression runs
256 MB: live all contents right
afterwards live: 0 MB
END
}

want_error() {  # want_error MEGABYTES: of one that has not
    cat <<END >"$work/want"
$1 MB: error: out of memory
afterwards live: 0 MB
addresses above 2 GB: #f
error: out of memory
the next expression runs
256 MB: live all contents right
afterwards live: 0 MB
END
}

test_native() {  # test_native NAME COMMAND...
    "${@:2}" "$source_dir/language.scm" >"$work/out" 2>"$work/err"
    [ $? -eq 3 ] && [ ! -s "$work/out" ] && grep -q "addresses above 4 GiB" "$work/err"
    result $? "$1, native layout: says that its addresses do not fit, and stops"
}

test_layouts() {  # test_layouts PROGRAM NAME
    interpret 4g "$1" "$source_dir/language.scm"
    language "$2, 4 GB" $?
    want_error "$amount"
    interpret 2g "$1" "$source_dir/live.scm" "$amount"
    expect "$2, 2 GB: $amount MB are an error, and it goes on" $?
    want_all "$amount" "#t"
    interpret 4g "$1" "$source_dir/live.scm" "$amount"
    expect "$2, 4 GB: $amount MB are live" $?
}

test_written() {
    local free
    free=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
    if [ "${WINVM_TEST_BIG:-}" = 1 ] || [ "${free:-0}" -gt 6 ]; then
        want_all "$amount" "#t"
        interpret 4g "$linked" "$source_dir/live.scm" "$amount" 1
        expect "linked, 4 GB: $amount MB are live, all of them written" $?
    else
        skip "linked, 4 GB: all of $amount MB written" "WINVM_TEST_BIG=1, or 6 GB to spare, runs it"
    fi
}

test_based() {
    local program=$abs_top_builddir/docs/examples/tagged/tagged-based
    if [ "$wide" = 4 ]; then
        skip "based space" "needs pointers of 64 bits"
        return
    fi
    export WINVM_OPTIONS=commit-limit=8g
    "$program" "$source_dir/language.scm" >"$work/out" 2>"$work/err"
    language "based space" $?
    want_error "$amount"
    TAGGED_MEGABYTES=2048 "$program" "$source_dir/live.scm" "$amount" >"$work/out" 2>"$work/err"
    expect "based space, 2 GB: $amount MB are an error, and it goes on" $?
    want_all "$amount" "#t"
    "$program" "$source_dir/live.scm" "$amount" >"$work/out" 2>"$work/err"
    expect "based space, 4 GB: $amount MB are live" $?
    unset WINVM_OPTIONS
}

test_unlinked() {
    if [ -z "${WINE_INCLUDE:-}" ]; then
        skip "Wine's headers" "not installed"
        return
    fi
    # shellcheck disable=SC2086  # a compiler may be several words
    $CC -O2 -w -DDECLSPEC_HIDDEN= -I"$abs_top_srcdir/include/winvm/wine" -isystem "$WINE_INCLUDE" \
        -o "$work/tagged" "$source_dir"/*.c -Wl,--export-dynamic \
        -Wl,--unresolved-symbols=ignore-all >"$work/log" 2>&1 ||
        { show "$work/log"; result 1 "Wine's headers: build"; return; }
    [ "$wide" = 4 ] || test_native "Wine's headers" "$run" "$work/tagged"
    test_layouts "$work/tagged" "Wine's headers"
}

# test_windows COMPILER NAME FLAGS...
test_windows() {
    local name=$2
    command -v "$1" >/dev/null 2>&1 || { skip "$name" "no $1"; return; }
    "$1" -std=gnu11 -O2 -Wall -Wextra -Werror -static "${@:3}" -o "$work/tagged.exe" \
        "$source_dir"/*.c >"$work/log" 2>&1
    local status=$?
    show "$work/log"
    result "$status" "$name: build"
    [ -n "${WVM_WINE:-}" ] || { skip "$name under Wine" "no Wine"; return; }
    bash "$abs_top_srcdir/build-aux/wine-run" "$work/tagged.exe" "$source_dir/language.scm" \
        >"$work/out" 2>"$work/err"
    status=$?
    if [ "$1" = i686-w64-mingw32-gcc ] && [ ! -s "$work/out" ]; then
        skip "$name under Wine" "this Wine runs no 32-bit programs"
        return
    fi
    language "$name under Wine" "$status"
}

if [ "$WVM_SANITIZER" != no ]; then
    echo "1..0 # SKIP a sanitizer's shadow lies where the program wants its memory"
    exit 0
fi
ulimit -c 0
[ "$wide" = 4 ] || test_native linked "$linked"
interpret 2g "$linked" "$source_dir/language.scm"
language "linked, 2 GB" $?
test_layouts "$linked" linked
test_written
test_based
test_unlinked
test_windows x86_64-w64-mingw32-gcc "64-bit Windows program"
test_windows i686-w64-mingw32-gcc "32-bit Windows program" -Wl,--large-address-aware
echo "1..$n"
