#!/usr/bin/env bash
# wordindex.c, unchanged, built every supported way against Wine's headers and run under winvm-run;
# and as a program for Windows under Wine. All must print the same words.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
source_dir=$abs_top_srcdir/docs/examples
run=$abs_top_builddir/winvm-run
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

# Sources (a build in the tree leaves objects among them), a file that is not text, and a name that
# does not exist.
find "$abs_top_srcdir/README.md" "$abs_top_srcdir/LICENSE" "$abs_top_srcdir/src" "$source_dir" \
    -type f \( -name '*.[ch]' -o -name '*.am' -o -name README.md -o -name LICENSE \) |
    LC_ALL=C sort >"$work/list"
printf 'text\0and more' >"$work/binary"
printf '%s\n' "$work/binary" "$work/absent" >>"$work/list"

# The answer without any index: the words by tr, sort and uniq, in lower case, cut to 63 bytes.
plain_words() {
    while IFS= read -r file; do
        if [ -f "$file" ] && [ "$file" != "$work/binary" ]; then
            LC_ALL=C tr -cs 'A-Za-z0-9_\200-\377' '\n' <"$file"
            echo
        fi
    done <"$work/list" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C cut -b1-63 | sed '/^$/d'
}
plain_words | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2,2 | head -n 20 |
    awk '{ print $1, $2 }' >"$work/plain"

agrees() {  # agrees OUTPUT: the top words are those of the plain count
    awk 'NF == 3 && $1 ~ /^[0-9]+$/ { print $1, $3 }' "$1" | diff -u "$work/plain" - >"$work/diff" ||
        { show "$work/diff"; return 1; }
}

build_and_run() {  # build_and_run COMPILER FLAGS...
    local name="wordindex, $*" program=$work/wordindex
    command -v "${1%% *}" >/dev/null 2>&1 || { skip "$name" "no $1"; return; }
    # shellcheck disable=SC2086  # a compiler may be several words
    $1 "${@:2}" -O2 -w -DDECLSPEC_HIDDEN= -I"$abs_top_srcdir/include/winvm/wine" \
        -isystem "$WINE_INCLUDE" -o "$program" "$source_dir/wordindex.c" \
        -Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-all >"$work/log" 2>&1 ||
        { show "$work/log"; result 1 "$name: build"; return; }
    "$run" "$program" "@$work/list" >"$work/out" 2>"$work/err"
    local status=$?
    [ "$status" -eq 0 ] || { show "$work/out"; show "$work/err"; }
    result "$status" "$name: runs and agrees with itself"
    agrees "$work/out"
    result $? "$name: agrees with sort and uniq"
    cp "$work/out" "$work/native"
}

run_map() {
    "$run" --map "$work/wordindex" "@$work/list" >"$work/out" 2>&1
    result $? "winvm-run --map keeps the exit status"
    grep -q 'RESERVE' "$work/out" && grep -q 'PRIVATE' "$work/out"
    result $? "winvm-run --map prints the map"
}

run_under_wine() {
    "$MINGW_CC" -O2 -w -o "$work/wordindex.exe" "$source_dir/wordindex.c" >"$work/log" 2>&1 ||
        { show "$work/log"; result 1 "wordindex.exe: build"; return; }
    bash "$abs_top_srcdir/build-aux/wine-run" "$work/wordindex.exe" "@$work/list" 2>"$work/err" |
        tr -d '\r' >"$work/wine"
    agrees "$work/wine"
    result $? "wordindex.exe under Wine: agrees with sort and uniq"
    if [ -f "$work/native" ]; then
        diff -u "$work/wine" "$work/native" >"$work/diff"
        local status=$?
        show "$work/diff"
        result "$status" "native and Windows program print the same"
    fi
}

if [ "$WVM_SANITIZER" != no ]; then
    skip "wordindex" "a preload object cannot bring a sanitizer's run-time library"
elif [ -z "$WINE_INCLUDE" ]; then
    skip "wordindex" "no Wine headers"
else
    for compiler in "$CC" clang; do
        for pie in "-fPIE -pie" "-fno-pie -no-pie"; do
            for binding in lazy now; do
                # shellcheck disable=SC2086
                build_and_run "$compiler" $pie "-Wl,-z,$binding"
            done
        done
    done
    if [ -f "$work/native" ]; then run_map; fi
fi
if [ -n "$MINGW_CC" ] && [ -n "$WVM_WINE" ]; then
    run_under_wine
else
    skip "wordindex.exe" "no MinGW compiler or no Wine"
fi
echo "1..$n"
