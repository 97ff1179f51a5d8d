#!/bin/sh
# Each shared object exports exactly the names in docs/abi/NAME.symbols; libwinvm-ms has the names
# of libwinvm. Runs in the build folder; NM, WVM_SANITIZER and abs_top_srcdir come from the makefile.
set -u
nm=${NM:-nm} lists=${abs_top_srcdir:?}/docs/abi libs=.libs
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "symbols: a sanitizer adds its own" >&2 && exit 77 ;;
esac
bad=0
for name in libwinvm libwinvm-ms libwinvm-preload libwinvm-preload-ms; do
    list=$lists/$name.symbols
    [ -f "$list" ] || list=$lists/${name%-ms}.symbols
    # shellcheck disable=SC2086  # the command may have options
    $nm -D --defined-only "$libs/$name.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u |
        diff -u "$list" - || { echo "$name.so: exports differ from $list" >&2; bad=1; }
done
[ "$bad" -eq 0 ] && echo "symbols: as listed"
exit "$bad"
