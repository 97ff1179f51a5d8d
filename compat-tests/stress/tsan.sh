#!/usr/bin/env bash
# The threads test, and the tracker's readers beside a writer, under ThreadSanitizer.
. "$(dirname "$0")/sanitize.inc"
export CK_RUN_CASE=readers
sanitize thread \
    compat-tests/stress/threads \
    src/region/t/test_index \
    src/region/t/test_pages
