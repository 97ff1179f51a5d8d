#!/usr/bin/env bash
# The unit tests, the model test, those of based spaces, of kernel pools, of working sets and of the
# client kit under AddressSanitizer and UndefinedBehaviorSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
# Without pools_fork: AddressSanitizer's own locks stay taken in a child of a process whose other
# threads were starting threads.
sanitize address,undefined \
    compat-tests/host/frames \
    compat-tests/host/working \
    compat-tests/model/model \
    compat-tests/spaces/calls \
    compat-tests/spaces/life \
    compat-tests/stress/pools \
    compat-tests/stress/pools_free \
    src/api/t/test_process \
    src/api/t/test_status_map \
    src/api/t/test_virtual \
    src/base/t/test_fmt \
    src/base/t/test_options \
    src/host/t/test_host_large \
    src/kit/t/test_kit_counted \
    src/kit/t/test_kit_descriptor \
    src/kit/t/test_kit_fiber \
    src/kit/t/test_kit_file_info \
    src/kit/t/test_kit_files \
    src/kit/t/test_kit_heap \
    src/kit/t/test_kit_kept \
    src/kit/t/test_kit_local \
    src/kit/t/test_kit_locks \
    src/kit/t/test_kit_modules \
    src/kit/t/test_kit_named \
    src/kit/t/test_kit_names \
    src/kit/t/test_kit_overlapped \
    src/kit/t/test_kit_pool \
    src/kit/t/test_kit_process \
    src/kit/t/test_kit_program \
    src/kit/t/test_kit_shlwapi \
    src/kit/t/test_kit_slots \
    src/kit/t/test_kit_sync_native \
    src/kit/t/test_kit_system \
    src/kit/t/test_kit_teb \
    src/kit/t/test_kit_text \
    src/kit/t/test_kit_thread \
    src/kit/t/test_kit_timer \
    src/kit/t/test_kit_wait \
    src/nt/t/test_nt_args \
    src/nt/t/test_nt_handle \
    src/nt/t/test_nt_hint \
    src/nt/t/test_nt_large \
    src/nt/t/test_nt_process_info \
    src/nt/t/test_nt_query \
    src/nt/t/test_nt_rules \
    src/nt/t/test_nt_working_set \
    src/region/t/test_gaps \
    src/region/t/test_index \
    src/region/t/test_pages \
    src/region/t/test_cells \
    src/region/t/test_sheet \
    src/space/t/test_space_fail:once \
    src/space/t/test_space_large \
    src/space/t/test_space_locks \
    src/space/t/test_space_offer \
    src/space/t/test_space_ops
