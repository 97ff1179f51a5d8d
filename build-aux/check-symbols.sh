#!/bin/sh
# Each shared object exports exactly the names in docs/abi/NAME.symbols; libwinvm-ms has the names
# of libwinvm, and the preload objects have those of libwinvm-kit too. On i386 the names of the other
# convention are winvm_cdecl_*, and the preload objects have those of docs/abi/i386-preload.symbols
# too. Runs in the build folder; NM, WVM_SANITIZER, WVM_OTHER_ABI and abs_top_srcdir come from the
# makefile.
set -u
nm=${NM:-nm} lists=${abs_top_srcdir:?}/docs/abi libs=.libs
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "symbols: a sanitizer adds its own" >&2 && exit 77 ;;
esac
bad=0
other=${WVM_OTHER_ABI:-ms}

# names OBJECT: what it is to export.
names() {
    list=$lists/$1.symbols
    [ "$other" = ms ] && [ -f "$list" ] || list=$lists/${1%-"$other"}.symbols
    case $1 in *preload*) list="$list $lists/libwinvm-kit.symbols" ;; esac
    # shellcheck disable=SC2086  # one or two files
    [ "$other" = ms ] && { cat $list; return; }
    # shellcheck disable=SC2086
    sed 's/^winvm_ms_/winvm_cdecl_/' $list
    case $1 in *preload*) cat "$lists/i386-preload.symbols" ;; esac
}

want=$(mktemp) || exit 99
trap 'rm -f "$want"' EXIT
for name in libwinvm libwinvm-kit "libwinvm-$other" libwinvm-preload "libwinvm-preload-$other"; do
    names "$name" | LC_ALL=C sort -u >"$want"
    # shellcheck disable=SC2086  # the command may have options
    $nm -D --defined-only "$libs/$name.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u |
        diff -u "$want" - || { echo "$name.so: exports differ from docs/abi" >&2; bad=1; }
done
[ "$bad" -eq 0 ] && echo "symbols: as listed"
exit "$bad"
