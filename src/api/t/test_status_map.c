/* Every status of the specification's table has the error the table gives it. */
#include <stdint.h>

#include "api/status_map.h"
#include "base/t/unit.h"

/* Numbers, not names: the names are what is tested. */
static const struct wvm_status_row expected[] = {
    { 0x00000000u, 0u },
    { 0x00000106u, 1300u },
    { 0x40000000u, 698u },
    { 0x40000002u, 87u },
    { 0x40000003u, 700u },
    { 0x4000000eu, 706u },
    { 0x40000019u, 717u },
    { 0x80000001u, 2147483649u },
    { 0x80000002u, 998u },
    { 0x80000005u, 234u },
    { 0x8000000du, 299u },
    { 0x8000001au, 259u },
    { 0xc0000001u, 31u },
    { 0xc0000002u, 1u },
    { 0xc0000003u, 87u },
    { 0xc0000004u, 24u },
    { 0xc0000005u, 998u },
    { 0xc0000006u, 999u },
    { 0xc0000007u, 1454u },
    { 0xc0000008u, 6u },
    { 0xc000000du, 87u },
    { 0xc0000010u, 1u },
    { 0xc0000011u, 38u },
    { 0xc0000017u, 8u },
    { 0xc0000018u, 487u },
    { 0xc0000019u, 487u },
    { 0xc000001au, 87u },
    { 0xc000001bu, 87u },
    { 0xc000001fu, 5u },
    { 0xc0000020u, 193u },
    { 0xc0000021u, 5u },
    { 0xc0000022u, 5u },
    { 0xc0000023u, 122u },
    { 0xc0000024u, 6u },
    { 0xc000002au, 158u },
    { 0xc000002du, 487u },
    { 0xc0000033u, 123u },
    { 0xc0000034u, 2u },
    { 0xc0000035u, 183u },
    { 0xc000003au, 3u },
    { 0xc000003bu, 161u },
    { 0xc0000040u, 8u },
    { 0xc0000043u, 32u },
    { 0xc0000044u, 1816u },
    { 0xc0000045u, 87u },
    { 0xc0000046u, 288u },
    { 0xc0000047u, 298u },
    { 0xc0000049u, 87u },
    { 0xc000004cu, 87u },
    { 0xc000004du, 87u },
    { 0xc000004eu, 87u },
    { 0xc0000054u, 33u },
    { 0xc0000059u, 1306u },
    { 0xc0000061u, 1314u },
    { 0xc000007bu, 193u },
    { 0xc000007cu, 1008u },
    { 0xc000007fu, 112u },
    { 0xc0000087u, 14u },
    { 0xc0000088u, 487u },
    { 0xc0000098u, 1006u },
    { 0xc000009au, 1450u },
    { 0xc000009fu, 487u },
    { 0xc00000a0u, 487u },
    { 0xc00000a1u, 1453u },
    { 0xc00000a2u, 19u },
    { 0xc00000bau, 5u },
    { 0xc00000bbu, 50u },
    { 0xc00000d4u, 17u },
    { 0xc00000e8u, 1784u },
    { 0xc00000efu, 87u },
    { 0xc00000f0u, 87u },
    { 0xc00000f1u, 87u },
    { 0xc00000f2u, 87u },
    { 0xc00000f3u, 87u },
    { 0xc00000f4u, 87u },
    { 0xc00000f5u, 87u },
    { 0xc00000f6u, 87u },
    { 0xc00000f7u, 87u },
    { 0xc00000f8u, 87u },
    { 0xc00000f9u, 87u },
    { 0xc00000fau, 87u },
    { 0xc00000fdu, 1001u },
    { 0xc0000103u, 267u },
    { 0xc0000106u, 206u },
    { 0xc000010au, 5u },
    { 0xc000011bu, 193u },
    { 0xc000011eu, 1006u },
    { 0xc000011fu, 4u },
    { 0xc000012cu, 567u },
    { 0xc000012du, 1455u },
    { 0xc000012eu, 193u },
    { 0xc000012fu, 193u },
    { 0xc0000130u, 193u },
    { 0xc0000131u, 193u },
    { 0xc0000141u, 59u },
    { 0xc000014bu, 109u },
    { 0xc0000185u, 1117u },
    { 0xc0000194u, 1131u },
    { 0xc00001acu, 1656u },
    { 0xc0000220u, 1132u },
    { 0xc0000235u, 6u },
    { 0xc0000243u, 1224u },
    { 0xc0000604u, 1655u },
    { 0xc0000723u, 31u },
};

START_TEST(each_row)
{
    ck_assert_uint_eq(wvm_status_to_error(expected[_i].status), expected[_i].error);
}
END_TEST

START_TEST(ascending)
{
    for (size_t i = 1; i < wvm_n_status_rows; i++)
        ck_assert_uint_lt(wvm_status_rows[i - 1].status, wvm_status_rows[i].status);
    ck_assert_uint_eq(wvm_n_status_rows, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(unknown)
{
    ck_assert_uint_eq(wvm_status_to_error(0xc0ffee00u), 317);
    ck_assert_uint_eq(wvm_status_to_error(1), 317);
    ck_assert_uint_eq(wvm_status_to_error(0xffffffffu), 317);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("status_map", 20, &c);
    tcase_add_loop_test(c, each_row, 0, (int)(sizeof expected / sizeof expected[0]));
    tcase_add_test(c, ascending);
    tcase_add_test(c, unknown);
    return unit_run(s);
}
