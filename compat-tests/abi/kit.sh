#!/bin/sh
# The numbers and types of the kit's and the further headers against mingw-w64's, found in the
# headers themselves: every #define that is a number or made of numbers, and the size and alignment
# of every structure. What mingw-w64 does not have is not compared; 64 and 32 bit.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"

headers="dbghelp debugapi fibersapi guiddef heapapi image image_directories kit_file_info kit_files kit_loader
kit_ntdll_strings kit_spawn kit_sysinfo kit_thread_info kit_threads kit_winbase minwinbase sdkddkver
securitybaseapi synchapi sysinfoapi teb threadpoolapiset threadpoollegacyapiset winbase
windef werapi winerror winerror_more winioctl winnt winnt_lists winnt_words winuser"
# What the two are meant to differ in: which Windows the source is for by default, hints that are no
# numbers in mingw-w64's 32-bit headers, and structures that those have only the beginning of
# (layout.h checks the ones of teb.h; a load configuration tells its own size).
other="_WIN32_IE _WIN32_WINNT WINVER NTDDI_VERSION PF_NON_TEMPORAL_LEVEL_ALL PF_TEMPORAL_LEVEL_1
PF_TEMPORAL_LEVEL_2 PF_TEMPORAL_LEVEL_3 IMAGE_LOAD_CONFIG_DIRECTORY32 IMAGE_LOAD_CONFIG_DIRECTORY64
PEB PEB_LDR_DATA RTL_USER_PROCESS_PARAMETERS TEB"

for header in $headers; do
    [ ! -f "$top/include/winvm/$header.h" ] || cat "$top/include/winvm/$header.h"
done >"$tmp/text"
number='\(*(\((DWORD|LONG|HRESULT|ULONG)\))?-?[0-9][0-9A-Fa-fxXu]*\)*'
sed -nE "s/^#define ([A-Z][A-Za-z0-9_]+) $number\$/\1/p" "$tmp/text" | sort -u >"$tmp/names"
sed -nE 's/^\} (DECLSPEC_ALIGN\([0-9]+\) )?([A-Z][A-Z0-9_]+)(,.*)?;$/\2/p' "$tmp/text" |
    grep -v '^WINVM' | sort -u >"$tmp/types"

for list in names types; do
    for name in $other; do
        grep -vx "$name" "$tmp/$list" >"$tmp/rest" && mv "$tmp/rest" "$tmp/$list"
    done
done

# source_of: prints what is compared.
source_of() {
    echo '#include "abi_headers.h"'
    echo 'void numbers(void); void numbers(void) {'
    while IFS= read -r name; do
        printf '#ifdef %s\nABI_PRINT("%s", (int)(%s));\n#endif\n' "$name" "$name" "$name"
    done <"$tmp/names"
    while IFS= read -r name; do
        printf 'ABI_PRINT("size %s", (int)sizeof(%s));\n' "$name" "$name"
        printf 'ABI_PRINT("align %s", (int)__alignof__(%s));\n' "$name" "$name"
    done <"$tmp/types"
    echo '}'
}

# known COMPILER..: takes the types out that the compiler's headers do not have.
known() {
    source_of >"$tmp/kit.c"
    "$@" -S -o /dev/null "$tmp/kit.c" 2>&1 |
        sed -nE "s/.*error: .([A-Z0-9_]+). undeclared.*/\1/p" | sort -u >"$tmp/unknown"
    grep -vxFf "$tmp/unknown" "$tmp/types" >"$tmp/rest"
    mv "$tmp/rest" "$tmp/types"
}

# against BITS MINGW
against() {
    bits=$1 mingw=$2
    have "$mingw" || return 0
    echo '#include <string.h>' >"$tmp/m.c"
    # shellcheck disable=SC2086
    $CC "-m$bits" -fsyntax-only "$tmp/m.c" 2>/dev/null || return 0
    cp "$tmp/types" "$tmp/types.all"
    set -- "$mingw" -w -D_WIN32_WINNT=0x0A00 -DNTDDI_VERSION=0x0A000008 -DABI_MINGW "-I$abi"
    known "$@"
    source_of >"$tmp/kit.c"
    values "$@" "$tmp/kit.c" | sort >"$tmp/mingw" || fail "$bits bit: mingw-w64's headers"
    # shellcheck disable=SC2086
    values $CC -w "-m$bits" "-I$abi" $includes -include winvm/kit.h -include winvm/sdkddkver.h \
        -include winvm/dbghelp.h -include winvm/winioctl.h \
        -include winvm/guiddef.h "$tmp/kit.c" | sort >"$tmp/ours" || fail "$bits bit: our headers"
    sed 's/=.*//' "$tmp/mingw" | sort -u >"$tmp/both"
    while IFS='=' read -r name value; do
        theirs=$(grep "^$name=" "$tmp/mingw") || continue
        [ "$theirs" = "$name=$value" ] || fail "$bits bit: ours $name=$value, mingw-w64's $theirs"
    done <"$tmp/ours"
    compared=$(sed 's/=.*//' "$tmp/ours" | grep -cxFf "$tmp/both")
    [ "${compared:-0}" -gt 500 ] || fail "$bits bit: only $compared values"
    echo "kit, $bits bit: $compared values compared"
    mv "$tmp/types.all" "$tmp/types"
    tried=1
}

tried=
against 64 "${MINGW64_CC:-x86_64-w64-mingw32-gcc}"
against 32 "${MINGW32_CC:-i686-w64-mingw32-gcc}"
[ -n "$tried" ] || skip "no MinGW compiler"
finish
