/* NTSTATUS to Win32 error. */
#ifndef WVM_API_STATUS_MAP_H
#define WVM_API_STATUS_MAP_H

#include <stddef.h>
#include <stdint.h>

struct wvm_status_row {
    uint32_t status;
    uint32_t error;
};
/* Ascending by status; for the tests. */
extern const struct wvm_status_row wvm_status_rows[];
extern const size_t wvm_n_status_rows;

/* ERROR_MR_MID_NOT_FOUND for a status that has no row. */
uint32_t wvm_status_to_error(uint32_t status);

#endif
