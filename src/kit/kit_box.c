/* Message boxes, for programs that have no windows: told on standard error.
 *
 * I1  The answer is the default button, as if somebody had pressed Enter.
 * Locking: that of stderr.   Failure: 0 and the last error.   Signal safety: none. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_text.h"

static const unsigned char buttons[][3] = {
    [MB_OK] = {IDOK, IDOK, IDOK},
    [MB_OKCANCEL] = {IDOK, IDCANCEL, IDOK},
    [MB_ABORTRETRYIGNORE] = {IDABORT, IDRETRY, IDIGNORE},
    [MB_YESNOCANCEL] = {IDYES, IDNO, IDCANCEL},
    [MB_YESNO] = {IDYES, IDNO, IDYES},
    [MB_RETRYCANCEL] = {IDRETRY, IDCANCEL, IDRETRY},
    [MB_CANCELTRYCONTINUE] = {IDCANCEL, IDTRYAGAIN, IDCONTINUE},
};

int wvm_kit_MessageBoxA(HWND owner, LPCSTR text, LPCSTR caption, UINT type)
{
    UINT kind = type & MB_TYPEMASK, def = (type & MB_DEFMASK) / MB_DEFBUTTON2;
    UNREFERENCED_PARAMETER(owner);
    if (kind >= WVM_ARRAY_LEN(buttons))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    fprintf(stderr, "%s: %s\n", caption ? caption : "Error", text ? text : "");
    return buttons[kind][def < 3 ? def : 0];
}

int wvm_kit_MessageBoxW(HWND owner, LPCWSTR text, LPCWSTR caption, UINT type)
{
    char *narrow = wvm_kit_new_utf8(text ? text : u"");
    char *narrow_caption = wvm_kit_new_utf8(caption ? caption : u"Error");
    int answer = 0;
    if (narrow && narrow_caption)
        answer = wvm_kit_MessageBoxA(owner, narrow, narrow_caption, type);
    free(narrow);
    free(narrow_caption);
    return answer;
}

#define WVM_KIT_BOX
#define WVM_KIT_IN WINVM_IN_USER32
#include "kit/kit_entry.h"
