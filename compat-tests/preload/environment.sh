#!/bin/sh
# What winvm-run does to processes: the environment of the program and of its children, exit statuses,
# the process itself, programs that cannot be preloaded, --map and its conditions.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

$CC -O1 "$here/showenv.c" -o "$tmp/showenv" || { echo "Bail out! no compiler"; exit 1; }
show=$tmp/showenv
echo 'int nothing_here;' >"$tmp/other.c"
$CC -shared -fPIC "$tmp/other.c" -o "$tmp/other.so"

try "$run" --opt diag=1 --map "$show"
is_status 5 && ! out_has 'WINVM|LD_PRELOAD' && err_has '^address-space map of process'
ok "the variables are gone in the program; --map prints the map"

try env LD_PRELOAD="$tmp/other.so" WINVM_OPTIONS=audit=1 "$run" --opt diag=1 "$show"
is_status 5 && out_has "^LD_PRELOAD=$tmp/other.so\$" && out_has '^WINVM_OPTIONS=audit=1$' &&
    ! out_has 'SAVED|WINVM_RUN'
ok "what was there before is there again"

try "$run" --opt guard-regions=0 --follow "$show" "$show"
is_status 5 && [ "$(grep -c '^LD_PRELOAD=.*libwinvm-preload.so' "$tmp/out")" = 2 ] &&
    [ "$(grep -c '^WINVM_OPTIONS=guard-regions=0$' "$tmp/out")" = 2 ]
ok "--follow reaches the child"

try "$run" "$show" "$show"
is_status 5 && ! out_has 'LD_PRELOAD|WINVM' && err_empty
ok "fork and exec: the child has nothing of winvm"

try env LD_PRELOAD="$libs/libwinvm-preload.so" WINVM_OPTIONS=diag=1 "$show" "$show"
is_status 5 && ! out_has LD_PRELOAD && [ "$(grep -c '^WINVM_OPTIONS=diag=1$' "$tmp/out")" = 2 ]
ok "preloaded by hand: only LD_PRELOAD is cleared"

try "$run" --map "$show" "$show"
[ "$(grep -c '^address-space map' "$tmp/err")" = 1 ]
ok "--map: one map, from the program itself"

cat >"$tmp/quits.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 2)
        return 8;
    for (int fd = 0; argc > 1 && fd < 3; fd++)
        close(fd);
    if (fork() == 0)
        exit(0);
    exit(7);
}
END
$CC "$tmp/quits.c" -o "$tmp/quits"
try "$run" --map "$tmp/quits"
is_status 7 && [ "$(grep -c '^address-space map' "$tmp/err")" = 1 ]
ok "--map: after exit(), and not from a fork child"
try "$run" --map "$tmp/quits" close
is_status 7 && [ "$(grep -c '^address-space map' "$tmp/err")" = 1 ]
ok "--map: also when the program closed its standard error"
try env COLUMNS=60 "$run" --map "$tmp/quits" a b
is_status 8 && [ "$(awk '{ if (length > m) m = length } END { print m }' "$tmp/err")" -le 60 ]
ok "--map: no line is wider than COLUMNS"

# shellcheck disable=SC2016
sh -c 'echo "pid $$"; exec "$@"' sh "$run" "$show" >"$tmp/out" 2>"$tmp/err"
[ "$(sort -u "$tmp/out" | grep -c pid)" = 1 ]
ok "winvm-run becomes the program"

try "$run" /nonexistent/program
is_status 127 && err_has 'winvm-run: '
ok "127: no such file"
try "$run" no-such-program-anywhere
is_status 127
ok "127: not in PATH"
: >"$tmp/noexec"
try "$run" "$tmp/noexec"
is_status 126
ok "126: not executable"
try "$run"
is_status 125 && err_has usage
ok "no program: usage"
try "$run" --help
is_status 0 && out_has usage && out_has -- --follow
ok "--help"
try "$run" --version
is_status 0 && out_has '^winvm-run [0-9]'
ok "--version"
try env PATH="$tmp:$PATH" "$run" showenv
is_status 5
ok "PATH is searched"
try env WINVM_PRELOAD_DIR="$tmp" "$run" "$show"
is_status 125 && err_has WINVM_PRELOAD_DIR
ok "WINVM_PRELOAD_DIR without the objects"
mkdir "$tmp/dir" && cp "$libs/libwinvm-preload.so" "$tmp/dir" &&
    try env WINVM_PRELOAD_DIR="$tmp/dir" "$run" --opt diag=1 "$show" && err_has "preloads $tmp/dir/"
ok "WINVM_PRELOAD_DIR with them"
printf 'exit 9\n' >"$tmp/noshebang" && chmod +x "$tmp/noshebang"
try "$run" "$tmp/noshebang"
is_status 9
ok "a script without #!"

# Refusals. Set-user-ID of another user can be made by root only.
if [ "$(id -u)" = 0 ] && cp "$show" "$tmp/setuid" && chown 65534 "$tmp/setuid" && chmod 4755 "$tmp/setuid"; then
    try "$run" "$tmp/setuid"
    is_status 126 && err_has 'set-user-ID'
    ok "a set-user-ID program is refused"
else
    skip "a set-user-ID program is refused" "needs root"
fi
if $CC -static "$here/showenv.c" -o "$tmp/static" 2>/dev/null; then
    try "$run" "$tmp/static"
    is_status 5 && err_has 'statically linked' && ! out_has LD_PRELOAD
    ok "a static program runs without"
fi
# A program of the other class: it gets the preload object of its class where there is one.
case $CC in *-m32*) bits=64 cross="${CC%-m32*}${CC#*-m32} -m64" ;; *) bits=32 cross="$CC -m32" ;; esac
if $cross "$here/showenv.c" -o "$tmp/show_other" 2>/dev/null && "$tmp/show_other" >/dev/null 2>&1; [ $? -eq 5 ]; then
    mkdir "$tmp/empty" "$tmp/wrong" && cp "$libs/libwinvm-preload.so" "$tmp/wrong"
    for dir in empty wrong; do
        try env WINVM_PRELOAD_DIR="$tmp/$dir" "$run" "$tmp/show_other"
        is_status 5 && err_has "$bits-bit" && ! err_has 'ELFCLASS|ld\.so' && ! out_has LD_PRELOAD
        ok "a $bits-bit program runs without, and says so: $dir"
    done
    try env WINVM_PRELOAD_DIR="$tmp/empty:$libs" "$run" --opt diag=1 "$show"
    is_status 5 && err_has "preloads $libs/"
    ok "WINVM_PRELOAD_DIR may name several directories"
    printf 'int winvm_other_class;' >"$tmp/object.c"
    mkdir "$tmp/other" && $cross -shared -fPIC "$tmp/object.c" -o "$tmp/other/libwinvm-preload.so"
    try env WINVM_PRELOAD_DIR="$libs:$tmp/other" "$run" --opt diag=1 "$tmp/show_other"
    is_status 5 && err_has "preloads $tmp/other/" && out_has 'LD_PRELOAD=.*/other/'
    ok "a $bits-bit program gets the object of its class"
    try env WINVM_PRELOAD_DIR="$libs:$tmp/other" "$run" --opt diag=1 "$show"
    is_status 5 && err_has "preloads $libs/"
    ok "and the others theirs"
    try "$run" "$show" "$tmp/show_other"
    is_status 5 && err_empty
    ok "a $bits-bit child: no word from ld.so"
else
    skip "a $bits-bit program" "no $bits-bit compiler"
fi
finish
