#!/bin/sh
# The fields of the shared user data page against KUSER_SHARED_DATA in Wine's headers.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
wine=${WINE_INCLUDE:-/usr/include/wine/wine/windows}
[ -f "$wine/ddk/wdm.h" ] || skip "no Wine headers"

cat >"$tmp/fields.c" <<'EOF'
#include <stdarg.h>
#include <stddef.h>
#include <windef.h>
#include <winbase.h>
#include <winternl.h>
#include <ddk/wdm.h>
#define WVM_FIELD(id, offset, size, member)                                                   \
    _Static_assert(offsetof(KSHARED_USER_DATA, member) == offset, "offset of " #member);      \
    _Static_assert(sizeof(((KSHARED_USER_DATA *)0)->member) == size, "size of " #member);
#include "nt/nt_shared_data.def"
int fields;
EOF
grep -q '^WVM_FIELD' "$top/src/nt/nt_shared_data.def" || fail "no fields"
printf '#include <stdint.h>\n' >"$tmp/none.c"
for model in -m64 -m32; do
    # shellcheck disable=SC2086
    if ! $CC $model -c "$tmp/none.c" -o "$tmp/none.o" 2>/dev/null; then
        [ "$model" = -m32 ] || fail "nothing compiles"
        continue
    fi
    # shellcheck disable=SC2086
    compiles "the fields, $model" $CC $model -fshort-wchar -w "-I$top/src" -isystem "$wine" \
        -c "$tmp/fields.c" -o "$tmp/fields.o"
    sed 's/0x320, 12/0x324, 12/' "$top/src/nt/nt_shared_data.def" >"$tmp/wrong.def"
    sed "s|nt/nt_shared_data.def|$tmp/wrong.def|" "$tmp/fields.c" >"$tmp/wrong.c"
    # shellcheck disable=SC2086
    ! $CC $model -fshort-wchar -w -isystem "$wine" -c "$tmp/wrong.c" -o "$tmp/wrong.o" \
        2>/dev/null || fail "a wrong offset is not found, $model"
done
finish
