#!/usr/bin/env bash
# winvm-poolmon on running programs: rows against those that the program itself sees, text and JSON,
# options, processes that cannot be looked into, and the live view on a terminal of its own.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "1..0 # SKIP programs without the sanitizer" && exit 77 ;;
esac
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"
mon=$abs_top_builddir/winvm-poolmon
here=$abs_top_srcdir/src/tools/t
unset WINVM_OPTIONS
trap 'stop; rm -rf "$work"' EXIT

# ---- programs ----

# build NAME SOURCE FLAGS..
build() {
    local name=$1 source=$2
    shift 2
    # shellcheck disable=SC2086  # CC is a command with options
    $CC -std=gnu11 -Wall -Wextra -g "-I$abs_top_srcdir/include" "-I$abs_top_builddir/include" \
        "$here/$source" "$@" -lpthread -o "$work/$name" >"$work/log" 2>&1 && [ ! -s "$work/log" ]
    status=$?
    [ "$status" -eq 0 ] || show "$work/log"
    result "$status" "$name: is built"
}

# start COMMAND..: runs it; tell says a line to it.
start() {
    rm -f "$work/in" "$work/out"
    mkfifo "$work/in" "$work/out"
    "$@" <"$work/in" >"$work/out" &
    pid=$!
    exec 3>"$work/in" 4<"$work/out"
}

# tell LINE: prints the answer but for its end.
tell() {
    local line
    echo "$*" >&3
    while IFS= read -r -t 20 line <&4; do
        [ "$line" != ok ] || return 0
        printf '%s\n' "$line"
    done
    return 1
}

pid=
stop() {
    [ -n "$pid" ] || return 0
    exec 3>&- 4<&-
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    pid=
}

# ---- comparing ----

rows() { timeout 60 "$mon" --once "$@" >"$work/text" 2>"$work/err" && sed 1,4d "$work/text"; }

# same NAME EXPECTED-FILE GOT-FILE
same() {
    diff "$2" "$3" >"$work/diff"
    status=$?
    [ "$status" -eq 0 ] || { show "$work/diff"; show "$work/err"; }
    result "$status" "$1"
}

# agrees NAME: the rows are those that the program sees.
agrees() {
    tell list | LC_ALL=C sort >"$work/expected"
    rows "$pid" | LC_ALL=C sort >"$work/got"
    [ -s "$work/expected" ] || echo "no rows" >>"$work/expected"
    same "$1" "$work/expected" "$work/got"
}

# fails STATUS TEXT NAME COMMAND..: ends so and says so.
fails() {
    local expected=$1 text=$2 name=$3
    shift 3
    timeout 60 "$@" >"$work/got" 2>"$work/err" </dev/null
    status=$?
    [ "$status" -eq "$expected" ] && [ ! -s "$work/got" ] && grep -q -- "$text" "$work/err"
    status=$?
    [ "$status" -eq 0 ] || show "$work/err"
    result "$status" "$name"
}

fill() {
    tell "alloc Fred 5 64 paged" && tell "alloc Fred 3 4096 nonp" && tell "alloc CM 7 16 paged" &&
        tell "free CM 2" && tell "alloc Gone 2 64 paged" && tell "free Gone 2" &&
        tell "alloc a-b? 1 8192 nonp"
}

cat >"$work/fred" <<'END'
 CM   Paged         7 (   0)         2 (   0)       5        80 (     0)      16
 Fred Nonp          3 (   0)         0 (   0)       3     12288 (     0)    4096
 Fred Paged         5 (   0)         0 (   0)       5       320 (     0)      64
 Gone Paged         2 (   0)         2 (   0)       0         0 (     0)       0
 a-b? Nonp          1 (   0)         0 (   0)       1      8192 (     0)    8192
END

# ---- one sample ----

build pools pool_program.c "-L$abs_top_builddir/.libs" -lwinvm "-Wl,-rpath,$abs_top_builddir/.libs"
build pty pty_screen.c

start "$work/pools"
rows "$pid" >"$work/got"
same "no pool was used yet" /dev/null "$work/got"
fill
rows "$pid" >"$work/got"
same "rows of a program" "$work/fred" "$work/got"
for head in '^ Memory: +[1-9][0-9]*K Avail: +[1-9][0-9]*K  PageFlts: *[1-9][0-9]*  InRam Krnl: *[1-9][0-9]*K P: *[0-9]+K$' \
    '^ Commit: +[0-9]+K Limit: +[1-9][0-9]*K Peak: +[0-9]+K       Pool N: *[1-9][0-9]*K P: *[1-9][0-9]*K$' \
    '^ Tag  Type     Allocs            Frees           Diff     Bytes        Per Alloc$'; do
    sed -n 1,3p "$work/text" | grep -qE "$head"
    status=$?
    [ "$status" -eq 0 ] || sed -n '1,3s/^/# /p' "$work/text"
    result "$status" "head: $head"
done
agrees "the program sees the same"

"$mon" --once --json -i 'a-*' -i Gone "$pid" 2>"$work/err" | sed -n '/"tags"/,$p' >"$work/got"
cat >"$work/expected" <<'END'
  "tags": [
    {"tag": "Gone", "value": 1701736263, "type": "Paged", "allocs": 2, "frees": 2, "diff": 0, "bytes": 0, "per_alloc": 0},
    {"tag": "a-b?", "value": 1063398753, "type": "Nonp", "allocs": 1, "frees": 0, "diff": 1, "bytes": 8192, "per_alloc": 8192}
  ]
}
END
same "JSON" "$work/expected" "$work/got"
if command -v python3 >/dev/null 2>&1 && python3 -c 'import json' 2>/dev/null; then
    "$mon" --once --json "$pid" | python3 -c '
import json, sys
all = json.load(sys.stdin)
assert all["pid"] == int(sys.argv[1]) and all["name"] == "pools" and len(all["tags"]) == 5
assert all["pool"]["nonpaged"] >= 3 * 4096 + 8192 and all["memory"]["total"] > 0' "$pid" 2>"$work/err"
    status=$?
    [ "$status" -eq 0 ] || show "$work/err"
    result "$status" "JSON: a parser takes it"
else
    skip "JSON: a parser takes it" "no python3"
fi

rows -s b pools >"$work/got"
cut -c1-11 "$work/got" | tr '\n' ';' >"$work/order"
printf ' Fred Nonp ; a-b? Nonp ; Fred Paged; CM   Paged; Gone Paged;' >"$work/expected"
same "by name, sorted by bytes" "$work/expected" "$work/order"
rows -p "$pid" >"$work/got"
grep Nonp "$work/fred" >"$work/expected"
same "-p: non-paged pool" "$work/expected" "$work/got"
rows -p -p -x 'Fr*' "$pid" >"$work/got"
grep Paged "$work/fred" | grep -v Fred >"$work/expected"
same "-p -p: paged pool, -x" "$work/expected" "$work/got"
printf 'Fr?d - some.sys - Fred and its kin\nCM - nt!cm - Configuration\n' >"$work/pooltag.txt"
rows -g "$work/pooltag.txt" -i CM -i 'F*' -i Gone -p -p "$pid" >"$work/got"
{
    sed -n '1s/$/  [nt!cm - Configuration]/p' "$work/fred"
    sed -n '3s/$/  [some.sys - Fred and its kin]/p' "$work/fred"
    sed -n '4s/$/  Unknown Driver/p' "$work/fred"
} >"$work/expected"
same "-g: names" "$work/expected" "$work/got"
"$mon" -n "$work/log.txt" "$pid" >"$work/got" 2>"$work/err" && sed 1,4d "$work/log.txt" >>"$work/got"
same "-n: a file" "$work/fred" "$work/got"

# ---- threads ----

tell "threads Thrd 8 64"
agrees "threads that have ended"
tell "stay Stay 6 1024"
agrees "threads that are there"
tell "threads Thrd 5 64"
tell "threads More 40 48"
agrees "more of both"
rows -i Thrd "$pid" | tr -s ' ' | cut -d' ' -f2-4 >"$work/got"
echo "Thrd Paged 13013" >"$work/expected"
same "every call counts" "$work/expected" "$work/got"

# frees never pass allocs, and no count goes back.
tell "rush Rush"
last=0 bad=0 looks=0
while [ "$looks" -lt 60 ]; do
    looks=$((looks + 1))
    rows -i Rush "$pid" >"$work/got"
    # A count and its change, then the next.
    read -r _ _ allocs _ frees _ <<<"$(tr -d '()' <"$work/got")"
    if [ "${allocs:-0}" -lt "$last" ] || [ "${frees:-1}" -gt "${allocs:-0}" ]; then
        bad=1
        show "$work/got"
        show "$work/err"
    fi
    last=${allocs:-0}
done
[ "$last" -gt 0 ] || bad=1
result "$bad" "a thread that never rests: counts only grow, frees are at most allocs"
stop

# ---- other ways to have winvm ----

if [ -f "$abs_top_builddir/.libs/libwinvm.a" ]; then
    build pools-static pool_program.c "$abs_top_builddir/.libs/libwinvm.a" -s
    start "$work/pools-static"
    fill
    rows "$pid" >"$work/got"
    same "linked statically, stripped" "$work/fred" "$work/got"
    stop
else
    skip "linked statically, stripped" "no static library"
fi
build pools-preloaded pool_program.c -Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-all
start "$abs_top_builddir/winvm-run" "$work/pools-preloaded"
fill
rows "$pid" >"$work/got"
same "preloaded" "$work/fred" "$work/got"
rows pools-preloaded >"$work/got"
same "preloaded: by the name of the file" "$work/fred" "$work/got"
stop

# ---- refusals ----

fails 2 "which process" "no process" "$mon" --once
fails 2 "one process" "two processes" "$mon" --once 1 2
fails 2 "one of t a f d b m" "an order that there is not" "$mon" --once -s z 1
fails 2 "goes with --once" "JSON alone" "$mon" --json 1
fails 2 "help" "an option that there is not" "$mon" --nothing 1
fails 1 "no process is called" "a name that nobody has" "$mon" --once no-such-name-at-all
fails 1 "has ended" "a number that nobody has" "$mon" --once 2147483646
fails 1 "No such file" "a file of names that there is not" "$mon" --once -g "$work/none" 1
fails 1 "no terminal" "no terminal" "$mon" $$
sleep 100 &
pid=$!
fails 1 "runs without winvm" "a process without winvm" "$mon" --once "$pid"
kill "$pid" && wait "$pid" 2>/dev/null
fails 1 "has ended" "a process that has ended" "$mon" --once "$pid"
pid=
start "$work/pools"
tell "alloc Fred"
chmod 755 "$work"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null 2>&1 &&
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$mon" 2>/dev/null; then
    fails 1 "may not be looked into" "a process of another user" \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$mon" --once "$pid"
else
    skip "a process of another user" "cannot become another user"
fi
if [ "$(id -u)" -ne 0 ] || [ ! -e /dev/full ]; then
    skip "output that cannot be written" "no /dev/full"
else
    "$mon" --once "$pid" >/dev/full 2>"$work/err"
    [ $? -eq 1 ] && grep -q "cannot be written" "$work/err"
    result $? "output that cannot be written"
fi
stop

# ---- the live view ----

# live NAME STEP..
live() {
    local name=$1
    shift
    timeout 120 "$work/pty" "$@" -- "$mon" -g "$work/pooltag.txt" "$pid" >"$work/got" 2>"$work/err"
    status=$?
    [ "$status" -eq 0 ] || show "$work/err"
    [ "$status" -ne 77 ] || { skip "$name" "$(cat "$work/got")"; return; }
    result "$status" "$name"
}

"$mon" 1 >/dev/null 2>"$work/err" </dev/null
if grep -q "built without ncurses" "$work/err"; then
    skip "the live view" "built without ncurses"
    echo "1..$n"
    exit 0
fi
start "$work/pools"
fill
live "rows, orders, types" 24x120 \
    'until:by tag, 1 to 5 of 5' 'until:^  Memory:' 'until:^  Commit:' 'until:Mapped_Driver$' \
    'until:^  Fred Nonp          3 \(   0\)         0 \(   0\)       3     12288 .*4096  \[some.sys' \
    key:b 'until:by bytes' key:a 'until:by allocs' key:f 'until:by frees' key:d 'until:by diff' \
    key:m 'until:by bytes per alloc' key:t 'until:by tag' key:s 'until:by allocs' \
    'key:(' 'until:by change of allocs' 'key:)' 'until:by allocs,' \
    key:p 'until:: Nonp by .* 1 to 2 of 2' 'never:^.....  Paged' key:p 'until:: Paged by .* of 3' \
    'never:^ ..... Nonp ' key:p 'until:Nonp and Paged' \
    key:e 'until:^  Tot. Nonp          4 .*20480' 'until:^  Tot. Paged        14' key:e \
    'key:?' 'until:escape +leave' 'never:Fred' 'key:?' 'until:Fred' key:q end:0
live "changes, highlighted until the next sample" 24x120 \
    'until:^  Fred Paged         5' key:l \
    "run:echo alloc Fred 4 64 paged >/proc/$$/fd/3" \
    'until:^\* Fred Paged         9 \(   4\)         0 \(   0\)       9       576 \(   256\)' \
    'until:^  Fred Paged         9 \(   0\)' 'key:\e' end:0
read -r _ <&4
live "windows of all sizes" 24x80 'until:Fred' size:3x20 'until:^ too small' size:5x40 \
    'until:^  CM   Paged         7 ' never:Fred size:1x1 'until:^ t$' size:6x200 'until:1 to 2 of 5' 'key:\eOB' \
    'until:2 to 3 of 5' size:50x132 'until:1 to 5 of 5' key:Q end:0
for tag in 0 1 2 3 4 5 6 7 8 9; do tell "alloc row$tag 1 64 nonp" >/dev/null; done
live "scrolling" 12x80 'until:1 to 8 of 15' 'key:\eOB' 'until:2 to 9 of 15' 'key:\eOA' \
    'until:1 to 8 of 15' 'key:\eOB\eOB\eOB' 'until:4 to 11 of 15' key:b 'until:4 to 11 of 15' \
    key:q end:0
live "the process ends" 24x80 'until:Fred' "run:kill -9 $pid" end:1
stop
echo "1..$n"
