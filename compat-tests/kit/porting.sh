#!/usr/bin/env bash
# docs/PORTING.md: its files are written, its commands run, as they stand there, with the build tree
# in place of an installation. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

guide=$top/docs/PORTING.md
have pkg-config || { skip "the commands of PORTING.md" "no pkg-config"; finish; }
wanted="12288 of 4 GiB, page size 4096"

# The files that an installation has, of the build tree.
mkdir "$tmp/pc" "$tmp/bin" "$tmp/lib" "$tmp/work"
printf '%s\n' "compat_includedir=$top/include/winvm/compat" "Name: winvm" "Description: winvm" \
    "Version: 0" "Libs: -L$tmp/lib -Wl,-rpath,$tmp/lib -lwinvm" "Cflags: $includes" \
    >"$tmp/pc/winvm.pc"
printf '%s\n' "Name: winvm-kit" "Description: kit" "Version: 0" "Requires: winvm" \
    "Libs: -L$tmp/lib -lwinvm-kit" >"$tmp/pc/winvm-kit.pc"
for file in "$libs"/libwinvm.so* "$libs"/libwinvm-kit.so* "$libs"/libwinvm.a \
    "$libs"/libwinvm-kit.a; do
    [ ! -e "$file" ] || ln -s "$file" "$tmp/lib/"
done
printf '#!/bin/sh\nexec %s "$@"\n' "$CC" >"$tmp/bin/cc"
printf '#!/bin/sh\nexec %s "$@"\n' "$run" >"$tmp/bin/winvm-run"
chmod +x "$tmp/bin/cc" "$tmp/bin/winvm-run"
export PKG_CONFIG_PATH=$tmp/pc PATH=$tmp/bin:$PATH

# Each block "```sh KIND" to $tmp/block.N.KIND, each "```c NAME" to $tmp/work/NAME.
awk -v folder="$tmp" '
    /^```c [a-z]/ { to = folder "/work/" $2; next }
    /^```sh/ { to = sprintf("%s/block.%02d.%s", folder, ++n, NF > 1 ? $2 : "plain"); next }
    /^```/ { to = ""; next }
    to != "" { print >to }' "$guide"

# possible KIND: 0 when that kind of block can be run here; else $why tells.
possible() {
    case $1 in
    static) why="no archives"; [ -e "$tmp/lib/libwinvm-kit.a" ] ;;
    asan)
        why="no address sanitizer"
        echo 'int main(void) { return 0; }' >"$tmp/try.c"
        $CC -fsanitize=address -o "$tmp/try" "$tmp/try.c" 2>/dev/null && "$tmp/try" ;;
    *) true ;;
    esac
}

count=0
for block in "$tmp"/block.*; do
    kind=${block##*.} count=$((count + 1))
    possible "$kind" || { skip "block $count, $kind" "$why"; continue; }
    # cc of i386 takes plain names for stdcall by itself.
    (cd "$tmp/work" && sh -e "$block") >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ] &&
        [ "$(cat "$tmp/out")" = "$wanted" ]
    ok "block $count, $kind: builds without a word, and prints what it must"
done
[ "$count" -eq 5 ]
ok "five blocks of commands"
grep -qF "$wanted" "$guide"
ok "the guide tells the output"
missing=$(grep -oE 'docs/[A-Za-z0-9/_.-]*[A-Za-z0-9]|compat-tests/[a-z/]*\.sh' "$guide" |
    sort -u | while read -r word; do [ -e "$top/$word" ] || echo "$word"; done)
echo "$missing" >"$tmp/out"
[ -z "$missing" ]
ok "the files that it points at exist"
finish
