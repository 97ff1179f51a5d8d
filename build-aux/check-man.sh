#!/usr/bin/env bash
# check-man.sh: the manual pages against the sources. TAP; skipped without mandoc.
#   - every page of docs/man passes mandoc -Tlint -Wwarning;
#   - every function of src/api/api_list.h and every winvm_* function of control.h, space.h and
#     pool.h is named in the NAME section of a page;
#   - winvm-kit(7) names every function of src/kit/kit_list*.h, and no other;
#   - every option of src/base/options.def is an entry of winvm(7), and every page that another one
#     refers to by a name of ours exists.
set -u
: "${abs_top_srcdir:?is set by make check}"
man=$abs_top_srcdir/docs/man
api=$abs_top_srcdir/src/api/api_list.h
control=$abs_top_srcdir/include/winvm/control.h
space=$abs_top_srcdir/include/winvm/space.h
pool=$abs_top_srcdir/include/winvm/pool.h
kit=$abs_top_srcdir/src/kit
options=$abs_top_srcdir/src/base/options.def

if ! command -v mandoc >/dev/null 2>&1; then
    echo "1..0 # SKIP mandoc is not installed"
    exit 77
fi
shopt -s nullglob
pages=("$man"/*.[1-8])
n=0

# ok NAME COMPLAINTS: passes when there are none.
ok() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        printf '%s\n' "$2" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}

# The names in the NAME sections, one per line.
names() {
    for page in "${pages[@]}"; do
        sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm //p' "$page"
    done | tr -d '",' | tr ' ' '\n' | sed '/^$/d'
}

# Prints "$1: NAME" for each line of standard input that is not a line of the text $2.
absent() {
    grep -vxF -f <(printf '%s\n' "$2") | sed "s/^/$1: /"
}

for page in "${pages[@]}"; do
    ok "mandoc accepts ${page##*/}" "$(mandoc -Tlint -Wwarning "$page" 2>&1 |
        sed "s|$man/||")"
done

named=$(names)
functions=$(sed -nE 's/^WVM_API(_SHARED|_REGS)?\([^,]*, ([A-Za-z0-9]+),.*/\2/p
    s/^WVM_API_ALIAS\(([A-Za-z0-9]+),.*/\1/p' "$api")
ok "every function of the API has a page" "$(
    [ -n "$functions" ] || echo "no function found in $api"
    absent "in no NAME section" "$named" <<<"$functions")"

own=$(sed -nE 's/^WINVM_SYSV .*(winvm_[a-z_]+)\(.*/\1/p' "$control" "$space" "$pool")
ok "every call of control.h, space.h and pool.h has a page" "$(
    [ -n "$own" ] || echo "no call found in $control"
    absent "in no NAME section" "$named" <<<"$own")"

listed=$(cat "$kit"/kit_list*.h |
    sed -nE 's/^[XFV]\([A-Za-z0-9_ *]+, ([A-Za-z0-9_]+),.*/\1/p' | LC_ALL=C sort)
ok "winvm-kit(7) names the functions of the kit" "$(
    [ -n "$listed" ] || echo "no function found in $kit"
    diff <(sed -nE 's/^\.Fn (_?[A-Za-z0-9][A-Za-z0-9_]*)( .*)?$/\1/p' "$man/winvm-kit.7" | LC_ALL=C sort -u) \
        <(printf '%s\n' "$listed") | grep '^[<>]')"

# An entry of the list of options is ".It Cm NAME Ns = ...".
entries=$(sed -nE 's/^\.It Cm ([a-z-]+) Ns = .*/\1/p' "$man/winvm.7")
known=$(sed -nE 's/^WVM_OPTION\([A-Z_]+, "([a-z-]+)",.*/\1/p' "$options")
ok "every option is in winvm(7)" "$(
    [ -n "$known" ] || echo "no option found in $options"
    absent "no entry" "$entries" <<<"$known")"
ok "winvm(7) has no option that does not exist" "$(absent "unknown" "$known" <<<"$entries")"

# References to section 3 by a name that begins like ours, and to winvm's own pages.
ok "references between the pages lead somewhere" "$(
    sed -nE 's/^\.Xr ((winvm[a-z_-]*|[A-Z][A-Za-z]+) [1-8])( .*)?$/\1/p' "${pages[@]}" |
        sort -u | while read -r name section; do
        [ -f "$man/$name.$section" ] || echo "no page $name($section)"
    done)"
echo "1..$n"
