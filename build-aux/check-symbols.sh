#!/bin/sh
# Each shared object exports exactly the names in docs/abi/NAME.symbols; libwinvm-ms has the names
# of libwinvm. On i386 the other convention is called cdecl, not ms. Runs in the build folder; NM, WVM_SANITIZER and abs_top_srcdir come from the makefile.
set -u
case ${WVM_HOST:-} in
i?86-*) other=cdecl ;;
*) other=ms ;;
esac
nm=${NM:-nm} lists=${abs_top_srcdir:?}/docs/abi libs=.libs
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "symbols: a sanitizer adds its own" >&2 && exit 77 ;;
esac
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0
for name in libwinvm "libwinvm-$other" libwinvm-preload "libwinvm-preload-$other"; do
    list=$lists/${name%-cdecl}.symbols
    case $name in *preload-*) list=$lists/libwinvm-preload-ms.symbols ;; esac
    [ -f "$list" ] || list=$lists/${name%-ms}.symbols
    sed "s/^winvm_ms_/winvm_${other}_/" "$list" | LC_ALL=C sort >"$work/$name"
    # shellcheck disable=SC2086  # the command may have options
    $nm -D --defined-only "$libs/$name.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u |
        diff -u "$work/$name" - || { echo "$name.so: exports differ from $list" >&2; bad=1; }
done
[ "$bad" -eq 0 ] && echo "symbols: as listed"
exit "$bad"
