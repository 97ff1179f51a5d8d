#!/bin/sh
# check-symbols.sh NM LISTS LIBS: each shared object exports exactly the names in LISTS/NAME.symbols.
set -u
nm=$1 lists=$2 libs=$3
bad=0
for list in "$lists"/*.symbols; do
    name=$(basename "$list" .symbols)
    # shellcheck disable=SC2086  # the command may have options
    $nm -D --defined-only "$libs/$name.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u |
        diff -u "$list" - || { echo "$name.so: exports differ from $list" >&2; bad=1; }
done
[ "$bad" -eq 0 ] && echo "symbols: as listed"
exit "$bad"
