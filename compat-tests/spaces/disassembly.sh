#!/usr/bin/env bash
# What a conversion of a 32-bit pointer costs: the loops of loops.c and loops.cc, compiled with -O2
# by each compiler at hand, may have at most one instruction more than the same loop with plain
# pointers, and none more where the conversion is a part of an access's address or of a store.
# Environment: CC, CXX, WINVM_INCLUDES, abs_top_srcdir.
set -u
: "${abs_top_srcdir:?}"
here=$abs_top_srcdir/compat-tests/spaces

if ! command -v objdump >/dev/null 2>&1; then
    echo "1..0 # SKIP objdump is not installed"
    exit 77
fi
# shellcheck disable=SC2086  # the command may have options
if ! echo __x86_64__ | ${CC:-cc} -E -P -x c - 2>/dev/null | grep -q '^1$'; then
    echo "1..0 # SKIP spaces and their loops are for x86-64"
    exit 77
fi
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

# loop_length OBJECT FUNCTION: the instructions of the function's loop, from where its last backward
# jump leads to the jump itself. Fillers count nothing. Prints nothing when there is no loop.
loop_length() {
    objdump -d --no-show-raw-insn "$1" | awk -v name="<$2>:" '
        $2 == name { inside = 1; next }
        inside && NF == 0 { inside = 0 }
        !inside || $1 !~ /^[0-9a-f]+:$/ { next }
        { n++; at[n] = $1; sub(/:/, "", at[n]); op[n] = $2; to[n] = $3 }
        END {
            for (i = n; i > 0; i--) {
                if (op[i] !~ /^j/)
                    continue
                for (first = 1; first <= i; first++)
                    if (at[first] == to[i])
                        break
                if (first <= i)
                    break
            }
            if (i == 0)
                exit
            for (j = first; j <= i; j++)
                if (op[j] !~ /^(nop|data16|cs)/ && !(op[j] == "xchg" && to[j] == "%ax,%ax"))
                    len++
            print len
        }'
}

# compile COMMAND SOURCE OBJECT
compile() {
    # shellcheck disable=SC2086  # the command and the includes are lists of words
    $1 -O2 -fno-unroll-loops -fno-tree-vectorize -fcf-protection=none -DWINVM_NO_NOTE \
        "-I$abs_top_srcdir/include" ${WINVM_INCLUDES-} -c -o "$3" "$2" 2>"$work/messages" &&
        [ ! -s "$work/messages" ]
}

# compare WHAT PLAIN-OBJECT OBJECT FUNCTION MOST: at most MOST instructions above the plain loop
compare() {
    plain=$(loop_length "$2" "plain_$4")
    space=$(loop_length "$3" "space_$4")
    echo "# $1, $4: ${space:-no loop} instructions, plain ${plain:-no loop}"
    [ -n "$plain" ] && [ -n "$space" ] && [ "$plain" -ge 3 ] && [ "$space" -le $((plain + $5)) ]
    status=$?
    [ "$status" -eq 0 ] || objdump -d --no-show-raw-insn "$3" | sed 's/^/# /'
    result "$status" "$1: $4, at most $5 more"
}

# compare_all COMPILER OBJECT: each loop, with plain pointers as compiled for C.
compare_all() {
    compare "$1" "$work/c.o" "$2" last 1
    compare "$1" "$work/c.o" "$2" sum 1
    compare "$1" "$work/c.o" "$2" gather 0
    compare "$1" "$work/c.o" "$2" chain 0
}

# loops C-COMPILER C++-COMPILER
loops() {
    what=${1%% *}
    if ! compile "$1" "$here/loops.c" "$work/c.o"; then
        show "$work/messages"
        result 1 "$what compiles the loops"
        return
    fi
    compare_all "$what" "$work/c.o"
    if ! command -v "${2%% *}" >/dev/null 2>&1; then
        skip "${2%% *}" "not installed"
        return
    fi
    if ! compile "$2 -std=c++11" "$here/loops.cc" "$work/cc.o"; then
        show "$work/messages"
        result 1 "${2%% *} compiles the loops"
        return
    fi
    compare_all "${2%% *}" "$work/cc.o"
}

for pair in "${CC:-cc}|${CXX:-c++}" "clang|clang++"; do
    if command -v "${pair%%[ |]*}" >/dev/null 2>&1; then
        loops "${pair%|*}" "${pair#*|}"
    else
        skip "${pair%%[ |]*}" "not installed"
    fi
done
echo "1..$n"
