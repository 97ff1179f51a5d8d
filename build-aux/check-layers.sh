#!/bin/sh
# No room may need a symbol of a room it must not use. The table of allowed directions is in
# docs/ARCHITECTURE.md; entry, the exported names, is a part of api. The kit is a library of its own
# and may use what libwinvm exports. Runs in the build folder. NM, WVM_ROOM_LIBS (libwvm_ROOM.la ...)
# and abs_top_srcdir come from the makefile.
set -u
nm=${NM:-nm}

allowed() {
    case $1 in
    base) echo "" ;;
    host | region) echo "base" ;;
    space) echo "region host base" ;;
    pool | remote) echo "host base" ;;
    section | fault) echo "space host base" ;;
    nt) echo "pool remote section space host base" ;;
    kit) echo "base" ;;
    api) echo "entry nt fault pool remote section space host base" ;;
    entry) echo "api nt fault pool remote section space host base" ;;
    *) echo "$1: unknown room" >&2 && echo "" ;;
    esac
}

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
rooms=
for library in $WVM_ROOM_LIBS; do
    room=${library#libwvm_}
    room=${room%.la}
    [ "$room" = kit_inside ] && continue    # the kit's files once more
    archive=.libs/${library%.la}.a
    [ -f "$archive" ] || { echo "check-layers: $archive is missing" >&2; exit 1; }
    # shellcheck disable=SC2086  # the command may have options
    $nm --defined-only -g "$archive" |
        awk -v room="$room" 'NF == 3 && $2 ~ /[TDBRVWC]/ { print $3, room }' >>"$work/defined"
    # shellcheck disable=SC2086
    $nm -u "$archive" | awk 'NF == 2 { print $2 }' | sort -u >"$work/$room.needs"
    if [ "$room" = kit ]; then
        # On i386 the kit calls the cdecl names.
        sed 's/^winvm_ms_\(.*\)/&\nwinvm_cdecl_\1/' "${abs_top_srcdir:?}/docs/abi/libwinvm.symbols" |
            grep -vxF -f - "$work/kit.needs" >"$work/needs"
        mv "$work/needs" "$work/kit.needs"
    fi
    grep -q " $room\$" "$work/defined" || { echo "check-layers: no symbols in $archive" >&2; exit 1; }
    rooms="$rooms $room"
done
[ -n "$rooms" ] || { echo "check-layers: no libraries given" >&2; exit 1; }

bad=0
for room in $rooms; do
    awk -v room="$room" -v allowed=" $(allowed "$room") " '
        NR == FNR { home[$1] = $2; next }
        ($1 in home) && home[$1] != room && index(allowed, " " home[$1] " ") == 0 {
            printf "%s/ must not use %s/: %s\n", room, home[$1], $1
            bad = 1
        }
        END { exit bad }' "$work/defined" "$work/$room.needs" || bad=1
done

# base/ and region/ are pure: the C library gives them memory and string functions only, the
# compiler arithmetic on 64 bits.
for room in base region; do
    [ -f "$work/$room.needs" ] || continue
    awk -v room="$room" '
        NR == FNR { home[$1] = 1; next }
        ($1 in home) || /^(mem|str|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__tls_get_addr|__(asan|ubsan|tsan)_)/ { next }
        /^__(u?div(mod)?|u?mod|mul|ashl|ashr|lshr|clz|ctz|popcount)[dt]i[234]$/ { next }
        room == "base" && /^(write|abort|getpid|syscall)$/ { next }
        { printf "%s/ must not call %s\n", room, $1; bad = 1 }
        END { exit bad }' "$work/defined" "$work/$room.needs" || bad=1
done
[ "$bad" -eq 0 ] && echo "layers: every arrow points down"
exit "$bad"
