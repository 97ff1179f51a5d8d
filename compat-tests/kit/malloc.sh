#!/usr/bin/env bash
# A malloc that is an allocator written for Windows, on the kit: in a program that uses the kit, and
# in programs of the host. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

flags="-std=gnu11 -O2 -g -Wall -Wextra -fPIC -fno-builtin $includes"
allocator=$top/docs/examples/allocator
shared="$libs/libwinvm-kit.so $libs/libwinvm.so -Wl,-rpath,$libs"

# compile NAME FLAGS..: $tmp/NAME.o of the last one
compile() {
    name=$1
    shift
    # shellcheck disable=SC2086
    $CC $flags "$@" -c -o "$tmp/$name.o" >>"$tmp/out" 2>>"$tmp/err"
}
for name in alloc os slabs; do
    compile "$name" -D_WIN32 -I"$top/include/winvm/compat" "$allocator/$name.c"
done
compile malloc "$here/malloc.c"
compile malloc_use "$here/malloc_use.c"
objects="$tmp/alloc.o $tmp/os.o $tmp/slabs.o $tmp/malloc.o"
[ -f "$tmp/malloc_use.o" ] && [ ! -s "$tmp/err" ]
ok "the allocator builds"
# shellcheck disable=SC2086
$CC -shared -o "$tmp/libmalloc.so" $objects $shared -pthread >"$tmp/out" 2>"$tmp/err"
ok "as a library, too"

# use NAME LIBRARIES..
use() {
    name=$1
    shift
    # shellcheck disable=SC2086
    $CC -o "$tmp/use-$name" "$tmp/malloc_use.o" $objects "$@" -pthread >"$tmp/out" 2>"$tmp/err"
    ok "$name: links"
    try "$tmp/use-$name"
    tap "$name"
}
# shellcheck disable=SC2086
use shared $shared
[ ! -f "$libs/libwinvm-kit.a" ] || use archive "$libs/libwinvm-kit.a" "$libs/libwinvm.a"

# host NAME WANT COMMAND..: a program of the host prints WANT.
host() {
    name=$1 want=$2
    shift 2
    LD_PRELOAD=$tmp/libmalloc.so try "$@"
    is_status 0 && err_empty && [ "$(cat "$tmp/out")" = "$want" ]
    ok "$name"
}
# The shell that runs this is of the convention that the library was built for, if any program is.
if [ "$other_abi" = cdecl ]; then
    skip "programs of the host" "the library is for 32-bit programs"
    finish
fi
# shellcheck disable=SC2016
host "bash" "200 20" bash -c 'for i in {1..200}; do a[i]=$(echo "$i"); b=${b}${i}; done
    c=$(for i in {1..20}; do (echo "$b" | tr 1 2) & done; wait)
    echo "${#a[@]} $(echo "$c" | wc -l)"'
if have python3; then
    host "python3" "4000 190000" python3 -c '
import json, subprocess, threading
sums = []
def work(n):
    data = {str(i): "x" * (i % 60) for i in range(1000)}
    for _ in range(10):
        data = json.loads(json.dumps(data))
    blocks = [bytearray(i * 1000) for i in range(20)]
    sums.append((len(data), sum(map(len, blocks))))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert subprocess.run(["true"]).returncode == 0
print(sum(s[0] for s in sums), sums[0][1])'
else
    skip "python3" "it is not installed"
fi
finish
