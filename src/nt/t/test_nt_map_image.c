/* The rules of views of images, over a space that only remembers what it was asked. */
#include "map_unit.h"

/* SEC-108..112, SEC-120. */
START_TEST(images)
{
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    struct wvm_image_info image = image_info(IMAGE_BASE);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.prot = 4};
    s.image = &image;
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.base, IMAGE_BASE);
    ck_assert_uint_eq(c.size, 0x24000);
    ck_assert_uint_eq(fake.view.type, WVM_TYPE_IMAGE);
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_XWC);
    ck_assert_uint_eq(fake.view.n_parts, 3);
    /* Its place is taken: anywhere. */
    c.base = 0;
    fake_reset();
    fake.first_result = STATUS_CONFLICTING_ADDRESSES;
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(fake.n_calls, 2);
    ck_assert_uint_eq(fake.view.start, 0);
    ck_assert_uint_eq(c.base, 0x120000);
    /* A base of the caller's is not left. */
    c.base = FREE;
    fake_reset();
    fake.first_result = STATUS_CONFLICTING_ADDRESSES;
    ck_assert_int_eq(map(h, &c), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(fake.n_calls, 1);
    fake_reset();
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(c.base, FREE);
    /* Another machine. */
    image.machine = OTHER_MACHINE;
    c.base = 0;
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_MACHINE_TYPE_MISMATCH);
}
END_TEST

/* A preferred base out of reach is not tried; other failures are the answer. */
START_TEST(image_bounds)
{
    static const uint64_t unfit[] = {
        0, IMAGE_BASE + 0x1000, TOP - 0x10000, FAKE_KERNEL, 0xffff800000000000};
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.prot = 2};
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        struct wvm_image_info image = image_info(unfit[i]);
        s.image = &image;
        c.base = 0;
        fake_reset();
        ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
        ck_assert_uint_eq(fake.n_calls, 1);
        ck_assert_uint_eq(fake.view.start, 0);
    }
    struct wvm_image_info image = image_info(IMAGE_BASE);
    s.image = &image;
    c = (struct call){.prot = 2, .zero_bits = 1};
    fake_reset();
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(fake.view.limit, 0x80000000);
    ck_assert_uint_eq(fake.n_calls, 1);
    c = (struct call){.prot = 2};
    fake_reset();
    fake.result = STATUS_NO_MEMORY;
    ck_assert_int_eq(map(h, &c), STATUS_NO_MEMORY);
    ck_assert_uint_eq(fake.n_calls, 1);
}
END_TEST

/* SEC-111: the parts of what is shown, counted from there. */
START_TEST(partial_images)
{
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    struct wvm_image_info image = image_info(IMAGE_BASE);
    HANDLE h = fake_handle(&s, SECTION_MAP_READ | SECTION_MAP_EXECUTE);
    struct call c = {.size = 0x5000, .prot = 0x20};
    s.image = &image;
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.size, 0x5000);
    ck_assert_uint_eq(fake.view.n_parts, 2);
    ck_assert(fake.part[1].start == 1 && fake.part[1].end == 5 &&
              fake.part[1].attr == WVM_ATTR_XR);
    c = (struct call){.offset = 0x10000, .prot = 0x20};
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.base, IMAGE_BASE + 0x10000);
    ck_assert_uint_eq(c.size, 0x14000);
    ck_assert_uint_eq(fake.view.n_parts, 1);
    ck_assert(fake.part[0].start == 0 && fake.part[0].end == 20);
    s.flags = WVM_SECTION_NO_EXECUTE;
    c = (struct call){.prot = 2};
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_WC);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_map_image", 20, &c);
    tcase_add_test(c, images);
    tcase_add_test(c, image_bounds);
    tcase_add_test(c, partial_images);
    return unit_run(s);
}
