/* Placeholders: split, joined and released (PH-051..069). */
#include "../compat_placeholder.h"

/* ---- release with PRESERVE: splitting ---- */

CASE(PH, 051, "RELEASE+PRESERVE of a plain reservation", "487")
{
    BYTE *a;

    need_placeholders();
    a = obtain(GR, RSV, NA);
    expect_kept(a, nt_free(a, GR, MEM_RELEASE | KEEP), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_kept(a, nt_free(a, 0x4000, MEM_RELEASE | KEEP), a, 0x4000, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualFree(a, GR, MEM_RELEASE | KEEP), ERR_ADDRESS);
    a = obtain(GR, RSV | COM, RWR);
    expect_kept(a, nt_free(a, GR, MEM_RELEASE | KEEP), a, GR, ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 052, "RELEASE+PRESERVE of a whole placeholder", "487: nothing to split")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, nt_free(a, GR, MEM_RELEASE | KEEP), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualFree(a, GR, MEM_RELEASE | KEEP), ERR_ADDRESS);
    expect_placeholder(a, GR);
}

CASE(PH, 053, "RELEASE+PRESERVE, size 0", "INVALID_PARAMETER_3")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, nt_free(a, 0, MEM_RELEASE | KEEP), a, 0, ST_PARAMETER(3));
    expect_error(VirtualFree(a, 0, MEM_RELEASE | KEEP), ERR_PARAMETER);
}

CASE(PH, 054, "RELEASE+PRESERVE of the middle", "three pieces; the variables as they were")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_range(nt_free(a + 0x8000, 0x4000, MEM_RELEASE | KEEP), a + 0x8000, 0x4000);
    expect_placeholder(a, 0x8000);
    expect_placeholder(a + 0x8000, 0x4000);
    expect_placeholder(a + 0xC000, 0x4000);
}

CASE(PH, 055, "RELEASE+PRESERVE of the start", "two pieces")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_range(nt_free(a, 0x4000, MEM_RELEASE | KEEP), a, 0x4000);
    expect_placeholder(a, 0x4000);
    expect_placeholder(a + 0x4000, 0xC000);
}

CASE(PH, 056, "RELEASE+PRESERVE of the second half", "two halves")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_success(VirtualFree(a + 0x8000, 0x8000, MEM_RELEASE | KEEP));
    expect_placeholder(a, 0x8000);
    expect_placeholder(a + 0x8000, 0x8000);
}

CASE(PH, 057, "VirtualFree(piece, 0, MEM_RELEASE)", "each piece by itself")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_success(VirtualFree(a + 0x4000, 0, MEM_RELEASE));
    expect_gone(a + 0x4000);
    expect_placeholder(a, 0x4000);
    expect_placeholder(a + 0x8000, 0x8000);
    expect_success(VirtualFree(a + 0x8000, 0, MEM_RELEASE));
    expect_gone(a + 0x8000);
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_gone(a);
}

CASE(PH, 058, "RELEASE of 0x4000 of a piece of 0x8000", "only that part goes")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_range(nt_free(a + 0x8000, 0x4000, MEM_RELEASE), a + 0x8000, 0x4000);
    expect_gone(a + 0x8000);
    expect_placeholder(a + 0xC000, 0x4000);
    expect_placeholder(a + 0x4000, 0x4000);
}

CASE(PH, 059, "query of adjacent placeholders", "a region and an AllocationBase for each")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_three_pieces(a);
    expect_query(a + 0x5000, a + 0x5000, a + 0x4000, NA, 0x3000, RSV, 0, MEM_PRIVATE);
}

/* ---- joining ---- */

CASE(PH, 060, "COALESCE of exactly one placeholder", "487")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a, 0x4000, MEM_RELEASE | JOIN), a, 0x4000, ST_CONFLICTING_ADDRESSES);
    expect_three_pieces(a);
}

CASE(PH, 061, "COALESCE without RELEASE", "INVALID_PARAMETER_4")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a, GR, JOIN), a, GR, ST_PARAMETER(4));
    expect_error(VirtualFree(a, GR, JOIN), ERR_PARAMETER);
}

CASE(PH, 062, "COALESCE of 0x1000 too much or too little", "487")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a, GR + PG, MEM_RELEASE | JOIN), a, GR + PG, ST_CONFLICTING_ADDRESSES);
    expect_kept(a, nt_free(a, GR - PG, MEM_RELEASE | JOIN), a, GR - PG, ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 063, "COALESCE from A+0x1000", "487")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a + PG, GR - PG, MEM_RELEASE | JOIN), a + PG, GR - PG,
                ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 064, "COALESCE, size 0", "INVALID_PARAMETER_3")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a, 0, MEM_RELEASE | JOIN), a, 0, ST_PARAMETER(3));
}

CASE(PH, 065, "RELEASE across placeholders", "UNABLE_TO_FREE_VM")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_kept(a, nt_free(a, GR, MEM_RELEASE), a, GR, ST_UNABLE_TO_FREE_VM);
    expect_error(VirtualFree(a, 0x8000, MEM_RELEASE), ERR_PARAMETER);
    expect_three_pieces(a);
}

CASE(PH, 066, "COALESCE of all pieces", "one placeholder")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_range(nt_free(a, GR, MEM_RELEASE | JOIN), a, GR);
    expect_placeholder(a, GR);
    expect_range(alloc_ex(a, GR, RSV | COM | REPLACE, RWR, NULL, 0), a, GR);
    expect_no_fault(touch_write(a + 0x4000));
}

CASE(PH, 067, "COALESCE where one piece was replaced", "487")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_range(alloc_ex(a + 0x4000, 0x4000, RSV | COM | REPLACE, RWR, NULL, 0), a + 0x4000,
                 0x4000);
    expect_kept(a, nt_free(a, GR, MEM_RELEASE | JOIN), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_query(a + 0x4000, a + 0x4000, a + 0x4000, RWR, 0x4000, COM, RWR, MEM_PRIVATE);
}

CASE(PH, 068, "COALESCE where one piece was released", "487")
{
    BYTE *a;

    need_placeholders();
    a = three_pieces();
    expect_range(nt_free(a + 0x4000, 0x4000, MEM_RELEASE), a + 0x4000, 0x4000);
    expect_kept(a, nt_free(a, GR, MEM_RELEASE | JOIN), a, GR, ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 069, "RELEASE of what replaced a placeholder, without PRESERVE", "free")
{
    BYTE *a;

    need_placeholders();
    a = replaced();
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_gone(a);
    expect_ptr(VirtualAlloc(a, GR, RSV, NA), a);
}
