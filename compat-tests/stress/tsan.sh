#!/usr/bin/env bash
# The threads and guards tests, and the tracker's readers beside a writer, under ThreadSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
sanitize thread \
    compat-tests/stress/guards \
    compat-tests/stress/threads \
    src/region/t/test_index:readers \
    src/region/t/test_pages:readers
