#!/usr/bin/env bash
# Style limits and linters over the checked-in files. Missing linters are said and left out.
set -u
bad=0
have() {
    command -v "$1" >/dev/null 2>&1 || { echo "lint: $1 is not installed"; return 1; }
}

mapfile -t scripts < <(git ls-files -- bootstrap .ci/run build-aux '*.sh')
if have shellcheck; then
    shellcheck -x -P SCRIPTDIR "${scripts[@]}" || bad=1
fi
mapfile -t pages < <(git ls-files -- 'docs/man/*')
if [ "${#pages[@]}" -gt 0 ] && have mandoc; then
    mandoc -Tlint -Wwarning "${pages[@]}" || bad=1
fi
# Entries are declared by macro lists, with letters for the names of their arguments. What is
# suppressed for a file is wrong there: memory is filled through a pointer that cppcheck does not
# follow, a flag or a macro tells whether a pointer is NULL, an index or a text has bounds, or an
# address is not used once its variable is gone.
if have cppcheck; then
    cppcheck --quiet --std=c11 --enable=warning,portability --suppress=legacyUninitvar \
        --suppress=missingIncludeSystem --suppress=unknownMacro:src/fault/t/try_program.c \
        --suppress=funcArgOrderDifferent \
        --suppress=uninitvar:src/host/host_counts.c \
        --suppress=ctuuninitvar:src/host/host_memory.c \
        --suppress=nullPointer:src/kit/kit_find.c --suppress=ctunullpointer:src/kit/kit_find.c \
        --suppress=memleak:src/kit/kit_heap.c \
        --suppress=uninitvar:src/kit/kit_shlwapi_paths.h \
        --suppress=uninitvar:src/kit/t/test_kit_names.c \
        --suppress=arrayIndexOutOfBoundsCond:src/kit/t/test_kit_wait_stress.c \
        --suppress=autoVariables:src/nt/nt_hint.c \
        --error-exitcode=1 -Iinclude -Isrc -D_GNU_SOURCE '-DElfW(type)=Elf64_##type' \
        -DWINVM_NO_NOTE src docs/examples || bad=1
fi
# Words of mdoc, of texts and of printf formats that look like slips.
if have codespell; then
    git ls-files -z -- ':!compat-tests/expected' | xargs -0 codespell -L tyes,nd,fo,seh,smal,ot,fro,te,hel || bad=1
fi

# Files of at most 600 lines, lines of at most 100 columns, functions of at most 80 lines.
while IFS= read -r file; do
    awk -v file="$file" '
        FNR == 601 { print file ": more than 600 lines"; bad = 1 }
        length($0) > 100 && file !~ /api_list\.h|options\.def/ { printf "%s:%d: more than 100 columns\n", file, FNR; bad = 1 }
        /^\{/ { start = FNR }
        /^\}/ && start { if (FNR - start > 81) { printf "%s:%d: function of %d lines\n", file, start, FNR - start - 1; bad = 1 } start = 0 }
        END { exit bad }' "$file" || bad=1
done < <(git ls-files -- '*.c' '*.h')

# The newest version of the ChangeLog is the one that configure.ac names.
version=$(sed -n 's/^AC_INIT(\[winvm\], \[\([0-9.]*\)\].*/\1/p' configure.ac)
if ! head -n 1 ChangeLog | grep -qE "^Version ${version//./\\.} \((unreleased|20[0-9]{2}-[0-9]{2}-[0-9]{2})\)$"; then
    echo "ChangeLog does not begin with version $version"
    bad=1
fi
exit "$bad"
