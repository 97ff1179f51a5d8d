#!/usr/bin/env bash
# Images of files that a linker for Windows made, against what objdump says of the same files.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?}"
dump=$abs_top_builddir/src/section/t/image_dump
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

complain() {
    echo "# $*"
    bad=1
}
hex() { printf '%d' "$((16#$1))"; }

# The state that pages of a section must have, from objdump's words about it.
state_of() {
    case $1 in
    *CODE*READONLY* | *READONLY*CODE*) echo XR ;;
    *CODE*) echo XWC ;;
    *READONLY*) echo RO ;;
    *) echo WC ;;
    esac
}
# The state that image_dump tells for page $1.
state_at() {
    local word first behind state
    while read -r word first behind state; do
        if [ "$word" = part ] && [ "$1" -ge "$((first))" ] && [ "$1" -lt "$((behind))" ]; then
            echo "$state"
        fi
    done <"$work/out"
}

# check_section NAME SIZE ADDRESS OFFSET FLAGS: numbers as objdump prints them
check_section() {
    local size at offset first expected
    size=$(hex "$2")
    at=$(($(hex "$3") - base))
    offset=$(hex "$4")
    first=$((at / 4096))
    expected=$(state_of "$5")
    [ "$(state_at "$first")" = "$expected" ] ||
        complain "$1 is $(state_at "$first") at its begin instead of $expected"
    [ "$(state_at $(((at + size - 1) / 4096)))" = "$expected" ] || complain "$1 ends differently"
    case $5 in
    *CONTENTS*)
        cmp -s -n "$size" -i "$offset:$at" "$file" "$work/image" ||
            complain "$1 does not hold the bytes of the file"
        ;;
    *)
        cmp -s -n "$size" -i "0:$at" /dev/zero "$work/image" || complain "$1 is not zero"
        ;;
    esac
    sections=$((sections + 1))
}

check_header() {  # check_header WORD PATTERN: a number of objdump -p that image_dump tells as WORD
    local told said
    told=$(awk -v word="$1" '$1 == word { print $2 }' "$work/out")
    said=$(awk -v word="$2" '$1 == word { print $2 }' "$work/headers")
    if [ -z "$told" ] || [ -z "$said" ] || [ "$((told))" -ne "$((16#$said))" ]; then
        complain "$1 is $told instead of $said"
    fi
}

check_file() {
    file=$1 bad=0 sections=0
    "$dump" "$file" "$work/image" >"$work/out" || complain "no image: $(cat "$work/out")"
    "$objdump" -p "$file" >"$work/headers"
    base=$(hex "$(awk '$1 == "ImageBase" { print $2 }' "$work/headers")")
    check_header size SizeOfImage
    check_header base ImageBase
    check_header entry AddressOfEntryPoint
    [ "$(state_at 0)" = RO ] || complain "the headers are $(state_at 0)"
    cmp -s -n 512 "$file" "$work/image" || complain "the headers differ"
    # shellcheck disable=SC2086  # words of one line
    while read -r _ name size address _ offset _ flags; do
        check_section "$name" "$size" "$address" "$offset" "${flags// /}"
    done < <("$objdump" -h -w "$file" | grep -E '^ *[0-9]+ ')
    [ "$sections" -ge 4 ] || complain "only $sections sections"
    result "$bad" "$2: $sections sections as objdump says"
}

build() {  # build NAME FLAGS...
    "$MINGW_CC" -O1 -o "$work/$1" "$work/code.c" "${@:2}" >"$work/log" 2>&1 ||
        { sed 's/^/# /' "$work/log"; result 1 "$*: build"; return 1; }
}

objdump=${MINGW_CC%gcc}objdump
if [ -z "${MINGW_CC:-}" ] || ! command -v "$objdump" >/dev/null; then
    echo "1..0 # SKIP no mingw-w64"
    exit 0
fi
cat >"$work/code.c" <<'EOF'
static const char words[9000] = "read only";
char changed[5000] = "written";
char zero[20000];
__attribute__((section(".wx"), used)) static int both(void) { return 1; }
__declspec(dllexport) const char *get(int i) { return i ? words + i : changed + (zero[3] & 1); }
int main(void) { return both(); }
EOF
build usual.dll -shared && check_file "$work/usual.dll" "a library"
build usual.exe && check_file "$work/usual.exe" "a program"
build far.dll -shared -Wl,--section-alignment=0x4000 &&
    check_file "$work/far.dll" "sections far apart"
"$dump" "$dump" "$work/image" >"$work/out"
[ $? -eq 1 ] && grep -qx 'status 0xc000012f' "$work/out"
result $? "an ELF file is not MZ"
echo "1..$n"
