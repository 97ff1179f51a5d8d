/* NtMapViewOfSectionEx: extended parameters (PH-099..105). */
#include "../compat_extended.h"
#include "../compat_image.h"

static void refuse_params(void *at, struct param *params, ULONG count)
{
    HANDLE section = anonymous(RWR, GR);

    todo_wine("the parameters are not looked at")
        expect_unmapped(map_ex(section, at, 0, params, count), at, 0, ST_INVALID_PARAMETER);
    close_kept(section);
}

static void refuse_requirements(ULONG_PTR lowest, ULONG_PTR highest, ULONG_PTR alignment)
{
    struct requirements wanted = {lowest, highest, alignment};
    struct param param = param_requiring(&wanted);

    refuse_params(NULL, &param, 1);
}

/* A view below this highest address. */
static void require(ULONG_PTR highest, SIZE_T size)
{
    struct requirements wanted = {0, highest, 0};
    struct param param = param_requiring(&wanted);
    struct nt_out out = map_ex(anonymous(RWR, size), NULL, 0, &param, 1);

    expect_status(out.status, ST_SUCCESS);
    if (out.status)
        return;
    expect_eq(out.size, size);
    expect_eq((ULONG_PTR)out.base & (GR - 1), 0);
    todo_wine("the parameters are not looked at")
        ok(address_of(out.base) + size - 1 <= highest, "base %p above 0x%llx", (void *)out.base,
           (unsigned long long)highest);
    expect_view(out.base, size, RWR);
}

CASE(PH, 099, "types 0 and 7, a type twice", "87")
{
    struct requirements none = {0, 0, 0};
    struct param two[2];

    need_extended();
    two[0] = param_of(PARAM_INVALID, 0);
    refuse_params(NULL, two, 1);
    two[0] = param_of(PARAM_MAX, 0);
    refuse_params(NULL, two, 1);
    two[0] = two[1] = param_requiring(&none);
    refuse_params(NULL, two, 2);
    refuse_params(NULL, NULL, 1);
}

CASE(PH, 100, "highest addresses as in PH-008 to PH-013", "as there")
{
    need_extended();
    refuse_requirements(0, 0x20001001, 0);
    refuse_requirements(0, 0x20000FFE, 0);
    refuse_requirements(0, 0x200007FF, 0);
    refuse_requirements(0, highest_address() + PG, 0);
    require(highest_address(), GR);
    require(0x20000FFF, 0x40000);
}

CASE(PH, 101, "any alignment", "87")
{
    need_extended();
    for (ULONG_PTR alignment = 1; alignment; alignment <<= 1)
        refuse_requirements(0, 0, alignment);
    refuse_requirements(0, 0, 0x30000);
}

CASE(PH, 102, "a base and a highest address", "87")
{
    struct requirements wanted = {0, 0x7FFFFFFF, 0};
    struct param param = param_requiring(&wanted);
    BYTE *at = arena(GR);

    need_extended();
    refuse_params(at, &param, 1);
    todo_wine("the parameters are not looked at")
        expect_gone(at);
}

static HANDLE new_image(void)
{
    HANDLE file = open_file(image_file(image_plain()), GENERIC_READ | GENERIC_EXECUTE);

    return full_section(file, 0, RO, FLAG_IMAGE);
}

CASE(PH, 103, "ImageMachine 0 for an image", "SUCCESS or IMAGE_NOT_AT_BASE")
{
    struct param param = param_of(PARAM_MACHINE, 0);
    struct nt_out out;

    need_extended();
    out = map_ex(new_image(), NULL, 0, &param, 1);
    skip_if(broken(out.status == ST_INVALID_PARAMETER), "no ImageMachine (older Windows)");
    expect_status(out.status, ST_SUCCESS, ST_IMAGE_NOT_AT_BASE);
    if (out.status < 0x80000000u)
        expect_eq(query(out.base).Type, VM_IMAGE);
}

CASE(PH, 104, "ImageMachine twice", "87")
{
    struct param two[2] = {param_of(PARAM_MACHINE, 0), param_of(PARAM_MACHINE, 0)};
    HANDLE section = new_image();

    need_extended();
    todo_wine("the parameters are not looked at")
        expect_unmapped(map_ex(section, NULL, 0, two, 2), NULL, 0, ST_INVALID_PARAMETER);
}

CASE(PH, 105, "ImageMachine of a foreign processor (R3000)", "NOT_SUPPORTED")
{
    struct param param = param_of(PARAM_MACHINE, 0x162);
    struct nt_out out;

    need_extended();
    out = map_ex(new_image(), NULL, 0, &param, 1);
    todo_wine("the parameters are not looked at") {
        ok(out.status == ST_NOT_SUPPORTED || broken(out.status == ST_INVALID_PARAMETER),
           "got 0x%lx", (unsigned long)out.status);
        expect_ptr(out.base, NULL);
    }
}
