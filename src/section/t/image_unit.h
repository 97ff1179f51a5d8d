/* Images from PE files made in memory: files as descriptors, and what an image must look like,
 * worked out from the bytes by itself. */
#ifndef WVM_SECTION_T_IMAGE_UNIT_H
#define WVM_SECTION_T_IMAGE_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host_object.h"
#include "section/section_image.h"
#include "section/t/pe_build.h"

enum { UNIT_CAP = 1 << 20 };
static uint8_t unit_file[UNIT_CAP], unit_image[UNIT_CAP], unit_expected[UNIT_CAP];

/* Memory with the bytes as its contents. */
static int unit_fd(const uint8_t *bytes, size_t n)
{
    int fd = memfd_create("pe", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, bytes, n), (int)n);
    return fd;
}

static void unit_close(int fd)
{
    struct wvm_host_fd_info info;
    ck_assert_int_eq(wvm_host_fd_info(fd, &info), 0);
    wvm_host_fd_close(fd, info.dev, info.ino);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

/* Status of an image of the first n bytes; nothing is kept. */
static inline wvm_status unit_status(const uint8_t *bytes, size_t n)
{
    struct wvm_image_info info;
    int image = -7, fd = unit_fd(bytes, n);
    wvm_status status = wvm_image_make(fd, false, &info, &image);
    if (status >= 0)
        unit_close(image);
    else
        ck_assert_int_eq(image, -7);
    close(fd);
    return status;
}

#define UNIT_STATUS(bytes, n, expected) \
    ck_assert_uint_eq((uint32_t)unit_status(bytes, n), (uint32_t)(expected))

/* Parts ascend without holes from page 0 to the end. */
static void unit_check_parts(const struct wvm_image_info *info)
{
    uint64_t next = 0;
    ck_assert_uint_eq(info->size % WVM_PAGE_SIZE, 0);
    ck_assert_uint_ne(info->size, 0);
    ck_assert_uint_le(info->n_parts, WVM_IMAGE_PARTS);
    for (unsigned i = 0; i < info->n_parts; i++) {
        ck_assert_uint_eq(info->part[i].start, next);
        ck_assert_uint_gt(info->part[i].end, next);
        ck_assert(info->part[i].attr >= WVM_ATTR_NA && info->part[i].attr <= WVM_ATTR_XWC);
        next = info->part[i].end;
    }
    ck_assert_uint_eq(next, info->size / WVM_PAGE_SIZE);
}

static uint64_t unit_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The image of a valid file, from its bytes, where it lies in [0, UNIT_CAP). */
static void unit_lay_out(const uint8_t *bytes, size_t n)
{
    size_t nt = (size_t)pe_get(bytes, PE_NEW_HEADER_AT, 4), optional = nt + 24;
    size_t at = optional + (size_t)pe_get(bytes, nt + 20, 2);
    uint64_t size = (pe_get(bytes, optional + 56, 4) + 4095) / 4096 * 4096;
    bool flat = pe_get(bytes, optional + 32, 4) < 4096;
    uint64_t headers = flat ? size : pe_get(bytes, optional + 60, 4);
    memset(unit_expected, 0, sizeof unit_expected);
    memcpy(unit_expected, bytes, (size_t)unit_min(unit_min(headers, n), UNIT_CAP));
    for (unsigned i = 0; i < pe_get(bytes, nt + 6, 2) && !flat; i++, at += PE_SECTION_HEADER) {
        uint64_t virtual_size = pe_get(bytes, at + PE_VIRTUAL_SIZE, 4);
        uint64_t to = pe_get(bytes, at + PE_VIRTUAL_AT, 4);
        uint64_t raw = pe_get(bytes, at + PE_RAW_SIZE, 4), from = pe_get(bytes, at + PE_RAW_AT, 4);
        if (virtual_size && (virtual_size + 4095) / 4096 * 4096 < raw)
            raw = (virtual_size + 4095) / 4096 * 4096;
        if (raw && from && to < UNIT_CAP)
            memcpy(unit_expected + to, bytes + from / 512 * 512,
                   (size_t)unit_min(raw, UNIT_CAP - to));
    }
}

/* The image has the size that it tells and holds what unit_lay_out() says, as far as UNIT_CAP. */
static void unit_check_contents(const uint8_t *bytes, size_t n, const struct wvm_image_info *info,
                                int image)
{
    struct stat st;
    size_t len = (size_t)unit_min(info->size, UNIT_CAP);
    ck_assert_int_eq(fstat(image, &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, info->size);
    ck_assert_int_eq((int)pread(image, unit_image, len, 0), (int)len);
    unit_lay_out(bytes, n);
    ck_assert(memcmp(unit_image, unit_expected, len) == 0);
}

/* Makes the image of valid bytes, checks parts and contents, and closes it. */
static inline void unit_make(const uint8_t *bytes, size_t n, bool no_execute,
                             struct wvm_image_info *info)
{
    int image, fd = unit_fd(bytes, n);
    ck_assert_uint_eq((uint32_t)wvm_image_make(fd, no_execute, info, &image), STATUS_SUCCESS);
    ck_assert_int_eq(fcntl(image, F_GETFD), FD_CLOEXEC);
    unit_check_parts(info);
    unit_check_contents(bytes, n, info, image);
    unit_close(image);
    close(fd);
}

#endif
