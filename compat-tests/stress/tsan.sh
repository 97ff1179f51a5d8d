#!/usr/bin/env bash
# The threads, guards, placeholders and fault tests, and the tracker's readers beside a writer,
# under ThreadSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
sanitize thread \
    compat-tests/stress/guards \
    compat-tests/stress/placeholders \
    compat-tests/stress/threads \
    src/fault/t/test_fault_context \
    src/fault/t/test_fault_kinds \
    src/fault/t/test_fault_overflow \
    src/region/t/test_index:readers \
    src/region/t/test_pages:readers
