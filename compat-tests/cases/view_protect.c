/* Views: VirtualProtect, VirtualAlloc and VirtualFree inside them (SEC-150..166; VA-107..115,
 * VF-036, VF-037, VP-031). */
#include "../compat_image.h"

static const ULONG all_protections[] = {NA, RO, RWR, WC, X, XR, XRW, XWC};

/* VirtualProtect to all eight protections in a view: `allowed` has a + for each that succeeds.
 * Afterwards the page is as the view began. */
static void protect_all(BYTE *view, ULONG protect, const char *allowed)
{
    DWORD old;

    for (unsigned i = 0; i < 8; i++) {
        struct snapshot before = look(view, 0x2000);
        struct nt_out out;

        old = 0xdead;
        if (allowed[i] == '+') {
            expect_success(VirtualProtect(view, PG, all_protections[i], &old));
            expect_eq(old, protect);
            expect_query(view, view, view, protect, all_protections[i] == protect ? 0x2000 : PG,
                         COM, all_protections[i], VM_MAPPED);
            expect_success(VirtualProtect(view, PG, protect, &old));
            expect_eq(old, all_protections[i]);
        } else {
            expect_error(VirtualProtect(view, PG, all_protections[i], &old), ERR_PARAMETER);
            out = nt_protect(view, PG, all_protections[i]);
            todo_wine("INVALID_PAGE_PROTECTION")
                expect_refused(out, view, PG, ST_SECTION_PROTECTION);
        }
        expect_unchanged(&before);
    }
}

/* Views of a file and of the page file, made with the greatest section protection. */
static void protect_views(ULONG protect, const char *allowed)
{
    HANDLE sections[] = {full_section(file_rwx(0x2000), 0, XRW, FLAG_COMMIT),
                         full_section(NO_FILE, 0x2000, XRW, FLAG_COMMIT)};

    for (unsigned s = 0; s < 2; s++)
        protect_all(map_nt(sections[s], protect), protect, allowed);
}

CASE(SEC, 150, "VirtualProtect in a NA view", "NA; the others 87")
{
    protect_views(NA, "+-------");
}

CASE(SEC, 151, "VirtualProtect in a RO or WC view", "NA RO WC; the others 87")
{
    protect_views(RO, "++-+----");
    protect_views(WC, "++-+----");
}

CASE(SEC, 152, "VirtualProtect in a RW view", "NA RO RW WC; the others 87")
{
    protect_views(RWR, "++++----");
}

CASE(SEC, 153, "VirtualProtect in a XR or XWC view", "NA RO WC X XR XWC; RW and XRW 87")
{
    protect_views(XR, "++-+++-+");
    protect_views(XWC, "++-+++-+");
}

CASE(SEC, 154, "VirtualProtect in a XRW view", "all eight")
{
    protect_views(XRW, "++++++++");
}

CASE(SEC, 155, "VirtualProtect in an image", "all; RW reads back as WC, XRW as XWC")
{
    HANDLE section =
        section_of(open_file(image_file(image_plain()), GENERIC_RWX), RO | FLAG_IMAGE, 0);
    BYTE *view = map(section, VIEW_READ);

    for (unsigned i = 0; i < 8; i++) {
        ULONG wanted = all_protections[i], shown = wanted;
        DWORD old = 0;

        shown = wanted == RWR ? WC : wanted == XRW ? XWC : wanted;
        expect_success(VirtualProtect(view + IMAGE_RDATA, PG, wanted, &old));
        expect_eq(query(view + IMAGE_RDATA).Protect, shown);
        expect_eq(query(view + IMAGE_RDATA).AllocationProtect, XWC);
        expect_success(VirtualProtect(view + IMAGE_RDATA, PG, RO, &old));
        expect_eq(old, shown);
    }
}

/* VirtualAlloc(COMMIT) of a page of a view: a + for each protection that succeeds, a - for each
 * that is refused. */
static void commit_all(ULONG protect, const char *allowed)
{
    BYTE *view = map_nt(full_section(NO_FILE, 0x2000, XRW, FLAG_COMMIT), protect);

    for (unsigned i = 0; i < 8; i++) {
        ULONG wanted = all_protections[i];
        struct snapshot before = look(view, 0x2000);

        if (allowed[i] == '?')
            continue;
        if (allowed[i] == '+') {
            expect_ptr(VirtualAlloc(view, PG, COM, wanted), view);
            ok(query(view).Protect == wanted || broken(wanted == RWR && query(view).Protect == WC),
               "Protect 0x%lx, expected 0x%lx", (unsigned long)query(view).Protect,
               (unsigned long)wanted);
            expect_eq(query(view).AllocationProtect, protect);
            expect_ptr(VirtualAlloc(view, PG, COM, protect), view);
        } else {
            todo_wine("it succeeds") {
                expect_error(VirtualAlloc(view, PG, COM, wanted), ERR_PARAMETER);
                expect_refused(nt_alloc(view, 0, PG, COM, wanted), view, PG, ST_SECTION_PROTECTION);
                expect_unchanged(&before);
            }
            if (is_wine())
                VirtualAlloc(view, PG, COM, protect);
        }
    }
}

CASE(SEC, 160, "COMMIT of committed page-file pages, protections that the view allows",
     "Protect is the new one")
{
    commit_all(RWR, "+++?????");
    commit_all(XRW, "+++?+++?");
}

CASE(SEC, 161, "COMMIT of committed page-file pages, protections that the view does not allow",
     "NULL, 87")
{
    commit_all(RO, "++-?---?");
    commit_all(NA, "+--?---?");
    commit_all(XR, "++-?++-?");
}

CASE(SEC, 162, "COMMIT in a view of a file", "NULL, 5")
{
    BYTE *view = map(section_of(file_rwx(0x2000), RWR, 0), VIEW_WRITE);
    struct snapshot before = look(view, 0x2000);

    for (unsigned i = 0; i < 8; i++) {
        if (all_protections[i] == WC || all_protections[i] == XWC)
            continue;
        expect_error(VirtualAlloc(view, PG, COM, all_protections[i]), ERR_DENIED);
        expect_refused(nt_alloc(view, 0, PG, COM, all_protections[i]), view, PG,
                       ST_ALREADY_COMMITTED);
    }
    expect_unchanged(&before);
}

CASE(SEC, 163, "VirtualProtect RW or RO of a NA view of the page file", "87, old 0")
{
    BYTE *view = map_nt(anonymous(RWR, 0x2000), NA);
    static const ULONG wanted[] = {RWR, RO};

    for (unsigned i = 0; i < 2; i++) {
        DWORD old = 0xdead;
        struct nt_out out = nt_protect(view, PG, wanted[i]);

        todo_wine("INVALID_PAGE_PROTECTION, old untouched") {
            expect_refused(out, view, PG, ST_SECTION_PROTECTION);
            expect_eq(out.old, 0);
        }
        expect_error(VirtualProtect(view, PG, wanted[i], &old), ERR_PARAMETER);
        todo_wine("INVALID_PAGE_PROTECTION, old untouched")
            expect_eq(old, 0);
        expect_view(view, 0x2000, NA);
    }
}

static void refuse_free(BYTE *view, SIZE_T size, ULONG type)
{
    struct snapshot before = look(view, 0x2000);

    expect_error(VirtualFree(view, size, type), ERR_PARAMETER);
    todo_wine("INVALID_PARAMETER")
        expect_refused(nt_free(view, size, type), view, size, ST_UNABLE_TO_DELETE_SECTION);
    expect_unchanged(&before);
    expect_no_fault(touch_write(view));
}

CASE(SEC, 165, "VirtualFree of a view, decommit or release", "FALSE, 87")
{
    BYTE *views[] = {map(anonymous(RWR, 0x2000), VIEW_WRITE),
                     map(section_of(file_rwx(0x2000), RWR, 0), VIEW_WRITE)};

    for (unsigned i = 0; i < 2; i++) {
        refuse_free(views[i], 0, MEM_RELEASE);
        refuse_free(views[i], 0x2000, MEM_DECOMMIT);
    }
}

CASE(VF, 036, "VirtualFree(view, 0x1000, DECOMMIT)", "87")
{
    refuse_free(map(anonymous(RWR, 0x2000), VIEW_WRITE), PG, MEM_DECOMMIT);
    refuse_free(map(section_of(file_rwx(0x2000), RWR, 0), VIEW_WRITE), PG, MEM_DECOMMIT);
}

CASE(VF, 037, "VirtualFree(view, 0x1000, RELEASE)", "87")
{
    refuse_free(map(anonymous(RWR, 0x2000), VIEW_WRITE), PG, MEM_RELEASE);
    refuse_free(map(section_of(file_rwx(0x2000), RWR, 0), VIEW_WRITE), PG, MEM_RELEASE);
}

CASE(SEC, 166, "MEM_RESET of a whole view of the page file", "success")
{
    BYTE *view = map(anonymous(RWR, 0x4000), VIEW_WRITE);

    expect_ptr(VirtualAlloc(view, 0x4000, MEM_RESET, NA), view);
    expect_view(view, 0x4000, RWR);
    expect_no_fault(touch_write(view));
}

CASE(VA, 107, "MEM_RESET of a view of the page file that is committed in part", "the base")
{
    BYTE *view = map(anonymous(RWR | FLAG_RESERVE, 0x4000), VIEW_WRITE);
    struct snapshot before;

    expect_ptr(VirtualAlloc(view, PG, COM, RWR), view);
    before = look(view, 0x4000);
    expect_ptr(VirtualAlloc(view, 0x4000, MEM_RESET, NA), view);
    expect_unchanged(&before);
}

CASE(VA, 108, "MEM_RESET of a view of a file", "NULL, 1224")
{
    BYTE *view = map(section_of(file_rwx(0x2000), RWR, 0), VIEW_WRITE);

    todo_wine("it succeeds")
        expect_error(VirtualAlloc(view, 0x2000, MEM_RESET, NA), ERR_USER_MAPPED);
    expect_view(view, 0x2000, RWR);
    expect_eq(view[0x1FFF], pattern(0x1FFF));
}

CASE(VA, 113, "COMMIT in a view of a file", "NULL, 5")
{
    BYTE *view = map(section_of(file_rwx(0x2000), RO, 0), VIEW_READ);

    expect_error(VirtualAlloc(view, PG, COM, RO), ERR_DENIED);
    expect_refused(nt_alloc(view + PG, 0, PG, COM, RO), view + PG, PG, ST_ALREADY_COMMITTED);
    expect_view(view, 0x2000, RO);
}

CASE(VA, 114, "COMMIT of a committed page of a view of the page file", "success")
{
    BYTE *view = map(anonymous(RWR, 0x2000), VIEW_WRITE);

    view[PG] = 9;
    expect_range(nt_alloc(view + PG + 5, 0, 10, COM, RWR), view + PG, PG);
    expect_eq(view[PG], 9);
    expect_view(view, 0x2000, RWR);
}

CASE(VA, 115, "COMMIT past the end of a view of the page file", "487")
{
    BYTE *view = map(anonymous(RWR | FLAG_RESERVE, 0x2000), VIEW_WRITE);

    todo_wine("NOT_MAPPED_VIEW, the same 487")
        expect_refused(nt_alloc(view, 0, 0x3000, COM, RWR), view, 0x3000, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(view + PG, 0x2000, COM, RWR), ERR_ADDRESS);
    expect_error(VirtualAlloc(view + 0x2000, PG, COM, RWR), ERR_ADDRESS);
    expect_query(view, view, view, RWR, 0x2000, RSV, 0, VM_MAPPED);
}

CASE(VP, 031, "VirtualProtect across pages of a view, one refused protection",
     "87, nothing changes; allowed ones change the range")
{
    BYTE *view = map(anonymous(RWR, 0x3000), VIEW_WRITE);
    DWORD old = 0;

    expect_success(VirtualProtect(view + PG, PG, RO, &old));
    expect_eq(old, RWR);
    expect_query(view + PG, view + PG, view, RWR, PG, COM, RO, VM_MAPPED);
    expect_error(VirtualProtect(view, 0x3000, XR, &old), ERR_PARAMETER);
    expect_query(view, view, view, RWR, PG, COM, RWR, VM_MAPPED);
    expect_fault(touch_write(view + PG), 1, view + PG);
    expect_no_fault(touch_read(view + PG));
    expect_success(VirtualProtect(view, 0x3000, NA, &old));
    expect_eq(old, RWR);
    expect_query(view, view, view, RWR, 0x3000, COM, NA, VM_MAPPED);
    expect_fault(touch_read(view), 0, view);
}
