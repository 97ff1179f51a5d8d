#!/usr/bin/env bash
# The threads, guards, handles, placeholders, pools, spaces, views and fault tests, the client kit's of
# locks, waits and threads, and the tracker's readers beside a writer, under ThreadSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
sanitize thread \
    compat-tests/stress/guards \
    compat-tests/stress/handles \
    compat-tests/stress/placeholders \
    compat-tests/stress/pools \
    compat-tests/stress/pools_free \
    compat-tests/stress/spaces \
    compat-tests/stress/threads \
    compat-tests/stress/views \
    src/fault/t/test_fault_context \
    src/fault/t/test_fault_kinds \
    src/fault/t/test_fault_overflow \
    src/kit/t/test_kit_kept \
    src/kit/t/test_kit_locks \
    src/kit/t/test_kit_slots \
    src/kit/t/test_kit_start:kit_start \
    src/kit/t/test_kit_thread \
    src/kit/t/test_kit_wait \
    src/region/t/test_index:readers \
    src/region/t/test_pages:readers \
    src/section/t/test_section:threads
