#!/usr/bin/env bash
# The conformance cases with every newer facility of the kernel switched off.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
options=
for name in guard-regions procmap-query pagemap-scan userfaultfd populate-write fixed-noreplace; do
    options=${options:+$options:}$name=0
done
export WINVM_OPTIONS=$options:slab=1G
exec bash "$abs_top_srcdir/compat-tests/run-native.sh" "$abs_top_builddir/compat-tests/sysv"
