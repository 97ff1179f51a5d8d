#!/usr/bin/env bash
# The headers of the compat path as unmodified sources use them: each alone, all in both orders and
# the chief ones in pairs, as a Windows file and as a plain one; files of one program, of which
# only one is Windows' own; and back ends (backends/) that compile without a change. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"
CXX=${CXX:-c++}

compat=$top/include/winvm/compat
path="-I$compat -I$build/include"
warn="-Wall -Wextra -Wpedantic -Wundef -Wshadow"
win="-D_WIN32 -D_WIN64 -D_WIN32_WINNT=0x0A00"
kit="$libs/libwinvm-kit.so $libs/libwinvm.so -Wl,-rpath,$libs"

# quiet COMMAND..: it succeeds and says nothing.
quiet() {
    "$@" >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ]
}

# Every header but those whose other spelling is one too, in two languages.
headers=$(cd "$compat" && echo *.h sys/*.h | tr ' ' '\n' | grep -v '[A-Z]')
mkdir -p "$tmp/alone"
for header in $headers; do
    name=$(echo "$header" | tr '/.' '__')
    printf '#include <%s>\n#include <%s>\nextern int alone;\n' "$header" "$header" \
        >"$tmp/alone/$name.c"
    cp "$tmp/alone/$name.c" "$tmp/alone/$name.cc"
done
# One command for all files: the compiler says in which one it finds something.
# shellcheck disable=SC2086
for flags in "$CC -std=c99 $win" "$CC -std=c11 -DUNICODE"; do
    quiet $flags $warn $path -fsyntax-only "$tmp"/alone/*.c
    ok "each header alone: ${flags%% *} ${flags#* }"
done
# shellcheck disable=SC2086
quiet $CXX -std=c++17 $win -DNOMINMAX $warn $path -fsyntax-only "$tmp"/alone/*.cc
ok "each header alone: C++17"

# All of them in one file; upside down; in every dialect.
for header in $headers; do echo "#include <$header>"; done >"$tmp/all.c"
tac "$tmp/all.c" >"$tmp/back.c"
grep -v 'pack' "$tmp/all.c" >"$tmp/all.h" && mv "$tmp/all.h" "$tmp/all.c"
grep -v 'pack' "$tmp/back.c" >"$tmp/all.h" && mv "$tmp/all.h" "$tmp/back.c"
echo 'extern int all;' | tee -a "$tmp/all.c" >>"$tmp/back.c"
cp "$tmp/all.c" "$tmp/all.cc"
cp "$tmp/back.c" "$tmp/back.cc"
m32=
echo '#include <string.h>' >"$tmp/m32.c"
# shellcheck disable=SC2086
$CC -m32 -fsyntax-only "$tmp/m32.c" 2>/dev/null && m32=-m32
for cc in "$CC" clang; do
    have "${cc%% *}" || continue
    for flags in "-std=c99" "-std=c11 $win" "-std=gnu11 $win -DUNICODE -D_UNICODE -fshort-wchar" \
        "-std=gnu17 $win -DNOMINMAX -DWIN32_LEAN_AND_MEAN -D__MINGW32__ -D__MINGW64__" \
        "$win -DWINVM_ABI_MS" "${m32:+-m32 -D_WIN32}" "${m32:+-m32 -DWINVM_ABI_CDECL}"; do
        [ -n "$flags" ] || continue
        # shellcheck disable=SC2086
        quiet $cc $flags $warn $path -fsyntax-only "$tmp/all.c" "$tmp/back.c"
        ok "all headers, both ways: ${cc%% *} $flags"
    done
done
for cxx in "$CXX" clang++; do
    have "${cxx%% *}" || continue
    for flags in "-std=c++17" "-std=c++17 $win" "-std=c++20 $win -DNOMINMAX -DUNICODE" \
        "${m32:+-m32 -D_WIN32}"; do
        [ -n "$flags" ] || continue
        # shellcheck disable=SC2086
        quiet $cxx $flags $warn $path -fsyntax-only "$tmp/all.cc" "$tmp/back.cc"
        ok "all headers, both ways: ${cxx%% *} $flags"
    done
done
# shellcheck disable=SC2086
quiet $CC $win -isystem "$compat" "-I$build/include" $warn -fsyntax-only "$tmp/all.c"
ok "all headers as those of the system"

# The chief ones, each before and behind those that bring most.
chief="windows.h winternl.h psapi.h intrin.h malloc.h process.h stdlib.h string.h tchar.h io.h"
mkdir -p "$tmp/pair"
for a in $chief; do
    for b in windows.h intrin.h stdlib.h; do
        [ "$a" != "$b" ] || continue
        printf '#include <%s>\n#include <%s>\nextern int two;\n' "$a" "$b" >"$tmp/pair/$a.$b.c"
        printf '#include <%s>\n#include <%s>\nextern int two;\n' "$b" "$a" >"$tmp/pair/$b.$a.c"
    done
done
# shellcheck disable=SC2086
quiet $CC -std=c11 $win $warn $path -fsyntax-only "$tmp"/pair/*.c
ok "the chief headers in pairs"

# A name with A and W forms has the plain one too.
sed -nE 's/.*[( ]\(?([A-Z][A-Za-z0-9]+)A\)?,? *(\(|$).*/\1/p' "$top"/include/winvm/*.h |
    sort -u >"$tmp/a"
sed -nE 's/.*[( ]\(?([A-Z][A-Za-z0-9]+)W\)?,? *(\(|$).*/\1/p' "$top"/include/winvm/*.h |
    sort -u >"$tmp/w"
comm -12 "$tmp/a" "$tmp/w" | grep -vE '^(IsBad|K32)' >"$tmp/both"
# shellcheck disable=SC2086
printf '#include <psapi.h>\n#include <shlwapi.h>\n#include <strsafe.h>\n' | $CC $win $path -dM -E -x c - |
    sed -nE 's/^#define ([A-Za-z0-9]+) .*/\1/p' | sort >"$tmp/macros"
comm -23 "$tmp/both" "$tmp/macros" >"$tmp/out"
[ -s "$tmp/both" ] && [ ! -s "$tmp/out" ]
ok "names with A and W forms have the plain one"

# The C run time, and one file of Windows among others. C: natively, with 16-bit wchar_t.
# shellcheck disable=SC2086
for flags in "$CC -std=gnu11" "$CC -std=c99 -fshort-wchar -Wno-psabi" "clang -std=c11" \
    "$CC $other_flag -DUNICODE" "$CXX -x c++ -std=c++17 -Wno-unknown-pragmas"; do
    have "${flags%% *}" || continue
    for source in "$here"/crt*.c; do
        $flags $win $warn -Wno-long-long -Wno-pedantic $path "$source" -x none $kit -pthread \
            -o "$tmp/crt" >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ] &&
            timeout 60 "$tmp/crt" >"$tmp/out" 2>"$tmp/err"
        ok "the C run time, ${source##*/}: $flags"
    done
done
# shellcheck disable=SC2086
for cxx in "$CXX" clang++; do
    have "${cxx%% *}" || continue
    $cxx -std=c++17 -c $win $warn $path "$here/per_file_windows.cc" -o "$tmp/w.o" 2>"$tmp/err" &&
        $cxx -std=c++17 -c $win -DWINDOWS_FIRST $path "$here/per_file_windows.cc" \
            -o "$tmp/w1.o" 2>>"$tmp/err" &&
        $CC -c $warn $path "$here/per_file_posix.c" -o "$tmp/p.o" 2>>"$tmp/err" &&
        $cxx "$tmp/w.o" "$tmp/p.o" $kit -pthread -o "$tmp/f" 2>>"$tmp/err" &&
        "$tmp/f" && $cxx "$tmp/w1.o" "$tmp/p.o" $kit -pthread -o "$tmp/f" 2>>"$tmp/err" &&
        "$tmp/f" && [ ! -s "$tmp/err" ]
    ok "one file of Windows among others: ${cxx%% *}"
done

# Back ends as they stand, in the dialects that their programs choose.
for source in "$here"/backends/*; do
    case $source in
    *.cc) dialects="$CXX:-std=c++17 $CXX:-std=gnu++20 clang++:-std=c++17" ;;
    *.c) dialects="$CC:-std=gnu11 $CC:-std=c11 $CC:-std=gnu99 clang:-std=c99" ;;
    *) continue ;;
    esac
    for dialect in $dialects; do
        compiler=${dialect%%:*} flags=${dialect#*:}
        have "$compiler" || continue
        # shellcheck disable=SC2086
        quiet $compiler $flags $win -Wall -Wno-unknown-pragmas $path -c "$source" -o "$tmp/b.o" &&
            if [ -n "$m32" ] && [ "$dialect" = "${dialects%% *}" ]; then
                quiet $compiler $flags -m32 -D_WIN32 -w $path -fsyntax-only "$source"
            fi
        ok "compiles as it stands: ${source##*/}, $compiler $flags"
    done
    # Those that are programs find all that they need, and end with 0.
    grep -q '^int main' "$source" || continue
    # shellcheck disable=SC2086
    $CXX $win -w $path -x "$([ "${source%.cc}" = "$source" ] && echo c || echo c++)" "$source" \
        -x none $kit -pthread -o "$tmp/b" >"$tmp/out" 2>"$tmp/err" &&
        timeout 60 "$tmp/b" >"$tmp/out" 2>"$tmp/err" </dev/null && ! grep 'missing' "$tmp/out"
    ok "runs: ${source##*/}"
done
finish
