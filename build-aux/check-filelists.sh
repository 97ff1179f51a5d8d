#!/usr/bin/env bash
# Every source, header and script of the tree must be named in a Makemodule.am (else it would be
# missing from the tarball), and every source named there must exist.
set -u
lists=(Makefile.am include/Makemodule.am src/Makemodule.am src/*/Makemodule.am
    compat-tests/Makemodule.am docs/Makemodule.am)
bad=0
while IFS= read -r file; do
    case $file in *.in | *Makemodule.am) continue ;; esac
    if ! grep -qF -- "$file" "${lists[@]}"; then
        echo "in no file list: $file"
        bad=1
    fi
done < <(git ls-files -- src include compat-tests docs build-aux)
while IFS= read -r file; do
    case $file in include/winvm/version.h) continue ;; esac
    if [ ! -f "$file" ]; then
        echo "listed, but missing: $file"
        bad=1
    fi
done < <(sed 's/#.*//' "${lists[@]}" |
    grep -oE '(^|[ =])(src|include|compat-tests|docs)/[A-Za-z0-9_./-]+\.(c|h|S|sh|def|map|symbols|[1378])( |$)' |
    tr -d ' =' | sort -u)
exit "$bad"
