#!/bin/sh
# Each public header compiles alone and twice, without a message, in every dialect and compiler at
# hand, also for a 32-bit host (among them layout.h, which checks every structure); each header of
# compat/ddk/ with that folder alone on the include path. Those of compat/: ../kit/headers.sh.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
# shellcheck disable=SC2086
have $CXX || skip "no C++ compiler"

warnings="-Wall -Wextra -Wpedantic -Wundef -Wshadow -Wstrict-prototypes -Wmissing-declarations"
version_path=${includes#* }

# alone SUFFIX COMMAND PATTERN: the headers that match, with one compiler in one dialect.
alone() {
    n=$((n + 1))
    # shellcheck disable=SC2086
    for path in "$top"/include/winvm/$3.h "$top"/include/winvm/compat/ddk/$3.h; do
        [ -f "$path" ] || continue
        name=${path##*/}
        case $path in
        */version.h) continue ;;
        */compat/ddk/*)
            search="-I$top/include/winvm/compat/ddk $version_path" text="#include <$name>" ;;
        *) search=$includes text="#include <winvm/$name>" ;;
        esac
        printf '%s\n%s\nextern int alone;\n' "$text" "$text" >"$tmp/alone$1"
        # shellcheck disable=SC2086
        compiles "$name" $2 $warnings $search -fsyntax-only "$tmp/alone$1"
    done
}

# What the preprocessor chooses is the same for every compiler: one is asked.
n=0
for flags in -DWINVM_NO_NOTE -DUNICODE "-DUNICODE -fshort-wchar" -DNO_STRICT \
    "-DWIN32_LEAN_AND_MEAN -DNOMINMAX" -DNONAMELESSUNION; do
    alone .c "$CC -std=gnu11 $flags" '[wl]*'
done
for cc in "$CC" clang; do
    # shellcheck disable=SC2086
    have $cc || continue
    for std in c99 c11; do
        alone .c "$cc -std=$std" '*'
    done
    alone .c "$cc -std=gnu11 -DWINVM_ABI_MS" '[wl]*'
    echo '#include <string.h>' >"$tmp/m32.c"
    # shellcheck disable=SC2086
    if $cc -m32 -fsyntax-only "$tmp/m32.c" 2>/dev/null; then
        alone .c "$cc -m32" '*'
    fi
done
warnings="-Wall -Wextra -Wpedantic -Wundef -Wshadow -Wmissing-declarations"
for cxx in "$CXX" clang++; do
    # shellcheck disable=SC2086
    have $cxx || continue
    alone .cc "$cxx -std=c++17" '*'
    alone .cc "$cxx -std=c++17 -DWINVM_ABI_MS" '[wl]*'
done
alone .cc "$CXX -std=c++11" '*'
alone .cc "$CXX -std=c++17 -DUNICODE -fshort-wchar" '[wl]*'
echo "headers_alone: $n combinations of compiler and dialect"
finish
